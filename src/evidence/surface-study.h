/* Inside the room: what the chapters of the surface report share. */
#ifndef MAMORI_EVIDENCE_SURFACE_STUDY_H
#define MAMORI_EVIDENCE_SURFACE_STUDY_H

#include "evidence/surface-model.h"
#include "surface/own.h"

struct surface_study {
	struct surface_model *m;
	struct report *r;
	struct arena *a;
	enum surface_form form;
	size_t rows_max; /* of one list */
	bool units; /* whether there is more than one, so that lists name it */
};

#define TR(literal) str_of(tr(literal))

/* Each writes one chapter. */
void surface_study_first(struct surface_study *s);
void surface_study_plan(struct surface_study *s);
void surface_study_risks(struct surface_study *s);
void surface_study_units(struct surface_study *s);
void surface_study_domains(struct surface_study *s);
void surface_study_hosts(struct surface_study *s);
void surface_study_networks(struct surface_study *s);
void surface_study_certificates(struct surface_study *s);
void surface_study_mail(struct surface_study *s);
void surface_study_gateways(struct surface_study *s);
void surface_study_dependencies(struct surface_study *s);
void surface_study_candidates(struct surface_study *s);
void surface_study_coverage(struct surface_study *s);
void surface_study_seeds(struct surface_study *s);
void surface_study_method(struct surface_study *s);

/* A column; weight 0: as wide as its words. The last column of a list is left out where all is one unit's. */
struct grid *surface_list(struct surface_study *s, struct str title, const struct grid_column *columns, size_t count);
/* The unit's cell, where there is such a column. */
void surface_unit_cell(struct surface_study *s, struct grid *t, size_t unit);
/* Whether a row more fits; counts what does not, and at the end says it. */
bool surface_room(const struct surface_study *s, const struct grid *t);
void surface_cut_say(struct surface_study *s, struct grid *t, size_t rows);

/* How many of the model's risks, from the first of a rule on, are of it. */
size_t surface_rule_count(const struct surface_model *m, size_t first);

/* Words for people. */
struct str surface_class_name(enum risk_class c);
struct str surface_severity_word(enum severity_of_risk severity);
struct str surface_severity_means(enum severity_of_risk severity);
struct str surface_advice_word(struct str advice);
struct str surface_within(enum severity_of_risk severity);
struct str surface_kind_word(struct arena *a, struct str kind);
struct str surface_source_word(struct str source);
struct str surface_rule_words(struct arena *a, struct str rule);
struct str surface_evidence_class(enum own_class c);
struct str surface_owner_word(enum seed_owner owner);
/* Ours of the file's sentences that the catalogue knows. */
struct str surface_sentence(struct arena *a, struct str english);
/* "2026年11月22日", "2026-11-22"; short: "2026-11-22" in both. 0: a dash. */
struct str surface_day(struct surface_study *s, int64_t ms);
struct str surface_day_short(struct arena *a, int64_t ms);
/* "WHOIS, 2026-11-22" */
struct str surface_seen(struct surface_study *s, struct str source, int64_t ms);

#endif
