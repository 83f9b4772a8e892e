/* Real answers of 208 WHOIS servers against what another project's people read in them (../shared/data/whois-responses). */
#include "surface/whois.h"

#include "base/time.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../known.h"

#define FOLDER "whois-responses/spec/fixtures/responses"
#define DAY 86400000LL

struct expected {
	struct str text;
	const struct registration *r;
	struct str registrar[2], owner[2];
	size_t servers_known, servers_asked;
	size_t checks, wrong;
	char why[400];
};

/* The walk of nftw() has no argument. */
static char **paths;
static size_t path_count;

static int
collect(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)at;
	if (type == FTW_F && str_ends(str_of(path), STR(".expected"))) {
		paths = xrealloc(paths, path_count + 1, sizeof(*paths));
		paths[path_count++] = xstrdup(path);
	}
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
slurp(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	size_t got = 1;
	if (!f)
		return false;
	for (; got > 0; out->len += got)
		got = fread(buf_reserve(out, 1 << 16), 1, 1 << 16, f);
	fclose(f);
	return true;
}

static void
check(struct expected *x, bool agrees, struct str property, struct str want)
{
	x->checks++;
	if (agrees)
		return;
	if (x->wrong++ == 0)
		snprintf(x->why, sizeof(x->why), "%.*s: expected %.*s", STR_ARG(property), STR_ARG(want));
}

/* Without a zone the other project took its own: half a day either way says nothing. */
static void
check_time(struct expected *x, struct str property, struct str want, int64_t got)
{
	int64_t ms = 0;
	bool zone = str_contains(want, STR("UTC"));
	if (str_contains(want, STR("== nil")))
		check(x, got == 0, property, want);
	else if (str_starts(want, STR("%TIME{"))) {
		if (!registration_date(str_skip(want, 6), true, &ms))
			return; /* no date at all */
		int64_t apart = got > ms ? got - ms : ms - got;
		check(x, got != 0 && apart <= (zone ? 0 : DAY * 14 / 24), property, want);
	}
}

static bool
quoted(struct str want, struct str *value)
{
	ptrdiff_t from = str_find_char(want, '"'), to = str_rfind_char(want, '"');
	if (from < 0 || to <= from)
		return false;
	*value = str_sub(want.ptr + from + 1, (size_t)(to - from - 1));
	return true;
}

static void
check_answer(struct expected *x, struct str property, struct str want)
{
	static const struct {
		struct str property;
		enum registration_answer answer;
	} asked[] = { { STR("available?"), REGISTRATION_NOT_FOUND },
		      { STR("registered?"), REGISTRATION_FOUND },
		      { STR("reserved?"), REGISTRATION_RESERVED },
		      { STR("response_throttled?"), REGISTRATION_RATE_LIMITED },
		      { STR("response_unavailable?"), REGISTRATION_UNAVAILABLE } };
	enum registration_answer got = x->r->answer;
	/* Their "registered" is "cannot be had". */
	if (str_eq(property, STR("registered?")) && str_ends(want, STR("true")) && got == REGISTRATION_RESERVED)
		got = REGISTRATION_FOUND;
	for (size_t i = 0; i < COUNT(asked); i++)
		if (str_eq(property, asked[i].property))
			check(x, (got == asked[i].answer) == str_ends(want, STR("true")), property, want);
}

static bool
has_server(const struct registration *r, struct str name)
{
	for (size_t i = 0; i < r->servers.count; i++)
		if (str_eq_nocase(r->servers.item[i], name))
			return true;
	return false;
}

static void
check_line(struct expected *x, struct str property, struct str subject, struct str want)
{
	const struct registration *r = x->r;
	struct str value = STR_NONE;
	bool text = quoted(want, &value), name = str_ends(subject, STR(".name"));
	bool organisation = str_ends(subject, STR(".organization"));
	if (str_ends(property, STR("?")))
		check_answer(x, property, want);
	else if (str_eq(property, STR("domain")) && text)
		check(x, str_eq_nocase(r->name, value), property, want);
	else if (str_eq(property, STR("created_on")))
		check_time(x, property, want, r->created);
	else if (str_eq(property, STR("updated_on")))
		check_time(x, property, want, r->updated);
	else if (str_eq(property, STR("expires_on")))
		check_time(x, property, want, r->expires);
	else if (str_eq(property, STR("referral_whois")) && text)
		check(x, str_eq_nocase(r->referral, value), property, want);
	else if (str_eq(property, STR("registrar")) && text && (name || organisation))
		x->registrar[organisation] = value;
	else if (str_eq(property, STR("registrar")) && str_eq(want, STR("== nil")) && str_eq(subject, STR("%s")))
		check(x, r->registrar.len == 0, property, want);
	else if (str_eq(property, STR("registrant_contacts")) && text && str_starts(subject, STR("%s[0]")) &&
		 (name || organisation))
		x->owner[organisation] = value;
	else if (str_eq(property, STR("nameservers")) && name && text) {
		x->servers_asked++;
		check(x, has_server(r, value), property, want);
	} else if (str_eq(property, STR("nameservers")) && str_eq(want, STR("== []")))
		check(x, r->servers.count == 0, property, want);
}

static bool
one_of(struct str got, const struct str want[2])
{
	return got.len > 0 && (str_eq(got, want[0]) || str_eq(got, want[1]));
}

static void
check_file(struct expected *x)
{
	const struct registration *r = x->r;
	const struct registration_party *p = &r->party[REGISTRATION_REGISTRANT];
	struct str rest = x->text, line, property = STR_NONE, subject, want;
	while (str_line(&rest, &line)) {
		struct str text = str_trim(line);
		if (str_starts(text, STR("#")))
			property = str_trim(str_skip(text, 1));
		else if (str_split(text, ' ', &subject, &want))
			check_line(x, property, subject, str_trim(want));
	}
	if (x->servers_asked > 0 && x->servers_asked < r->servers.count)
		check(x, false, STR("nameservers"), STR("fewer"));
	if (x->registrar[0].len + x->registrar[1].len > 0)
		check(x, one_of(r->registrar, x->registrar), STR("registrar"), x->registrar[x->registrar[0].len == 0]);
	if (x->owner[0].len + x->owner[1].len > 0)
		check(x, one_of(p->organisation, x->owner) || one_of(p->name, x->owner) || r->hidden, STR("registrant"),
		      x->owner[x->owner[0].len == 0]);
}

/* Where we read otherwise, and why; whoever is not here must agree. */
static const struct {
	struct str path, why;
} differing[] = {
#include "whois_differing.h"
};

static bool
is_expected(struct str path)
{
	for (size_t i = 0; i < COUNT(differing); i++)
		if (str_eq(path, differing[i].path))
			return true;
	return false;
}

struct tally {
	size_t files, agree, checks, wrong, unexpected;
};

static void
one(const char *path, size_t base, struct tally *t)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO wanted = { 0 };
	BUF_AUTO answer = { 0 };
	BUF_AUTO name = { 0 };
	struct registration r;
	struct expected x = { .r = &r };
	buf_addf(&name, "%.*s.txt", (int)(strlen(path) - strlen(".expected")), path);
	assert_true(slurp(path, &wanted));
	assert_true(slurp(buf_cstr(&name), &answer));
	whois_read(&a, buf_str(&answer), &r);
	x.text = buf_str(&wanted);
	check_file(&x);
	t->files++;
	t->agree += x.wrong == 0;
	t->checks += x.checks;
	t->wrong += x.wrong;
	if ((x.wrong > 0) == is_expected(str_of(path + base + 1)))
		return;
	t->unexpected++;
	if (x.wrong == 0)
		print_message("# agrees now, and stands in whois_differing.h: %s\n", path + base + 1);
	else
		print_message("# differs %s (%zu of %zu): %s\n", path + base + 1, x.wrong, x.checks, x.why);
}

static void
real_answers(void **state)
{
	BUF_AUTO folder = { 0 };
	struct tally t = { 0 };
	(void)state;
	(void)nftw(known_path(&folder, FOLDER), collect, 16, FTW_PHYS);
	if (path_count == 0) {
		print_message("# SKIP real_answers: ../shared/data/whois-responses is not here\n");
		buf_free(&folder);
		skip();
	}
	qsort(paths, path_count, sizeof(*paths), by_name);
	for (size_t i = 0; i < path_count; i++) {
		one(paths[i], folder.len, &t);
		free(paths[i]);
	}
	free(paths);
	print_message("# %zu of %zu answers agree wholly; %zu of %zu values\n", t.agree, t.files, t.checks - t.wrong,
		      t.checks);
	assert_int_equal(t.unexpected, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(real_answers) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
