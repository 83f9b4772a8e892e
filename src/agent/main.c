/* mamori-agent: the command line of the agent. */
#include "agent/agent.h"

#include <signal.h>
#include <unistd.h>

#include "agent/waiter.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sentence.h"
#include "os/file.h"

#define STATE_DEFAULT "/var/lib/mamori-agent"

struct options {
	const char *state, *root, *token_file, *lang;
	bool json, again, from_wait, help, version;
};

struct verb {
	const char *name, *help;
	int (*run)(const struct agent *a, const struct options *o);
};

static int
fail(const struct err *e)
{
	fprintf(stderr, "mamori-agent: %s\n", e->text);
	return err_exit_status(e);
}

static int
run_enrol(const struct agent *a, const struct options *o)
{
	struct err e = { 0 };
	if (!o->token_file) {
		err_set(&e, ERR_USAGE, "enrol: --token-file FILE is needed; a token never belongs on the command line");
		return fail(&e);
	}
	if (!agent_enrol(a, o->token_file, o->again, &e))
		return fail(&e);
	printf("%s\n",
	       tr("This machine is enrolled. Check in with: mamori-agent once, or keep it running: mamori-agent run"));
	return 0;
}

static int
run_once(const struct agent *a, const struct options *o)
{
	struct err e = { 0 };
	unsigned next = 300;
	bool ok = agent_once(a, &next, &e);
	if (o->from_wait)
		dprintf(WAITER_REPORT_FD, "%u\n", next);
	return ok ? 0 : fail(&e);
}

static int
run_run(const struct agent *a, const struct options *o)
{
	struct err e = { 0 };
	(void)o;
	return agent_run(a, &e) ? 0 : fail(&e);
}

static int
run_now(const struct agent *a, const struct options *o)
{
	struct err e = { 0 };
	(void)o;
	return agent_now(a, &e) ? 0 : fail(&e);
}

static void
line(const char *name, struct str value)
{
	if (value.len > 0)
		printf("%s: %.*s\n", tr(name), STR_ARG(value));
}

static void
line_time(const char *name, struct str value)
{
	char local[TIME_RFC3339_MAX];
	int64_t t;
	if (time_parse(value, &t))
		printf("%s: %s\n", tr(name), time_local(t, local));
}

static void
status_print(struct arena *arena, const struct json *v)
{
	if (!json_get_bool(v, "enrolled", false)) {
		printf("%s\n", tr("This machine is not enrolled."));
		return;
	}
	line("Server", json_get_str(v, "server"));
	line("Address", json_get_str(v, "agents"));
	line("Host", json_get_str(v, "host"));
	line("State", str_of(tr(arena_cstr(arena, json_get_str(v, "state")))));
	line("Agent", str_of(json_get_bool(v, "running", false) ? tr("running") : tr("not running")));
	line_time("Last contact", json_get_str(v, "last_contact"));
	line_time("Next check-in", json_get_str(v, "next"));
	line_time("Certificate until", json_get_str(json_get(v, "certificate"), "not_after"));
	line_time("Planned at", json_get_str(v, "planned_at"));
	printf(tr("Pending updates: %lld, security: %lld\n"), (long long)json_get_i64(v, "patches", 0),
	       (long long)json_get_i64(v, "security", 0));
	printf(tr("Results that wait for the server: %lld\n"), (long long)json_get_i64(v, "results_waiting", 0));
	line("Plan", tr_sentence(arena, json_get_str(v, "plan_error")));
	line("Notice", json_get_str(v, "notice"));
	line("Last failure", json_get_str(v, "error"));
}

static int
run_status(const struct agent *a, const struct options *o)
{
	ARENA_AUTO arena = { 0 };
	BUF_AUTO b = { 0 };
	struct err e = { 0 };
	struct json *v;
	if (!agent_status(a, &b, &e) || !json_parse(&arena, buf_str(&b), NULL, &v, &e))
		return fail(&e);
	if (o->json)
		printf("%s\n", buf_cstr(&b));
	else
		status_print(&arena, v);
	return 0;
}

static const struct verb verbs[] = {
	{ "enrol", "Enrol this machine with the token in a file (--token-file FILE, --again)", run_enrol },
	{ "once", "Check in once: send what changed, carry out orders", run_once },
	{ "run", "Keep checking in, with as little memory as possible", run_run },
	{ "status", "Show enrolment, last contact and what waits (--json)", run_status },
	{ "now", "Ask the running agent to check in at once", run_now },
};

static void
usage(FILE *out)
{
	fprintf(out, "%s mamori-agent %s\n\n", tr("Usage:"), tr("VERB [OPTION…]"));
	for (size_t i = 0; i < COUNT(verbs); i++)
		fprintf(out, "  %-8s %s\n", verbs[i].name, tr(verbs[i].help));
	fprintf(out, "\n%s\n", tr("Options:"));
	fprintf(out, "  --token-file FILE  %s\n", tr("the enrolment token, in a file that only you can read"));
	fprintf(out, "  --again            %s\n", tr("enrol anew although this machine is enrolled"));
	fprintf(out, "  --state DIR        %s\n", tr("state folder (default: /var/lib/mamori-agent as root)"));
	fprintf(out, "  --root DIR         %s\n", tr("inventory and patch this root instead of /"));
	fprintf(out, "  --json             %s\n", tr("one JSON document"));
	fprintf(out, "  --lang ja|en       %s\n", tr("language"));
	fprintf(out, "  --version, --help\n");
}

/* The options of all verbs; *verb is the first other word. */
static bool
options_parse(int argc, char **argv, struct options *o, const char **verb, struct err *e)
{
	const struct {
		const char *name;
		const char **value;
		bool *flag;
	} known[] = {
		{ "--token-file", &o->token_file, NULL },
		{ "--state", &o->state, NULL },
		{ "--root", &o->root, NULL },
		{ "--lang", &o->lang, NULL },
		{ "--json", NULL, &o->json },
		{ "--again", NULL, &o->again },
		{ "--from-wait", NULL, &o->from_wait },
		{ "--help", NULL, &o->help },
		{ "-h", NULL, &o->help },
		{ "--version", NULL, &o->version },
	};
	for (int i = 1; i < argc; i++) {
		size_t k = 0;
		struct str name = str_of(argv[i]), value = STR_NONE;
		if (argv[i][0] != '-') {
			if (*verb)
				return err_set(e, ERR_USAGE, "%s: there is nothing to do with \"%s\"", *verb, argv[i]);
			*verb = argv[i];
			continue;
		}
		if (!str_split(str_of(argv[i]), '=', &name, &value))
			value = STR_NONE; /* "--json" has none, "--root=" an empty one */
		while (k < COUNT(known) && !str_eq(name, str_of(known[k].name)))
			k++;
		if (k == COUNT(known) || (known[k].flag && value.ptr))
			return err_set(e, ERR_USAGE, "unknown option %s; see mamori-agent --help", argv[i]);
		if (known[k].flag)
			*known[k].flag = true;
		else if (value.ptr)
			*known[k].value = value.ptr;
		else if (i + 1 < argc)
			*known[k].value = argv[++i];
		else
			return err_set(e, ERR_USAGE, "%s needs a value", argv[i]);
	}
	return true;
}

static const char *
absolute(struct arena *arena, const char *path)
{
	char here[4096];
	if (path[0] == '/' || !getcwd(here, sizeof(here)))
		return path;
	return path_join(arena, here, path);
}

static const char *
state_default(struct arena *arena)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (geteuid() == 0)
		return STATE_DEFAULT;
	if (state && *state == '/')
		return path_join(arena, state, "mamori-agent");
	return home && *home == '/' ? path_join(arena, home, ".local/state/mamori-agent") : STATE_DEFAULT;
}

int
main(int argc, char **argv)
{
	ARENA_AUTO arena = { 0 };
	struct options o = { 0 };
	struct err e = { 0 };
	const char *name = NULL;
	lang_set_process(lang_from_environment());
	signal(SIGPIPE, SIG_IGN);
	bool parsed = options_parse(argc, argv, &o, &name, &e);
	if (o.lang)
		lang_set_process(strcmp(o.lang, "ja") == 0 ? LANG_JA : LANG_EN);
	if (!parsed)
		return fail(&e);
	if (o.version) {
		printf("mamori-agent %s\n", MAMORI_VERSION);
		return 0;
	}
	if (o.help || !name) {
		usage(o.help ? stdout : stderr);
		return o.help ? 0 : 2;
	}
	struct agent a = { .state = absolute(&arena, o.state ? o.state : state_default(&arena)),
			   .root = absolute(&arena, o.root ? o.root : "/"),
			   .clock = &clock_system,
			   .runner = &runner_system };
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return verbs[i].run(&a, &o);
	err_set(&e, ERR_USAGE, "unknown verb %s; see mamori-agent --help", name);
	return fail(&e);
}
