/* Records as a stranger wrote them, taken apart by what the scanner tells or, where it finds no JSON, by looking for values:
 * byte for byte the same records come back, and where one cannot be taken apart those before it still do. */
#include "exposure/import-scan.h"
#include "exposure/raw-split.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
add(struct raw_split *s, struct scanner *scan, const struct scan_paths *paths, struct str record)
{
	struct raw_piece pieces[PIECES_MAX];
	size_t count;

	if (scan_record(scan, paths, record) && raw_split_add(s, record, scan->pieces, scan->piece_count))
		return true;
	return raw_pieces(record, pieces, &count) && raw_split_add(s, record, pieces, count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct raw_split *s = xcalloc(1, sizeof(*s));
	struct scan_paths *paths = scan_paths_new();
	SCANNER_AUTO scan = { 0 };
	BUF_AUTO kept = { 0 };
	BUF_AUTO packed = { 0 };
	BUF_AUTO back = { 0 };
	struct str rest = str_sub((const char *)data, size), record;
	uint64_t records = 0;

	scan_paths_add(paths, "port", 1);
	scan_paths_add(paths, "tags[]", 2);
	scan_paths_ready(paths);
	while (str_cut(&rest, '\n', &record)) {
		if (!add(s, &scan, paths, record))
			continue;
		records++;
		buf_add(&kept, record);
		buf_add_char(&kept, '\n');
	}
	raw_split_write(s, &packed);
	const uint8_t *from = (const uint8_t *)packed.ptr, *end = from + packed.len;
	if (records > 0 &&
	    (raw_join(from, end, records, SIZE_MAX, &back) != end || !str_eq(buf_str(&back), buf_str(&kept))))
		abort();
	scan_paths_free(paths);
	raw_split_free(s);
	free(s);
	return 0;
}
