/* A new state folder: keys, certificate authority, database, first sign-in link. */
#include "os/file.h"
#include "os/user.h"
#include "server/app.h"
#include "server/server.h"
#include "server/sign_in.h"
#include "store/audit.h"
#include "store/setting.h"
#include "trust/cert.h"

/* The CA's certificate is written last of the keys: a folder with it has them all. */
static bool
keys_create(const char *data, const char *name, int64_t now, struct err *e)
{
	ARENA_AUTO a = { 0 };
	KEY_AUTO ca = NULL;
	KEY_AUTO order = NULL;
	KEY_AUTO server = NULL;
	BUF_AUTO pem = { 0 };
	BUF_AUTO title = { 0 };
	const char *path = path_join(&a, data, "ca.pem");
	if (!key_load_or_create(path_join(&a, data, "ca.key"), &ca, e) ||
	    !key_load_or_create(path_join(&a, data, "order.key"), &order, e) ||
	    !key_load_or_create(path_join(&a, data, "server.key"), &server, e))
		return false;
	if (file_exists(path)) /* a first init that was interrupted */
		return true;
	buf_addf(&title, "mamori %s", name);
	buf_truncate(&title, title.len > 64 ? 64 : title.len); /* X.509: ub-common-name */
	return ca_create(ca, buf_cstr(&title), now, &pem, e) && file_write(path, buf_str(&pem), 0644, e);
}

/* The database appears under its name only when it is whole: half an init is no state folder. */
static bool
database_create(const char *data, const char *name, const char *listen, struct err *e)
{
	ARENA_AUTO a = { 0 };
	const char *path = path_join(&a, data, "mamori.db.new");
	STORE_AUTO st = NULL;
	if (!file_remove(path, e) || !file_remove(path_join(&a, data, "mamori.db.new-wal"), e) ||
	    !file_remove(path_join(&a, data, "mamori.db.new-shm"), e) || !store_open(path, STORE_WRITE, &st, e) ||
	    !store_begin(st, e))
		return false;
	if (!setting_put(st, "name", str_of(name ? name : ""), e) ||
	    !setting_put(st, "listen", str_of(listen ? listen : "127.0.0.1:8443"), e) || !store_commit(st, e)) {
		store_rollback(st);
		return false;
	}
	store_close(st); /* checkpoints: the file alone is the database */
	st = NULL;
	if (rename(path, app_database(data, &a)) != 0)
		return err_sys(e, "naming the new database in %s", data);
	return true;
}

static bool
link_create(struct app *app, struct store *st, struct buf *link, struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct str text;
	int64_t now = clock_now(app->clock);
	struct audit row = { .at = now, .who = STR("admin"), .what = STR("server.init") };
	BUF_AUTO certificate = { 0 };
	BUF_AUTO key = { 0 };
	bool renewed;
	if (!app_certificate(app, &certificate, &key, &renewed, e) || !store_begin(st, e))
		return false;
	if (!audit_add(st, &row, e) || !sign_in_link(app, st, &a, ROLE_ADMINISTRATOR, STR(""), now, &text, e) ||
	    !store_commit(st, e)) {
		store_rollback(st);
		return false;
	}
	buf_add(link, text);
	return true;
}

static bool
init_new(const char *data, const char *name, const char *listen, const struct clock *clock, struct buf *link,
	 struct err *e)
{
	ARENA_AUTO a = { 0 };
	struct endpoint checked;
	struct app app;
	STORE_AUTO st = NULL;
	if ((listen && !endpoint_parse(&a, str_of(listen), &checked, e)) || !dir_make(data, 0700, e) ||
	    !dir_check_private(data, user_find("mamori").uid, e) ||
	    !keys_create(data, name ? name : arena_cstr(&a, machine_name(&a)), clock_now(clock), e) ||
	    !database_create(data, name, listen, e))
		return false;
	bool ok = app_open(&app, data, clock, &st, e) && link_create(&app, st, link, e);
	store_close(st);
	st = NULL;
	app_close(&app);
	return ok;
}

bool
server_init(const char *data, const char *name, const char *listen, const struct clock *clock, bool *created,
	    struct buf *link, struct err *e)
{
	ARENA_AUTO a = { 0 };
	*created = false;
	if (file_exists(app_database(data, &a)))
		return true;
	if (!init_new(data, name, listen, clock, link, e))
		return e->code == ERR_REFUSED
			       ? err_wrap(e, "no state folder can be made in %s; choose one with --data DIR", data)
			       : err_wrap(e, "making the state folder %s", data);
	*created = true;
	return true;
}
