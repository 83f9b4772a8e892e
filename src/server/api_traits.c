/* PATCH /api/v1/hosts/ID and /api/v1/groups/import: what policies ask of a host, one by one or from a directory's list. */
#include "base/codec.h"
#include "base/table.h"
#include "patch/group_rule.h"
#include "server/policies.h"
#include "vuln/csv.h"

enum { NAME_BYTES = 100, TAGS_MAX = 50, IMPORT_ROWS = 100000, UNKNOWN_SHOWN = 50, MOVES_SHOWN = 1000 };

/* ---- a host's traits ---- */

/* STR_NONE: not given; "": taken away. */
static bool
trait(struct request *r, const struct json *body, const char *key, struct str *out, struct err *e)
{
	const struct json *given = json_get(body, key);
	*out = STR_NONE;
	if (!given)
		return true;
	if (given->kind != JSON_KIND_NULL && given->kind != JSON_KIND_STRING)
		return err_set(e, ERR_USAGE, "%s must be a text or null", key);
	struct str s = given->kind == JSON_KIND_STRING ? str_trim(given->text) : STR("");
	if (s.len > NAME_BYTES || str_find_char(s, '/') >= 0)
		return err_set(e, ERR_USAGE, "%s has at most %d bytes and no slash", key, NAME_BYTES);
	*out = arena_line(&r->arena, s, NAME_BYTES);
	return true;
}

/* *tags NULL: not given. */
static bool
tags_read(struct request *r, const struct json *body, struct str **out, size_t *count, struct err *e)
{
	const struct json *given = json_get(body, "tags");
	*out = NULL;
	*count = 0;
	if (!given)
		return true;
	if (given->kind != JSON_KIND_ARRAY || given->count > TAGS_MAX)
		return err_set(e, ERR_USAGE, "tags must be a list of at most %d texts", TAGS_MAX);
	struct str *tags = ARENA_ARRAY(&r->arena, struct str, given->count + 1);
	for (size_t i = 0; i < given->count; i++) {
		tags[i] = arena_line(&r->arena, str_trim(given->item[i].text), NAME_BYTES);
		if (given->item[i].kind != JSON_KIND_STRING || !tags[i].len || given->item[i].text.len > NAME_BYTES)
			return err_set(e, ERR_USAGE, "a tag is a text of 1 to %d bytes", NAME_BYTES);
	}
	*out = tags;
	*count = given->count;
	return true;
}

/* When its newest backup was made: steps of server systems may ask for it. */
static bool
backup_change(struct request *r, struct str host, const struct json *body, struct err *e)
{
	const struct json *given = json_get(body, "backup_at");
	int64_t at = 0;
	if (!given)
		return true;
	if (given->kind != JSON_KIND_NULL && (given->kind != JSON_KIND_STRING || !time_parse(given->text, &at)))
		return err_set(e, ERR_USAGE, "backup_at must be a day (2026-11-21), an instant with zone, or null");
	if (at > r->now)
		return err_set(e, ERR_USAGE, "backup_at lies in the future");
	return host_set_backup(r->st, host, at, e);
}

struct traits {
	struct str group, role, site, redundancy, *tags;
	size_t tag_count;
};

static bool
traits_read(struct request *r, const struct json *body, struct traits *t, struct err *e)
{
	return trait(r, body, "group", &t->group, e) && trait(r, body, "role", &t->role, e) &&
	       trait(r, body, "site", &t->site, e) && trait(r, body, "redundancy", &t->redundancy, e) &&
	       tags_read(r, body, &t->tags, &t->tag_count, e);
}

bool
host_change(struct request *r, struct str host, const struct json *body, struct err *e)
{
	struct traits t;
	if (!traits_read(r, body, &t, e))
		return false;
	if (t.group.ptr && (!host_set_group(r->st, host, t.group.len ? t.group : STR_NONE, e) ||
			    !request_audit(r, "host.group", host, t.group, e)))
		return false;
	BUF_AUTO detail = { 0 };
	json_tree(&(struct json_writer){ .out = &detail }, body);
	bool more = t.role.ptr || t.site.ptr || t.redundancy.ptr || t.tags || json_get(body, "backup_at");
	if (!backup_change(r, host, body, e) || !host_set_traits(r->st, host, t.role, t.site, t.redundancy, e) ||
	    (t.tags && !host_set_tags(r->st, host, t.tags, t.tag_count, e)) ||
	    (more && !request_audit(r, "host.traits", host, str_head(buf_str(&detail), 500), e)))
		return false;
	return group_rules_host(r->st, &r->arena, host, e);
}

bool
host_change_asked(const struct json *body)
{
	static const char *const keys[] = { "group", "role", "site", "redundancy", "tags", "backup_at" };
	for (size_t i = 0; i < COUNT(keys); i++)
		if (json_get(body, keys[i]))
			return true;
	return false;
}

/* ---- import ---- */

struct host_move {
	const struct host *host;
	struct str to;
};
struct importing {
	struct request *r;
	struct csv_reader csv;
	ptrdiff_t host, group, role, site, redundancy, tags;
	bool dry; /* only tells what would come of it */
	int64_t read, kept, unknown, bad;
	struct table hosts; /* lower-case name → struct host */
	struct str names[UNKNOWN_SHOWN]; /* of the unknown */
	ARRAY_OF(struct host_move) moves; /* to another department */
};

static struct str
lower(struct arena *a, struct str s)
{
	char *text = arena_cstr(a, s);
	for (size_t i = 0; i < s.len; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] + 32);
	return str_sub(text, s.len);
}

static ptrdiff_t
column_of(const struct importing *m, const char *const *names)
{
	for (; *names; names++) {
		ptrdiff_t c = csv_column(&m->csv, *names);
		if (c >= 0)
			return c;
	}
	return -1;
}

/* Names of columns as directories write them, too. */
static bool
columns_find(struct importing *m, struct err *e)
{
	static const char *const host[] = { "host", "name", "Name", "hostname", "computer", "端末", "cn", NULL };
	static const char *const group[] = { "group", "department", "Department",        "ward",
					     "OU",    "部署",       "DistinguishedName", NULL };
	static const char *const role[] = { "role", NULL };
	static const char *const site[] = { "site", "Location", NULL };
	static const char *const redundancy[] = { "redundancy", NULL };
	static const char *const tags[] = { "tags", NULL };
	if (csv_next(&m->csv, e) != CSV_RECORD)
		return err_set(e, ERR_INPUT, "the CSV has no first line that names its columns: host,group,tags,…");
	m->host = column_of(m, host);
	m->group = column_of(m, group);
	m->role = column_of(m, role);
	m->site = column_of(m, site);
	m->redundancy = column_of(m, redundancy);
	m->tags = column_of(m, tags);
	return m->host >= 0 || err_set(e, ERR_INPUT, "the CSV has no column host: name its columns in the first line");
}

/* One value of a directory's name (RFC 4514) without its escapes. */
static struct str
dn_value(struct arena *a, struct str s)
{
	char *out = arena_cstr(a, s);
	size_t len = 0;
	for (size_t i = 0; i < s.len; i++) {
		BUF_AUTO byte = { 0 };
		if (s.ptr[i] == '\\' && i + 2 < s.len && hex_decode(&byte, str_sub(s.ptr + i + 1, 2))) {
			out[len++] = byte.ptr[0];
			i += 2;
			continue;
		}
		if (s.ptr[i] == '\\' && i + 1 < s.len)
			i++;
		out[len++] = s.ptr[i];
	}
	return str_trim(str_sub(out, len));
}

/* Active Directory exports where a machine stands as a whole name, "CN=PC1,OU=Ward3,OU=PCs,DC=…": the innermost OU is its
 * department. Anything else is a name already. */
static struct str
department_of(struct arena *a, struct str s)
{
	size_t from = 0;
	bool any = false;
	for (size_t i = 0; i <= s.len; i++) {
		if (i < s.len && s.ptr[i] == '\\') {
			i++;
			continue;
		}
		if (i < s.len && s.ptr[i] != ',')
			continue;
		struct str part = str_trim(str_sub(s.ptr + from, i - from));
		ptrdiff_t equals = str_find_char(part, '=');
		from = i + 1;
		if (equals <= 0)
			return s;
		any = true;
		if (str_eq_nocase(str_trim(str_head(part, (size_t)equals)), STR("ou")))
			return dn_value(a, str_skip(part, (size_t)equals + 1));
	}
	return any ? STR("") : s;
}

static struct str
tags_spaced(struct arena *a, struct str tags)
{
	char *text = arena_cstr(a, tags);
	for (size_t i = 0; i < tags.len; i++)
		if (text[i] == ';' || text[i] == ',' || text[i] == '|')
			text[i] = ' ';
	return str_sub(text, tags.len);
}

/* A row as the body of a change: what it does not name stays. */
static struct json *
row_body(struct importing *m, struct err *e)
{
	const struct {
		const char *key;
		ptrdiff_t column;
	} texts[] = {
		{ "group", m->group }, { "role", m->role }, { "site", m->site }, { "redundancy", m->redundancy }
	};
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	struct json *out = NULL;
	json_begin_object(&w);
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct str value = texts[i].column >= 0 ? csv_field(&m->csv, texts[i].column) : STR("");
		if (i == 0)
			value = department_of(&m->r->arena, value);
		if (value.len)
			json_put_str(&w, texts[i].key, value);
	}
	struct str rest = csv_field(&m->csv, m->tags), tag;
	if (m->tags >= 0 && rest.len) {
		json_key(&w, "tags");
		json_begin_array(&w);
		/* Blanks, or what directories put between: a tag that swallowed the next one would fit no policy. */
		for (rest = tags_spaced(&m->r->arena, rest); str_word(&rest, &tag);)
			json_str(&w, tag);
		json_end_array(&w);
	}
	json_end_object(&w);
	return json_parse(&m->r->arena, buf_str(&text), NULL, &out, e) ? out : NULL;
}

/* Where it would go to another department. */
static void
move_note(struct importing *m, const struct host *h, const struct json *body)
{
	struct str to = json_get_str(body, "group"), from = h->group.ptr ? h->group : STR("");
	if (to.len && !str_eq(to, from) && m->moves.count < MOVES_SHOWN)
		*ARRAY_PUSH(&m->r->arena, &m->moves) = (struct host_move){ h, to };
}

static bool
row_take(struct importing *m, struct err *e)
{
	struct request *r = m->r;
	struct str name = str_trim(csv_field(&m->csv, m->host));
	const struct host *h = table_get(&m->hosts, lower(&r->arena, name));
	m->read++;
	if (!h) {
		if (m->unknown < UNKNOWN_SHOWN)
			m->names[m->unknown] = arena_line(&r->arena, name, NAME_BYTES);
		m->unknown++;
		return true;
	}
	struct json *body = row_body(m, e);
	if (!body)
		return false;
	struct err why = { 0 };
	struct traits ignored;
	if (body->count && !(m->dry ? traits_read(r, body, &ignored, &why) : host_change(r, h->id, body, &why))) {
		if (why.code != ERR_USAGE) {
			*e = why;
			return false;
		}
		m->bad++;
		return true;
	}
	move_note(m, h, body);
	m->kept++;
	return true;
}

static bool
names_read(struct importing *m, struct err *e)
{
	struct request *r = m->r;
	struct host_filter all = { 0 };
	struct page page = { .limit = INT32_MAX };
	struct host *hosts;
	size_t count;
	if (!host_list(r->st, &r->arena, &all, &page, &hosts, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		*table_put(&m->hosts, lower(&r->arena, hosts[i].name), NULL) = &hosts[i];
	return true;
}

static bool
import_run(struct importing *m, struct err *e)
{
	if (!names_read(m, e) || !columns_find(m, e))
		return false;
	for (int64_t n = 0; n < IMPORT_ROWS; n++) {
		enum csv_status s = csv_next(&m->csv, e);
		if (s == CSV_END)
			return true;
		if (s == CSV_FAILED)
			return false;
		if (s == CSV_BAD) {
			m->read++;
			m->bad++;
		} else if (!row_take(m, e)) {
			return false;
		}
	}
	return err_set(e, ERR_TOO_LARGE, "the CSV has more than %d rows: divide it", IMPORT_ROWS);
}

static void
import_write(const struct importing *m)
{
	struct request *r = m->r;
	struct json_writer *w = &r->w;
	json_begin_object(w);
	json_put_bool(w, "dry_run", m->dry);
	json_put_i64(w, "read", m->read);
	json_put_i64(w, "kept", m->kept);
	json_key(w, "skipped");
	json_begin_object(w);
	json_put_i64(w, "unknown-host", m->unknown);
	json_put_i64(w, "malformed", m->bad);
	json_end_object(w);
	json_key(w, "unknown");
	json_begin_array(w);
	for (int64_t i = 0; i < m->unknown && i < UNKNOWN_SHOWN; i++)
		json_str(w, m->names[i]);
	json_end_array(w);
	json_key(w, "moves");
	json_begin_array(w);
	for (size_t i = 0; i < m->moves.count; i++) {
		const struct host_move *move = &m->moves.items[i];
		json_begin_object(w);
		host_ref_write(r, "host", move->host->id, move->host->name);
		str_or_null(w, "from", move->host->group);
		json_put_str(w, "to", move->to);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

bool
api_group_import(struct request *r, struct err *e)
{
	struct str csv;
	struct importing m = { .r = r, .dry = json_get_bool(r->json, "dry_run", false) };
	struct input in;
	if (!body_sheet(r, &csv, e))
		return false;
	if (!csv.len)
		return err_set(e, ERR_USAGE, "give the rows as CSV: {\"csv\": \"host,group,tags\\n…\"}");
	input_of_mem(&in, "import.csv", csv);
	m.csv.in = &in;
	bool ok = import_run(&m, e);
	csv_free(&m.csv);
	input_close(&in);
	table_free(&m.hosts);
	if (!ok)
		return false;
	import_write(&m);
	return m.dry ||
	       request_audit(r, "group.import", STR(""), arena_printf(&r->arena, "%lld rows", (long long)m.kept), e);
}
