/* A new repository (trust/tuf-repo.h). */
#include "trust/tuf-repo-internal.h"

#include "os/copy.h"
#include "os/file.h"

static int64_t
plan_now(void *user)
{
	return *(const int64_t *)user;
}

static bool
signers_check(const char *role, const struct tuf_signers *s, struct err *e)
{
	unsigned threshold = s->threshold ? s->threshold : 1;
	if (s->count >= threshold)
		return true;
	return err_set(e, ERR_USAGE, "“%s” has %zu keys and needs %u signatures; nobody could sign it", role, s->count,
		       threshold);
}

/* Root: its own keys, those of targets, and the two that sign without a human. */
static bool
make_root(struct tuf_repo *r, const struct tuf_repo_plan *p, struct err *e)
{
	static const char *const names[] = { "root", "snapshot", "targets", "timestamp" };
	struct keyfile snapshot = { 0 }, timestamp = { 0 };
	const struct tuf_signers online[] = { { &snapshot, 1, 1 }, { &timestamp, 1, 1 } };
	const struct tuf_signers *const signers[] = { &p->root, &online[0], &p->targets, &online[1] };
	if (!repo_online_key(r->folder, &r->arena, "snapshot", false, &snapshot, e) ||
	    !repo_online_key(r->folder, &r->arena, "timestamp", false, &timestamp, e))
		return false;
	struct repo_role *root = repo_role_new(r, STR("root"), TUF_TYPE_ROOT, 1);
	struct json keys = tree_object(), roles = tree_object();
	for (size_t i = 0; i < COUNT(names); i++) {
		struct json *role = tree_add(&r->arena, &roles, str_of(names[i]), tree_object());
		if (!repo_put_holders(&r->arena, role, &keys, signers[i], e))
			return false;
	}
	tree_add(&r->arena, root->signed_part, STR("consistent_snapshot"), tree_bool(true));
	tree_add(&r->arena, root->signed_part, STR("keys"), keys);
	tree_add(&r->arena, root->signed_part, STR("roles"), roles);
	repo_add_pending(r, root);
	return true;
}

static bool
delegate(struct tuf_repo *r, const char *name, const struct tuf_signers *s, struct json *keys, struct json *roles,
	 struct err *e)
{
	if (s->count == 0)
		return true;
	repo_new_targets(r, str_of(name));
	return repo_put_holders(&r->arena, repo_new_delegation(r, roles, name), keys, s, e);
}

static bool
make_delegations(struct tuf_repo *r, const struct tuf_repo_plan *p, struct err *e)
{
	struct keyfile approval = { 0 }, index = { 0 };
	const struct tuf_signers approves = { &approval, 1, 1 }, indexes = { &index, 1, 1 };
	struct json keys = tree_object(), roles = tree_array(), delegations = tree_object();
	if (!repo_online_key(r->folder, &r->arena, "approval", false, &approval, e) ||
	    !repo_online_key(r->folder, &r->arena, "index", false, &index, e))
		return false;
	struct repo_role *targets = repo_new_targets(r, STR("targets"));
	if (!delegate(r, "approval", &approves, &keys, &roles, e) ||
	    !delegate(r, "index", &indexes, &keys, &roles, e) ||
	    !delegate(r, "catalog", &p->catalog, &keys, &roles, e) ||
	    !delegate(r, "custom", &p->custom, &keys, &roles, e))
		return false;
	tree_add(&r->arena, &delegations, STR("keys"), keys);
	tree_add(&r->arena, &delegations, STR("roles"), roles);
	tree_add(&r->arena, targets->signed_part, STR("delegations"), delegations);
	return true;
}

static bool
make_folder(struct tuf_repo *r, const char *name, unsigned mode, struct err *e)
{
	const char *path = repo_path(r, name, STR(""));
	return dir_make(path, mode, e) && dir_give(path, r->folder, e);
}

/* What root makes below a server's folder is the server's: it publishes by itself from then on. */
static bool
make_folders(struct tuf_repo *r, struct err *e)
{
	bool is_new = !file_exists(r->folder);
	return dir_make(r->folder, 0755, e) &&
	       (!is_new || dir_give(r->folder, arena_printf(&r->arena, "%s/..", r->folder).ptr, e)) &&
	       make_folder(r, "online", 0700, e) && make_folder(r, "targets", 0755, e) &&
	       make_folder(r, "pending", 0755, e);
}

bool
tuf_repo_create(const char *folder, const struct tuf_repo_plan *plan, struct err *e)
{
	int64_t now = plan->now;
	const struct clock clock = { plan_now, &now };
	TUF_REPO_AUTO r = xcalloc(1, sizeof(*r));
	*r = (struct tuf_repo){ .folder = folder, .clock = &clock, .lock = -1 };
	if (!signers_check("root", &plan->root, e) || !signers_check("targets", &plan->targets, e) ||
	    (plan->catalog.count && !signers_check("catalog", &plan->catalog, e)) ||
	    (plan->custom.count && !signers_check("custom", &plan->custom, e)))
		return false;
	if (file_exists(repo_path(r, "pending", STR(""))))
		return err_set(e, ERR_CONFLICT,
			       "%s is a repository already; its keys are changed with: mamori key rotate", folder);
	return make_folders(r, e) && make_root(r, plan, e) && make_delegations(r, plan, e) && tuf_repo_save(r, e);
}
