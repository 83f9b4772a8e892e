#include "vuln/windows.h"

#include "vuln/index.h"

/* Bits for updates, one a row of INDEX_KBS. */
#define BIT_GET(bits, i) ((bits)[(i) / 8] >> ((i) % 8) & 1)
#define BIT_SET(bits, i) ((bits)[(i) / 8] |= (uint8_t)(1u << ((i) % 8)))

struct part { /* the system itself, or something on it */
	const struct index_product *row;
	struct str name;
	bool itself;
	enum windows_state state;
};

struct judged {
	struct windows_finding finding;
	const uint32_t *rows; /* of the updates that fix it, fix_count of them */
};

/* Missing updates times vulnerabilities: some hundred thousand on a machine that was never patched. */
#define PAIRS_MAX 10000000

struct candidate { /* a missing update */
	uint32_t row;
	uint64_t *findings; /* bits: what it would close */
	struct windows_missing missing;
};

/* Which cumulative updates each holds by being newer: those of row r are older[first[r]] … older[first[r] + count[r] - 1],
 * and what these hold. */
struct chain {
	uint32_t *first, *count, *older;
};

struct match {
	const struct vuln_index *ix;
	const struct windows_host *host;
	struct arena *arena, scratch;
	const struct index_kb *kb; /* kbs of them */
	const uint32_t *edges;
	size_t kbs, edge_count;
	uint8_t *covered; /* installed, or superseded by one that is */
	uint8_t *listed; /* named for a part */
	uint8_t *reached; /* superseded by a listed one, or listed */
	uint8_t *dominated; /* groups that a listed one outside of them supersedes */
	uint32_t *queue;
	struct chain chains[WINDOWS_PRODUCTS_MAX]; /* of the system's names */
	size_t chain_count;
	ARRAY_OF(struct part) parts;
	ARRAY_OF(struct judged) findings;
	ARRAY_OF(struct candidate) candidates;
	struct windows_result *out;
	bool over; /* more than PAIRS_MAX */
};

/* A section that is read at random is checked whole first; false: damaged. */
static bool
check_section(const struct vuln_index *ix, enum index_section s, size_t size, size_t count)
{
	size_t step = INDEX_BLOCK / size / 2;
	for (size_t i = 0; i < count; i += step)
		if (!index_row(ix, s, size, i))
			return false;
	return count == 0 || index_row(ix, s, size, count - 1);
}

static const struct index_kb *
kb_row(const struct match *m, uint32_t row)
{
	return &m->kb[row];
}

/* Row of a number, or INDEX_NONE. */
static uint32_t
find_kb(const struct match *m, uint32_t number)
{
	uint64_t low = 0, high = m->kbs;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const struct index_kb *k = kb_row(m, (uint32_t)middle);
		if (k->number == number)
			return (uint32_t)middle;
		if (k->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return INDEX_NONE;
}

static uint32_t
superseded(const struct match *m, const struct index_kb *k, uint32_t i)
{
	uint64_t at = (uint64_t)k->first + i;
	return at < m->edge_count && m->edges[at] < m->kbs ? m->edges[at] : INDEX_NONE;
}

static size_t
enqueue(struct match *m, uint8_t *bits, uint32_t row, size_t to)
{
	if (row == INDEX_NONE || BIT_GET(bits, row))
		return to;
	BIT_SET(bits, row);
	m->queue[to] = row;
	return to + 1;
}

/* Marks row and all that it supersedes, through others too. Every row is queued once, so circles end. */
static void
close_over(struct match *m, uint8_t *bits, uint32_t row)
{
	size_t from = 0, to = enqueue(m, bits, row, 0);
	while (from < to) {
		uint32_t here = m->queue[from++], old = 0;
		const struct index_kb *k = kb_row(m, here);
		/* INDEX_NONE: past the end, a damaged row. */
		for (uint32_t i = 0; i < k->count && old != INDEX_NONE; i++) {
			old = superseded(m, k, i);
			to = enqueue(m, bits, old, to);
		}
		for (size_t c = 0; c < m->chain_count; c++)
			for (uint32_t i = 0; i < m->chains[c].count[here]; i++)
				to = enqueue(m, bits, m->chains[c].older[m->chains[c].first[here] + i], to);
	}
}

static const struct index_fix *
fix_row(const struct match *m, const struct part *p, uint32_t i)
{
	const struct index_fix *f = INDEX_ROW(m->ix, INDEX_FIXES, index_fix, (uint64_t)p->row->first + i);
	return f && f->kb_severity >> 3 < m->kbs ? f : NULL;
}

/* ---- cumulative updates ---- */

/* Since Windows 10 each month's cumulative update holds all those before it, and the table does not always say so.
 * An update that fixes so many vulnerabilities of the system itself is a cumulative one: servicing stacks, recovery and
 * boot lists fix one or a few. */
#define CUMULATIVE_MIN 8

static bool
reaches(struct match *m, uint32_t from, uint32_t to)
{
	uint8_t *closure = m->reached;
	memset(closure, 0, m->kbs / 8 + 1);
	close_over(m, closure, from);
	return BIT_GET(closure, to);
}

/* The cumulative updates of a system, the oldest first, by their numbers, which rise with time; where the table says
 * that one of a lower number supersedes one of a higher, it is right. */
static size_t
list_cumulative(struct match *m, const struct part *p, uint32_t *list)
{
	uint16_t *fixes = ARENA_ARRAY(&m->scratch, uint16_t, m->kbs + 1);
	size_t count = 0;
	for (uint32_t i = 0; i < p->row->count; i++) {
		const struct index_fix *f = fix_row(m, p, i);
		if (f && f->vulnerability != INDEX_NONE && fixes[f->kb_severity >> 3] < UINT16_MAX)
			fixes[f->kb_severity >> 3]++;
	}
	for (uint32_t i = 0; i < m->kbs; i++) {
		if (fixes[i] < CUMULATIVE_MIN)
			continue;
		size_t at = count++;
		for (; at > 0 && reaches(m, list[at - 1], i); at--)
			list[at] = list[at - 1];
		list[at] = i;
	}
	return count;
}

/* Whoever comes later in the list and was first named no earlier is newer for sure. Dates alone would not do (an update
 * that repairs something of long ago bears that date), nor numbers alone: of July 2018 there are repairs with numbers
 * above August's. Where the two disagree, neither holds the other. An update that is newer than all before it holds all
 * since the one before it of which that is true, and this one; any other holds the nearest of those that is not dated
 * later than itself. */
static void
chain_cumulative(struct match *m, const struct part *p)
{
	if (m->host->major != 10 || !p->itself || m->chain_count == COUNT(m->chains))
		return;
	uint32_t *list = ARENA_ARRAY(&m->scratch, uint32_t, m->kbs + 1);
	size_t count = list_cumulative(m, p, list), links = 0;
	bool *newest = ARENA_ARRAY(&m->scratch, bool, count + 1);
	struct chain c = { .first = ARENA_ARRAY(&m->scratch, uint32_t, m->kbs + 1),
			   .count = ARENA_ARRAY(&m->scratch, uint32_t, m->kbs + 1),
			   .older = ARENA_ARRAY(&m->scratch, uint32_t, 2 * count + 1) };
	int64_t latest = 0;
	for (size_t i = 0; i < count; i++) {
		int64_t date = kb_row(m, list[i])->date;
		newest[i] = date > 0 && date >= latest;
		latest = newest[i] ? date : latest;
		c.first[list[i]] = (uint32_t)links;
		for (size_t at = i; at > 0; at--) {
			if (!newest[i] && (!newest[at - 1] || kb_row(m, list[at - 1])->date > date))
				continue;
			c.older[links++] = list[at - 1];
			if (newest[at - 1])
				break;
		}
		c.count[list[i]] = (uint32_t)links - c.first[list[i]];
	}
	m->chains[m->chain_count++] = c;
}

/* ---- parts ---- */

static struct str
fold(struct arena *a, struct str s)
{
	char *out = arena_cstr(a, s);
	for (size_t i = 0; i < s.len; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] | 32);
	return str_sub(out, s.len);
}

/* The system by its name; everything named "… on " and that name is a part of it that may not be there. */
static void
find_parts(struct match *m, const char *name)
{
	struct str system = fold(&m->scratch, str_of(name));
	struct str suffix = arena_printf(&m->scratch, " on %.*s", STR_ARG(system));
	const struct index_product *p;
	for (size_t i = 0; (p = INDEX_ROW(m->ix, INDEX_PRODUCTS, index_product, i)); i++) {
		struct str folded = index_string(m->ix, p->folded);
		bool itself = str_eq(folded, system);
		if (!itself && !str_ends(folded, suffix))
			continue;
		bool sure = itself && m->host->kbs_known;
		struct part part = { p, index_string(m->ix, p->name), itself, sure ? WINDOWS_OPEN : WINDOWS_UNKNOWN };
		*ARRAY_PUSH(&m->scratch, &m->parts) = part;
		m->out->covered = m->out->covered || itself;
	}
}

static void
cover_installed(struct match *m)
{
	for (size_t i = 0; i < m->host->kb_count; i++) {
		uint32_t row = find_kb(m, m->host->kbs[i]);
		if (row != INDEX_NONE)
			close_over(m, m->covered, row);
	}
}

/* A build holds every update of its system whose build is not newer. Only the system's own: parts count their own. */
static void
cover_by_revision(struct match *m, const struct part *p)
{
	if (m->host->revision == 0 || !p->itself)
		return;
	uint64_t low = 0, high = index_count(m->ix, INDEX_REVISIONS);
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		const struct index_revision *here = INDEX_ROW(m->ix, INDEX_REVISIONS, index_revision, middle);
		if (here && here->fix < p->row->first)
			low = middle + 1;
		else
			high = middle;
	}
	const struct index_revision *r;
	for (; (r = INDEX_ROW(m->ix, INDEX_REVISIONS, index_revision, low)); low++) {
		const struct index_fix *f = r->fix >= p->row->first ? fix_row(m, p, r->fix - p->row->first) : NULL;
		if (r->fix < p->row->first || r->fix - p->row->first >= p->row->count)
			return;
		if (f && r->revision <= m->host->revision)
			close_over(m, m->covered, f->kb_severity >> 3);
	}
}

/* ---- which updates are the latest ---- */

static void
list_part(struct match *m, const struct part *p)
{
	for (uint32_t i = 0; i < p->row->count; i++) {
		const struct index_fix *f = fix_row(m, p, i);
		if (f)
			BIT_SET(m->listed, f->kb_severity >> 3);
	}
}

static void
dominate(struct match *m, const struct index_kb *by, uint32_t old)
{
	uint32_t group = old == INDEX_NONE ? INDEX_NONE : kb_row(m, old)->group;
	if (group != by->group && group < m->kbs)
		BIT_SET(m->dominated, group);
}

/* Whoever is superseded by something that is listed, or by what that supersedes, is not the latest, unless the two
 * supersede each other. */
static void
find_dominated(struct match *m)
{
	memset(m->dominated, 0, m->kbs / 8 + 1);
	memset(m->reached, 0, m->kbs / 8 + 1);
	for (uint32_t i = 0; i < m->kbs; i++)
		if (BIT_GET(m->listed, i))
			close_over(m, m->reached, i);
	for (uint32_t i = 0; i < m->kbs; i++) {
		const struct index_kb *k = kb_row(m, i);
		uint32_t old = 0;
		if (!BIT_GET(m->reached, i))
			continue;
		for (uint32_t n = 0; n < k->count && old != INDEX_NONE; n++) {
			old = superseded(m, k, n);
			dominate(m, k, old);
		}
		for (size_t c = 0; c < m->chain_count; c++)
			for (uint32_t n = 0; n < m->chains[c].count[i]; n++)
				dominate(m, k, m->chains[c].older[m->chains[c].first[i] + n]);
	}
}

static void
count_cyclic(struct match *m)
{
	for (uint32_t i = 0; i < m->kbs; i++) {
		const struct index_kb *k = kb_row(m, i);
		bool circle = false;
		for (uint32_t n = 0; n < k->count && BIT_GET(m->listed, i) && !circle; n++) {
			uint32_t to = superseded(m, k, n);
			if (to == INDEX_NONE)
				break;
			circle = kb_row(m, to)->group == k->group;
		}
		m->out->cyclic += circle;
	}
}

/* ---- findings ---- */

struct one { /* a vulnerability of a part: its rows first … first + count - 1 */
	const struct part *part;
	uint32_t first, count, row;
	enum severity severity;
};

static void
add_finding(struct match *m, const struct one *o)
{
	struct windows_finding f = { .state = o->part->state, .product = o->part->name, .fix_count = o->count };
	uint32_t *fixes = ARENA_ARRAY(m->arena, uint32_t, o->count),
		 *rows = ARENA_ARRAY(&m->scratch, uint32_t, o->count);
	index_vulnerability(m->ix, m->arena, o->row, &f.vulnerability);
	if (o->severity != SEVERITY_UNKNOWN)
		f.vulnerability.severity = o->severity;
	for (uint32_t i = 0; i < o->count; i++) {
		rows[i] = fix_row(m, o->part, o->first + i)->kb_severity >> 3;
		const struct index_kb *kb = kb_row(m, rows[i]);
		fixes[i] = kb->number;
		if (kb->date > 0 && (f.date == 0 || kb->date < f.date))
			f.date = kb->date;
	}
	f.fixes = fixes;
	*ARRAY_PUSH(&m->scratch, &m->findings) = (struct judged){ f, rows };
}

/* Rows without a vulnerability (service packs, refreshed updates) make no finding. */
static void
judge_part(struct match *m, const struct part *p)
{
	struct one o = { .part = p };
	for (uint32_t i = 0; i < p->row->count; i += o.count) {
		const struct index_fix *f = fix_row(m, p, i);
		bool fixed = false;
		o.first = i;
		o.count = 0;
		o.severity = SEVERITY_UNKNOWN;
		if (!f)
			return;
		o.row = f->vulnerability;
		for (const struct index_fix *x = f; x && x->vulnerability == f->vulnerability;) {
			enum severity s = (enum severity)(x->kb_severity & 7);
			fixed = fixed || BIT_GET(m->covered, x->kb_severity >> 3);
			o.severity = s > o.severity && s <= SEVERITY_CRITICAL ? s : o.severity;
			o.count++;
			x = i + o.count < p->row->count ? fix_row(m, p, i + o.count) : NULL;
		}
		if (o.row == INDEX_NONE)
			continue;
		if (!fixed)
			add_finding(m, &o);
		else
			m->out->closed += p->itself;
	}
}

static int
compare_findings(const void *x, const void *y)
{
	const struct windows_finding *fx = &((const struct judged *)x)->finding,
				     *fy = &((const struct judged *)y)->finding;
	if (fx->state != fy->state)
		return fx->state < fy->state ? -1 : 1;
	int order = str_cmp(fx->product, fy->product);
	return order ? order : str_cmp(fx->vulnerability.id, fy->vulnerability.id);
}

/* ---- missing updates ---- */

/* Whether the update is, or supersedes, one of the finding's fixes. */
static bool
holds(const uint8_t *closure, const struct judged *j)
{
	for (size_t i = 0; i < j->finding.fix_count; i++)
		if (BIT_GET(closure, j->rows[i]))
			return true;
	return false;
}

static size_t
finding_words(const struct match *m)
{
	return m->findings.count / 64 + 1;
}

/* What a missing update would close; its figures count findings of its own state alone. */
static bool
weigh(struct match *m, struct candidate *c)
{
	uint8_t *closure = ARENA_ARRAY(&m->scratch, uint8_t, m->kbs / 8 + 1);
	close_over(m, closure, c->row);
	c->findings = ARENA_ARRAY(&m->scratch, uint64_t, finding_words(m));
	for (size_t i = 0; i < m->findings.count; i++) {
		const struct windows_finding *f = &m->findings.items[i].finding;
		if (!holds(closure, &m->findings.items[i]))
			continue;
		c->findings[i / 64] |= UINT64_C(1) << (i % 64);
		if (f->state != c->missing.state)
			continue;
		c->missing.fixes++;
		c->missing.kev = c->missing.kev || f->vulnerability.kev;
		if (f->vulnerability.severity > c->missing.severity)
			c->missing.severity = f->vulnerability.severity;
	}
	return c->missing.fixes > 0;
}

static bool
is_candidate(const struct match *m, uint32_t row)
{
	for (size_t i = 0; i < m->candidates.count; i++)
		if (m->candidates.items[i].row == row)
			return true;
	return false;
}

/* The latest of the listed updates that close findings of this state. */
static void
find_missing(struct match *m, enum windows_state state)
{
	find_dominated(m);
	for (uint32_t i = 0; i < m->kbs; i++) {
		const struct index_kb *k = kb_row(m, i);
		if (!BIT_GET(m->listed, i) || BIT_GET(m->covered, i) ||
		    (k->group < m->kbs && BIT_GET(m->dominated, k->group)) || is_candidate(m, i))
			continue;
		m->over = m->over || m->candidates.count * m->findings.count > PAIRS_MAX;
		if (m->over)
			return;
		struct candidate c = { .row = i, .missing = { .kb = k->number, .date = k->date, .state = state } };
		if (weigh(m, &c))
			*ARRAY_PUSH(&m->scratch, &m->candidates) = c;
	}
}

/* First the one that closes most: that is the cumulative one. Of equal ones the newer number. */
static void
choose_needed(struct match *m)
{
	uint64_t *done = ARENA_ARRAY(&m->scratch, uint64_t, finding_words(m));
	for (;;) {
		struct candidate *best = NULL;
		size_t best_gain = 1;
		for (size_t c = 0; c < m->candidates.count; c++) {
			struct candidate *one = &m->candidates.items[c];
			size_t gain = 0;
			for (size_t b = 0; b < finding_words(m); b++)
				gain += (size_t)__builtin_popcountll(one->findings[b] & ~done[b]);
			/* What is for sure comes before what may not be there. */
			bool better = gain >= best_gain && !(best && best->missing.state < one->missing.state);
			if (gain == 0 || (!better && !(best && one->missing.state < best->missing.state)))
				continue;
			best = one;
			best_gain = gain;
		}
		if (!best)
			return;
		best->missing.needed = true;
		for (size_t b = 0; b < finding_words(m); b++)
			done[b] |= best->findings[b];
	}
}

static void
name_patches(struct match *m)
{
	for (size_t i = 0; i < m->findings.count; i++) {
		struct windows_finding *f = &m->findings.items[i].finding;
		ARRAY_OF(uint32_t) patches = { 0 };
		bool needed = false;
		for (size_t c = 0; c < m->candidates.count; c++) {
			const struct candidate *one = &m->candidates.items[c];
			if (!(one->findings[i / 64] >> (i % 64) & 1))
				continue;
			*ARRAY_PUSH(m->arena, &patches) = one->missing.kb;
			if (!needed || one->missing.needed)
				f->patch = one->missing.kb;
			needed = needed || one->missing.needed;
		}
		f->patches = patches.items;
		f->patch_count = patches.count;
	}
}

static int
compare_candidates(const void *x, const void *y)
{
	const struct windows_missing *mx = &((const struct candidate *)x)->missing,
				     *my = &((const struct candidate *)y)->missing;
	if (mx->state != my->state)
		return mx->state < my->state ? -1 : 1;
	return mx->kb < my->kb ? -1 : mx->kb > my->kb;
}

static void
explain(const struct match *m, struct windows_finding *f)
{
	BUF_AUTO text = { 0 };
	buf_addf(&text, "%.*s is fixed in %.*s by ", STR_ARG(f->vulnerability.id), STR_ARG(f->product));
	for (size_t i = 0; i < f->fix_count && i < 8; i++)
		buf_addf(&text, "%sKB%u", i ? ", " : "", f->fixes[i]);
	if (f->fix_count > 8)
		buf_addf(&text, " and %zu more", f->fix_count - 8);
	buf_addf(&text, "; %s installed, nor is one that supersedes %s",
		 f->fix_count == 1 ? "it is not" : "none of them is", f->fix_count == 1 ? "it" : "them");
	if (f->state == WINDOWS_UNKNOWN && !m->host->kbs_known)
		buf_add(&text, STR(" as far as the list goes, which is not whole"));
	else if (f->state == WINDOWS_UNKNOWN)
		buf_add(&text, STR("; whether this part is there is not known"));
	f->why = arena_str(m->arena, buf_str(&text));
}

static void
match_system(struct match *m)
{
	for (size_t i = 0; i < m->parts.count; i++)
		chain_cumulative(m, &m->parts.items[i]);
	cover_installed(m);
	for (size_t i = 0; i < m->parts.count; i++)
		cover_by_revision(m, &m->parts.items[i]);
	for (size_t i = 0; i < m->parts.count; i++)
		judge_part(m, &m->parts.items[i]);
	if (m->findings.count)
		qsort(m->findings.items, m->findings.count, sizeof(*m->findings.items), compare_findings);
	/* What is latest for the system itself is judged without its parts. */
	for (int state = WINDOWS_OPEN; state <= WINDOWS_UNKNOWN; state++) {
		for (size_t i = 0; i < m->parts.count; i++)
			if (m->parts.items[i].state == (enum windows_state)state)
				list_part(m, &m->parts.items[i]);
		find_missing(m, (enum windows_state)state);
	}
	count_cyclic(m);
	if (m->candidates.count)
		qsort(m->candidates.items, m->candidates.count, sizeof(*m->candidates.items), compare_candidates);
	choose_needed(m);
	name_patches(m);
}

static void
hand_out(struct match *m, struct windows_result *out)
{
	out->count = m->findings.count;
	out->findings = ARENA_ARRAY(m->arena, struct windows_finding, out->count + 1);
	for (size_t i = 0; i < out->count; i++) {
		out->findings[i] = m->findings.items[i].finding;
		explain(m, &out->findings[i]);
		out->open += out->findings[i].state == WINDOWS_OPEN;
	}
	out->missing_count = m->candidates.count;
	out->missing = ARENA_ARRAY(m->arena, struct windows_missing, out->missing_count + 1);
	for (size_t i = 0; i < out->missing_count; i++)
		out->missing[i] = m->candidates.items[i].missing;
}

static bool
open_tables(struct match *m)
{
	m->kbs = index_count(m->ix, INDEX_KBS);
	m->edge_count = index_count(m->ix, INDEX_SUPERSEDED);
	if (!check_section(m->ix, INDEX_KBS, sizeof(*m->kb), m->kbs) ||
	    !check_section(m->ix, INDEX_SUPERSEDED, sizeof(*m->edges), m->edge_count))
		return false;
	m->kb = INDEX_ROW(m->ix, INDEX_KBS, index_kb, 0);
	m->edges = index_row(m->ix, INDEX_SUPERSEDED, sizeof(*m->edges), 0);
	return true;
}

bool
windows_match(const struct vuln_index *ix, const struct windows_host *h, struct arena *a, struct windows_result *out,
	      struct err *e)
{
	struct windows_result result = { 0 };
	struct match m = { .ix = ix, .host = h, .arena = a, .out = &result };
	if (!open_tables(&m))
		return index_intact(ix, e);
	m.covered = ARENA_ARRAY(&m.scratch, uint8_t, m.kbs / 8 + 1);
	m.listed = ARENA_ARRAY(&m.scratch, uint8_t, m.kbs / 8 + 1);
	m.reached = ARENA_ARRAY(&m.scratch, uint8_t, m.kbs / 8 + 1);
	m.dominated = ARENA_ARRAY(&m.scratch, uint8_t, m.kbs / 8 + 1);
	m.queue = ARENA_ARRAY(&m.scratch, uint32_t, m.kbs + 1);
	windows_products(h, a, result.products);
	for (size_t i = 0; result.products[i]; i++)
		find_parts(&m, result.products[i]);
	if (result.covered)
		match_system(&m);
	hand_out(&m, &result);
	arena_free(&m.scratch);
	if (!index_intact(ix, e))
		return false;
	if (m.over)
		return err_set(
			e, ERR_TOO_LARGE,
			"Microsoft's table names more missing updates and vulnerabilities than a real machine can "
			"have; import it again (mamori feed import)");
	*out = result;
	return true;
}
