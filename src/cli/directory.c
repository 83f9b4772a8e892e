#include "cli/directory.h"

#include "base/csv.h"
#include "base/time.h"
#include "base/tr.h"

#include <errno.h>
#include <fcntl.h>
#include <ldap.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PAGE = 500,
	ENTRIES_MAX = 50000,
	ROWS_BYTES = 1 << 20,
	VALUE_BYTES = 100,
	CONNECT_S = 10,
	ANSWER_S = 30,
	GREETING_S = 25, /* until we are let in; a handshake that hangs is not libldap's to notice */
	ALL_S = 120,
	LET_IN = 0x7f,
	PASSWORD_MAX = 1024,
	MEMORY = 512 << 20
};
#define SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

/* ---- where ---- */

static bool
is_this_machine(const char *host)
{
	return host && (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 || strncmp(host, "127.", 4) == 0);
}

static void
url_free(LDAPURLDesc **u)
{
	if (*u)
		ldap_free_urldesc(*u);
}

bool
ldap_source_check(const struct ldap_source *s, struct err *e)
{
	__attribute__((cleanup(url_free))) LDAPURLDesc *u = NULL;
	if (ldap_url_parse(s->url, &u) != LDAP_URL_SUCCESS || !u->lud_host || !u->lud_host[0] ||
	    strpbrk(s->url, " \t,") || (u->lud_dn && u->lud_dn[0]) ||
	    (strcmp(u->lud_scheme, "ldaps") != 0 && strcmp(u->lud_scheme, "ldap") != 0))
		return err_set(e, ERR_USAGE, "“%s” is no directory's address; write ldaps://dc1.example.jp", s->url);
	if (s->plain && !is_this_machine(u->lud_host))
		return err_set(e, ERR_USAGE,
			       "--plain would send names and passwords to %s unprotected: it works only for this "
			       "machine itself",
			       u->lud_host);
	if (!s->base || !s->base[0])
		return err_set(e, ERR_USAGE,
			       "say where in the directory the machines are: --base OU=PCs,DC=example,DC=jp");
	if (s->bind && !s->password_file)
		return err_set(e, ERR_USAGE, "--bind needs --password-file: a password is never taken as an argument");
	return true;
}

/* ---- the password ---- */

static void
fd_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static bool
password_read(const char *path, char *out, struct err *e)
{
	__attribute__((cleanup(fd_end))) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, "reading the directory's password from %s", path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) || (st.st_uid != 0 && st.st_uid != geteuid()))
		return err_set(e, ERR_REFUSED, "%s may be read by others; make it ours alone: chmod 600 %s", path,
			       path);
	ssize_t got = read(fd, out, PASSWORD_MAX);
	if (got < 0)
		return err_sys(e, "reading the directory's password from %s", path);
	out[got < PASSWORD_MAX ? got : PASSWORD_MAX - 1] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	/* RFC 4513, 5.1.2: a name with an empty password is let in as nobody by many servers. */
	return out[0] || err_set(e, ERR_INPUT, "%s is empty; write the password into its first line", path);
}

/* ---- asking (in the child) ---- */

struct asking {
	const struct ldap_source *source;
	LDAP *ld;
	struct buf *out;
	size_t entries;
};

static bool
ldap_says(const struct asking *q, int status, const char *what, struct err *e)
{
	char *more = NULL;
	ldap_get_option(q->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
	enum err_code code =
		status == LDAP_INVALID_CREDENTIALS || status == LDAP_INSUFFICIENT_ACCESS ||
				status == LDAP_STRONG_AUTH_REQUIRED || status == LDAP_CONFIDENTIALITY_REQUIRED
			? ERR_REFUSED
		: status == LDAP_NO_SUCH_OBJECT || status == LDAP_FILTER_ERROR || status == LDAP_INVALID_DN_SYNTAX
			? ERR_INPUT
			: ERR_UNREACHABLE;
	err_set(e, code, "%s: %s: %s%s%s", q->source->url, tr(what), ldap_err2string(status), more && *more ? "; " : "",
		more ? more : "");
	ldap_memfree(more);
	return false;
}

static bool
options_set(LDAP *ld, const struct ldap_source *s)
{
	const int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, none = LDAP_DEREF_NEVER, zero = 0,
		  least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	const struct timeval connect = { CONNECT_S, 0 }, answer = { ANSWER_S, 0 };
	return ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_OPT_SUCCESS &&
	       ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
	       ldap_set_option(ld, LDAP_OPT_DEREF, &none) == LDAP_OPT_SUCCESS &&
	       ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &connect) == LDAP_OPT_SUCCESS &&
	       ldap_set_option(ld, LDAP_OPT_TIMEOUT, &answer) == LDAP_OPT_SUCCESS &&
	       ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
	       ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least) == LDAP_OPT_SUCCESS &&
	       ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, s->ca ? s->ca : SYSTEM_AUTHORITIES) == LDAP_OPT_SUCCESS &&
	       ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &zero) == LDAP_OPT_SUCCESS;
}

static bool
connect_and_bind(struct asking *q, struct err *e)
{
	const struct ldap_source *s = q->source;
	char password[PASSWORD_MAX] = "";
	int status;
	if (s->bind && !password_read(s->password_file, password, e))
		return false;
	/* Neither the system's nor the user's ldap.conf has a say in whom we trust. */
	setenv("LDAPNOINIT", "1", 1);
	if (s->ca && access(s->ca, R_OK) != 0)
		return err_sys(e, "reading the directory's authority from %s", s->ca);
	if ((status = ldap_initialize(&q->ld, s->url)) != LDAP_SUCCESS || !options_set(q->ld, s))
		return err_set(e, ERR_SYSTEM, "%s: the connection cannot be prepared (%s)", s->url,
			       status != LDAP_SUCCESS ? ldap_err2string(status) : "TLS");
	if (strncmp(s->url, "ldap:", 5) == 0 && !s->plain &&
	    (status = ldap_start_tls_s(q->ld, NULL, NULL)) != LDAP_SUCCESS)
		return ldap_says(q, status, "the connection cannot be protected (StartTLS)", e);
	struct berval secret = { strlen(password), password };
	status = ldap_sasl_bind_s(q->ld, s->bind ? s->bind : "", LDAP_SASL_SIMPLE, &secret, NULL, NULL, NULL);
	explicit_bzero(password, sizeof(password));
	return status == LDAP_SUCCESS || ldap_says(q, status, "the directory does not let us in", e);
}

/* The innermost OU of a name: "CN=PC1,OU=Ward3,OU=PCs,DC=…" stands in Ward3. */
static void
ou_of(LDAP *ld, LDAPMessage *entry, struct buf *out)
{
	LDAPDN dn = NULL;
	char *text = ldap_get_dn(ld, entry);
	if (text && ldap_str2dn(text, &dn, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS && dn)
		for (size_t i = 0; dn[i] && !out->len; i++)
			for (size_t k = 0; dn[i][k]; k++)
				if (str_eq_nocase(str_sub(dn[i][k]->la_attr.bv_val, dn[i][k]->la_attr.bv_len),
						  STR("ou")))
					buf_add(out, str_sub(dn[i][k]->la_value.bv_val, dn[i][k]->la_value.bv_len));
	if (dn)
		ldap_dnfree(dn);
	ldap_memfree(text);
}

static void
attribute_of(LDAP *ld, LDAPMessage *entry, const char *name, struct buf *out)
{
	struct berval **values = ldap_get_values_len(ld, entry, name);
	if (values && values[0])
		buf_add(out, str_sub(values[0]->bv_val, values[0]->bv_len));
	ldap_value_free_len(values);
}

/* What no name of ours can be is left out rather than cut: a part of it would be another name. */
static bool
usable(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == '/')
			return false;
	return s.len && s.len <= VALUE_BYTES && str_is_utf8(s);
}

static bool
entry_take(struct asking *q, LDAPMessage *entry, struct err *e)
{
	BUF_AUTO name = { 0 };
	BUF_AUTO group = { 0 };
	if (q->entries++ == ENTRIES_MAX)
		return err_set(e, ERR_TOO_LARGE, "the directory gives more than %d machines; narrow --base or --filter",
			       ENTRIES_MAX);
	attribute_of(q->ld, entry, q->source->name, &name);
	if (strcmp(q->source->group, "ou") == 0)
		ou_of(q->ld, entry, &group);
	else
		attribute_of(q->ld, entry, q->source->group, &group);
	if (!usable(buf_str(&name)) || !usable(buf_str(&group)))
		return true;
	csv_add_plain(q->out, buf_str(&name), false);
	csv_add_plain(q->out, buf_str(&group), true);
	return q->out->len <= ROWS_BYTES ||
	       err_set(e, ERR_TOO_LARGE, "the directory's machines come to more than 1 MiB; narrow --base or --filter");
}

/* One page; *cookie tells where the next begins, empty: there is none. */
static bool
page_take(struct asking *q, struct berval *cookie, struct err *e)
{
	const struct ldap_source *s = q->source;
	char *const attributes[] = { (char *)(uintptr_t)s->name,
				     strcmp(s->group, "ou") == 0 ? NULL : (char *)(uintptr_t)s->group, NULL };
	struct timeval limit = { ANSWER_S, 0 };
	LDAPControl *page = NULL, **answered = NULL;
	LDAPMessage *found = NULL;
	ber_int_t total;
	int status = ldap_create_page_control(q->ld, PAGE, cookie->bv_len ? cookie : NULL, 1, &page),
	    told = LDAP_SUCCESS;
	if (status == LDAP_SUCCESS)
		status =
			ldap_search_ext_s(q->ld, s->base, LDAP_SCOPE_SUBTREE, s->filter, (char **)(uintptr_t)attributes,
					  0, (LDAPControl *[]){ page, NULL }, NULL, &limit, 0, &found);
	if (page)
		ldap_control_free(page);
	bool ok = status == LDAP_SUCCESS || ldap_says(q, status, "it does not list its machines", e);
	for (LDAPMessage *m = ok ? ldap_first_entry(q->ld, found) : NULL; ok && m; m = ldap_next_entry(q->ld, m))
		ok = entry_take(q, m, e);
	ber_memfree(cookie->bv_val);
	*cookie = (struct berval){ 0 };
	if (ok && ldap_parse_result(q->ld, found, &told, NULL, NULL, NULL, &answered, 0) == LDAP_SUCCESS && answered) {
		LDAPControl *c = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, answered, NULL);
		if (c)
			(void)ldap_parse_pageresponse_control(q->ld, c, &total, cookie);
	}
	if (answered)
		ldap_controls_free(answered);
	ldap_msgfree(found);
	return ok;
}

static bool
ask(const struct ldap_source *s, int fd, struct buf *out, struct err *e)
{
	const char let_in = LET_IN;
	struct asking q = { .source = s, .out = out };
	struct berval cookie = { 0 };
	bool ok = connect_and_bind(&q, e) &&
		  (write(fd, &let_in, 1) == 1 || err_set(e, ERR_BUG, "nobody waits for the directory's answer"));
	if (ok)
		do
			ok = page_take(&q, &cookie, e);
		while (ok && cookie.bv_len > 0);
	ber_memfree(cookie.bv_val);
	if (q.ld)
		ldap_unbind_ext_s(q.ld, NULL, NULL);
	return ok;
}

/* ---- the process of its own ---- */

static bool
write_all(int fd, struct str s)
{
	while (s.len) {
		ssize_t put = write(fd, s.ptr, s.len);
		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0)
			s = str_skip(s, (size_t)put);
	}
	return true;
}

/* LET_IN once it is; then the error's code, 0 for none, with the error's text or the rows. */
_Noreturn static void
child(const struct ldap_source *s, int fd)
{
	struct err e = { 0 };
	BUF_AUTO out = { 0 };
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is larger than any limit */
	const struct rlimit memory = { MEMORY, MEMORY };
	(void)setrlimit(RLIMIT_AS, &memory);
#endif
	const struct rlimit none = { 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &none);
	signal(SIGPIPE, SIG_DFL);
	bool asked = ask(s, fd, &out, &e);
	char code = asked ? 0 : (char)(e.code ? e.code : ERR_BUG);
	bool told = write_all(fd, str_sub(&code, 1)) && write_all(fd, asked ? buf_str(&out) : str_of(e.text));
	_exit(told ? 0 : 1);
}

static bool
collect(int fd, struct buf *answer)
{
	const int64_t begin = clock_now(&clock_system);
	for (;;) {
		int64_t left = begin + (answer->len ? ALL_S : GREETING_S) * 1000 - clock_now(&clock_system);
		struct pollfd p = { fd, POLLIN, 0 };
		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return false;
		ssize_t got = read(fd, buf_reserve(answer, 65536), 65536);
		if (got > 0)
			answer->len += (size_t)got;
		else if (got == 0 || errno != EINTR)
			return got == 0;
		if (answer->len > ROWS_BYTES + 65536)
			return false;
	}
}

bool
ldap_machines(const struct ldap_source *s, struct buf *out, struct err *e)
{
	int ends[2], status;
	BUF_AUTO answer = { 0 };
	if (!ldap_source_check(s, e))
		return false;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(e, "asking the directory");
	pid_t pid = fork();
	if (pid == 0)
		child(s, ends[1]);
	close(ends[1]);
	bool whole = pid > 0 && collect(ends[0], &answer);
	close(ends[0]);
	if (pid < 0)
		return err_sys(e, "asking the directory");
	if (!whole)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	struct str rest = buf_str(&answer);
	bool let_in = rest.len && rest.ptr[0] == LET_IN;
	rest = str_skip(rest, let_in);
	if (!whole || rest.len == 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, ERR_UNREACHABLE,
			       "%s did not answer within %d seconds, or its answer cannot be read; nothing was changed",
			       s->url, let_in ? ALL_S : GREETING_S);
	enum err_code code = (enum err_code)rest.ptr[0];
	rest = str_skip(rest, 1);
	if (code != ERR_NONE)
		return err_set(e, code, "%.*s; nothing was changed", STR_ARG(rest));
	buf_add(out, STR("host,group\r\n"));
	buf_add(out, rest);
	return true;
}
