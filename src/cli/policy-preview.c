/* mamori policy preview: when a policy's windows open, by the code that opens them on the hosts. */
#include "cli/policy.h"
#include "cli/verbs.h"

#define DAY_MS INT64_C(86400000)
enum { CHUNK_DAYS = 90, CHUNK_SLOTS = POLICY_WINDOWS_MAX * (CHUNK_DAYS + 16) };

struct preview {
	struct cli *c;
	struct cli_policy file;
	const struct calendar_rules *rules;
	struct zone device;
	struct zone zones[POLICY_WINDOWS_MAX];
	struct calendar_world world;
	int64_t from, until;
	struct str host;
	struct cli_table *table;
	size_t rows;
};

typedef void slot_each(struct preview *p, const struct slot *s);

/* Slots that start in the span, in time order, whatever its length, in bounded memory. */
static void
slots_each(struct preview *p, slot_each *each)
{
	struct slot *slots = ARENA_ARRAY(p->c->arena, struct slot, CHUNK_SLOTS);

	for (int64_t from = p->from; from < p->until; from += CHUNK_DAYS * DAY_MS) {
		int64_t until = from + CHUNK_DAYS * DAY_MS < p->until ? from + CHUNK_DAYS * DAY_MS : p->until;
		size_t n = calendar_slots(p->rules, &p->world, p->host, from, until, slots, CHUNK_SLOTS);
		for (size_t i = 0; i < n; i++) {
			if (slots[i].start >= from)
				each(p, &slots[i]);
		}
	}
}

static void
slot_json(struct preview *p, const struct slot *s)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };
	char date[TIME_RFC3339_MAX];

	time_rfc3339(s->date * DAY_MS, date);
	json_begin_object(&w);
	json_put_str(&w, "policy", p->file.policy.name);
	json_put_str(&w, "window", s->window->name);
	json_put_time(&w, "start", s->start);
	json_put_time(&w, "end", s->end);
	json_put_time(&w, "cutoff", s->cutoff);
	json_put_time(&w, "ready_by", s->ready_by);
	json_key(&w, "date");
	json_str(&w, str_sub(date, 10));
	if (p->host.len)
		json_put_str(&w, "slot", slot_id(p->c->arena, p->file.policy.name, s, p->host));
	json_end_object(&w);
	cli_print_line(&line);
	p->rows++;
}

static const struct zone *
zone_of(const struct preview *p, const struct window *w)
{
	for (size_t i = 0; w->tz.len > 0 && i < p->world.zone_count; i++) {
		if (str_eq(p->zones[i].name, w->tz))
			return &p->zones[i];
	}
	return &p->device;
}

/* "22:00", with the days that it is later than the slot's. */
static void
cell_time(struct preview *p, const struct zone *z, int64_t at, int64_t start)
{
	char text[TIME_RFC3339_MAX];
	int64_t local = zone_local(z, at), days = local / DAY_MS - zone_local(z, start) / DAY_MS;

	if (at == 0) {
		cli_table_cell(p->table, STR("–"));
		return;
	}
	time_rfc3339(local, text);
	if (days == 0)
		cli_table_cellf(p->table, "%.5s", text + 11);
	else
		cli_table_cellf(p->table, "%.5s +%lld", text + 11, (long long)days);
}

static void
slot_row(struct preview *p, const struct slot *s)
{
	const char *const names[] = { tr("Mon"), tr("Tue"), tr("Wed"), tr("Thu"), tr("Fri"), tr("Sat"), tr("Sun") };
	const struct zone *z = zone_of(p, s->window);
	int64_t local = zone_local(z, s->start);
	char text[TIME_RFC3339_MAX];

	time_rfc3339(local, text);
	/* 1970-01-01 was a Thursday. */
	cli_table_cellf(p->table, "%.10s %s", text, names[((local / DAY_MS + 3) % 7 + 7) % 7]);
	cell_time(p, z, s->start, s->start);
	cell_time(p, z, s->cutoff, s->start);
	cell_time(p, z, s->end, s->start);
	cell_time(p, z, s->ready_by, s->start);
	cli_table_cell(p->table, s->window->name);
	cli_table_cell(p->table, cli_or_dash(z->name));
	p->rows++;
}

static void
table_print(struct preview *p)
{
	const char *const headers[] = { tr("DAY"),      tr("START"),  tr("LAST START"), tr("END"),
					tr("READY BY"), tr("WINDOW"), tr("TIME ZONE") };

	p->table = cli_table_new(p->c->arena, headers, COUNT(headers));
	slots_each(p, slot_row);
	cli_table_print(p->table);
	if (p->rows == 0) {
		printf("%s\n", tr("No window opens in this time."));
	} else if (p->rules->spread > 0 && p->host.len == 0) {
		printf(tr("Starts are spread over up to %lld minutes; --host shows one host's."),
		       (long long)(p->rules->spread / 60000));
		putchar('\n');
	}
}

/* RFC 3339, or a date: midnight in the device's zone. */
static bool
time_option(const struct zone *z, const char *name, const char *text, int64_t *out, struct err *e)
{
	if (!text)
		return true;
	if (!time_parse(str_of(text), out))
		return err_set(e, ERR_USAGE, "--%s takes a date or a time such as 2026-12-01T00:00:00+09:00, not “%s”",
			       name, text);
	if (strlen(text) == 10)
		*out = zone_instant(z, *out);
	return true;
}

static bool
zones_load(struct preview *p, struct err *e)
{
	for (size_t i = 0; i < p->rules->windows.count; i++) {
		struct str tz = p->rules->windows.items[i].tz;
		bool have = tz.len == 0;
		for (size_t j = 0; j < p->world.zone_count && !have; j++)
			have = str_eq(p->zones[j].name, tz);
		if (have)
			continue;
		if (!zone_load(NULL, tz, p->until + 400 * DAY_MS, p->c->arena, &p->zones[p->world.zone_count], e))
			return false;
		p->world.zone_count++;
	}
	p->world.zones = p->zones;
	p->world.device = &p->device;
	p->world.lists = &p->file.lists;
	return true;
}

static bool
span_read(struct preview *p, const char *from, const char *until, const char *tz, struct err *e)
{
	const int64_t latest = INT64_C(16725225600) * 1000; /* 2500-01-01 */

	if (tz && !zone_load(NULL, str_of(tz), latest, p->c->arena, &p->device, e))
		return false;
	if (!tz)
		zone_device(NULL, latest, p->c->arena, &p->device);
	p->from = clock_now(p->c->clock);
	if (!time_option(&p->device, "from", from, &p->from, e))
		return false;
	p->until = p->from + 30 * DAY_MS;
	if (!time_option(&p->device, "until", until, &p->until, e))
		return false;
	if (p->until <= p->from || p->until > latest)
		return err_set(e, ERR_USAGE, "--until is to be later than --from, and before the year 2500");
	return true;
}

static bool
preview(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *from = NULL, *until = NULL, *host = NULL, *tz = NULL;
	bool reboot = false;
	cli_list days = { 0 };
	const struct cli_option options[] = {
		{ "from", "TIME", "From then on (default: now)", &from, NULL, NULL },
		{ "until", "TIME", "Until then (default: 30 days)", &until, NULL, NULL },
		{ "host", "HOST", "One host's starts: the policy may spread them", &host, NULL, NULL },
		{ "tz", "ZONE", "The device's time zone (default: this machine's)", &tz, NULL, NULL },
		{ "days", "NAME=CSV", "A list of days that windows name; may be repeated", NULL, NULL, &days },
		{ "reboot", NULL, "The reboot windows instead of the install windows", NULL, &reboot, NULL },
	};
	struct preview *p = ARENA_NEW(c->arena, struct preview);
	int operands;

	if (!cli_parse(c, &verb_policy_preview, options, COUNT(options), argc, argv, &operands, e))
		return false;
	if (operands != 1)
		return err_set(e, ERR_USAGE, "one policy file is needed; see: mamori policy preview --help");
	p->c = c;
	p->host = str_of(host);
	if (!span_read(p, from, until, tz, e) || !cli_policy_read(c, argv[0], &days, &p->file, e))
		return false;
	cli_policy_remarks(stderr, argv[0], &p->file.remarks);
	if (p->file.refused)
		return err_set(e, ERR_INPUT, "%s is refused; the lines above say why", argv[0]);
	p->rules = reboot ? &p->file.policy.reboot.windows : &p->file.policy.install;
	if (!zones_load(p, e))
		return false;
	if (c->json)
		slots_each(p, slot_json);
	else
		table_print(p);
	return true;
}

static int
run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };

	return preview(c, argc, argv, &e) ? 0 : cli_fail(c, &e);
}

const struct cli_verb verb_policy_preview = {
	.name = "policy preview",
	.args = "FILE",
	.help = "Show when a policy's windows open: the slots that start in a span of time (JSON Lines with --json)",
	.examples = "  mamori policy preview ward-pc.yaml --from 2026-12-01 --until 2027-01-01\n"
		    "  mamori policy preview ward-pc.yaml --host ward-3-pc-07 --tz Asia/Tokyo --days 休診日=closed.csv",
	.run = run,
};
