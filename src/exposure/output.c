/* A segment file while it is written (exposure/output.h). */
#include "exposure/output.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { GATHER = 64 * SEGMENT_BLOCK };

static void
flush(struct output *o)
{
	size_t done = 0;

	while (done < o->gathered && !o->failed) {
		ssize_t n = write(o->fd, o->gather + done, o->gathered - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			o->failed = true;
			(void)err_sys(&o->error, "writing %s", o->path);
			break;
		}
		done += (size_t)n;
	}
	o->gathered = 0;
	o->block = o->gather;
}

static void
end_block(struct output *o)
{
	uint64_t sum = block_sum(o->block, o->filled);

	buf_add(&o->sums, str_sub((const char *)&sum, sizeof(sum)));
	o->gathered += o->filled;
	o->block += o->filled;
	o->filled = 0;
	if (o->gathered >= GATHER)
		flush(o);
}

void
output_begin(struct output *o, int fd, const char *path)
{
	struct segment_header h = { .magic = "", .version = SEGMENT_VERSION, .order = SEGMENT_ORDER };

	*o = (struct output){ .fd = fd, .path = path };
	pthread_mutex_init(&o->lock, NULL);
	o->gather = o->block = xcalloc(1, GATHER + SEGMENT_BLOCK);
	memcpy(h.magic, SEGMENT_MAGIC, sizeof(h.magic));
	output_add(o, &h, sizeof(h));
}

void
output_add(struct output *o, const void *bytes, size_t len)
{
	const char *p = bytes;

	o->at += len;
	while (len > 0) {
		size_t n = SEGMENT_BLOCK - o->filled;
		n = n > len ? len : n;
		memcpy(o->block + o->filled, p, n);
		o->filled += n;
		p += n;
		len -= n;
		if (o->filled == SEGMENT_BLOCK)
			end_block(o);
	}
}

static void
align(struct output *o)
{
	static const char zeros[8];

	output_add(o, zeros, (8 - o->at % 8) % 8);
}

void
output_section(struct output *o, enum section_kind kind, unsigned column, struct str bytes)
{
	static const char pad[PACKED_PAD];

	if (bytes.len == 0)
		return;
	pthread_mutex_lock(&o->lock);
	align(o);
	struct section x = { .kind = kind, .column = column, .at = o->at, .size = bytes.len };
	buf_add(&o->sections, str_sub((const char *)&x, sizeof(x)));
	output_add(o, bytes.ptr, bytes.len);
	output_add(o, pad, sizeof(pad));
	pthread_mutex_unlock(&o->lock);
}

static void
raw_write(struct output *o, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		size_t n = len > GATHER ? GATHER : len;
		memcpy(o->gather, p, n);
		o->gathered = n;
		flush(o);
		p += n;
		len -= n;
	}
}

bool
output_end(struct output *o, uint32_t docs, struct err *e)
{
	align(o);
	struct segment_trailer t = { .sums_at = o->at, .docs = docs, .version = SEGMENT_VERSION };
	if (o->filled > 0)
		end_block(o);
	flush(o);
	t.sum_count = o->sums.len / 8;
	t.sections_at = t.sums_at + o->sums.len;
	t.section_count = o->sections.len / sizeof(struct section);
	memcpy(t.magic, SEGMENT_MAGIC, sizeof(t.magic));
	BUF_AUTO tail = { 0 };
	buf_add(&tail, buf_str(&o->sums));
	buf_add(&tail, buf_str(&o->sections));
	buf_add(&tail, str_sub((const char *)&t, sizeof(t)));
	uint64_t sum = block_sum(tail.ptr, tail.len - 16);
	memcpy(tail.ptr + tail.len - 16, &sum, sizeof(sum));
	raw_write(o, tail.ptr, tail.len);
	/* The disk begins now; who names the file waits for it (change_publish). */
	(void)sync_file_range(o->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (o->failed)
		*e = o->error;
	return !o->failed;
}

void
output_free(struct output *o)
{
	if (o->gather)
		pthread_mutex_destroy(&o->lock);
	free(o->gather);
	buf_free(&o->sums);
	buf_free(&o->sections);
	*o = (struct output){ .fd = -1 };
}
