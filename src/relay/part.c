/* The bytes of one file on its way in: its part on disk, which a later run goes on with, or without a disk a window of
 * memory that moves on with the slowest reader. */
#include "relay/origin-internal.h"

#include "base/log.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define REHASH_SLICE (4u << 20)
/* Without a disk: how much lies in memory between the origin and the slowest reader. */
#define SPILL_MAX (1u << 20)
#define WHOLE_IN_MEMORY_MAX (16u << 20)
/* Left free on the disk for whoever else needs it. */
#define DISK_RESERVE_MAX (64ull << 20)

static char *
part_of_path(const struct transfer_state *t)
{
	BUF_AUTO path = { 0 };
	buf_addf(&path, "%s.of", t->part);
	return xstrdup(path.ptr);
}

void
part_remove(struct transfer_state *t)
{
	if (!t->part)
		return;
	char *of = part_of_path(t);
	unlink(t->part);
	unlink(of);
	free(of);
}

/* The bytes are of this boot: a power cut may have left a file longer than what reached the disk. */
static void
of_text(struct buf *out, const char *validator)
{
	BUF_AUTO boot = { 0 };
	if (!file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL))
		buf_add(&boot, STR("?"));
	struct str id = str_trim(buf_str(&boot));
	buf_addf(out, "%.*s %s", STR_ARG(id), validator);
}

/* What the part that lies there is part of; false: of nothing that can be gone on with. */
static bool
of_read(struct transfer_state *t)
{
	BUF_AUTO text = { 0 };
	BUF_AUTO here = { 0 };
	char *path = part_of_path(t);
	bool ok = file_read(path, 512, &text, NULL);
	free(path);
	of_text(&here, "");
	if (!ok || !str_starts(buf_str(&text), buf_str(&here)) || text.len == here.len)
		return false;
	struct str validator = str_skip(buf_str(&text), here.len);
	snprintf(t->validator, sizeof(t->validator), "%.*s", STR_ARG(validator));
	return true;
}

void
part_note(struct transfer_state *t, const char *validator)
{
	BUF_AUTO text = { 0 };
	snprintf(t->validator, sizeof(t->validator), "%s", validator);
	if (t->flow->kind == FLOW_KNOWN || !t->part)
		return;
	char *path = part_of_path(t);
	of_text(&text, validator);
	/* No fsync: it is of use only while the machine stays up. */
	FD_AUTO fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0 || !*validator || write(fd, text.ptr, text.len) != (ssize_t)text.len)
		unlink(path);
	free(path);
}

/* Is there room for it, and something left for others? */
bool
part_has_room(const struct transfer_state *t)
{
	uint64_t left = 0, total = 0;
	uint64_t need = t->total == LENGTH_UNKNOWN ? 0 : t->total - t->have;
	const char *folder = t->u->o.relay->data;
	if (!file_space(folder, &left, NULL) || !file_space_total(folder, &total, NULL))
		return true;
	uint64_t reserve = total / 50 < DISK_RESERVE_MAX ? total / 50 : DISK_RESERVE_MAX;
	return left >= need + reserve;
}

/* From here on bytes lie in memory, at most SPILL_MAX before the slowest reader; nothing is kept. */
bool
part_spill(struct transfer_state *t)
{
	if (t->spilled)
		return false;
	int fd = memfd_create("mamori-relay", MFD_CLOEXEC);
	if (fd < 0)
		return false;
	log_warn("relay", "no room on the disk: %s is passed on without being kept", t->flow->url);
	t->spilled = true;
	t->keep = false;
	t->blob->spill = fd;
	pthread_mutex_lock(&t->flow->mutex);
	t->flow->punched = t->have;
	atomic_store_explicit(&t->blob->split, t->have, memory_order_release);
	pthread_mutex_unlock(&t->flow->mutex);
	return true;
}

/* Opens the part; what cannot be gone on with is cut off. */
void
part_open(struct transfer_state *t)
{
	struct stat st;
	int fd = t->part ? open(t->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640) : -1;
	t->blob = blob_new(fd, t->total == LENGTH_UNKNOWN ? UINT64_MAX : t->total);
	atomic_store(&t->blob->readable, 0);
	t->sha = sha256_open();
	if (fd < 0) {
		(void)!part_spill(t);
		return;
	}
	bool of = t->flow->kind == FLOW_KNOWN || (t->flow->kind == FLOW_UNVERIFIED && of_read(t));
	if (of && !t->conditional && fstat(fd, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size <= t->total) {
		t->have = (uint64_t)st.st_size;
		t->resumed = true;
	} else if (ftruncate(fd, 0) != 0) {
		(void)!part_spill(t);
	}
}

/* Forgets what has come: before anybody was given any of it. */
void
part_restart(struct transfer_state *t)
{
	char unused[SHA256_HEX_LEN];
	if (t->sha)
		sha256_close(t->sha, unused);
	t->sha = sha256_open();
	t->have = t->hashed = t->skip = 0;
	t->resumed = false;
	t->validator[0] = '\0';
	if (t->blob->fd >= 0 && ftruncate(t->blob->fd, 0) != 0)
		(void)!part_spill(t);
}

bool
part_is_lazy(const struct transfer_state *t)
{
	return t->flow->kind == FLOW_UNVERIFIED && !t->spilled;
}

bool
part_digest(struct transfer_state *t, uint64_t until)
{
	char bytes[64 << 10]; /* not from the heap: the digester must hold no lock */
	ssize_t n = 1;
	while (t->hashed < until && n > 0) {
		size_t want = until - t->hashed < sizeof(bytes) ? (size_t)(until - t->hashed) : sizeof(bytes);
		n = pread(t->blob->fd, bytes, want, (off_t)t->hashed);
		if (n > 0) {
			sha256_update(t->sha, str_sub(bytes, (size_t)n));
			t->hashed += (uint64_t)n;
		}
	}
	return n > 0;
}

/* Reads again what lay there, a slice at a time. */
void
part_reread(struct transfer_state *t)
{
	if (!part_digest(t, t->hashed + REHASH_SLICE < t->have ? t->hashed + REHASH_SLICE : t->have))
		part_restart(t);
}

/* How far the slowest reader is; what lies before it in memory is given back. */
uint64_t
part_slowest(struct transfer_state *t, bool *nobody)
{
	struct flow *f = t->flow;
	uint64_t least = UINT64_MAX;
	pthread_mutex_lock(&f->mutex);
	for (const struct follower *r = f->followers; r; r = r->next) {
		uint64_t at = atomic_load_explicit(&r->at, memory_order_relaxed);
		least = at < least ? at : least;
	}
	*nobody = !f->followers;
	uint64_t page = least / 4096 * 4096;
	if (!*nobody && page > f->punched) {
		(void)!fallocate(t->blob->spill, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)page);
		f->punched = page;
	}
	least = *nobody ? f->punched : least;
	pthread_mutex_unlock(&f->mutex);
	return least;
}

/* May more come in while there is no disk? */
bool
part_memory_has_room(struct transfer_state *t)
{
	uint64_t split = atomic_load(&t->blob->split);
	bool nobody;
	if (!t->flow->blob)
		return t->have - split <= WHOLE_IN_MEMORY_MAX || transfer_verdict(t, VERDICT_NO_ROOM);
	uint64_t at = part_slowest(t, &nobody);
	at = at > split ? at : split;
	return t->have <= at + SPILL_MAX + HELD_BACK;
}
