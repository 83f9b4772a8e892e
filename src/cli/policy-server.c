/* mamori policy list, show, put, …: the policies of the server. */
#include "cli/client.h"
#include "cli/policy.h"
#include "os/file.h"

#include <time.h>

static int
list_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "POLICY", "name", CELL_TEXT },   { "VERSION", "version", CELL_NUMBER },
		{ "HOSTS", "hosts", CELL_NUMBER }, { "WINDOWS", "windows", CELL_NUMBER },
		{ "BY", "by", CELL_TEXT },         { "WHEN", "at", CELL_TIME },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_policy_list, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/policies", columns, COUNT(columns),
			     "No policies yet. Three questions make the first ones: mamori policy assistant");
}

static int
show_run(struct cli *c, int argc, char **argv)
{
	const char *version = NULL;
	const struct cli_option options[] = {
		{ "version", "N", "This version instead of the one in force", &version, NULL, NULL },
	};
	struct err e = { 0 };
	struct json *answer;
	int n;
	BUF_AUTO path = { 0 };
	if (!cli_words(c, &verb_policy_show, options, COUNT(options), argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/policies/", argv[0], "");
	cli_query(&path, "version", version);
	if (!cli_api(c, "GET", buf_cstr(&path), STR_NONE, &answer, &e))
		return cli_fail(c, &e);
	if (c->json)
		cli_print_json(answer);
	else
		fwrite(json_get_str(answer, "yaml").ptr, 1, json_get_str(answer, "yaml").len, stdout);
	return 0;
}

/* The name stands in the text: its first line that says policy: NAME. */
static bool
name_in(struct cli *c, struct str yaml, const char **name, struct err *e)
{
	struct str line, key, value;
	while (str_line(&yaml, &line))
		if (str_split(line, ':', &key, &value) && str_eq(key, STR("policy"))) {
			(void)!str_split(value, '#', &value, &key);
			value = str_trim(value);
			if (value.len > 1 && (value.ptr[0] == '"' || value.ptr[0] == '\''))
				value = str_sub(value.ptr + 1, value.len - 2);
			*name = arena_cstr(c->arena, value);
			return true;
		}
	return err_set(e, ERR_INPUT, "the file has no line policy: NAME");
}

/* Each remark with its place; how many are errors. */
static size_t
remarks_say(const char *path, const struct json *answer)
{
	size_t count, errors = 0;
	const struct json *remarks = json_get_array(answer, "remarks", &count);
	for (size_t i = 0; i < count; i++) {
		bool error = str_eq(json_get_str(&remarks[i], "level"), STR("error"));
		errors += error;
		fprintf(stderr, "%s:%lld:%lld: %s: %.*s\n", path, (long long)json_get_i64(&remarks[i], "line", 0),
			(long long)json_get_i64(&remarks[i], "column", 0), error ? tr("error") : tr("warning"),
			STR_ARG(json_get_str(&remarks[i], "text")));
	}
	return errors;
}

/* A refused policy: all its mistakes, so that nobody corrects them one by one. */
static void
mistakes_say(struct cli *c, const char *path, struct str body, struct err *e)
{
	struct json *answer;
	struct err other = { 0 };
	if (e->code != ERR_INPUT || !cli_api(c, "POST", "/api/v1/policies/check", body, &answer, &other) ||
	    json_get_bool(answer, "ok", true))
		return;
	size_t errors = remarks_say(path, answer);
	if (errors > 1) {
		err_clear(e);
		(void)!err_set(e, ERR_INPUT,
			       "%s is refused for %zu mistakes: the lines above say where; the policy in "
			       "force stays",
			       path, errors);
	}
}

/* The API takes text only: what is none is shown by its place in the file. */
static bool
text_check(struct cli *c, const char *path, struct err *e)
{
	BUF_AUTO text = { 0 };
	struct cli_policy p;
	if (strcmp(path, "-") == 0)
		return true;
	if (!file_read(path, 1 << 20, &text, e))
		return false;
	if (str_is_utf8(buf_str(&text)) && str_find_char(buf_str(&text), '\0') < 0)
		return true;
	if (!cli_policy_read(c, path, NULL, &p, e))
		return false;
	cli_policy_remarks(stderr, path, &p.remarks);
	return err_set(e, ERR_INPUT, "%s is no text: the line above says where; the policy in force stays", path);
}

static int
put_run(struct cli *c, int argc, char **argv)
{
	const char *note = NULL;
	const struct cli_option options[] = {
		{ "note", "TEXT", "Why, for the list of versions", &note, NULL, NULL },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_policy_put, options, COUNT(options), argc, argv, 1, 100, &n, &e))
		return cli_fail(c, &e);
	for (int i = 0; i < n; i++) {
		struct str yaml;
		struct json *answer = NULL;
		const char *name = NULL;
		BUF_AUTO path = { 0 };
		BUF_AUTO body = { 0 };
		struct json_writer w = { .out = &body };
		if (!text_check(c, argv[i], &e) || !cli_read_file(c, argv[i], &yaml, &e) ||
		    !name_in(c, yaml, &name, &e))
			return cli_fail(c, &e);
		cli_path(&path, "/api/v1/policies/", name, "");
		json_begin_object(&w);
		json_put_str(&w, "yaml", yaml);
		cli_put(&w, "note", note);
		json_end_object(&w);
		if (!cli_api(c, "PUT", buf_cstr(&path), buf_str(&body), &answer, &e)) {
			mistakes_say(c, argv[i], buf_str(&body), &e);
			return cli_fail(c, &e);
		}
		if (c->json)
			cli_print_json(answer);
		else
			puts(tr("The policy is in force."));
		remarks_say(argv[i], answer);
	}
	return 0;
}

static int
delete_run(struct cli *c, int argc, char **argv)
{
	return cli_delete(c, &verb_policy_delete, argc, argv, "/api/v1/policies/",
			  "The policy is not in force any more; its versions stay.");
}

static int
versions_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "VERSION", "version", CELL_NUMBER }, { "WHAT", "what", CELL_WORD }, { "BY", "by", CELL_TEXT },
		{ "WHEN", "at", CELL_TIME },           { "NOTE", "note", CELL_TEXT },
	};
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	if (!cli_words(c, &verb_policy_versions, NULL, 0, argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/policies/", argv[0], "/versions");
	return cli_show_list(c, buf_cstr(&path), columns, COUNT(columns), "There never was a policy of this name.");
}

static int
revert_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	int n;
	uint64_t version;
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_policy_revert, NULL, 0, argc, argv, 2, 2, &n, &e))
		return cli_fail(c, &e);
	if (!str_to_u64(str_of(argv[1]), &version) || version > INT32_MAX) {
		err_set(&e, ERR_USAGE, "%s is no version: see mamori policy versions %s", argv[1], argv[0]);
		return cli_fail(c, &e);
	}
	cli_path(&path, "/api/v1/policies/", argv[0], "/revert");
	json_begin_object(&w);
	json_put_i64(&w, "version", (int64_t)version);
	json_end_object(&w);
	return cli_send(c, "POST", buf_cstr(&path), buf_str(&body), "That version is in force again, as a new one.");
}

static void
effective_print(struct cli *c, const struct json *answer)
{
	static const char *const headers[] = { "LINE", "FROM POLICY" };
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	size_t count;
	const struct json *lines = json_get_array(answer, "lines", &count), *slot = json_get(answer, "slot");
	for (size_t i = 0; i < count; i++) {
		struct str from = json_get_str(&lines[i], "from");
		cli_table_cell(t, json_get_str(&lines[i], "key"));
		cli_table_cell(t, from.len ? from : str_of(tr("(built in)")));
	}
	cli_table_print(t);
	if (slot)
		printf("\n%.*s\n", STR_ARG(json_get_str(slot, "why")));
}

static int
effective_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	struct json *answer;
	struct str id;
	int n;
	BUF_AUTO path = { 0 };
	if (!cli_words(c, &verb_policy_effective, NULL, 0, argc, argv, 1, 1, &n, &e) ||
	    !cli_host_find(c, argv[0], &id, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/hosts/", id.ptr, "/policy");
	if (!cli_api(c, "GET", buf_cstr(&path), STR_NONE, &answer, &e))
		return cli_fail(c, &e);
	if (c->json)
		cli_print_json(answer);
	else
		effective_print(c, answer);
	return 0;
}

/* Machines that look like servers: the assistant treats them as such, and somebody should say whether that is right. */
static void
servers_print(struct cli *c, const struct json *answer)
{
	static const char *const headers[] = { "MACHINE", "DEPARTMENT", "WHY" };
	size_t count;
	const struct json *servers = json_get_array(answer, "servers", &count);
	if (!count)
		return;
	putchar('\n');
	puts(tr("These machines have no role and look like servers. They are patched on the servers' day, not at "
		"night; if "
		"one is none, give it its role: mamori host set NAME --role ward"));
	struct cli_table *t = cli_table_new(c->arena, headers, COUNT(headers));
	for (size_t i = 0; i < count; i++) {
		const struct json *host = json_get(&servers[i], "host");
		cli_table_cell(t, json_get_str(host, "name"));
		cli_table_cell(t, cli_or_dash(json_get_str(host, "group")));
		cli_table_cell(t, json_get_str(&servers[i], "why"));
	}
	cli_table_print(t);
	putchar('\n');
}

static int
assistant_run(struct cli *c, int argc, char **argv)
{
	const char *from = NULL, *to = NULL, *nth = NULL, *weekday = NULL, *days = NULL, *pilot = NULL;
	bool dry_run = false;
	const struct cli_option options[] = {
		{ "quiet-from", "HH:MM", "When wards become quiet (22:00)", &from, NULL, NULL },
		{ "quiet-to", "HH:MM", "When they wake up (05:00)", &to, NULL, NULL },
		{ "server-nth", "N", "Servers: the first to fifth (1–5) or last (0) …", &nth, NULL, NULL },
		{ "server-weekday", "DAY", "… of this weekday in each month (mon … sun)", &weekday, NULL, NULL },
		{ "server-days", "LIST", "Servers: on the days of this list instead", &days, NULL, NULL },
		{ "pilot", "GROUP", "The group that goes first", &pilot, NULL, NULL },
		{ "dry-run", NULL, "Only show what would be made", NULL, &dry_run, NULL },
	};
	struct err e = { 0 };
	struct json *answer;
	uint64_t number = 2;
	int n;
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_policy_assistant, options, COUNT(options), argc, argv, 0, 0, &n, &e) ||
	    (nth && !str_to_u64(str_of(nth), &number) && !err_set(&e, ERR_USAGE, "--server-nth takes 0 to 5")))
		return cli_fail(c, &e);
	json_begin_object(&w);
	cli_put(&w, "quiet_from", from);
	cli_put(&w, "quiet_to", to);
	cli_put(&w, "pilot", pilot);
	json_put_bool(&w, "dry_run", dry_run);
	json_key(&w, "server");
	json_begin_object(&w);
	json_put_i64(&w, "nth", number > 5 ? 9 : (int64_t)number);
	cli_put(&w, "weekday", weekday);
	cli_put(&w, "days", days);
	json_end_object(&w);
	json_end_object(&w);
	if (!cli_api(c, "POST", "/api/v1/policies/assistant", buf_str(&body), &answer, &e))
		return cli_fail(c, &e);
	if (c->json) {
		cli_print_json(answer);
		return 0;
	}
	size_t count;
	const struct json *made = json_get_array(answer, "policies", &count);
	for (size_t i = 0; i < count; i++) {
		struct str yaml = json_get_str(&made[i], "yaml");
		if (dry_run)
			fwrite(yaml.ptr, 1, yaml.len, stdout);
		else
			printf("%.*s\n", STR_ARG(json_get_str(&made[i], "name")));
	}
	servers_print(c, answer);
	if (!dry_run)
		puts(tr("These policies are in force; from now on nobody has to touch a machine."));
	return 0;
}

/* Whose clock START and END are told by. */
static void
zone_say(struct cli *c)
{
	time_t now = (time_t)(clock_now(c->clock) / 1000);
	struct tm here;
	char name[64], offset[16];
	if (!localtime_r(&now, &here) || !strftime(name, sizeof(name), "%Z", &here) ||
	    strftime(offset, sizeof(offset), "%z", &here) != 5)
		return;
	putchar('\n');
	printf(tr("START and END by the clock of this terminal: %s (UTC%.3s:%s)"), name, offset, offset + 3);
	putchar('\n');
}

static int
calendar_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "START", "start", CELL_TIME },       { "END", "end", CELL_TIME },
		{ "GROUP", "group", CELL_TEXT },       { "POLICY", "policy", CELL_TEXT },
		{ "WINDOW", "window", CELL_TEXT },     { "HOSTS", "hosts", CELL_NUMBER },
		{ "UPDATES", "patches", CELL_NUMBER }, { "BY THE CLOCK OF", "tz", CELL_TEXT },
	};
	const char *from = NULL, *until = NULL, *group = NULL;
	const struct cli_option options[] = {
		{ "from", "DAY", "From this day or instant on", &from, NULL, NULL },
		{ "until", "DAY", "Up to this day or instant", &until, NULL, NULL },
		{ "group", "NAME", "Only this department or ward", &group, NULL, NULL },
	};
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	if (!cli_words(c, &verb_policy_calendar, options, COUNT(options), argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	buf_add(&path, STR("/api/v1/calendar"));
	cli_query(&path, "from", from);
	cli_query(&path, "until", until);
	cli_query(&path, "group", group);
	int status = cli_show_list(c, buf_cstr(&path), columns, COUNT(columns), "No window opens in this time.");
	if (status == 0 && !c->json)
		zone_say(c);
	return status;
}

const struct cli_verb verb_policy_list = { "policy list", "", "List the policies in force", NULL, list_run };
const struct cli_verb verb_policy_show = { "policy show", "NAME", "Print a policy as it was written", NULL, show_run };
const struct cli_verb verb_policy_put = {
	"policy put",
	"FILE…",
	"Put policies in force; one that is refused changes nothing",
	"  mamori policy put ward-pc.yaml --note 'later at night'",
	put_run,
};
const struct cli_verb verb_policy_delete = { "policy delete", "NAME", "Take a policy out of force", NULL, delete_run };
const struct cli_verb verb_policy_versions = {
	"policy versions", "NAME", "List every version of a policy, with author and date", NULL, versions_run,
};
const struct cli_verb verb_policy_revert = {
	"policy revert", "NAME VERSION", "Go back to an earlier version", "  mamori policy revert ward-pc 3",
	revert_run,
};
const struct cli_verb verb_policy_effective = {
	"policy effective", "HOST", "Show which policy each line of a machine's policy comes from", NULL, effective_run,
};
const struct cli_verb verb_policy_assistant = {
	"policy assistant",
	"",
	"Make the first policies from three answers",
	"  mamori policy assistant --quiet-from 22:00 --quiet-to 05:00 --server-nth 2 --server-weekday sun --pilot it",
	assistant_run,
};
const struct cli_verb verb_policy_calendar = {
	"policy calendar", "", "Show which windows open when, for how many machines", NULL, calendar_run,
};
