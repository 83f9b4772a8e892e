/* rpm's repositories (createrepo_c's format): repomd.xml and primary.xml, read in a stream. Nothing outside the bytes is
 * read; a document type is refused. */
#ifndef MAMORI_PLAN_RPM_MD_H
#define MAMORI_PLAN_RPM_MD_H

#include "base/buf.h"
#include "base/err.h"
#include "trust/key.h"

enum { RPM_MD_HREF_MAX = 1024, RPM_MD_RELATIONS_MAX = 1 << 20 };

/* One <data> of repomd.xml, or one <package> of primary.xml. */
struct rpm_md_item {
	char href[RPM_MD_HREF_MAX]; /* never empty; from the repository's folder, but strangers write it */
	char type[64]; /* "primary", "filelists" …; of a package: "rpm" */
	char sha256[SHA256_HEX_LEN];
	uint64_t size; /* of the file, never 0 */
	/* Of a package; too long ones are empty. */
	char name[256], arch[64], version[512]; /* "1:3.0-2", as `mamori version compare rpm` takes it */
	bool elsewhere; /* its folder is another one (xml:base) */
	/* Lines "NAME", or "NAME<tab>OP<tab>VERSION" with one of < <= = >= >. What is beyond 1 MiB is not there; cut says so.
	 * provides holds the files that primary.xml names, too. */
	struct buf requires, provides;
	bool cut;
};

/* Items without a SHA-256, a size or a place are passed over. relations: requires and provides are wanted. */
struct rpm_md_reader {
	void (*each)(void *user, const struct rpm_md_item *item);
	void *user;
	bool relations;
};
bool rpm_md_repomd(const struct rpm_md_reader *r, struct str text, struct err *e) MUST_CHECK; /* below 8 MiB */
/* May be compressed. */
bool rpm_md_primary(const struct rpm_md_reader *r, const char *path, struct err *e) MUST_CHECK;
/* The same of bytes that are not compressed (for tests). */
bool rpm_md_primary_text(const struct rpm_md_reader *r, struct str text, struct err *e) MUST_CHECK;

#endif
