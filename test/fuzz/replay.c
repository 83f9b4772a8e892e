/* A main for fuzz targets where libFuzzer is not: replays every file of the named folders (or files), whole and
 * cut short at eight places, and says so in TAP. A crash is found by the sanitizers or by the signal. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CUTS 8
#define INPUT_MAX (16u << 20)

static unsigned points;

/* A copy of exactly that size, so that a read past the end is seen. */
static void
run(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = calloc(1, size ? size : 1);
	if (!copy)
		abort();
	if (size)
		memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc(INPUT_MAX);
	if (!f || !bytes) {
		printf("not ok %u - %s: %s\n", ++points, path, strerror(errno));
		exit(1);
	}
	size_t size = fread(bytes, 1, INPUT_MAX, f);
	fclose(f);
	printf("# %s\n", path);
	fflush(stdout);
	for (size_t cut = 1; cut < CUTS; cut++)
		run(bytes, size * cut / CUTS);
	run(bytes, size);
	printf("ok %u - %s\n", ++points, path);
	free(bytes);
}

static void
replay(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		replay_file(path);
		return;
	}
	struct dirent **names;
	int count = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		char child[4096];
		int len = snprintf(child, sizeof(child), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof(child))
			replay(child);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
}

int
main(int argc, char **argv)
{
	run((const uint8_t *)"", 0);
	printf("ok %u - empty input\n", ++points);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("1..%u\n", points);
	return 0;
}
