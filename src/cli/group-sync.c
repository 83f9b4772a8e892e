/* mamori group sync: departments out of an LDAP directory. */
#include "cli/client.h"
#include "cli/directory.h"

#define FILTER "(&(objectClass=computer)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))"

struct sync {
	struct ldap_source source;
	const char *every;
	bool dry, save, scheduled, plain, forget;
};

static const char *
or_else(const char *given, const char *otherwise)
{
	return given ? given : otherwise;
}

/* What the server keeps; the words of this call go before. */
static bool
saved_read(struct cli *c, struct sync *s, struct err *e)
{
	struct json *saved;
	struct ldap_source *k = &s->source;
	const struct {
		const char *key, **value;
	} texts[] = { { "url", &k->url },
		      { "base", &k->base },
		      { "filter", &k->filter },
		      { "bind", &k->bind },
		      { "password_file", &k->password_file },
		      { "ca", &k->ca },
		      { "name", &k->name },
		      { "group", &k->group } };
	if (!cli_api(c, "GET", "/api/v1/directory", STR_NONE, &saved, e))
		return false;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct str text = json_get_str(saved, texts[i].key);
		if (!*texts[i].value && text.len)
			*texts[i].value = arena_cstr(c->arena, text);
	}
	s->plain |= json_get_bool(saved, "plain", false);
	return k->url || err_set(e, ERR_USAGE,
				 "no directory is known yet: mamori group sync --url ldaps://dc1.example.jp --base "
				 "OU=PCs,DC=example,DC=jp --bind NAME --password-file FILE --dry-run");
}

static bool
save(struct cli *c, const struct sync *s, uint64_t every, struct err *e)
{
	const struct ldap_source *k = &s->source;
	struct json *answer;
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	json_begin_object(&w);
	cli_put(&w, "url", k->url);
	cli_put(&w, "base", k->base);
	cli_put(&w, "filter", k->filter);
	cli_put(&w, "bind", k->bind);
	cli_put(&w, "password_file", k->password_file);
	cli_put(&w, "ca", k->ca);
	cli_put(&w, "name", k->name);
	cli_put(&w, "group", k->group);
	json_put_bool(&w, "plain", k->plain);
	json_put_i64(&w, "every", (int64_t)every);
	json_end_object(&w);
	return cli_api(c, "PUT", "/api/v1/directory", buf_str(&body), &answer, e);
}

static void
moves_print(struct cli *c, const struct json *answer)
{
	size_t count;
	const struct json *moves = json_get_array(answer, "moves", &count);
	const char *const headers[] = { "HOST", "FROM", "TO" };
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		cli_table_cell(t, json_get_str(json_get(&moves[i], "host"), "name"));
		cli_table_cell(t, cli_or_dash(json_get_str(&moves[i], "from")));
		cli_table_cell(t, json_get_str(&moves[i], "to"));
	}
	if (count)
		cli_table_print(t);
}

static bool
import(struct cli *c, const struct sync *s, struct json **answer, struct err *e)
{
	BUF_AUTO csv = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!ldap_machines(&s->source, &csv, e))
		return false;
	if (str_eq(buf_str(&csv), STR("host,group\r\n")))
		return err_set(
			e, ERR_INPUT,
			"%s lists no machine with a department below %s; look at --base, --filter and --group. Nothing "
			"was changed",
			s->source.url, s->source.base);
	json_begin_object(&w);
	json_put_bool(&w, "dry_run", s->dry);
	json_put_str(&w, "csv", buf_str(&csv));
	json_end_object(&w);
	return cli_api(c, "POST", "/api/v1/groups/import", buf_str(&body), answer, e);
}

/* For the dashboard: a directory that does not answer any more is no silent matter. */
static void
result_tell(struct cli *c, const struct json *answer, const struct err *failed)
{
	struct json *ignored;
	struct err e = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	json_begin_object(&w);
	json_put_bool(&w, "ok", failed->code == ERR_NONE);
	json_put_i64(&w, "read", json_get_i64(answer, "read", 0));
	json_put_i64(&w, "kept", json_get_i64(answer, "kept", 0));
	if (failed->code != ERR_NONE)
		json_put_cstr(&w, "why", failed->text);
	json_end_object(&w);
	if (!cli_api(c, "POST", "/api/v1/directory/result", buf_str(&body), &ignored, &e))
		(void)cli_fail(c, &e);
}

static bool
prepare(struct cli *c, struct sync *s, uint64_t *every, struct err *e)
{
	struct ldap_source *k = &s->source;
	bool own = k->url != NULL;
	*every = 0;
	if (s->every && (!str_to_u64(str_of(s->every), every) || *every < 1 || *every > 744))
		return err_set(e, ERR_USAGE, "--every takes hours from 1 to 744, not “%s”", s->every);
	if (s->dry && (s->every || s->save))
		return err_set(e, ERR_USAGE, "--dry-run changes nothing: leave --save and --every for the next call");
	if ((s->every || s->save) && ((k->password_file && k->password_file[0] != '/') || (k->ca && k->ca[0] != '/')))
		return err_set(e, ERR_USAGE, "the server does not know this folder: write the files' paths from / on");
	if (!own && !saved_read(c, s, e))
		return false;
	k->filter = or_else(k->filter, FILTER);
	k->name = or_else(k->name, "cn");
	k->group = or_else(k->group, "ou");
	k->plain = s->plain;
	return ldap_source_check(k, e);
}

static int
sync_run(struct cli *c, int argc, char **argv)
{
	struct sync s = { 0 };
	struct ldap_source *k = &s.source;
	const struct cli_option options[] = {
		{ "url", "URL", "The directory: ldaps://HOST, or ldap://HOST, which goes on with StartTLS", &k->url,
		  NULL, NULL },
		{ "base", "DN", "Where its machines are", &k->base, NULL, NULL },
		{ "filter", "FILTER", "Which entries are machines (default: enabled computers of Active Directory)",
		  &k->filter, NULL, NULL },
		{ "bind", "NAME", "Who asks; without it the directory is asked as nobody", &k->bind, NULL, NULL },
		{ "password-file", "FILE", "Its password, in the first line of a file that nobody else may read",
		  &k->password_file, NULL, NULL },
		{ "ca", "FILE.pem", "The authority of its certificate (default: the system's)", &k->ca, NULL, NULL },
		{ "name", "ATTRIBUTE", "The machine's name (default: cn)", &k->name, NULL, NULL },
		{ "group", "ATTRIBUTE",
		  "Its department: ou (the default) is the innermost OU that it stands in; or an attribute such as "
		  "department",
		  &k->group, NULL, NULL },
		{ "plain", NULL, "Without TLS, for a directory on this machine only", NULL, &s.plain, NULL },
		{ "dry-run", NULL, "Only show what would change", NULL, &s.dry, NULL },
		{ "save", NULL, "Keep these words for later calls of mamori group sync", NULL, &s.save, NULL },
		{ "every", "HOURS", "Keep them, and let the server do it by itself so often", &s.every, NULL, NULL },
		{ "forget", NULL, "Forget what was kept; departments stay as they are", NULL, &s.forget, NULL },
		{ "scheduled", NULL, "Tell the server how it ended (the server's own calls do)", NULL, &s.scheduled,
		  NULL },
	};
	struct err e = { 0 };
	struct json *answer = NULL;
	uint64_t every;
	int n;
	if (!cli_words(c, &verb_group_sync, options, COUNT(options), argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	if (s.forget)
		return cli_send(c, "DELETE", "/api/v1/directory", STR_NONE,
				"The directory is forgotten; departments stay.");
	bool ok = prepare(c, &s, &every, &e) && import(c, &s, &answer, &e) &&
		  (!(s.save || s.every) || save(c, &s, every, &e));
	if (s.scheduled || s.save || s.every)
		result_tell(c, answer, &e);
	if (!ok)
		return cli_fail(c, &e);
	if (!c->json && !s.scheduled)
		moves_print(c, answer);
	return cli_rows_say(c, answer);
}

const struct cli_verb verb_group_sync = {
	"group sync",
	"",
	"Take departments from an LDAP directory or Active Directory\n"
	"What has no machine here is left out, and machines that the directory does not know stay as they are. A "
	"directory "
	"that does not answer changes nothing.",
	"  mamori group sync --url ldaps://dc1.example.jp --base OU=PCs,DC=example,DC=jp \\\n"
	"    --bind mamori@example.jp --password-file /etc/mamori/ldap.password --dry-run\n"
	"  mamori group sync --url ldaps://dc1.example.jp --base OU=PCs,DC=example,DC=jp \\\n"
	"    --bind mamori@example.jp --password-file /etc/mamori/ldap.password --every 6",
	sync_run,
};
