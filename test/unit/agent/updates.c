#include "agent/updates.h"

#include "world.h"

#include <sys/wait.h>
#include <unistd.h>

#include "agent/script.h"
#include "os/file.h"
#include "trust/letter.h"
#include "trust/tuf-repo.h"

#define MONDAY "2026-11-23T12:00:00Z"
#define NIGHT \
	"\"install\":{\"windows\":[{\"name\":\"night\",\"weekly\":[\"tue\"],\"at\":\"22:00\",\"for\":\"4h\"," \
	"\"cutoff\":\"1h\"}]}"
#define GOOD STR("#!/bin/sh\nexit 0\n")

static const char plain[] = "{\"policy\":\"ward\"," NIGHT "}";
static const char scripted[] = "{\"policy\":\"ward\"," NIGHT ",\"scripts\":{\"pre\":\"pre.sh\"}}";

enum { ROOT, TARGETS, CUSTOM, SPARE, KEYS };

/* A server with a repository of its own, whose offline keys are somewhere else. */
struct site {
	struct world *w;
	const char *repo;
	struct key *keys[KEYS];
	struct keyfile files[KEYS];
};

static void
sign(struct site *s, const char *role, int key)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO out = { 0 };
	const char *path = arena_printf(&s->w->arena, "%s/pending/%s.json", s->repo, role).ptr;
	assert_ok(file_read(path, 1 << 20, &text, e) && tuf_sign(&s->w->arena, buf_str(&text), s->keys[key], &out, e) &&
		  file_write(path, buf_str(&out), 0644, e));
}

static void
publish(struct site *s)
{
	struct tuf_published what = { 0 };
	TUF_REPO_AUTO r = NULL;
	assert_ok(tuf_repo_open(s->repo, &s->w->clock, &r, e) && tuf_repo_publish(r, &what, e));
	assert_true(what.changed);
}

static void
site_open(struct site *s, struct world *w)
{
	*s = (struct site){ .w = w, .repo = world_path(w, "repo") };
	for (int i = 0; i < KEYS; i++) {
		BUF_AUTO text = { 0 };
		assert_ok(key_generate(&s->keys[i], e) &&
			  keyfile_write_public(s->keys[i], "custom", NULL, 1, &text, e) &&
			  keyfile_read(&w->arena, buf_str(&text), &s->files[i], e));
	}
	world_time(w, MONDAY);
	struct tuf_repo_plan plan = { .root = { &s->files[ROOT], 1, 1 },
				      .targets = { &s->files[TARGETS], 1, 1 },
				      .custom = { &s->files[CUSTOM], 1, 1 },
				      .now = w->m->now };
	assert_ok(tuf_repo_create(s->repo, &plan, e));
	sign(s, "root", ROOT);
	sign(s, "targets", TARGETS);
	sign(s, "custom", CUSTOM);
	publish(s);
	w->updates = s->repo;
	world_enrol(w);
}

static void
site_close(struct site *s)
{
	for (int i = 0; i < KEYS; i++)
		key_free(s->keys[i]);
}

static void
put(struct site *s, const char *role, const char *path, struct str bytes)
{
	TUF_REPO_AUTO r = NULL;
	const char *file = world_path(s->w, "a-file");
	struct tuf_put t = { .path = str_of(path), .file = file };
	assert_ok(file_write(file, bytes, 0644, e) && tuf_repo_open(s->repo, &s->w->clock, &r, e) &&
		  tuf_repo_put_target(r, role, &t, e) && tuf_repo_save(r, e));
}

static void
renew(struct site *s, const char *role, int key)
{
	{
		TUF_REPO_AUTO r = NULL;
		assert_ok(tuf_repo_open(s->repo, &s->w->clock, &r, e) && tuf_repo_renew(r, role, e) &&
			  tuf_repo_save(r, e));
	}
	sign(s, role, key);
	publish(s);
}

static void
copy(struct site *s, const char *to)
{
	struct str *names = NULL;
	size_t count = 0;
	struct arena *a = &s->w->arena;
	const char *from = path_join(a, s->repo, "metadata"), *into = path_join(a, world_path(s->w, to), "metadata");
	assert_ok(dir_make(world_path(s->w, to), 0700, e) && dir_make(into, 0700, e) &&
		  dir_list(a, from, 1000, &names, &count, e));
	for (size_t i = 0; i < count; i++) {
		BUF_AUTO bytes = { 0 };
		const char *name = arena_cstr(a, names[i]);
		assert_ok(file_read(path_join(a, from, name), 1 << 20, &bytes, e) &&
			  file_write(path_join(a, into, name), buf_str(&bytes), 0644, e));
	}
}

static int64_t
told(struct world *w, const char *key)
{
	struct json *v;
	assert_ok(json_parse(&w->arena, str_of(w->m->metadata), NULL, &v, e));
	return json_get_i64(v, key, -1);
}

static bool
trouble_has(struct world *w, const char *word)
{
	struct json *v;
	assert_ok(json_parse(&w->arena, str_of(w->m->metadata), NULL, &v, e));
	return word ? str_contains(json_get_str(v, "trouble"), str_of(word)) : json_get_str(v, "trouble").len == 0;
}

/* At the machine, where the server is not. */
static bool
status_says(struct world *w, const char *words)
{
	BUF_AUTO b = { 0 };
	struct json *v = NULL;
	assert_ok(agent_status(&w->agent, &b, e) && json_parse(&w->arena, buf_str(&b), NULL, &v, e));
	struct str trouble = json_get_str(json_get(v, "metadata"), "trouble");
	return words ? str_contains(trouble, str_of(words)) : trouble.len == 0;
}

/* What was fetched in one turn is told by the next. */
static void
two_turns(struct world *w)
{
	world_turn(w);
	world_turn(w);
}

static void
metadata_is_followed_from_the_root_of_enrolment(void **state)
{
	struct site s;
	struct world *w = *state;
	site_open(&s, w);
	two_turns(w);
	assert_int_equal(told(w, "root"), 1);
	assert_int_equal(told(w, "timestamp"), 1);
	assert_true(trouble_has(w, NULL));
	unsigned fetched = w->m->fetched;
	world_turn(w);
	assert_int_equal(w->m->fetched, fetched); /* nothing new, nothing asked */
	/* Keys change hands: the old root's holders say so. */
	{
		TUF_REPO_AUTO r = NULL;
		struct tuf_rotation change = { .role = "root", .add = &s.files[SPARE], .add_count = 1 };
		assert_ok(tuf_repo_open(s.repo, &w->clock, &r, e) && tuf_repo_rotate(r, &change, e) &&
			  tuf_repo_save(r, e));
	}
	sign(&s, "root", ROOT);
	sign(&s, "root", SPARE);
	publish(&s);
	w->m->now += 60000;
	renew(&s, "targets", TARGETS);
	two_turns(w);
	assert_int_equal(told(w, "root"), 2);
	assert_true(trouble_has(w, NULL));
	site_close(&s);
}

static void
a_root_is_replaced_by_nobody_but_its_own_holders(void **state)
{
	struct site s;
	struct world *w = *state;
	BUF_AUTO mine = { 0 };
	BUF_AUTO now = { 0 };
	BUF_AUTO other = { 0 };
	site_open(&s, w);
	two_turns(w);
	assert_ok(file_read(world_path(w, "state/updates/root.json"), 1 << 20, &mine, e));
	/* Enrolment again, at a server that was taken over: it brings a root of the thief's own. */
	const char *evil = world_path(w, "evil");
	struct tuf_repo_plan plan = { .root = { &s.files[SPARE], 1, 1 },
				      .targets = { &s.files[SPARE], 1, 1 },
				      .now = w->m->now };
	assert_ok(tuf_repo_create(evil, &plan, e));
	struct site thief = { .w = w, .repo = evil, .keys = { s.keys[SPARE], s.keys[SPARE] } };
	sign(&thief, "root", ROOT);
	sign(&thief, "targets", TARGETS);
	publish(&thief);
	assert_ok(file_read(path_join(&w->arena, evil, "metadata/1.root.json"), 1 << 20, &other, e));
	assert_ok(updates_begin(&w->agent, buf_str(&other), e));
	w->updates = evil;
	w->m->now += 60000;
	renew(&thief, "targets", TARGETS);
	two_turns(w);
	assert_true(trouble_has(w, "refused"));
	assert_ok(file_read(world_path(w, "state/updates/root.json"), 1 << 20, &now, e));
	assert_true(str_eq(buf_str(&mine), buf_str(&now)));
	site_close(&s);
}

static void
an_old_state_is_refused_told_and_gone_when_the_newest_is_back(void **state)
{
	struct site s;
	struct world *w = *state;
	site_open(&s, w);
	copy(&s, "old");
	w->m->now += 60000;
	renew(&s, "targets", TARGETS);
	two_turns(w);
	assert_int_equal(told(w, "timestamp"), 2);
	w->updates = world_path(w, "old");
	two_turns(w);
	assert_int_equal(told(w, "timestamp"), 2);
	assert_true(trouble_has(w, "timestamp-rollback"));
	w->updates = s.repo;
	two_turns(w);
	assert_true(trouble_has(w, NULL));
	site_close(&s);
}

static void
expired_metadata_lets_in_what_was_staged_and_for_a_while(void **state)
{
	struct site s;
	struct world *w = *state;
	site_open(&s, w);
	w->m->staged_bits = 1;
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2", "deb:p1@2" } });
	two_turns(w);
	/* Somebody holds newer metadata back: the timestamp's seven days are over, the directive's fourteen are not. */
	world_time(w, "2026-12-01T22:05:00Z");
	for (int i = 0; i < 6; i++)
		world_turn(w);
	assert_true(trouble_has(w, "expired"));
	assert_true(status_says(w, "is still installed until"));
	assert_int_equal(world_version(w, 0), 2);
	assert_int_equal(world_version(w, 1), 1);
	site_close(&s);
}

static void
after_offline_for_nothing_is_installed(void **state)
{
	struct site s;
	struct world *w = *state;
	site_open(&s, w);
	w->m->staged_bits = 1;
	two_turns(w);
	/* The server goes on signing directives; that alone does not do. */
	world_time(w, "2026-12-15T22:05:00Z");
	world_direct(w, &(struct world_directive){ .policy = plain, .patches = { "deb:p0@2" } });
	for (int i = 0; i < 6; i++)
		world_turn(w);
	assert_true(trouble_has(w, "longer ago"));
	assert_true(status_says(w, "longer ago"));
	assert_int_equal(world_version(w, 0), 1);
	/* Fresh metadata, and all is well. */
	renew(&s, "targets", TARGETS);
	for (int i = 0; i < 6; i++)
		world_turn(w);
	assert_true(trouble_has(w, NULL) && status_says(w, NULL));
	assert_int_equal(world_version(w, 0), 2);
	site_close(&s);
}

/* A site without a way to the server: letters and metadata lie at the relay. */
struct post {
	struct site *s;
	struct net behind;
	struct buf letter;
	bool empty; /* no bundle has brought metadata yet */
};

static bool
carry(void *user, enum net_verb verb, const char *path, struct str body, struct net_answer *out, struct err *e)
{
	static const char updates[] = "/relay/v1/updates/";
	struct post *p = user;
	if (verb == NET_CERTIFICATE)
		return p->behind.call(p->behind.user, verb, path, body, out, e);
	if (verb != NET_RELAY_PUT && verb != NET_RELAY_GET)
		return err_set(e, ERR_UNREACHABLE, "no way to the server");
	buf_truncate(&out->body, 0);
	out->status = verb == NET_RELAY_PUT ? 204 : 404;
	if (verb == NET_RELAY_PUT)
		return true;
	if (strncmp(path, updates, strlen(updates)) != 0) {
		buf_add(&out->body, buf_str(&p->letter));
		out->status = 200;
	} else if (!p->empty) {
		const char *name = path + strlen(updates);
		struct arena *a = &p->s->w->arena;
		if (file_read(path_join(a, path_join(a, p->s->repo, "metadata"), name), 1 << 20, &out->body, NULL))
			out->status = 200;
	}
	return true;
}

static void
a_site_of_letters_has_it_from_its_relay(void **state)
{
	struct site s;
	struct world *w = *state;
	struct identity id;
	struct err why = { 0 };
	site_open(&s, w);
	two_turns(w);
	assert_ok(identity_load(&w->agent, &w->arena, &id, e));
	id.relays[0] = "https://10.1.0.5:8480";
	assert_ok(identity_save(&w->agent, &id, e));
	w->m->now += 60000;
	renew(&s, "targets", TARGETS);
	struct post p = { .s = &s, .behind = *w->agent.net, .empty = true };
	struct letter l = { .kind = LETTER_ANSWER,
			    .host = STR("host-1"),
			    .serial = 5,
			    .made = w->m->now,
			    .body_text = STR("{\"interval\":300,\"metadata\":{\"timestamp\":2}}") };
	struct net net = { carry, &p }, direct = *w->agent.net;
	assert_ok(letter_write(&l, w->order_key, &p.letter, e));
	w->agent.net = &net;
	assert_false(world_once(w, &why)); /* the server was not reached */
	p.empty = false; /* the bundle comes after the letter, which is not read again */
	assert_false(world_once(w, &why));
	w->agent.net = &direct;
	world_turn(w);
	assert_int_equal(told(w, "timestamp"), 2);
	assert_true(trouble_has(w, NULL));
	buf_free(&p.letter);
	site_close(&s);
}

/* ---- scripts ---- */

static bool
run(struct world *w, struct err *e)
{
	ARENA_AUTO arena = { 0 };
	struct session s = { .agent = &w->agent, .arena = &arena };
	err_clear(e);
	return script_run(&s, STR("pre.sh"), STR("ward/night/2026-11-24/host-1"), 1, e);
}

static void
a_script_runs_when_the_holders_of_custom_have_signed_it(void **state)
{
	struct site s;
	struct world *w = *state;
	struct err why = { 0 };
	site_open(&s, w);
	world_direct(w, &(struct world_directive){ .policy = scripted, .patches = { "deb:p0@2" } });
	put(&s, "custom", "custom/scripts/pre.sh", GOOD);
	two_turns(w);
	assert_false(run(w, &why)); /* nobody has signed it */
	assert_int_equal(why.code, ERR_REFUSED);
	sign(&s, "custom", CUSTOM);
	publish(&s);
	two_turns(w);
	assert_true(trouble_has(w, NULL));
	if (!run(w, &why))
		fail_msg("%s", why.text);
	/* Another's bytes under its name. */
	assert_ok(file_write(world_path(w, "state/vouched/pre.sh"), STR("#!/bin/sh\nexit 1\n"), 0600, e));
	assert_false(run(w, &why));
	assert_int_equal(why.code, ERR_REFUSED);
	world_turn(w); /* fetched anew */
	assert_true(run(w, &why));
	site_close(&s);
}

/* Replaces `from` by `to` in a signed file, everywhere, and signs it with one of the server's own keys. */
static void
forge(struct site *s, const char *file, const char *role, struct str from, struct str to)
{
	struct arena *a = &s->w->arena;
	const char *path = path_join(a, path_join(a, s->repo, "metadata"), file);
	BUF_AUTO text = { 0 };
	BUF_AUTO changed = { 0 };
	BUF_AUTO pem = { 0 };
	BUF_AUTO out = { 0 };
	KEY_AUTO key = NULL;
	assert_ok(file_read(path, 1 << 20, &text, e));
	struct str rest = buf_str(&text);
	for (ptrdiff_t at = str_find(rest, from); at >= 0; at = str_find(rest, from)) {
		buf_add(&changed, str_head(rest, (size_t)at));
		buf_add(&changed, to);
		rest = str_skip(rest, (size_t)at + from.len);
	}
	buf_add(&changed, rest);
	assert_ok(file_read(arena_printf(a, "%s/online/%s.pem", s->repo, role).ptr, 1 << 16, &pem, e) &&
		  key_from_pem(buf_str(&pem), &key, e) && tuf_sign(a, buf_str(&changed), key, &out, e) &&
		  file_write(path, buf_str(&out), 0644, e));
}

static struct str
digest_of(struct site *s, const char *file, struct str *length)
{
	struct arena *a = &s->w->arena;
	BUF_AUTO text = { 0 };
	char hex[SHA256_HEX_LEN];
	assert_ok(file_read(path_join(a, path_join(a, s->repo, "metadata"), file), 1 << 20, &text, e));
	sha256_hex(buf_str(&text), hex);
	*length = arena_printf(a, "\"length\":%zu", text.len);
	return arena_str(a, str_of(hex));
}

/* Who owns the server has its online keys: approval, snapshot and timestamp, and signs all three consistently. */
static void
the_server_alone_makes_no_script_run(void **state)
{
	struct site s;
	struct world *w = *state;
	struct err why = { 0 };
	struct str before[2], after[2], length[4];
	site_open(&s, w);
	world_direct(w, &(struct world_directive){ .policy = scripted, .patches = { "deb:p0@2" } });
	two_turns(w);
	put(&s, "approval", "approval/scripts/pre.sh", GOOD);
	publish(&s);
	before[0] = digest_of(&s, "2.approval.json", &length[0]);
	forge(&s, "2.approval.json", "approval", STR("approval/scripts/pre.sh"), STR("custom/scripts/pre.sh"));
	after[0] = digest_of(&s, "2.approval.json", &length[1]);
	before[1] = digest_of(&s, "2.snapshot.json", &length[2]);
	forge(&s, "2.snapshot.json", "snapshot", before[0], after[0]);
	forge(&s, "2.snapshot.json", "snapshot", length[0], length[1]);
	after[1] = digest_of(&s, "2.snapshot.json", &length[3]);
	forge(&s, "timestamp.json", "timestamp", before[1], after[1]);
	forge(&s, "timestamp.json", "timestamp", length[2], length[3]);
	/* The very bytes lie where a host would ask for them, and on the host itself. */
	char hex[SHA256_HEX_LEN];
	sha256_hex(GOOD, hex);
	const char *folder = path_join(&w->arena, s.repo, "targets/custom/scripts");
	assert_ok(dir_make(path_join(&w->arena, s.repo, "targets/custom"), 0755, e) && dir_make(folder, 0755, e) &&
		  file_write(arena_printf(&w->arena, "%s/%s.pre.sh", folder, hex).ptr, GOOD, 0644, e));
	two_turns(w);
	assert_int_equal(told(w, "timestamp"), 2); /* all of it is consistent, and taken as what it is */
	assert_false(file_exists(world_path(w, "state/vouched/pre.sh")));
	assert_ok(dir_make(world_path(w, "state/vouched"), 0700, e) &&
		  file_write(world_path(w, "state/vouched/pre.sh"), GOOD, 0600, e));
	assert_false(run(w, &why));
	assert_int_equal(why.code, ERR_REFUSED);
	assert_null(strstr(w->m->commands, "script-that-runs"));
	site_close(&s);
}

/* Wherever it is killed, the next turn ends with the same. */
static void
killed_between_fetching_and_keeping_it_goes_on(void **state)
{
	struct site s;
	struct world *w = *state;
	struct err why = { 0 };
	site_open(&s, w);
	world_direct(w, &(struct world_directive){ .policy = scripted, .patches = { "deb:p0@2" } });
	two_turns(w);
	unsigned killed = 0;
	for (unsigned at = 1; at <= 12; at++) {
		int status;
		put(&s, "custom", "custom/scripts/pre.sh", arena_printf(&w->arena, "#!/bin/sh\n# %u\nexit 0\n", at));
		sign(&s, "custom", CUSTOM);
		publish(&s);
		w->m->kill_at = w->m->contacts + at;
		pid_t pid = fork();
		if (pid == 0) {
			world_turn(w);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		killed += WIFSIGNALED(status);
		w->m->kill_at = 0;
		two_turns(w);
		assert_int_equal(told(w, "timestamp"), at + 1);
		assert_true(trouble_has(w, NULL));
		if (!run(w, &why))
			fail_msg("killed at %u: %s", at, why.text);
	}
	assert_true(killed >= 5);
	site_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(metadata_is_followed_from_the_root_of_enrolment),
		world_test(a_root_is_replaced_by_nobody_but_its_own_holders),
		world_test(an_old_state_is_refused_told_and_gone_when_the_newest_is_back),
		world_test(expired_metadata_lets_in_what_was_staged_and_for_a_while),
		world_test(after_offline_for_nothing_is_installed),
		world_test(a_site_of_letters_has_it_from_its_relay),
		world_test(a_script_runs_when_the_holders_of_custom_have_signed_it),
		world_test(the_server_alone_makes_no_script_run),
		world_test(killed_between_fetching_and_keeping_it_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
