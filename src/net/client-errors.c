/* What went wrong with a request, said so that an administrator knows what to do. */
#include "net/client-internal.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

int
client_tls_reason(const char *words)
{
	const char *at = strstr(words, "error:");
	if (!at)
		return 0;
	unsigned long code = strtoul(at + 6, NULL, 16);
	return ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
}

/* "https://name:port" of an address. */
static struct str
origin_of(const char *url)
{
	const char *host = strstr(url, "://");
	host = host ? host + 3 : url;
	return str_sub(url, (size_t)(host - url) + strcspn(host, "/?#"));
}

/* The server's certificate did not please us. */
static bool
server_refused(struct http_client *c, struct str origin, struct err *e)
{
	long why = X509_V_OK;
	curl_easy_getinfo(c->curl, CURLINFO_SSL_VERIFYRESULT, &why);
	switch (why) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return err_set(e, ERR_REFUSED,
			       "the certificate of %.*s has expired; check this machine's clock, and renew the "
			       "server's certificate by starting it anew",
			       STR_ARG(origin));
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return err_set(e, ERR_REFUSED,
			       "the certificate of %.*s is not valid yet; check the clocks of both machines",
			       STR_ARG(origin));
	/* libcurl compares the names itself and leaves no reason of OpenSSL's. */
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED:
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return err_set(
			e, ERR_REFUSED,
			"the certificate of %.*s is for another name; use the name that the server was set up with",
			STR_ARG(origin));
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return err_set(
			e, ERR_REFUSED,
			"%.*s is not the server that was expected: its certificate is of another authority; if the "
			"server was set up anew, enrol anew with a new token",
			STR_ARG(origin));
	default:
		return err_set(e, ERR_REFUSED, "the certificate of %.*s is refused: %s", STR_ARG(origin),
			       X509_verify_cert_error_string(why));
	}
}

/* What the server's TLS alert means; false when it was none about certificates. */
static bool
alert_explained(int reason, struct str origin, struct err *e)
{
	switch (reason) {
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
		err_set(e, ERR_REFUSED,
			"%.*s refused this machine's certificate: it has expired; check the clock, else enrol anew "
			"with a "
			"new token",
			STR_ARG(origin));
		return true;
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
		err_set(e, ERR_REFUSED,
			"%.*s refused this machine's certificate: another server issued it; enrol anew with a new "
			"token",
			STR_ARG(origin));
		return true;
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
		err_set(e, ERR_REFUSED, "%.*s asks for a certificate that this machine did not show; enrol it first",
			STR_ARG(origin));
		return true;
	default:
		return false;
	}
}

static bool
connect_failed(struct http_client *c, struct str origin, struct err *e)
{
	long reason = 0;
	curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &reason);
	if (c->unix_socket)
		return err_set(e, ERR_UNREACHABLE, "no server answers at %s; start it, or name its folder with --data",
			       c->unix_socket);
	if (reason == ECONNREFUSED)
		return err_set(e, ERR_UNREACHABLE,
			       "%.*s refused the connection; is the server running, and is the port right?",
			       STR_ARG(origin));
	return err_set(e, ERR_UNREACHABLE, "%.*s cannot be reached (%s); check the network and the firewall",
		       STR_ARG(origin), reason ? strerror((int)reason) : c->error);
}

static bool
tls_failed(struct http_client *c, struct str origin, struct err *e)
{
	if (alert_explained(client_tls_reason(c->error), origin, e))
		return false;
	return err_set(e, ERR_UNREACHABLE, "no TLS connection to %.*s came about (%s); does this port speak https?",
		       STR_ARG(origin), c->error);
}

/* The connection broke after the TLS handshake: with TLS 1.3 that is also how a refused certificate shows. */
static bool
broken(struct http_client *c, struct str origin, struct err *e)
{
	if (alert_explained(client_tls_reason(c->error), origin, e))
		return false;
	return err_set(e, ERR_UNREACHABLE,
		       "the connection to %.*s broke before the answer was whole (%s); try again later",
		       STR_ARG(origin), c->error[0] ? c->error : "?");
}

bool
client_failed(struct http_client *c, CURLcode rc, const char *url, struct err *e)
{
	struct str origin = origin_of(url);
	long proxy_status = 0;
	curl_easy_getinfo(c->curl, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (proxy_status == 407)
		return err_set(
			e, ERR_UNREACHABLE,
			"the proxy on the way to %.*s does not take the user and password that it was given; set them "
			"right, with a relay by --proxy-credentials",
			STR_ARG(origin));
	if (proxy_status >= 400)
		return err_set(
			e, ERR_UNREACHABLE,
			"the proxy makes no connection to %.*s (it answered %ld); have that server allowed there",
			STR_ARG(origin), proxy_status);
	if (!c->error[0])
		snprintf(c->error, sizeof(c->error), "%s", curl_easy_strerror(rc));
	switch ((int)rc) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_set(e, ERR_UNREACHABLE, "the name in %.*s is not found; check it and this machine's DNS",
			       STR_ARG(origin));
	case CURLE_COULDNT_RESOLVE_PROXY:
		return err_set(e, ERR_UNREACHABLE, "the proxy for %.*s is not found; check the proxy's name",
			       STR_ARG(origin));
	case CURLE_COULDNT_CONNECT:
		return connect_failed(c, origin, e);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(e, ERR_UNREACHABLE, "%.*s did not answer in time; check the network, or try again later",
			       STR_ARG(origin));
	case CURLE_PEER_FAILED_VERIFICATION:
		return server_refused(c, origin, e);
	case CURLE_SSL_CERTPROBLEM:
		return err_set(e, ERR_INPUT, "this machine's own certificate or key cannot be used (%s); enrol anew",
			       c->error);
	case CURLE_SSL_CONNECT_ERROR:
		return tls_failed(c, origin, e);
	case CURLE_WEIRD_SERVER_REPLY:
		return err_set(e, ERR_UNREACHABLE, "what %.*s answered is no HTTP; see that host and port are right",
			       STR_ARG(origin));
	case CURLE_UNSUPPORTED_PROTOCOL:
		/* It also says so of an answer without a status line. */
		if (strstr(c->error, "HTTP/0.9"))
			return err_set(e, ERR_UNREACHABLE,
				       "what %.*s answered is no HTTP; see that host and port are right",
				       STR_ARG(origin));
		return err_set(e, ERR_INPUT, "%s is not an address that can be asked", url);
	case CURLE_OUT_OF_MEMORY: /* of ours no allocation fails: a line of the answer's head had no end */
		return err_set(e, ERR_UNREACHABLE,
			       "the head of what %.*s answered is too large; see that host and port are right",
			       STR_ARG(origin));
	case CURLE_URL_MALFORMAT:
		return err_set(e, ERR_INPUT, "%s is not an address that can be asked", url);
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return broken(c, origin, e);
	default:
		return err_set(e, ERR_UNREACHABLE, "%.*s could not be asked: %s", STR_ARG(origin), c->error);
	}
}
