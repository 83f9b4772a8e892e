/* A report as one HTML file that needs nothing else: no script, no address, styles of its own (evidence/html.h). */
#include "evidence/html.h"

#include "base/time.h"
#include "evidence/markup.h"

/* Nothing may be loaded or sent, whatever a banner says. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

static const char styles[] =
	":root{--text:#1b2733;--soft:#5c6b78;--line:#dde3e8;--pale:#f5f7f9;--accent:#0b4f83}"
	"*{box-sizing:border-box}"
	"body{margin:0;background:#e9edf0;color:var(--text);font:15px/1.65 \"Hiragino Sans\",\"Noto Sans JP\","
	"\"Noto Sans CJK JP\",\"Yu Gothic UI\",Meiryo,system-ui,sans-serif;font-variant-numeric:tabular-nums}"
	"main{max-width:960px;margin:24px auto;background:#fff;padding:48px 56px;border-top:6px solid var(--accent)}"
	"h1{font-size:30px;line-height:1.3;margin:0 0 8px}"
	".subtitle{color:var(--soft);margin:0 0 28px}"
	"h2{font-size:21px;margin:44px 0 12px;padding-top:18px;border-top:1px solid var(--line);color:var(--accent)}"
	"h3{font-size:16px;margin:28px 0 8px}"
	"p{margin:0 0 12px}ul{margin:0 0 12px;padding-left:22px}li{margin:0 0 6px}"
	".note{color:var(--soft);font-size:13px}"
	".figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:16px;margin:0 0 24px}"
	".figure{border-left:4px solid var(--accent);background:var(--pale);padding:12px 16px}"
	".figure b{display:block;font-size:26px;line-height:1.25}.figure span{display:block}"
	".figure small{color:var(--soft);display:block;line-height:1.45}"
	".scroll{overflow-x:auto;margin:0 0 18px}"
	"table{border-collapse:collapse;width:100%;font-size:13.5px;line-height:1.45}"
	"caption{text-align:left;font-weight:700;padding:0 0 8px}"
	"th,td{text-align:left;vertical-align:top;padding:6px 10px 6px 0;border-bottom:1px solid var(--line)}"
	"th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--text)}"
	"td.n,th.n{text-align:right;white-space:nowrap}tr.e td{font-weight:700;background:var(--pale)}"
	"td.w,th.w{white-space:nowrap}"
	"td.c{font-family:ui-monospace,\"Noto Sans Mono CJK "
	"JP\",Consolas,monospace;font-size:12px;overflow-wrap:anywhere}"
	"td{overflow-wrap:anywhere}"
	"figure{margin:0 0 22px}figcaption{font-weight:700;margin:0 0 8px}"
	"svg{width:100%;height:auto;display:block;font-family:inherit}"
	"footer{margin-top:40px;border-top:1px solid var(--line);padding-top:12px;color:var(--soft);font-size:12px;"
	"overflow-wrap:anywhere}"
	"@media(max-width:700px){main{padding:28px 18px;margin:0}}"
	"@media print{body{background:#fff}main{margin:0;padding:0;max-width:none;border:0}h2{break-after:avoid}"
	"tr,figure,.figure{break-inside:avoid}@page{size:A4;margin:18mm 16mm}}";

static void
element(struct buf *out, const char *tag, const char *attributes, struct str text)
{
	buf_addf(out, "<%s%s>", tag, attributes);
	markup_text(out, text);
	buf_addf(out, "</%s>\n", tag);
}

static void
write_figures(struct buf *out, const struct block *b)
{
	buf_addf(out, "<div class=\"figures\">\n");
	for (size_t i = 0; i < b->figure_count; i++) {
		const struct key_figure *f = &b->figures[i];
		buf_addf(out, "<div class=\"figure\" style=\"border-color:#%06x\">", (unsigned)f->color);
		element(out, "b", "", f->value);
		element(out, "span", "", f->label);
		element(out, "small", "", f->note);
		buf_addf(out, "</div>\n");
	}
	buf_addf(out, "</div>\n");
}

static const char *
cell_class(const struct grid_column *c)
{
	return c->right ? " class=\"n\"" : c->code ? " class=\"c\"" : c->weight <= 0 ? " class=\"w\"" : "";
}

/* What a stranger wrote keeps its own direction of writing to itself. */
static void
write_cell(struct arena *a, struct buf *out, const struct grid_column *column, const struct cell *c)
{
	buf_addf(out, "<td%s>%s", cell_class(column), c->kind == CELL_TEXT ? "<bdi>" : "");
	markup_text(out, cell_text(a, c));
	buf_addf(out, "%s</td>", c->kind == CELL_TEXT ? "</bdi>" : "");
}

static void
write_table(const struct report *r, struct buf *out, const struct grid *t)
{
	ARENA_AUTO a = { 0 };

	buf_addf(out, "<div class=\"scroll\"><table id=\"table-%u\">\n<caption>", t->number);
	markup_text(out, arena_printf(&a, r->lang == LANG_JA ? "表%u　%.*s" : "Table %u. %.*s", t->number,
				      STR_ARG(t->title)));
	buf_addf(out, "</caption>\n<thead><tr>");
	/* As on paper: those with a weight share the width, the others are as wide as their words. */
	double weights = 0;
	for (size_t i = 0; i < t->column_count; i++)
		weights += t->columns[i].weight;
	for (size_t i = 0; i < t->column_count; i++) {
		const struct grid_column *c = &t->columns[i];
		struct str style = c->right         ? STR(" scope=\"col\" class=\"n\"")
				   : c->weight <= 0 ? STR(" scope=\"col\" class=\"w\"")
						    : arena_printf(&a, " scope=\"col\" style=\"width:%d%%\"",
								   (int)(100 * c->weight / weights));
		element(out, "th", style.ptr, c->title);
	}
	buf_addf(out, "</tr></thead>\n<tbody>\n");
	for (size_t row = 0; row < grid_rows(t); row++) {
		buf_addf(out, "<tr%s>", row < 64 && (t->emphasis >> row & 1) ? " class=\"e\"" : "");
		for (size_t i = 0; i < t->column_count; i++)
			write_cell(&a, out, &t->columns[i], &t->cells.items[row * t->column_count + i]);
		buf_addf(out, "</tr>\n");
	}
	buf_addf(out, "</tbody></table></div>\n");
	if (t->note.len > 0)
		element(out, "p", " class=\"note\"", t->note);
}

static void
write_chart(struct buf *out, const struct chart *c)
{
	ARENA_AUTO a = { 0 };
	const struct drawing *d = chart_draw(&a, c, 500);

	if (!d)
		return;
	buf_addf(out, "<figure>");
	element(out, "figcaption", "", c->title);
	drawing_svg(d, out);
	buf_addf(out, "</figure>\n");
}

static void
write_block(const struct report *r, struct buf *out, const struct block *b)
{
	switch (b->kind) {
	case BLOCK_HEADING:
		element(out, b->level == 1 ? "h2" : "h3", "", b->text);
		return;
	case BLOCK_TEXT:
		element(out, "p", "", b->text);
		return;
	case BLOCK_POINT:
		element(out, "li", "", b->text);
		return;
	case BLOCK_NOTE:
		element(out, "p", " class=\"note\"", b->text);
		return;
	case BLOCK_FIGURES:
		write_figures(out, b);
		return;
	case BLOCK_TABLE:
		write_table(r, out, b->table);
		return;
	case BLOCK_CHART:
		write_chart(out, b->chart);
		return;
	case BLOCK_PAGE:
		return;
	}
}

static void
write_head(const struct report *r, struct buf *out)
{
	char date[TIME_RFC3339_MAX];

	buf_addf(out,
		 "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		 "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"date\" content=\"%s\">\n"
		 "<meta name=\"generator\" content=\"mamori %s\">\n<meta name=\"referrer\" content=\"no-referrer\">\n",
		 r->lang == LANG_JA ? "ja" : "en", POLICY, time_rfc3339(r->date, date), MAMORI_VERSION);
	element(out, "title", "", r->title);
	buf_addf(out, "<style>%s</style>\n</head>\n<body>\n<main>\n", styles);
	element(out, "h1", "", r->title);
	if (r->subtitle.len > 0)
		element(out, "p", " class=\"subtitle\"", r->subtitle);
}

static bool
html_write(const struct report *r, struct buf *out, struct err *e)
{
	bool list = false;

	write_head(r, out);
	for (size_t i = 0; i < r->blocks.count; i++) {
		const struct block *b = &r->blocks.items[i];
		if ((b->kind == BLOCK_POINT) != list)
			buf_addf(out, list ? "</ul>\n" : "<ul>\n");
		list = b->kind == BLOCK_POINT;
		write_block(r, out, b);
	}
	if (list)
		buf_addf(out, "</ul>\n");
	element(out, "footer", "", r->footer);
	buf_addf(out, "</main>\n</body>\n</html>\n");
	return true;
}

const struct report_writer report_html = { "html", html_write };
