/* Services by systemd. */
#include "agent/mitigation.h"

#include <unistd.h>

#include "agent/facts.h"
#include "agent/service.h"
#include "base/log.h"
#include "base/sentence.h"

#define UNITS "etc/systemd/system"
#define DROP_IN "mamori-mitigation.conf"

/* ---- services ---- */

struct str
mitigation_unit(struct arena *a, struct str service)
{
	static const char *const kinds[] = { ".service", ".socket", ".timer", ".path", ".target" };
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (str_ends(service, str_of(kinds[i])))
			return service;
	return arena_printf(a, "%.*s.service", STR_ARG(service));
}

static const char *
drop_in_folder(struct session *s, struct str service)
{
	struct str unit = mitigation_unit(s->arena, service);
	return path_join(s->arena, s->agent->root, arena_printf(s->arena, UNITS "/%.*s.d", STR_ARG(unit)).ptr);
}

/* Our file as a condition: systemd would read blanks, quotes and % otherwise than we mean; then the root, which is always
 * there. */
static const char *
condition_path(struct session *s)
{
	const char *path = state_path(s->agent, s->arena, MITIGATION_MEMORY);
	for (const char *c = path; *c; c++)
		if (!strchr("/._-", *c) && !(*c >= '0' && *c <= '9') && !(*c >= 'a' && *c <= 'z') &&
		    !(*c >= 'A' && *c <= 'Z'))
			return "/";
	return path[0] == '/' ? path : "/";
}

static bool
reload(struct session *s, struct err *e)
{
	const char *argv[] = { "systemctl", "daemon-reload", NULL };
	return service_ctl(s, argv, NULL, e);
}

static bool
drop_in_write(struct session *s, struct str service, struct err *e)
{
	const char *folder = drop_in_folder(s, service), *path = path_join(s->arena, folder, DROP_IN);
	BUF_AUTO old = { 0 };
	struct str text =
		arena_printf(s->arena,
			     "# An emergency's update is missing here: mamori keeps this service stopped until it "
			     "is installed.\n[Unit]\nConditionPathExists=!%s\n",
			     condition_path(s));
	if (file_read(path, 4096, &old, NULL) && str_eq(buf_str(&old), text))
		return true;
	return (dir_make(folder, 0755, e) && file_write(path, text, 0644, e) && reload(s, e)) ||
	       err_wrap(e, "keeping %.*s from starting", STR_ARG(service));
}

static bool
drop_in_remove(struct session *s, struct str service, struct err *e)
{
	const char *folder = drop_in_folder(s, service), *path = path_join(s->arena, folder, DROP_IN);
	if (!file_exists(path))
		return true;
	if (!file_remove(path, e))
		return err_wrap(e, "letting %.*s start again", STR_ARG(service));
	(void)rmdir(folder); /* only when nobody else has something in it */
	return reload(s, e);
}

static bool
is_up(struct str active)
{
	return str_eq(active, STR("active")) || str_eq(active, STR("activating")) || str_eq(active, STR("reloading"));
}

void
mitigation_service_look(struct session *s, struct mitigate_act *x, bool *runs)
{
	struct err e = { 0 };
	struct str out, load;
	*runs = false;
	x->why = STR("");
	if (facts_view(s) == &host_view_folder) {
		x->state = MITIGATE_NOT_APPLICABLE;
		x->why = str_of(tr("nothing runs in a root folder"));
		return;
	}
	if (!service_show(s, mitigation_unit(s->arena, x->what), "LoadState,ActiveState", &out, &e)) {
		x->state = MITIGATE_FAILED;
		x->why = arena_printf(s->arena, "%s", e.text);
		return;
	}
	load = service_property(out, "LoadState");
	*runs = is_up(service_property(out, "ActiveState"));
	x->state = MITIGATE_DUE;
	if (!*runs && (str_eq(load, STR("not-found")) || str_eq(load, STR("masked")))) {
		x->state = MITIGATE_NOT_APPLICABLE;
		x->why = arena_printf(s->arena, tr("this machine has no service %.*s"), STR_ARG(x->what));
	}
}

bool
mitigation_service_stop(struct session *s, struct str service, struct err *e)
{
	struct str unit = mitigation_unit(s->arena, service), out;
	struct err kept = { 0 };
	/* Without it the service is stopped all the same, only not for as long. */
	bool stays = drop_in_write(s, service, &kept);
	if (!service_do(s, "stop", unit, e) || !service_show(s, unit, "ActiveState", &out, e))
		return false;
	if (is_up(service_property(out, "ActiveState")))
		return err_set(e, ERR_SYSTEM, "%.*s still runs", STR_ARG(service));
	return stays || err_set(e, kept.code, "%s", kept.text);
}

bool
mitigation_service_free(struct session *s, struct str service, bool start, struct err *e)
{
	return drop_in_remove(s, service, e) &&
	       (!start || service_do(s, "start", mitigation_unit(s->arena, service), e));
}
