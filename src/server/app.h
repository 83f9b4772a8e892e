/* What all requests of one server share: keys, settings, the advisory index, the queues. Private to server. */
#ifndef MAMORI_SERVER_APP_H
#define MAMORI_SERVER_APP_H

#include "base/time.h"
#include "plan/zone.h"
#include "server/endpoint.h"
#include "store/store.h"
#include "trust/key.h"

#include <pthread.h>

struct vuln_index;
struct queue;
struct exposure_pool;
struct surface_runs;
struct surface_job;
struct exposure_watch;
struct report_orders;

struct index_ref {
	struct vuln_index *index;
	unsigned users; /* guarded by app.lock; the app's own use counts */
};

enum { SIGNIN_ADDRESSES = 256, SIGNIN_FAILURES = 10 };

struct signin_failures {
	char peer[64];
	unsigned count;
	int64_t since;
};

/* What a certificate says, kept: reading one costs more than all the rest of a check-in. */
struct certificate_facts {
	unsigned char pem[SHA256_LEN]; /* of the PEM that it was read from */
	char serial[64];
	char key_digest[SHA256_HEX_LEN];
};
enum { CERTIFICATES_KEPT = 4096 };

struct app {
	const char *data;
	const struct clock *clock;
	struct arena arena; /* lives as long as the app */
	struct key *ca_key, *order_key, *server_key;
	struct buf ca_pem;
	char ca_digest[SHA256_HEX_LEN];
	int folder_lock;
	struct zone zone; /* of this machine: when a day begins */
	struct queue *queue; /* NULL: in process, nothing runs beside the request */
	struct exposure_pool *exposure;
	struct surface_runs *surface;
	struct surface_job *surface_job; /* NULL: in process */
	struct exposure_watch *watch; /* NULL: in process */
	struct report_orders *orders, *surface_orders; /* NULL: in process */

	pthread_mutex_t lock; /* what follows */
	struct index_ref *index; /* NULL: nothing was imported, or index_error */
	struct err index_error; /* why the newest index is not in use; ERR_NONE: it is */
	struct str name; /* given by the administrator; empty: none */
	struct endpoint dashboard, agents;
	struct str *hosts; /* names and addresses of the server's certificate */
	size_t host_count;
	struct signin_failures failures[SIGNIN_ADDRESSES];
	struct certificate_facts *certificates; /* CERTIFICATES_KEPT places, each for one */
};

/* Locks the folder and loads keys and settings; ERR_NOT_FOUND when it is no state folder yet,
 * ERR_CONFLICT when another process owns it. st: a writing connection that the caller keeps. */
bool app_open(struct app *app, const char *data, const struct clock *clock, struct store **st,
	      struct err *e) MUST_CHECK;
void app_close(struct app *app);

/* Paths below the folder, in the arena. */
const char *app_database(const char *data, struct arena *a);

/* Takes what the command line said and keeps it as settings; works out names for certificate and links. */
bool app_set_endpoints(struct app *app, struct store *st, const char *name, const char *dashboard, const char *agents,
		       struct err *e) MUST_CHECK;
/* The server's certificate and the CA behind it: as it is, or issued anew when missing, ending within 30 days or for other names. */
bool app_certificate(struct app *app, struct buf *certificate_pem, struct buf *key_pem, bool *renewed,
		     struct err *e) MUST_CHECK;

/* The day of an instant where the server stands, counted from 1970. */
static inline int64_t
app_day(const struct app *app, int64_t instant)
{
	return zone_local(&app->zone, instant) / INT64_C(86400000);
}

/* URLs of the dashboard's listener, best first. */
size_t app_urls(struct app *app, struct arena *a, struct str *out, size_t max);
struct str app_agents_url(struct app *app, struct arena *a, struct str host_header);
/* The server is called by this name: against DNS rebinding. */
bool app_knows_host(struct app *app, struct str host);
struct str app_display_name(struct app *app, struct arena *a);

/* The index in use, held until index_release; NULL when there is none. */
struct index_ref *app_index(struct app *app);
void index_release(struct app *app, struct index_ref *ref);
/* Opens the newest index; that there is none is no error. One that cannot be opened leaves the one before in use. */
bool app_index_reload(struct app *app, struct err *e) MUST_CHECK;
/* False: the newest index could not be opened, e says why (in English, as what is stored). */
bool app_index_usable(struct app *app, struct err *e) MUST_CHECK;

/* Serial number and digest of the key of a certificate that TLS has verified. */
bool app_certificate_facts(struct app *app, struct str pem, struct certificate_facts *out, struct err *e) MUST_CHECK;

/* Sign-in attempts that failed, by address: false while there were too many. */
bool app_signin_allowed(struct app *app, struct str peer, int64_t now);
void app_signin_failed(struct app *app, struct str peer, int64_t now);

#endif
