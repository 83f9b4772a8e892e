#include "world.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/file.h"
#include "trust/cert.h"
#include "trust/token.h"

static const char *const sections[3] = { "system", "packages", "updates" };

/* ---- the root folder ---- */

const char *
world_path(struct world *w, const char *name)
{
	return path_join(&w->arena, w->dir, name);
}

static void
put(struct world *w, const char *name, struct str content)
{
	struct err e = { 0 };
	const char *path = world_path(w, name);
	char *folder = xstrdup(path);
	*strrchr(folder, '/') = 0;
	if (!dir_make(folder, 0755, &e) || !file_write(path, content, 0600, &e))
		fail_msg("%s", e.text);
	free(folder);
}

static void
versions_put(struct world *w, const unsigned version[WORLD_PACKAGES])
{
	BUF_AUTO b = { 0 };
	for (unsigned i = 0; i < WORLD_PACKAGES; i++)
		buf_addf(&b, "Package: p%u\nStatus: install ok installed\nArchitecture: amd64\nVersion: %u\n\n", i,
			 version[i]);
	put(w, "root/var/lib/dpkg/status", buf_str(&b));
}

static void
versions_get(struct world *w, unsigned version[WORLD_PACKAGES])
{
	BUF_AUTO b = { 0 };
	struct err e = { 0 };
	struct str line, rest;
	unsigned i = 0;
	if (!file_read(world_path(w, "root/var/lib/dpkg/status"), 1U << 20, &b, &e))
		fail_msg("%s", e.text);
	rest = buf_str(&b);
	while (str_line(&rest, &line)) {
		uint64_t v;
		if (str_starts(line, STR("Version: ")) && str_to_u64(str_skip(line, 9), &v) && i < WORLD_PACKAGES)
			version[i++] = (unsigned)v;
	}
}

unsigned
world_version(struct world *w, unsigned package)
{
	unsigned version[WORLD_PACKAGES] = { 0 };
	versions_get(w, version);
	return version[package];
}

/* ---- the package manager ---- */

static struct world *
of(const struct pkgmgr_ctx *c)
{
	return c->runner->user;
}

static bool
manager_present(const char *root)
{
	(void)root;
	return true;
}

static bool
manager_refresh(const struct pkgmgr_ctx *c, struct err *e)
{
	(void)e;
	of(c)->m->refreshed++;
	return true;
}

static bool
manager_plan(const struct pkgmgr_ctx *c, struct arena *a, struct patch_list *out, struct err *e)
{
	struct world *w = of(c);
	unsigned version[WORLD_PACKAGES] = { 0 };
	struct patch_list l = { .manager = "apt", .lists_at = clock_now(c->clock) };
	if (w->m->plan_fails)
		return err_set(e, ERR_CONFLICT, "a package is half installed");
	versions_get(w, version);
	w->m->planned++;
	for (unsigned i = 0; i < WORLD_PACKAGES; i++) {
		struct patch p = { .id = arena_printf(a, "deb:p%u@%u", i, version[i] + 1),
				   .title = arena_printf(a, "p%u %u → %u", i, version[i], version[i] + 1),
				   .source = arena_printf(a, "p%u", i),
				   .version = arena_printf(a, "%u", version[i] + 1),
				   .security = i == 0,
				   .origins = STR("Test:12/security"),
				   .staged = i < w->m->staged,
				   .size = 1000 };
		*ARRAY_PUSH(a, &p.packages) = (struct patch_package){ .name = p.source,
								      .arch = STR("amd64"),
								      .from = arena_printf(a, "%u", version[i]),
								      .to = p.version };
		*ARRAY_PUSH(a, &l.patches) = p;
	}
	*out = l;
	return true;
}

static bool
manager_fingerprint(const struct pkgmgr_ctx *c, struct buf *out, struct err *e)
{
	return file_read(world_path(of(c), "root/var/lib/dpkg/status"), 1U << 20, out, e);
}

static bool
manager_stage(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct err *e)
{
	(void)patches;
	(void)e;
	of(c)->m->staged = (unsigned)count;
	return true;
}

static bool
manager_recover(const struct pkgmgr_ctx *c, bool *did, struct err *e)
{
	enum err_code code = of(c)->m->recover_error;
	*did = true;
	if (code == ERR_NONE)
		of(c)->m->plan_fails = false;
	return code == ERR_NONE || err_set(e, code, "the package manager is busy or broken");
}

static struct world_order *
order_of_patch(struct world_memory *m, struct str patch)
{
	for (unsigned i = m->orders; i-- > 0;) {
		char id[64];
		snprintf(id, sizeof(id), "deb:p%u@%u", m->order[i].package, m->order[i].to);
		/* The order that was taken last for this patch. */
		if (m->order[i].given && m->order[i].ends == 0 && str_eq(patch, str_of(id)))
			return &m->order[i];
	}
	return NULL;
}

static bool
manager_apply(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
	      struct apply_result *results, struct err *e)
{
	struct world *w = of(c);
	(void)a;
	w->m->installer = getpid();
	w->m->sent_before_apply = 0;
	for (unsigned i = 0; i < w->m->orders; i++)
		w->m->sent_before_apply += w->m->order[i].running && w->m->order[i].ends == 0;
	for (size_t i = 0; i < count; i++) {
		unsigned version[WORLD_PACKAGES] = { 0 };
		struct world_order *o = order_of_patch(w->m, patches[i].id);
		unsigned package = (unsigned)(patches[i].source.ptr[1] - '0');
		if (o)
			o->applied++;
		usleep(w->m->apply_ms * 1000);
		if (w->m->apply_fails)
			return err_set(e, ERR_NO_SPACE, "1.2 GB are missing");
		if (w->m->apply_dies && package % 2)
			kill(getpid(), SIGKILL);
		versions_get(w, version);
		version[package]++;
		versions_put(w, version);
		if (w->m->apply_dies)
			kill(getpid(), SIGKILL);
		results[i] = (struct apply_result){ .patch = patches[i].id, .words = STR("done") };
	}
	return true;
}

static const struct pkgmgr manager = {
	.name = "apt",
	.present = manager_present,
	.refresh = manager_refresh,
	.plan = manager_plan,
	.fingerprint = manager_fingerprint,
	.stage = manager_stage,
	.recover = manager_recover,
	.apply = manager_apply,
};

/* ---- the server ---- */

static void
reply(struct net_answer *out, int status, const struct buf *body)
{
	out->status = status;
	buf_truncate(&out->body, 0);
	buf_add(&out->body, buf_str(body));
}

static void
certificate_info(struct json_writer *w, const char *key)
{
	json_begin_object(w);
	json_put_cstr(w, "serial", "01");
	json_put_time(w, "not_after", clock_system.now(NULL) + 180LL * 86400000);
	json_put_cstr(w, "key", key);
	json_end_object(w);
}

/* The "certificate" of this world is the digest of the key it is for. */
static bool
key_of_csr(struct world *w, const struct json *v, struct buf *digest, struct err *e)
{
	struct key *k = NULL;
	(void)w;
	bool ok = csr_open(json_get_str(v, "csr"), &k, e) && key_id(k, digest, e);
	key_free(k);
	return ok;
}

static bool
serve_enrol(struct world *w, const struct json *v, struct net_answer *out, struct err *e)
{
	BUF_AUTO digest = { 0 };
	BUF_AUTO b = { 0 };
	struct json_writer j = { .out = &b };
	struct str signing = json_get_str(v, "signing_key");
	if (!str_eq(json_get_str(v, "secret"), STR("s3cret"))) {
		buf_add(&b, STR("{\"error\":{\"code\":\"refused\",\"message\":\"this token was used up\"}}"));
		reply(out, 403, &b);
		return true;
	}
	if (!key_of_csr(w, v, &digest, e))
		return false;
	snprintf(w->signing_public, sizeof(w->signing_public), "%.*s", STR_ARG(signing));
	json_begin_object(&j);
	json_put_cstr(&j, "host", "host-1");
	json_put_str(&j, "certificate", buf_str(&digest));
	json_put_cstr(&j, "ca", "CA");
	json_put_cstr(&j, "order_key", w->order_public);
	json_put_cstr(&j, "agents", "https://server:8444");
	json_put_cstr(&j, "server", "server");
	json_put_cstr(&j, "state", "active");
	json_put_i64(&j, "interval", 300);
	json_end_object(&j);
	reply(out, 200, &b);
	return true;
}

static void
take_result(struct world *w, struct arena *a, const struct json *signed_result, struct json_writer *accepted)
{
	struct key *k = NULL;
	struct str document;
	struct json *v = NULL;
	struct err e = { 0 };
	if (!key_public_from_pem(str_of(w->signing_public), &k, &e) ||
	    !signed_open(signed_result, k, "result", &document, &e) || !json_parse(a, document, NULL, &v, &e)) {
		w->m->bad_results++;
		key_free(k);
		return;
	}
	key_free(k);
	json_str(accepted, json_get_str(v, "attempt"));
	for (unsigned i = 0; i < w->m->orders; i++) {
		struct world_order *o = &w->m->order[i];
		struct str state = json_get_str(v, "state");
		if (!str_eq(json_get_str(v, "order"), str_of(o->id)))
			continue;
		if (str_eq(state, STR("running"))) {
			o->running = true;
		} else if (!str_eq(state, str_of(o->end))) {
			o->ends++;
			snprintf(o->end, sizeof(o->end), "%.*s", STR_ARG(state));
			snprintf(o->why, sizeof(o->why), "%.*s", STR_ARG(json_get_str(v, "why")));
			snprintf(o->words, sizeof(o->words), "%.*s", STR_ARG(json_get_str(v, "words")));
		}
	}
}

static void
give_orders(struct world *w, struct json_writer *j)
{
	for (unsigned i = 0; i < w->m->orders; i++) {
		struct world_order *o = &w->m->order[i];
		BUF_AUTO document = { 0 };
		struct json_writer d = { .out = &document };
		struct err e = { 0 };
		char patch[64];
		if (!w->m->replay && (o->ends > 0 || (o->given && !w->m->give_again)))
			continue;
		o->given = true;
		snprintf(patch, sizeof(patch), "deb:p%u@%u", o->package, o->to);
		json_begin_object(&d);
		json_put_cstr(&d, "id", o->id);
		json_put_cstr(&d, "host", "host-1");
		json_put_cstr(&d, "kind", "apply");
		json_key(&d, "patches");
		json_begin_array(&d);
		json_cstr(&d, patch);
		json_end_array(&d);
		json_put_time(&d, "issued", clock_system.now(NULL) - 1000);
		json_put_time(&d, "expires", o->expires);
		json_put_cstr(&d, "by", "tester");
		json_end_object(&d);
		if (!signed_write(j, w->m->bad_signature ? w->ca_key : w->order_key, "order", buf_str(&document), &e))
			fail_msg("%s", e.text);
	}
}

static void
lineage_take(struct world *w, struct str lineage)
{
	uint64_t n = 0;
	if (lineage.len > 0 && !str_to_u64(lineage, &n))
		n = 0;
	if (n < w->m->confirmed)
		w->m->reverted++;
	w->m->confirmed = (unsigned)n;
}

static bool
serve_check_in(struct world *w, struct arena *a, const struct json *v, struct net_answer *out)
{
	BUF_AUTO b = { 0 };
	struct json_writer j = { .out = &b };
	char lineage[32];
	size_t count;
	const struct json *results = json_get_array(v, "results", &count);
	w->m->check_ins++;
	if (w->m->refuse_status) {
		buf_add(&b, str_of(w->m->refuse_body));
		reply(out, w->m->refuse_status, &b);
		return true;
	}
	lineage_take(w, json_get_str(v, "lineage"));
	snprintf(lineage, sizeof(lineage), "%u", ++w->m->issued);
	json_begin_object(&j);
	json_put_i64(&j, "protocol", 1);
	json_put_cstr(&j, "lineage", lineage);
	json_key(&j, "accepted");
	json_begin_array(&j);
	for (size_t i = 0; i < count; i++)
		take_result(w, a, &results[i], &j);
	json_end_array(&j);
	json_key(&j, "need");
	json_begin_array(&j);
	for (size_t i = 0; i < COUNT(sections); i++) {
		struct str hash = json_get_str(json_get(v, "sections"), sections[i]);
		snprintf(w->m->announced[i], SHA256_HEX_LEN, "%.*s", STR_ARG(hash));
		if (hash.len > 0 && !str_eq(hash, str_of(w->m->hash[i])))
			json_cstr(&j, sections[i]);
	}
	json_end_array(&j);
	json_put_i64(&j, "interval", 300);
	json_put_bool(&j, "renew", w->m->renew);
	json_put_cstr(&j, "stage", w->m->stage_security ? "security" : "none");
	json_key(&j, "orders");
	json_begin_array(&j);
	give_orders(w, &j);
	json_end_array(&j);
	json_end_object(&j);
	reply(out, 200, &b);
	return true;
}

static bool
serve_section(struct world *w, const char *name, struct str body, struct net_answer *out)
{
	BUF_AUTO none = { 0 };
	for (size_t i = 0; i < COUNT(sections); i++) {
		char hash[SHA256_HEX_LEN];
		if (strcmp(name, sections[i]) != 0)
			continue;
		sha256_hex(body, hash);
		if (strcmp(hash, w->m->announced[i]) != 0)
			break;
		memcpy(w->m->hash[i], hash, sizeof(hash));
		w->m->puts++;
		reply(out, 204, &none);
		return true;
	}
	reply(out, 409, &none);
	return true;
}

static bool
serve(void *user, enum net_verb verb, const char *path, struct str body, struct net_answer *out, struct err *e)
{
	struct world *w = user;
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	struct json_writer j = { .out = &b };
	struct json *v;
	bool running = false;
	if (verb == NET_CERTIFICATE) {
		certificate_info(&j, arena_cstr(&a, body));
		reply(out, 200, &b);
		return true;
	}
	for (unsigned i = 0; i < w->m->orders; i++)
		running = running || (w->m->order[i].given && w->m->order[i].ends == 0);
	if (w->m->away || (w->m->away_after_take && running))
		return err_set(e, ERR_UNREACHABLE, "no answer from server:8444");
	if (strncmp(path, "/agent/v1/sections/", 19) == 0)
		return serve_section(w, path + 19, body, out);
	if (!json_parse(&a, body, NULL, &v, e))
		return false;
	if (strcmp(path, "/enrol/v1") == 0)
		return serve_enrol(w, v, out, e);
	if (strcmp(path, "/agent/v1/renew") == 0) {
		BUF_AUTO digest = { 0 };
		w->m->renewals++;
		w->m->renew = false;
		if (!key_of_csr(w, v, &digest, e))
			return false;
		json_begin_object(&j);
		json_put_str(&j, "certificate", buf_str(&digest));
		json_end_object(&j);
		reply(out, 200, &b);
		return true;
	}
	return serve_check_in(w, &a, v, out);
}

/* ---- set up ---- */

static bool
no_program(void *user, const struct proc_spec *spec, struct proc_result *r, struct err *e)
{
	(void)user;
	(void)r;
	return err_set(e, ERR_BUG, "%s is not to be started here", spec->argv[0]);
}

int
world_setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	const char *base = getenv("TMPDIR");
	unsigned version[WORLD_PACKAGES] = { 1, 1, 1, 1 };
	struct err e = { 0 };
	BUF_AUTO pem = { 0 };
	w->dir =
		mkdtemp(arena_cstr(&w->arena, arena_printf(&w->arena, "%s/mamori-agent.XXXXXX", base ? base : "/tmp")));
	w->m = mmap(NULL, sizeof(*w->m), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!w->dir || w->m == MAP_FAILED || !key_generate(&w->order_key, &e) || !key_generate(&w->ca_key, &e) ||
	    !key_public_to_pem(w->order_key, &pem, &e))
		return -1;
	snprintf(w->order_public, sizeof(w->order_public), "%s", buf_cstr(&pem));
	put(w, "root/etc/os-release", STR("ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n"));
	put(w, "root/etc/machine-id", STR("0123456789abcdef0123456789abcdef\n"));
	put(w, "root/etc/hostname", STR("ward-3\n"));
	versions_put(w, version);
	w->net = (struct net){ serve, w };
	w->runner = (struct runner){ no_program, w };
	w->agent = (struct agent){ .state = world_path(w, "state"),
				   .root = world_path(w, "root"),
				   .clock = &clock_system,
				   .runner = &w->runner,
				   .net = &w->net,
				   .pkgmgr = &manager,
				   .patience_s = 1 };
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;
	struct err e = { 0 };
	bool ok = dir_remove_all(w->dir, &e);
	key_free(w->order_key);
	key_free(w->ca_key);
	munmap(w->m, sizeof(*w->m));
	arena_free(&w->arena);
	free(w);
	return ok ? 0 : -1;
}

void
world_enrol(struct world *w)
{
	struct str url = STR("https://server:8443");
	struct token t = { .urls = &url,
			   .url_count = 1,
			   .ca_digest = STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
			   .id = STR("t1"),
			   .secret = STR("s3cret"),
			   .expires = clock_system.now(NULL) + 3600000 };
	BUF_AUTO text = { 0 };
	token_write(&t, &text);
	put(w, "token", buf_str(&text));
	assert_ok(agent_enrol(&w->agent, world_path(w, "token"), true, e));
}

struct world_order *
world_order(struct world *w, unsigned package)
{
	struct world_order *o = &w->m->order[w->m->orders];
	assert_true(w->m->orders < WORLD_ORDERS);
	*o = (struct world_order){ .package = package,
				   .to = world_version(w, package) + 1,
				   .expires = clock_system.now(NULL) + 3600000 };
	snprintf(o->id, sizeof(o->id), "order-%u", w->m->orders);
	w->m->orders++;
	return o;
}

bool
world_once(struct world *w, struct err *e)
{
	unsigned next = 0;
	err_clear(e);
	return agent_once(&w->agent, &next, e) && next >= 270 && next <= 330;
}
