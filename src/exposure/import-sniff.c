#include "exposure/import-sniff.h"

#include "exposure/import-scan.h"

/* To add a form is to add a row here and a file. */
const struct importer *const importers[] = {
	&import_shodan, &import_censys, &import_zgrab2, &import_masscan, &import_nmap, &import_internetdb,
	&import_sonar,  &import_plain,  NULL,
};

enum { RECORDS_TRIED = 20 };

/* Where a record may begin: the first brace, and each line's. */
static bool
next_record(struct str *head, struct str *record)
{
	while (head->len > 0) {
		ptrdiff_t line = str_find_char(*head, '\n');
		struct str at = *head;

		*head = line < 0 ? STR_NONE : str_skip(*head, (size_t)line + 1);
		if (str_starts(at, STR("\xef\xbb\xbf")))
			at = str_skip(at, 3);
		while (at.len > 0 && (strchr(" \t\r\n,[", at.ptr[0]) && at.ptr[0]))
			at = str_skip(at, 1);
		if (at.len > 0 && at.ptr[0] == '{') {
			*record = at;
			return true;
		}
	}
	return false;
}

unsigned
sniff_marks(struct str head, const struct sniff_mark *marks)
{
	struct scan_paths *paths = scan_paths_new();
	SCANNER_AUTO s = { 0 };
	struct str record;
	unsigned best = 0;

	for (uint16_t i = 0; marks[i].path; i++)
		scan_paths_add(paths, marks[i].path, (uint16_t)(i + 1));
	scan_paths_ready(paths);
	for (unsigned tried = 0; tried < RECORDS_TRIED && next_record(&head, &record); tried++) {
		uint64_t seen = 0;
		unsigned sum = 0;
		/* What follows the record, or its being cut off, is an error that does not matter here. */
		bool whole = scan_record(&s, paths, record);
		(void)whole;
		for (size_t i = 0; i < s.count; i++) {
			unsigned mark = s.values[i].id - 1u;
			if (!(seen >> mark & 1) && s.values[i].kind != SCAN_NULL)
				sum += marks[mark].weight;
			seen |= UINT64_C(1) << mark;
		}
		if (sum > best)
			best = sum;
	}
	scan_paths_free(paths);
	return best < 100 ? best : 100;
}

const struct importer *
sniff_importer(struct str head)
{
	const struct importer *best = NULL;
	unsigned most = 49;

	for (size_t i = 0; importers[i]; i++) {
		unsigned sure = importers[i]->sniff(head);
		if (sure > most) {
			most = sure;
			best = importers[i];
		}
	}
	return best;
}
