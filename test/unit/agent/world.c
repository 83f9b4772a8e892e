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

/* ---- time, and being killed ---- */

void
world_contact(struct world *w)
{
	if (++w->m->contacts == w->m->kill_at)
		kill(getpid(), SIGKILL);
}

static int64_t
world_now(void *user)
{
	const struct world *w = user;
	return w->m->now ? w->m->now : clock_system.now(NULL);
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
	if (of(c)->m->refresh_dies)
		(void)raise(SIGKILL);
	return true;
}

static bool
manager_plan(const struct pkgmgr_ctx *c, struct arena *a, struct patch_list *out, struct err *e)
{
	struct world *w = of(c);
	unsigned version[WORLD_PACKAGES] = { 0 };
	world_contact(w);
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
				   .staged = i < w->m->staged || (w->m->staged_bits >> i & 1),
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
	(void)e;
	of(c)->m->staged = (unsigned)count;
	of(c)->m->stagings++;
	for (size_t i = 0; i < count; i++)
		of(c)->m->staged_bits |= 1U << (patches[i].source.ptr[1] - '0');
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
	world_contact(w);
	w->m->sent_before_apply = 0;
	for (unsigned i = 0; i < w->m->orders; i++)
		w->m->sent_before_apply += w->m->order[i].running && w->m->order[i].ends == 0;
	for (size_t i = 0; i < count; i++) {
		unsigned version[WORLD_PACKAGES] = { 0 };
		struct world_order *o = order_of_patch(w->m, patches[i].id);
		unsigned package = (unsigned)(patches[i].source.ptr[1] - '0');
		if (o)
			o->applied++;
		w->m->applied[package]++;
		usleep(w->m->apply_ms * 1000);
		if (w->m->apply_fails)
			return err_set(e, ERR_NO_SPACE, "1.2 GB are missing");
		if (w->m->apply_dies && package % 2)
			kill(getpid(), SIGKILL);
		versions_get(w, version);
		version[package]++;
		versions_put(w, version);
		world_contact(w);
		if (w->m->apply_dies)
			kill(getpid(), SIGKILL);
		results[i] = (struct apply_result){ .patch = patches[i].id, .words = STR("done") };
	}
	return true;
}

/* Back to the version before, for even packages. */
static bool
manager_plan_back(const struct pkgmgr_ctx *c, const struct str *withdrawn, size_t count, struct arena *a,
		  struct patch_list *out, struct err *e)
{
	struct patch_list l = { .manager = "apt" };
	(void)e;
	for (size_t i = 0; i < count; i++) {
		unsigned package = (unsigned)(withdrawn[i].ptr[5] - '0'), have = world_version(of(c), package);
		struct patch p = { .id = arena_printf(a, "deb:p%u@%u", package, have - 1),
				   .title = arena_printf(a, "p%u %u → %u", package, have, have - 1),
				   .source = arena_printf(a, "p%u", package),
				   .version = arena_printf(a, "%u", have - 1),
				   .instead_of = withdrawn[i] };
		if (package % 2)
			p.kept_back = arena_printf(a, "%.*s cannot be taken back: no older version is offered any more",
						   STR_ARG(withdrawn[i]));
		*ARRAY_PUSH(a, &p.packages) = (struct patch_package){
			.name = p.source, .arch = STR("amd64"), .from = arena_printf(a, "%u", have), .to = p.version
		};
		*ARRAY_PUSH(a, &l.patches) = p;
	}
	*out = l;
	return true;
}

static bool
manager_go_back(const struct pkgmgr_ctx *c, const struct patch *patches, size_t count, struct arena *a,
		struct apply_result *results, struct err *e)
{
	struct world *w = of(c);
	(void)a;
	(void)e;
	for (size_t i = 0; i < count; i++) {
		unsigned version[WORLD_PACKAGES] = { 0 }, package = (unsigned)(patches[i].source.ptr[1] - '0');
		versions_get(w, version);
		version[package]--;
		w->m->taken_back[package]++;
		versions_put(w, version);
		results[i] = (struct apply_result){ .patch = patches[i].id };
	}
	return true;
}

static const struct pkgmgr manager = {
	.plan_back = manager_plan_back,
	.go_back = manager_go_back,
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
	json_put_time(w, "not_after", clock_system.now(NULL) + 1800LL * 86400000);
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
	BUF_AUTO root = { 0 };
	if (w->updates && file_read(path_join(&w->arena, w->updates, "metadata/1.root.json"), 1 << 20, &root, NULL))
		json_put_str(&j, "root", buf_str(&root));
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
	if (str_starts(json_get_str(v, "order"), STR("outside:")) && w->m->outsides < COUNT(w->m->outside)) {
		struct str why = json_get_str(v, "why"), by = json_get_str(v, "by"), act = json_get_str(v, "act");
		snprintf(w->m->outside[w->m->outsides++], sizeof(w->m->outside[0]), "%.*s|%.*s|%.*s|%.*s|%.*s",
			 STR_ARG(json_get_str(v, "patch")), STR_ARG(json_get_str(v, "state")), STR_ARG(act),
			 STR_ARG(by), STR_ARG(why));
	}
	if (str_starts(json_get_str(v, "order"), STR("slot:")) && w->m->slot_results < COUNT(w->m->slot_result)) {
		struct world_slot_result *r = &w->m->slot_result[w->m->slot_results++];
		snprintf(r->order, sizeof(r->order), "%.*s", STR_ARG(json_get_str(v, "order")));
		snprintf(r->patch, sizeof(r->patch), "%.*s", STR_ARG(json_get_str(v, "patch")));
		snprintf(r->state, sizeof(r->state), "%.*s", STR_ARG(json_get_str(v, "state")));
		snprintf(r->trigger, sizeof(r->trigger), "%.*s", STR_ARG(json_get_str(v, "trigger")));
		snprintf(r->title, sizeof(r->title), "%.*s", STR_ARG(json_get_str(v, "title")));
		snprintf(r->why, sizeof(r->why), "%.*s", STR_ARG(json_get_str(v, "why")));
	}
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
		json_put_cstr(&d, "kind", o->kind ? o->kind : "apply");
		json_key(&d, "patches");
		json_begin_array(&d);
		json_cstr(&d, patch);
		json_end_array(&d);
		json_put_time(&d, "issued", world_now(w) - 1000);
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

static void
member(struct arena *a, const struct json *v, char *into, size_t cap)
{
	BUF_AUTO b = { 0 };
	struct json_writer j = { .out = &b };
	(void)a;
	if (v)
		json_tree(&j, v);
	snprintf(into, cap, "%s", buf_cstr(&b));
}

static void
give_directive(struct world *w, struct arena *a, const struct json *v, struct json_writer *j)
{
	struct err e = { 0 };
	member(a, json_get(v, "slot"), w->m->slot, sizeof(w->m->slot));
	if (json_get(v, "mitigations"))
		member(a, json_get(v, "mitigations"), w->m->mitigations, sizeof(w->m->mitigations));
	if (json_get(v, "asks") && json_get(v, "asks")->count > 0)
		member(a, json_get(v, "asks"), w->m->asks, sizeof(w->m->asks));
	w->m->named_serial = json_get_i64(v, "directive", -1);
	if (!w->m->directive[0] || w->m->named_serial == w->m->directive_serial)
		return;
	json_key(j, "directive");
	if (!signed_write(j, w->m->directive_forged ? w->ca_key : w->order_key, "directive", str_of(w->m->directive),
			  &e))
		fail_msg("%s", e.text);
}

/* Only ever named and handed out: what is in it is for the agent to judge. */
static void
name_metadata(struct world *w, struct arena *a, struct json_writer *j)
{
	BUF_AUTO text = { 0 };
	struct json *v;
	if (!w->updates || !file_read(path_join(a, w->updates, "metadata/timestamp.json"), 1 << 20, &text, NULL) ||
	    !json_parse(a, buf_str(&text), NULL, &v, NULL))
		return;
	json_key(j, "metadata");
	json_begin_object(j);
	json_put_i64(j, "timestamp", json_get_i64(json_get(v, "signed"), "version", 0));
	json_end_object(j);
}

static bool
serve_file(struct world *w, struct arena *a, const char *path, struct net_answer *out)
{
	static const char updates[] = "/agent/v1/updates/", scripts[] = "/agent/v1/scripts/";
	BUF_AUTO b = { 0 };
	bool metadata = strncmp(path, updates, strlen(updates)) == 0;
	const char *folder = metadata ? "metadata" : "targets/custom/scripts";
	const char *name = path + strlen(metadata ? updates : scripts);
	w->m->fetched++;
	bool there = w->updates && file_read(path_join(a, path_join(a, w->updates, folder), name), 4 << 20, &b, NULL);
	reply(out, there ? 200 : 404, &b);
	return true;
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
	give_directive(w, a, v, &j);
	name_metadata(w, a, &j);
	if (json_get(v, "metadata"))
		member(a, json_get(v, "metadata"), w->m->metadata, sizeof(w->m->metadata));
	json_put_time(&j, "now", world_now(w));
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
	world_contact(w);
	if (verb == NET_CERTIFICATE) {
		certificate_info(&j, arena_cstr(&a, body));
		reply(out, 200, &b);
		return true;
	}
	for (unsigned i = 0; i < w->m->orders; i++)
		running = running || (w->m->order[i].given && w->m->order[i].ends == 0);
	if (w->m->away || (w->m->away_after_take && running))
		return err_set(e, ERR_UNREACHABLE, "no answer from server:8444");
	if (verb == NET_GET)
		return serve_file(w, &a, path, out);
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
nft(struct world *w, const struct proc_spec *spec, struct err *e)
{
	if (w->m->no_nft)
		return err_set(e, ERR_NOT_FOUND, "the program nft is not installed");
	snprintf(w->m->nft, sizeof(w->m->nft), "%.*s", STR_ARG(spec->input));
	return true;
}

/* smbd.service, which runs until it is stopped; no-*.service, which is not there. True: it was about one of them. */
static bool
unit_acts(struct world *w, const struct proc_spec *spec, struct proc_result *r)
{
	const char *verb = spec->argv[1], *unit = verb;
	for (size_t i = 2; spec->argv[i]; i++)
		unit = spec->argv[i];
	char *at = strstr(w->m->down_units, unit);
	if (strncmp(unit, "no-", 3) == 0)
		return buf_add(&r->out, STR("LoadState=not-found\nActiveState=inactive\n")), true;
	if (strncmp(unit, "smbd", 4) != 0)
		return false;
	if (strcmp(verb, "stop") == 0 && !at && !strstr(w->m->down_units, "-all"))
		snprintf(w->m->down_units + strlen(w->m->down_units), 60, "%s ", unit);
	if (strcmp(verb, "start") == 0 && at)
		memmove(at, at + strlen(unit) + 1, strlen(at + strlen(unit) + 1) + 1);
	if (strcmp(verb, "show") == 0)
		buf_addf(&r->out, "LoadState=loaded\nActiveState=%s\n", at ? "inactive" : "active");
	return true;
}

/* systemctl, wall and scripts, as far as this world has them. */
static bool
program(void *user, const struct proc_spec *spec, struct proc_result *r, struct err *e)
{
	struct world *w = user;
	const char *name = strrchr(spec->argv[0], '/') ? strrchr(spec->argv[0], '/') + 1 : spec->argv[0];
	size_t used = strlen(w->m->commands);
	world_contact(w);
	for (size_t i = 0; spec->argv[i] && used < sizeof(w->m->commands) - 300; i++)
		used += (size_t)snprintf(w->m->commands + used, 250, "%s%s", i ? " " : "", i ? spec->argv[i] : name);
	snprintf(w->m->commands + used, 2, "\n");
	if (strcmp(name, "systemctl") == 0 && strcmp(spec->argv[1], "reboot") == 0) {
		w->m->reboots_asked++;
		w->m->down = !w->m->reboot_fails;
		r->status = w->m->reboot_fails ? 1 : 0;
		return true;
	}
	if (strcmp(name, "nft") == 0)
		return nft(w, spec, e);
	if (strcmp(name, "systemctl") == 0 && unit_acts(w, spec, r))
		return true;
	if (strcmp(name, "systemctl") == 0 && strcmp(spec->argv[1], "show") == 0)
		buf_add(&r->out, STR("LoadState=loaded\nActiveState=failed\nType=simple\nTriggeredBy=\nUnitFileState="
				     "enabled\n"));
	if (strcmp(name, "systemctl") == 0 && strcmp(spec->argv[1], "try-restart") == 0)
		w->m->stale = false;
	if (strcmp(name, "script-that-runs") == 0 || strcmp(name, "shutdown") == 0) {
		BUF_AUTO text = { 0 };
		r->status = file_read(spec->argv[0], 4096, &text, NULL) && !strstr(buf_cstr(&text), "exit 1") ? 0 : 1;
	}
	(void)e;
	return true;
}

static void
world_look(void *user, const struct host_look *what, struct arena *a, struct host_seen *out)
{
	struct world *w = user;
	world_contact(w);
	*out = (struct host_seen){ .activity = { .idle = w->m->idle, .used = w->m->used },
				   .on_battery = w->m->on_battery,
				   .boot = str_of(w->m->boot),
				   .uptime = world_now(w) - w->m->up_since };
	for (size_t i = 0; i < what->process_count; i++)
		if (str_eq(what->processes[i], str_of(w->m->process)))
			out->process = what->processes[i];
	if (what->stale && w->m->stale)
		*ARRAY_PUSH(a, &out->restart.units) = STR("old.service");
}

static void
world_units(void *user, struct arena *a, struct str **units, size_t *count)
{
	struct world *w = user;
	*units = ARENA_ARRAY(a, struct str, 2);
	(*units)[0] = STR("database.service");
	(*units)[1] = STR("viewer.service");
	*count = w->m->service_down ? 1 : 2;
}

static bool
no_program(void *user, const struct proc_spec *spec, struct proc_result *r, struct err *e)
{
	const struct world *w = user;
	if (w->m->directive[0])
		return program(user, spec, r, e);
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
	w->clock = (struct clock){ world_now, w };
	w->view = (struct host_view){ .look = world_look, .units = world_units, .user = w };
	w->m->idle = -1;
	snprintf(w->m->boot, sizeof(w->m->boot), "boot-1");
	w->agent = (struct agent){ .state = world_path(w, "state"),
				   .root = world_path(w, "root"),
				   .clock = &w->clock,
				   .view = &w->view,
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
	if (w->m->outsides != w->m->others_did) {
		print_error("%u changes were told as other hands' doing, %u were: %s\n", w->m->outsides,
			    w->m->others_did, w->m->outside[0]);
		ok = false;
	}
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
			   .expires = world_now(w) + 3600000 };
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
				   .expires = world_now(w) + 3600000 };
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

/* ---- unattended patching ---- */

void
world_time(struct world *w, const char *at)
{
	if (!time_parse(str_of(at), &w->m->now))
		fail_msg("%s is no time", at);
	if (w->m->up_since == 0)
		w->m->up_since = w->m->now - 3600000;
}

void
world_direct(struct world *w, const struct world_directive *d)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO b = { 0 };
	struct json_writer j = { .out = &b };
	struct json *policy;
	int64_t now = world_now(w);
	struct directive r = { .host = str_of(d->host ? d->host : "host-1"),
			       .server = STR("server"),
			       .serial = d->serial ? d->serial : w->m->directive_serial + 1,
			       .issued = now,
			       .expires = d->expires ? d->expires : now + 14LL * 86400000,
			       .lease_needed = d->lease_needed,
			       .paired = d->paired };
	assert_ok(json_parse(&a, str_of(d->policy), NULL, &policy, e) && policy_from_json(&a, policy, &r.policy, e));
	for (size_t i = 0; d->patches[i]; i++)
		*ARRAY_PUSH(&a, &r.patches) =
			(struct directive_patch){ .patch = str_of(d->patches[i]),
						  .emergency = d->emergency,
						  .emergency_by = d->emergency ? now + 38 * 60000 : 0,
						  .reason = STR("approved by rule 1") };
	if (d->withdrawn)
		*ARRAY_PUSH(&a, &r.withdrawn) = str_of(d->withdrawn);
	if (d->mitigate)
		*ARRAY_PUSH(&a, &r.mitigate) = str_of(d->mitigate);
	if (d->hold)
		*ARRAY_PUSH(&a, &r.holds) =
			(struct directive_hold){ .id = STR("h1"), .by = STR("chief"), .why = str_of(d->hold) };
	if (d->lease)
		*ARRAY_PUSH(&a, &r.leases) =
			(struct directive_lease){ .slot = str_of(d->lease), .until = now + 86400000 };
	directive_write(&r, &j);
	assert_true(b.len < sizeof(w->m->directive));
	snprintf(w->m->directive, sizeof(w->m->directive), "%s", buf_cstr(&b));
	w->m->directive_serial = r.serial;
}

const char *
world_report(struct world *w, const char *key)
{
	struct json *v;
	struct err e = { 0 };
	BUF_AUTO b = { 0 };
	if (!file_read(world_path(w, "state/slot-report.json"), 1U << 20, &b, &e) ||
	    !json_parse(&w->arena, buf_str(&b), NULL, &v, &e))
		return "";
	return arena_cstr(&w->arena, json_get_str(v, key));
}

unsigned
world_turn(struct world *w)
{
	struct err e = { 0 };
	unsigned next = 0;
	if (!agent_once(&w->agent, &next, &e) && !w->m->away)
		fail_msg("%s", e.text);
	return next;
}

void
world_reboot(struct world *w)
{
	static const char digits[] = "0123456789";
	char *last = &w->m->boot[strlen(w->m->boot) - 1];
	*last = digits[(size_t)(*last - '0' + 1) % 10];
	w->m->down = false;
	w->m->now += 60000;
	w->m->up_since = w->m->now;
}
