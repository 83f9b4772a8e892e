/* Matching installed packages against the advisory index (an immutable file, opened by mmap). */
#ifndef MAMORI_VULN_MATCH_H
#define MAMORI_VULN_MATCH_H

#include "base/arena.h"
#include "os/pkgdb.h"

struct vuln_index;

/* DATA/feeds/index; ERR_NOT_FOUND when nothing was imported yet, ERR_INPUT when damaged or of another
 * version (says: import again). */
bool vuln_index_open(const char *data, struct vuln_index **out, struct err *e) MUST_CHECK;
/* As vuln_index_open() for a command that looks once, in one thread: only the blocks that it needs are read, into memory
 * of its own. (A mapping shows whole pages of the system's cache, up to 2 MiB each, as this process's.) */
bool vuln_index_open_small(const char *data, struct vuln_index **out, struct err *e) MUST_CHECK;
void vuln_index_close(struct vuln_index *ix);
/* Changes with every swap: what findings were computed with. */
uint64_t vuln_index_generation(const struct vuln_index *ix);

/* False, with the file's name, when a part of it that was read so far is damaged. */
bool index_intact(const struct vuln_index *ix, struct err *e) MUST_CHECK;

enum severity { SEVERITY_UNKNOWN, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
const char *severity_name(enum severity s); /* "unknown" … "critical" */
bool severity_parse(struct str s, enum severity *out);

/* CISA's Stakeholder-Specific Vulnerability Categorization, as the CVE record's CISA container gives it. */
enum ssvc_exploitation {
	SSVC_EXPLOITATION_UNKNOWN,
	SSVC_EXPLOITATION_NONE,
	SSVC_EXPLOITATION_POC,
	SSVC_EXPLOITATION_ACTIVE
};
enum ssvc_automatable { SSVC_AUTOMATABLE_UNKNOWN, SSVC_AUTOMATABLE_NO, SSVC_AUTOMATABLE_YES };
enum ssvc_impact { SSVC_IMPACT_UNKNOWN, SSVC_IMPACT_PARTIAL, SSVC_IMPACT_TOTAL };
struct ssvc {
	enum ssvc_exploitation exploitation;
	enum ssvc_automatable automatable;
	enum ssvc_impact impact;
};

/* Whose score and severity count: the CNA's of the CVE record, then CISA's container in it, then other containers,
 * then JVN's, then what advisories of one vulnerability say (OSV, CSAF), then a distribution's urgency; of equals
 * the higher. */
enum score_rank {
	SCORE_NOBODY,
	SCORE_URGENCY,
	SCORE_ADVISORY,
	SCORE_JVN,
	SCORE_ADP,
	SCORE_CISA,
	SCORE_CNA,
};

/* What is known of one vulnerability, whoever has it. */
struct vulnerability {
	struct str id; /* CVE-… (or the advisory's own id when it names none) */
	enum severity severity;
	double cvss; /* < 0: unknown */
	bool kev;
	int64_t kev_due, kev_added; /* 0: none */
	bool kev_ransomware;
	double epss; /* 0–1; < 0: unknown */
	struct str title;
	struct str vector; /* CVSS, what cvss was computed from; may be empty */
	struct str title_ja, summary_ja; /* JVN's; empty: there is none */
	struct ssvc ssvc;
	enum score_rank score_rank; /* in records: who gave severity and cvss */
};
/* Its title in the reader's language (lang_current()), else in the one there is. */
struct str vulnerability_title(const struct vulnerability *v);
/* False when nothing is known of it; out->id is set all the same. */
bool vuln_lookup(const struct vuln_index *ix, struct arena *a, struct str id, struct vulnerability *out);

/* host × package × vulnerability. */
struct finding {
	const struct package *package;
	struct str source; /* as advisories call it: linux for a package that linux-signed-amd64 made */
	struct str fixed; /* empty: no fixed version is known */
	struct str last_affected; /* what comes after it is safe, where no fixed version is named; else empty */
	struct vulnerability vulnerability;
	struct str *aliases;
	size_t alias_count;
	struct str *advisories; /* DSA-…, ALSA-…, sorted */
	size_t advisory_count;
	int64_t date; /* when the advisory that decided was published, 0 unknown */
	struct str note; /* the publisher's reason where nothing is fixed: "no DSA: minor issue"; may be empty */
	/* Not known whether it is affected: the record's versions cannot be compared with this one. Products only. */
	bool doubtful;
	struct str only_with; /* vulnerable only together with other products: "a:b:c or o:d:e and h:f:g"; else empty */
	int running; /* kernels: 1 runs, 0 installed only; -1 not a kernel or unknown */
	struct str why; /* "DSA-5678-1: openssl before 3.0.17-1~deb12u2 in debian:12; 3.0.15-1~deb12u1 is installed" */
};

struct end_of_life {
	bool known;
	bool ended; /* no support any more at `now` */
	int64_t support; /* end of regular support, 0 unknown */
	int64_t eol; /* end of all support, 0 unknown */
	int64_t extended; /* until when more of it can be bought, 0: it cannot, or unknown */
	struct str product, cycle;
};

struct match_request {
	struct str os; /* "debian:12" */
	const struct package_list *packages;
	struct str running_kernel; /* release, may be empty */
	int64_t now;
	/* What a list made up by its sender may cost, 0 = the most that a machine with many old kernels needs. */
	size_t findings_max; /* 0 = 2,000,000 */
	uint64_t ranges_max; /* ranges of versions looked at, 0 = 50,000,000 */
};

struct match_hit {
	uint32_t package; /* of the request */
	uint32_t vulnerability, facts, fact; /* rows of the index */
	bool by_source; /* the advisory names the package's source */
	bool doubtful;
};

struct match_result {
	struct match_hit *hits; /* sorted by package, then vulnerability */
	struct finding *findings; /* after match_run(): the hits in full */
	size_t count;
	struct end_of_life eol;
	bool covered; /* the index has advisories for this system at all */
};
/* What is found, in the arena, without its words: for those who count, or show some of it. ERR_TOO_LARGE beyond the two
 * limits; ERR_INPUT when a part of the index that was needed is damaged. */
bool match_hits(const struct vuln_index *ix, const struct match_request *r, struct arena *a, struct match_result *out,
		struct err *e) MUST_CHECK;
/* match_hits() and every finding in full. */
bool match_run(const struct vuln_index *ix, const struct match_request *r, struct arena *a, struct match_result *out,
	       struct err *e) MUST_CHECK;

/* Hits in full, one after the other, cheapest in their order. The view lives in the arena and keeps there what the
 * findings of a package share. */
struct match_view;
struct match_view *match_view_new(const struct vuln_index *ix, const struct match_request *r, struct arena *a);
/* Strings of *out are the index's, the request's, or in one of the two arenas. */
void match_view_get(struct match_view *v, const struct match_hit *hit, struct arena *a, struct finding *out);

#endif
