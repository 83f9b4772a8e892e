/* What a request is for: whatever it says, a file found lies below an allowed origin, has no dot segments in any
 * encoding, and its canonical form is its own canonical form. The journal's lines are strangers' too. */
#include "relay/cache-internal.h"
#include "relay/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_url(const struct allowlist *l, struct str url)
{
	BUF_AUTO again = { 0 };
	static const char *const below[] = { "http://deb.example.org/debian/", "https://sec.example.org:8443/" };
	struct str path, query;
	/* What stands behind the question mark is no path. */
	(void)!str_split(url, '?', &path, &query);
	bool ok = str_eq(path, STR("https://vendor.example.org/setup.msi"));
	for (size_t i = 0; i < COUNT(below); i++)
		ok = ok || str_starts(url, str_of(below[i]));
	if (!ok || str_contains(path, STR("/../")) || str_contains(path, STR("/./")) ||
	    str_contains(path, STR("%2F")) || str_contains(path, STR("%5C")) || str_contains(path, STR("%00")))
		abort();
	if (!allow_url(l, url, &again, NULL) || !str_eq(buf_str(&again), url))
		abort();
}

static void
check_journal(struct str line)
{
	BUF_AUTO url = { 0 };
	struct cache_entry entry = { 0 };
	bool gone;
	if (journal_parse(line, &url, &entry, &gone) && !gone && strlen(entry.sha256) != SHA256_HEX_LEN - 1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_AUTO a = { 0 };
	struct allowlist list = { 0 };
	struct target t = { 0 };
	struct request r = { .head_max = 16384, .body_max = 64, .proxy = true };
	if (!allow_add(&list, &a, STR("http://deb.example.org/debian"), NULL) ||
	    !allow_add(&list, &a, STR("https://sec.example.org:8443/"), NULL) ||
	    !allow_add_file(&list, &a, STR("https://vendor.example.org/setup.msi")))
		abort();
	check_journal(str_sub((const char *)data, size));
	request_feed(&r, str_sub((const char *)data, size));
	if (r.state == REQUEST_DONE) {
		target_find(&list, &r, &t);
		if (t.kind == TARGET_FILE)
			check_url(&list, buf_str(&t.url));
		if (t.kind == TARGET_TUNNEL && !str_eq(buf_str(&t.url), STR("sec.example.org:8443")))
			abort();
		if (t.kind == TARGET_REFUSED && (t.status < 400 || !t.why))
			abort();
		target_free(&t);
	}
	request_free(&r);
	return 0;
}
