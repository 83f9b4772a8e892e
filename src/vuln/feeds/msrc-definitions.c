/* The table of updates that wesng publishes from Microsoft's bulletins and CVRF documents since 1998: a .zip of CSV
 * files "DatePosted","CVE","BulletinKB","Title","AffectedProduct","AffectedComponent","Severity","Impact",
 * "Supersedes","Exploits". Each of its files (CVEs_…, Custom_…) is a source of its own. */
#include "vuln/csv.h"
#include "vuln/msrc.h"

static const char *const definitions_urls[] = {
	"https://raw.githubusercontent.com/bitsadmin/wesng/master/definitions.zip", NULL
};

enum column { DATE, CVE, KB, TITLE, PRODUCT, SEVERITY, SUPERSEDES, COLUMNS };
static const char *const column_names[COLUMNS] = { "DatePosted",      "CVE",      "BulletinKB", "Title",
						   "AffectedProduct", "Severity", "Supersedes" };

static bool
definitions_recognise(const struct sniff *s)
{
	struct str line, head = s->head;
	return s->shape == SNIFF_TEXT && str_line(&head, &line) && line.len < 1024 &&
	       str_contains(line, STR("BulletinKB")) && str_contains(line, STR("AffectedProduct")) &&
	       str_contains(line, STR("Supersedes"));
}

/* "20170314" */
static int64_t
definitions_date(struct str text)
{
	uint64_t n;
	if (text.len != 8 || !str_to_u64(text, &n))
		return 0;
	unsigned year = (unsigned)(n / 10000), month = (unsigned)(n / 100 % 100), day = (unsigned)(n % 100);
	if (year < 1990 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31)
		return 0;
	return time_days((int)year, month, day) * DAY_MS;
}

struct definitions {
	struct csv_reader csv;
	ptrdiff_t at[COLUMNS];
	struct msrc_table *table;
	struct feed_sink *sink;
	bool last_bad; /* the record just read; at the end of the file that means: cut off */
};

static void
definitions_cleanup(struct definitions *d)
{
	csv_free(&d->csv);
	msrc_table_free(d->table);
}

static bool
definitions_header(struct definitions *d, struct err *e)
{
	enum csv_status status = csv_next(&d->csv, e);
	if (status == CSV_FAILED)
		return false;
	for (int i = 0; i < COLUMNS; i++) {
		d->at[i] = status == CSV_RECORD ? csv_column(&d->csv, column_names[i]) : -1;
		if (d->at[i] < 0)
			return err_set(e, ERR_INPUT, "the table has no column “%s”; fetch it again", column_names[i]);
	}
	return true;
}

static bool
definitions_row(struct definitions *d, struct err *e)
{
	struct str field[COLUMNS];
	struct msrc_fact f = { 0 };
	for (int i = 0; i < COLUMNS; i++)
		field[i] = csv_field(&d->csv, d->at[i]);
	d->last_bad = d->csv.fields.count <= (size_t)d->at[SUPERSEDES];
	if (d->last_bad || field[PRODUCT].len == 0 || !str_is_utf8(field[PRODUCT])) {
		sink_skip(d->sink, "invalid");
		return true;
	}
	if (!msrc_kb_parse(field[KB], &f.kb)) {
		sink_skip(d->sink, "no-kb"); /* nothing that a machine could have installed */
		return true;
	}
	f.product = field[PRODUCT];
	f.vulnerability = field[CVE];
	f.title = field[TITLE];
	f.supersedes = field[SUPERSEDES];
	f.severity = msrc_severity(field[SEVERITY]);
	f.date = definitions_date(field[DATE]);
	if (f.date > d->sink->published)
		d->sink->published = f.date;
	switch (msrc_add(d->table, &f)) {
	case MSRC_NEW:
		d->sink->count->read++;
		d->sink->count->kept++;
		return true;
	case MSRC_KNOWN:
		sink_skip(d->sink, "duplicate");
		return true;
	case MSRC_FULL:
		break;
	}
	return err_set(e, ERR_TOO_LARGE, "the table names more updates and products than Microsoft has; refused");
}

/* "CVEs_20260628.csv" is the source "CVEs": tomorrow's table replaces today's. */
static struct str
definitions_source(const char *name)
{
	struct str s = str_of(name);
	size_t len = 0;
	while (len < s.len && len < 32 && ((s.ptr[len] | 32) >= 'a' && (s.ptr[len] | 32) <= 'z'))
		len++;
	return str_head(s, len);
}

static bool
definitions_rows(struct definitions *d, struct err *e)
{
	enum csv_status status;
	while ((status = csv_next(&d->csv, e)) != CSV_END) {
		if (status == CSV_FAILED)
			return false;
		if (status == CSV_BAD) {
			sink_skip(d->sink, "invalid");
			d->last_bad = true;
			continue;
		}
		struct str first = csv_field(&d->csv, 0);
		if (str_starts(first, STR("#")) || (d->csv.fields.count == 1 && str_trim(first).len == 0))
			continue; /* comments of the hand-kept part */
		if (!definitions_row(d, e))
			return false;
	}
	return true;
}

static bool
definitions_read(struct input *in, const struct sniff *s, struct feed_sink *sink, struct err *e)
{
	__attribute__((cleanup(definitions_cleanup))) struct definitions d = {
		.csv = { .in = in, .record_max = 64u << 10 }, .sink = sink, .table = msrc_table_new()
	};
	uint64_t cyclic = 0;
	if (!definitions_header(&d, e) || !definitions_rows(&d, e))
		return false;
	if (d.last_bad) /* half a table would silently replace a whole one */
		return err_set(e, ERR_INPUT, "the table ends in the middle of a row; fetch it again");
	if (!msrc_flush(d.table, sink, definitions_source(in->name), STR(""), &cyclic, e))
		return false;
	sink->count->read += cyclic; /* the row's fix counts; that it supersedes is a statement of its own */
	if (cyclic)
		count_skip(sink->count, "cyclic", cyclic);
	return true;
}

const struct feed_ops feed_msrc_definitions = {
	.name = "msrc-definitions",
	.title = "Microsoft's updates and what they supersede",
	.recognise = definitions_recognise,
	.read = definitions_read,
	.urls = definitions_urls,
};
