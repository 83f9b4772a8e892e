/* What client-curl.c and client-errors.c share. */
#ifndef MAMORI_NET_CLIENT_INTERNAL_H
#define MAMORI_NET_CLIENT_INTERNAL_H

#include "net/client.h"
#include "net/tls.h"

#include <curl/curl.h>

struct http_client {
	CURL *curl;
	char error[CURL_ERROR_SIZE];
	char *unix_socket;
	bool has_certificate;
	struct tls_pin pin;
	struct buf language;
	size_t body_max;
	unsigned timeout_s;
};

/* OpenSSL's reason number in libcurl's words ("…error:0A000415:…"), 0 when there is none. */
int client_tls_reason(const char *words);
/* Why there was no answer, in plain words, and what to do. Returns false. */
bool client_failed(struct http_client *c, CURLcode rc, const char *url, struct err *e);

#endif
