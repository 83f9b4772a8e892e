#include "trust/pin.h"

#include <limits.h>
#include <openssl/evp.h>

void
pin_stretch(struct str pin, struct str salt, unsigned rounds, unsigned char out[SHA256_LEN])
{
	/* Lengths are capped by the callers; only a broken installation of OpenSSL fails here. */
	if (pin.len > INT_MAX || salt.len > INT_MAX || rounds > INT_MAX ||
	    PKCS5_PBKDF2_HMAC(pin.ptr, (int)pin.len, (const unsigned char *)salt.ptr, (int)salt.len, (int)rounds,
			      EVP_sha256(), SHA256_LEN, out) != 1)
		abort();
}
