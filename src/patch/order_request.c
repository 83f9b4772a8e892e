#include "patch/order_request.h"

#include "base/codec.h"
#include "base/sentence.h"
#include "base/table.h"
#include "base/tr.h"
#include "store/host.h"

enum {
	ID_MAX = 300, /* bytes of a patch's or a host's id */
	HOST_ROWS_MAX = 20000,
};
static const int64_t DAY = 86400000LL;

/* ---- the request ---- */

static bool
parse_names(struct arena *a, const struct json *body, const char *key, size_t max, struct str **out, size_t *count,
	    struct err *e)
{
	size_t n;
	const struct json *items = json_get_array(body, key, &n);
	if (n == 0)
		return err_set(e, ERR_USAGE, "the order names no %s: give their ids or \"all\"", key);
	if (n > max)
		return err_set(e, ERR_TOO_LARGE, "the order names %zu %s, at most %zu go at once: use \"all\"", n, key,
			       max);
	struct str *names = ARENA_ARRAY(a, struct str, n);
	TABLE_AUTO seen = { 0 };
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		struct str name = items[i].kind == JSON_KIND_STRING ? items[i].text : STR_NONE;
		if (!name.len || name.len > ID_MAX || !str_is_utf8(name))
			return err_set(e, ERR_USAGE, "entry %zu of %s is not an id", i + 1, key);
		bool added;
		table_put(&seen, name, &added);
		if (added)
			names[kept++] = name;
	}
	*out = names;
	*count = kept;
	return true;
}

static bool
parse_kind(struct str kind, const char **out, struct err *e)
{
	static const char *const kinds[] = { "apply", "stage" };
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (str_eq(kind, str_of(kinds[i]))) {
			*out = kinds[i];
			return true;
		}
	}
	return err_set(e, ERR_USAGE, "the order's kind must be \"apply\" or \"stage\"");
}

bool
order_request_parse(struct arena *a, const struct json *body, struct order_request *out, struct err *e)
{
	struct order_request r = { .dry_run = json_get_bool(body, "dry_run", false) };
	if (!parse_kind(json_get_str(body, "kind"), &r.kind, e))
		return false;
	struct str hosts = json_get_str(body, "hosts"), patches = json_get_str(body, "patches");
	r.all_hosts = str_eq(hosts, STR("all"));
	if (!r.all_hosts && !parse_names(a, body, "hosts", ORDER_HOSTS_MAX, &r.hosts, &r.host_count, e))
		return false;
	r.choice = str_eq(patches, STR("all"))        ? ORDER_ALL
		   : str_eq(patches, STR("security")) ? ORDER_SECURITY
						      : ORDER_LISTED;
	if (r.choice == ORDER_LISTED &&
	    !parse_names(a, body, "patches", ORDER_PATCHES_MAX, &r.patches, &r.patch_count, e))
		return false;
	*out = r;
	return true;
}

/* ---- the order ---- */

int64_t
next_check_in(int64_t last_seen, int64_t interval, int64_t now)
{
	int64_t next = (last_seen ? last_seen : now) + interval + interval / 10; /* the agent's jitter */
	return next > now ? next : now + interval;
}

static struct str
order_document(const struct order_context *c, struct str id, struct str host, const char *kind, int64_t expires,
	       struct str by, const struct host_patch *patches, size_t count)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_object(&w);
	json_put_str(&w, "id", id);
	json_put_str(&w, "host", host);
	json_put_cstr(&w, "kind", kind);
	json_key(&w, "patches");
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		json_str(&w, patches[i].patch);
	json_end_array(&w);
	json_put_time(&w, "issued", c->now);
	json_put_time(&w, "expires", expires);
	json_put_str(&w, "by", by);
	json_end_object(&w);
	return arena_str(c->arena, buf_str(&text));
}

static bool
order_store(const struct order_context *c, struct str host, const char *kind, struct str by,
	    const struct host_patch *patches, size_t count, struct str *id, struct err *e)
{
	unsigned char bytes[12];
	BUF_AUTO hex = { 0 };
	random_bytes(bytes, sizeof(bytes));
	hex_encode(&hex, bytes, sizeof(bytes));
	*id = arena_str(c->arena, buf_str(&hex));
	int64_t expires = c->now + (str_eq(str_of(kind), STR("apply")) ? 7 : 1) * DAY;
	struct str document = order_document(c, *id, host, kind, expires, by, patches, count);
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	if (!signed_write(&w, c->key, "order", document, e))
		return false;
	struct order o = {
		.id = *id,
		.host = host,
		.kind = kind,
		.issued = c->now,
		.expires = expires,
		.by = by,
		.signed_text = buf_str(&text),
	};
	return order_insert(c->st, &o, e);
}

static bool
attempts_store(const struct order_context *c, const struct order_item *item, struct str by, struct err *e)
{
	for (size_t i = 0; i < item->patch_count; i++) {
		const struct host_patch *p = &item->patches[i];
		struct attempt t = {
			.id = arena_printf(c->arena, "%.*s/%.*s", STR_ARG(item->id), STR_ARG(p->patch)),
			.order = item->id,
			.host = item->host,
			.patch = p->patch,
			.title = p->title,
			.from = p->from,
			.to = p->to,
			.packages = p->packages,
			.state = PATCH_QUEUED,
			.at = c->now,
			.cause = STR("order"),
			.by = by,
		};
		if (!attempt_insert(c->st, &t, e) ||
		    !host_patch_set_state(c->st, item->host, p->patch, PATCH_QUEUED, t.id, c->now, e))
			return false;
	}
	return true;
}

static void
refuse(const struct order_context *c, struct order_outcome *out, const struct host *h, struct str why)
{
	*ARRAY_PUSH(c->arena, &out->refused) =
		(struct order_refusal){ .host = h->id, .host_name = h->name, .why = why };
}

/* Empty when the host takes orders, else why not. */
static struct str
host_takes_orders(struct arena *a, const struct host *h)
{
	switch (h->state) {
	case HOST_PENDING:
		return arena_printf(a, tr("%.*s waits for approval: approve it first"), STR_ARG(h->name));
	case HOST_REVOKED:
		return arena_printf(a, tr("%.*s is revoked and takes no orders"), STR_ARG(h->name));
	case HOST_CLONED:
		return arena_printf(a, tr("%.*s exists on two machines: enrol both anew first"), STR_ARG(h->name));
	case HOST_ACTIVE:
		break;
	}
	return STR("");
}

static struct str
patch_refusal(struct arena *a, const struct host *h, const struct host_patch *p)
{
	struct str reason;
	switch (p->state) {
	case PATCH_QUEUED:
	case PATCH_RUNNING:
		return arena_printf(a, tr("%.*s is ordered for %.*s already"), STR_ARG(p->title), STR_ARG(h->name));
	case PATCH_INSTALLED:
	case PATCH_PENDING_REBOOT:
		return arena_printf(a, tr("%.*s is installed on %.*s already"), STR_ARG(p->title), STR_ARG(h->name));
	case PATCH_KEPT_BACK:
		reason = tr_sentence(a, p->kept_back);
		return arena_printf(a, tr("the package manager of %.*s holds %.*s back: %.*s"), STR_ARG(h->name),
				    STR_ARG(p->title), STR_ARG(reason));
	case PATCH_MISSING:
	case PATCH_FAILED:
	case PATCH_STATES:
		break;
	}
	if (!p->listed)
		return arena_printf(a, tr("%.*s does not miss %.*s any more"), STR_ARG(h->name), STR_ARG(p->title));
	return STR("");
}

struct choosing {
	const struct order_context *c;
	const struct order_request *r;
	const struct host *host;
	struct order_item *item;
	struct order_outcome *out;
};

static bool
choose_listed(struct choosing *ch, const struct host_patch *rows, size_t count)
{
	struct arena *a = ch->c->arena;
	TABLE_AUTO by_id = { 0 };
	for (size_t i = 0; i < count; i++)
		*table_put(&by_id, rows[i].patch, NULL) = (void *)(uintptr_t)&rows[i];
	for (size_t i = 0; i < ch->r->patch_count; i++) {
		const struct host_patch *p = table_get(&by_id, ch->r->patches[i]);
		struct str why = p ? patch_refusal(a, ch->host, p)
				   : arena_printf(a, tr("%.*s does not miss %.*s"), STR_ARG(ch->host->name),
						  STR_ARG(ch->r->patches[i]));
		if (p && !why.len)
			ch->item->patches[ch->item->patch_count++] = *p;
		else if (!ch->r->all_hosts) /* of all hosts, those that do not miss it are not worth a line */
			refuse(ch->c, ch->out, ch->host, why);
	}
	return ch->item->patch_count > 0;
}

static bool
choose_by_rule(struct choosing *ch, const struct host_patch *rows, size_t count)
{
	struct arena *a = ch->c->arena;
	for (size_t i = 0; i < count; i++) {
		bool wanted = ch->r->choice == ORDER_ALL || rows[i].security;
		if (wanted && !patch_refusal(a, ch->host, &rows[i]).len)
			ch->item->patches[ch->item->patch_count++] = rows[i];
	}
	if (!ch->item->patch_count && !ch->r->all_hosts)
		refuse(ch->c, ch->out, ch->host,
		       arena_printf(a, tr("%.*s misses nothing that this order means"), STR_ARG(ch->host->name)));
	return ch->item->patch_count > 0;
}

static bool
order_for_host(const struct order_context *c, const struct order_request *r, struct str id, struct order_outcome *out,
	       struct err *e)
{
	struct host h;
	if (!host_get(c->st, c->arena, id, &h, e))
		return err_wrap(e, "ordering for %.*s", STR_ARG(id));
	struct str why = host_takes_orders(c->arena, &h);
	if (why.len) {
		refuse(c, out, &h, why);
		return true;
	}
	struct patch_filter f = { .host = id, .security = -1 };
	struct page page = { .limit = HOST_ROWS_MAX, .sort = STR("patch") };
	struct host_patch *rows;
	size_t count;
	if (!host_patch_list(c->st, c->arena, &f, &page, &rows, &count, e))
		return false;
	struct order_item item = {
		.host = h.id,
		.host_name = h.name,
		.patches = ARENA_ARRAY(c->arena, struct host_patch, count + r->patch_count),
		.starts_by = next_check_in(h.last_seen, c->interval, c->now),
	};
	struct choosing ch = { .c = c, .r = r, .host = &h, .item = &item, .out = out };
	if (!(r->choice == ORDER_LISTED ? choose_listed(&ch, rows, count) : choose_by_rule(&ch, rows, count)))
		return true;
	if (!r->dry_run && (!order_store(c, h.id, r->kind, r->by, item.patches, item.patch_count, &item.id, e) ||
			    (str_eq(str_of(r->kind), STR("apply")) && !attempts_store(c, &item, r->by, e))))
		return false;
	*ARRAY_PUSH(c->arena, &out->items) = item;
	return true;
}

bool
order_request_run(const struct order_context *c, const struct order_request *r, struct order_outcome *out,
		  struct err *e)
{
	struct str *hosts = r->hosts;
	size_t count = r->host_count;
	if (r->all_hosts && !host_ids(c->st, c->arena, HOST_ACTIVE, &hosts, &count, e))
		return false;
	struct order_outcome outcome = { 0 };
	for (size_t i = 0; i < count; i++)
		if (!order_for_host(c, r, hosts[i], &outcome, e))
			return false;
	*out = outcome;
	return true;
}

bool
order_refresh(const struct order_context *c, struct str host, struct str by, struct err *e)
{
	bool pending;
	struct str id;
	if (!order_pending(c->st, host, "refresh", &pending, e))
		return false;
	return pending || order_store(c, host, "refresh", by, NULL, 0, &id, e);
}

bool
order_withdraw(const struct order_context *c, struct str id, struct err *e)
{
	struct order o;
	struct attempt *attempts;
	size_t count;
	if (!order_get(c->st, c->arena, id, &o, e))
		return false;
	if (!str_eq(o.state, STR("queued")))
		return err_set(e, ERR_CONFLICT,
			       "the host has this order already (%.*s): it can only be taken back before that",
			       STR_ARG(o.state));
	if (!attempt_of_order(c->st, c->arena, id, &attempts, &count, e))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!host_patch_set_state(c->st, o.host, attempts[i].patch, PATCH_MISSING, STR_NONE, c->now, e))
			return false;
	return attempt_delete_of_order(c->st, id, e) && order_set_state(c->st, id, "withdrawn", e);
}

static bool
order_expire(const struct order_context *c, const struct order *o, struct err *e)
{
	struct attempt *attempts;
	size_t count;
	if (!order_set_state(c->st, o->id, "expired", e) ||
	    !attempt_of_order(c->st, c->arena, o->id, &attempts, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct attempt *t = &attempts[i];
		if (t->state != PATCH_QUEUED)
			continue;
		t->state = PATCH_FAILED;
		t->finished = c->now;
		t->why = STR("The order expired before the host reported on it");
		t->signed_text = STR_NONE;
		if (!attempt_update(c->st, t, e) ||
		    !host_patch_set_state(c->st, o->host, t->patch, PATCH_FAILED, t->id, c->now, e))
			return false;
	}
	return true;
}

bool
order_expire_all(const struct order_context *c, struct err *e)
{
	for (;;) {
		struct order o;
		bool found;
		if (!order_expired(c->st, c->arena, c->now, &o, &found, e))
			return false;
		if (!found)
			return true;
		if (!order_expire(c, &o, e))
			return err_wrap(e, "ending order %.*s", STR_ARG(o.id));
	}
}
