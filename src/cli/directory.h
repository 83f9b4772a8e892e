/* Machines and their departments out of an LDAP directory (RFC 4511), Active Directory among them. */
#ifndef MAMORI_CLI_DIRECTORY_H
#define MAMORI_CLI_DIRECTORY_H

#include "base/arena.h"
#include "base/buf.h"

struct ldap_source {
	const char *url; /* ldaps://HOST[:PORT]; ldap:// goes on with StartTLS before anything is said */
	const char *base, *filter;
	const char *bind, *password_file; /* NULL: asked without a name */
	const char *ca; /* PEM, or NULL: the system's authorities */
	const char *name; /* attribute with the machine's name */
	const char *group; /* attribute with its department; "ou": the innermost OU that it stands in */
	bool plain; /* ldap:// without TLS, to this machine only */
};

/* What is wrong with it that can be seen without asking: ERR_USAGE. */
bool ldap_source_check(const struct ldap_source *s, struct err *e) MUST_CHECK;
/* Appends "host,group" as CSV of everything found. Asked in a process of its own, ended after two minutes.
 * ERR_UNREACHABLE: no answer, no trust in its certificate, or only a part of the answer; ERR_REFUSED: the name or the
 * password is wrong; ERR_TOO_LARGE: more than 1 MiB of rows. out is then as before. */
bool ldap_machines(const struct ldap_source *s, struct buf *out, struct err *e) MUST_CHECK;

#endif
