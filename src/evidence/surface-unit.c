/* Whose a thing is, and at which base: by the seed at the begin of its path, abroad by the seed's country or by the end of
 * the names on the path (evidence/surface-model.h). */
#include "evidence/surface-model.h"
#include "evidence/world.h"

/* Ends of two letters that are sold to everybody, so that they tell no country. */
static const char anywhere[] = " ai bz cc co fm gg io la ly me mu nu sc sh st to tv vc vg ws ";

struct str
surface_country_of_name(struct arena *a, struct str name)
{
	ptrdiff_t dot = str_rfind_char(name, '.');
	char code[5] = "     ";
	char *both = arena_cstr(a, STR("  "));
	if (dot < 1 || name.len - (size_t)dot != 3)
		return STR("");
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '_')
			return STR("");
	}
	for (size_t i = 0; i < 2; i++) {
		char c = name.ptr[(size_t)dot + 1 + i];
		if (c < 'a' || c > 'z')
			return STR("");
		code[i + 1] = c;
		both[i] = (char)(c - 32);
	}
	code[3] = ' ';
	if (str_contains(str_of(anywhere), str_sub(code, 4)))
		return STR("");
	return str_eq(str_of(both), STR("UK")) ? STR("GB") : str_of(both);
}

static struct str
line_of(struct surface_model *m, const struct json *object, const char *key)
{
	struct str s = json_get_str(object, key);
	return s.len ? report_clean(m->arena, s, 120) : STR("");
}

/* ---- seeds ---- */

static const struct json *
seed_of(const struct surface_model *m, struct str name)
{
	size_t count;
	const struct json *seeds = json_get_array(m->run, "seeds", &count);
	for (size_t i = 0; i < count; i++) {
		struct str kind, value;
		if (str_split(json_get_str(&seeds[i], "seed"), ':', &kind, &value) && str_eq(value, name))
			return &seeds[i];
	}
	return NULL;
}

static struct str
country_of_seed(struct surface_model *m, const struct json *seed)
{
	struct str kind, value, told = line_of(m, seed, "country");
	if (told.len == 2)
		return told;
	return str_split(json_get_str(seed, "seed"), ':', &kind, &value) ? surface_country_of_name(m->arena, value)
									 : STR("");
}

void
surface_home_find(struct surface_model *m)
{
	size_t count;
	const struct json *seeds = json_get_array(m->run, "seeds", &count);
	m->home = STR("");
	/* The first seed of ours is the main one. */
	for (size_t i = 0; i < count && m->home.len == 0; i++)
		if (!str_eq(json_get_str(&seeds[i], "owner"), STR("group")) &&
		    !str_eq(json_get_str(&seeds[i], "owner"), STR("contractor")))
			m->home = country_of_seed(m, &seeds[i]);
}

/* ---- units ---- */

struct str
surface_unit_label(struct surface_model *m, const struct surface_unit *u)
{
	static const char *const owners[] = { "Our organisation", "Group company", "Contractor" };
	BUF_AUTO text = { 0 };
	buf_add(&text, u->company.len ? u->company : str_of(tr(owners[u->owner])));
	if (u->site.len)
		buf_addf(&text, " · %.*s", STR_ARG(u->site));
	if (u->country.len) {
		struct str name = world_name(m->arena, u->country, m->lang);
		buf_addf(&text, m->lang == LANG_JA ? "（%.*s）" : " (%.*s)", STR_ARG(name));
	}
	return arena_str(m->arena, buf_str(&text));
}

static size_t
unit_put(struct surface_model *m, struct surface_unit u)
{
	bool added;
	if (str_eq(u.country, m->home) || m->home.len == 0)
		u.country = STR("");
	struct str key = arena_printf(m->arena, "%u\n%.*s\n%.*s\n%.*s", (unsigned)u.owner, STR_ARG(u.company),
				      STR_ARG(u.site), STR_ARG(u.country));
	size_t number = (size_t)(uintptr_t)table_get(&m->units_by_key, key);
	if (number)
		return number - 1;
	u.label = surface_unit_label(m, &u);
	*ARRAY_PUSH(m->arena, &m->units) = u;
	*table_put(&m->units_by_key, key, &added) = (void *)(uintptr_t)m->units.count;
	return m->units.count - 1;
}

static struct surface_unit
unit_told(struct surface_model *m, const struct json *row)
{
	struct surface_unit u = { .company = line_of(m, row, "company"),
				  .site = line_of(m, row, "site"),
				  .country = line_of(m, row, "country") };
	if (!seed_owner_parse(json_get_str(row, "owner"), &u.owner))
		u.owner = SEED_SELF;
	return u;
}

size_t
surface_unit_of(struct surface_model *m, const struct json *asset)
{
	size_t steps;
	const struct json *path = json_get_array(asset, "path", &steps);
	struct surface_unit u = unit_told(m, asset);
	struct str kind = json_get_str(asset, "kind"), name = json_get_str(asset, "name");
	const struct json *seed = seed_of(m, steps > 1 ? json_get_str(&path[1], "from") : name);
	if (seed && u.company.len == 0)
		u.company = line_of(m, seed, "company");
	if (seed && u.site.len == 0)
		u.site = line_of(m, seed, "site");
	if (seed && u.country.len == 0)
		u.country = line_of(m, seed, "country");
	if (u.country.len == 0 && (str_eq(kind, STR("domain")) || str_eq(kind, STR("host"))))
		u.country = surface_country_of_name(m->arena, name);
	for (size_t i = steps; i-- > 0 && u.country.len == 0;)
		u.country = surface_country_of_name(m->arena, json_get_str(&path[i], "from"));
	return unit_put(m, u);
}

size_t
surface_unit_of_risk(struct surface_model *m, const struct json *risk)
{
	struct str kind = json_get_str(risk, "kind"), name = json_get_str(risk, "asset"), rest;
	if (str_eq(kind, STR("service")) && str_split(name, ' ', &name, &rest))
		kind = STR("address");
	const struct surface_asset *asset = surface_asset_find(m, kind, name);
	if (asset)
		return asset->unit;
	struct surface_unit u = unit_told(m, risk);
	if (u.country.len == 0)
		u.country = surface_country_of_name(m->arena, name);
	return unit_put(m, u);
}

bool
surface_unit_wanted(const struct surface_model *m, size_t unit)
{
	const struct surface_unit *u = &m->units.items[unit];
	enum seed_owner owner;
	if (m->request->owner.len == 0)
		return true;
	if (seed_owner_parse(m->request->owner, &owner))
		return u->owner == owner;
	return u->company.len > 0 && str_eq_nocase(u->company, m->request->owner);
}
