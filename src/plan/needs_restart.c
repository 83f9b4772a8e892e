#include "plan/needs_restart.h"

enum unit_rule {
	UNIT_RESTART,
	UNIT_KEEP, /* restarting it ends sessions or the network: only a reboot helps */
	UNIT_OURS, /* the agent itself: its package restarts it */
};

/* The first that fits; * at the end matches the rest. What is not named is restarted. */
static const struct {
	const char *name;
	enum unit_rule rule;
} rules[] = {
	{ "mamori-agent.service", UNIT_OURS },
	{ "dbus.service", UNIT_KEEP },
	{ "dbus-broker.service", UNIT_KEEP },
	{ "systemd-logind.service", UNIT_KEEP },
	{ "elogind.service", UNIT_KEEP },
	{ "display-manager.service", UNIT_KEEP },
	{ "gdm*", UNIT_KEEP },
	{ "lightdm.service", UNIT_KEEP },
	{ "sddm.service", UNIT_KEEP },
	{ "lxdm.service", UNIT_KEEP },
	{ "xdm.service", UNIT_KEEP },
	{ "slim.service", UNIT_KEEP },
	{ "nodm.service", UNIT_KEEP },
	{ "greetd.service", UNIT_KEEP },
	{ "xrdp*", UNIT_KEEP },
	{ "user@*", UNIT_KEEP },
	{ "NetworkManager.service", UNIT_KEEP },
	{ "networking.service", UNIT_KEEP },
	{ "ifup@*", UNIT_KEEP },
	{ "wpa_supplicant*", UNIT_KEEP },
	{ "docker.service", UNIT_KEEP },
	{ "containerd.service", UNIT_KEEP },
	{ "libvirtd.service", UNIT_KEEP },
	{ "qemu*", UNIT_KEEP },
	{ "systemd-machined.service", UNIT_KEEP },
	{ "systemd-nspawn@*", UNIT_KEEP },
	{ "run-*", UNIT_KEEP }, /* somebody's command: it cannot be started again */
};

static enum unit_rule
rule_of(struct str unit)
{
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct str name = str_of(rules[i].name);
		if (str_ends(name, STR("*")) ? str_starts(unit, str_head(name, name.len - 1)) : str_eq(unit, name))
			return rules[i].rule;
	}
	return UNIT_RESTART;
}

static void
unit_add(struct needs_restart *r, struct str unit, struct arena *a)
{
	for (size_t i = 0; i < r->units.count; i++)
		if (str_eq(r->units.items[i], unit))
			return;
	*ARRAY_PUSH(a, &r->units) = unit;
}

static void
signal_add(struct needs_restart *r, const struct stale *s, struct arena *a)
{
	struct str who = s->unit.len > 0 ? s->unit : s->name;
	struct str start = arena_printf(a, "%.*s (", STR_ARG(who));

	for (size_t i = 0; i < r->signals.count; i++)
		if (str_starts(r->signals.items[i], start))
			return;
	*ARRAY_PUSH(a, &r->signals) = arena_printf(a, "%.*s%.*s)", STR_ARG(start), STR_ARG(s->library));
}

void
needs_restart_judge(const struct stale_list *stale, bool (*remote)(const void *user, struct str scope),
		    const void *user, struct arena *a, struct needs_restart *out)
{
	struct needs_restart r = { 0 };
	bool seat = false;

	for (size_t i = 0; i < stale->items.count; i++)
		seat = seat ||
		       (stale->items.items[i].where == STALE_SESSION && !remote(user, stale->items.items[i].unit));
	for (size_t i = 0; i < stale->items.count; i++) {
		const struct stale *s = &stale->items.items[i];
		enum unit_rule rule = s->where == STALE_SERVICE ? rule_of(s->unit) : UNIT_KEEP;
		if (s->where == STALE_INIT)
			r.init = true;
		else if (rule == UNIT_RESTART)
			unit_add(&r, s->unit, a);
		else if (rule == UNIT_OURS || (s->where == STALE_USER_MANAGER && !seat) ||
			 (s->where == STALE_SESSION && remote(user, s->unit)))
			continue;
		else
			signal_add(&r, s, a);
	}
	*out = r;
}
