/* /vendor/TOKEN: a vendor's people answer without an account and without a script; the link works until it is used or its
 * deadline is over. */
#include "server/html.h"
#include "server/policies.h"
#include "server/vendors.h"

enum { QUESTIONS_MAX = 500, NOTE_BYTES = 500 };

static bool
link_find(struct request *r, struct vendor_link *l)
{
	char hash[SHA256_HEX_LEN];
	struct err ignored = { 0 };
	sha256_hex(r->argument, hash);
	bool ok = vendor_link_get(r->st, &r->arena, arena_str(&r->arena, str_of(hash)), l, &ignored) && !l->used_at &&
		  l->expires > r->now;
	if (!ok)
		html_say(r, 404, tr("This link does not work"),
			 str_of(tr("It was used already, or its deadline is over. Ask the hospital for a new one.")));
	return ok;
}

static void
choice_write(struct request *r, size_t i, const char *value, const char *label)
{
	html_raw(r, "<label><input type=\"radio\" name=\"a");
	html_text(r, arena_printf(&r->arena, "%zu", i));
	html_raw(r, "\" value=\"");
	html_text(r, str_of(value));
	html_raw(r, "\"> ");
	html_text(r, str_of(label));
	html_raw(r, "</label> ");
}

static void
question_write(struct request *r, size_t i, const struct vendor_answer_row *q)
{
	struct str number = arena_printf(&r->arena, "%zu", i);
	html_raw(r, "<tr><td>");
	html_text(r, q->title.ptr ? q->title : q->patch);
	html_raw(r, "<br><small>");
	html_text(r, q->patch);
	html_raw(r, "</small></td><td>");
	html_text(r, str_of(q->security ? tr("security") : tr("other")));
	html_raw(r, "</td><td><input type=\"hidden\" name=\"p");
	html_text(r, number);
	html_raw(r, "\" value=\"");
	html_text(r, q->patch);
	html_raw(r, "\">");
	choice_write(r, i, "validated", tr("validated"));
	choice_write(r, i, "forbidden", tr("forbidden"));
	html_raw(r, "</td><td><input name=\"n");
	html_text(r, number);
	html_raw(r, "\" maxlength=\"200\"></td></tr>\n");
}

static bool
questions(struct request *r, struct str vendor, struct vendor_answer_row **rows, size_t *count, struct err *e)
{
	struct page page = { .limit = QUESTIONS_MAX };
	struct vendor_answer_filter f = { .vendor = vendor, .answer = STR("unknown") };
	return vendor_answers(r->st, &r->arena, &f, &page, rows, count, e);
}

bool
vendor_page(struct request *r, struct err *e)
{
	struct vendor_link l;
	struct vendor_answer_row *rows;
	size_t count;
	char when[TIME_RFC3339_MAX];
	if (!link_find(r, &l))
		return true;
	if (!questions(r, l.vendor, &rows, &count, e))
		return false;
	html_begin(r, tr("Which updates may be installed?"));
	html_raw(r, "<p>");
	html_text(r, arena_printf(
			     &r->arena,
			     tr("For %.*s. Please answer by %s; this page can be sent once. What you leave open stays "
				"unanswered."),
			     STR_ARG(l.vendor), time_local(l.expires, when)));
	html_raw(r, "</p>\n<form method=\"post\"><table><tr><th>");
	html_text(r, str_of(tr("Update")));
	html_raw(r, "</th><th>");
	html_text(r, str_of(tr("Kind")));
	html_raw(r, "</th><th>");
	html_text(r, str_of(tr("Answer")));
	html_raw(r, "</th><th>");
	html_text(r, str_of(tr("Note")));
	html_raw(r, "</th></tr>\n");
	for (size_t i = 0; i < count; i++)
		question_write(r, i, &rows[i]);
	html_raw(r, "</table><p><button>");
	html_text(r, str_of(tr("Send")));
	html_raw(r, "</button></p></form>");
	html_end(r);
	return true;
}

/* Only what was asked of this vendor. */
static bool
asked(const struct vendor_answer_row *rows, size_t count, struct str patch)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(rows[i].patch, patch))
			return true;
	return false;
}

/* The answer that field number i of the form gives; false: it was left open, or was never asked. */
static bool
answer_of(struct request *r, size_t i, const struct vendor_answer_row *rows, size_t count, struct str *patch,
	  struct str *answer)
{
	struct arena *a = &r->arena;
	*patch = form_get(a, r->body, arena_printf(a, "p%zu", i).ptr, 400);
	*answer = form_get(a, r->body, arena_printf(a, "a%zu", i).ptr, 20);
	return vendor_word_known(*answer) && !str_eq(*answer, STR("unknown")) && asked(rows, count, *patch);
}

static bool
answers_take(struct request *r, const struct vendor_link *l, const struct vendor_answer_row *rows, size_t count,
	     size_t *kept, struct err *e)
{
	struct str patch, answer;
	for (size_t i = 0; i < count; i++) {
		struct arena *a = &r->arena;
		bool answered = answer_of(r, i, rows, count, &patch, &answer);
		if (!patch.len)
			break;
		if (!answered)
			continue;
		struct str note = form_get(a, r->body, arena_printf(a, "n%zu", i).ptr, NOTE_BYTES);
		if (!vendor_answer_keep(r, l->vendor, patch, answer, note, r->user, e))
			return false;
		(*kept)++;
	}
	return true;
}

bool
vendor_page_post(struct request *r, struct err *e)
{
	struct vendor_link l;
	struct vendor_answer_row *rows;
	size_t count, kept = 0;
	if (!link_find(r, &l))
		return true;
	r->user = arena_printf(&r->arena, "vendor %.*s", STR_ARG(l.vendor));
	if (!questions(r, l.vendor, &rows, &count, e) || !answers_take(r, &l, rows, count, &kept, e))
		return false;
	/* A button pressed too early must not cost the vendor the link. */
	if (kept == 0) {
		html_say(r, 400, tr("Nothing was answered"),
			 str_of(tr("Go back and answer at least one update; the link still works.")));
		return true;
	}
	if (!vendor_link_take(r->st, l.hash, r->now, e))
		return false;
	html_say(r, 200, tr("Thank you"), arena_printf(&r->arena, tr("%zu answers were taken over."), kept));
	return true;
}
