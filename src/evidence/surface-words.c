/* A run's words as people say them, and what lists share (evidence/surface-study.h). */
#include "evidence/surface-study.h"

#include "base/time.h"

struct str
surface_class_name(enum risk_class c)
{
	static const char *const names[RISK_CLASSES] = {
		[RISKS_CLINICAL] = "Medical systems in the open",
		[RISKS_ENTRY] = "Remote control and file shares in the open",
		[RISKS_KNOWN] = "Known vulnerabilities, ended support",
		[RISKS_GATEWAY] = "VPN and remote gateways",
		[RISKS_DATA] = "Databases, management pages, equipment in the open",
		[RISKS_DANGLING] = "Names that point to nothing",
		[RISKS_REGISTRATION] = "Registrations that end, forgotten hosts",
		[RISKS_MAIL] = "E-mail that others can forge",
		[RISKS_CERTIFICATE] = "Certificates",
		[RISKS_OTHER] = "Others",
	};
	return str_of(tr(names[c]));
}

struct str
surface_severity_word(enum severity_of_risk severity)
{
	return str_of(tr(risk_severity_name(severity)));
}

struct str
surface_severity_means(enum severity_of_risk severity)
{
	static const char *const words[SEVERITIES] = {
		[RISK_INFO] = "Good to know.",
		[RISK_LOW] = "Makes other attacks easier.",
		[RISK_MEDIUM] = "Helps an attacker, or deceives others in our name.",
		[RISK_HIGH] = "An attacker comes in once one more thing goes wrong.",
		[RISK_CRITICAL] = "An attacker can come in now, or patients' data can be read.",
	};
	return str_of(tr(words[severity]));
}

struct str
surface_advice_word(struct str advice)
{
	static const struct {
		const char *advice, *word;
	} words[] = {
		{ "remove", "Remove" }, { "close", "Close from outside" }, { "configure", "Set right" },
		{ "patch", "Patch" },   { "assess", "Look into" },
	};
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq(str_of(words[i].advice), advice))
			return str_of(tr(words[i].word));
	return advice;
}

struct str
surface_within(enum severity_of_risk severity)
{
	static const char *const words[SEVERITIES] = {
		[RISK_INFO] = "when there is time", [RISK_LOW] = "within a year",
		[RISK_MEDIUM] = "within 3 months",  [RISK_HIGH] = "within a month",
		[RISK_CRITICAL] = "within a week",
	};
	return str_of(tr(words[severity]));
}

struct str
surface_sentence(struct arena *a, struct str english)
{
	return english.len ? str_of(tr(arena_cstr(a, english))) : STR("");
}

struct str
surface_kind_word(struct arena *a, struct str kind)
{
	return surface_sentence(a, kind);
}

struct str
surface_owner_word(enum seed_owner owner)
{
	static const char *const names[] = { "Our organisation", "Group company", "Contractor" };
	return str_of(tr(names[owner]));
}

struct str
surface_source_word(struct str source)
{
	static const struct {
		const char *source, *word;
	} words[] = {
		{ "dns", "DNS" },
		{ "whois", "WHOIS" },
		{ "rdap", "RDAP" },
		{ "crtsh", "crt.sh" },
		{ "ct", "CT log" },
		{ "internetdb", "InternetDB" },
		{ "shodan", "Shodan" },
		{ "censys", "Censys" },
		{ "exposure", "Exposure index" },
		{ "page", "Home page" },
		{ "person", "A person" },
		{ "mamori", "mamori" },
		{ "search", "Search results" },
		{ "confirm", "A look at the host" },
		{ "rdap-search", "RDAP search" },
	};
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq(str_of(words[i].source), source))
			return str_of(tr(words[i].word));
	return source;
}

struct str
surface_rule_words(struct arena *a, struct str rule)
{
	for (unsigned i = RULE_SEED; i < RULES; i++)
		if (str_eq(str_of(own_rule_row(i)->name), rule))
			return surface_sentence(a, str_of(own_rule_row(i)->words));
	return rule;
}

struct str
surface_evidence_class(enum own_class c)
{
	static const char *const names[CLASSES] = {
		[CLASS_REGISTRATION] = "Registration",
		[CLASS_CERTIFICATE] = "Certificate",
		[CLASS_ZONE] = "Zone (DNS)",
		[CLASS_ACCOUNT] = "Account with a third party",
		[CLASS_NETWORK] = "Network",
		[CLASS_LINK] = "Links and mentions",
		[CLASS_LABEL] = "Name",
	};
	return str_of(tr(names[c]));
}

/* ---- days ---- */

struct str
surface_day_short(struct arena *a, int64_t ms)
{
	char text[TIME_RFC3339_MAX];
	return ms == 0 ? STR("–") : arena_printf(a, "%.10s", time_rfc3339(ms, text));
}

struct str
surface_day(struct surface_study *s, int64_t ms)
{
	int year;
	unsigned month, day;
	if (ms == 0)
		return STR("–");
	if (s->r->lang != LANG_JA)
		return surface_day_short(s->a, ms);
	time_civil(ms / 86400000 - (ms % 86400000 < 0), &year, &month, &day);
	return arena_printf(s->a, "%d年%u月%u日", year, month, day);
}

struct str
surface_seen(struct surface_study *s, struct str source, int64_t ms)
{
	struct str who = surface_source_word(source);
	if (who.len == 0)
		return STR("–");
	return ms == 0 ? who : arena_printf(s->a, "%.*s %.*s", STR_ARG(who), STR_ARG(surface_day_short(s->a, ms)));
}

/* ---- lists ---- */

struct grid *
surface_list(struct surface_study *s, struct str title, const struct grid_column *columns, size_t count)
{
	struct grid_column *copy = ARENA_ARRAY(s->a, struct grid_column, count + 1);
	memcpy(copy, columns, count * sizeof(*columns));
	if (s->units)
		copy[count++] = (struct grid_column){ .title = TR("Organisation, base"), .weight = 1 };
	return report_table(s->r, title, copy, count);
}

void
surface_unit_cell(struct surface_study *s, struct grid *t, size_t unit)
{
	if (s->units)
		grid_text(s->r, t, s->m->units.items[unit].label);
}

bool
surface_room(const struct surface_study *s, const struct grid *t)
{
	return grid_rows(t) < s->rows_max;
}

void
surface_cut_say(struct surface_study *s, struct grid *t, size_t rows)
{
	if (rows == 0 && t->note.len == 0)
		t->note = TR("None.");
	if (rows <= grid_rows(t))
		return;
	t->note = arena_printf(s->a, tr("%zu more are in the Excel and CSV files. %.*s"), rows - grid_rows(t),
			       STR_ARG(t->note));
}
