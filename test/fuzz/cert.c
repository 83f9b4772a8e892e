/* Every reader of PEM: certificates, requests, keys. */
#include "trust/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str pem = str_sub((const char *)data, size);
	struct err e;
	struct cert_info info;
	char digest[SHA256_HEX_LEN];
	KEY_AUTO subject = NULL;
	KEY_AUTO public = NULL;
	KEY_AUTO private = NULL;
	if (cert_read(pem, &info, &e) && strlen(info.common_name) >= sizeof(info.common_name))
		abort();
	(void)!cert_key_digest(pem, digest, &e);
	(void)!cert_check(pem, pem, INT64_C(1795478400000), &e);
	(void)!csr_open(pem, &subject, &e);
	(void)!key_public_from_pem(pem, &public, &e);
	(void)!key_from_pem(pem, &private, &e);
	return 0;
}
