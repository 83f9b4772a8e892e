/* apt's own words in the C locale: the simulation, apt-cache show, apt-cache policy. */
#include "plan/apt.h"

#define STEPS_MAX 100000

/* "libc6:i386" to libc6. */
static struct str
bare_name(struct str full)
{
	struct str name, arch;

	return str_split(full, ':', &name, &arch) ? name : full;
}

/* One origin: "Debian-Security:12/oldstable-security". */
static bool
origin_is_security(struct str origin)
{
	ptrdiff_t colon = str_rfind_char(origin, ':');
	struct str label = colon >= 0 ? str_head(origin, (size_t)colon) : origin;
	ptrdiff_t slash = str_rfind_char(origin, '/');

	return str_ends(label, STR("-Security")) ||
	       (slash >= 0 && str_ends(str_skip(origin, (size_t)slash + 1), STR("-security")));
}

static bool
origins_are_security(struct str origins)
{
	struct str piece;

	while (str_cut(&origins, ',', &piece)) {
		if (origin_is_security(str_trim(piece)))
			return true;
	}
	return false;
}

/* Behind "Inst ". */
static bool
parse_inst(struct str line, struct arena *a, struct apt_step *s)
{
	struct str name, from = STR_NONE, inside, to;

	*s = (struct apt_step){ 0 };
	if (!str_word(&line, &name))
		return false;
	line = str_trim(line);
	if (str_starts(line, STR("["))) {
		if (!str_split(str_skip(line, 1), ']', &from, &line))
			return false;
		line = str_trim(line);
	}
	ptrdiff_t end = str_find(line, STR("])"));
	if (!str_starts(line, STR("(")) || end < 0)
		return false;
	inside = str_sub(line.ptr + 1, (size_t)end - 1);
	ptrdiff_t arch = str_rfind_char(inside, '[');
	if (arch < 0 || !str_word(&inside, &to))
		return false;
	arch = str_rfind_char(inside, '[');
	if (arch < 0)
		return false;
	s->full = arena_str(a, name);
	s->name = bare_name(s->full);
	s->from = arena_str(a, from);
	s->to = arena_str(a, to);
	s->arch = arena_str(a, str_skip(inside, (size_t)arch + 1));
	s->origins = arena_str(a, str_trim(str_head(inside, (size_t)arch)));
	s->security = origins_are_security(s->origins);
	return s->name.len > 0 && s->to.len > 0 && s->arch.len > 0;
}

enum list_kind { LIST_NONE, LIST_KEPT, LIST_PHASED };

static bool
parse_list_line(struct str line, enum list_kind kind, struct arena *a, struct apt_simulation *out, struct err *e)
{
	struct str word;

	while (str_word(&line, &word)) {
		if (out->kept_back.count + out->phased.count >= STEPS_MAX)
			return err_set(e, ERR_TOO_LARGE, "apt lists more than %d packages", STEPS_MAX);
		if (kind == LIST_KEPT)
			*ARRAY_PUSH(a, &out->kept_back) = arena_str(a, word);
		else if (kind == LIST_PHASED)
			*ARRAY_PUSH(a, &out->phased) = arena_str(a, word);
	}
	return true;
}

bool
apt_parse_simulation(struct str text, struct arena *a, struct apt_simulation *out, struct err *e)
{
	struct apt_simulation s = { 0 };
	enum list_kind kind = LIST_NONE;
	struct str line, rest, word;

	while (str_line(&text, &line)) {
		if (str_starts(line, STR("  ")) && kind != LIST_NONE) {
			if (!parse_list_line(line, kind, a, &s, e))
				return false;
			continue;
		}
		kind = LIST_NONE;
		if (str_starts(line, STR("The following packages have been kept back")))
			kind = LIST_KEPT;
		else if (str_starts(line, STR("The following upgrades have been deferred")))
			kind = LIST_PHASED;
		if (s.installs.count + s.removes.count >= STEPS_MAX)
			return err_set(e, ERR_TOO_LARGE, "apt lists more than %d packages", STEPS_MAX);
		if (str_starts(line, STR("Inst "))) {
			struct apt_step step;
			if (!parse_inst(str_skip(line, strlen("Inst ")), a, &step))
				return err_set(e, ERR_INPUT,
					       "apt's simulation has a line that cannot be understood: %.*s",
					       STR_ARG(line));
			*ARRAY_PUSH(a, &s.installs) = step;
		} else if (str_starts(line, STR("Remv "))) {
			rest = str_skip(line, strlen("Remv "));
			if (str_word(&rest, &word))
				*ARRAY_PUSH(a, &s.removes) = arena_str(a, word);
		}
	}
	*out = s;
	return true;
}

static void
record_field(struct apt_record *r, struct str key, struct str value, struct arena *a)
{
	struct str name, version;

	if (str_eq(key, STR("Package")))
		r->name = arena_str(a, value);
	else if (str_eq(key, STR("Version")))
		r->version = arena_str(a, value);
	else if (str_eq(key, STR("Architecture")))
		r->arch = arena_str(a, value);
	else if (str_eq(key, STR("Size")) && !str_to_u64(value, &r->size))
		r->size = 0;
	else if (str_eq(key, STR("Source"))) {
		if (!str_split(value, '(', &name, &version)) {
			name = value;
			version = STR_NONE;
		}
		version = str_trim(version);
		if (version.len > 0 && version.ptr[version.len - 1] == ')')
			version.len--;
		r->source = arena_str(a, str_trim(name));
		if (version.len > 0)
			r->source_version = arena_str(a, version);
	}
}

static bool
record_end(struct apt_record *r, struct arena *a, struct apt_record_list *out, struct err *e)
{
	if (r->name.len > 0 && r->version.len > 0) {
		if (out->records.count >= STEPS_MAX)
			return err_set(e, ERR_TOO_LARGE, "apt lists more than %d packages", STEPS_MAX);
		if (r->source.len == 0)
			r->source = r->name;
		if (r->source_version.len == 0)
			r->source_version = r->version;
		*ARRAY_PUSH(a, &out->records) = *r;
	}
	*r = (struct apt_record){ 0 };
	return true;
}

bool
apt_parse_records(struct str text, struct arena *a, struct apt_record_list *out, struct err *e)
{
	struct apt_record_list l = { 0 };
	struct apt_record r = { 0 };
	struct str line, key, value;

	while (str_line(&text, &line)) {
		if (line.len == 0) {
			if (!record_end(&r, a, &l, e))
				return false;
		} else if (line.ptr[0] != ' ' && str_split(line, ':', &key, &value)) {
			record_field(&r, key, str_trim(value), a);
		}
	}
	if (!record_end(&r, a, &l, e))
		return false;
	*out = l;
	return true;
}

/* " *** 1.0 500", "     1.0 500" head a version; "        500 http://HOST/debian-security suite/main amd64 Packages" is a place of it. */
static void
policy_table_line(struct str line, struct apt_candidate *c, struct str *version)
{
	struct str first, second, third, rest = line;

	if (!str_word(&rest, &first) || !str_word(&rest, &second))
		return;
	if (str_eq(first, STR("***")))
		*version = second;
	else if (!str_starts(line, STR("        ")))
		*version = first;
	else if (str_eq(*version, c->version) && str_word(&rest, &third) && str_find(third, STR("-security/")) >= 0)
		c->security = true;
}

bool
apt_parse_policy(struct str text, struct arena *a, struct apt_candidate_list *out, struct err *e)
{
	struct apt_candidate_list l = { 0 };
	struct apt_candidate *now = NULL;
	struct str line, version = STR_NONE;
	bool table = false;

	while (str_line(&text, &line)) {
		struct str t = str_trim(line);
		if (line.len > 0 && line.ptr[0] != ' ' && line.ptr[line.len - 1] == ':') {
			if (l.items.count >= STEPS_MAX)
				return err_set(e, ERR_TOO_LARGE, "apt lists more than %d packages", STEPS_MAX);
			now = ARRAY_PUSH(a, &l.items);
			now->name = arena_str(a, str_head(line, line.len - 1));
			table = false;
			version = STR_NONE;
		} else if (!now) {
			continue;
		} else if (str_starts(t, STR("Installed: "))) {
			now->installed = arena_str(a, str_skip(t, strlen("Installed: ")));
		} else if (str_starts(t, STR("Candidate: "))) {
			now->version = arena_str(a, str_skip(t, strlen("Candidate: ")));
		} else if (str_starts(t, STR("Version table:"))) {
			table = true;
		} else if (table) {
			policy_table_line(line, now, &version);
		}
	}
	*out = l;
	return true;
}
