/* mamori's own certificate authority (X.509, RFC 5280): one CA per server, certificates for the
 * server's two listeners, one for every host and relay, bound at enrolment. */
#ifndef MAMORI_TRUST_CERT_H
#define MAMORI_TRUST_CERT_H

#include "trust/key.h"

/* A self-signed CA certificate, valid for 20 years. */
bool ca_create(const struct key *k, const char *name, int64_t now, struct buf *pem, struct err *e) MUST_CHECK;

struct cert_request {
	struct str common_name; /* host id, or the server's name */
	const char *const *names; /* DNS names and IP addresses, NULL-terminated; may be NULL */
	bool server; /* extended key usage: serverAuth, else clientAuth */
	bool relay; /* both: it serves hosts and is the server's client */
	int64_t not_before, not_after;
};

/* Issues a certificate for a public key. The serial number is 16 random bytes. */
bool cert_issue(const struct key *ca_key, struct str ca_pem, const struct key *subject, const struct cert_request *r,
		struct buf *pem, struct err *e) MUST_CHECK;
/* PKCS#10 (RFC 2986): the proof that the host holds its key. */
bool csr_create(const struct key *k, const char *common_name, struct buf *pem, struct err *e) MUST_CHECK;
/* Checks the request's own signature and gives its key; the name inside is not believed. */
bool csr_open(struct str pem, struct key **subject, struct err *e) MUST_CHECK;

struct cert_info {
	char common_name[128];
	char serial[64]; /* lower-case hexadecimal */
	int64_t not_before, not_after;
};
bool cert_read(struct str pem, struct cert_info *out, struct err *e) MUST_CHECK;
/* Lower-case hexadecimal SHA-256 of the certificate's SubjectPublicKeyInfo: what a token pins. */
bool cert_key_digest(struct str pem, char out[SHA256_HEX_LEN], struct err *e) MUST_CHECK;
/* Signed by this CA and inside its dates. */
bool cert_check(struct str pem, struct str ca_pem, int64_t now, struct err *e) MUST_CHECK;

#endif
