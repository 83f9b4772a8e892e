/* The sections of a check-in, written by the agent and read by the server (doc/agent-protocol.md). */
#include "plan/inventory.h"

#include "base/time.h"

#define SECTION_MAX ((uint64_t)64 << 20)
#define LIST_MAX 4096

static void
put_or_null(struct json_writer *w, const char *key, struct str s)
{
	json_key(w, key);
	json_str_or_null(w, s.len > 0 ? s : STR_NONE);
}

static void
write_os(const struct os_release *os, struct json_writer *w)
{
	json_key(w, "os");
	json_begin_object(w);
	json_put_str(w, "id", os->id);
	json_put_str(w, "version", os->version);
	json_put_str(w, "name", os->name);
	json_put_str(w, "codename", os->codename);
	json_put_str(w, "like", os->id_like);
	json_end_object(w);
}

static void
write_kernel(const struct inventory *inv, struct json_writer *w)
{
	json_key(w, "kernel");
	json_begin_object(w);
	put_or_null(w, "running", inv->running_kernel);
	json_key(w, "installed");
	json_begin_array(w);
	for (size_t i = 0; i < inv->kernels.count; i++) {
		const struct kernel_package *k = &inv->kernels.items[i];
		json_begin_object(w);
		json_put_str(w, "package", k->package);
		json_put_str(w, "version", k->version);
		json_put_str(w, "release", k->release);
		json_put_bool(w, "running", k->running);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

static void
write_disks(const struct hardware *h, struct json_writer *w)
{
	json_key(w, "disks");
	json_begin_array(w);
	for (size_t i = 0; i < h->disks.count; i++) {
		const struct disk *d = &h->disks.items[i];
		json_begin_object(w);
		json_put_str(w, "name", d->name);
		json_put_str(w, "model", d->model);
		json_put_str(w, "serial", d->serial);
		json_put_i64(w, "size", (int64_t)d->size);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
write_interfaces(const struct hardware *h, struct json_writer *w)
{
	json_key(w, "interfaces");
	json_begin_array(w);
	for (size_t i = 0; i < h->interfaces.count; i++) {
		const struct interface *in = &h->interfaces.items[i];
		json_begin_object(w);
		json_put_str(w, "name", in->name);
		json_put_str(w, "mac", in->mac);
		json_key(w, "addresses");
		json_begin_array(w);
		for (size_t k = 0; k < in->address_count; k++)
			json_str(w, in->addresses[k]);
		json_end_array(w);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
write_hardware(const struct hardware *h, struct json_writer *w)
{
	json_key(w, "hardware");
	json_begin_object(w);
	json_put_str(w, "maker", h->maker);
	json_put_str(w, "model", h->model);
	json_put_str(w, "serial", h->serial);
	json_put_str(w, "uuid", h->uuid);
	json_put_str(w, "firmware", h->firmware);
	json_put_str(w, "cpu", h->cpu);
	json_put_i64(w, "memory", (int64_t)h->memory);
	write_disks(h, w);
	write_interfaces(h, w);
	json_end_object(w);
}

static void
write_settings(const struct setting_list *l, struct json_writer *w)
{
	json_key(w, "settings");
	json_begin_array(w);
	for (size_t i = 0; i < l->items.count; i++) {
		const struct setting *s = &l->items.items[i];
		json_begin_object(w);
		json_put_str(w, "setting", s->name);
		json_put_cstr(w, "state", setting_state_name(s->state));
		put_or_null(w, "why", s->why);
		json_end_object(w);
	}
	json_end_array(w);
}

static void
write_backup(const struct backup_seen *b, struct json_writer *w)
{
	json_key(w, "backup");
	if (!b->asked) {
		json_null(w);
		return;
	}
	json_begin_object(w);
	json_put_time(w, "at", b->at);
	put_or_null(w, "why", b->why);
	json_end_object(w);
}

void
inventory_write_system(const struct inventory *inv, struct json_writer *w)
{
	json_begin_object(w);
	write_os(&inv->os, w);
	json_put_str(w, "hostname", inv->hostname);
	json_put_str(w, "machine_id", inv->machine_id);
	json_put_str(w, "boot_id", inv->boot_id);
	json_put_str(w, "timezone", inv->timezone);
	write_kernel(inv, w);
	write_hardware(&inv->hardware, w);
	put_or_null(w, "last_user", inv->hardware.last_user);
	json_put_time(w, "last_login", inv->hardware.last_login);
	json_key(w, "reboot_signals");
	json_begin_array(w);
	for (size_t i = 0; i < inv->reboot_signals.count; i++)
		json_str(w, inv->reboot_signals.items[i]);
	json_end_array(w);
	write_settings(&inv->settings, w);
	sources_write(&inv->sources, w);
	write_backup(&inv->backup, w);
	json_end_object(w);
}

void
inventory_write_packages(const struct inventory *inv, struct json_writer *w)
{
	const struct package_list *l = &inv->packages;

	json_begin_object(w);
	json_put_cstr(w, "manager", l->manager);
	json_put_i64(w, "bad", (int64_t)l->bad);
	json_key(w, "packages");
	json_begin_array(w);
	for (size_t i = 0; i < l->count; i++) {
		const struct package *p = &l->items[i];
		json_begin_array(w);
		json_str(w, p->name);
		json_str(w, p->version);
		json_str(w, p->arch);
		json_str(w, str_eq(p->source, p->name) ? STR("") : p->source);
		json_str(w, str_eq(p->source_version, p->version) ? STR("") : p->source_version);
		json_end_array(w);
	}
	json_end_array(w);
	json_end_object(w);
}

/* ---- and read again ---- */

static bool
parse_root(struct arena *a, struct str text, const char *what, struct json **out, struct err *e)
{
	struct json_limits limits = { .depth = 16, .string_max = 65536, .total = SECTION_MAX };

	if (!json_parse(a, text, &limits, out, e))
		return err_wrap(e, "reading the section %s", what);
	if ((*out)->kind != JSON_KIND_OBJECT)
		return err_set(e, ERR_INPUT, "reading the section %s: it is not an object", what);
	return true;
}

static const struct json *
list_get(const struct json *object, const char *key, size_t *count)
{
	const struct json *items = json_get_array(object, key, count);

	if (*count > LIST_MAX)
		*count = LIST_MAX;
	return items;
}

static uint64_t
get_size(const struct json *object, const char *key)
{
	int64_t n = json_get_i64(object, key, 0);

	return n > 0 ? (uint64_t)n : 0;
}

static void
parse_kernels(struct arena *a, const struct json *kernel, struct inventory *inv)
{
	size_t count;
	const struct json *items = list_get(kernel, "installed", &count);

	inv->running_kernel = json_get_str(kernel, "running");
	for (size_t i = 0; i < count; i++) {
		*ARRAY_PUSH(a, &inv->kernels) = (struct kernel_package){
			.package = json_get_str(&items[i], "package"),
			.version = json_get_str(&items[i], "version"),
			.release = json_get_str(&items[i], "release"),
			.running = json_get_bool(&items[i], "running", false),
		};
	}
}

static void
parse_strings(struct arena *a, const struct json *items, size_t count, struct str **out, size_t *out_count)
{
	size_t kept = 0;

	*out = ARENA_ARRAY(a, struct str, count ? count : 1);
	for (size_t i = 0; i < count; i++) {
		if (items[i].kind == JSON_KIND_STRING)
			(*out)[kept++] = items[i].text;
	}
	*out_count = kept;
}

static void
parse_hardware(struct arena *a, const struct json *j, struct hardware *h)
{
	size_t count, n;
	const struct json *items;

	h->maker = json_get_str(j, "maker");
	h->model = json_get_str(j, "model");
	h->serial = json_get_str(j, "serial");
	h->uuid = json_get_str(j, "uuid");
	h->firmware = json_get_str(j, "firmware");
	h->cpu = json_get_str(j, "cpu");
	h->memory = get_size(j, "memory");
	items = list_get(j, "disks", &count);
	for (size_t i = 0; i < count; i++) {
		*ARRAY_PUSH(a, &h->disks) = (struct disk){
			.name = json_get_str(&items[i], "name"),
			.model = json_get_str(&items[i], "model"),
			.serial = json_get_str(&items[i], "serial"),
			.size = get_size(&items[i], "size"),
		};
	}
	items = list_get(j, "interfaces", &count);
	for (size_t i = 0; i < count; i++) {
		struct interface *in = ARRAY_PUSH(a, &h->interfaces);
		in->name = json_get_str(&items[i], "name");
		in->mac = json_get_str(&items[i], "mac");
		const struct json *addresses = list_get(&items[i], "addresses", &n);
		parse_strings(a, addresses, n, &in->addresses, &in->address_count);
	}
}

static void
parse_settings(struct arena *a, const struct json *j, struct setting_list *out)
{
	size_t count;
	const struct json *items = list_get(j, "settings", &count);
	for (size_t i = 0; i < count && i < SETTINGS_MAX; i++) {
		struct setting s = { .name = arena_line(a, json_get_str(&items[i], "setting"), SETTING_NAME_MAX),
				     .why = arena_line(a, json_get_str(&items[i], "why"), SETTING_WHY_MAX) };
		if (s.name.len > 0 && setting_state_parse(json_get_str(&items[i], "state"), &s.state))
			*ARRAY_PUSH(a, &out->items) = s;
	}
}

static void
parse_backup(struct arena *a, const struct json *j, struct backup_seen *out)
{
	const struct json *b = json_get(j, "backup");
	if (!b || b->kind != JSON_KIND_OBJECT)
		return;
	out->asked = true;
	if (!time_parse(json_get_str(b, "at"), &out->at))
		out->at = 0;
	out->why = arena_line(a, json_get_str(b, "why"), BACKUP_WHY_MAX);
}

bool
inventory_parse_system(struct arena *a, struct str text, struct inventory *out, struct err *e)
{
	struct json *j;
	struct inventory inv = { 0 };
	size_t count;

	if (!parse_root(a, text, "system", &j, e))
		return false;
	const struct json *os = json_get(j, "os");
	inv.os.id = json_get_str(os, "id");
	inv.os.version = json_get_str(os, "version");
	inv.os.name = json_get_str(os, "name");
	inv.os.codename = json_get_str(os, "codename");
	inv.os.id_like = json_get_str(os, "like");
	inv.hostname = json_get_str(j, "hostname");
	inv.machine_id = json_get_str(j, "machine_id");
	inv.boot_id = json_get_str(j, "boot_id");
	inv.timezone = json_get_str(j, "timezone");
	parse_kernels(a, json_get(j, "kernel"), &inv);
	parse_hardware(a, json_get(j, "hardware"), &inv.hardware);
	inv.hardware.last_user = json_get_str(j, "last_user");
	if (!time_parse(json_get_str(j, "last_login"), &inv.hardware.last_login))
		inv.hardware.last_login = 0;
	const struct json *signals = list_get(j, "reboot_signals", &count);
	parse_strings(a, signals, count, &inv.reboot_signals.items, &inv.reboot_signals.count);
	parse_settings(a, j, &inv.settings);
	sources_parse(a, j, &inv.sources);
	parse_backup(a, j, &inv.backup);
	*out = inv;
	return true;
}

/* The names that package_list.manager may have; another one is kept out. */
static const char *
manager_name(struct str name)
{
	for (const struct pkgdb *const *db = pkgdb_all; *db; db++) {
		if (str_eq(name, str_of((*db)->name)))
			return (*db)->name;
	}
	return NULL;
}

/* Pulled, not built as a tree: a host may have 200,000 packages. False: reader is in error or row broken. */
static bool
parse_row(struct arena *a, struct json_reader *r, struct package *p)
{
	struct str *const cells[] = { &p->name, &p->version, &p->arch, &p->source, &p->source_version };
	size_t n = 0;

	*p = (struct package){ 0 };
	for (enum json_token t = json_next(r); t != JSON_ARRAY_END; t = json_next(r)) {
		if (t != JSON_STRING && n < COUNT(cells))
			return false;
		if (n < COUNT(cells))
			*cells[n++] = arena_str(a, json_text(r));
		else if (!json_skip(r))
			return false;
	}
	if (p->source.len == 0)
		p->source = p->name;
	if (p->source_version.len == 0)
		p->source_version = p->version;
	return package_word_valid(p->name) && package_word_valid(p->version);
}

/* The reader's own error where it has one: it says line and column. */
static bool
section_broken(struct json_reader *r, const char *why, struct err *e)
{
	if (json_next(r) == JSON_ERROR) {
		(void)json_error(r, e);
		return err_wrap(e, "reading the section packages");
	}
	return err_set(e, ERR_INPUT, "reading the section packages: %s", why);
}

static bool
parse_rows(struct arena *a, struct json_reader *r, struct package_list *l, struct err *e)
{
	if (json_next(r) != JSON_ARRAY)
		return section_broken(r, "\"packages\" is not a list", e);
	for (enum json_token t = json_next(r); t != JSON_ARRAY_END; t = json_next(r)) {
		struct package p;
		if (l->count >= PACKAGES_MAX)
			return err_set(e, ERR_TOO_LARGE, "reading the section packages: more than %d packages",
				       PACKAGES_MAX);
		if (t != JSON_ARRAY || !parse_row(a, r, &p))
			return section_broken(r, "a row is not [name, version, arch, source, source version]", e);
		*ARRAY_PUSH(a, l) = p;
	}
	return true;
}

static bool
parse_member(struct arena *a, struct json_reader *r, struct package_list *l, struct err *e)
{
	if (str_eq(json_text(r), STR("packages")))
		return parse_rows(a, r, l, e);
	bool manager = str_eq(json_text(r), STR("manager")), bad = str_eq(json_text(r), STR("bad"));
	enum json_token t = json_next(r);
	uint64_t n;
	if (manager && t == JSON_STRING)
		l->manager = manager_name(json_text(r));
	else if (bad && t == JSON_NUMBER && str_to_u64(json_text(r), &n))
		l->bad = n;
	else if (!json_skip(r))
		return section_broken(r, "it is cut off", e);
	return true;
}

bool
inventory_parse_packages(struct arena *a, struct str text, struct package_list *out, struct err *e)
{
	struct json_limits limits = { .depth = 16, .string_max = 65536, .total = SECTION_MAX };
	JSON_READER_AUTO r = json_reader_mem(text, &limits);
	struct package_list l = { 0 };
	enum json_token t = json_next(r);

	if (t != JSON_OBJECT)
		return section_broken(r, "it is not an object", e);
	while ((t = json_next(r)) == JSON_KEY) {
		if (!parse_member(a, r, &l, e))
			return false;
	}
	if (t != JSON_OBJECT_END || json_next(r) != JSON_DONE)
		return section_broken(r, "it is cut off", e);
	if (!l.manager)
		return section_broken(r, "\"manager\" is missing or unknown", e);
	package_list_sort(&l);
	*out = l;
	return true;
}
