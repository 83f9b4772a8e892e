/* The pace of an answer (exposure/clickhouse-pace.h). */
#include "exposure/clickhouse-pace.h"

void
pace_begin(struct pace *p, int64_t now)
{
	*p = (struct pace){ .since = now };
}

void
pace_bytes(struct pace *p, int64_t now, size_t bytes)
{
	/* What it computed before its first byte is no slow speaking. */
	p->waited = p->speaks ? p->waited + (now - p->since) : 0;
	p->bytes += bytes;
	p->speaks = true;
	p->since = now;
}

void
pace_wait(struct pace *p, int64_t now)
{
	p->since = now;
}

bool
pace_stalls(struct pace *p, int64_t now)
{
	int64_t waited = p->waited + (now - p->since);

	if (!p->speaks)
		return waited > PACE_SILENCE_MS;
	if (waited < PACE_WINDOW_MS)
		return false;
	if (p->bytes < PACE_BYTES)
		return true;
	p->since = now;
	p->waited = 0;
	p->bytes = 0;
	return false;
}
