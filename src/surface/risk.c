#include "surface/risk-internal.h"

#include "trust/key.h"

#include <stdlib.h>

const char *
risk_severity_name(enum severity_of_risk s)
{
	static const char *const names[] = { "info", "low", "medium", "high", "critical" };
	return names[s];
}

const char *
risk_advice_name(enum advice a)
{
	static const char *const names[] = { "remove", "close", "configure", "patch", "assess" };
	return names[a];
}

struct risk *
risk_add(struct risk_search *s, const struct risk_rule *rule, const struct node *n, const struct edge *e,
	 struct str detail)
{
	struct risks *r = s->out;
	for (size_t i = r->list.count; i-- > 0 && r->list.items[i].node == n->id;)
		if (r->list.items[i].rule == rule && str_eq(r->list.items[i].detail, detail))
			return NULL;
	struct risk *new = ARRAY_PUSH(r->arena, &r->list);
	*new = (struct risk){
		.rule = rule,
		.node = n->id,
		.edge = e ? (uint32_t)(e - s->g->edges) : GRAPH_NONE,
		.detail = arena_str(r->arena, detail),
	};
	return new;
}

static char
lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool
is_letter(char c)
{
	return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool
holds(struct str text, struct str word, bool begins)
{
	for (size_t i = 0; word.len && i + word.len <= text.len; i++) {
		size_t k = 0;
		if (begins && i > 0 && is_letter(text.ptr[i - 1]))
			continue;
		while (k < word.len && lower(text.ptr[i + k]) == word.ptr[k])
			k++;
		if (k == word.len)
			return true;
	}
	return false;
}

static bool
any(struct str text, const char *words, bool begins)
{
	struct str rest = str_of(words), one;
	while (str_cut(&rest, '|', &one))
		if (holds(text, one, begins))
			return true;
	return false;
}

bool
risk_word(struct str text, const char *words)
{
	return any(text, words, false);
}

bool
risk_word_begins(struct str text, const char *words)
{
	return any(text, words, true);
}

struct str
risk_without_number(struct str label)
{
	while (label.len && label.ptr[label.len - 1] >= '0' && label.ptr[label.len - 1] <= '9')
		label.len--;
	return label;
}

struct order {
	struct risk risk;
	const struct node *node;
};

static int
by_severity(const void *a, const void *b)
{
	const struct order *x = a, *y = b;
	if (x->risk.rule->severity != y->risk.rule->severity)
		return x->risk.rule->severity > y->risk.rule->severity ? -1 : 1;
	int c = str_cmp(str_of(x->risk.rule->id), str_of(y->risk.rule->id));
	c = c ? c : str_cmp(x->node->name, y->node->name);
	return c ? c : str_cmp(x->risk.detail, y->risk.detail);
}

static void
sort(const struct graph *g, struct risks *r)
{
	struct order *all = xcalloc(r->list.count + 1, sizeof(*all));
	for (size_t i = 0; i < r->list.count; i++)
		all[i] = (struct order){ r->list.items[i], graph_at(g, r->list.items[i].node) };
	qsort(all, r->list.count, sizeof(*all), by_severity);
	for (size_t i = 0; i < r->list.count; i++)
		r->list.items[i] = all[i].risk;
	free(all);
}

struct str
risk_rules_version(struct arena *a)
{
	BUF_AUTO text = { 0 };
	char hex[SHA256_HEX_LEN];
	for (unsigned i = RULE_SEED; i < RULES; i++) {
		const struct own_rule_row *row = own_rule_row(i);
		buf_addf(&text, "%s %d %.4f\n", row->name, (int)row->class, row->weight);
	}
	buf_addf(&text, "%.4f %.4f %.4f\n", OWN_ENOUGH, OWN_LIKELY, OWN_LIKE);
	sha256_hex(buf_str(&text), hex);
	return arena_printf(a, "mamori %s, %.12s", MAMORI_VERSION, hex);
}

void
risk_find(const struct graph *g, const struct risk_options *o, struct risks *out)
{
	struct risk_search s = { .g = g, .o = o, .out = out };
	for (size_t i = 0; i < g->count; i++) {
		const struct node *n = g->nodes[i];
		if (n->own != OWN_APPROVED)
			continue;
		if (n->is == THING_SERVICE)
			risk_service(&s, n);
		if (n->is == THING_ADDRESS)
			risk_address(&s, n);
		if (n->is == THING_NAME || n->is == THING_DOMAIN)
			risk_name(&s, n);
		if (n->is == THING_DOMAIN)
			risk_domain(&s, n);
	}
	sort(g, out);
}
