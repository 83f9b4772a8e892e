#include "base/err.h"

#include "base/tr.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>

/* Makes text one line of valid UTF-8 without control characters: file names and package names are strangers'
 * words, and this ends on terminals and in pages. Cuts at a whole character. */
static void
err_store(struct err *e, const char *text, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_sequence(text + i, len - i);

		if (n == 0 || utf8_is_control(text + i, n)) {
			if (to + 1 >= sizeof(e->text))
				break;
			e->text[to++] = n == 0 ? '?' : ' ';
			i += n == 0 ? 1 : n;
			continue;
		}
		if (to + n >= sizeof(e->text))
			break;
		memcpy(e->text + to, text + i, n);
		to += n;
		i += n;
	}
	e->text[to] = '\0';
}

static size_t
bounded(int n, size_t cap)
{
	return n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}

PRINTF_LIKE(3, 0)
static size_t
err_format(char *into, size_t cap, const char *fmt, va_list ap)
{
	return bounded(vsnprintf(into, cap, tr(fmt), ap), cap);
}

bool
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[2 * sizeof(e->text)]; /* apart from e: its own text may be among the arguments */
	va_list ap;
	size_t n;

	if (!e)
		return false;
	va_start(ap, fmt);
	n = err_format(text, sizeof(text), fmt, ap);
	va_end(ap);
	e->code = code;
	err_store(e, text, n);
	return false;
}

static enum err_code
err_of_errno(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return ERR_NO_SPACE;
	case ENOENT:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_REFUSED;
	default:
		return ERR_SYSTEM;
	}
}

bool
err_sys(struct err *e, const char *fmt, ...)
{
	int number = errno;
	char text[2 * sizeof(e->text)];
	va_list ap;
	size_t n;

	if (!e)
		return false;
	va_start(ap, fmt);
	n = err_format(text, sizeof(text) / 2, fmt, ap);
	va_end(ap);
	n += bounded(snprintf(text + n, sizeof(text) - n, ": %s", tr(strerror(number))), sizeof(text) - n);
	e->code = err_of_errno(number);
	err_store(e, text, n);
	return false;
}

bool
err_wrap(struct err *e, const char *fmt, ...)
{
	char text[3 * sizeof(e->text)];
	va_list ap;
	size_t n;

	if (!e)
		return false;
	va_start(ap, fmt);
	n = err_format(text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n += bounded(snprintf(text + n, sizeof(text) - n, ": %s", e->text), sizeof(text) - n);
	err_store(e, text, n);
	return false;
}

void
err_clear(struct err *e)
{
	e->code = ERR_NONE;
	e->text[0] = '\0';
}

static const struct {
	const char *name;
	int exit;
} codes[] = {
	[ERR_NONE] = { "none", 0 },           [ERR_USAGE] = { "usage", 2 },
	[ERR_INPUT] = { "input", 3 },         [ERR_UNREACHABLE] = { "unreachable", 4 },
	[ERR_REFUSED] = { "refused", 5 },     [ERR_NOT_FOUND] = { "not-found", 3 },
	[ERR_CONFLICT] = { "conflict", 5 },   [ERR_BUSY] = { "busy", 4 },
	[ERR_TOO_LARGE] = { "too-large", 3 }, [ERR_NO_SPACE] = { "no-space", 4 },
	[ERR_SYSTEM] = { "system", 4 },       [ERR_BUG] = { "bug", 70 },
};

int
err_exit_status(const struct err *e)
{
	if (!e)
		return 0;
	return (size_t)e->code < COUNT(codes) ? codes[e->code].exit : codes[ERR_BUG].exit;
}

const char *
err_code_name(enum err_code code)
{
	return (size_t)code < COUNT(codes) ? codes[code].name : codes[ERR_BUG].name;
}

void
die(enum err_code code, const char *fmt, ...)
{
	struct err e = { .code = code };
	char text[2 * sizeof(e.text)];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = err_format(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_store(&e, text, n);
	fprintf(stderr, "mamori: %s\n", e.text);
	exit(err_exit_status(&e));
}
