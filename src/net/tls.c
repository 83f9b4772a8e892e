#include "net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define PEM_MAX (256u << 10)
#define CHAIN_MAX 16

static void
bio_auto_free(BIO **bio)
{
	BIO_free(*bio);
}

static void
context_auto_free(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
}

#define BIO_AUTO __attribute__((cleanup(bio_auto_free))) BIO *

static const char *
reason_text(void)
{
	unsigned long code = ERR_get_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;
	ERR_clear_error();
	return text ? text : "unknown reason";
}

static BIO *
pem_open(struct str pem)
{
	ERR_clear_error();
	BIO *bio = pem.len <= PEM_MAX ? BIO_new_mem_buf(pem.len ? pem.ptr : "", (int)pem.len) : BIO_new(BIO_s_mem());
	if (!bio)
		abort();
	return bio;
}

/* Never asks the terminal for a pass phrase. */
static int
no_password(char *into, int size, int writing, void *user)
{
	(void)into, (void)size, (void)writing, (void)user;
	return -1;
}

static bool
use_certificate(SSL_CTX *ctx, struct str pem, struct err *e)
{
	BIO_AUTO bio = pem_open(pem);
	X509 *x = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	bool ok = x && SSL_CTX_use_certificate(ctx, x) == 1;
	X509_free(x);
	for (int i = 0; ok && i < CHAIN_MAX; i++) {
		x = PEM_read_bio_X509(bio, NULL, no_password, NULL);
		if (!x)
			break;
		ok = SSL_CTX_add0_chain_cert(ctx, x) == 1;
		if (!ok)
			X509_free(x);
	}
	if (!ok)
		return err_set(e, ERR_INPUT, "the server's certificate cannot be used: %s", reason_text());
	ERR_clear_error();
	return true;
}

static bool
use_key(SSL_CTX *ctx, struct str pem, struct err *e)
{
	BIO_AUTO bio = pem_open(pem);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	bool ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
	EVP_PKEY_free(key);
	if (!ok)
		return err_set(e, ERR_INPUT, "the server's key does not fit its certificate: %s", reason_text());
	return true;
}

static bool
require_client(SSL_CTX *ctx, struct str ca_pem, struct err *e)
{
	BIO_AUTO bio = pem_open(ca_pem);
	int count = 0;
	for (X509 *x; count < CHAIN_MAX && (x = PEM_read_bio_X509(bio, NULL, no_password, NULL)); count++) {
		bool ok =
			X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x) == 1 && SSL_CTX_add_client_CA(ctx, x) == 1;
		X509_free(x);
		if (!ok)
			return err_set(e, ERR_INPUT, "the authority for clients cannot be used: %s", reason_text());
	}
	if (count == 0)
		return err_set(e, ERR_INPUT, "the authority for clients is not a certificate in PEM form");
	ERR_clear_error();
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	/* A resumed session would skip the check of dates and issuer. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	return SSL_CTX_set_num_tickets(ctx, 0) == 1;
}

bool
tls_ask_client(SSL_CTX *ctx, struct str client_ca_pem, struct err *e)
{
	if (!require_client(ctx, client_ca_pem, e))
		return false;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return true;
}

bool
tls_server_context(struct str certificate_pem, struct str key_pem, struct str client_ca_pem, SSL_CTX **out,
		   struct err *e)
{
	ERR_clear_error();
	__attribute__((cleanup(context_auto_free))) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
	    SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") != 1 ||
	    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"mamori", 6) != 1)
		return err_set(e, ERR_SYSTEM, "cannot set up TLS: %s", reason_text());
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	/* An idle connection then costs about 10 KiB instead of 45. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	if (!use_certificate(ctx, certificate_pem, e) || !use_key(ctx, key_pem, e) ||
	    (client_ca_pem.len && !require_client(ctx, client_ca_pem, e)))
		return false;
	*out = ctx;
	ctx = NULL;
	return true;
}

const char *
tls_server_reason(const SSL *ssl, unsigned long code)
{
	long verify = SSL_get_verify_result(ssl);
	if (verify != X509_V_OK)
		return X509_verify_cert_error_string(verify);
	switch (ERR_GET_REASON(code)) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return "no client certificate was sent";
	case SSL_R_HTTP_REQUEST:
		return "plain HTTP was spoken where TLS is needed";
	case SSL_R_WRONG_VERSION_NUMBER:
		return "something else than TLS was spoken";
	default:
		break;
	}
	const char *text = code ? ERR_reason_error_string(code) : NULL;
	return text ? text : "the connection broke during the TLS handshake";
}

bool
tls_peer_certificate(const SSL *ssl, struct buf *pem)
{
	X509 *x = SSL_get0_peer_certificate(ssl);
	if (!x || SSL_get_verify_result(ssl) != X509_V_OK)
		return false;
	BIO_AUTO bio = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	if (!bio || PEM_write_bio_X509(bio, x) != 1)
		return false;
	long len = BIO_get_mem_data(bio, &bytes);
	buf_add(pem, str_sub(bytes, (size_t)len));
	return true;
}

/* ---- the pin of an enrolling host ---- */

static bool
has_digest(X509 *x, const char digest[65])
{
	unsigned char *der = NULL, hash[EVP_MAX_MD_SIZE];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	if (len <= 0)
		return false;
	unsigned n = 0;
	bool ok = EVP_Digest(der, (size_t)len, hash, &n, EVP_sha256(), NULL) == 1 && n == 32;
	OPENSSL_free(der);
	for (size_t i = 0; ok && i < 32; i++) {
		char hex[3];
		snprintf(hex, sizeof(hex), "%02x", hash[i]);
		ok = hex[0] == digest[2 * i] && hex[1] == digest[2 * i + 1];
	}
	return ok;
}

/* The CA certificate with the pinned key among those the server sent: signed by itself, so that nobody else
 * chose its dates and name. */
static X509 *
pinned_ca(STACK_OF(X509) * chain, const char digest[65])
{
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *x = sk_X509_value(chain, i);
		if (has_digest(x, digest) && X509_check_ca(x) == 1 && X509_verify(x, X509_get0_pubkey(x)) == 1)
			return x;
	}
	return NULL;
}

/* Verifies the leaf as a TLS server's against this CA alone; the result is a X509_V_… code. */
static int
verify_against(X509 *ca, X509 *leaf, STACK_OF(X509) * chain)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int result = X509_V_ERR_OUT_OF_MEM;
	if (store && ctx && X509_STORE_add_cert(store, ca) == 1 && X509_STORE_CTX_init(ctx, store, leaf, chain) == 1) {
		X509_STORE_CTX_set_default(ctx, "ssl_server");
		result = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
		/* The CA itself is in the store and would pass, but it is nobody's server. */
		if (result == X509_V_OK && X509_cmp(ca, leaf) == 0)
			result = X509_V_ERR_INVALID_PURPOSE;
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return result;
}

/* In place of OpenSSL's own verification; the host name is checked by libcurl afterwards. */
static int
pin_verify(X509_STORE_CTX *ctx, void *user)
{
	struct tls_pin *pin = user;
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(ctx);
	X509 *ca = pinned_ca(chain, pin->digest);
	int result = ca ? verify_against(ca, leaf, chain) : X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
	X509_STORE_CTX_set_error(ctx, result);
	ERR_clear_error();
	if (result != X509_V_OK)
		return 0;
	BIO_AUTO bio = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	if (!bio || PEM_write_bio_X509(bio, ca) != 1)
		return 0;
	long len = BIO_get_mem_data(bio, &bytes);
	buf_truncate(&pin->ca_pem, 0);
	buf_add(&pin->ca_pem, str_sub(bytes, (size_t)len));
	return 1;
}

void
tls_pin_use(SSL_CTX *ctx, struct tls_pin *pin)
{
	SSL_CTX_set_cert_verify_callback(ctx, pin_verify, pin);
}
