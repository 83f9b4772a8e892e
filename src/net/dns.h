/* DNS messages (RFC 1035, 2782, 3596, 4034, 5155, 6891, 8659): queries are written, answers of strangers are read in
 * place. Nothing is allocated, records are views of the packet, and reading costs at most the packet's length times
 * the cap on pointers. Names keep their letters' case and are compared without it; names in other scripts come
 * already as "xn--" labels. */
#ifndef MAMORI_NET_DNS_H
#define MAMORI_NET_DNS_H

#include "base/buf.h"

enum {
	DNS_HEADER = 12,
	DNS_NAME_MAX = 255, /* octets on the wire, with the root's */
	DNS_LABEL_MAX = 63,
	DNS_NAME_TEXT = 4 * DNS_NAME_MAX + 1, /* presentation form, every octet escaped, with NUL */
	DNS_POINTERS_MAX = 32, /* compression pointers followed for one name */
	DNS_QUERY_MAX = DNS_HEADER + DNS_NAME_MAX + 4 + 11, /* one question and an OPT record */
	DNS_MESSAGE_MAX = 65535,
};

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_OPT = 41,
	DNS_DS = 43,
	DNS_RRSIG = 46,
	DNS_NSEC = 47,
	DNS_DNSKEY = 48,
	DNS_NSEC3 = 50,
	DNS_NSEC3PARAM = 51,
	DNS_ANY = 255,
	DNS_CAA = 257,
};

enum { DNS_IN = 1 }; /* the class */

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
};

/* Bits of the header's second word. */
enum {
	DNS_QR = 0x8000,
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_AD = 0x0020,
	DNS_CD = 0x0010,
};

/* What is wrong with a message; one for each way. */
enum dns_fault {
	DNS_FINE = 0,
	DNS_FAULT_HEADER, /* shorter than a header */
	DNS_FAULT_TOO_LONG, /* longer than 65,535 octets */
	DNS_FAULT_QUESTIONS, /* more than one question (RFC 9619) */
	DNS_FAULT_QUESTION_CUT,
	DNS_FAULT_NAME_CUT, /* a name runs past the end of what holds it */
	DNS_FAULT_LABEL_KIND, /* 0x40 or 0x80: no such label */
	DNS_FAULT_NAME_LONG,
	DNS_FAULT_POINTER_FORWARD, /* not to an earlier place: a loop */
	DNS_FAULT_POINTER_DEPTH,
	DNS_FAULT_POINTER_HEADER, /* into the header */
	DNS_FAULT_RECORD_CUT,
	DNS_FAULT_DATA_CUT, /* the record's data runs past the message */
	DNS_FAULT_TRAILING, /* octets behind the last record */
	DNS_FAULT_ADDRESS, /* an A of other than 4, an AAAA of other than 16 octets */
	DNS_FAULT_FIELDS_CUT, /* the data is shorter than its type's fields */
	DNS_FAULT_FIELDS_LONG, /* the data goes on behind its type's fields */
	DNS_FAULT_TEXT_CUT, /* a character-string runs past the data */
	DNS_FAULT_TEXT_EMPTY, /* a TXT without any */
	DNS_FAULT_CAA_TAG,
	DNS_FAULT_BITMAP, /* windows of types out of order, empty or cut */
	DNS_FAULT_OPT_OWNER, /* an OPT below a name */
	DNS_FAULT_OPT_TWICE,
	DNS_FAULT_OPTION_CUT,
	DNS_FAULT_COUNT,
};

/* The sentence for people: ERR_INPUT; false, as err_set. */
bool dns_fault_err(enum dns_fault fault, struct err *e);

/* A name as on the wire, uncompressed, with the root's octet: len 1 is the root. */
struct dns_name {
	unsigned char len;
	unsigned char wire[DNS_NAME_MAX];
};

/* Presentation form, absolute with or without the last dot, "\." and "\123" escapes; ERR_INPUT. */
bool dns_name_parse(struct str text, struct dns_name *out, struct err *e) MUST_CHECK;
/* Without the last dot ("." for the root), NUL-terminated; returns the length. */
size_t dns_name_text(const struct dns_name *name, char into[DNS_NAME_TEXT]);
void dns_name_add_text(const struct dns_name *name, struct buf *out);
bool dns_name_eq(const struct dns_name *a, const struct dns_name *b);
/* The same for names that are equal without case. */
uint64_t dns_name_hash(const struct dns_name *name, uint64_t seed);
unsigned dns_name_labels(const struct dns_name *name); /* 0 for the root */
/* The name without its first n labels; the root when it has no more. */
void dns_name_parent(const struct dns_name *name, unsigned n, struct dns_name *out);
/* Whether name is zone or below it. */
bool dns_name_within(const struct dns_name *name, const struct dns_name *zone);
/* Canonical order (RFC 4034, 6.1), in which NSEC records follow each other: <0, 0, >0. */
int dns_name_cmp(const struct dns_name *a, const struct dns_name *b);

struct dns_query {
	uint16_t id, type;
	const struct dns_name *name;
	bool recurse; /* RD */
	bool dnssec; /* DO: signatures and NSEC records, please */
	uint16_t udp_size; /* with an OPT record that offers so much; 0: none */
};

/* Writes the query; returns its length, at most DNS_QUERY_MAX. */
size_t dns_query_write(const struct dns_query *q, unsigned char into[DNS_QUERY_MAX]);

struct dns_message {
	const unsigned char *bytes; /* the caller's */
	size_t len;
	uint16_t id, flags, count[4]; /* questions, answers, authorities, additional records */
	enum dns_rcode rcode; /* of the header; an OPT holds the upper bits */
	bool has_question; /* some servers repeat none with an error */
	struct dns_name name;
	uint16_t type, class;
	size_t records_at;
};

/* The header and the question. */
enum dns_fault dns_message_read(const void *bytes, size_t len, struct dns_message *out) MUST_CHECK;

enum dns_section { DNS_ANSWER = 1, DNS_AUTHORITY = 2, DNS_ADDITIONAL = 3 };

struct dns_record {
	const struct dns_message *message;
	enum dns_section section;
	struct dns_name owner;
	uint16_t type, class;
	uint32_t ttl; /* seconds; with the highest bit set it counts as 0 (RFC 2181) */
	uint32_t ttl_raw;
	size_t data_at;
	uint16_t data_len;
};

/* Goes over the records of one message; zeroed but for message. */
struct dns_reader {
	const struct dns_message *message;
	size_t at;
	unsigned read[4];
	bool opt_seen;
	enum dns_fault fault; /* the first */
};

/* The next record of all sections, in order; false at the end and at a fault, which r->fault tells apart. */
bool dns_record_next(struct dns_reader *r, struct dns_record *out);

struct dns_soa {
	struct dns_name primary, mailbox;
	uint32_t serial, refresh, retry, expire, minimum;
};

struct dns_srv {
	uint16_t priority, weight, port;
	struct dns_name target;
};

struct dns_caa {
	uint8_t flags;
	struct str tag, value;
};

struct dns_nsec {
	struct dns_name next;
	struct str types; /* for dns_types_have and _next */
};

/* NSEC3, and NSEC3PARAM with empty next and types. */
struct dns_nsec3 {
	uint8_t algorithm, flags;
	uint16_t iterations;
	struct str salt, next, types; /* next: the hash, binary */
};

struct dns_opt {
	uint16_t udp_size, rcode; /* rcode: all twelve bits */
	uint8_t version;
	bool dnssec;
	struct str options; /* for dns_option_next */
};

/* Data by the record's type; views are of the packet. */
struct dns_data {
	union {
		unsigned char address[16]; /* A (4), AAAA */
		struct dns_name name; /* NS, CNAME, PTR */
		struct {
			uint16_t preference;
			struct dns_name exchange;
		} mx;
		struct dns_soa soa;
		struct dns_srv srv;
		struct str txt; /* for dns_txt_next */
		struct dns_caa caa;
		struct dns_nsec nsec;
		struct dns_nsec3 nsec3;
		struct dns_opt opt;
		struct str other; /* of any other type */
	};
};

enum dns_fault dns_data_read(const struct dns_record *r, struct dns_data *out) MUST_CHECK;
/* The strings of a TXT record one after the other: *rest starts as data.txt. */
bool dns_txt_next(struct str *rest, struct str *piece);
/* The options of an OPT record. */
bool dns_option_next(struct str *rest, uint16_t *code, struct str *value);
bool dns_types_have(struct str types, uint16_t type);
/* The least type above *type that is there; start with 0. */
bool dns_types_next(struct str types, uint16_t *type);

/* "A", "AAAA", "TYPE65280"; NUL-terminated. */
const char *dns_type_text(uint16_t type, char into[12]);
bool dns_type_parse(struct str text, uint16_t *type);
/* "NOERROR", "NXDOMAIN", "RCODE23". */
const char *dns_rcode_text(unsigned rcode, char into[12]);
/* The data in presentation form, unknown types as RFC 3597 writes them; ASCII without controls. */
enum dns_fault dns_data_text(const struct dns_record *r, struct buf *out);

#endif
