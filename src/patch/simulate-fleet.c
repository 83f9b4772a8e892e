/* A hospital's fleet: its policies, groups, rings, pairs and server systems. */
#include "patch/simulate-internal.h"

/* What the built-in policies with an emergency do at once. */
#define MITIGATIONS ",\"mitigations\":[{\"patch\":\"source-*\",\"stop-service\":[\"files\"]}]"

enum { POLICIES_MAX = 64, HOSTS_MAX = 200000, DAYS_MAX = 398 };

/* What each group of the built-in hospital is: its policy as people write it, and its share of the hosts. */
static const struct {
	const char *policy;
	unsigned share; /* of 100 */
} groups[] = {
	{ "{\"policy\":\"ward-pc\",\"approve\":[{\"known-exploited\":true,\"after\":\"0d\"},{\"classification\":"
	  "\"security\","
	  "\"severity\":[\"critical\",\"high\"],\"after\":\"3d\"},{\"classification\":\"security\",\"after\":\"7d\"},"
	  "{\"classification\":\"feature\",\"never\":true}],"
	  "\"install\":{\"windows\":[{\"name\":\"night\",\"weekly\":[\"tue\",\"thu\"],\"at\":\"22:00\",\"for\":\"4h\","
	  "\"cutoff\":\"1h\",\"ready-by\":\"07:30\"}],\"spread\":\"30m\",\"idle-first\":\"10m\",\"while-running\":{"
	  "\"wait\":"
	  "[\"viewer.exe\"],\"up-to\":\"2h\",\"then\":\"skip\",\"skips\":2,\"afterwards\":\"proceed\"},\"passes\":{"
	  "\"until-clean\":true,\"max-reboots\":3}},\"reboot\":{\"mode\":\"if-needed\",\"unit\":\"atomic\",\"logged-"
	  "on\":"
	  "\"when-idle\"},\"rings\":[{\"name\":\"pilot\",\"tags\":[\"pilot\"],\"soak\":\"1d\",\"min-success\":0.6},"
	  "{\"name\":\"rest\",\"max-at-once\":\"40%\",\"error-stop\":12}],\"emergency\":{\"when\":[\"known-exploited\","
	  "\"exposed\"],\"within\":\"38m\"" MITIGATIONS ",\"reboot\":\"ward-consents\"}}",
	  40 },
	{ "{\"policy\":\"outpatient\",\"approve\":[{\"classification\":\"security\",\"after\":\"2d\"},{"
	  "\"classification\":"
	  "\"feature\",\"never\":true}],\"install\":{\"windows\":[{\"name\":\"morning\",\"weekly\":[\"mon\",\"wed\","
	  "\"sat\"],"
	  "\"at\":\"05:30\",\"for\":\"2h\",\"cutoff\":\"30m\"}],\"missed\":{\"asap\":{\"within\":\"2d\",\"reboot\":"
	  "false}},"
	  "\"spread\":\"20m\"},\"reboot\":{\"mode\":\"prompt\",\"prompt\":{\"defer\":3,\"every\":\"1h\",\"deadline\":"
	  "\"24h\"}},"
	  "\"rings\":[{\"name\":\"pilot\",\"tags\":[\"pilot\"],\"soak\":\"12h\",\"min-success\":0.5},{\"name\":"
	  "\"rest\","
	  "\"error-stop\":20}],\"emergency\":{\"when\":[\"known-exploited\",\"exposed\"],\"within\":\"38m\"" MITIGATIONS
	  ",\"reboot\":"
	  "\"never\"}}",
	  25 },
	{ "{\"policy\":\"emr-pc\",\"approve\":[{\"classification\":\"security\",\"after\":\"1d\"}],\"vendor-"
	  "validation\":{"
	  "\"unknown\":{\"wait\":\"14d\",\"then\":\"apply-to-pilot\"},\"forbidden\":\"never\"},\"install\":{"
	  "\"windows\":[{"
	  "\"name\":\"closed\",\"nth\":[1,3,5],\"weekday\":[\"sun\"],\"at\":\"01:00\",\"for\":\"5h\",\"cutoff\":\"1h\"}"
	  ",{"
	  "\"name\":\"midweek\",\"weekly\":[\"wed\"],\"at\":\"23:00\",\"for\":\"3h\"}],\"missed\":\"next-window\","
	  "\"spread\":"
	  "\"1h\"},\"reboot\":{\"mode\":\"if-needed\",\"unit\":\"atomic\"},\"redundancy\":{\"groups\":true},\"rings\":["
	  "{"
	  "\"name\":\"pilot\",\"tags\":[\"pilot\"],\"soak\":\"2d\",\"min-success\":0.6},{\"name\":\"rest\",\"max-at-"
	  "once\":"
	  "\"60%\",\"error-stop\":8}],\"emergency\":{\"when\":[\"known-exploited\",\"exposed\"],\"within\":"
	  "\"38m\"" MITIGATIONS ","
	  "\"reboot\":"
	  "\"ward-consents\"}}",
	  15 },
	{ "{\"policy\":\"kiosk\",\"approve\":[{\"classification\":\"any\",\"after\":\"0d\"}],\"install\":{\"windows\":["
	  "{"
	  "\"name\":\"any-day\",\"weekly\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\",\"sun\"],\"at\":\"02:00\","
	  "\"for\":"
	  "\"90m\"}],\"missed\":{\"asap\":{\"within\":\"20h\",\"reboot\":true}},\"spread\":\"45m\"},\"reboot\":{"
	  "\"mode\":"
	  "\"always\"},\"notice\":\"0s\"}",
	  10 },
	{ "{\"policy\":\"server\",\"approve\":[{\"known-exploited\":true,\"after\":\"0d\"},{\"classification\":"
	  "\"security\","
	  "\"after\":\"4d\"}],\"install\":{\"windows\":[{\"name\":\"inspection\",\"patch-tuesday\":\"+5d\",\"at\":\"01:"
	  "00\","
	  "\"for\":\"6h\",\"cutoff\":\"1h\"},{\"name\":\"sunday\",\"weekly\":[\"sun\"],\"at\":\"03:00\",\"for\":\"4h\"}"
	  "],"
	  "\"missed\":\"skip\"},\"redundancy\":{\"groups\":true},\"reboot\":{\"mode\":\"if-needed\",\"windows\":[{"
	  "\"name\":"
	  "\"reboots\",\"weekly\":[\"mon\"],\"at\":\"04:00\",\"for\":\"2h\"}]},\"scripts\":{\"pre\":\"check.sh\","
	  "\"post\":"
	  "\"verify.sh\"}}",
	  7 },
	{ "{\"policy\":\"emr-server\",\"approve\":[{\"classification\":\"security\",\"after\":\"4d\"}],\"install\":{"
	  "\"windows\":[{"
	  "\"name\":\"maintenance\",\"weekly\":[\"sat\"],\"at\":\"00:30\",\"for\":\"5h\"}]},\"reboot\":{\"unit\":"
	  "\"atomic\"},"
	  "\"steps\":[{\"group\":\"app\",\"do\":\"stop-service\",\"service\":\"emr\"},{\"group\":\"db\",\"do\":"
	  "\"patch\"},{"
	  "\"group\":\"app\",\"do\":\"patch\"}]}",
	  3 },
};

static bool
policies_read(struct sim *m, struct err *e)
{
	struct policy *p;

	if (m->o->policy_count) {
		m->policies = m->o->policies;
		m->policy_count = m->o->policy_count;
		return true;
	}
	m->policies = p = ARENA_ARRAY(&m->memory, struct policy, COUNT(groups));
	m->policy_count = COUNT(groups);
	for (size_t i = 0; i < COUNT(groups); i++) {
		struct json *j;
		if (!json_parse(&m->memory, str_of(groups[i].policy), NULL, &j, e) ||
		    !policy_from_json(&m->memory, j, &p[i], e))
			return err_wrap(e, "policy %zu of the built-in fleet", i + 1);
	}
	return true;
}

static unsigned
policy_of(const struct sim *m, size_t host)
{
	/* In an emergency only those that have a rule for it: the first three. */
	unsigned at = (unsigned)(host * (m->o->emergency ? 80 : 100) / m->host_count), sum = 0;

	if (m->o->policy_count)
		return (unsigned)(host % m->o->policy_count);
	for (unsigned i = 0; i < COUNT(groups); i++) {
		sum += groups[i].share;
		if (at < sum)
			return i;
	}
	return COUNT(groups) - 1;
}

static unsigned
channel_of(struct sim *m, unsigned policy, unsigned ring, unsigned system)
{
	for (unsigned i = 0; i < m->channels.count; i++) {
		const struct sim_channel *c = &m->channels.items[i];
		if (c->policy == policy && c->ring == ring && c->system == system)
			return i;
	}
	*ARRAY_PUSH(&m->memory, &m->channels) =
		(struct sim_channel){ .policy = policy, .ring = ring, .system = system, .serial = 1 };
	return (unsigned)m->channels.count - 1;
}

static void
host_ring(struct sim *m, struct sim_host *h)
{
	const struct policy *p = &m->policies[h->policy];
	struct policy_subject s = { .id = h->name, .name = h->name };

	/* Every twentieth host tries first. */
	if (h->id % 20 < 2 && p->rings.count) {
		s.tags = p->rings.items[0].tags;
		s.groups = p->rings.items[0].groups;
		s.group = s.groups.items.count ? s.groups.items.items[0] : STR_NONE;
	}
	h->ring = (unsigned)ring_of(p, &s);
	h->channel = channel_of(m, h->policy, h->ring, h->system);
	m->channels.items[h->channel].hosts++;
	m->ring_hosts[h->policy * POLICY_RINGS_MAX + h->ring]++;
}

static void
directive_first(struct sim *m, struct sim_host *h)
{
	struct directive *d = &h->d;

	d->host = h->name;
	d->serial = 0;
	d->policy = m->policies[h->policy];
	d->leases.items = h->leases;
	d->zones = (struct zone *)m->o->zones;
	d->zone_count = m->o->zone_count;
	if (m->o->lists)
		d->lists = *m->o->lists;
	d->issued = m->start;
	d->expires = m->start + d->policy.offline_for;
	d->lease_needed = lease_needed(&d->policy, h->ring, h->pair);
	d->paired = d->policy.redundancy && h->pair.len > 0;
}

static void
host_make(struct sim *m, size_t i)
{
	struct sim_host *h = &m->hosts[i];
	const struct policy *p;

	h->id = i;
	h->name = arena_printf(&m->memory, "host-%05zu", i);
	h->boot = STR("boot-0");
	h->policy = policy_of(m, i);
	p = &m->policies[h->policy];
	h->system = i % 3 == 0;
	h->model = (unsigned)(sim_dice(m, i, 7, 7) % SIMULATE_MODELS);
	m->out->models[h->model].hosts++;
	h->set = h->partner = SIZE_MAX;
	h->on = h->net = true;
	for (unsigned k = 0; k < SIM_SOURCES; k++)
		h->known[k] = h->installed[k] = h->counted[k] = 0;
	if (p->redundancy)
		h->pair = arena_printf(&m->memory, "pair-%u-%05zu", h->policy, i / 2);
	host_ring(m, h);
	directive_first(m, h);
}

static void
pairs_make(struct sim *m)
{
	for (size_t i = 0; i < m->host_count; i++) {
		size_t other = i ^ 1;
		if (m->hosts[i].pair.len && other < m->host_count && str_eq(m->hosts[i].pair, m->hosts[other].pair))
			m->hosts[i].partner = other;
	}
}

/* Applications stopped, the database patched, then the applications: the server system that is simulated. */
static bool
steps_fit(const struct policy *p)
{
	const struct policy_step *s = p->steps.items;

	return p->steps.count == 3 && s[0].what == STEP_STOP_SERVICE && s[1].what == STEP_PATCH &&
	       s[2].what == STEP_PATCH && str_eq(s[0].group, s[2].group) && !str_eq(s[0].group, s[1].group);
}

/* Three neighbours of a policy with such steps are a server system. */
static void
sets_make(struct sim *m)
{
	for (size_t i = 0; i < m->policy_count; i++)
		m->out->steps_left_out += m->policies[i].steps.count > 0 && !steps_fit(&m->policies[i]);
	for (size_t i = 0; i + 2 < m->host_count; i++) {
		unsigned p = m->hosts[i].policy;
		if (!steps_fit(&m->policies[p]) || m->hosts[i].set != SIZE_MAX || m->hosts[i + 2].policy != p)
			continue;
		for (size_t k = i; k < i + 3; k++) {
			struct sim_host *h = &m->hosts[k];
			h->set = m->sets.count;
			/* They are stopped together: none of them stands for another. */
			h->pair = STR_NONE;
			h->d.lease_needed = lease_needed(&h->d.policy, h->ring, h->pair);
			h->d.paired = false;
		}
		m->hosts[i + 2].database = true;
		*ARRAY_PUSH(&m->memory, &m->sets) = (struct sim_set){ { i, i + 1 }, i + 2, 0 };
	}
}

/* What people do to a policy: an hour later, a longer cutoff, scripts before and after (or no longer). */
static void
policy_edit(struct sim *m, const struct policy *from, struct policy *to)
{
	size_t n = from->install.windows.count;

	*to = *from;
	to->scripts.pre = from->scripts.pre.len ? STR_NONE : STR("check.sh");
	to->scripts.post = from->scripts.post.len ? STR_NONE : STR("verify.sh");
	to->install.windows.items = ARENA_ARRAY(&m->memory, struct window, n);
	for (size_t i = 0; i < n; i++) {
		struct window *w = &to->install.windows.items[i];
		*w = from->install.windows.items[i];
		w->at += w->at + 60 < 24 * 60 ? 60 : -60;
		if (w->cutoff + SIM_HOUR < w->length)
			w->cutoff += SIM_HOUR / 4;
	}
}

/* Where there is time enough for what these are to show. */
static void
disturbances_plan(struct sim *m)
{
	struct policy *edited;

	if (m->o->emergency || m->o->days < 14)
		return;
	m->edited = edited = ARENA_ARRAY(&m->memory, struct policy, m->policy_count);
	for (size_t i = 0; i < m->policy_count; i++)
		policy_edit(m, &m->policies[i], &edited[i]);
	/* On a Tuesday late in the evening, while slots run. */
	m->edit_at = m->start + (int64_t)(m->o->days / 14 * 7 + 1) * SIM_DAY + 45 * SIM_HOUR / 2;
	m->relay_at = m->start + (int64_t)(m->o->days / 4) * SIM_DAY;
	sim_event(m, m->edit_at, 0, SIM_EDIT, 0);
}

bool
sim_behind_lost_relay(const struct sim_host *h)
{
	enum { HOSTS_OF_A_RELAY = 50 };

	return h->id / HOSTS_OF_A_RELAY % 5 == 2;
}

bool
sim_fleet(struct sim *m, struct err *e)
{
	if (m->o->hosts == 0 || m->o->hosts > HOSTS_MAX || m->o->days == 0 || m->o->days > DAYS_MAX)
		return err_set(e, ERR_USAGE, "a simulation takes 1 to %d hosts and 1 to %d days", HOSTS_MAX, DAYS_MAX);
	if (m->o->policy_count > POLICIES_MAX)
		return err_set(e, ERR_USAGE, "a simulation takes at most %d policies", POLICIES_MAX);
	if (!policies_read(m, e))
		return false;
	m->host_count = m->o->hosts;
	m->hosts = ARENA_ARRAY(&m->memory, struct sim_host, m->host_count);
	m->ring_hosts = ARENA_ARRAY(&m->memory, unsigned, m->policy_count *POLICY_RINGS_MAX);
	m->lines = ARENA_ARRAY(&m->memory, struct sim_line, m->policy_count * SIM_PATCHES_MAX);
	m->delays = ARENA_ARRAY(&m->memory, uint64_t, m->policy_count * SIM_DELAYS);
	m->emergency_done = ARENA_ARRAY(&m->memory, int64_t, m->host_count);
	for (size_t i = 0; i < m->policy_count; i++)
		*ARRAY_PUSH(m->a, &m->out->groups) =
			(struct simulate_group){ .name = arena_str(m->a, m->policies[i].name) };
	for (size_t i = 0; i < m->host_count; i++) {
		host_make(m, i);
		m->out->groups.items[m->hosts[i].policy].hosts++;
	}
	sets_make(m);
	pairs_make(m);
	disturbances_plan(m);
	/* The first contacts are spread as check-ins are. */
	for (size_t i = 0; i < m->host_count; i++) {
		int64_t phase = (int64_t)(sim_dice(m, i, 1, 1) % (uint64_t)(SIM_CHECK_IN_MINUTES * SIM_MINUTE));
		sim_event(m, m->start + phase, i, SIM_CONTACT, 0);
		sim_event(m, m->start + 6 * SIM_HOUR + phase, i, SIM_DAILY, 0);
	}
	return true;
}
