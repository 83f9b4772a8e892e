/* The few pages that must work without the dashboard and without a script: written here, escaped always. */
#ifndef MAMORI_SERVER_HTML_H
#define MAMORI_SERVER_HTML_H

#include "server/request.h"

/* Markup that is written in this program. */
#define html_raw(r, literal) buf_add(&(r)->out, STR(literal))
/* Anybody's text, as text or inside a quoted attribute. */
void html_text(struct request *r, struct str s);

/* Head and title; the answer becomes a page under a policy that lets nothing in and nothing out but forms to us. */
void html_begin(struct request *r, const char *title);
void html_end(struct request *r);
/* A page that only says one sentence. */
void html_say(struct request *r, int status, const char *title, struct str sentence);

/* The next field of a form (application/x-www-form-urlencoded), decoded; false at the end. What is not well formed is
 * passed over; values are cut to max bytes at a whole character. */
bool form_next(struct arena *a, struct str *rest, size_t max, struct str *name, struct str *value);
struct str form_get(struct arena *a, struct str body, const char *name, size_t max);

#endif
