/* The emergency's rows of the one table: when, how fast, and what is done at once where the update itself must wait. */
#include "plan/policy-types.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/time.h"
#include "base/tr.h"
#include "plan/mitigate.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)

/* ---- mitigations ---- */

static bool
too_many(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, size_t count)
{
	if (count <= MITIGATION_ACTS_MAX)
		return false;
	return !policy_wrong(r, n, tr("“%s” has more than %d entries; divide the row"), f->key, MITIGATION_ACTS_MAX);
}

/* smbd or smbd.service: whatever systemctl takes for one unit and nothing else. */
static bool
services_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct str_list list = { 0 };
	const struct policy_node *items;
	size_t count = policy_members(n, &items);

	if (too_many(r, n, f, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct str s;
		if (!policy_scalar(r, &items[i], f->key, &s))
			return false;
		if (!service_name_valid(s))
			return policy_wrong(r, &items[i], tr("“%s” takes names of services such as smbd, not “%.*s”"),
					    f->key, STR_ARG(arena_line(r->a, s, 60)));
		if (str_starts(s, STR("mamori")))
			return policy_wrong(r, &items[i], tr("mamori does not stop itself: take “%.*s” out"),
					    STR_ARG(arena_line(r->a, s, 60)));
		*ARRAY_PUSH(r->a, &list.items) = arena_str(r->a, s);
	}
	*(struct str_list *)at = list;
	return true;
}

static bool
services_there(const struct policy_field *f, const void *at)
{
	return policy_texts.there(f, at);
}

static void
services_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	policy_texts.write(f, at, w);
}

static const struct policy_type type_services = { services_read, services_there, services_write };

/* 22/tcp */
typedef ARRAY_OF(struct mitigation_port) port_list;

static bool
port_parse(struct str s, struct mitigation_port *out)
{
	struct str number, transport;
	uint64_t port;

	if (!str_split(s, '/', &number, &transport) || !str_to_u64(number, &port) || port < 1 || port > UINT16_MAX)
		return false;
	*out = (struct mitigation_port){ (uint16_t)port, str_eq(transport, STR("udp")) };
	return out->udp || str_eq(transport, STR("tcp"));
}

static bool
ports_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	port_list list = { 0 };
	const struct policy_node *items;
	size_t count = policy_members(n, &items);

	if (too_many(r, n, f, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct mitigation_port port;
		struct str s;
		if (!policy_scalar(r, &items[i], f->key, &s))
			return false;
		if (!port_parse(s, &port))
			return policy_wrong(r, &items[i], tr("“%s” takes ports such as 22/tcp or 53/udp, not “%.*s”"),
					    f->key, STR_ARG(arena_line(r->a, s, 60)));
		*ARRAY_PUSH(r->a, &list) = port;
	}
	memcpy(at, &list, sizeof(list));
	return true;
}

static bool
list_there(const struct policy_field *f, const void *at)
{
	port_list list;

	(void)f;
	memcpy(&list, at, sizeof(list));
	return list.count > 0;
}

static void
ports_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	port_list list;
	char text[16];

	(void)f;
	memcpy(&list, at, sizeof(list));
	json_begin_array(w);
	for (size_t i = 0; i < list.count; i++) {
		snprintf(text, sizeof(text), "%u/%s", list.items[i].port, list.items[i].udp ? "udp" : "tcp");
		json_cstr(w, text);
	}
	json_end_array(w);
}

static const struct policy_type type_ports = { ports_read, list_there, ports_write };

/* 10.1.0.0/16; without a slash one address. Bits behind the prefix are dropped. */
typedef ARRAY_OF(struct network) network_list;

static bool
network_parse(struct str s, struct network *out)
{
	struct network n = { 0 };
	struct str address = s, prefix = STR_NONE;
	char text[INET6_ADDRSTRLEN];
	uint64_t bits;

	bool slash = str_split(s, '/', &address, &prefix);
	if (!slash)
		address = s;
	if (address.len == 0 || address.len >= sizeof(text))
		return false;
	memcpy(text, address.ptr, address.len);
	text[address.len] = 0;
	n.v6 = inet_pton(AF_INET, text, n.bytes) != 1;
	if (n.v6 && inet_pton(AF_INET6, text, n.bytes) != 1)
		return false;
	unsigned most = n.v6 ? 128 : 32;
	bits = most;
	if ((slash && !str_to_u64(prefix, &bits)) || bits > most)
		return false;
	for (unsigned i = (unsigned)bits; i < most; i++)
		n.bytes[i / 8] &= (uint8_t) ~(0x80U >> i % 8);
	n.prefix = (uint8_t)bits;
	*out = n;
	return true;
}

void
network_text(const struct network *n, char out[static NETWORK_TEXT_MAX])
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(n->v6 ? AF_INET6 : AF_INET, n->bytes, address, sizeof(address));
	snprintf(out, NETWORK_TEXT_MAX, "%s/%u", address, n->prefix);
}

static bool
networks_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	network_list list = { 0 };
	const struct policy_node *items;
	size_t count = policy_members(n, &items);

	if (too_many(r, n, f, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct network network;
		struct str s;
		if (!policy_scalar(r, &items[i], f->key, &s))
			return false;
		if (!network_parse(s, &network))
			return policy_wrong(r, &items[i], tr("“%s” takes networks such as 10.1.0.0/16, not “%.*s”"),
					    f->key, STR_ARG(arena_line(r->a, s, 60)));
		*ARRAY_PUSH(r->a, &list) = network;
	}
	memcpy(at, &list, sizeof(list));
	return true;
}

static void
networks_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	network_list list;
	char text[NETWORK_TEXT_MAX];

	(void)f;
	memcpy(&list, at, sizeof(list));
	json_begin_array(w);
	for (size_t i = 0; i < list.count; i++) {
		network_text(&list.items[i], text);
		json_cstr(w, text);
	}
	json_end_array(w);
}

const struct policy_type policy_networks = { networks_read, list_there, networks_write };
_Static_assert(sizeof(port_list) == sizeof(((struct mitigation_rule *)0)->close) &&
		       sizeof(network_list) == sizeof(((struct mitigation_rule *)0)->except) &&
		       sizeof(network_list) == sizeof(((struct setting_rules *)0)->rdp_from),
	       "lists of one kind look the same");

enum { KEY_MITIGATION_PATCH = 0 };
static const struct policy_field mitigation_fields[] = {
	{ FIELD("patch", policy_text, struct mitigation_rule, patch) },
	{ FIELD("stop-service", type_services, struct mitigation_rule, stop) },
	{ FIELD("close-port", type_ports, struct mitigation_rule, close) },
	{ FIELD("except", policy_networks, struct mitigation_rule, except) },
	{ FIELD("even-held", policy_flag, struct mitigation_rule, even_held) },
};

static bool
mitigation_finish(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen)
{
	const struct mitigation_rule *rule = at;

	if (!(seen >> KEY_MITIGATION_PATCH & 1) || rule->patch.len == 0)
		return policy_wrong(r, n, tr("a mitigation needs “patch”: the software that it is for, such as samba"));
	if (rule->stop.items.count == 0 && rule->close.count == 0)
		return policy_wrong(r, n, tr("a mitigation needs something to do: “stop-service” or “close-port”"));
	if (rule->except.count > 0 && rule->close.count == 0)
		return policy_wrong(r, n, tr("“except” belongs to close-port"));
	return true;
}

static const struct mitigation_rule mitigation_defaults;
MAP(mitigation_map, struct mitigation_rule, mitigation_fields, .defaults = &mitigation_defaults,
    .finish = mitigation_finish);

/* ---- the section ---- */

/* [known-exploited, exposed, critical, …]; at is the whole section. */
enum { WHEN_EXPLOITED = 8, WHEN_EXPOSED };
static const struct policy_word when_words[] = {
	{ "known-exploited", WHEN_EXPLOITED },
	{ "exposed", WHEN_EXPOSED },
	{ "critical", 4 },
	{ "high", 3 },
	{ "medium", 2 },
	{ "low", 1 },
	{ "unknown", 0 },
	{ NULL, 0 },
};

static bool
when_read(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at)
{
	struct emergency_rules *em = at;
	unsigned bits;

	if (!policy_bits.read(r, n, f, &bits))
		return false;
	em->known_exploited = bits >> WHEN_EXPLOITED & 1;
	em->exposed = bits >> WHEN_EXPOSED & 1;
	em->severities = bits & 0x1f;
	return true;
}

static bool
when_there(const struct policy_field *f, const void *at)
{
	const struct emergency_rules *em = at;

	return em->known_exploited || em->exposed || em->severities;
}

static void
when_write(const struct policy_field *f, const void *at, struct json_writer *w)
{
	const struct emergency_rules *em = at;
	unsigned bits = (em->known_exploited ? 1U << WHEN_EXPLOITED : 0) | (em->exposed ? 1U << WHEN_EXPOSED : 0) |
			em->severities;

	policy_bits.write(f, &bits, w);
}

static const struct policy_type type_when = { when_read, when_there, when_write };

static bool
emergency_finish(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen)
{
	const struct emergency_rules *em = at;

	if (em->mitigations.count > 0 && !em->mitigate_at_once)
		policy_remark_add(r->a, r->remarks, true, n->line, n->column,
				  tr("“mitigate: no” leaves the mitigations out; write mitigate: at-once"));
	if (!when_there(NULL, at))
		return policy_wrong(r, n, tr("an emergency needs “when”, such as when: [known-exploited, exposed]"));
	return true;
}

static const struct policy_word mitigate_words[] = { { "at-once", true }, { "no", false }, { NULL, 0 } };
static const struct policy_word consent_words[] = {
	{ "ward-consents", EMERGENCY_REBOOT_CONSENT },
	{ "never", EMERGENCY_REBOOT_NEVER },
	{ "force", EMERGENCY_REBOOT_FORCE },
	{ NULL, 0 },
};
static const struct policy_field emergency_fields[] = {
	{ .key = "when", .type = &type_when, .more = when_words },
	{ FIELD("within", policy_duration, struct emergency_rules, within), .min = MINUTE_MS, .max = 30 * DAY_MS },
	{ FIELD("mitigate", policy_choice_flag, struct emergency_rules, mitigate_at_once), .more = mitigate_words },
	{ FIELD("mitigations", policy_maps, struct emergency_rules, mitigations), .more = &mitigation_map,
	  .max = MITIGATIONS_MAX },
	{ FIELD("reboot", policy_choice, struct emergency_rules, reboot), .more = consent_words },
};
SHARED_MAP(policy_emergency_map, struct emergency_rules, emergency_fields, .finish = emergency_finish);
