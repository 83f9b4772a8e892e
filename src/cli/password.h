/* Passwords of key files: from a file, from a descriptor, or from the terminal without an echo; never an argument. */
#ifndef MAMORI_CLI_PASSWORD_H
#define MAMORI_CLI_PASSWORD_H

#include "cli/cli.h"
#include "trust/keyfile.h"

struct cli_password {
	const char *file, *fd; /* --password-file, --password-fd */
	bool pin; /* it is called PIN where people are asked */
};
#define CLI_PASSWORD_OPTIONS(p) \
	{ "password-file", "FILE", "Read the password from the first line of this file", &(p)->file, NULL, NULL }, \
	{ \
		"password-fd", "N", "Read the password from this open file descriptor", &(p)->fd, NULL, NULL \
	}

/* twice: a new password, asked for again so that a slip is noticed. `what` is named in the question. */
bool cli_password(const struct cli_password *p, const char *what, bool twice, struct buf *out,
		  struct err *e) MUST_CHECK;

#endif
