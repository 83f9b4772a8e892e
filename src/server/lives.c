#include "server/lives.h"

#include "patch/why.h"

bool
lives_open(struct request *r, struct lives *out, struct err *e)
{
	*out = (struct lives){ .r = r };
	return policy_set_load(r->st, &r->arena, r->now, &out->set, e);
}

void
lives_close(struct lives *l)
{
	table_free(&l->hosts);
}

bool
lives_look(struct lives *l, const struct host_patch *p, struct life *out, struct err *e)
{
	struct request *r = l->r;
	struct host_life *h = table_get(&l->hosts, p->host);
	if (!l->set.count || (!h && l->hosts.count >= LIVES_HOSTS)) {
		*out = (struct life){ patch_state_name(p->state), host_patch_why(&r->arena, p, r->interval, r->now),
				      0 };
		return true;
	}
	if (!h) {
		h = ARENA_NEW(&r->arena, struct host_life);
		if (!host_life_make(&l->set, &r->arena, p->host, r->interval, h, e))
			return false;
		*table_put(&l->hosts, p->host, NULL) = h;
	}
	life_of(h, p, out);
	return true;
}

bool
life_keys_write(struct lives *l, const struct host_patch *p, struct err *e)
{
	struct life life;
	if (!lives_look(l, p, &life, e))
		return false;
	json_put_cstr(&l->r->w, "state", life.state);
	json_put_cstr(&l->r->w, "recorded", patch_state_name(p->state));
	json_put_str(&l->r->w, "why", life.why);
	json_put_time(&l->r->w, "next", life.next);
	const struct host_life *h = table_get(&l->hosts, p->host);
	json_key(&l->r->w, "policy");
	json_str_or_null(&l->r->w, h && h->outlook.governed ? h->outlook.policy.policy.name : STR_NONE);
	return true;
}
