#include "server/api.h"

#include "base/sentence.h"
#include "server/updates.h"

#include "vuln/priority.h"

void
host_ref_write(struct request *r, const char *key, struct str id, struct str name)
{
	json_key(&r->w, key);
	json_begin_object(&r->w);
	json_put_str(&r->w, "id", id);
	json_put_str(&r->w, "name", name);
	json_end_object(&r->w);
}

void
host_ref_group_write(struct request *r, const char *key, struct str id, struct str name, struct str group)
{
	json_key(&r->w, key);
	json_begin_object(&r->w);
	json_put_str(&r->w, "id", id);
	json_put_str(&r->w, "name", name);
	str_or_null(&r->w, "group", group);
	json_end_object(&r->w);
}

void
str_or_null(struct json_writer *w, const char *key, struct str s)
{
	json_key(w, key);
	json_str_or_null(w, s.len ? s : STR_NONE);
}

void
number_or_null(struct json_writer *w, const char *key, double d, int decimals)
{
	json_key(w, key);
	if (d < 0)
		json_null(w);
	else
		json_double(w, d, decimals);
}

const char *
severity_word(int severity)
{
	bool known = severity >= SEVERITY_UNKNOWN && severity <= SEVERITY_CRITICAL;
	return severity_name(known ? (enum severity)severity : SEVERITY_UNKNOWN);
}

void
findings_counts_write(struct json_writer *w, const int64_t counts[HOST_SEVERITIES], int64_t kev)
{
	json_begin_object(w);
	for (int i = HOST_SEVERITIES - 1; i >= 0; i--)
		json_put_i64(w, severity_word(i), counts[i]);
	json_put_i64(w, "kev", kev);
	json_end_object(w);
}

void
actions_write(struct json_writer *w, const int64_t actions[4], int64_t overdue, int64_t overdue_now)
{
	json_begin_object(w);
	for (int i = ACTION_NOW; i >= ACTION_WATCH; i--)
		json_put_i64(w, action_name((enum action)i), actions[i]);
	json_put_i64(w, "overdue", overdue);
	json_put_i64(w, "overdue_now", overdue_now);
	json_end_object(w);
}

struct str
host_not_matched(struct request *r, const struct host *h)
{
	struct err why = { 0 };
	if (h->state != HOST_ACTIVE)
		return STR_NONE;
	if (h->not_matched.len)
		return tr_sentence(&r->arena, h->not_matched);
	if (h->matched_at && h->matched_generation)
		return STR_NONE;
	if (!app_index_usable(r->app, &why))
		return tr_sentence(&r->arena, arena_str(&r->arena, str_of(why.text)));
	struct index_ref *ref = app_index(r->app);
	index_release(r->app, ref);
	if (!ref)
		return str_of(
			tr("No vulnerability data yet. Run mamori feed update, or mamori feed import with files from "
			   "another machine."));
	return str_of(tr("Not compared with the vulnerability data yet."));
}

void
vulnerability_keys_write(struct json_writer *w, const struct vulnerability_row *v)
{
	json_put_cstr(w, "severity", severity_word(v->severity));
	number_or_null(w, "cvss", v->cvss, 1);
	json_put_bool(w, "kev", v->kev);
	number_or_null(w, "epss", v->epss, 5);
}

struct order_context
order_context_of(struct request *r)
{
	return (struct order_context){
		.st = r->st,
		.arena = &r->arena,
		.key = r->app->order_key,
		.now = r->now,
		.interval = r->interval,
	};
}

/* ---- sentences ---- */

bool
host_is_silent(const struct request *r, const struct host *h)
{
	return h->state == HOST_ACTIVE && h->last_seen < request_silent_before(r) &&
	       h->enrolled_at < request_silent_before(r);
}

static struct str
sentence_of_state(struct request *r, const struct host *h)
{
	switch (h->state) {
	case HOST_PENDING:
		return str_of(tr("Waits for approval: it may not check in before that."));
	case HOST_REVOKED:
		return str_of(
			tr("Revoked: its certificate is refused. Enrol it again with a new token, or delete it."));
	case HOST_CLONED:
		return str_of(
			tr("Its identity was seen on two machines: enrol each of them anew with a token of its own."));
	case HOST_ACTIVE:
		break;
	}
	return STR("");
}

static struct str
sentence_of_contact(struct request *r, const struct host *h)
{
	char when[TIME_RFC3339_MAX];
	if (!h->last_seen)
		return str_of(tr("Enrolled; it has not checked in yet."));
	if (host_is_silent(r, h))
		return arena_printf(&r->arena,
				    tr("Not seen since %s: check that it is on and that mamori-agent runs there."),
				    time_local(h->last_seen, when));
	return STR("");
}

static struct str
sentence_of_patches(struct request *r, const struct host *h)
{
	struct arena *a = &r->arena;
	if (h->running)
		return arena_printf(a, tr("Updates being installed now: %lld."), (long long)h->running);
	if (h->plan_error.len) {
		struct str reason = tr_sentence(a, h->plan_error);
		return arena_printf(a, tr("Its pending updates are not known: %.*s"), STR_ARG(reason));
	}
	if (h->failed)
		return arena_printf(a, tr("Failed updates: %lld. Open them to see why."), (long long)h->failed);
	if (!h->updates_at)
		return str_of(tr("Its list of pending updates has not arrived yet."));
	if (h->security && !h->queued)
		return arena_printf(a, tr("Security updates missing: %lld."), (long long)h->security);
	if (h->security)
		return arena_printf(a, tr("Security updates missing: %lld (ordered updates: %lld)."),
				    (long long)h->security, (long long)h->queued);
	if (h->reboot)
		return str_of(tr("Everything is installed; it must be restarted for that to take effect."));
	if (h->eol_ended)
		return arena_printf(a, tr("%.*s is past its end of support: no more security updates come."),
				    STR_ARG(h->os_name));
	if (h->pending)
		return arena_printf(a, tr("No security update is missing; other pending updates: %lld."),
				    (long long)h->pending);
	return str_of(tr("Up to date."));
}

struct str
host_sentence(struct request *r, const struct host *h)
{
	struct str s = sentence_of_state(r, h);
	if (!s.len)
		s = sentence_of_contact(r, h);
	return s.len ? s : sentence_of_patches(r, h);
}

static void
notice(struct request *r, const struct host *h, const char *level, const char *code, struct str text)
{
	json_begin_object(&r->w);
	json_put_cstr(&r->w, "level", level);
	json_put_cstr(&r->w, "code", code);
	host_ref_write(r, "host", h->id, h->name);
	json_put_str(&r->w, "text", text);
	json_end_object(&r->w);
}

void
notice_about_write(struct request *r, const char *level, const char *code, const char *key, struct str name,
		   struct str text)
{
	json_begin_object(&r->w);
	json_put_cstr(&r->w, "level", level);
	json_put_cstr(&r->w, "code", code);
	json_key(&r->w, "host");
	json_null(&r->w);
	if (name.ptr)
		json_put_str(&r->w, key, name);
	json_put_str(&r->w, "text", text);
	json_end_object(&r->w);
}

void
notice_write(struct request *r, const char *level, const char *code, struct str text)
{
	notice_about_write(r, level, code, "", STR_NONE, text);
}

void
host_notices_write(struct request *r, const struct host *h)
{
	struct arena *a = &r->arena;
	char when[TIME_RFC3339_MAX];
	if (h->state == HOST_CLONED)
		notice(r, h, "alarm", "cloned", sentence_of_state(r, h));
	if (h->state == HOST_PENDING)
		notice(r, h, "info", "pending-host", sentence_of_state(r, h));
	if (h->state != HOST_ACTIVE)
		return;
	if (h->hardware_at > r->now - NOTICE_EVENT_MS)
		notice(r, h, "info", "hardware",
		       arena_printf(a,
				    tr("At %s its hardware changed. If nobody worked on it, see whether the machine is "
				       "still yours."),
				    time_local(h->hardware_at, when)));
	if (h->reverted_at > r->now - NOTICE_EVENT_MS)
		notice(r, h, "warning", "reverted",
		       arena_printf(a,
				    tr("At %s its disk came back in an earlier state: updates may be missing again."),
				    time_local(h->reverted_at, when)));
	if (host_is_silent(r, h))
		notice(r, h, "warning", "silent",
		       h->last_seen
			       ? sentence_of_contact(r, h)
			       : str_of(tr(
					 "Enrolled, but it has never checked in: see that mamori-agent runs there.")));
	struct str metadata = updates_trouble(r, h->id);
	if (metadata.len)
		notice(r, h, "warning", "metadata",
		       arena_printf(a, tr("Its update metadata: %.*s"), STR_ARG(metadata)));
	if (h->overdue_now)
		notice(r, h, "alarm", "overdue",
		       arena_printf(a, tr("Vulnerabilities to act on now whose due date has passed: %lld."),
				    (long long)h->overdue_now));
	if (h->not_matched.len) {
		struct str why = tr_sentence(a, h->not_matched);
		notice(r, h, "warning", "not-matched",
		       arena_printf(a, tr("Not compared with the newest vulnerability data: %.*s"), STR_ARG(why)));
	}
	if (h->failed)
		notice(r, h, "alarm", "failed",
		       arena_printf(a, tr("Failed updates: %lld. Open them to see why."), (long long)h->failed));
	if (h->eol_ended)
		notice(r, h, "warning", "eol",
		       arena_printf(a, tr("%.*s is past its end of support: no more security updates come."),
				    STR_ARG(h->os_name)));
}
