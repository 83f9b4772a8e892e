#include "base/log.h"

#include "base/buf.h"
#include "base/time.h"
#include "base/utf8.h"

#include <stdatomic.h>
#include <unistd.h>

/* Set once at start, read by every thread. */
static _Atomic int threshold = LOG_LEVEL_INFO;

static const struct {
	const char *name;
	char priority; /* syslog(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", '3' },
	[LOG_LEVEL_WARN] = { "warning", '4' },
	[LOG_LEVEL_INFO] = { "info", '6' },
	[LOG_LEVEL_DEBUG] = { "debug", '7' },
};

void
log_set_level(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

static void
log_add_escaped(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.len;) {
		size_t n = utf8_sequence(s.ptr + i, s.len - i);

		if (n == 0 || utf8_is_control(s.ptr + i, n)) {
			n = n ? n : 1;
			for (size_t k = 0; k < n; k++)
				buf_addf(out, "\\x%02x", (unsigned)(unsigned char)s.ptr[i + k]);
		} else {
			buf_add(out, str_sub(s.ptr + i, n));
		}
		i += n;
	}
}

/* The journal knows the time itself and reads the level from "<N>". One write, so that lines of several
 * threads and processes stay whole. */
PRINTF_LIKE(3, 0)
static void
log_write(enum log_level level, const char *subject, const char *fmt, va_list ap)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO line = { 0 };
	char now[TIME_RFC3339_MAX];

	if ((int)level > atomic_load(&threshold))
		return;
	buf_addfv(&text, fmt, ap);
	if (getenv("JOURNAL_STREAM"))
		buf_addf(&line, "<%c>", levels[level].priority);
	else
		buf_addf(&line, "%s %s: ", time_rfc3339(clock_now(&clock_system) / 1000 * 1000, now),
			 levels[level].name);
	if (subject && *subject) {
		log_add_escaped(&line, str_of(subject));
		buf_add(&line, STR(": "));
	}
	log_add_escaped(&line, buf_str(&text));
	buf_add_char(&line, '\n');
	for (size_t done = 0; done < line.len;) {
		ssize_t n = write(STDERR_FILENO, line.ptr + done, line.len - done);

		if (n <= 0)
			return; /* nowhere left to say so */
		done += (size_t)n;
	}
}

void
log_error(const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_ERROR, subject, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_WARN, subject, fmt, ap);
	va_end(ap);
}

void
log_info(const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_INFO, subject, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_DEBUG, subject, fmt, ap);
	va_end(ap);
}
