/* Inside the room: what one organisation is told. */
#ifndef MAMORI_EVIDENCE_NOTIFY_PACK_H
#define MAMORI_EVIDENCE_NOTIFY_PACK_H

#include "base/table.h"
#include "evidence/exposure-notify.h"
#include "exposure/enrich-redact.h"

enum { PACK_BANNERS_MAX = 300000, PACK_SHOWN = 40, PACK_CONTACTS = 4 };

struct pack_row { /* one banner */
	unsigned char ip[16];
	uint16_t number;
	int64_t when;
	struct str address, port, product, what, support, country, domain;
	bool tls;
	struct str csv; /* its line of the list */
};

struct pack {
	struct str name;
	struct str country; /* of its first banner */
	bool provider; /* an internet provider or host: asked to pass it on */
	uint64_t providers; /* banners that say so */
	uint64_t banners, plain, ended, extended;
	struct table classes, leaks; /* value to its number */
	int64_t first, last;
	struct str contacts[PACK_CONTACTS]; /* role addresses and forms that it has published itself */
	size_t contact_count;
	struct str domain; /* empty: none is known */
	ARRAY_OF(struct pack_row) rows;
};

struct packs {
	struct arena *a;
	struct redact_rules *redact;
	struct table by_name;
	ARRAY_OF(struct pack *) list;
	uint64_t banners;
};

/* exposure_each_fn; user: struct packs. In whatever order they come, what is told is the same. */
bool pack_banner(void *user, const struct banner *b, struct err *e);
/* Once all are there. */
void pack_settle(struct pack *p);
/* The list of all banners. */
void pack_csv(const struct pack *p, struct buf *out);
void pack_free(struct packs *p);
/* The letter in that language. */
struct report *pack_letter(struct arena *a, const struct pack *p, struct str from, enum lang lang);

#endif
