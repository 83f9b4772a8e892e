/* Asking for passwords (cli/password.h). */
#include "cli/password.h"

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

/* The first line of what a descriptor gives, within the length that a password may have. */
static bool
first_line(int fd, const char *from, struct buf *out, struct err *e)
{
	char c;
	ssize_t n;
	while ((n = read(fd, &c, 1)) > 0 && c != '\n') {
		if (out->len >= KEYFILE_PASSWORD_MAX)
			return err_set(e, ERR_INPUT, "the password in %s has more than %d bytes", from,
				       KEYFILE_PASSWORD_MAX);
		buf_add_char(out, c);
	}
	if (n < 0)
		return err_sys(e, "reading the password from %s", from);
	if (out->len && out->ptr[out->len - 1] == '\r')
		buf_truncate(out, out->len - 1);
	return out->len > 0 || err_set(e, ERR_INPUT, "there is no password in the first line of %s", from);
}

struct terminal {
	int fd;
	struct termios before;
};

static void
terminal_close(struct terminal *t)
{
	if (t->fd < 0)
		return;
	(void)tcsetattr(t->fd, TCSAFLUSH, &t->before);
	(void)close(t->fd);
}

/* Character by character: Ctrl-C must give the terminal its echo back, so it is a character here and no signal. */
static bool
terminal_open(struct terminal *t, struct err *e)
{
	t->fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (t->fd < 0 || tcgetattr(t->fd, &t->before) != 0)
		return err_set(
			e, ERR_USAGE,
			"there is no terminal to ask for the password; give it with --password-file or --password-fd");
	struct termios raw = t->before;
	raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	return tcsetattr(t->fd, TCSAFLUSH, &raw) == 0 || err_sys(e, "asking for the password");
}

enum { CTRL_C = 3, CTRL_D = 4, CTRL_U = 21, ERASE = 127 };

/* Takes the last character back, whole. */
static void
erase_one(struct buf *out)
{
	while (out->len > 0) {
		bool inner = ((unsigned char)out->ptr[out->len - 1] & 0xc0) == 0x80;
		buf_truncate(out, out->len - 1);
		if (!inner)
			return;
	}
}

static bool
ask_line(int fd, struct buf *out, struct err *e)
{
	char c;
	for (;;) {
		ssize_t n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || c == CTRL_C || (c == CTRL_D && out->len == 0))
			return err_set(e, ERR_USAGE, "no password was given");
		if (c == '\n' || c == '\r')
			return true;
		if (c == ERASE || c == '\b')
			erase_one(out);
		else if (c == CTRL_U)
			buf_truncate(out, 0);
		else if (out->len < KEYFILE_PASSWORD_MAX)
			buf_add_char(out, c);
	}
}

static bool
ask(int fd, const char *question, struct buf *out, struct err *e)
{
	(void)!write(fd, question, strlen(question));
	bool ok = ask_line(fd, out, e);
	(void)!write(fd, "\n", 1);
	return ok;
}

static bool
from_terminal(const char *what, bool pin, bool twice, struct buf *out, struct err *e)
{
	__attribute__((cleanup(terminal_close))) struct terminal t = { .fd = -1 };
	BUF_AUTO question = { 0 };
	SECRET_AUTO again = { 0 };
	if (!terminal_open(&t, e))
		return false;
	if (twice)
		buf_addf(&question, tr("New password for %s (at least %d characters): "), what, KEYFILE_PASSWORD_MIN);
	else if (pin)
		buf_addf(&question, tr("PIN for %s: "), what);
	else
		buf_addf(&question, tr("Password for %s: "), what);
	if (!ask(t.fd, buf_cstr(&question), out, e))
		return false;
	if (!twice)
		return true;
	if (!ask(t.fd, tr("Once more: "), &again, e))
		return false;
	return str_eq(buf_str(out), buf_str(&again)) ||
	       err_set(e, ERR_USAGE, "the two passwords are not the same; nothing was written");
}

bool
cli_password(const struct cli_password *p, const char *what, bool twice, struct buf *out, struct err *e)
{
	uint64_t n;
	if (p->file && p->fd)
		return err_set(e, ERR_USAGE, "either --password-file or --password-fd, not both");
	/* Room for the longest at once: a buffer that grows leaves copies behind. */
	(void)buf_reserve(out, KEYFILE_PASSWORD_MAX + 1);
	if (p->file) {
		FD_AUTO fd = open(p->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		return fd < 0 ? err_sys(e, "reading the password from %s", p->file) : first_line(fd, p->file, out, e);
	}
	if (p->fd) {
		if (!str_to_u64(str_of(p->fd), &n) || n > 1024)
			return err_set(e, ERR_USAGE, "--password-fd takes the number of an open file, not “%s”", p->fd);
		return first_line((int)n, p->fd, out, e);
	}
	return from_terminal(what, p->pin, twice, out, e);
}
