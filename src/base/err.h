/* An error: a code from one enum and one sentence for people.
 *
 * Fallible functions return bool and take `struct err *e` last; on false, e
 * says what was being done, to what, why it failed and what to do next.  Each
 * layer adds its context once with err_wrap().  Formats are looked up in the
 * message catalogue (tr.h), so the text is in the language of the reader. */
#ifndef MAMORI_BASE_ERR_H
#define MAMORI_BASE_ERR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum err_code {
	ERR_NONE = 0,
	ERR_USAGE, /* the call's words are off: exit 2 */
	ERR_INPUT, /* bad input: exit 3 */
	ERR_UNREACHABLE, /* something needed did not answer: exit 4 */
	ERR_REFUSED, /* policy or trust says no: exit 5 */
	ERR_NOT_FOUND, /* exit 3 */
	ERR_CONFLICT, /* in use, already there, changed meanwhile: exit 5 */
	ERR_BUSY, /* try again later: exit 4 */
	ERR_TOO_LARGE, /* past a cap: exit 3 */
	ERR_NO_SPACE, /* disk full: exit 4 */
	ERR_SYSTEM, /* the operating system said no: exit 4 */
	ERR_BUG, /* exit 70 */
};

struct err {
	enum err_code code;
	char text[1000]; /* UTF-8, one line, no trailing full stop needed */
};

/* Sets code and text; returns false, so `return err_set(e, …)` reads well. e may be NULL. */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* As err_set with ": " and strerror(errno) behind; ENOSPC/EDQUOT become ERR_NO_SPACE,
 * ENOENT ERR_NOT_FOUND, EACCES/EPERM ERR_REFUSED, the rest ERR_SYSTEM. */
bool err_sys(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "context: " before the text that is there; the code stays. Returns false. */
bool err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

void err_clear(struct err *e);

/* The exit status that design.md promises for this code. */
int err_exit_status(const struct err *e);

/* The code's name in the API: "input", "not-found", … */
const char *err_code_name(enum err_code code);

/* Prints "mamori: text" on stderr and ends the process; only while starting up. */
_Noreturn void die(enum err_code code, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
