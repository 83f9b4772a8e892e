/* Between ask-http.c (exchanges, redirects, tries), ask-url.c (which URL a question is) and ask-judge.c (what an answer means). */
#ifndef MAMORI_SURFACE_ASK_HTTP_INTERNAL_H
#define MAMORI_SURFACE_ASK_HTTP_INTERNAL_H

#include "base/json.h"
#include "net/http-ask.h"
#include "surface/ask-internal.h"

enum { ASK_HEADERS_MAX = 3 };

struct ask_request {
	struct buf url;
	struct buf shown; /* without keys: what is logged and told */
	struct buf header[ASK_HEADERS_MAX]; /* "Name: value" */
	size_t headers;
	struct buf not_asked; /* set: it cannot be asked, a sentence */
	const char *bootstrap; /* set: this list ("dns") has to be known first */
};

/* What it takes to ask this. */
void ask_request_make(struct asker *k, const struct question *q, struct ask_request *r);
/* The same asked of crt.sh in another way, which is another question to it. False: there is none. */
bool ask_request_other_form(struct asker *k, const struct question *q, struct ask_request *r);
void ask_request_free(struct ask_request *r);
/* "https://host:port" of a URL; STR_NONE when it is none of http or https. */
struct str ask_origin(struct str url);
/* Largest body that is taken. */
size_t ask_body_max(enum service s);

enum ask_verdict {
	ASK_VERDICT_DATA,
	ASK_VERDICT_NONE,
	ASK_VERDICT_AGAIN, /* it may be better later */
	ASK_VERDICT_LIMITED, /* the source asks for a pause */
	ASK_VERDICT_FAILED,
	ASK_VERDICT_USELESS, /* and so it would be for every other question */
	ASK_VERDICT_MOVED,
};
/* why: a sentence where it is neither data nor none. next: RDAP alone, who knows more. */
enum ask_verdict ask_judge(const struct question *q, const struct http_ask_result *r, struct buf *why,
			   struct buf *next);

/* RFC 9224: the lists of who answers for what. */
enum ask_list_kind { ASK_LIST_DNS, ASK_LIST_IPV4, ASK_LIST_IPV6, ASK_LIST_ASN, ASK_LISTS };
const char *ask_list_name(enum ask_list_kind l);
/* Which list a question needs; false: none is known for it. */
bool ask_list_of(struct str what, enum ask_list_kind *out);
/* The base URL for this, by the longest match; STR_NONE: nobody. https is taken before http. */
struct str ask_list_find(const struct json *list, enum ask_list_kind l, struct str what);

/* The lists that were read in this run. */
struct ask_http {
	struct http_ask *ask;
	struct arena arena;
	struct json *list[ASK_LISTS];
};

#endif
