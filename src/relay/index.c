/* Debian's metadata, as deb822 (Debian's repository format; deb-src: dsc(5)). Parsers of verified text; a verified text
 * may still be odd, so nothing is believed about its lengths. */
#include "relay/learn-internal.h"

/* A path that stays below its folder; what percent-encoding is for is left to the URL. */
static bool
path_stays(struct str path)
{
	struct str rest = path, piece;
	if (path.len == 0 || path.ptr[0] == '/' || path.len > 1000)
		return false;
	while (str_cut(&rest, '/', &piece))
		if (str_eq(piece, STR("..")))
			return false;
	for (size_t i = 0; i < path.len; i++)
		if (path.ptr[i] <= ' ' || path.ptr[i] == '\\' || path.ptr[i] == 0x7f)
			return false;
	return true;
}

/* " HEX SIZE NAME" */
static bool
digest_line(struct str line, struct str *name, struct digest *d)
{
	struct str hex, size;
	uint64_t bytes;
	return str_word(&line, &hex) && str_word(&line, &size) && str_word(&line, name) && str_to_u64(size, &bytes) &&
	       digest_parse(hex, bytes, d) && path_stays(*name);
}

struct str
release_field(struct str text, struct str name)
{
	struct str line, key, value;
	while (str_line(&text, &line))
		if (str_split(line, ':', &key, &value) && str_eq(key, name))
			return str_trim(value);
	return STR_NONE;
}

bool
release_parse(struct str text, release_fn *each, void *user, struct err *e)
{
	struct str line, name;
	struct digest d;
	bool inside = false, any = false;
	while (str_line(&text, &line)) {
		if (!str_starts(line, STR(" "))) {
			inside = str_eq(str_trim(line), STR("SHA256:"));
			any = any || inside;
		} else if (inside && digest_line(line, &name, &d)) {
			each(user, name, &d);
		}
	}
	return any || err_set(e, ERR_INPUT, "the Release has no section SHA256");
}

static void
keep(char *into, size_t size, struct str s)
{
	into[0] = '\0';
	if (s.len >= size || !path_stays(s))
		return;
	memcpy(into, s.ptr, s.len);
	into[s.len] = '\0';
}

void
index_end(struct index_reader *r)
{
	struct digest d;
	if (r->filename[0] && r->sized && digest_parse(str_of(r->sha256), r->size, &d))
		r->each(r->user, STR(""), str_of(r->filename), &d);
	for (size_t i = 0; i < r->source_count; i++)
		r->each(r->user, str_of(r->directory), str_of(r->sources[i].name), &r->sources[i].digest);
	r->filename[0] = r->directory[0] = r->sha256[0] = '\0';
	r->sized = r->checksums = false;
	r->source_count = 0;
}

static void
take_field(struct index_reader *r, struct str key, struct str value)
{
	r->checksums = str_eq(key, STR("Checksums-Sha256")) || str_eq(key, STR("SHA256-Patches")) ||
		       str_eq(key, STR("SHA256-Download"));
	if (str_eq(key, STR("Package")))
		r->stanzas++;
	else if (str_eq(key, STR("Filename")))
		keep(r->filename, sizeof(r->filename), str_starts(value, STR("./")) ? str_skip(value, 2) : value);
	else if (str_eq(key, STR("Directory")))
		keep(r->directory, sizeof(r->directory), value);
	else if (str_eq(key, STR("Size")))
		r->sized = str_to_u64(value, &r->size);
	else if (str_eq(key, STR("SHA256")) && value.len == SHA256_HEX_LEN - 1) {
		memcpy(r->sha256, value.ptr, value.len);
		r->sha256[value.len] = '\0';
	} else if (str_starts(key, STR("SHA256-")))
		r->stanzas += r->stanzas == 0;
}

void
index_line(struct index_reader *r, struct str line)
{
	struct str key, value, name;
	struct digest d;
	if (str_ends(line, STR("\r")))
		line = str_head(line, line.len - 1);
	if (line.len == 0) {
		index_end(r);
	} else if (line.ptr[0] != ' ' && line.ptr[0] != '\t') {
		if (str_split(line, ':', &key, &value))
			take_field(r, key, str_trim(value));
	} else if (r->checksums && digest_line(line, &name, &d) && name.len < sizeof(r->sources[0].name)) {
		/* An Index has thousands in one stanza; a source package has no more than these. */
		if (r->source_count == COUNT(r->sources)) {
			for (size_t i = 0; i < r->source_count; i++)
				r->each(r->user, str_of(r->directory), str_of(r->sources[i].name),
					&r->sources[i].digest);
			r->source_count = 0;
		}
		size_t i = r->source_count++;
		memcpy(r->sources[i].name, name.ptr, name.len);
		r->sources[i].name[name.len] = '\0';
		r->sources[i].digest = d;
	}
}
