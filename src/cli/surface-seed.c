/* mamori surface seed|schedule: where the server begins to look for what is ours, and when it does so by itself. */
#include "cli/client.h"
#include "cli/surface.h"
#include "os/file.h"
#include "surface/seed.h"

#include <stdio.h>

#define SEEDS "/api/v1/surface/seeds"
#define SCHEDULE "/api/v1/surface/schedule"

/* ---- seeds ---- */

struct seed_words {
	const char *owner, *company, *site, *country, *consent_by, *consent_at, *note;
	bool large;
};

static int
list(struct cli *c)
{
	static const struct cli_column columns[] = {
		{ "SEED", "seed", CELL_TEXT },       { "OWNER", "owner", CELL_WORD },
		{ "COMPANY", "company", CELL_TEXT }, { "SITE", "site", CELL_TEXT },
		{ "COUNTRY", "country", CELL_TEXT }, { "AGREED BY", "consent_by", CELL_TEXT },
		{ "BY", "by", CELL_TEXT },           { "NOTE", "why", CELL_TEXT },
	};
	return cli_show_list(c, SEEDS, columns, COUNT(columns),
			     "No seed is kept yet: mamori surface seed add example.co.jp --owner self");
}

/* Afterwards, how to take it back. */
static int
changed(struct cli *c, const char *method, const char *path, struct str body, const char *sentence)
{
	struct err e = { 0 };
	struct json *answer;
	if (!cli_api(c, method, path, body, &answer, &e))
		return cli_fail(c, &e);
	if (c->json) {
		cli_print_json(answer);
		return 0;
	}
	int64_t change = json_get_i64(answer, "change", 0);
	puts(tr(change ? sentence : "Nothing changed: it was so already."));
	if (change) {
		printf(tr("To take it back: mamori surface seed undo %lld"), (long long)change);
		putchar('\n');
	}
	return 0;
}

static int
add(struct cli *c, const char *seed, const struct seed_words *w)
{
	BUF_AUTO path = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	cli_path(&path, SEEDS "/", seed, "");
	json_begin_object(&j);
	cli_put(&j, "owner", w->owner);
	cli_put(&j, "company", w->company);
	cli_put(&j, "site", w->site);
	cli_put(&j, "country", w->country);
	cli_put(&j, "consent_by", w->consent_by);
	cli_put(&j, "consent_at", w->consent_at);
	cli_put(&j, "note", w->note);
	json_put_bool(&j, "large", w->large);
	json_end_object(&j);
	return changed(c, "PUT", buf_cstr(&path), buf_str(&body), "Kept: the next run begins with it, too.");
}

static int
remove_one(struct cli *c, const char *seed)
{
	BUF_AUTO path = { 0 };
	cli_path(&path, SEEDS "/", seed, "");
	return changed(c, "DELETE", buf_cstr(&path), STR_NONE,
		       "Gone: the next run does not begin with it. Runs that were made stay.");
}

static int
undo(struct cli *c, const char *change)
{
	struct err e = { 0 };
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	int64_t number;
	if (!str_to_i64(str_of(change), &number) || number < 1)
		return cli_fail(c, (err_set(&e, ERR_USAGE, "“%s” is no number of a change", change), &e));
	json_begin_object(&j);
	json_put_i64(&j, "change", number);
	json_end_object(&j);
	return changed(c, "POST", SEEDS "/undo", buf_str(&body), "Taken back: the seeds are as they were before.");
}

static int
import(struct cli *c, const char *file, bool large)
{
	struct err e = { 0 };
	struct json *answer;
	size_t count;
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	json_begin_object(&j);
	if (!cli_put_sheet(c, &j, file, &e))
		return cli_fail(c, &e);
	json_put_bool(&j, "large", large);
	json_end_object(&j);
	if (!cli_api(c, "POST", SEEDS "/import", buf_str(&body), &answer, &e))
		return cli_fail(c, &e);
	const struct json *faults = json_get_array(answer, "faults", &count);
	for (size_t i = 0; i < count && !c->json; i++) {
		struct str why = json_get_str(&faults[i], "why");
		fprintf(stderr, "%s:%lld: %.*s\n", file, (long long)json_get_i64(&faults[i], "row", 0), STR_ARG(why));
	}
	int status = cli_rows_say(c, answer);
	int64_t waiting = json_get_i64(answer, "waiting", 0), change = json_get_i64(answer, "change", 0);
	if (c->json)
		return status;
	if (waiting) {
		printf(tr("%lld of contractors wait until it is written down who agreed, and when."),
		       (long long)waiting);
		putchar('\n');
	}
	if (change) {
		printf(tr("To take it back: mamori surface seed undo %lld"), (long long)change);
		putchar('\n');
	}
	return status;
}

static int
seed_run(struct cli *c, int argc, char **argv)
{
	struct seed_words w = { 0 };
	const struct cli_option options[] = {
		{ "owner", "OWNER", "self, group (a group company) or contractor", &w.owner, NULL, NULL },
		{ "company", "NAME", "Whose it is, of a group company or contractor", &w.company, NULL, NULL },
		{ "site", "NAME", "The base or branch", &w.site, NULL, NULL },
		{ "country", "CODE", "The country, as JP", &w.country, NULL, NULL },
		{ "consent-by", "NAME", "Who agreed, of a contractor", &w.consent_by, NULL, NULL },
		{ "consent-at", "DAY", "When that was", &w.consent_at, NULL, NULL },
		{ "note", "TEXT", "A remark", &w.note, NULL, NULL },
		{ "large", NULL, "Take seeds that are very large, or a provider's", NULL, &w.large, NULL },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_surface_seed, options, COUNT(options), argc, argv, 0, 2, &n, &e))
		return cli_fail(c, &e);
	if (n == 0 || (n == 1 && strcmp(argv[0], "list") == 0))
		return list(c);
	if (n == 2 && strcmp(argv[0], "add") == 0)
		return add(c, argv[1], &w);
	if (n == 2 && strcmp(argv[0], "remove") == 0)
		return remove_one(c, argv[1]);
	if (n == 2 && strcmp(argv[0], "import") == 0)
		return import(c, argv[1], w.large);
	if (n == 2 && strcmp(argv[0], "undo") == 0)
		return undo(c, argv[1]);
	return cli_fail(
		c, (err_set(&e, ERR_USAGE, "usage: mamori %s %s", verb_surface_seed.name, verb_surface_seed.args), &e));
}

const struct cli_verb verb_surface_seed = {
	"surface seed",
	"[list | add SEED | remove SEED | import FILE.csv|FILE.xlsx | undo CHANGE]",
	"Where the server begins to look for what is ours\n"
	"A seed is a domain, an organisation's name, a network or an AS. add sets all of its attributes; import adds "
	"to what is kept. undo gives back what was before a change.",
	"mamori surface seed add example.co.jp --owner self\n"
	"mamori surface seed add 'name:株式会社 例メンテ' --owner contractor --consent-by '鈴木' --consent-at "
	"2026-10-01\n"
	"mamori surface seed import seeds.csv",
	seed_run,
	false,
};

/* ---- for a run ---- */

static bool
seed_take(struct cli *c, const struct json *row, struct seeds *out, struct err *e)
{
	static const struct {
		const char *key, *attribute;
	} attributes[] = {
		{ "owner", "owner" },     { "company", "company" },       { "site", "site" },
		{ "country", "country" }, { "consent_by", "consent-by" }, { "consent_at", "consent-at" },
		{ "note", "note" },
	};
	/* The server took it, whatever its size. */
	const struct seed_options o = { .large = true, .clock = c->clock };
	struct seed s;
	if (!seed_read(out->arena, json_get_str(row, "seed"), &o, &s, e))
		return false;
	for (size_t i = 0; i < COUNT(attributes); i++)
		if (!seed_set(out->arena, &s, str_of(attributes[i].attribute), json_get_str(row, attributes[i].key), &o,
			      e))
			return false;
	(void)seeds_add(out, &s);
	return true;
}

bool
surface_seeds_fetch(struct cli *c, struct seeds *out, struct err *e)
{
	struct json **items;
	size_t n;
	if (!file_exists(path_join(c->arena, c->data, "mamori.db"))) /* no server's folder */
		return true;
	if (!cli_api_items(c, SEEDS, &items, &n, e))
		return err_wrap(e, "reading the seeds that the server keeps");
	for (size_t i = 0; i < n; i++)
		if (!seed_take(c, items[i], out, e))
			return false;
	return true;
}

/* ---- when ---- */

struct schedule_words {
	const char *every, *day, *from, *until;
};

static struct str
word(struct cli *c, struct str s)
{
	return s.len ? str_of(tr(arena_cstr(c->arena, s))) : STR("–");
}

static struct str
day_of(struct cli *c, const struct json *j)
{
	int64_t day = json_get_i64(j, "day", 0);
	return day ? arena_printf(c->arena, "%lld", (long long)day) : word(c, json_get_str(j, "day"));
}

static void
going_say(struct cli *c, const struct json *j)
{
	const struct json *progress = json_get(j, "progress");
	struct str state = word(c, json_get_str(j, "state")), since = cli_when(c, json_get_str(j, "since"));
	printf(tr("Now: %.*s, since %.*s"), STR_ARG(state), STR_ARG(since));
	putchar('\n');
	if (!progress || progress->kind != JSON_KIND_OBJECT)
		return;
	printf(tr("So far: %lld questions answered, %lld waiting; %lld domains and %lld hosts are ours."),
	       (long long)json_get_i64(progress, "answered", 0), (long long)json_get_i64(progress, "waiting", 0),
	       (long long)json_get_i64(progress, "domains", 0), (long long)json_get_i64(progress, "hosts", 0));
	putchar('\n');
}

static void
last_say(struct cli *c, const struct json *last)
{
	if (!last || last->kind != JSON_KIND_OBJECT)
		return;
	struct str state = word(c, json_get_str(last, "state")), ended = cli_when(c, json_get_str(last, "ended"));
	struct str why = json_get_str(last, "why");
	printf(tr("The last one: %.*s, %.*s"), STR_ARG(state), STR_ARG(ended));
	if (json_get_i64(last, "run", 0))
		printf(tr(", run %lld"), (long long)json_get_i64(last, "run", 0));
	if (why.len)
		printf(": %.*s", STR_ARG(why));
	putchar('\n');
}

static void
schedule_say(struct cli *c, const struct json *j)
{
	struct str every = json_get_str(j, "every"), from = json_get_str(j, "from"), until = json_get_str(j, "until");
	struct str zone = json_get_str(j, "zone");
	if (str_eq(every, STR("off"))) {
		puts(tr("Discovery does not run by itself: mamori surface schedule --every weekly --day sun"));
	} else {
		struct str words = word(c, every), day = day_of(c, j), next = cli_when(c, json_get_str(j, "next"));
		printf(tr("Discovery runs by itself: %.*s (%.*s), from %.*s to %.*s (%.*s); next: %.*s"),
		       STR_ARG(words), STR_ARG(day), STR_ARG(from), STR_ARG(until), STR_ARG(zone), STR_ARG(next));
		putchar('\n');
	}
	printf(tr("Seeds: %lld"), (long long)json_get_i64(j, "seeds", 0));
	putchar('\n');
	if (!str_eq(json_get_str(j, "state"), STR("idle")))
		going_say(c, j);
	last_say(c, json_get(j, "last"));
}

static int
schedule_ask(struct cli *c, const char *method, const char *path, struct str body)
{
	struct err e = { 0 };
	struct json *answer;
	if (!cli_api(c, method, path, body, &answer, &e))
		return cli_fail(c, &e);
	if (c->json)
		cli_print_json(answer);
	else
		schedule_say(c, answer);
	return 0;
}

static int
schedule_set(struct cli *c, const struct schedule_words *w)
{
	BUF_AUTO body = { 0 };
	struct json_writer j = { .out = &body };
	int64_t number;
	json_begin_object(&j);
	cli_put(&j, "every", w->every);
	if (w->day && str_to_i64(str_of(w->day), &number))
		json_put_i64(&j, "day", number);
	else
		cli_put(&j, "day", w->day);
	cli_put(&j, "from", w->from);
	cli_put(&j, "until", w->until);
	json_end_object(&j);
	return schedule_ask(c, "PUT", SCHEDULE, buf_str(&body));
}

static int
schedule_run(struct cli *c, int argc, char **argv)
{
	struct schedule_words w = { 0 };
	const struct cli_option options[] = {
		{ "every", "HOW", "off, daily, weekly or monthly", &w.every, NULL, NULL },
		{ "day", "DAY", "mon … sun of a week, 1 … 31 of a month", &w.day, NULL, NULL },
		{ "from", "TIME", "Not before this time of day (22:00)", &w.from, NULL, NULL },
		{ "until", "TIME", "Rests from this time of day on, until the next window (05:00)", &w.until, NULL,
		  NULL },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_surface_schedule, options, COUNT(options), argc, argv, 0, 1, &n, &e))
		return cli_fail(c, &e);
	if (n == 1 && strcmp(argv[0], "run") == 0)
		return schedule_ask(c, "POST", SCHEDULE "/run", STR("{}"));
	if (n == 1 && strcmp(argv[0], "cancel") == 0)
		return schedule_ask(c, "POST", SCHEDULE "/cancel", STR("{}"));
	if (n == 0 && w.every)
		return schedule_set(c, &w);
	if (n == 0 && !w.day && !w.from && !w.until)
		return schedule_ask(c, "GET", SCHEDULE, STR_NONE);
	return cli_fail(c, (err_set(&e, ERR_USAGE, "usage: mamori %s %s", verb_surface_schedule.name,
				    verb_surface_schedule.args),
			    &e));
}

const struct cli_verb verb_surface_schedule = {
	"surface schedule",
	"[--every HOW … | run | cancel]",
	"When the server looks by itself for what is ours, and how it stands\n"
	"Off by default. A run rests outside its window and goes on in the next one; run starts one at once, cancel "
	"stops it. It begins with the seeds of mamori surface seed.",
	"mamori surface schedule --every weekly --day sun --from 01:00 --until 06:00\n"
	"mamori surface schedule run\n"
	"mamori surface schedule",
	schedule_run,
	false,
};
