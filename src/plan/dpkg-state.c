#include "plan/dpkg-state.h"

#include "os/file.h"

#define STATUS_MAX ((size_t)256 << 20)
#define JOURNAL_MAX 100000

static int
str_order(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void
status_line(struct str name, struct str status, struct arena *a, struct dpkg_state *out)
{
	static const char *const finished[] = { "installed", "config-files", "not-installed" };
	struct str want, flag, state, rest = status;

	if (!str_word(&rest, &want) || !str_word(&rest, &flag) || !str_word(&rest, &state))
		return;
	if (str_eq(want, STR("hold")) && str_eq(state, STR("installed")))
		*ARRAY_PUSH(a, &out->held) = arena_str(a, name);
	for (size_t i = 0; i < COUNT(finished); i++) {
		if (str_eq(state, str_of(finished[i])) && !str_eq(flag, STR("reinstreq")))
			return;
	}
	if (str_eq(state, STR("half-installed")) || str_eq(flag, STR("reinstreq")))
		*ARRAY_PUSH(a, &out->half_installed) = arena_str(a, name);
	*ARRAY_PUSH(a, &out->unfinished) = arena_printf(a, "%.*s (%.*s)", STR_ARG(name), STR_ARG(state));
}

bool
dpkg_state_read(const char *root, struct arena *a, struct dpkg_state *out, struct err *e)
{
	struct dpkg_state s = { 0 };
	BUF_AUTO text = { 0 };
	struct str line, name = STR_NONE, *names;
	size_t count;

	if (!file_read(path_join(a, root, "/var/lib/dpkg/status"), STATUS_MAX, &text, e))
		return false;
	struct str rest = buf_str(&text);
	while (str_line(&rest, &line)) {
		if (str_starts(line, STR("Package:")))
			name = str_trim(str_skip(line, strlen("Package:")));
		else if (str_starts(line, STR("Status:")))
			status_line(name, str_skip(line, strlen("Status:")), a, &s);
	}
	if (dir_list(a, path_join(a, root, "/var/lib/dpkg/updates"), JOURNAL_MAX, &names, &count, NULL)) {
		uint64_t number;
		for (size_t i = 0; i < count; i++)
			s.journal = s.journal || str_to_u64(names[i], &number);
	}
	if (s.held.count > 1)
		qsort(s.held.items, s.held.count, sizeof(*s.held.items), str_order);
	*out = s;
	return true;
}

bool
dpkg_state_held(const struct dpkg_state *s, struct str name)
{
	return s->held.count > 0 &&
	       bsearch(&name, s->held.items, s->held.count, sizeof(*s->held.items), str_order) != NULL;
}
