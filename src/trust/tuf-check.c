/* A target's own bytes (5.7.3), what may be installed when a site is cut off, and the names of reasons (trust/tuf.h). */
#include "base/time.h"
#include "trust/tuf-document.h"

struct tuf_check {
	const struct tuf_target *target;
	struct tuf_digest *sha256, *sha512;
	uint64_t length;
	bool too_long;
};

struct tuf_check *
tuf_check_open(const struct tuf_target *t)
{
	struct tuf_check *k = xcalloc(1, sizeof(*k));
	*k = (struct tuf_check){ .target = t, .sha256 = tuf_digest_open(false), .sha512 = tuf_digest_open(true) };
	return k;
}

static bool
too_long(const struct tuf_check *k, struct err *e)
{
	return err_set(
		e, ERR_REFUSED,
		"“%.*s” does not end after the %llu bytes that its metadata names; the source may be sending endless "
		"data",
		STR_ARG(k->target->path), (unsigned long long)k->target->length);
}

bool
tuf_check_add(struct tuf_check *k, struct str bytes, struct err *e)
{
	if (k->too_long || bytes.len > k->target->length - k->length) {
		k->too_long = true;
		return too_long(k, e);
	}
	k->length += bytes.len;
	if (k->target->sha256.ptr)
		tuf_digest_add(k->sha256, bytes);
	if (k->target->sha512.ptr)
		tuf_digest_add(k->sha512, bytes);
	return true;
}

static enum tuf_reason
verdict(const struct tuf_check *k, const char *sha256, const char *sha512)
{
	const struct tuf_target *t = k->target;
	if (k->too_long)
		return TUF_TARGET_TOO_LONG;
	if (k->length != t->length)
		return TUF_TARGET_LENGTH;
	if ((t->sha256.ptr && !str_eq(t->sha256, str_of(sha256))) ||
	    (t->sha512.ptr && !str_eq(t->sha512, str_of(sha512))) || (!t->sha256.ptr && !t->sha512.ptr))
		return TUF_TARGET_HASH;
	return TUF_OK;
}

bool
tuf_check_end(struct tuf_check *k, enum tuf_reason *reason, struct err *e)
{
	char sha256[129], sha512[129];
	const struct tuf_target *t = k->target;
	tuf_digest_close(k->sha256, sha256);
	tuf_digest_close(k->sha512, sha512);
	enum tuf_reason r = verdict(k, sha256, sha512);
	if (reason)
		*reason = r;
	if (r == TUF_TARGET_TOO_LONG)
		too_long(k, e);
	else if (r == TUF_TARGET_LENGTH)
		err_set(e, ERR_REFUSED, "“%.*s” ended after %llu of %llu bytes; fetch it again", STR_ARG(t->path),
			(unsigned long long)k->length, (unsigned long long)t->length);
	else if (r == TUF_TARGET_HASH)
		err_set(e, ERR_REFUSED,
			"“%.*s” has not the digest that its metadata names: it is damaged or another file; fetch it "
			"again, "
			"and look at the source if it stays so",
			STR_ARG(t->path));
	free(k);
	return r == TUF_OK;
}

static const char *const reason_names[] = {
	[TUF_OK] = "ok",
	[TUF_STORE] = "store",
	[TUF_MALFORMED] = "malformed",
	[TUF_WRONG_TYPE] = "wrong-type",
	[TUF_SPEC_VERSION] = "spec-version",
	[TUF_UNAVAILABLE] = "unavailable",
	[TUF_ROOT_TOO_LONG] = "root-too-long",
	[TUF_ROOT_NOT_BY_OLD] = "root-not-by-old",
	[TUF_ROOT_NOT_BY_NEW] = "root-not-by-new",
	[TUF_ROOT_ROLLBACK] = "root-rollback",
	[TUF_ROOT_SKIPPED] = "root-skipped",
	[TUF_ROOT_EXPIRED] = "root-expired",
	[TUF_TIMESTAMP_TOO_LONG] = "timestamp-too-long",
	[TUF_TIMESTAMP_UNSIGNED] = "timestamp-unsigned",
	[TUF_TIMESTAMP_ROLLBACK] = "timestamp-rollback",
	[TUF_TIMESTAMP_SNAPSHOT_ROLLBACK] = "timestamp-snapshot-rollback",
	[TUF_TIMESTAMP_EXPIRED] = "timestamp-expired",
	[TUF_SNAPSHOT_TOO_LONG] = "snapshot-too-long",
	[TUF_SNAPSHOT_HASH] = "snapshot-hash",
	[TUF_SNAPSHOT_UNSIGNED] = "snapshot-unsigned",
	[TUF_SNAPSHOT_VERSION] = "snapshot-version",
	[TUF_SNAPSHOT_ROLLBACK] = "snapshot-rollback",
	[TUF_SNAPSHOT_REMOVED] = "snapshot-removed",
	[TUF_SNAPSHOT_EXPIRED] = "snapshot-expired",
	[TUF_TARGETS_UNLISTED] = "targets-unlisted",
	[TUF_TARGETS_TOO_LONG] = "targets-too-long",
	[TUF_TARGETS_HASH] = "targets-hash",
	[TUF_TARGETS_UNSIGNED] = "targets-unsigned",
	[TUF_TARGETS_VERSION] = "targets-version",
	[TUF_TARGETS_EXPIRED] = "targets-expired",
	[TUF_SEARCH_TOO_LONG] = "search-too-long",
	[TUF_TARGET_UNKNOWN] = "target-unknown",
	[TUF_TARGET_TOO_LONG] = "target-too-long",
	[TUF_TARGET_LENGTH] = "target-length",
	[TUF_TARGET_HASH] = "target-hash",
};

const char *
tuf_reason_name(enum tuf_reason reason)
{
	return reason_names[reason];
}

enum tuf_freshness
tuf_staged_freshness(const struct tuf_staged *s, int64_t now, int64_t *until)
{
	*until = 0;
	if (now < s->expires)
		return TUF_FRESH;
	if (s->offline_for < 0 || s->expires > INT64_MAX - s->offline_for)
		return TUF_STALE;
	*until = s->expires + s->offline_for;
	return s->verified < s->expires && now < *until ? TUF_EXPIRED_BUT_STAGED : TUF_STALE;
}

void
tuf_staged_sentence(enum tuf_freshness f, const struct tuf_staged *s, int64_t until, struct buf *out)
{
	char expired[TIME_RFC3339_MAX], end[TIME_RFC3339_MAX];
	struct err e = { 0 };
	time_rfc3339(s->expires, expired);
	if (f == TUF_EXPIRED_BUT_STAGED)
		err_set(&e, ERR_REFUSED,
			"the update metadata expired at %s and this site is cut off; what was verified before that is "
			"still "
			"installed until %s",
			expired, time_rfc3339(until, end));
	else if (f == TUF_STALE && s->verified >= s->expires)
		err_set(&e, ERR_REFUSED,
			"the update metadata had expired at %s before this was verified; fresh metadata has to come by "
			"network, "
			"relay or bundle",
			expired);
	else if (f == TUF_STALE)
		err_set(&e, ERR_REFUSED,
			"the update metadata expired at %s, longer ago than the policy's offline-for allows; fresh "
			"metadata has "
			"to come by network, relay or bundle",
			expired);
	buf_add(out, str_of(e.text));
}
