#include "base/time.h"
#include "exposure/enrich-rules.h"
#include "os/file.h"
#include "trust/key.h"
#include "vuln/csv.h"

enum { TABLE_MAX = 8 << 20, RULES_MAX = 60000, SUPPORT_NAME_MAX = 128 };

extern const unsigned char rules_csv[], specialties_csv[], support_csv[], redact_csv[], products_csv[], honeypots_csv[];
extern const size_t rules_csv_len, specialties_csv_len, support_csv_len, redact_csv_len, products_csv_len,
	honeypots_csv_len;

static const struct {
	const char *name;
	const unsigned char *bytes;
	const size_t *len;
} compiled[] = {
	{ "rules.csv", rules_csv, &rules_csv_len },
	{ "specialties.csv", specialties_csv, &specialties_csv_len },
	{ "support.csv", support_csv, &support_csv_len },
	{ "redact.csv", redact_csv, &redact_csv_len },
	{ "products.csv", products_csv, &products_csv_len },
	{ "honeypots.csv", honeypots_csv, &honeypots_csv_len },
};

static const struct {
	const char *name;
	unsigned where;
} places[] = {
	{ "data", WHERE_DATA }, { "title", WHERE_TITLE },   { "html", WHERE_HTML },       { "org", WHERE_ORG },
	{ "name", WHERE_NAME }, { "server", WHERE_SERVER }, { "product", WHERE_PRODUCT }, { "os", WHERE_OS },
	{ "snmp", WHERE_SNMP }, { "module", WHERE_MODULE }, { "device", WHERE_DEVICE },   { "tag", WHERE_TAG },
};

static const char *const groups[GROUPS] = { "os", "class", "specialty", "kind", "leak", "honeypot", "product" };
static const char *const hows[] = { "contains", "word", "starts", "regex", "is", "present" };

unsigned
where_of(enum field f)
{
	static const uint16_t bits[FIELDS] = {
		[FIELD_DATA] = WHERE_DATA,
		[FIELD_TITLE] = WHERE_TITLE,
		[FIELD_HTML] = WHERE_HTML,
		[FIELD_ORG] = WHERE_ORG,
		[FIELD_ISP] = WHERE_ORG,
		[FIELD_SSL_CERT_SUBJECT_O] = WHERE_ORG,
		[FIELD_HOSTNAME] = WHERE_NAME,
		[FIELD_DOMAIN] = WHERE_NAME,
		[FIELD_SSL_CERT_SUBJECT_CN] = WHERE_NAME,
		[FIELD_SSL_CERT_NAMES] = WHERE_NAME,
		[FIELD_HTTP_SERVER] = WHERE_SERVER,
		[FIELD_PRODUCT] = WHERE_PRODUCT,
		[FIELD_HTTP_COMPONENT] = WHERE_PRODUCT,
		[FIELD_OS] = WHERE_OS,
		[FIELD_SNMP_CONTACT] = WHERE_SNMP,
		[FIELD_SNMP_LOCATION] = WHERE_SNMP,
		[FIELD_SNMP_NAME] = WHERE_SNMP,
		[FIELD_MODULE] = WHERE_MODULE,
		[FIELD_DEVICE] = WHERE_DEVICE,
		[FIELD_TAG] = WHERE_TAG,
	};

	return bits[f];
}

bool
enrich_table(const char *folder, const char *name, struct buf *out, bool *own, struct err *e)
{
	ARENA_AUTO a = { 0 };

	*own = false;
	if (folder) {
		const char *path = path_join(&a, folder, name);
		if (file_exists(path)) {
			*own = true;
			return file_read(path, TABLE_MAX, out, e);
		}
	}
	for (size_t i = 0; i < COUNT(compiled); i++)
		if (strcmp(compiled[i].name, name) == 0)
			buf_add(out, str_sub((const char *)compiled[i].bytes, *compiled[i].len));
	return true;
}

/* ---- rules.csv ---- */

static bool
word_index(struct str word, const char *const *list, size_t count, unsigned *out)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(word, str_of(list[i]))) {
			*out = (unsigned)i;
			return true;
		}
	return false;
}

static bool
where_bits(struct str text, unsigned *out)
{
	struct str piece;

	*out = 0;
	while (str_cut(&text, '|', &piece)) {
		size_t i = 0;
		while (i < COUNT(places) && !str_eq(piece, str_of(places[i].name)))
			i++;
		if (i == COUNT(places))
			return false;
		*out |= places[i].where;
	}
	return *out != 0;
}

static void
rule_literal(struct enrich_rules *r, uint32_t number)
{
	ARENA_AUTO a = { 0 };
	const struct rule *rule = &r->rules.items[number];
	regex_literals need = { 0 };
	bool all = true;

	if (rule->how != HOW_REGEX) {
		if (!filter_add(r->filter, rule->pattern, number))
			*ARRAY_PUSH(&r->arena, &r->always) = number;
		return;
	}
	all = regex_required(rule->pattern, &a, &need) > 0;
	for (size_t i = 0; i < need.count; i++)
		all = all && need.items[i].len >= LITERAL_MIN;
	for (size_t i = 0; all && i < need.count; i++)
		(void)!filter_add(r->filter, need.items[i], number);
	if (!all)
		*ARRAY_PUSH(&r->arena, &r->always) = number;
}

static bool
rule_number(struct enrich_rules *r, struct str where, struct str pattern, uint32_t number, struct err *e)
{
	int64_t n;

	if (!str_to_i64(pattern, &n))
		return err_set(e, ERR_INPUT, "\"%.*s\" is no number", STR_ARG(pattern));
	if (str_eq(where, STR("port")))
		*ARRAY_PUSH(&r->arena, &r->ports) = (struct rule_number){ n, number };
	else if (str_eq(where, STR("favicon")))
		*ARRAY_PUSH(&r->arena, &r->favicons) = (struct rule_number){ n, number };
	else
		return err_set(e, ERR_INPUT, "\"is\" is for port and favicon, not for %.*s", STR_ARG(where));
	return true;
}

static bool
rule_present(struct enrich_rules *r, struct str where, uint32_t number, struct err *e)
{
	enum field f = field_find(where, NULL);

	if (f == FIELDS)
		return err_set(e, ERR_INPUT, "there is no field %.*s", STR_ARG(where));
	uint32_t count = r->present[f] ? r->present[f][0] : 0;
	uint32_t *list = arena_alloc(&r->arena, count + 2, sizeof(*list));
	if (count > 0)
		memcpy(list, r->present[f], (count + 1) * sizeof(*list));
	list[0] = count + 1;
	list[count + 1] = number;
	r->present[f] = list;
	return true;
}

static bool
rule_add(struct enrich_rules *r, const struct str f[6], struct err *e)
{
	struct rule rule = { 0 };
	unsigned group, how;
	uint64_t confidence;

	if (r->rules.count == RULES_MAX)
		return err_set(e, ERR_TOO_LARGE, "there are more than %d rules", RULES_MAX);
	if (!word_index(f[0], groups, GROUPS, &group) || !word_index(f[4], hows, COUNT(hows), &how))
		return err_set(e, ERR_INPUT, "group %.*s or manner %.*s is not known", STR_ARG(f[0]), STR_ARG(f[4]));
	if (!str_to_u64(f[2], &confidence) || confidence < 1 || confidence > 100)
		return err_set(e, ERR_INPUT, "the confidence %.*s is not 1 to 100", STR_ARG(f[2]));
	rule.group = group;
	rule.how = how;
	rule.confidence = (uint8_t)confidence;
	rule.value = arena_str(&r->arena, f[1]);
	rule.pattern = arena_str(&r->arena, f[5]);
	if (how == HOW_REGEX && !regex_new(rule.pattern, 0, &rule.regex, e))
		return false;
	uint32_t number = (uint32_t)r->rules.count;
	*ARRAY_PUSH(&r->arena, &r->rules) = rule;
	if (how == HOW_IS)
		return rule_number(r, f[3], f[5], number, e);
	if (how == HOW_PRESENT)
		return rule_present(r, f[3], number, e);
	if (!where_bits(f[3], &r->rules.items[number].where))
		return err_set(e, ERR_INPUT, "\"%.*s\" is no place that rules look at", STR_ARG(f[3]));
	if (f[5].len == 0)
		return err_set(e, ERR_INPUT, "a pattern is empty");
	rule_literal(r, number);
	return true;
}

static bool
read_rule(struct enrich_rules *r, struct csv_reader *csv, struct err *e)
{
	struct str f[6];

	for (int i = 0; i < 6; i++)
		f[i] = csv_field(csv, i);
	if (str_eq(f[0], STR("version"))) {
		r->version = arena_str(&r->arena, f[1]);
		return true;
	}
	return rule_add(r, f, e);
}

static bool
read_specialty(struct enrich_rules *r, struct csv_reader *csv, struct err *e)
{
	struct str words = csv_field(csv, 1), word;

	while (str_cut(&words, '|', &word)) {
		const struct str row[6] = { STR("specialty"),      csv_field(csv, 0), STR("80"),
					    STR("title|org|name"), STR("contains"),   word };
		const struct str weak[6] = { STR("specialty"),      csv_field(csv, 0), STR("60"),
					     STR("data|html|snmp"), STR("contains"),   word };
		if (!rule_add(r, row, e) || !rule_add(r, weak, e))
			return false;
	}
	return true;
}

static bool
read_support(struct enrich_rules *r, struct csv_reader *csv, struct err *e)
{
	struct support_row row = { .name = arena_str(&r->arena, csv_field(csv, 0)) };

	if (!time_parse(csv_field(csv, 1), &row.mainstream) || !time_parse(csv_field(csv, 2), &row.ended))
		return err_set(e, ERR_INPUT, "a date of %.*s is not YYYY-MM-DD", STR_ARG(row.name));
	if (!filter_add(r->support_names, row.name, (uint32_t)r->support.count))
		*ARRAY_PUSH(&r->arena, &r->support_short) = (uint32_t)r->support.count;
	*ARRAY_PUSH(&r->arena, &r->support) = row;
	return true;
}

static bool
trap_number(struct str text, uint64_t most, uint64_t *out, struct err *e)
{
	return (str_to_u64(text, out) && *out <= most) ||
	       err_set(e, ERR_INPUT, "“%.*s” is no number up to %llu", STR_ARG(str_head(text, 100)),
		       (unsigned long long)most);
}

static bool
read_trap(struct enrich_rules *r, struct csv_reader *csv, struct err *e)
{
	struct trap_rule t = { .name = arena_str(&r->arena, csv_field(csv, 0)) };
	struct str fields = csv_field(csv, 4), signs = csv_field(csv, 5), one;
	uint64_t confidence, services, different;

	if (!trap_number(csv_field(csv, 1), 100, &confidence, e) ||
	    !trap_number(csv_field(csv, 2), 65536, &services, e) ||
	    !trap_number(csv_field(csv, 3), TRAP_SIGNS, &different, e))
		return false;
	t.confidence = (uint8_t)confidence;
	t.services = (uint32_t)(services > 1 ? services : 2);
	t.different = (uint32_t)different;
	while (fields.len > 0 && str_cut(&fields, '|', &one)) {
		enum field f = field_find(one, NULL);
		if (f == FIELDS || field_table[f].kind != FIELD_KEYWORD || t.field_count == TRAP_FIELDS)
			return err_set(e, ERR_INPUT, "“%.*s” is no field of words", STR_ARG(str_head(one, 100)));
		t.fields[t.field_count++] = f;
	}
	while (signs.len > 0 && str_cut(&signs, '|', &one) && t.sign_count < TRAP_SIGNS)
		t.signs[t.sign_count++] = arena_str(&r->arena, one);
	*ARRAY_PUSH(&r->arena, &r->traps) = t;
	return true;
}

/* Every record behind the header. */
static bool
read_table(struct enrich_rules *r, const char *folder, const char *name,
	   bool (*row)(struct enrich_rules *r, struct csv_reader *csv, struct err *e), struct buf *changed,
	   struct err *e)
{
	BUF_AUTO text = { 0 };
	struct input in;
	bool own, ok = true, header = true;

	if (!enrich_table(folder, name, &text, &own, e))
		return false;
	if (own)
		buf_add(changed, buf_str(&text));
	input_of_mem(&in, name, buf_str(&text));
	struct csv_reader csv = { .in = &in };
	for (unsigned line = 1; ok; line++) {
		enum csv_status status = csv_next(&csv, e);
		if (status == CSV_END)
			break;
		if (status == CSV_FAILED)
			ok = false;
		else if (status == CSV_BAD)
			ok = err_set(e, ERR_INPUT, "%s, record %u: it is malformed", name, line);
		else if (!header && csv.fields.count > 0)
			ok = row(r, &csv, e) || err_wrap(e, "%s, record %u", name, line);
		header = false;
	}
	csv_free(&csv);
	input_close(&in);
	return ok;
}

static int
by_number(const void *x, const void *y)
{
	const struct rule_number *a = x, *b = y;

	return a->number < b->number ? -1 : a->number > b->number;
}

bool
enrich_tables(struct enrich_rules *r, const char *folder, struct err *e)
{
	BUF_AUTO changed = { 0 };
	char hex[SHA256_HEX_LEN];

	r->filter = filter_new();
	r->support_names = filter_new();
	if (!read_table(r, folder, "rules.csv", read_rule, &changed, e) ||
	    !read_table(r, folder, "specialties.csv", read_specialty, &changed, e) ||
	    !read_table(r, folder, "support.csv", read_support, &changed, e) ||
	    !read_table(r, folder, "honeypots.csv", read_trap, &changed, e))
		return false;
	if (r->ports.count > 0)
		qsort(r->ports.items, r->ports.count, sizeof(*r->ports.items), by_number);
	if (r->favicons.count > 0)
		qsort(r->favicons.items, r->favicons.count, sizeof(*r->favicons.items), by_number);
	for (size_t i = 0; i < r->always.count; i++)
		r->always_where |= r->rules.items[r->always.items[i]].where;
	r->port_first = arena_alloc(&r->arena, 65537, sizeof(*r->port_first));
	for (size_t p = 0, i = 0; p <= 65536; p++) {
		while (i < r->ports.count && r->ports.items[i].number < (int64_t)p)
			i++;
		r->port_first[p] = (uint32_t)i;
	}
	if (changed.len > 0) {
		sha256_hex(buf_str(&changed), hex);
		r->version = arena_printf(&r->arena, "%.*s+own-%.8s", STR_ARG(r->version), hex);
	}
	return true;
}

/* ---- support ---- */

struct support_search {
	const struct enrich_rules *r;
	struct str os;
	const struct support_row *best;
};

/* The longest name that is in it, whole: "windows server 2008 r2" before "windows server 2008". */
static void
on_support(void *user, uint32_t number, size_t at)
{
	struct support_search *x = user;
	const struct support_row *row = &x->r->support.items[number];
	size_t end = at + row->name.len;

	/* The filter compares the first LITERAL_MAX bytes. */
	if (end > x->os.len || !str_eq_nocase(str_sub(x->os.ptr + at, row->name.len), row->name) ||
	    (end < x->os.len && x->os.ptr[end] >= '0' && x->os.ptr[end] <= '9'))
		return;
	if (!x->best || row->name.len > x->best->name.len)
		x->best = row;
}

static const struct support_row *
support_find(const struct enrich_rules *r, struct str os)
{
	struct support_search x = { r, str_head(os, SUPPORT_NAME_MAX), NULL };

	filter_scan(r->support_names, x.os, on_support, &x);
	for (size_t i = 0; i < r->support_short.count; i++) {
		uint32_t number = r->support_short.items[i];
		for (size_t at = 0; at < x.os.len; at++)
			on_support(&x, number, at);
	}
	return x.best;
}

bool
enrich_support_dates(const struct enrich_rules *r, struct str os, int64_t *mainstream, int64_t *ended)
{
	/* The feed's dates, where one was imported that knows the system; they are newer than the rules' own. */
	if (r->vuln && enrich_vuln_support(r->vuln, os, mainstream, ended))
		return true;
	const struct support_row *row = support_find(r, os);

	*mainstream = row ? row->mainstream : 0;
	*ended = row ? row->ended : 0;
	return row != NULL;
}

struct str
support_level(const struct enrich_rules *r, struct str os, int64_t when)
{
	int64_t mainstream, ended;

	if (!enrich_support_dates(r, os, &mainstream, &ended))
		return STR_NONE;
	/* A day of support is the whole day; what goes on has no last one. */
	if (ended < INT64_MAX - 86400000 && when >= ended + INT64_C(86400000))
		return STR("ended");
	return mainstream < INT64_MAX - 86400000 && when >= mainstream + INT64_C(86400000) ? STR("extended")
											   : STR("mainstream");
}
