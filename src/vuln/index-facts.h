/* Inside the room: what the advisories say of one package, put into the form in which a host is matched with it. */
#ifndef MAMORI_VULN_INDEX_FACTS_H
#define MAMORI_VULN_INDEX_FACTS_H

#include "version/version.h"
#include "vuln/index.h"

struct built_entry {
	uint32_t advisory;
	struct affected_range range;
};

struct facts_input {
	const struct version_scheme *scheme;
	const struct built_entry *entries; /* newest advisory first, those of one advisory together */
	size_t count;
	const struct index_advisory *advisories; /* rows as they are written */
	const uint32_t *modules; /* of each advisory the text "nodejs:18", or "" */
	const uint32_t *lists;
	uint32_t (*intern)(void *user, struct str text);
	void *user;
};

/* Appends an index_facts_head and its arrays. Ranges whose versions have no key (VERSION_KEY_INPUT_MAX) say nothing. */
void facts_write(const struct facts_input *in, struct buf *out);

#endif
