#include "agent/way.h"

#include "base/log.h"

#define FIRST_MS (5LL * 60 * 1000)
#define MOST_MS (6LL * 3600 * 1000)

static const char *
name_of(const struct way *w)
{
	return w->url ? w->url : "direct";
}

void
way_note(struct way *w, bool answered, int64_t now)
{
	if (answered) {
		w->failures = 0;
		w->again = 0;
		return;
	}
	int64_t wait = FIRST_MS;
	for (unsigned i = 0; i < w->failures && wait < MOST_MS; i++)
		wait *= 2;
	w->failures += w->failures < 1000;
	w->again = now + (wait < MOST_MS ? wait : MOST_MS);
}

static void
add(struct ways *w, const char *url)
{
	for (size_t i = 0; i < w->count; i++)
		if (url && w->way[i].url && strcmp(w->way[i].url, url) == 0)
			return;
	if (w->count < NET_WAYS_MAX)
		w->way[w->count++] = (struct way){ .url = url };
}

static void
recall(struct ways *w, const struct json *v, int64_t now)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct json *known = json_get(v, name_of(&w->way[i]));
		int64_t failures = json_get_i64(known, "failures", 0);
		w->way[i].failures = failures < 0 || failures > 1000 ? 0 : (unsigned)failures;
		/* A clock that was put back must not keep a way away for days. */
		if (!time_parse(json_get_str(known, "again"), &w->way[i].again) || w->way[i].again > now + MOST_MS)
			w->way[i].again = 0;
	}
}

/* Those that wait go behind, in the order that they were in. */
static void
sort(struct ways *w, int64_t now)
{
	struct way sorted[NET_WAYS_MAX];
	size_t n = 0;
	for (int waits = 0; waits <= 1; waits++)
		for (size_t i = 0; i < w->count; i++)
			if ((w->way[i].again > now) == (waits == 1))
				sorted[n++] = w->way[i];
	memcpy(w->way, sorted, n * sizeof(*sorted));
}

void
ways_load(const struct agent *a, struct arena *arena, const struct identity *id, int64_t now, struct ways *out)
{
	struct ways w = { 0 };
	struct json *v = NULL;
	if (!id->relay_only)
		add(&w, NULL);
	for (size_t i = 0; i < NET_RELAYS_MAX && id->relays[i]; i++)
		add(&w, id->relays[i]);
	for (size_t i = 0; i < NET_RELAYS_MAX && id->relays_given[i]; i++)
		add(&w, id->relays_given[i]);
	/* A site of relays alone that has none: better to ask directly than to be lost. */
	if (w.count == 0)
		add(&w, NULL);
	if (state_load(a, arena, "ways.json", &v, NULL) && v) {
		recall(&w, json_get(v, "ways"), now);
		ways_packages_by(&w, json_get_str(v, "packages"));
	}
	sort(&w, now);
	*out = w;
}

bool
ways_save(const struct agent *a, const struct ways *w, struct err *e)
{
	BUF_AUTO b = { 0 };
	struct json_writer j = { .out = &b };
	json_begin_object(&j);
	json_key(&j, "ways");
	json_begin_object(&j);
	for (size_t i = 0; i < w->count; i++) {
		json_key(&j, name_of(&w->way[i]));
		json_begin_object(&j);
		json_put_i64(&j, "failures", w->way[i].failures);
		json_put_time(&j, "again", w->way[i].again);
		json_end_object(&j);
	}
	json_end_object(&j);
	json_put_cstr(&j, "packages", ways_packages_name(w));
	json_end_object(&j);
	return state_save(a, "ways.json", buf_str(&b), e);
}

/* The lower, the sooner. That the server cannot be reached directly says nothing of archives: direct never waits. */
static int
rank_for_packages(const struct ways *w, const struct way *one, int64_t now)
{
	if (!one->url)
		return w->packages_direct ? 0 : 4;
	bool last = w->packages && strcmp(one->url, w->packages) == 0;
	return (one->again > now ? 2 : 0) + !last;
}

size_t
ways_for_packages(const struct ways *w, int64_t now, size_t order[NET_WAYS_MAX])
{
	size_t n = 0;
	for (int rank = 0; rank <= 4; rank++)
		for (size_t i = 0; i < w->count; i++)
			if (rank_for_packages(w, &w->way[i], now) == rank)
				order[n++] = i;
	return n;
}

void
ways_packages_by(struct ways *w, struct str name)
{
	w->packages = NULL;
	w->packages_direct = str_eq(name, STR("direct"));
	for (size_t i = 0; i < w->count; i++)
		if (w->way[i].url && str_eq(name, str_of(w->way[i].url)))
			w->packages = w->way[i].url;
}

const char *
ways_packages_name(const struct ways *w)
{
	return w->packages ? w->packages : w->packages_direct ? "direct" : NULL;
}

void
ways_learn(const struct agent *a, struct ways *w, const struct net *net, int64_t now)
{
	ARENA_AUTO arena = { 0 };
	NET_ANSWER_AUTO r = { 0 };
	struct err e = { 0 };
	struct json *v;
	size_t count;
	/* Direct alone: there is nothing to choose from. */
	if (w->count < 2 && !w->way[0].url)
		return;
	if (!net_call(net, NET_WAYS, "", STR(""), &r, &e) || !json_parse(&arena, buf_str(&r.body), NULL, &v, &e)) {
		log_debug("net", "%s", e.text);
		return;
	}
	const struct json *told = json_get_array(v, "ways", &count);
	for (size_t i = 0; i < count && i < w->count; i++)
		if (told[i].kind == JSON_KIND_BOOL)
			way_note(&w->way[i], told[i].boolean, now);
	if (!ways_save(a, w, &e))
		log_warn("net", "%s", e.text);
}
