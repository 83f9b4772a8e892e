/* Certificates in imported records (exposure/import-cert.h), read by OpenSSL. */
#include "exposure/import-cert.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { CERT_BYTES = 65536, CERT_NAMES = 200, CERT_NAME_BYTES = 255 };

static void
add_name(const GENERAL_NAME *name, struct arena *a, struct draft *d)
{
	char text[INET6_ADDRSTRLEN] = "";
	int length;

	if (name->type == GEN_DNS || name->type == GEN_URI || name->type == GEN_EMAIL) {
		const ASN1_IA5STRING *s = name->d.ia5;
		length = ASN1_STRING_length(s);
		struct str value = str_sub((const char *)ASN1_STRING_get0_data(s), length > 0 ? (size_t)length : 0);
		if (name->type == GEN_DNS && value.len > 0 && value.len <= CERT_NAME_BYTES && str_is_utf8(value))
			draft_text(d, FIELD_SSL_CERT_NAMES, arena_str(a, value));
		return;
	}
	if (name->type != GEN_IPADD)
		return;
	length = ASN1_STRING_length(name->d.iPAddress);
	if ((length == 4 || length == 16) &&
	    inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof(text)))
		draft_text(d, FIELD_SSL_CERT_NAMES, arena_str(a, str_of(text)));
}

void
certificate_names(struct str pem, struct arena *a, struct draft *d)
{
	if (draft_has(d, FIELD_SSL_CERT_NAMES) || pem.len == 0 || pem.len > CERT_BYTES)
		return;
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, (void *)(uintptr_t) "") : NULL;
	GENERAL_NAMES *names = cert ? X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL) : NULL;
	int count = names ? sk_GENERAL_NAME_num(names) : 0;

	for (int i = 0; i < count && i < CERT_NAMES; i++)
		add_name(sk_GENERAL_NAME_value(names, i), a, d);
	GENERAL_NAMES_free(names);
	X509_free(cert);
	BIO_free(bio);
}
