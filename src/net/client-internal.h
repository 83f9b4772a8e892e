/* What client-curl.c and client-errors.c share. */
#ifndef MAMORI_NET_CLIENT_INTERNAL_H
#define MAMORI_NET_CLIENT_INTERNAL_H

#include "base/str.h"
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
	bool (*stop)(void *user);
	void *stop_user;
};

/* One exchange: where the answer goes. */
struct transfer {
	struct http_client *client;
	struct http_response *response; /* NULL: into fd */
	int fd;
	uint64_t max, got;
	bool too_large;
	int write_errno;
	http_progress_fn *progress;
	void *user;
	uint64_t before; /* bytes that are there already: part of the progress */
	/* Instead of fd, when it is set: false ends the exchange. And each header line. */
	bool (*take)(struct transfer *t, struct str bytes);
	void (*header)(struct transfer *t, struct str line);
	void *taker;
};
bool client_exchange(struct http_client *c, const char *method, const char *url, const char *const *headers,
		     struct str body, struct transfer *t, struct err *e);
bool client_write(struct transfer *t, const char *bytes, size_t n); /* all of it, to fd */
/* A download's limits of time: it may be long, but not stand still. */
void client_download_pace(struct http_client *c);
/* Why a download's answer is none; status 200 gives true. */
bool client_download_status(struct http_client *c, const char *url, struct err *e);

/* OpenSSL's reason number in libcurl's words ("…error:0A000415:…"), 0 when there is none. */
int client_tls_reason(const char *words);
/* Why there was no answer, in plain words, and what to do. Returns false. */
bool client_failed(struct http_client *c, CURLcode rc, const char *url, struct err *e);

#endif
