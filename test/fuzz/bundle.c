/* The file that feed receive takes: whatever is accepted has plain names and whole contents, and is written again the
 * same. Digests are beyond a fuzzer: files are also written with the input's names and contents. */
#include "vuln/bundle.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
read_one(struct str file)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO again = { 0 };
	struct bundle b;
	struct err e = { 0 };
	if (!bundle_read(file, "fuzz", &a, &b, &e)) {
		if (e.code != ERR_INPUT || !e.text[0])
			abort();
		return false;
	}
	for (size_t i = 0; i < b.files.count; i++)
		if (str_find_char(b.files.items[i].name, '/') >= 0 || b.files.items[i].name.ptr[0] == '.')
			abort();
	bundle_write(&b, &again);
	if (!str_eq(buf_str(&again), file))
		abort();
	return true;
}

/* Files whose names and contents are the input's, cut at its lines: written right, then with one byte changed, which never passes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	ARENA_AUTO a = { 0 };
	BUF_AUTO file = { 0 };
	struct bundle b = { .instant = (int64_t)size };
	(void)read_one(text);
	struct str rest = text, name;
	while (b.files.count < 3 && str_line(&rest, &name))
		*ARRAY_PUSH(&a, &b.files) = (struct bundle_file){ name, rest };
	bundle_write(&b, &file);
	(void)read_one(buf_str(&file));
	if (size == 0)
		return 0;
	file.ptr[(data[0] * 251u + data[size - 1]) % file.len] ^= (char)(data[size / 2] | 1);
	if (read_one(buf_str(&file)))
		abort();
	return 0;
}
