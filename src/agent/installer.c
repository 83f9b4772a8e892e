#include "agent/installer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/planning.h"
#include "base/log.h"
#include "base/sentence.h"

static const char *const outcome_names[] = {
	[APPLY_INSTALLED] = "installed",
	[APPLY_PENDING_REBOOT] = "installed-pending-reboot",
	[APPLY_FAILED] = "failed",
};

static bool
outcome_of(struct str name, enum apply_outcome *out)
{
	for (size_t i = 0; i < COUNT(outcome_names); i++) {
		if (str_eq(name, str_of(outcome_names[i]))) {
			*out = (enum apply_outcome)i;
			return true;
		}
	}
	return false;
}

static const char *
file_of(struct session *s, struct str order, const char *suffix)
{
	return state_pathf(s->agent, s->arena, "orders/%.*s.%s", STR_ARG(order), suffix);
}

/* ---- in the installer ---- */

static void
ignore(int sig)
{
	(void)sig;
}

/* A handler, not SIG_IGN: that would be inherited by services which packages restart. */
static void
shield(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT };
	struct sigaction act = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	for (size_t i = 0; i < COUNT(signals); i++)
		sigaction(signals[i], &act, NULL);
	setsid();
}

/* Keeps the lock and nothing else of the agent: no socket, no check-in lock, no terminal. */
static void
descriptors(int lock, const char *log)
{
	int null = open("/dev/null", O_RDWR), out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (null >= 0) {
		dup2(null, 0);
		dup2(out >= 0 ? out : null, 1);
		dup2(out >= 0 ? out : null, 2);
	}
	if (lock > 3)
		close_range(3, (unsigned)lock - 1, 0);
	close_range((unsigned)lock + 1, ~0U, 0);
}

static void
outcome_write(struct json_writer *w, int64_t finished, const char *way, const struct ending *ends, size_t count)
{
	json_begin_object(w);
	json_put_time(w, "finished", finished);
	json_put_cstr(w, "way", way);
	json_key(w, "results");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(w);
		json_put_str(w, "patch", ends[i].patch);
		json_put_cstr(w, "outcome", outcome_names[ends[i].outcome]);
		json_put_str(w, "why", ends[i].why);
		json_put_str(w, "words", ends[i].words);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

struct pass {
	const struct order_taken *t;
	const char *log_path;
	struct apply_result *results;
};

static bool
apply(struct session *s, void *user, struct err *e)
{
	const struct pass *p = user;
	const struct order_taken *t = p->t;
	struct pkgmgr_ctx c = s->manager_ctx;
	c.log_path = p->log_path;
	bool (*const how[ORDER_ACTS])(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count,
				      struct arena *a, struct apply_result *results, struct err *e) = {
		[ORDER_ACT_APPLY] = s->manager->apply,
		[ORDER_ACT_BACK] = s->manager->go_back,
		[ORDER_ACT_REMOVE] = s->manager->take_out,
	};
	if (!how[t->act])
		return err_set(e, ERR_REFUSED, "%s cannot do this without a person", s->manager->name);
	return how[t->act](&c, t->list.patches.items, t->list.patches.count, s->arena, p->results, e);
}

_Noreturn static void
installer_main(struct session *s, const struct order_taken *t, int lock)
{
	struct err e = { 0 };
	size_t count = t->list.patches.count;
	struct apply_result *results = ARENA_ARRAY(s->arena, struct apply_result, count);
	struct ending *ends = ARENA_ARRAY(s->arena, struct ending, count);
	BUF_AUTO b = { 0 };
	struct json_writer w = { .out = &b };
	const char *file = arena_printf(s->arena, "orders/%.*s.outcome", STR_ARG(t->order.id)).ptr;
	struct pass pass = { t, file_of(s, t->order.id, "log"), results };
	lang_set_thread(LANG_EN); /* its sentences go into results */
	shield();
	descriptors(lock, pass.log_path);
	bool done = planning_by_any_way(s, &(struct planning_work){ apply, &pass, true }, &e);
	for (size_t i = 0; i < count; i++) {
		ends[i] = (struct ending){ .patch = t->list.patches.items[i].id, .outcome = APPLY_FAILED };
		if (!done) {
			ends[i].why = str_of(e.text);
			continue;
		}
		ends[i].outcome = results[i].outcome;
		ends[i].why = results[i].why;
		ends[i].words = results[i].words;
	}
	outcome_write(&w, clock_now(s->agent->clock), done ? ways_packages_name(&s->ways) : NULL, ends, count);
	/* Failing that, the next run reads from the package database what happened. */
	if (!state_save(s->agent, file, buf_str(&b), &e)) {
		log_error("installer", "%s", e.text);
		_exit(4);
	}
	_exit(0);
}

/* ---- in the agent ---- */

bool
installer_start(struct session *s, const struct order_taken *t, struct err *e)
{
	int lock = -1;
	/* The lock belongs to the open file, so the child holds it from its first moment on. */
	if (!file_lock(file_of(s, t->order.id, "lock"), &lock, e))
		return err_wrap(e, "starting the installer");
	pid_t pid = fork();
	if (pid == 0)
		installer_main(s, t, lock);
	close(lock);
	return pid > 0 || err_sys(e, "starting the installer");
}

bool
installer_wait(struct session *s, struct str order, unsigned ms)
{
	const char *path = file_of(s, order, "lock");
	for (unsigned waited = 0, step = 10;;) {
		int lock = -1;
		struct err e = { 0 };
		if (!file_exists(path) || file_lock(path, &lock, &e) || e.code != ERR_BUSY) {
			if (lock >= 0)
				close(lock);
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
			return true;
		}
		if (waited >= ms)
			return false;
		usleep(step * 1000);
		waited += step;
		step = step < 200 ? step * 2 : 200;
	}
}

bool
installer_outcome(struct session *s, struct str order, struct outcome *out, bool *there, struct err *e)
{
	struct outcome o = { 0 };
	struct json *v;
	size_t count;
	*there = false;
	if (!state_load(s->agent, s->arena, arena_printf(s->arena, "orders/%.*s.outcome", STR_ARG(order)).ptr, &v, e))
		return false;
	if (!v)
		return true;
	if (!time_parse(json_get_str(v, "finished"), &o.finished))
		o.finished = clock_now(s->agent->clock);
	/* The packages came by it: the next ones are asked for there first. */
	if (json_get_str(v, "way").len) {
		ways_packages_by(&s->ways, json_get_str(v, "way"));
		planning_way(s, s->ways.packages);
	}
	const struct json *results = json_get_array(v, "results", &count);
	for (size_t i = 0; i < count; i++) {
		struct ending end = { .patch = json_get_str(&results[i], "patch"),
				      .why = json_get_str(&results[i], "why"),
				      .words = json_get_str(&results[i], "words") };
		if (!outcome_of(json_get_str(&results[i], "outcome"), &end.outcome))
			end.outcome = APPLY_FAILED;
		*ARRAY_PUSH(s->arena, &o.endings) = end;
	}
	*out = o;
	*there = true;
	return true;
}

static bool
package_there(const struct package_list *have, const struct patch_package *p)
{
	for (size_t i = 0; i < have->count; i++)
		if (str_eq(have->items[i].name, p->name) && str_eq(have->items[i].version, p->to) &&
		    (p->arch.len == 0 || have->items[i].arch.len == 0 || str_eq(have->items[i].arch, p->arch)))
			return true;
	return false;
}

static bool
restart_due(const struct inventory *inv, const struct patch *p)
{
	for (size_t i = 0; i < p->packages.count; i++)
		for (size_t k = 0; k < inv->kernels.count; k++)
			if (inv->running_kernel.len > 0 && !inv->kernels.items[k].running &&
			    str_eq(inv->kernels.items[k].package, p->packages.items[i].name))
				return true;
	return false;
}

/* The last of the package manager's words, whole characters. */
static struct str
words_of(struct session *s, struct str order)
{
	BUF_AUTO text = { 0 };
	if (!file_read(file_of(s, order, "log"), 16U << 20, &text, NULL))
		return STR_NONE;
	struct str t = str_trim(buf_str(&text));
	if (t.len > 3000)
		t = str_skip(t, t.len - 3000);
	while (t.len > 0 && ((unsigned char)t.ptr[0] & 0xc0) == 0x80)
		t = str_skip(t, 1);
	return arena_str(s->arena, t);
}

/* out: it was to be taken out, and is done when its version is gone. */
static void
ending_read(struct session *s, const struct patch *p, bool out, const struct err *recovered, struct ending *end)
{
	size_t there = 0;
	for (size_t i = 0; i < p->packages.count; i++)
		there += package_there(&s->inventory.packages, &p->packages.items[i]) != out;
	if (there == p->packages.count && there > 0) {
		end->outcome = restart_due(&s->inventory, p) ? APPLY_PENDING_REBOOT : APPLY_INSTALLED;
		end->why =
			arena_printf(s->arena, "%s",
				     tr("the installation was interrupted, but everything of this patch is installed"));
		return;
	}
	end->outcome = APPLY_FAILED;
	if (recovered->code != ERR_NONE)
		end->why =
			arena_printf(s->arena,
				     tr("interrupted: the installation ended before it could report, %zu of %zu "
					"packages are installed, and putting the package manager in order failed: %s"),
				     there, p->packages.count, recovered->text);
	else
		end->why = arena_printf(s->arena,
					tr("interrupted: the installation ended before it could report, %zu of %zu "
					   "packages are installed; order this patch again"),
					there, p->packages.count);
}

bool
installer_interrupted(struct session *s, const struct order_taken *t, struct outcome *out, struct err *e)
{
	struct outcome o = { .finished = clock_now(s->agent->clock) };
	struct err why = { 0 };
	bool did = false;
	LANG_ENGLISH_AUTO;
	struct inventory_options io = { .root = s->agent->root, .live = strcmp(s->agent->root, "/") == 0 };
	if (s->manager && !s->manager->recover(&s->manager_ctx, &did, &why)) {
		if (why.code == ERR_BUSY)
			return err_set(e, ERR_BUSY, "%s", why.text);
		log_warn("installer", "order %.*s: %s", STR_ARG(t->order.id), why.text);
	}
	if (!inventory_read(&io, s->arena, &s->inventory, e))
		return err_wrap(e, "reading what an interrupted installation left");
	for (size_t i = 0; i < t->list.patches.count; i++) {
		struct ending end = { .patch = t->list.patches.items[i].id, .words = words_of(s, t->order.id) };
		ending_read(s, &t->list.patches.items[i], t->act == ORDER_ACT_REMOVE, &why, &end);
		*ARRAY_PUSH(s->arena, &o.endings) = end;
	}
	*out = o;
	return true;
}
