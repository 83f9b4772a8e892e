/* What the readers of answers share (private to the room). */
#ifndef MAMORI_SURFACE_READ_INTERNAL_H
#define MAMORI_SURFACE_READ_INTERNAL_H

#include "base/json.h"
#include "base/table.h"
#include "surface/fact.h"

#include <netinet/in.h>

/* A fact with its object; NULL where either is none of its kind, or there are too many. */
struct fact *read_edge(struct facts *f, enum fact_kind k, enum thing subject_is, struct str subject,
		       enum thing object_is, struct str object);
/* A fact whose value is a text; nothing is said where the text is empty. */
struct fact *read_value(struct facts *f, enum fact_kind k, enum thing subject_is, struct str subject, struct str text);
/* The registrable domain of a host name in any form; STR_NONE where it has none. */
struct str read_registrable(struct arena *a, struct str host);
/* As inet_ntop writes it; STR_NONE for what is no address. */
struct str read_address(struct arena *a, struct str s);
/* "192.0.2.1 443/tcp"; STR_NONE where the port is none. */
struct str read_service(struct arena *a, struct str address, int64_t port, struct str transport);
/* Without what follows the first line feed. */
struct str read_first_line(struct str s);
/* A sighting's time: RFC 3339, or without a zone as UTC ("2026-05-15T12:34:56.789012"); 0: none. */
int64_t read_time(struct str s);
struct str read_lower(struct arena *a, struct str s);
/* A serial number as certificates are told apart by it: hex in lower case without leading zeros. STR_NONE: none. */
struct str read_serial_hex(struct arena *a, struct str hex);
/* One document, within what an answer may have; NULL (and f->bad is raised) for anything else. The tree is a's. */
const struct json *read_json(struct facts *f, struct arena *a, struct str body);
/* True the first time that these two are seen together. Keys are copied into a. */
bool read_first_time(struct table *seen, struct arena *a, struct str one, struct str two);

/* ---- addresses as numbers ---- */

struct read_range {
	unsigned char low[16], high[16];
	unsigned bytes; /* 4 or 16 */
};

enum { READ_NETWORKS_MAX = 32, READ_NETWORK_TEXT = INET6_ADDRSTRLEN + 4 };

/* "192.0.2.0 - 192.0.2.255", "192.0.2.0/24", "192.0.2/24", one address. */
bool read_range(struct str s, struct read_range *out);
bool read_range_holds(const struct read_range *r, const unsigned char *address, unsigned bytes);
/* Networks that make up the range exactly, at most READ_NETWORKS_MAX; returns how many. */
size_t read_range_networks(const struct read_range *r, char into[READ_NETWORKS_MAX][READ_NETWORK_TEXT]);

/* ---- what others have seen ---- */

/* One service as a search engine has seen it. */
struct read_seen {
	struct facts *f;
	struct arena *a;
	struct str address, service; /* canonical */
	int64_t at; /* 0: not told */
};

/* FACT_SERVICE_PRODUCT's "product\tversion"; nothing without a product. */
void read_seen_product(const struct read_seen *s, struct str product, struct str version);
/* A fact of the service with a text. */
void read_seen_value(const struct read_seen *s, enum fact_kind k, struct str text);
/* The service itself. */
bool read_seen_service(const struct read_seen *s, struct str module);
/* Names seen with the address. */
void read_seen_names(const struct read_seen *s, const struct json *object, const char *key);
/* Texts of the address: tags. */
void read_seen_tags(const struct read_seen *s, const struct json *object, const char *key);
/* The country of the address; "jp" and "JP" are the same. */
void read_seen_country(const struct read_seen *s, struct str code);
/* A text, or a number as it is written; STR_NONE for anything else. */
struct str read_text(const struct json *object, const char *key);

enum { READ_LIST_MAX = 1000 }; /* items of one list of a sighting */

/* ---- TXT ---- */

/* Each takes one TXT record's text of name, and says whether it is of its form. */
bool read_dkim(struct facts *f, struct str name, struct str text);
bool read_token(struct facts *f, struct str name, struct str text);
/* All TXT records of a name: what is SPF and DMARC depends on how many there are. Says "none" and "missing", too. */
void read_spf(struct facts *f, struct str name, const struct str *text, size_t count);
void read_dmarc(struct facts *f, struct str name, const struct str *text, size_t count);
/* Whose verification token this is ("Google", "Microsoft 365" …); NULL: nobody's that is known. */
const char *read_token_vendor(struct str token);

#endif
