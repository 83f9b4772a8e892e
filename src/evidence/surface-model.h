/* A run of discovery as its report needs it: read from the run's files alone, narrowed to whose things are asked for, each
 * thing with the organisation and base that it belongs to. */
#ifndef MAMORI_EVIDENCE_SURFACE_MODEL_H
#define MAMORI_EVIDENCE_SURFACE_MODEL_H

#include "base/json.h"
#include "base/table.h"
#include "base/tr.h"
#include "evidence/surface-report.h"
#include "surface/graph.h"
#include "surface/risk.h"
#include "surface/seed.h"

enum { SEVERITIES = RISK_CRITICAL + 1, OWNERSHIPS = OWN_EXCLUDED + 1 };

/* What is wrong, in kinds that one person would take care of. */
enum risk_class {
	RISKS_CLINICAL,
	RISKS_ENTRY,
	RISKS_KNOWN,
	RISKS_GATEWAY,
	RISKS_DATA,
	RISKS_DANGLING,
	RISKS_REGISTRATION,
	RISKS_MAIL,
	RISKS_CERTIFICATE,
	RISKS_OTHER,
	RISK_CLASSES,
};

/* An organisation at one place: ourselves, a branch abroad, a group company, a contractor. */
struct surface_unit {
	enum seed_owner owner;
	struct str company, site, country; /* country: only where it is not ours */
	struct str label; /* for people */
	size_t domains, hosts, addresses, candidates; /* of ours: approved */
	size_t risks[SEVERITIES];
};

struct surface_asset {
	struct str line; /* as it stands in the file: valid JSON */
	struct str kind, name, shown; /* shown: in letters that people read */
	enum ownership own;
	double confidence;
	size_t unit;
	struct str rule, from, source, evidence; /* of the last step that leads to it */
	int64_t seen;
	struct str addresses; /* of a name: with blanks between */
	struct str names; /* of an address: names of ours that point to it */
};

enum risk_change { RISK_NEW, RISK_REMAINS, RISK_FIRST }; /* FIRST: there is no run before */

struct surface_risk {
	struct str line;
	struct str id, kind, asset, detail, source, evidence, says, advice, act;
	enum severity_of_risk severity;
	enum risk_class class;
	enum risk_change change;
	int64_t seen;
	size_t unit;
	struct str beside; /* names of an address, addresses of a name */
	struct str more; /* vulnerabilities of that version */
	/* What people decided; empty where nobody knows of it */
	struct str status, assignee, note;
	int64_t until;
	struct str host; /* the managed machine that it is about; empty: none */
};

/* Of one severity, between an earlier run and this one. */
struct surface_counts {
	size_t gone, unchecked, remains, fresh;
};

struct surface_model {
	struct arena *arena;
	enum lang lang;
	const struct surface_request *request;
	struct json *run; /* run.json */
	int64_t began, ended;
	struct str digest; /* of the run's files, in hex */
	struct str home; /* country; empty: not known */
	bool narrowed; /* only some owner's things */
	ARRAY_OF(struct surface_unit) units; /* those with something of theirs, ours first */
	ARRAY_OF(struct surface_asset) assets;
	ARRAY_OF(struct surface_risk) risks; /* falling severity */
	ARRAY_OF(struct surface_risk) gone; /* of the run before, not seen any more */
	ARRAY_OF(struct surface_risk) unchecked; /* of the run before, and whoever saw it gave no answer this time */
	struct surface_counts last[SEVERITIES], year[SEVERITIES]; /* since the run before; within a year */
	bool states; /* a server told what people decided */
	size_t owned[OWNERSHIPS];
	size_t severities[SEVERITIES];
	struct table by_name; /* "kind name" → its number in assets, plus one */
	struct table decided; /* "risk\nasset\ndetail" → its JSON */
	struct table by_risk; /* likewise, of risks: the first of a rule and thing */
	struct table units_by_key;
};

/* ERR_NOT_FOUND: nothing is of that owner; ERR_INPUT: a line that is none of a run's. */
bool surface_model_read(struct arena *a, const struct surface_request *r, struct surface_model *out,
			struct err *e) MUST_CHECK;
void surface_model_free(struct surface_model *m);
/* NULL: not there, or not of those asked for. */
const struct surface_asset *surface_asset_find(const struct surface_model *m, struct str kind, struct str name);
/* Its line as a tree, for what is not in the struct. */
const struct json *surface_asset_tree(const struct surface_model *m, const struct surface_asset *asset);
const struct surface_risk *surface_risk_of(const struct surface_model *m, struct str id, struct str asset);

/* Inside: whose a thing is (surface-unit.c). */
size_t surface_unit_of(struct surface_model *m, const struct json *asset);
size_t surface_unit_of_risk(struct surface_model *m, const struct json *risk);
/* Whether it is among what was asked for. */
bool surface_unit_wanted(const struct surface_model *m, size_t unit);
/* Where we are: from the seeds. */
void surface_home_find(struct surface_model *m);
/* The country that a name tells by its end: "JP"; empty: none. */
struct str surface_country_of_name(struct arena *a, struct str name);
struct str surface_unit_label(struct surface_model *m, const struct surface_unit *u);

#endif
