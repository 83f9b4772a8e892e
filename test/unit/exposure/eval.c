/* Random banners and random queries: the engine against a reader of the banners themselves, over several segments, joined
 * banners and after merging. */
#include "world.h"

#include "exposure/words.h"

enum { BANNERS = 6000, ADDRESSES = 1500, QUERIES = 400, PARTS_MAX = 3 };

struct world {
	char path[64];
	struct made made[BANNERS];
	size_t count;
};

static bool
same_key(const struct made *a, const struct made *b)
{
	return a->ip == b->ip && a->v6 == b->v6 && a->port == b->port && a->day == b->day &&
	       a->transport == b->transport;
}

/* One in `shared` repeats a banner that is there already, from another source: they become one. */
static void
fill(struct world *w)
{
	static const char *const sources[] = { "shodan", "censys", "nmap" };

	for (unsigned part = 0; part < 3; part++) {
		struct segment_writer *writer = made_writer(w->path, sources[part], "f", sources[part]);
		struct err e = { 0 };
		for (unsigned i = 0; i < BANNERS / 3; i++) {
			struct made m;
			bool again = false;
			made_new(&m, ADDRESSES);
			if (part > 0 && made_random(10) == 0)
				m = w->made[made_random((unsigned)w->count)];
			for (size_t k = 0; k < w->count; k++) {
				if (!same_key(&w->made[k], &m))
					continue;
				/* The second look says the same, so that the joined one is as the first. */
				m = w->made[k];
				again = true;
				break;
			}
			made_add(writer, &m);
			if (!again)
				w->made[w->count++] = m;
			if (i == 700)
				assert_true(segment_spill(writer, &e));
		}
		made_commit(w->path, writer);
	}
}

/* ---- random queries, as text and as a judge ---- */

struct part {
	unsigned kind, value, more;
	bool negated;
	char text[200];
};

static void
new_part(struct part *p)
{
	p->kind = made_random(12);
	p->value = made_random(1000);
	p->more = made_random(100);
	p->negated = made_random(4) == 0;
	char *t = p->text;
	size_t n = sizeof(p->text);
	const char *minus = p->negated ? "-" : "";
	switch (p->kind) {
	case 0:
		snprintf(t, n, "%scountry:%s,%s", minus, made_countries[p->value % 5], made_countries[p->more % 5]);
		break;
	case 1:
		snprintf(t, n, "%sos:\"%s\"", minus, made_systems[1 + p->value % 4]);
		break;
	case 2:
		snprintf(t, n, "%sport:%u..%u", minus, p->value, p->value * 12);
		break;
	case 3:
		snprintf(t, n, "%safter:2026-%02u-01", minus, 1 + p->value % 10);
		break;
	case 4:
		snprintf(t, n, "%sbefore:01/%02u/2026", minus, 1 + p->value % 10);
		break;
	case 5:
		snprintf(t, n, "%snet:10.0.%u.0/24", minus, p->value % 6);
		break;
	case 6:
		snprintf(t, n, "%stls:%s", minus, p->value % 2 ? "true" : "false");
		break;
	case 7:
		snprintf(t, n, "%stag:%s", minus, made_tags[p->value % 3]);
		break;
	case 8:
		snprintf(t, n, "%sos:*", minus);
		break;
	case 9:
		snprintf(t, n, "%sorg:\"hospital %u\"", minus, p->value % 40);
		break;
	case 10:
		snprintf(t, n, "%shash:>=%lld", minus, (long long)(p->value % 40) * 1000003 - 7000000);
		break;
	default:
		/* A word, or two behind each other. */
		snprintf(t, n, "%s\"%s%s%s\"", minus, made_words[p->value % COUNT(made_words)], p->more % 3 ? "" : " ",
			 p->more % 3 ? "" : made_words[p->more % COUNT(made_words)]);
		break;
	}
}

static bool
says(const struct made *m, const struct part *p)
{
	BUF_AUTO phrase = { 0 };

	buf_addf(&phrase, "%s%s%s", made_words[p->value % COUNT(made_words)], p->more % 3 ? "" : " ",
		 p->more % 3 ? "" : made_words[p->more % COUNT(made_words)]);
	return words_contain(str_of(m->text), buf_str(&phrase), false);
}

static bool
matches(const struct made *m, const struct part *p)
{
	static const unsigned month_day[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273 };
	const char *os = made_systems[m->os];

	switch (p->kind) {
	case 0:
		return m->country == p->value % 5 || m->country == p->more % 5;
	case 1:
		return os && strcasecmp(os, made_systems[1 + p->value % 4]) == 0;
	case 2:
		return m->port >= p->value && m->port <= p->value * 12;
	case 3:
		return m->day >= month_day[p->value % 10];
	case 4:
		return m->day < month_day[p->value % 10];
	case 5:
		return !m->v6 && m->ip >> 8 == p->value % 6;
	case 6:
		return m->tls == (int)(p->value % 2);
	case 7:
		return m->tags >> (p->value % 3) & 1;
	case 8:
		return os != NULL;
	case 9:
		return m->org == p->value % 40;
	case 10:
		return m->org >= p->value % 40;
	default:
		return says(m, p);
	}
}

struct random_query {
	struct part parts[PARTS_MAX];
	unsigned count;
	bool any; /* OR */
	char text[700];
};

static void
new_query(struct random_query *q)
{
	size_t n = 0;

	q->count = 1 + made_random(PARTS_MAX);
	q->any = made_random(3) == 0;
	for (unsigned i = 0; i < q->count; i++) {
		new_part(&q->parts[i]);
		n += (size_t)snprintf(q->text + n, sizeof(q->text) - n, "%s%s",
				      i == 0   ? ""
				      : q->any ? " OR "
					       : " ",
				      q->parts[i].text);
	}
}

static bool
judge(const struct random_query *q, const struct made *m)
{
	for (unsigned i = 0; i < q->count; i++) {
		bool yes = matches(m, &q->parts[i]) != q->parts[i].negated;
		if (yes == q->any)
			return q->any;
	}
	return !q->any;
}

static void
assert_facet(const struct world *w, struct exposure_index *ix, const struct random_query *rq, const struct query *q)
{
	uint64_t by_country[5] = { 0 }, with_org[40] = { 0 };
	struct facet f;
	ARENA_AUTO a = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < w->count; i++) {
		by_country[w->made[i].country] += judge(rq, &w->made[i]);
		with_org[w->made[i].org] += judge(rq, &w->made[i]);
	}
	assert_true(exposure_facet(ix, q, FIELD_COUNTRY, FIELDS, 100, &a, &f, &e));
	size_t seen = 0;
	for (unsigned c = 0; c < 5; c++)
		seen += by_country[c] > 0;
	assert_int_equal(f.values.count, seen);
	for (size_t i = 0; i < f.values.count; i++)
		for (unsigned c = 0; c < 5; c++)
			if (str_eq(f.values.items[i].value, str_of(made_countries[c])))
				assert_int_equal(f.values.items[i].count, by_country[c]);
	/* The first three of forty, and the others as a sum. */
	uint64_t total = 0, shown = 0, last = UINT64_MAX;
	assert_true(exposure_facet(ix, q, FIELD_ORG, FIELDS, 3, &a, &f, &e));
	for (unsigned o = 0; o < 40; o++)
		total += with_org[o];
	for (size_t i = 0; i < f.values.count; i++) {
		uint64_t number;
		assert_true(str_to_u64(str_skip(f.values.items[i].value, 9), &number));
		assert_int_equal(f.values.items[i].count, with_org[number]);
		assert_true(f.values.items[i].count <= last);
		last = f.values.items[i].count;
		shown += last;
	}
	for (unsigned o = 0, above = 0; f.values.count == 3 && o < 40; o++) {
		above += with_org[o] > last;
		assert_true(above < 3);
	}
	assert_int_equal(f.other, total - shown);
}

static void
assert_distinct(const struct world *w, struct exposure_index *ix, const struct random_query *rq, const struct query *q)
{
	static bool seen[2][ADDRESSES];
	uint64_t expected = 0, n;
	struct err e = { 0 };

	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < w->count; i++) {
		bool *there = &seen[w->made[i].v6][w->made[i].ip];
		if (judge(rq, &w->made[i]) && !*there)
			expected += *there = true;
	}
	assert_true(exposure_distinct(ix, q, FIELD_IP, &n, &e));
	assert_int_equal(n, expected);
}

/* Of everything it is counted when the last segment comes, joined banners or not. */
static void
assert_addresses(const struct world *w, struct exposure_index *ix)
{
	static bool seen[2][ADDRESSES];
	struct query all = { .kind = QUERY_ALL };
	uint64_t expected = 0, n;
	struct err e = { 0 };

	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < w->count; i++) {
		bool *there = &seen[w->made[i].v6][w->made[i].ip];
		expected += !*there;
		*there = true;
	}
	assert_true(exposure_distinct(ix, &all, FIELD_IP, &n, &e));
	assert_int_equal(n, expected);
	/* The same of values, which the dictionaries know without the banners that were joined. */
	struct random_query everything = { 0 };
	assert_facet(w, ix, &everything, &all);
}

static void
ask_all(const struct world *w, struct exposure_index *ix)
{
	for (unsigned i = 0; i < QUERIES; i++) {
		ARENA_AUTO a = { 0 };
		BUF_AUTO canonical = { 0 };
		struct random_query rq;
		struct query *q, *again;
		struct err e = { 0 };
		uint64_t expected = 0, n;
		new_query(&rq);
		for (size_t k = 0; k < w->count; k++)
			expected += judge(&rq, &w->made[k]);
		if (!query_parse(&a, str_of(rq.text), &q, &e))
			fail_msg("%s: %s", rq.text, e.text);
		assert_true(exposure_query_count(ix, q, &n, &e));
		if (n != expected)
			fail_msg("%s: %llu, but %llu match", rq.text, (unsigned long long)n,
				 (unsigned long long)expected);
		/* The canonical form means the same. */
		query_write(q, &canonical);
		if (!query_parse(&a, buf_str(&canonical), &again, &e))
			fail_msg("%s: %s", buf_cstr(&canonical), e.text);
		assert_true(exposure_query_count(ix, again, &n, &e));
		if (n != expected)
			fail_msg("%s became %s", rq.text, buf_cstr(&canonical));
		if (i % 4 == 0) {
			assert_facet(w, ix, &rq, q);
			assert_distinct(w, ix, &rq, q);
		}
	}
}

struct seen {
	const struct world *w;
	int64_t last;
	size_t count;
};

static bool
see(void *user, const struct banner *b, struct err *e)
{
	struct seen *s = user;
	size_t found = 0;

	assert_true(b->timestamp <= s->last);
	s->last = b->timestamp;
	s->count++;
	for (size_t i = 0; i < s->w->count; i++) {
		const struct made *m = &s->w->made[i];
		unsigned char ip[16];
		made_address(m, ip);
		if (memcmp(ip, b->ip, 16) != 0 || m->port != b->port || made_time(m) != b->timestamp ||
		    (m->transport ? TRANSPORT_UDP : TRANSPORT_TCP) != b->transport)
			continue;
		found++;
		for (size_t k = 0; k < b->count; k++) {
			if (b->values[k].field == FIELD_DATA)
				assert_true(str_eq(b->values[k].text, str_of(m->text)));
			if (b->values[k].field == FIELD_COUNTRY)
				assert_true(str_eq(b->values[k].text, str_of(made_countries[m->country])));
			if (b->values[k].field == FIELD_TAG)
				assert_int_equal(b->values[k].confidence, 50);
		}
		assert_true(str_starts(b->raw, STR("{\"data\":\"")));
	}
	assert_int_equal(found, 1);
	return true;
}

static void
assert_search(const struct world *w, struct exposure_index *ix)
{
	struct query all = { .kind = QUERY_ALL };
	struct exposure_page page = { .limit = UINT64_MAX / 4, .sort = FIELDS, .raw = true };
	struct seen s = { w, INT64_MAX, 0 };
	struct err e = { 0 };

	assert_true(exposure_search(ix, &all, &page, see, &s, &e));
	assert_int_equal(s.count, w->count);
	s = (struct seen){ w, INT64_MAX, 0 };
	page = (struct exposure_page){ .offset = 5, .limit = 7, .sort = FIELDS, .raw = true };
	assert_true(exposure_search(ix, &all, &page, see, &s, &e));
	assert_int_equal(s.count, 7);
}

static void
test_engine_agrees_with_reader(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	struct exposure_index *ix;
	struct err e = { 0 };
	bool did = true;

	made_state = 88172645463325252ull;
	world_begin(w->path);
	fill(w);
	ix = world_open(w->path);
	assert_int_equal(exposure_count(ix), w->count);
	assert_addresses(w, ix);
	ask_all(w, ix);
	assert_search(w, ix);
	exposure_close(ix);
	/* Merged into one segment it says the same. */
	assert_true(segments_merge(w->path, &did, &e));
	assert_true(did);
	ix = world_open(w->path);
	assert_int_equal(exposure_count(ix), w->count);
	assert_addresses(w, ix);
	ask_all(w, ix);
	assert_search(w, ix);
	exposure_close(ix);
	world_end(w->path);
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_engine_agrees_with_reader),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
