/* A run as a graph for yEd and Gephi (evidence/surface-report.h). A run's file holds a path for each asset, from a seed to it;
 * the graph is what these paths share. Keys "label", "r", "g", "b" are what Gephi looks for; yEd draws from y:ShapeNode. */
#include "evidence/markup.h"
#include "evidence/surface-study.h"

enum { LABEL_MAX = 200 };

struct graph_writer {
	const struct surface_model *m;
	struct arena a;
	struct buf *out;
	struct table nodes, edges; /* kind and name → number plus one; from, to and rule */
};

static int32_t
color_of(enum ownership own)
{
	static const int32_t colors[OWNERSHIPS] = {
		[OWN_UNKNOWN] = COLOR_WHITE,  [OWN_APPROVED] = COLOR_GREEN, [OWN_CANDIDATE] = COLOR_ORANGE,
		[OWN_DEPENDENCY] = COLOR_SKY, [OWN_MONITOR] = COLOR_GREY,   [OWN_EXCLUDED] = COLOR_LINE,
	};
	return colors[own];
}

static void
data_put(struct graph_writer *g, const char *key, struct str text)
{
	if (text.len == 0)
		return;
	buf_addf(g->out, "<data key=\"%s\">", key);
	markup_text(g->out, report_clean(&g->a, text, 400));
	buf_addf(g->out, "</data>");
}

static void
node_write(struct graph_writer *g, size_t id, struct str kind, struct str name)
{
	const struct surface_asset *asset = surface_asset_find(g->m, kind, name);
	enum ownership own = asset ? asset->own : OWN_UNKNOWN;
	int32_t color = color_of(own);
	struct str label = report_clean(&g->a, asset ? asset->shown : name, LABEL_MAX);
	buf_addf(g->out, "<node id=\"n%zu\">", id);
	data_put(g, "label", label);
	data_put(g, "kind", kind);
	data_put(g, "name", report_clean(&g->a, name, 300));
	data_put(g, "ownership", str_of(ownership_name(own)));
	data_put(g, "confidence", arena_printf(&g->a, "%.2f", asset ? asset->confidence : 0.0));
	data_put(g, "unit", asset ? g->m->units.items[asset->unit].label : STR(""));
	buf_addf(g->out, "<data key=\"r\">%d</data><data key=\"g\">%d</data><data key=\"b\">%d</data>",
		 (int)(color >> 16 & 255), (int)(color >> 8 & 255), (int)(color & 255));
	buf_addf(g->out,
		 "<data key=\"shape\"><y:ShapeNode><y:Geometry height=\"26\" width=\"%d\"/><y:Fill color=\"#%06x\"/>"
		 "<y:NodeLabel>",
		 (int)(drawing_text_width(label, 12) + 20), (unsigned)color);
	markup_text(g->out, label);
	buf_addf(g->out, "</y:NodeLabel><y:Shape type=\"roundrectangle\"/></y:ShapeNode></data></node>\n");
}

/* Its number; made where it is not there yet. */
static size_t
node_of(struct graph_writer *g, struct str kind, struct str name)
{
	bool added;
	struct str key = arena_printf(&g->a, "%.*s %.*s", STR_ARG(kind), STR_ARG(name));
	void **place = table_put(&g->nodes, key, &added);
	if (added) {
		*place = (void *)(uintptr_t)g->nodes.count;
		node_write(g, g->nodes.count, kind, name);
	}
	return (size_t)(uintptr_t)*place;
}

/* Runs from before the kind was kept: a thing of that name which is an asset, or else nothing is known of it. */
static struct str
kind_of(const struct graph_writer *g, const struct json *step)
{
	static const char *const kinds[] = {
		"domain", "host", "organisation", "address", "network", "certificate", "as"
	};
	struct str told = json_get_str(step, "from_kind"), name = json_get_str(step, "from");
	if (told.len)
		return told;
	for (size_t k = 0; k < COUNT(kinds); k++)
		if (surface_asset_find(g->m, str_of(kinds[k]), name))
			return str_of(kinds[k]);
	return STR("unknown");
}

static void
edge_write(struct graph_writer *g, size_t from, size_t to, const struct json *step)
{
	bool added;
	struct str rule = json_get_str(step, "rule");
	struct str key = arena_printf(&g->a, "%zu %zu %.*s", from, to, STR_ARG(rule));
	(void)table_put(&g->edges, key, &added);
	if (!added)
		return;
	buf_addf(g->out, "<edge id=\"e%zu\" source=\"n%zu\" target=\"n%zu\">", g->edges.count, from, to);
	data_put(g, "edgelabel", rule);
	data_put(g, "rule", rule);
	data_put(g, "source", json_get_str(step, "source"));
	/* In one owner's graph not: whom we ask is nobody else's business. */
	if (!g->m->narrowed)
		data_put(g, "asked", json_get_str(step, "asked"));
	data_put(g, "seen", json_get_str(step, "seen"));
	data_put(g, "evidence", json_get_str(step, "evidence"));
	buf_addf(g->out, "</edge>\n");
}

/* Twice over all paths: nodes first, then edges, as some readers want it. */
static void
paths_walk(struct graph_writer *g, bool edges)
{
	for (size_t i = 0; i < g->m->assets.count; i++) {
		ARENA_AUTO a = { 0 };
		const struct surface_asset *asset = &g->m->assets.items[i];
		struct err e = { 0 };
		struct json *tree;
		size_t steps;
		if (!json_parse(&a, asset->line, NULL, &tree, &e))
			continue;
		const struct json *path = json_get_array(tree, "path", &steps);
		size_t self = node_of(g, asset->kind, asset->name), to = self;
		for (size_t k = steps; k-- > 0;) {
			if (json_get_str(&path[k], "from").len == 0)
				continue;
			struct str name = report_clean(&a, json_get_str(&path[k], "from"), 300);
			size_t from = node_of(g, kind_of(g, &path[k]), name);
			if (edges)
				edge_write(g, from, to, &path[k]);
			to = from;
		}
	}
}

static void
keys_write(struct buf *out)
{
	static const struct {
		const char *of, *name, *type;
	} keys[] = {
		{ "node", "label", "string" },
		{ "node", "kind", "string" },
		{ "node", "name", "string" },
		{ "node", "ownership", "string" },
		{ "node", "confidence", "double" },
		{ "node", "unit", "string" },
		{ "node", "r", "int" },
		{ "node", "g", "int" },
		{ "node", "b", "int" },
		{ "edge", "edgelabel", "string" },
		{ "edge", "rule", "string" },
		{ "edge", "source", "string" },
		{ "edge", "asked", "string" },
		{ "edge", "seen", "string" },
		{ "edge", "evidence", "string" },
	};
	for (size_t i = 0; i < COUNT(keys); i++)
		buf_addf(out, "<key id=\"%s\" for=\"%s\" attr.name=\"%s\" attr.type=\"%s\"/>\n", keys[i].name,
			 keys[i].of, keys[i].name, keys[i].type);
	buf_addf(out, "<key id=\"shape\" for=\"node\" yfiles.type=\"nodegraphics\"/>\n");
}

void
surface_graphml(const struct surface_model *m, struct buf *out)
{
	struct graph_writer g = { .m = m, .out = out };
	buf_addf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" "
		      "xmlns:y=\"http://www.yworks.com/xml/graphml\">\n");
	keys_write(out);
	buf_addf(out, "<graph id=\"surface\" edgedefault=\"directed\">\n");
	paths_walk(&g, false);
	paths_walk(&g, true);
	buf_addf(out, "</graph>\n</graphml>\n");
	table_free(&g.nodes);
	table_free(&g.edges);
	arena_free(&g.a);
}
