/* What a Windows machine is missing: its version and installed updates against Microsoft's table of updates in the
 * index (feeds msrc-definitions and msrc-cvrf).
 *
 * An update is covered when it is installed, when an installed one supersedes it, directly or through others, or when
 * the machine's build has the revision that holds it; since Windows 10 also when an installed cumulative update is newer
 * (Microsoft's table forgets many of these). A vulnerability of the machine's product is open when none of
 * the updates that fix it is covered. Updates that supersede each other in a circle count as equal. */
#ifndef MAMORI_VULN_WINDOWS_H
#define MAMORI_VULN_WINDOWS_H

#include "vuln/match.h"

enum windows_arch { WINDOWS_ARCH_UNKNOWN, WINDOWS_X86, WINDOWS_X64, WINDOWS_ARM64, WINDOWS_ITANIUM };

struct windows_host {
	struct str name; /* as the system calls itself: "Microsoft Windows 10 Pro" */
	uint32_t major, minor, build; /* 10, 0, 17134 */
	uint32_t revision; /* UBR, 0 unknown */
	uint32_t service_pack; /* 0: none */
	enum windows_arch arch;
	bool server; /* Windows Server, else a client */
	bool server_core; /* installed without a desktop; Microsoft lists those apart */
	const uint32_t *kbs; /* installed updates, in any order */
	size_t kb_count;
	bool kbs_known; /* the list is whole; else an update that is not in it may be installed all the same */
};

/* As Microsoft's table names this system, most usual name first: "Windows 10 Version 1803 for x64-based Systems".
 * NULL-terminated; no name when the build or architecture is not one that the table knows. */
#define WINDOWS_PRODUCTS_MAX 4
void windows_products(const struct windows_host *h, struct arena *a, const char *names[WINDOWS_PRODUCTS_MAX + 1]);

/* Until when Microsoft supports it without a contract of its own, by the end-of-life feed; of Windows 10 and 11 by the
 * edition in its name. */
void windows_end_of_life(const struct vuln_index *ix, const struct windows_host *h, int64_t now, struct arena *a,
			 struct end_of_life *out);

enum windows_state {
	WINDOWS_OPEN, /* the system has it */
	WINDOWS_UNKNOWN, /* of a part that may not be there (Internet Explorer 9, .NET Framework 3.5 …), or the list of
			    installed updates is not whole */
};

struct windows_finding {
	enum windows_state state;
	struct str product; /* as Microsoft names it: the system, or "PART on SYSTEM" */
	struct vulnerability vulnerability; /* severity: Microsoft's for this product where it gives one */
	const uint32_t *fixes; /* KB numbers that the table names, rising */
	size_t fix_count;
	const uint32_t *patches; /* of the missing: the latest that hold the fix, rising */
	size_t patch_count;
	int64_t date; /* when the first of the fixes was named, 0 unknown */
	uint32_t patch; /* the one of them to install: needed, newest; 0 when there is none */
	struct str why; /* English */
};

struct windows_missing {
	uint32_t kb;
	enum windows_state state; /* UNKNOWN: it is for a part that may not be there */
	int64_t date; /* first named, 0 unknown */
	enum severity severity; /* the gravest that it fixes */
	bool kev;
	size_t fixes; /* findings it would close */
	/* Installing the needed ones closes every open finding; the others hold nothing more (a security-only update beside
	 * the monthly rollup of the same month). */
	bool needed;
};

struct windows_result {
	bool covered; /* the table has this system */
	const char *products[WINDOWS_PRODUCTS_MAX + 1]; /* names that were looked up */
	struct windows_finding *findings; /* by state, product, vulnerability */
	size_t count, open; /* open ones come first */
	struct windows_missing *missing; /* latest, not superseded; open ones first, then by number */
	size_t missing_count;
	size_t closed; /* vulnerabilities of the system that an installed update fixes */
	size_t cyclic; /* updates of this system that supersede each other in a circle */
};

/* Everything in *out lives in the arena. False: the index is damaged. */
bool windows_match(const struct vuln_index *ix, const struct windows_host *h, struct arena *a,
		   struct windows_result *out, struct err *e) MUST_CHECK;

/* ---- what Windows' own tools print ---- */

/* Output of systeminfo in any language and encoding (UTF-8, UTF-16 with or without mark, any code page that holds
 * ASCII): read by position and pattern, not by words. Out in the arena; false (ERR_INPUT) when no version line is
 * there. hostname may be empty. */
bool windows_systeminfo(struct str text, struct arena *a, struct windows_host *out, struct str *hostname,
			struct err *e) MUST_CHECK;
/* Output of "wmic qfe list" (or any text that names installed updates): adds to the host's list, which is then whole. */
void windows_add_qfe(struct str text, struct arena *a, struct windows_host *h);

#endif
