/* mamori policy simulate: a virtual fleet goes through virtual months under these policies, by the code that runs on the
 * hosts and on the server. */
#include "cli/policy.h"
#include "cli/verbs.h"
#include "patch/simulate.h"

enum { POLICIES_MAX = 64, EXIT_BUG = 70 };

struct simulation {
	struct cli *c;
	struct simulate_options o;
	struct simulate_report r;
	struct policy *policies;
	struct zone *zones;
	struct zone device;
	struct day_lists lists;
	int64_t started;
};

static bool
number_option(const char *name, const char *text, uint64_t *out, struct err *e)
{
	if (!text || str_to_u64(str_of(text), out))
		return true;
	return err_set(e, ERR_USAGE, "--%s takes a whole number, not “%s”", name, text);
}

static bool
zones_add(struct simulation *s, const struct calendar_rules *r, struct err *e)
{
	for (size_t i = 0; i < r->windows.count; i++) {
		struct str tz = r->windows.items[i].tz;
		bool have = tz.len == 0;
		for (size_t k = 0; k < s->o.zone_count && !have; k++)
			have = str_eq(s->zones[k].name, tz);
		if (have || s->o.zone_count == POLICY_WINDOWS_MAX)
			continue;
		if (!zone_load(NULL, tz, INT64_C(4102444800000), s->c->arena, &s->zones[s->o.zone_count], e))
			return false;
		s->o.zone_count++;
	}
	return true;
}

static struct str
first_of(const struct str_list *l)
{
	return l->items.count ? l->items.items[0] : STR_NONE;
}

/* A host that this policy is for: what the policy has no word about it takes from the wider ones beside it. */
static void
policy_layer(struct simulation *s, const struct policy *all, size_t count, const struct policy *p, struct policy *out)
{
	struct policy_subject host = { .role = first_of(&p->applies.roles), .site = first_of(&p->applies.sites) };
	struct effective_policy e;
	BUF_AUTO name = { 0 };
	struct str pattern = first_of(&p->applies.names);

	for (size_t i = 0; i < pattern.len; i++) {
		if (pattern.ptr[i] != '*')
			buf_add_char(&name, pattern.ptr[i]);
	}
	host.name = host.id = arena_str(s->c->arena, buf_str(&name));
	host.group = first_of(&p->applies.groups);
	host.groups = p->applies.groups;
	host.os = first_of(&p->applies.os);
	host.tags = p->applies.tags;
	policy_effective(all, count, &host, s->c->arena, &e);
	*out = e.policy;
	out->name = p->name;
}

static bool
policies_read(struct simulation *s, char **paths, size_t count, const cli_list *lists, struct err *e)
{
	if (count > POLICIES_MAX)
		return err_set(e, ERR_USAGE, "a simulation takes at most %d policies", POLICIES_MAX);
	struct policy *written = ARENA_ARRAY(s->c->arena, struct policy, count + 1);
	s->policies = ARENA_ARRAY(s->c->arena, struct policy, count + 1);
	s->zones = ARENA_ARRAY(s->c->arena, struct zone, POLICY_WINDOWS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct cli_policy p;
		if (!cli_policy_read(s->c, paths[i], lists, &p, e))
			return false;
		cli_policy_remarks(stderr, paths[i], &p.remarks);
		if (p.refused)
			return err_set(e, ERR_INPUT, "%s is refused; the lines above say why", paths[i]);
		written[i] = p.policy;
		s->lists = p.lists;
		if (!zones_add(s, &p.policy.install, e) || !zones_add(s, &p.policy.reboot.windows, e))
			return false;
	}
	for (size_t i = 0; i < count; i++)
		policy_layer(s, written, count, &written[i], &s->policies[i]);
	s->o.policies = s->policies;
	s->o.policy_count = count;
	s->o.zones = s->zones;
	if (count > 0) {
		zone_device(NULL, INT64_C(4102444800000), s->c->arena, &s->device);
		s->o.device = &s->device;
		s->o.lists = &s->lists;
	}
	return true;
}

/* ---- the report ---- */

static void
hours_put(struct json_writer *w, const char *key, int64_t ms)
{
	json_key(w, key);
	if (ms)
		json_double(w, (double)ms / 3600000, 1);
	else
		json_null(w);
}

static void
minutes_put(struct json_writer *w, const char *key, int64_t ms)
{
	json_key(w, key);
	if (ms)
		json_double(w, (double)ms / 60000, 1);
	else
		json_null(w);
}

static void
group_json(const struct simulate_group *g, struct json_writer *w)
{
	json_begin_object(w);
	json_put_str(w, "policy", g->name);
	json_put_i64(w, "hosts", g->hosts);
	json_put_i64(w, "approved", (int64_t)g->approved);
	json_put_i64(w, "installed", (int64_t)g->installed);
	json_put_i64(w, "slots", g->slots);
	json_put_i64(w, "missed", g->missed);
	json_put_i64(w, "reboots", g->reboots);
	json_put_i64(w, "crashes", g->crashes);
	json_put_i64(w, "emergencies", g->emergencies);
	hours_put(w, "hours_to_50_percent", g->share[0]);
	hours_put(w, "hours_to_90_percent", g->share[1]);
	hours_put(w, "hours_to_99_percent", g->share[2]);
	json_key(w, "waiting");
	json_begin_object(w);
	for (enum slot_reason r = SLOT_OPEN; r < SLOT_REASONS; r++) {
		if (g->waiting[r])
			json_put_i64(w, slot_reason_name(r), (int64_t)g->waiting[r]);
	}
	json_end_object(w);
	json_end_object(w);
}

static void
disturbances_json(const struct simulate_report *r, struct json_writer *w)
{
	json_put_i64(w, "edited_in_slot", r->edited_in_slot);
	json_put_i64(w, "edited_slots", r->edited_slots);
	json_put_i64(w, "relay_hosts", r->relay_hosts);
	json_key(w, "models");
	json_begin_array(w);
	for (size_t i = 0; i < COUNT(r->models); i++) {
		const struct simulate_model *l = &r->models[i];
		json_begin_object(w);
		json_put_i64(w, "hosts", l->hosts);
		json_put_i64(w, "installs", l->installs);
		minutes_put(w, "install_minutes", l->install_ms);
		minutes_put(w, "reboot_minutes", l->reboot_ms);
		json_put_i64(w, "overruns", l->overruns);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
report_json(struct simulation *s)
{
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	const struct simulate_report *r = &s->r;

	json_begin_object(&w);
	json_put_i64(&w, "hosts", s->o.hosts);
	json_put_i64(&w, "days", s->o.days);
	json_put_i64(&w, "seed", (int64_t)s->o.seed);
	json_put_i64(&w, "decisions", (int64_t)r->decisions);
	json_put_i64(&w, "acts", (int64_t)r->acts);
	json_put_i64(&w, "patches", r->patches);
	json_put_i64(&w, "halts", r->halts);
	json_put_i64(&w, "withdrawn", r->withdrawn);
	json_put_i64(&w, "milliseconds", clock_now(s->c->clock) - s->started);
	if (s->o.emergency) {
		json_put_i64(&w, "emergency_hosts", r->emergency_hosts);
		json_put_i64(&w, "emergency_patched", r->emergency_patched);
		minutes_put(&w, "emergency_minutes_half", r->emergency_half);
		minutes_put(&w, "emergency_minutes_last", r->emergency_last);
		json_put_i64(&w, "emergency_mitigated", r->emergency_mitigated);
		minutes_put(&w, "emergency_minutes_mitigated", r->mitigated_last);
	}
	disturbances_json(r, &w);
	json_key(&w, "violations");
	json_begin_object(&w);
	for (enum invariant i = INVARIANT_WINDOW; i < INVARIANTS; i++)
		json_put_i64(&w, invariant_name(i), (int64_t)r->violations[i]);
	json_end_object(&w);
	json_key(&w, "groups");
	json_begin_array(&w);
	for (size_t i = 0; i < r->groups.count; i++)
		group_json(&r->groups.items[i], &w);
	json_end_array(&w);
	json_end_object(&w);
	cli_print_line(&out);
}

static void
cell_share(struct cli_table *t, int64_t ms)
{
	if (ms == 0)
		cli_table_cell(t, STR("–"));
	else if (ms < 48 * INT64_C(3600000))
		cli_table_cellf(t, tr("%lld h"), (long long)(ms / 3600000));
	else
		cli_table_cellf(t, tr("%lld d"), (long long)(ms / 86400000));
}

/* "before-window 12, held 3": the three most frequent. */
static struct str
waiting_words(struct cli *c, const struct simulate_group *g)
{
	struct str words = STR("");
	bool told[SLOT_REASONS] = { false };

	for (int n = 0; n < 3; n++) {
		enum slot_reason most = SLOT_REASONS;
		for (enum slot_reason r = SLOT_OPEN; r < SLOT_REASONS; r++) {
			if (!told[r] && g->waiting[r] && (most == SLOT_REASONS || g->waiting[r] > g->waiting[most]))
				most = r;
		}
		if (most == SLOT_REASONS)
			break;
		told[most] = true;
		words = arena_printf(c->arena, "%.*s%s%s %llu", STR_ARG(words), n ? ", " : "", slot_reason_name(most),
				     (unsigned long long)g->waiting[most]);
	}
	return words;
}

static void
report_table(struct simulation *s)
{
	const char *const headers[] = { tr("POLICY"), tr("HOSTS"),   tr("PATCHED"),      "50%", "90%", "99%",
					tr("SLOTS"),  tr("REBOOTS"), tr("WAITS BECAUSE") };
	struct cli_table *t = cli_table_new(s->c->arena, headers, COUNT(headers));

	for (size_t i = 0; i < s->r.groups.count; i++) {
		const struct simulate_group *g = &s->r.groups.items[i];
		cli_table_cell(t, g->name);
		cli_table_cellf(t, "%u", g->hosts);
		cli_table_cellf(t, "%llu/%llu", (unsigned long long)g->installed, (unsigned long long)g->approved);
		for (size_t k = 0; k < COUNT(g->share); k++)
			cell_share(t, g->share[k]);
		cli_table_cellf(t, "%u", g->slots);
		cli_table_cellf(t, "%u", g->reboots);
		cli_table_cell(t, cli_or_dash(waiting_words(s->c, g)));
	}
	cli_table_print(t);
	printf(tr("%u hosts, %u days, %llu decisions, %llu acts, %u updates, %u rings halted, %u updates withdrawn; "
		  "%llu violations\n"),
	       s->o.hosts, s->o.days, (unsigned long long)s->r.decisions, (unsigned long long)s->r.acts, s->r.patches,
	       s->r.halts, s->r.withdrawn, (unsigned long long)s->r.violated);
	if (s->r.steps_left_out) {
		printf(tr("%u policies have steps of another form than stop, database, applications; they were "
			  "simulated "
			  "without their steps.\n"),
		       s->r.steps_left_out);
	}
	if (s->r.edited_slots) {
		printf(tr("All policies were edited in the middle: %u hosts were in a slot and kept what it began "
			  "with, %u "
			  "slots began by the edited ones; %u hosts were behind relays that were gone for a day.\n"),
		       s->r.edited_in_slot, s->r.edited_slots, s->r.relay_hosts);
	}
	if (!s->o.emergency)
		return;
	printf(tr("Emergency: %u of %u hosts patched; half after %.1f minutes, the last after %.1f\n"),
	       s->r.emergency_patched, s->r.emergency_hosts, (double)s->r.emergency_half / 60000,
	       (double)s->r.emergency_last / 60000);
	printf(tr("mitigated before: %u hosts, the last after %.1f minutes\n"), s->r.emergency_mitigated,
	       (double)s->r.mitigated_last / 60000);
}

/* ---- running ---- */

static void
progress(void *user, unsigned day, unsigned days)
{
	cli_progress(((struct simulation *)user)->c, tr("days"), day, days);
}

static void
line_print(void *user, struct str line)
{
	(void)user;
	fprintf(stderr, "%.*s\n", STR_ARG(line));
}

/* The host's whole log: the same seed gives the same days again. */
static void
violation_tell(struct simulation *s)
{
	struct simulate_options again = s->o;
	struct simulate_report r;
	struct err e;

	fprintf(stderr, "%.*s\n", STR_ARG(s->r.first));
	fprintf(stderr, tr("The log of this host (again: --seed %llu --trace %zu):\n"), (unsigned long long)s->o.seed,
		s->r.first_host);
	again.trace = s->r.first_host;
	again.line = line_print;
	again.progress = NULL;
	if (!simulate_run(&again, s->c->arena, &r, &e))
		fprintf(stderr, "%s\n", e.text);
}

static bool
fault_option(const char *text, enum invariant *out, struct err *e)
{
	for (enum invariant i = INVARIANT_WINDOW; text && i < INVARIANTS; i++) {
		if (strcmp(text, invariant_name(i)) != 0)
			continue;
		*out = i;
		return true;
	}
	return !text || err_set(e, ERR_USAGE,
				"--fault takes the name of a promise as --json lists them under "
				"“violations”, not “%s”",
				text);
}

static bool
options_read(struct simulation *s, int argc, char **argv, struct err *e)
{
	const char *hosts = NULL, *days = NULL, *seed = NULL, *trace = NULL, *fault = NULL;
	uint64_t n_hosts = 10000, n_days = 90, n_seed = 1, n_trace = SIZE_MAX;
	cli_list lists = { 0 };
	const struct cli_option options[] = {
		{ "hosts", "N", "Virtual hosts (default: 10000; with --emergency 1000)", &hosts, NULL, NULL },
		{ "days", "N", "Virtual days (default: 90)", &days, NULL, NULL },
		{ "seed", "N", "Another seed, another course of events (default: 1)", &seed, NULL, NULL },
		{ "emergency", NULL,
		  "Only this: an advisory at ten in the morning, and how long until every host has its update", NULL,
		  &s->o.emergency, NULL },
		{ "trace", "N", "Print the log of virtual host N on standard error", &trace, NULL, NULL },
		{ "fault", "PROMISE", "Let the hosts break this promise, to see that it is noticed", &fault, NULL,
		  NULL },
		{ "day-list", "NAME=CSV", "A list of days that windows name; may be repeated", NULL, NULL, &lists },
	};
	int operands;

	if (!cli_parse(s->c, &verb_policy_simulate, options, COUNT(options), argc, argv, &operands, e))
		return false;
	if (s->o.emergency) {
		n_hosts = 1000;
		n_days = 1;
	}
	if (!number_option("hosts", hosts, &n_hosts, e) || !number_option("days", days, &n_days, e) ||
	    !number_option("seed", seed, &n_seed, e) || !number_option("trace", trace, &n_trace, e) ||
	    !fault_option(fault, &s->o.fault, e))
		return false;
	s->o.hosts = n_hosts > UINT32_MAX ? UINT32_MAX : (unsigned)n_hosts;
	s->o.days = n_days > UINT32_MAX ? UINT32_MAX : (unsigned)n_days;
	s->o.seed = n_seed;
	s->o.trace = n_trace;
	return policies_read(s, argv, (size_t)operands, &lists, e);
}

static int
run(struct cli *c, int argc, char **argv)
{
	struct simulation *s = ARENA_NEW(c->arena, struct simulation);
	struct err e = { 0 };

	s->c = c;
	s->o = (struct simulate_options){ .fault = INVARIANTS, .line = line_print, .progress = progress, .user = s };
	s->started = clock_now(c->clock);
	if (!options_read(s, argc, argv, &e) || !simulate_run(&s->o, c->arena, &s->r, &e))
		return cli_fail(c, &e);
	cli_progress_end(c);
	if (c->json)
		report_json(s);
	else
		report_table(s);
	if (s->r.violated == 0)
		return 0;
	violation_tell(s);
	return EXIT_BUG;
}

const struct cli_verb verb_policy_simulate = {
	.name = "policy simulate",
	.args = "[FILE…]",
	.help = "Run a virtual fleet through virtual months under these policies (without any: a hospital's own)\n"
		"Machines that are off, lost networks, updates that fail, crashes at every step and clocks that jump, "
		"decided by the code that runs on hosts and server; what happens is judged from the acts alone. Exit "
		"status 70: a promise was broken; the host's log is on standard error.",
	.examples = "  mamori policy simulate\n"
		    "  mamori policy simulate ward-pc.yaml servers.yaml --hosts 2000 --days 180\n"
		    "  mamori policy simulate --emergency",
	.run = run,
};
