/* systeminfo and wmic speak the language of their Windows and the code page of their console. What they say stands in
 * the same order everywhere, and numbers, "Windows", "KB…" and "x64-based PC" are never translated:
 *
 *   LABEL: Microsoft Windows 10 Pro              the line before the version's
 *   LABEL: 10.0.17134 N/A Build 17134            three numbers, and the last number of the line is the build again
 *   LABEL: x64-based PC
 *   LABEL: 2 …                                   a list: its length, then
 *          [01]: KB4100347                       its items
 */
#include "vuln/windows.h"

#include "vuln/msrc.h"

#define LINES_MAX 20000
#define KBS_MAX 8192

/* ---- encodings ---- */

static bool
has_zeros(struct str text, size_t at)
{
	size_t zeros = 0, n = 0;
	for (size_t i = at; i < text.len && i < 2000; i += 2, n++)
		zeros += text.ptr[i] == 0;
	return n >= 4 && zeros * 2 > n;
}

static void
put_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_add_char(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_add_char(out, (char)(0xc0 | c >> 6));
	} else {
		buf_add_char(out, (char)(0xe0 | c >> 12));
		buf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_add_char(out, (char)(0x80 | (c & 0x3f)));
}

/* Beyond the basic plane nothing matters here. */
static void
from_utf16(struct str text, bool big, struct buf *out)
{
	for (size_t i = 0; i + 1 < text.len; i += 2) {
		unsigned char x = (unsigned char)text.ptr[i], y = (unsigned char)text.ptr[i + 1];
		uint32_t c = big ? (uint32_t)x << 8 | y : (uint32_t)y << 8 | x;
		put_utf8(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c == 0 ? ' ' : c);
	}
}

/* UTF-8 whatever it was. Of a code page that is not UTF-8 only ASCII is sure; the rest becomes U+FFFD, one a byte. */
static void
to_utf8(struct str text, struct buf *out)
{
	if (str_starts(text, STR("\xff\xfe")) || str_starts(text, STR("\xfe\xff"))) {
		from_utf16(str_skip(text, 2), text.ptr[0] == '\xfe', out);
		return;
	}
	if (has_zeros(text, 1) || has_zeros(text, 0)) {
		from_utf16(text, !has_zeros(text, 1), out);
		return;
	}
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_skip(text, 3);
	bool utf8 = str_is_utf8(text);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (utf8 || (c < 0x80 && c != 0))
			buf_add_char(out, (char)c);
		else
			put_utf8(out, c == 0 ? ' ' : 0xfffd);
	}
}

/* ---- lines ---- */

struct line {
	bool item; /* "[01]: …" */
	bool indented;
	struct str value; /* behind the label or the item's number, trimmed */
};

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "[123]:" at the start of a trimmed line. */
static bool
item_value(struct str text, struct str *value)
{
	size_t i = 1;
	if (text.len < 4 || text.ptr[0] != '[')
		return false;
	while (i < text.len && digit(text.ptr[i]))
		i++;
	if (i == 1 || i + 1 >= text.len || text.ptr[i] != ']' || text.ptr[i + 1] != ':')
		return false;
	*value = str_trim(str_skip(text, i + 2));
	return true;
}

static struct line
parse_line(struct str text)
{
	struct line l = { .indented = text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t') };
	struct str label, value, trimmed = str_trim(text);
	l.item = item_value(trimmed, &l.value);
	if (l.item)
		return l;
	/* "： " of Chinese and Japanese consoles is two or three bytes. */
	ptrdiff_t wide = str_find(trimmed, STR("\xef\xbc\x9a"));
	if (wide >= 0 && (str_find_char(trimmed, ':') < 0 || wide < str_find_char(trimmed, ':')))
		l.value = str_trim(str_skip(trimmed, (size_t)wide + 3));
	else
		l.value = str_split(trimmed, ':', &label, &value) ? str_trim(value) : STR("");
	return l;
}

/* The next number in the text; false when there is none. */
static bool
next_number(struct str *rest, uint64_t *out)
{
	size_t i = 0, len = 0;
	while (i < rest->len && !digit(rest->ptr[i]))
		i++;
	while (i + len < rest->len && digit(rest->ptr[i + len]))
		len++;
	if (len == 0)
		return false;
	bool good = len < 10 && str_to_u64(str_sub(rest->ptr + i, len), out);
	*rest = str_skip(*rest, i + len);
	if (!good)
		*out = UINT64_MAX;
	return true;
}

/* "6.1.7601 Service Pack 1 Build 7601", "10.0.17134 N/A Build 17134", "5.1.2600 Build 2600". */
static bool
parse_version(struct str value, struct windows_host *h)
{
	uint64_t parts[4] = { 0 }, n, last = 0, before = 0;
	struct str word = STR_NONE, rest = value, piece;
	size_t count = 0;
	if (!str_word(&rest, &word))
		return false;
	while (str_cut(&word, '.', &piece)) {
		if (count == 4 || piece.len > 6 || !str_to_u64(piece, &parts[count]))
			return false;
		count++;
	}
	if (count < 3 || parts[0] < 5 || parts[0] > 10 || parts[1] > 99 || parts[2] < 2000)
		return false;
	while (next_number(&rest, &n)) {
		before = last;
		last = n;
	}
	if (last != parts[2])
		return false;
	h->major = (uint32_t)parts[0];
	h->minor = (uint32_t)parts[1];
	h->build = (uint32_t)parts[2];
	h->revision = (uint32_t)parts[3];
	h->service_pack = before < 10 ? (uint32_t)before : 0;
	return true;
}

static enum windows_arch
parse_arch(struct str value)
{
	static const struct {
		const char *text;
		enum windows_arch arch;
	} forms[] = { { "x64-", WINDOWS_X64 },
		      { "x86-", WINDOWS_X86 },
		      { "arm64-", WINDOWS_ARM64 },
		      { "ia64-", WINDOWS_ITANIUM },
		      { "itanium-", WINDOWS_ITANIUM } };
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct str form = str_of(forms[i].text);
		for (size_t at = 0; at + form.len <= value.len; at++)
			if (str_eq_nocase(str_sub(value.ptr + at, form.len), form))
				return forms[i].arch;
	}
	return WINDOWS_ARCH_UNKNOWN;
}

/* "KB4100347", "KB893803v2 - Update", "Q147222", "943729"; not "File 1" nor the name of a network card. */
static bool
item_kb(struct str value, uint32_t *kb)
{
	struct str word, rest = value;
	if (!str_word(&rest, &word) || !msrc_kb_parse(word, kb))
		return false;
	return !digit(word.ptr[0]) || str_trim(rest).len == 0;
}

/* ---- the whole ---- */

struct reader {
	struct arena *arena;
	struct windows_host *host;
	ARRAY_OF(uint32_t) kbs;
	struct str before; /* value of the line before */
	bool version_seen;
	size_t lists; /* behind the version: processors, updates, network cards */
	bool in_updates;
	uint64_t promised, items; /* of the list in hand */
	uint64_t list_length; /* what the label's line before an item says */
	bool cut; /* a list is shorter than it said */
	bool updates_seen, last_is_kb;
};

static bool
add_kb(struct reader *r, uint32_t kb)
{
	for (size_t i = 0; i < r->kbs.count; i++)
		if (r->kbs.items[i] == kb)
			return false;
	if (r->kbs.count == KBS_MAX)
		return false;
	*ARRAY_PUSH(r->arena, &r->kbs) = kb;
	return true;
}

static void
end_list(struct reader *r)
{
	/* systeminfo itself ends its list after some 5,000 characters, even in the middle of a number. */
	if (r->in_updates && (r->cut || r->items < r->promised)) {
		r->cut = true;
		r->kbs.count -= r->last_is_kb;
	}
	r->last_is_kb = false;
	r->in_updates = false;
	r->items = r->promised = 0;
}

/* Items of the outer lists; a network card's addresses stand deeper and hold no update. */
static void
read_item(struct reader *r, struct str value)
{
	uint32_t kb;
	bool is_kb = item_kb(value, &kb);
	if (r->items == 0) {
		r->lists++;
		r->promised = r->list_length;
	}
	r->items++;
	/* The second list is that of updates: its first items may be of other forms ("File 1", "{…}"). */
	r->last_is_kb = is_kb && add_kb(r, kb);
	if (is_kb)
		r->in_updates = r->updates_seen = true;
}

/* At most max bytes, ending with a whole character. */
static struct str
cut_text(struct arena *a, struct str s, size_t max)
{
	size_t len = s.len < max ? s.len : max;
	while (len < s.len && len > 0 && ((unsigned char)s.ptr[len] & 0xc0) == 0x80)
		len--;
	return arena_str(a, str_head(s, len));
}

static void
read_label(struct reader *r, const struct line *l)
{
	uint64_t n = 0;
	struct str rest = l->value;
	if (l->value.len == 0)
		return;
	if (!r->version_seen && parse_version(l->value, r->host)) {
		r->version_seen = true;
		r->host->name = cut_text(r->arena, r->before, 200);
		r->host->server = str_contains(r->before, STR("Server"));
	} else if (r->version_seen && r->host->arch == WINDOWS_ARCH_UNKNOWN && r->lists == 0) {
		r->host->arch = parse_arch(l->value);
	}
	r->list_length = next_number(&rest, &n) && n <= KBS_MAX ? n : 0;
	r->before = l->value;
}

/* The list of updates is whole when it is as long as it says; where none is installed there is no list, and only the
 * network cards' behind it shows that the text was not cut off before it. */
static bool
is_whole(const struct reader *r)
{
	return !r->cut && (r->updates_seen || r->lists >= 2);
}

bool
windows_systeminfo(struct str text, struct arena *a, struct windows_host *out, struct str *hostname, struct err *e)
{
	BUF_AUTO utf8 = { 0 };
	struct windows_host host = { 0 };
	struct reader r = { .arena = a, .host = &host, .before = STR("") };
	struct str rest, line, first = STR("");
	to_utf8(text, &utf8);
	rest = buf_str(&utf8);
	for (size_t n = 0; n < LINES_MAX && str_line(&rest, &line); n++) {
		struct line l = parse_line(line);
		if (str_trim(line).len == 0)
			continue;
		if (l.item && r.version_seen) {
			read_item(&r, l.value);
			continue;
		}
		if (!l.indented)
			end_list(&r);
		if (!r.version_seen && first.len == 0)
			first = l.value;
		read_label(&r, &l);
	}
	/* A number may be cut in its middle, too. */
	struct str whole = buf_str(&utf8);
	if (r.in_updates && !str_ends(whole, STR("\n")) && !str_ends(whole, STR("\r")))
		r.cut = true;
	end_list(&r);
	if (!r.version_seen)
		return err_set(e, ERR_INPUT,
			       "there is no line with a Windows version (such as 10.0.17134 … 17134); this is not the "
			       "output of systeminfo");
	host.kbs = r.kbs.items;
	host.kb_count = r.kbs.count;
	host.kbs_known = is_whole(&r);
	*hostname = str_contains(first, STR("Windows")) ? STR("") : cut_text(a, first, 64);
	*out = host;
	return true;
}

/* A word of the table's column HotFixID: with KB or Q, or digits alone between blanks. */
static void
read_qfe_line(struct reader *r, struct str line)
{
	struct str word;
	while (str_word(&line, &word)) {
		uint32_t kb;
		/* Dates and sizes are digits too; a bare number of an update has six or seven. */
		bool bare = word.len > 0 && digit(word.ptr[0]) && (word.len < 6 || word.len > 7);
		if (!bare && msrc_kb_parse(word, &kb))
			(void)add_kb(r, kb);
	}
}

void
windows_add_qfe(struct str text, struct arena *a, struct windows_host *h)
{
	BUF_AUTO utf8 = { 0 };
	struct reader r = { .arena = a, .host = h };
	struct str rest, line;
	for (size_t i = 0; i < h->kb_count; i++)
		(void)add_kb(&r, h->kbs[i]);
	to_utf8(text, &utf8);
	rest = buf_str(&utf8);
	for (size_t n = 0; n < LINES_MAX && str_line(&rest, &line); n++)
		read_qfe_line(&r, line);
	h->kbs = r.kbs.items;
	h->kb_count = r.kbs.count;
	h->kbs_known = true;
}
