#include "patch/plan_rows.h"

#include "store/directive.h"
#include "store/host.h"
#include "store/host_patch.h"

struct str
patch_packages_json(struct arena *a, const struct patch *p)
{
	BUF_AUTO text = { 0 };
	struct json_writer w = { .out = &text };
	json_begin_array(&w);
	for (size_t i = 0; i < p->packages.count; i++) {
		const struct patch_package *k = &p->packages.items[i];
		json_begin_object(&w);
		json_put_str(&w, "name", k->name);
		json_put_str(&w, "arch", k->arch);
		json_key(&w, "from");
		json_str_or_null(&w, k->from.len ? k->from : STR_NONE);
		json_put_str(&w, "to", k->to);
		json_end_object(&w);
	}
	json_end_array(&w);
	return arena_str(a, buf_str(&text));
}

/* What people call the version that is there: of the first package that is there already. */
static struct str
version_before(const struct patch *p)
{
	for (size_t i = 0; i < p->packages.count; i++)
		if (p->packages.items[i].from.len)
			return p->packages.items[i].from;
	return STR("");
}

/* The state of an update that the plan names, from the one it had. */
static void
state_in_plan(struct host_patch *row, const struct host_patch *before, const struct patch *p, int64_t now)
{
	bool known = before != NULL;
	row->state = p->kept_back.len ? PATCH_KEPT_BACK : PATCH_MISSING;
	row->at = now;
	if (!known)
		return;
	row->attempt = before->attempt;
	bool held = before->state == PATCH_QUEUED || before->state == PATCH_RUNNING || before->state == PATCH_FAILED;
	/* Until the reboot some managers still list what they have installed. */
	if (held || before->state == PATCH_PENDING_REBOOT)
		row->state = before->state;
	if (row->state == before->state)
		row->at = before->at;
}

/* A host's words for people, as one line of bounded length. */
static struct str
line(struct arena *a, struct str s)
{
	return arena_line(a, s, 500);
}

static bool
row_put(struct store *st, struct arena *a, struct str host, const struct patch *p, int64_t now, struct err *e)
{
	struct str from = version_before(p);
	struct patch_row catalog = {
		.id = p->id,
		.title = line(a, p->title),
		.source = line(a, p->source),
		.version = line(a, p->version),
		.security = p->security,
		.size = (int64_t)p->size,
		.origins = line(a, p->origins),
		.first_seen = now,
	};
	if (!patch_put(st, &catalog, e))
		return false;
	struct host_patch row = {
		.host = host,
		.patch = p->id,
		.listed = true,
		.title = line(a, p->title),
		.from = from,
		.to = line(a, p->version),
		.packages = patch_packages_json(a, p),
		.kept_back = p->kept_back.len ? line(a, p->kept_back) : STR_NONE,
		.staged = p->staged,
		.security = p->security,
	};
	struct host_patch before;
	struct err none = { 0 };
	bool known = host_patch_get(st, a, host, p->id, &before, &none);
	if (!known && none.code != ERR_NOT_FOUND) {
		if (e)
			*e = none;
		return false;
	}
	state_in_plan(&row, known ? &before : NULL, p, now);
	return host_patch_put(st, &row, e);
}

bool
plan_rows_apply(struct store *st, struct str host, const struct patch_list *plan, int64_t now, struct err *e)
{
	if (!host_patch_unlist(st, host, e))
		return false;
	for (size_t i = 0; i < plan->patches.count; i++) {
		ARENA_AUTO a = { 0 };
		if (!row_put(st, &a, host, &plan->patches.items[i], now, e))
			return err_wrap(e, "update %.*s", STR_ARG(plan->patches.items[i].id));
	}
	return earlier_patches_keep(st, host, e) && host_patch_prune(st, host, e) &&
	       host_set_updates(st, host, plan->lists_at, now, e);
}
