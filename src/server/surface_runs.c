#include "server/surface_runs.h"

#include "base/time.h"
#include "os/file.h"
#include "surface/result.h"

#include <pthread.h>

enum { KEPT = 2, FILE_MOST = 128 << 20, ABOUT_MOST = 16 << 20, LINES_MAX = 1000000 };

struct surface_runs {
	const char *data;
	pthread_mutex_t lock; /* also while one is read: two readers of the same run would take twice the memory */
	struct surface_run *kept[KEPT]; /* the one that was asked for last is first */
};

struct surface_runs *
surface_runs_new(const char *data)
{
	struct surface_runs *s = xcalloc(1, sizeof(*s));
	s->data = data;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void
run_release(struct surface_run *run)
{
	if (!run || --run->users)
		return;
	arena_free(&run->arena);
	free(run);
}

void
surface_runs_free(struct surface_runs *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < KEPT; i++)
		run_release(s->kept[i]);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- reading ---- */

static bool
file_take(struct surface_runs *s, struct arena *a, int64_t number, const char *name, size_t most, struct str *out,
	  struct err *e)
{
	ARENA_AUTO scratch = { 0 };
	BUF_AUTO text = { 0 };
	const char *folder = path_join(&scratch, s->data, "surface");
	*out = STR_NONE;
	if (!file_read(result_path(&scratch, folder, number, name), most, &text, e))
		return err_wrap(e, "reading run %lld of the attack surface", (long long)number);
	*out = arena_str(a, buf_str(&text));
	return true;
}

static struct str
take(struct arena *a, const struct json *j, const char *key)
{
	return arena_str(a, json_get_str(j, key));
}

static void
asset_take(struct surface_run *run, const struct json *j, struct str line)
{
	struct arena *a = &run->arena;
	size_t steps;
	const struct json *path = json_get_array(j, "path", &steps), *last = steps ? &path[steps - 1] : NULL;
	run->assets[run->asset_count++] = (struct run_asset){
		.kind = take(a, j, "kind"),
		.name = take(a, j, "name"),
		.ownership = take(a, j, "ownership"),
		.owner = take(a, j, "owner"),
		.unicode = take(a, j, "unicode"),
		.from = take(a, last, "from"),
		.from_kind = take(a, last, "from_kind"),
		.rule = take(a, last, "rule"),
		.company = take(a, j, "company"),
		.site = take(a, j, "site"),
		.country = take(a, j, "country"),
		.confidence = json_get_double(j, "confidence", 0),
		.line = line,
	};
}

static void
risk_take(struct surface_run *run, const struct json *j, struct str line)
{
	struct arena *a = &run->arena;
	struct run_risk *r = &run->risks[run->risk_count++];
	*r = (struct run_risk){
		.risk = take(a, j, "risk"),
		.severity = take(a, j, "severity"),
		.kind = take(a, j, "kind"),
		.asset = take(a, j, "asset"),
		.detail = take(a, j, "detail"),
		.owner = take(a, j, "owner"),
		.source = take(a, j, "source"),
		.line = line,
	};
	if (!time_parse(json_get_str(j, "seen"), &r->seen))
		r->seen = 0;
}

static bool
lines_take(struct surface_run *run, struct str text, void (*one)(struct surface_run *, const struct json *, struct str),
	   struct err *e)
{
	struct str line;
	while (str_line(&text, &line)) {
		ARENA_AUTO scratch = { 0 };
		struct json *j;
		if (!json_parse(&scratch, line, NULL, &j, e))
			return err_wrap(e, "reading run %lld of the attack surface", (long long)run->number);
		one(run, j, line);
	}
	return true;
}

static size_t
lines_count(struct str text)
{
	size_t n = 0;
	for (struct str line; n < LINES_MAX + 1 && str_line(&text, &line);)
		n++;
	return n;
}

static bool
run_read(struct surface_runs *s, struct surface_run *run, struct err *e)
{
	struct str assets, risks;
	if (!file_take(s, &run->arena, run->number, "assets.jsonl", FILE_MOST, &assets, e) ||
	    !file_take(s, &run->arena, run->number, "risks.jsonl", FILE_MOST, &risks, e) ||
	    !surface_run_about(s, &run->arena, run->number, &run->about, e))
		return false;
	size_t asset_count = lines_count(assets), risk_count = lines_count(risks);
	if (asset_count > LINES_MAX || risk_count > LINES_MAX)
		return err_set(e, ERR_TOO_LARGE, "run %lld has more than %d assets or risks", (long long)run->number,
			       LINES_MAX);
	run->assets = ARENA_ARRAY(&run->arena, struct run_asset, asset_count + 1);
	run->risks = ARENA_ARRAY(&run->arena, struct run_risk, risk_count + 1);
	return lines_take(run, assets, asset_take, e) && lines_take(run, risks, risk_take, e);
}

bool
surface_run_about(struct surface_runs *s, struct arena *a, int64_t number, struct json **about, struct err *e)
{
	ARENA_AUTO scratch = { 0 };
	struct str text;
	return file_take(s, &scratch, number, "run.json", ABOUT_MOST, &text, e) && json_parse(a, text, NULL, about, e);
}

bool
surface_runs_newest(struct surface_runs *s, int64_t *number, struct err *e)
{
	ARENA_AUTO scratch = { 0 };
	return result_newest(path_join(&scratch, s->data, "surface"), number, e);
}

/* ---- keeping: under the lock ---- */

static struct surface_run *
kept_find(struct surface_runs *s, int64_t number)
{
	for (size_t i = 0; i < KEPT; i++) {
		struct surface_run *run = s->kept[i];
		if (!run || run->number != number)
			continue;
		memmove(&s->kept[1], &s->kept[0], i * sizeof(s->kept[0]));
		s->kept[0] = run;
		return run;
	}
	return NULL;
}

static void
kept_put(struct surface_runs *s, struct surface_run *run)
{
	run_release(s->kept[KEPT - 1]);
	memmove(&s->kept[1], &s->kept[0], (KEPT - 1) * sizeof(s->kept[0]));
	s->kept[0] = run;
}

static bool
borrow(struct surface_runs *s, int64_t number, struct surface_run **out, struct err *e)
{
	*out = kept_find(s, number);
	if (!*out) {
		struct surface_run *run = xcalloc(1, sizeof(*run));
		run->number = number;
		run->users = 1;
		if (!run_read(s, run, e)) {
			run_release(run);
			return false;
		}
		kept_put(s, run);
		*out = run;
	}
	(*out)->users++;
	return true;
}

bool
surface_run_borrow(struct surface_runs *s, int64_t number, struct surface_run **out, struct err *e)
{
	if (!number && !surface_runs_newest(s, &number, e))
		return false;
	if (!number) {
		err_set(e, ERR_NOT_FOUND, "there is no run yet: mamori surface discover --seed example.co.jp");
		return false;
	}
	pthread_mutex_lock(&s->lock);
	bool ok = borrow(s, number, out, e);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

void
surface_run_return(struct surface_runs *s, struct surface_run *run)
{
	pthread_mutex_lock(&s->lock);
	run_release(run);
	pthread_mutex_unlock(&s->lock);
}
