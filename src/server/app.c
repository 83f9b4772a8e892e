#include "server/app.h"

#include "base/log.h"
#include "base/sentence.h"
#include "os/file.h"
#include "os/user.h"
#include "server/exposure_pool.h"
#include "server/surface_runs.h"
#include "store/setting.h"
#include "trust/cert.h"
#include "vuln/feed.h"
#include "vuln/match.h"

enum {
	KEY_FILE_MAX = 65536,
	NAMES_MAX = 64,
	MACHINE_ADDRESSES_MAX = 32,
	SIGNIN_WINDOW_MS = 600000,
};
static const int64_t DAY = 86400000LL;
static const int64_t ZONE_UNTIL = INT64_C(4102444800000); /* 2100 */
static const int64_t CERTIFICATE_LIFE = 398 * 86400000LL;

const char *
app_database(const char *data, struct arena *a)
{
	return path_join(a, data, "mamori.db");
}

static bool
folder_lock(struct app *app, struct err *e)
{
	const char *path = path_join(&app->arena, app->data, "lock");
	if (file_lock(path, &app->folder_lock, e))
		return true;
	app->folder_lock = -1;
	if (e && e->code == ERR_BUSY)
		return err_set(
			e, ERR_CONFLICT,
			"another mamori owns the folder %s: stop it first, or use its command line through the socket",
			app->data);
	return false;
}

static bool
keys_load(struct app *app, struct err *e)
{
	struct arena *a = &app->arena;
	return key_load_or_create(path_join(a, app->data, "ca.key"), &app->ca_key, e) &&
	       key_load_or_create(path_join(a, app->data, "order.key"), &app->order_key, e) &&
	       key_load_or_create(path_join(a, app->data, "server.key"), &app->server_key, e) &&
	       file_read(path_join(a, app->data, "ca.pem"), KEY_FILE_MAX, &app->ca_pem, e) &&
	       cert_key_digest(buf_str(&app->ca_pem), app->ca_digest, e);
}

static bool
settings_load(struct app *app, struct store *st, struct err *e)
{
	struct str dashboard, agents;
	if (!setting_get(st, &app->arena, "name", &app->name, e) ||
	    !setting_get(st, &app->arena, "listen", &dashboard, e) ||
	    !setting_get(st, &app->arena, "agents", &agents, e))
		return false;
	return endpoint_parse(&app->arena, dashboard.len ? dashboard : STR("127.0.0.1:8443"), &app->dashboard, e) &&
	       endpoint_parse(&app->arena, agents.len ? agents : STR("127.0.0.1:8444"), &app->agents, e);
}

/* Every name and address that the certificate covers and that a browser may call us by. */
static void
names_collect(struct app *app)
{
	struct arena *a = &app->arena;
	struct str *names = ARENA_ARRAY(a, struct str, NAMES_MAX);
	size_t n = 0;
	names[n++] = STR("localhost");
	names[n++] = STR("127.0.0.1");
	names[n++] = STR("::1");
	names[n++] = machine_name(a);
	if (app->name.len)
		names[n++] = app->name;
	const struct endpoint *listeners[] = { &app->dashboard, &app->agents };
	bool wildcard = false;
	for (size_t i = 0; i < COUNT(listeners); i++) {
		wildcard |= endpoint_is_wildcard(listeners[i]);
		if (!endpoint_is_wildcard(listeners[i]))
			names[n++] = listeners[i]->host;
	}
	if (wildcard)
		n += machine_addresses(a, names + n, MACHINE_ADDRESSES_MAX);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		bool known = false;
		for (size_t j = 0; j < kept; j++)
			known |= str_eq_nocase(names[i], names[j]);
		if (!known)
			names[kept++] = names[i];
	}
	app->hosts = names;
	app->host_count = kept;
}

static bool
index_failed(struct app *app, const struct err *why)
{
	pthread_mutex_lock(&app->lock);
	app->index_error = *why;
	pthread_mutex_unlock(&app->lock);
	return false;
}

/* An index of another version, or none beside feeds that are there, is built from them. */
static bool
index_open_first(struct app *app, struct err *e)
{
	LANG_ENGLISH_AUTO;
	if (app_index_reload(app, e) && app->index)
		return true;
	if (!feed_index_rebuild(app->data, clock_now(app->clock), e))
		return index_failed(app, e);
	return app_index_reload(app, e);
}

bool
app_open(struct app *app, const char *data, const struct clock *clock, struct store **st, struct err *e)
{
	*app = (struct app){ .data = data, .clock = clock, .folder_lock = -1 };
	pthread_mutex_init(&app->lock, NULL);
	app->exposure = exposure_pool_new(data);
	app->surface = surface_runs_new(data);
	app->certificates = ARENA_ARRAY(&app->arena, struct certificate_facts, CERTIFICATES_KEPT);
	const char *database = app_database(data, &app->arena);
	if (file_exists(data) && !dir_check_private(data, user_find("mamori").uid, e))
		return false;
	if (!file_exists(database))
		return err_set(e, ERR_NOT_FOUND, "%s is not a state folder of mamori yet: make it one with mamori init",
			       data);
	STORE_AUTO opened = NULL;
	struct err index_error = { 0 };
	if (!folder_lock(app, e) || !keys_load(app, e) || !store_open(database, STORE_WRITE, &opened, e) ||
	    !settings_load(app, opened, e))
		return err_wrap(e, "opening the state folder %s", data);
	names_collect(app);
	zone_device(NULL, ZONE_UNTIL, &app->arena, &app->zone);
	/* Another version's index is built anew; a failure must not keep machines from checking in. */
	if (!index_open_first(app, &index_error))
		log_warn("feeds", "%s", index_error.text);
	*st = opened;
	opened = NULL;
	return true;
}

void
app_close(struct app *app)
{
	if (app->index)
		index_release(app, app->index);
	exposure_pool_free(app->exposure);
	surface_runs_free(app->surface);
	key_free(app->ca_key);
	key_free(app->order_key);
	key_free(app->server_key);
	buf_free(&app->ca_pem);
	fd_cleanup(&app->folder_lock);
	arena_free(&app->arena);
	pthread_mutex_destroy(&app->lock);
}

/* ---- names ---- */

bool
app_set_endpoints(struct app *app, struct store *st, const char *name, const char *dashboard, const char *agents,
		  struct err *e)
{
	struct endpoint d, g;
	if (!endpoint_parse(&app->arena, str_of(dashboard), &d, e) ||
	    !endpoint_parse(&app->arena, str_of(agents), &g, e))
		return false;
	if (!store_begin(st, e))
		return false;
	bool ok = setting_put(st, "listen", str_of(dashboard), e) && setting_put(st, "agents", str_of(agents), e) &&
		  (!name || setting_put(st, "name", str_of(name), e));
	if (!ok || !store_commit(st, e)) {
		store_rollback(st);
		return false;
	}
	pthread_mutex_lock(&app->lock);
	app->dashboard = d;
	app->agents = g;
	if (name)
		app->name = arena_str(&app->arena, str_of(name));
	names_collect(app);
	pthread_mutex_unlock(&app->lock);
	return true;
}

/* The best host for a URL of a listener. */
static struct str
url_host(const struct app *app, const struct endpoint *p, struct arena *a)
{
	if (endpoint_is_loopback(p))
		return p->host;
	if (app->name.len)
		return app->name;
	return endpoint_is_wildcard(p) ? machine_name(a) : p->host;
}

size_t
app_urls(struct app *app, struct arena *a, struct str *out, size_t max)
{
	pthread_mutex_lock(&app->lock);
	size_t n = 0;
	struct str best = url_host(app, &app->dashboard, a);
	out[n++] = endpoint_url(a, best, app->dashboard.port);
	/* Names may not resolve on a closed network: addresses go along. */
	if (endpoint_is_wildcard(&app->dashboard)) {
		struct str addresses[4];
		size_t count = machine_addresses(a, addresses, COUNT(addresses));
		for (size_t i = 0; i < count && n < max; i++)
			out[n++] = endpoint_url(a, addresses[i], app->dashboard.port);
	} else if (!str_eq(best, app->dashboard.host) && n < max) {
		out[n++] = endpoint_url(a, app->dashboard.host, app->dashboard.port);
	}
	pthread_mutex_unlock(&app->lock);
	return n;
}

struct str
app_agents_url(struct app *app, struct arena *a, struct str host_header)
{
	struct str called = host_of_header(host_header);
	bool known = app_knows_host(app, called);
	pthread_mutex_lock(&app->lock);
	struct str host = url_host(app, &app->agents, a);
	/* Where we listen everywhere, the way that this host has just come works for it. */
	if (known && endpoint_is_wildcard(&app->agents) && !app->name.len)
		host = called;
	struct str url = endpoint_url(a, host, app->agents.port);
	pthread_mutex_unlock(&app->lock);
	return url;
}

bool
app_knows_host(struct app *app, struct str host)
{
	if (!host.len)
		return false;
	if (host_is_address(host)) /* a rebound name is a name */
		return true;
	bool known = false;
	pthread_mutex_lock(&app->lock);
	for (size_t i = 0; i < app->host_count; i++)
		known |= str_eq_nocase(host, app->hosts[i]);
	pthread_mutex_unlock(&app->lock);
	return known;
}

struct str
app_display_name(struct app *app, struct arena *a)
{
	pthread_mutex_lock(&app->lock);
	struct str name = app->name.len ? arena_str(a, app->name) : machine_name(a);
	pthread_mutex_unlock(&app->lock);
	return name;
}

/* ---- the server's certificate ---- */

static bool
certificate_fits(const struct app *app, struct str pem, struct str names, struct str names_then)
{
	struct cert_info info;
	struct err e = { 0 };
	int64_t now = clock_now(app->clock);
	return pem.len && str_eq(names, names_then) && cert_read(pem, &info, &e) && info.not_after > now + 30 * DAY &&
	       cert_check(pem, buf_str(&app->ca_pem), now, &e);
}

static bool
certificate_issue(struct app *app, const char *path, struct buf *pem, struct err *e)
{
	ARENA_AUTO a = { 0 };
	int64_t now = clock_now(app->clock);
	const char **names = ARENA_ARRAY(&a, const char *, app->host_count + 1);
	for (size_t i = 0; i < app->host_count; i++)
		names[i] = arena_cstr(&a, app->hosts[i]);
	struct cert_request request = {
		.common_name = app->name.len ? app->name : machine_name(&a),
		.names = names,
		.server = true,
		.not_before = now - DAY,
		.not_after = now + CERTIFICATE_LIFE,
	};
	return cert_issue(app->ca_key, buf_str(&app->ca_pem), app->server_key, &request, pem, e) &&
	       file_write(path, buf_str(pem), 0644, e);
}

bool
app_certificate(struct app *app, struct buf *certificate_pem, struct buf *key_pem, bool *renewed, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *path = path_join(&a, app->data, "server.pem"),
		   *names_path = path_join(&a, app->data, "server.names");
	BUF_AUTO names = { 0 };
	BUF_AUTO names_then = { 0 };
	BUF_AUTO pem = { 0 };
	struct err ignored = { 0 };
	for (size_t i = 0; i < app->host_count; i++)
		buf_addf(&names, "%.*s\n", STR_ARG(app->hosts[i]));
	(void)!file_read(path, KEY_FILE_MAX, &pem, &ignored);
	(void)!file_read(names_path, KEY_FILE_MAX, &names_then, &ignored);
	*renewed = !certificate_fits(app, buf_str(&pem), buf_str(&names), buf_str(&names_then));
	if (*renewed) {
		buf_truncate(&pem, 0);
		if (!certificate_issue(app, path, &pem, e) || !file_write(names_path, buf_str(&names), 0644, e))
			return err_wrap(e, "issuing the server's certificate");
	}
	/* The CA goes along: a machine that enrols knows only the digest of its key. */
	buf_add(certificate_pem, buf_str(&pem));
	buf_add(certificate_pem, buf_str(&app->ca_pem));
	return key_to_pem(app->server_key, key_pem, e);
}

/* ---- the advisory index ---- */

struct index_ref *
app_index(struct app *app)
{
	pthread_mutex_lock(&app->lock);
	struct index_ref *ref = app->index;
	if (ref)
		ref->users++;
	pthread_mutex_unlock(&app->lock);
	return ref;
}

void
index_release(struct app *app, struct index_ref *ref)
{
	if (!ref)
		return;
	pthread_mutex_lock(&app->lock);
	bool last = --ref->users == 0;
	pthread_mutex_unlock(&app->lock);
	if (last) {
		vuln_index_close(ref->index);
		free(ref);
	}
}

bool
app_index_usable(struct app *app, struct err *e)
{
	pthread_mutex_lock(&app->lock);
	*e = app->index_error;
	pthread_mutex_unlock(&app->lock);
	return e->code == ERR_NONE;
}

bool
app_index_reload(struct app *app, struct err *e)
{
	struct vuln_index *index = NULL;
	struct err none = { 0 };
	LANG_ENGLISH_AUTO;
	if (!vuln_index_open(app->data, &index, &none) && none.code != ERR_NOT_FOUND) {
		(void)err_wrap(&none, "opening the advisory index");
		*e = none;
		return index_failed(app, &none);
	}
	struct index_ref *fresh = NULL;
	if (index) {
		fresh = xcalloc(1, sizeof(*fresh));
		*fresh = (struct index_ref){ index, 1 };
	}
	pthread_mutex_lock(&app->lock);
	struct index_ref *old = app->index;
	app->index = fresh;
	app->index_error = (struct err){ 0 };
	pthread_mutex_unlock(&app->lock);
	index_release(app, old);
	return true;
}

/* ---- certificates of agents ---- */

bool
app_certificate_facts(struct app *app, struct str pem, struct certificate_facts *out, struct err *e)
{
	struct certificate_facts f = { 0 };
	struct cert_info info;
	uint32_t place;
	sha256(pem, f.pem);
	memcpy(&place, f.pem, sizeof(place));
	struct certificate_facts *kept = &app->certificates[place % CERTIFICATES_KEPT];
	pthread_mutex_lock(&app->lock);
	bool known = memcmp(kept->pem, f.pem, sizeof(f.pem)) == 0;
	if (known)
		*out = *kept;
	pthread_mutex_unlock(&app->lock);
	if (known)
		return true;
	if (!cert_read(pem, &info, e) || !cert_key_digest(pem, f.key_digest, e))
		return false;
	snprintf(f.serial, sizeof(f.serial), "%s", info.serial);
	pthread_mutex_lock(&app->lock);
	*kept = f;
	pthread_mutex_unlock(&app->lock);
	*out = f;
	return true;
}

/* ---- sign-in attempts ---- */

static struct signin_failures *
failures_of(struct app *app, struct str peer, int64_t now)
{
	struct signin_failures *oldest = &app->failures[0];
	for (size_t i = 0; i < SIGNIN_ADDRESSES; i++) {
		struct signin_failures *f = &app->failures[i];
		if (str_eq(str_of(f->peer), peer)) {
			if (f->since + SIGNIN_WINDOW_MS <= now)
				*f = (struct signin_failures){ 0 };
			else
				return f;
		}
		if (f->since < oldest->since)
			oldest = f;
	}
	*oldest = (struct signin_failures){ .since = now };
	size_t len = peer.len < sizeof(oldest->peer) - 1 ? peer.len : sizeof(oldest->peer) - 1;
	if (len)
		memcpy(oldest->peer, peer.ptr, len);
	return oldest;
}

bool
app_signin_allowed(struct app *app, struct str peer, int64_t now)
{
	pthread_mutex_lock(&app->lock);
	bool allowed = true;
	for (size_t i = 0; i < SIGNIN_ADDRESSES; i++) {
		const struct signin_failures *f = &app->failures[i];
		if (f->count >= SIGNIN_FAILURES && f->since + SIGNIN_WINDOW_MS > now && str_eq(str_of(f->peer), peer))
			allowed = false;
	}
	pthread_mutex_unlock(&app->lock);
	return allowed;
}

void
app_signin_failed(struct app *app, struct str peer, int64_t now)
{
	pthread_mutex_lock(&app->lock);
	failures_of(app, peer, now)->count++;
	pthread_mutex_unlock(&app->lock);
}
