/* DKIM keys (RFC 6376, RFC 8463): "SELECTOR._domainkey.NAME". */
#include "base/codec.h"
#include "surface/read-internal.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { TAGS_MAX = 64, KEY_MAX = 4096 };

static void
key_cleanup(EVP_PKEY **k)
{
	EVP_PKEY_free(*k);
}
#define KEY_AUTO __attribute__((cleanup(key_cleanup))) EVP_PKEY *

/* The key's base64 may be folded with blanks. */
static bool
key_bytes(struct str text, struct buf *out)
{
	BUF_AUTO one = { 0 };
	struct str word;
	if (text.len > KEY_MAX)
		return false;
	while (str_word(&text, &word))
		buf_add(&one, word);
	return base64_decode(out, buf_str(&one)) && out->len > 0;
}

/* 0: no RSA key. RFC 6376 means a SubjectPublicKeyInfo; a bare RSAPublicKey is taken, too, as many verifiers do. */
static int
rsa_bits(struct str der)
{
	const unsigned char *p = (const unsigned char *)der.ptr;
	KEY_AUTO key = d2i_PUBKEY(NULL, &p, (long)der.len);
	if (!key) {
		p = (const unsigned char *)der.ptr;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.len);
	}
	return key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? EVP_PKEY_get_bits(key) : 0;
}

static struct str
tag_of(struct str text, struct str wanted, bool *there)
{
	struct str piece, tag, value;
	for (size_t n = 0; n < TAGS_MAX && str_cut(&text, ';', &piece); n++)
		if (str_split(piece, '=', &tag, &value) && str_eq(str_trim(tag), wanted)) {
			*there = true;
			return str_trim(value);
		}
	*there = false;
	return STR_NONE;
}

static struct str
kind_of(struct arena *a, struct str kind, struct str key)
{
	BUF_AUTO der = { 0 };
	if (key.len == 0)
		return STR("revoked");
	bool bytes = key_bytes(key, &der);
	if (str_eq_nocase(kind, STR("ed25519")))
		return bytes && (der.len == 32 || der.len == 44) ? STR("ed25519") : STR("broken");
	if (kind.len > 0 && !str_eq_nocase(kind, STR("rsa")))
		return STR("unknown kind");
	int bits = bytes ? rsa_bits(buf_str(&der)) : 0;
	return bits > 0 ? arena_printf(a, "rsa %d", bits) : STR("broken");
}

bool
read_dkim(struct facts *f, struct str name, struct str text)
{
	ARENA_AUTO a = { 0 };
	bool has_key, has_version, other;
	ptrdiff_t at = str_find(name, STR("._domainkey."));
	struct str version = tag_of(text, STR("v"), &has_version), key = tag_of(text, STR("p"), &has_key);
	if (at <= 0 || !has_key || (has_version && !str_eq(version, STR("DKIM1"))))
		return false;
	struct str owner = str_skip(name, (size_t)at + sizeof("._domainkey.") - 1),
		   kind = kind_of(&a, tag_of(text, STR("k"), &other), key);
	if (!fact_add(f, FACT_DKIM, THING_NAME, owner))
		return true;
	fact_text(f, arena_printf(&a, "%.*s %.*s", STR_ARG(str_head(name, (size_t)at)), STR_ARG(kind)));
	fact_evidence(f, text);
	return true;
}
