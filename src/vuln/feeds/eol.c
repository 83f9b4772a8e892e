/* endoflife.date: api/PRODUCT.json (an array of cycles), and products.json (titles). A record is a product. */
#include "base/json.h"
#include "vuln/ops.h"

#define CYCLES_MAX 2000

/* The systems of a fleet and what stands at its edge; others come with an import of the whole API. */
static const char *const eol_urls[] = {
	"https://endoflife.date/api/debian.json",
	"https://endoflife.date/api/ubuntu.json",
	"https://endoflife.date/api/almalinux.json",
	"https://endoflife.date/api/rocky-linux.json",
	"https://endoflife.date/api/rhel.json",
	"https://endoflife.date/api/alpine-linux.json",
	"https://endoflife.date/api/centos.json",
	"https://endoflife.date/api/oracle-linux.json",
	"https://endoflife.date/api/windows.json",
	"https://endoflife.date/api/windows-server.json",
	"https://endoflife.date/api/fortios.json",
	"https://endoflife.date/api/pan-os.json",
	"https://endoflife.date/api/pan-gp.json",
	"https://endoflife.date/api/cisco-ios-xe.json",
	"https://endoflife.date/api/big-ip.json",
	"https://endoflife.date/api/vmware-esxi.json",
	"https://endoflife.date/api/vmware-vcenter.json",
	"https://endoflife.date/api/veeam-backup-and-replication.json",
	"https://endoflife.date/api/mssqlserver.json",
	"https://endoflife.date/api/firefox.json",
	"https://endoflife.date/api/oracle-jdk.json",
	"https://endoflife.date/api/postgresql.json",
	"https://endoflife.date/api/mysql.json",
	NULL,
};

static bool
eol_recognise(const struct sniff *s)
{
	if (s->shape == SNIFF_ARRAY)
		return sniff_has(s, "cycle") && (sniff_has(s, "eol") || sniff_has(s, "releaseDate"));
	return s->shape == SNIFF_OBJECT && sniff_inner_has(s, "title") && sniff_inner_has(s, "category") &&
	       sniff_inner_has(s, "identifiers");
}

/* A date, true (over) or false (goes on). */
static int64_t
eol_when(struct json_reader *r, enum json_token t, bool true_is_over)
{
	int64_t ms;
	if (t == JSON_STRING)
		return time_parse(json_text(r), &ms) ? ms : 0;
	if (t == JSON_TRUE)
		return true_is_over ? EOL_PAST : 0;
	if (t == JSON_FALSE)
		return true_is_over ? EOL_NEVER : 0;
	return 0;
}

static bool
eol_cycle(struct json_reader *r, struct arena *a, struct eol_cycle *c, struct err *e)
{
	enum json_token t;
	while ((t = json_next(r)) == JSON_KEY) {
		bool cycle = str_eq(json_text(r), STR("cycle")), eol = str_eq(json_text(r), STR("eol")),
		     support = str_eq(json_text(r), STR("support")),
		     extended = str_eq(json_text(r), STR("extendedSupport"));
		t = json_next(r);
		if (cycle && (t == JSON_STRING || t == JSON_NUMBER))
			c->cycle = arena_str(a, json_text(r));
		else if (eol)
			c->eol = eol_when(r, t, true);
		else if (support)
			c->support = eol_when(r, t, false);
		else if (extended)
			c->extended = eol_when(r, t, false);
		if (t == JSON_ERROR || !json_skip(r))
			return sink_json_error(r, e);
	}
	return t == JSON_OBJECT_END ? true : sink_json_error(r, e);
}

static bool
eol_product(struct input *in, struct json_reader *r, struct feed_sink *sink, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct record record = { .kind = RECORD_EOL };
	enum json_token t;
	while ((t = json_next(r)) != JSON_ARRAY_END) {
		struct eol_cycle c = { 0 };
		if (t == JSON_ERROR || t == JSON_DONE)
			return sink_json_error(r, e);
		if (t != JSON_OBJECT) {
			if (!json_skip(r))
				return sink_json_error(r, e);
			continue;
		}
		if (!eol_cycle(r, &a, &c, e))
			return false;
		if (record.product.cycles.count == CYCLES_MAX)
			return err_set(e, ERR_TOO_LARGE, "%s names more than %d cycles", in->name, CYCLES_MAX);
		if (c.cycle.len > 0)
			*ARRAY_PUSH(&a, &record.product.cycles) = c;
	}
	if (json_next(r) != JSON_DONE)
		return sink_json_error(r, e);
	struct str name = str_of(in->name);
	ptrdiff_t dot = str_find_char(name, '.');
	record.product.name = dot > 0 ? str_head(name, (size_t)dot) : name;
	if (record.product.cycles.count == 0) {
		sink_skip(sink, "no-cycle");
		return true;
	}
	return sink_keep(sink, STR(""), record.product.name, 0, &record, e);
}

static bool
eol_title(struct json_reader *r, struct arena *a, struct str *title, struct err *e)
{
	enum json_token t;
	while ((t = json_next(r)) == JSON_KEY) {
		bool is_title = str_eq(json_text(r), STR("title"));
		t = json_next(r);
		if (is_title && t == JSON_STRING)
			*title = arena_str(a, json_text(r));
		if (t == JSON_ERROR || !json_skip(r))
			return sink_json_error(r, e);
	}
	return t == JSON_OBJECT_END ? true : sink_json_error(r, e);
}

static bool
eol_titles(struct json_reader *r, struct feed_sink *sink, struct err *e)
{
	enum json_token t;
	while ((t = json_next(r)) == JSON_KEY) {
		ARENA_AUTO a = { 0 };
		struct record record = { .kind = RECORD_PRODUCT, .product.name = arena_str(&a, json_text(r)) };
		t = json_next(r);
		if (t == JSON_OBJECT) {
			if (!eol_title(r, &a, &record.product.title, e))
				return false;
		} else if (t == JSON_ERROR || !json_skip(r)) {
			return sink_json_error(r, e);
		}
		if (record.product.title.len == 0)
			sink_skip(sink, "no-title");
		else if (!sink_keep(sink, STR(""), arena_printf(&a, "title:%.*s", STR_ARG(record.product.name)), 0,
				    &record, e))
			return false;
	}
	if (t != JSON_OBJECT_END || json_next(r) != JSON_DONE)
		return sink_json_error(r, e);
	return true;
}

static bool
eol_read(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	struct json_limits limits = { .depth = 16, .string_max = 64u << 10, .total = 64u << 20 };
	JSON_READER_AUTO r = json_reader_stream(input_fill, in, &limits);
	enum json_token t = json_next(r);
	if (t == JSON_ARRAY)
		return eol_product(in, r, sink, e);
	if (t == JSON_OBJECT)
		return eol_titles(r, sink, e);
	return sink_json_error(r, e);
}

const struct feed_ops feed_eol = {
	.name = "eol",
	.title = "End-of-life dates (endoflife.date)",
	.merge = true,
	.recognise = eol_recognise,
	.read = eol_read,
	.urls = eol_urls,
};
