/* What a column is given while its segment is built (exposure/column-write.h), and the same as arrays. Many columns say one
 * thing of all banners (the source, the snapshot, the transport): as long as that is so they are counted and nothing else. */
#include "exposure/column-entries.h"

/* True: the banner is one more that has what all before it have. */
static bool
lead(struct column_build *b, uint32_t doc, uint64_t value, uint8_t confidence)
{
	if (b->entries != b->lead || doc != b->lead || confidence > 0 || (doc > 0 && value != b->lead_value))
		return false;
	b->lead_value = value;
	b->last = doc;
	b->entries = ++b->lead;
	return true;
}

static void
add(struct column_build *b, uint32_t doc, uint64_t value, uint8_t confidence)
{
	if (b->stream.cap - b->stream.len < 24)
		(void)buf_reserve(&b->stream, 24);
	uint8_t *p = (uint8_t *)b->stream.ptr + b->stream.len;
	p = varint_put(p, (uint64_t)(doc - b->last) << 1 | (confidence > 0));
	p = varint_put(p, value);
	if (confidence > 0)
		*p++ = confidence;
	b->stream.len = (size_t)((char *)p - b->stream.ptr);
	b->last = doc;
	b->entries++;
	b->confident |= confidence > 0;
}

void
column_add_text(struct column_build *b, uint32_t doc, uint32_t number, uint8_t confidence)
{
	if (!lead(b, doc, number, confidence))
		add(b, doc, number, confidence);
}

void
column_add_number(struct column_build *b, uint32_t doc, int64_t value, uint8_t confidence)
{
	if (!lead(b, doc, (uint64_t)value, confidence))
		add(b, doc, zigzag((int64_t)((uint64_t)value - (uint64_t)b->before)), confidence);
	b->before = value;
}

void
column_build_free(struct column_build *b)
{
	vocabulary_free(&b->values);
	buf_free(&b->stream);
	*b = (struct column_build){ 0 };
}

void
entries_free(struct entries *x)
{
	free(x->docs);
	free(x->values);
	free(x->confidence);
}

/* Sorts the entries of one banner and drops what is there twice; the new count. */
static uint32_t
tidy(struct entries *x, uint32_t from, uint32_t count)
{
	for (uint32_t i = from + 1; i < from + count; i++) {
		uint64_t v = x->values[i];
		uint8_t c = x->confidence[i];
		uint32_t j = i;
		for (; j > from && x->values[j - 1] > v; j--) {
			x->values[j] = x->values[j - 1];
			x->confidence[j] = x->confidence[j - 1];
		}
		x->values[j] = v;
		x->confidence[j] = c;
	}
	uint32_t n = from;
	for (uint32_t i = from; i < from + count; i++) {
		if (n > from && x->values[n - 1] == x->values[i]) {
			if (x->confidence[i] > x->confidence[n - 1])
				x->confidence[n - 1] = x->confidence[i];
			continue;
		}
		x->values[n] = x->values[i];
		x->confidence[n] = x->confidence[i];
		x->docs[n++] = x->docs[i];
	}
	return n - from;
}

static uint32_t
end_banner(struct entries *x, uint32_t from, uint32_t to)
{
	uint32_t n = to - from > 1 ? tidy(x, from, to - from) : 1;

	x->many |= n > 1;
	x->owners++;
	return from + n;
}

void
entries_gather(const struct column_build *b, const uint32_t *rank, struct entries *x)
{
	const uint8_t *p = (const uint8_t *)b->stream.ptr;
	uint64_t step = 0, value = 0, before = b->lead > 0 ? b->lead_value : 0;
	uint32_t doc = b->lead > 0 ? b->lead - 1 : 0, n = b->lead, from = doc;

	x->docs = xrealloc(NULL, (size_t)b->entries + 1, sizeof(*x->docs));
	x->values = xrealloc(NULL, (size_t)b->entries + 1, sizeof(*x->values));
	x->confidence = xcalloc((size_t)b->entries + 1, 1);
	x->owners = doc;
	for (uint32_t i = 0; i < b->lead; i++) {
		x->docs[i] = i;
		x->values[i] = rank ? rank[b->lead_value] : b->lead_value ^ 1ull << 63;
	}
	for (uint32_t i = b->lead; i < b->entries; i++) {
		p = varint_next(p, &step);
		p = varint_next(p, &value);
		if (step >> 1 && n > from)
			from = n = end_banner(x, from, n);
		doc += (uint32_t)(step >> 1);
		before += (uint64_t)unzigzag(value);
		x->docs[n] = doc;
		x->values[n] = rank ? rank[value] : before ^ 1ull << 63;
		x->confidence[n] = step & 1 ? *p++ : 0;
		n++;
	}
	x->count = n > from ? end_banner(x, from, n) : n;
}
