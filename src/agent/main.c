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
	const char *state, *root, *token_file, *relay, *lang, *hours, *word;
	bool json, again, from_wait, help, version;
};

struct verb {
	const char *name, *help;
	int (*run)(const struct agent *a, const struct options *o);
	bool for_people, takes_word; /* everybody may; they mean the system's agent, not one of their own */
};

static int
fail(const struct err *e)
{
	fprintf(stderr, "mamori-agent: %s\n", e->text);
	return err_exit_status(e);
}

/* "URL,URL" */
static const char *const *
relays_of(struct arena *a, const char *text)
{
	ARRAY_OF(const char *) v = { 0 };
	struct str rest = str_of(text), piece;
	if (!text)
		return NULL;
	while (str_cut(&rest, ',', &piece))
		*ARRAY_PUSH(a, &v) = arena_cstr(a, str_trim(piece));
	*ARRAY_PUSH(a, &v) = NULL;
	return v.items;
}

static int
run_enrol(const struct agent *a, const struct options *o)
{
	struct err e = { 0 };
	if (!o->token_file) {
		err_set(&e, ERR_USAGE, "enrol: --token-file FILE is needed; a token never belongs on the command line");
		return fail(&e);
	}
	ARENA_AUTO arena = { 0 };
	struct agent through = *a;
	through.relays = relays_of(&arena, o->relay);
	if (!agent_enrol(&through, o->token_file, o->again, &e))
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
	line("Update metadata", tr_sentence(arena, json_get_str(json_get(v, "metadata"), "trouble")));
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

/* ---- for people of this machine ---- */

static int
ask(const struct agent *a, const char *what, const char *why, int64_t until)
{
	BUF_AUTO answer = { 0 };
	struct err e = { 0 };
	if (!agent_ask(a, what, why, until, &answer, &e))
		return fail(&e);
	printf("%s\n", buf_cstr(&answer));
	return 0;
}

static int
run_hold(const struct agent *a, const struct options *o)
{
	struct err e = { 0 };
	int64_t length;
	if (!o->word || !o->hours || !time_parse_duration(str_of(o->hours), &length)) {
		err_set(&e, ERR_USAGE,
			"hold: say why and for how long, for example: mamori-agent hold \"surgery\" --for 8h");
		return fail(&e);
	}
	return ask(a, "hold", o->word, clock_now(a->clock) + length);
}

static int
run_release(const struct agent *a, const struct options *o)
{
	(void)o;
	return ask(a, "release", NULL, 0);
}

static int
run_install(const struct agent *a, const struct options *o)
{
	(void)o;
	return ask(a, "now", NULL, 0);
}

/* The next time that a clock on the wall shows HH:MM. */
static bool
next_time(const struct agent *a, const char *text, int64_t *out)
{
	struct str hours, minutes;
	uint64_t h, m;
	struct tm t;
	time_t now = (time_t)(clock_now(a->clock) / 1000);
	if (!str_split(str_of(text), ':', &hours, &minutes) || !str_to_u64(hours, &h) || !str_to_u64(minutes, &m) ||
	    h > 23 || m > 59 || !localtime_r(&now, &t))
		return false;
	t.tm_hour = (int)h;
	t.tm_min = (int)m;
	t.tm_sec = 0;
	t.tm_isdst = -1;
	struct tm tomorrow = t;
	tomorrow.tm_mday++;
	int64_t at = (int64_t)mktime(&t) * 1000;
	*out = at > (int64_t)now * 1000 ? at : (int64_t)mktime(&tomorrow) * 1000;
	return true;
}

static int
run_later(const struct agent *a, const struct options *o)
{
	struct err e = { 0 };
	int64_t until;
	if (!o->word || !next_time(a, o->word, &until)) {
		err_set(&e, ERR_USAGE, "later: say at what time, for example: mamori-agent later 18:30");
		return fail(&e);
	}
	return ask(a, "later", NULL, until);
}

static void
notice_print(struct arena *arena, const struct json *v)
{
	size_t count;
	const struct json *patches = json_get_array(v, "patches", &count);
	printf("%.*s\n", STR_ARG(tr_sentence(arena, json_get_str(v, "why"))));
	struct str mitigated = json_get_str(v, "mitigated"), one;
	while (str_line(&mitigated, &one))
		printf("%.*s\n", STR_ARG(tr_sentence(arena, one)));
	line_time("Starts", json_get_str(v, "start"));
	line_time("Ends", json_get_str(v, "end"));
	line("Held", json_get_str(v, "hold"));
	line_time("Held until", json_get_str(v, "hold_until"));
	if (json_get_bool(v, "reboot_pending", false))
		printf("%s\n", tr("A restart is still to be done."));
	for (size_t i = 0; i < count; i++)
		printf("  %.*s\n", STR_ARG(patches[i].text));
	if (json_get_bool(v, "ask_now", false))
		printf("%s\n", tr("Install now: mamori-agent install"));
	if (json_get_bool(v, "ask_later", false))
		printf("%s\n", tr("At another time: mamori-agent later HH:MM"));
	printf("%s\n", tr("Not while you need this machine: mamori-agent hold \"surgery\" --for 8h"));
}

static int
run_notice(const struct agent *a, const struct options *o)
{
	ARENA_AUTO arena = { 0 };
	BUF_AUTO b = { 0 };
	struct err e = { 0 };
	struct json *v;
	if (!agent_notice(a, &b, &e) || !json_parse(&arena, buf_str(&b), NULL, &v, &e))
		return fail(&e);
	if (o->json)
		printf("%s\n", buf_cstr(&b));
	else
		notice_print(&arena, v);
	return 0;
}

static int
run_ward(const struct agent *a, const struct options *o)
{
	(void)o;
	return agent_ward(a) ? WAITER_WARD_URGENT : 0;
}

static const struct verb verbs[] = {
	{ "enrol", "Enrol this machine with the token in a file (--token-file FILE, --again)", run_enrol },
	{ "once", "Check in once: send what changed, carry out orders", run_once },
	{ "run", "Keep checking in, with as little memory as possible", run_run },
	{ "status", "Show enrolment, last contact and what waits (--json)", run_status },
	{ "now", "Ask the running agent to check in at once", run_now },
	{ "notice", "Show what is planned on this machine and when (everybody; --json)", run_notice, true },
	{ "hold", "Keep this machine as it is for a while: hold \"surgery\" --for 8h (everybody)", run_hold, true,
	  true },
	{ "release", "End such a hold (everybody)", run_release, true },
	{ "install", "Install what is approved now instead of later (everybody)", run_install, true },
	{ "later", "Install at another time: later 18:30 (everybody)", run_later, true, true },
	{ "ward", NULL, run_ward }, /* started by mamori-agent-wait */
};

static void
usage(FILE *out)
{
	fprintf(out, "%s mamori-agent %s\n\n", tr("Usage:"), tr("VERB [OPTION…]"));
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (verbs[i].help)
			fprintf(out, "  %-8s %s\n", verbs[i].name, tr(verbs[i].help));
	fprintf(out, "\n%s\n", tr("Options:"));
	fprintf(out, "  --token-file FILE  %s\n", tr("the enrolment token, in a file that only you can read"));
	fprintf(out, "  --relay URL[,URL]  %s\n",
		tr("enrol through a relay of a closed network: https://10.1.0.5:8480"));
	fprintf(out, "  --again            %s\n", tr("enrol anew although this machine is enrolled"));
	fprintf(out, "  --for TIME         %s\n", tr("how long a hold lasts: 90m, 8h"));
	fprintf(out, "  --state DIR        %s\n", tr("state folder (default: /var/lib/mamori-agent as root)"));
	fprintf(out, "  --root DIR         %s\n", tr("inventory and patch this root instead of /"));
	fprintf(out, "  --json             %s\n", tr("one JSON document"));
	fprintf(out, "  --lang ja|en       %s\n", tr("language"));
	fprintf(out, "  --version, --help\n");
}

static const struct verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static bool
takes_word(const char *name)
{
	const struct verb *v = verb_find(name);
	return v && v->takes_word;
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
		{ "--relay", &o->relay, NULL },
		{ "--state", &o->state, NULL },
		{ "--root", &o->root, NULL },
		{ "--lang", &o->lang, NULL },
		{ "--for", &o->hours, NULL },
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
			if (*verb && (o->word || !takes_word(*verb)))
				return err_set(e, ERR_USAGE, "%s: there is nothing to do with \"%s\"", *verb, argv[i]);
			*(*verb ? &o->word : verb) = argv[i];
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
state_default(struct arena *arena, const struct verb *v)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (geteuid() == 0 || v->for_people)
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
	const struct verb *v = verb_find(name);
	if (!v) {
		err_set(&e, ERR_USAGE, "unknown verb %s; see mamori-agent --help", name);
		return fail(&e);
	}
	struct agent a = { .state = absolute(&arena, o.state ? o.state : state_default(&arena, v)),
			   .root = absolute(&arena, o.root ? o.root : "/"),
			   .clock = &clock_system,
			   .runner = &runner_system };
	return v->run(&a, &o);
}
