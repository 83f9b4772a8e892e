/* One metadata file: form, bounds, signatures (trust/tuf-document.h). */
#include "trust/tuf-document.h"

#include "base/codec.h"
#include "base/time.h"
#include "base/tr.h"
#include "trust/canonical.h"
#include "trust/key.h"
#include "trust/tuf-tree.h"

const char *const tuf_type_names[TUF_TYPES] = { "root", "timestamp", "snapshot", "targets" };

/* What every step of the parser needs. */
struct parse {
	struct arena *a;
	struct tuf_document *d;
	enum tuf_reason reason;
};

static bool
malformed(struct parse *p, const char *what, struct err *e)
{
	p->reason = TUF_MALFORMED;
	return err_set(e, ERR_INPUT, "the metadata is not of the form of its role: %s", what);
}

static bool
is_kind(const struct json *v, enum json_kind kind)
{
	return v && v->kind == kind;
}

/* A whole number between 1 (or 0) and the greatest that every reader can hold. */
static bool
whole(const struct json *v, int64_t least, int64_t *out)
{
	int64_t n;
	if (!is_kind(v, JSON_KIND_NUMBER) || !str_to_i64(v->text, &n) || n < least || n > TUF_NUMBER_MAX)
		return false;
	*out = n;
	return true;
}

static bool
date(const struct json *object, const char *key, int64_t *out)
{
	struct str text = json_get_str(object, key);
	/* "YYYY-MM-DDTHH:MM:SSZ" and no other form of RFC 3339. */
	return text.len == 20 && text.ptr[19] == 'Z' && text.ptr[10] == 'T' && time_parse(text, out);
}

static bool
is_hex(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'f')))
			return false;
	return true;
}

static bool
is_digest_of(struct str id, const struct json *value)
{
	BUF_AUTO canonical = { 0 };
	char hex[SHA256_HEX_LEN];
	if (!canonical_write(value, &canonical, NULL))
		return false;
	sha256_hex(buf_str(&canonical), hex);
	return str_eq(id, str_of(hex));
}

/* Early releases of the reference implementation named a key by its digest together with this constant, and later ones
 * kept the ids without it. */
static bool
is_early_digest_of(struct arena *a, struct str id, const struct json *value)
{
	struct json *v = tree_thaw(a, value), names = tree_array();
	tree_push(a, &names, tree_text(STR("sha256")));
	tree_push(a, &names, tree_text(STR("sha512")));
	tree_set(a, v, STR("keyid_hash_algorithms"), names);
	return is_digest_of(id, v);
}

bool
tuf_key_parse(struct arena *a, struct str id, const struct json *value, struct tuf_key *out)
{
	struct tuf_key k = { .id = id,
			     .type = json_get_str(value, "keytype"),
			     .scheme = json_get_str(value, "scheme"),
			     .public = json_get_str(json_get(value, "keyval"), "public") };
	if (!k.type.ptr || !k.scheme.ptr || !k.public.ptr || k.public.len > TUF_PUBLIC_MAX)
		return false;
	if (!is_digest_of(id, value) && !is_early_digest_of(a, id, value))
		return false;
	*out = k;
	return true;
}

static bool
parse_keys(struct parse *p, const struct json *keys, struct err *e)
{
	if (!is_kind(keys, JSON_KIND_OBJECT))
		return malformed(p, tr("it has no object “keys”"), e);
	if (keys->count > TUF_KEYS_MAX)
		return malformed(p, tr("it has too many keys"), e);
	for (size_t i = 0; i < keys->count; i++) {
		struct tuf_key k;
		/* A key of an unknown form, or under an id that is not its own, cannot have signed anything. */
		if (tuf_key_parse(p->a, keys->key[i], &keys->item[i], &k))
			*ARRAY_PUSH(p->a, &p->d->keys.items) = k;
	}
	return true;
}

static bool
parse_holders(struct parse *p, const struct json *role, struct tuf_holders *out, struct err *e)
{
	const struct json *ids = json_get(role, "keyids");
	TABLE_AUTO known = { 0 };
	if (!is_kind(ids, JSON_KIND_ARRAY))
		return malformed(p, tr("a role has no list of key ids"), e);
	if (ids->count > TUF_KEYS_MAX || !whole(json_get(role, "threshold"), 1, &out->threshold))
		return malformed(p, tr("a role's threshold is no number from 1 on, or it has too many keys"), e);
	out->ids = ARENA_ARRAY(p->a, struct str, ids->count + 1);
	for (size_t i = 0; i < ids->count; i++) {
		bool added;
		if (ids->item[i].kind != JSON_KIND_STRING)
			return malformed(p, tr("a key id is no string"), e);
		table_put(&known, ids->item[i].text, &added);
		if (!added)
			return malformed(p, tr("a role lists a key id twice"), e);
		out->ids[out->count++] = ids->item[i].text;
	}
	return true;
}

static bool
parse_root(struct parse *p, struct err *e)
{
	const struct json *s = p->d->signed_part, *roles = json_get(s, "roles"),
			  *flag = json_get(s, "consistent_snapshot");
	if (flag && flag->kind != JSON_KIND_BOOL)
		return malformed(p, tr("“consistent_snapshot” is neither true nor false"), e);
	p->d->consistent = flag && flag->boolean;
	if (!parse_keys(p, json_get(s, "keys"), e))
		return false;
	for (size_t i = 0; i < TUF_TYPES; i++) {
		const struct json *role = json_get(roles, tuf_type_names[i]);
		if (!is_kind(role, JSON_KIND_OBJECT))
			return malformed(p, tr("it does not name the keys of all four roles"), e);
		if (!parse_holders(p, role, &p->d->roles[i], e))
			return false;
	}
	return true;
}

static bool
hashes_valid(const struct json *hashes)
{
	if (!is_kind(hashes, JSON_KIND_OBJECT) || hashes->count == 0 || hashes->count > 16)
		return false;
	for (size_t i = 0; i < hashes->count; i++)
		if (hashes->item[i].kind != JSON_KIND_STRING || hashes->item[i].text.len > 128 ||
		    !is_hex(hashes->item[i].text))
			return false;
	return true;
}

static bool
parse_meta(struct parse *p, struct err *e)
{
	const struct json *meta = json_get(p->d->signed_part, "meta");
	if (!is_kind(meta, JSON_KIND_OBJECT) || meta->count > TUF_META_MAX)
		return malformed(p, tr("it has no object “meta”, or one with too many files"), e);
	for (size_t i = 0; i < meta->count; i++) {
		const struct json *m = &meta->item[i], *length = json_get(m, "length"), *hashes = json_get(m, "hashes");
		int64_t n;
		if (m->kind != JSON_KIND_OBJECT || !whole(json_get(m, "version"), 1, &n))
			return malformed(p, tr("a listed file has no version from 1 on"), e);
		if ((length && !whole(length, 1, &n)) || (hashes && !hashes_valid(hashes)))
			return malformed(p, tr("a listed file's length or digests cannot be"), e);
	}
	p->d->meta = meta;
	struct tuf_meta snapshot;
	if (p->d->type == TUF_TYPE_TIMESTAMP && (meta->count != 1 || !tuf_meta_find(p->d, STR("snapshot"), &snapshot)))
		return malformed(p, tr("a timestamp lists the snapshot and nothing else"), e);
	return true;
}

/* Names that would be taken for one of the four, on a file system that knows no case too. */
static bool
role_name_valid(struct str name)
{
	if (name.len == 0 || name.len > TUF_ROLE_NAME_MAX)
		return false;
	for (size_t i = 0; i < TUF_TYPES; i++)
		if (str_eq_nocase(name, str_of(tuf_type_names[i])))
			return false;
	return true;
}

static bool
parse_patterns(struct parse *p, const struct json *role, struct tuf_delegation *d, struct err *e)
{
	const struct json *paths = json_get(role, "paths"), *prefixes = json_get(role, "path_hash_prefixes");
	const struct json *list = paths ? paths : prefixes;
	if ((paths && prefixes) || (list && list->kind != JSON_KIND_ARRAY) || (list && list->count > TUF_PATTERNS_MAX))
		return malformed(p, tr("a delegation has both kinds of paths, or too many"), e);
	d->by_hash = prefixes != NULL;
	d->pattern_count = list ? list->count : 0;
	d->patterns = ARENA_ARRAY(p->a, struct str, d->pattern_count + 1);
	for (size_t i = 0; i < d->pattern_count; i++) {
		struct str text = list->item[i].text;
		if (list->item[i].kind != JSON_KIND_STRING || text.len > TUF_PATH_MAX ||
		    (prefixes && (text.len > 64 || !is_hex(text))))
			return malformed(p, tr("a delegation's path cannot be"), e);
		d->patterns[i] = text;
	}
	return true;
}

static bool
parse_delegation(struct parse *p, const struct json *role, struct table *names, struct err *e)
{
	struct tuf_delegation d = { .name = json_get_str(role, "name"),
				    .terminating = json_get_bool(role, "terminating", false) };
	bool added = false;
	if (!is_kind(role, JSON_KIND_OBJECT) || !role_name_valid(d.name))
		return malformed(p, tr("a delegation's name is missing, too long, or that of a top-level role"), e);
	table_put(names, d.name, &added);
	if (!added)
		return malformed(p, tr("two delegations have one name"), e);
	if (!parse_holders(p, role, &d.holders, e) || !parse_patterns(p, role, &d, e))
		return false;
	*ARRAY_PUSH(p->a, &p->d->delegations) = d;
	return true;
}

static bool
parse_delegations(struct parse *p, const struct json *delegations, struct err *e)
{
	const struct json *roles = json_get(delegations, "roles");
	TABLE_AUTO names = { 0 };
	if (!is_kind(delegations, JSON_KIND_OBJECT) || !is_kind(roles, JSON_KIND_ARRAY))
		return malformed(p, tr("“delegations” has no list of roles"), e);
	if (roles->count > TUF_DELEGATIONS_MAX)
		return malformed(p, tr("it delegates to too many roles"), e);
	if (!parse_keys(p, json_get(delegations, "keys"), e))
		return false;
	for (size_t i = 0; i < roles->count; i++)
		if (!parse_delegation(p, &roles->item[i], &names, e))
			return false;
	return true;
}

static bool
parse_targets(struct parse *p, struct err *e)
{
	const struct json *targets = json_get(p->d->signed_part, "targets");
	const struct json *delegations = json_get(p->d->signed_part, "delegations");
	if (!is_kind(targets, JSON_KIND_OBJECT))
		return malformed(p, tr("it has no object “targets”"), e);
	for (size_t i = 0; i < targets->count; i++) {
		const struct json *t = &targets->item[i], *custom = json_get(t, "custom");
		int64_t length;
		if (t->kind != JSON_KIND_OBJECT || targets->key[i].len == 0 || targets->key[i].len > TUF_PATH_MAX ||
		    !whole(json_get(t, "length"), 0, &length) || !hashes_valid(json_get(t, "hashes")) ||
		    (custom && custom->kind != JSON_KIND_OBJECT))
			return malformed(p, tr("a target's path, length, digests or custom part cannot be"), e);
		*table_put(&p->d->index, targets->key[i], NULL) = &targets->item[i];
	}
	p->d->targets = targets;
	return !delegations || parse_delegations(p, delegations, e);
}

static bool
parse_signatures(struct parse *p, const struct json *list, struct err *e)
{
	TABLE_AUTO ids = { 0 };
	if (!is_kind(list, JSON_KIND_ARRAY) || list->count > TUF_SIGNATURES_MAX)
		return malformed(p, tr("it has no list of signatures, or too many"), e);
	for (size_t i = 0; i < list->count; i++) {
		struct str id = json_get_str(&list->item[i], "keyid"), sig = json_get_str(&list->item[i], "sig");
		bool added;
		if (!id.ptr || !sig.ptr)
			return malformed(p, tr("a signature has no key id or no value"), e);
		table_put(&ids, id, &added);
		if (!added)
			return malformed(p, tr("two signatures name one key"), e);
	}
	p->d->signatures = list;
	return true;
}

/* What all four have in common. */
static bool
parse_common(struct parse *p, struct err *e)
{
	const struct json *s = p->d->signed_part;
	struct str type = json_get_str(s, "_type"), spec = json_get_str(s, "spec_version");
	if (!is_kind(s, JSON_KIND_OBJECT) || !type.ptr || !spec.ptr)
		return malformed(p, tr("it has no “signed” part with “_type” and “spec_version”"), e);
	if (!str_eq(type, str_of(tuf_type_names[p->d->type]))) {
		p->reason = TUF_WRONG_TYPE;
		return err_set(
			e, ERR_REFUSED,
			"the metadata is of the type “%.*s” where “%s” belongs; somebody may have exchanged files",
			STR_ARG(str_head(type, 32)), tuf_type_names[p->d->type]);
	}
	if (!str_starts(spec, STR("1."))) {
		p->reason = TUF_SPEC_VERSION;
		return err_set(
			e, ERR_REFUSED,
			"the metadata is written to version %.*s of the specification, and this program knows 1.x; "
			"update mamori",
			STR_ARG(str_head(spec, 32)));
	}
	if (!whole(json_get(s, "version"), 1, &p->d->version) || !date(s, "expires", &p->d->expires))
		return malformed(p, tr("its version or its date of expiry cannot be"), e);
	if (json_get(s, "issued") && !date(s, "issued", &p->d->issued))
		return malformed(p, tr("its date of issue cannot be"), e);
	return true;
}

static bool
parse_document(struct parse *p, struct str bytes, struct err *e)
{
	static bool (*const parts[TUF_TYPES])(struct parse *, struct err *) = { parse_root, parse_meta, parse_meta,
										parse_targets };
	const struct json_limits limits = { .depth = TUF_DEPTH_MAX, .total = bytes.len };
	struct json *tree;
	BUF_AUTO canonical = { 0 };
	p->d->bytes = arena_str(p->a, bytes);
	if (!json_parse(p->a, bytes, &limits, &tree, e)) {
		p->reason = TUF_MALFORMED;
		return err_wrap(e, "the metadata is no JSON");
	}
	p->d->signed_part = json_get(tree, "signed");
	if (!parse_common(p, e) || !parse_signatures(p, json_get(tree, "signatures"), e) || !parts[p->d->type](p, e))
		return false;
	if (!canonical_write(p->d->signed_part, &canonical, e)) {
		p->reason = TUF_MALFORMED;
		return false;
	}
	p->d->canonical = arena_str(p->a, buf_str(&canonical));
	return true;
}

bool
tuf_document_parse(struct arena *a, struct str bytes, enum tuf_type type, struct tuf_document **out,
		   enum tuf_reason *reason, struct err *e)
{
	struct parse p = { .a = a, .d = ARENA_NEW(a, struct tuf_document) };
	p.d->type = type;
	if (!parse_document(&p, bytes, e)) {
		tuf_document_free(p.d);
		*reason = p.reason;
		return false;
	}
	*out = p.d;
	return true;
}

bool
tuf_document_any(struct arena *a, struct str bytes, struct tuf_document **out, struct err *e)
{
	const struct json_limits limits = { .depth = TUF_DEPTH_MAX, .total = bytes.len };
	struct json *tree;
	enum tuf_reason reason;
	size_t type = 0;
	if (!json_parse(a, bytes, &limits, &tree, e))
		return err_wrap(e, "the metadata is no JSON");
	struct str name = json_get_str(json_get(tree, "signed"), "_type");
	while (type < TUF_TYPES && !str_eq(name, str_of(tuf_type_names[type])))
		type++;
	if (type == TUF_TYPES)
		return err_set(e, ERR_INPUT, "this is no update metadata: it does not say of which type it is");
	return tuf_document_parse(a, bytes, (enum tuf_type)type, out, &reason, e);
}

void
tuf_document_free(struct tuf_document *d)
{
	if (d)
		table_free(&d->index);
}

static const struct tuf_key *
key_find(const struct tuf_keys *keys, struct str id)
{
	for (size_t i = 0; i < keys->items.count; i++)
		if (str_eq(keys->items.items[i].id, id))
			return &keys->items.items[i];
	return NULL;
}

static bool
holders_have(const struct tuf_holders *h, struct str id)
{
	for (size_t i = 0; i < h->count; i++)
		if (str_eq(h->ids[i], id))
			return true;
	return false;
}

int64_t
tuf_signed_by(const struct tuf_document *d, const struct tuf_keys *keys, const struct tuf_holders *holders)
{
	unsigned char seen[TUF_SIGNATURES_MAX][SHA256_LEN];
	size_t count = 0;
	for (size_t i = 0; i < d->signatures->count; i++) {
		struct str id = json_get_str(&d->signatures->item[i], "keyid");
		struct str hex = json_get_str(&d->signatures->item[i], "sig");
		const struct tuf_key *k = holders_have(holders, id) ? key_find(keys, id) : NULL;
		BUF_AUTO sig = { 0 };
		if (!k || hex.len == 0 || hex.len > TUF_SIGNATURE_HEX_MAX || !hex_decode(&sig, hex) ||
		    !tuf_verify(k, d->canonical, buf_str(&sig), seen[count]))
			continue;
		size_t same = 0;
		while (same < count && memcmp(seen[same], seen[count], SHA256_LEN) != 0)
			same++;
		count += same == count;
	}
	return (int64_t)count;
}

bool
tuf_holders_equal(const struct tuf_holders *a, const struct tuf_holders *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!holders_have(b, a->ids[i]))
			return false;
	return true;
}

bool
tuf_meta_find(const struct tuf_document *d, struct str role, struct tuf_meta *out)
{
	for (size_t i = 0; d && i < d->meta->count; i++) {
		const struct json *m = &d->meta->item[i];
		struct str key = d->meta->key[i];
		if (!str_ends(key, STR(".json")) || !str_eq(str_head(key, key.len - 5), role))
			continue;
		*out = (struct tuf_meta){ .version = json_get_i64(m, "version", 0),
					  .length = json_get_i64(m, "length", -1),
					  .hashes = json_get(m, "hashes") };
		return true;
	}
	return false;
}

bool
tuf_hashes_match(const struct json *hashes, struct str bytes)
{
	static const char *const kinds[] = { "sha256", "sha512" };
	bool any = false;
	if (!hashes)
		return true;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct str want = json_get_str(hashes, kinds[i]);
		char hex[129];
		if (!want.ptr)
			continue;
		tuf_digest_hex(i == 1, bytes, hex);
		if (!str_eq(want, str_of(hex)))
			return false;
		any = true;
	}
	return any;
}

struct str
tuf_file_name(struct arena *a, int64_t version, struct str role)
{
	BUF_AUTO b = { 0 };
	if (version > 0)
		buf_addf(&b, "%lld.", (long long)version);
	percent_encode(&b, role);
	buf_add(&b, STR(".json"));
	return arena_str(a, buf_str(&b));
}
