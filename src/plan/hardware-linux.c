/* /sys, /proc, getifaddrs(3) and wtmp(5). */
#include "plan/hardware.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmp.h>

#define SMALL_FILE 4096
#define CPUINFO_MAX ((size_t)4 << 20)
#define DEVICES_MAX 1024
#define ADDRESSES_MAX 4096
#define WTMP_TAIL 2000 /* records looked through, from the newest */
#define SECTOR 512
#define VPD_HEADER 4

static struct str
small_file(struct arena *a, const char *path)
{
	BUF_AUTO text = { 0 };

	if (!file_read(path, SMALL_FILE, &text, NULL))
		return STR("");
	struct str s = str_trim(buf_str(&text));
	return str_is_utf8(s) ? arena_str(a, s) : STR("");
}

/* Boards without a name say so in many ways. */
static struct str
dmi(struct arena *a, const char *name)
{
	static const char *const nothing[] = { "To Be Filled By O.E.M.", "To be filled by O.E.M.",
					       "Default string",         "Not Specified",
					       "System Serial Number",   "System manufacturer",
					       "System Product Name",    "None" };
	struct str s = small_file(a, arena_printf(a, "/sys/class/dmi/id/%s", name).ptr);

	for (size_t i = 0; i < COUNT(nothing); i++) {
		if (str_eq(s, str_of(nothing[i])))
			return STR("");
	}
	return s;
}

/* The value of the first line "key : value" of a /proc file. */
static struct str
proc_value(struct arena *a, const char *path, struct str key)
{
	BUF_AUTO text = { 0 };
	struct str line, name, value;

	if (!file_read(path, CPUINFO_MAX, &text, NULL))
		return STR("");
	struct str rest = buf_str(&text);
	while (str_line(&rest, &line)) {
		if (str_split(line, ':', &name, &value) && str_eq(str_trim(name), key))
			return arena_str(a, str_trim(value));
	}
	return STR("");
}

static uint64_t
memory_read(struct arena *a)
{
	struct str value = proc_value(a, "/proc/meminfo", STR("MemTotal")), word;
	uint64_t kib;

	return str_word(&value, &word) && str_to_u64(word, &kib) ? kib * 1024 : 0;
}

/* SCSI and SATA keep it in page 0x80, virtio and NVMe in a file. */
static struct str
disk_serial(struct arena *a, const char *name)
{
	static const char *const places[] = { "device/serial", "serial" };
	BUF_AUTO page = { 0 };

	for (size_t i = 0; i < COUNT(places); i++) {
		struct str s = small_file(a, arena_printf(a, "/sys/block/%s/%s", name, places[i]).ptr);
		if (s.len > 0)
			return s;
	}
	if (file_read(arena_printf(a, "/sys/block/%s/device/vpd_pg80", name).ptr, SMALL_FILE, &page, NULL) &&
	    page.len > VPD_HEADER) {
		struct str s = str_trim(str_skip(buf_str(&page), VPD_HEADER));
		if (str_is_utf8(s))
			return arena_str(a, s);
	}
	return STR("");
}

static void
disks_read(struct arena *a, struct hardware *out)
{
	struct str *names;
	size_t count;

	if (!dir_list(a, "/sys/block", DEVICES_MAX, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		const char *name = names[i].ptr;
		uint64_t sectors = 0;
		/* Loops, RAM disks and mapped volumes have no device of their own; drives without a disk no size. */
		if (!file_exists(arena_printf(a, "/sys/block/%s/device", name).ptr) ||
		    str_starts(names[i], STR("sr")) ||
		    !str_to_u64(small_file(a, arena_printf(a, "/sys/block/%s/size", name).ptr), &sectors) ||
		    sectors == 0)
			continue;
		struct disk *d = ARRAY_PUSH(a, &out->disks);
		d->name = names[i];
		d->size = sectors * SECTOR;
		d->model = small_file(a, arena_printf(a, "/sys/block/%s/device/model", name).ptr);
		d->serial = disk_serial(a, name);
	}
}

static struct str
address_text(struct arena *a, const struct sockaddr *s)
{
	char text[INET6_ADDRSTRLEN];
	const void *bytes;

	if (s->sa_family == AF_INET) {
		bytes = &((const struct sockaddr_in *)(const void *)s)->sin_addr;
	} else {
		const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)s)->sin6_addr;
		/* Every interface has one of these, and it leads nowhere. */
		if (IN6_IS_ADDR_LINKLOCAL(v6))
			return STR("");
		bytes = v6;
	}
	return inet_ntop(s->sa_family, bytes, text, sizeof(text)) ? arena_str(a, str_of(text)) : STR("");
}

static void
addresses_of(struct arena *a, const struct ifaddrs *all, struct interface *into)
{
	ARRAY_OF(struct str) found = { 0 };

	for (const struct ifaddrs *i = all; i && found.count < ADDRESSES_MAX; i = i->ifa_next) {
		if (!i->ifa_addr || !str_eq(str_of(i->ifa_name), into->name) ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		struct str text = address_text(a, i->ifa_addr);
		if (text.len > 0)
			*ARRAY_PUSH(a, &found) = text;
	}
	into->addresses = found.items;
	into->address_count = found.count;
}

static void
ifaddrs_cleanup(struct ifaddrs **all)
{
	if (*all)
		freeifaddrs(*all);
}

static void
interfaces_read(struct arena *a, struct hardware *out)
{
	__attribute__((cleanup(ifaddrs_cleanup))) struct ifaddrs *all = NULL;
	struct str *names;
	size_t count;

	if (!dir_list(a, "/sys/class/net", DEVICES_MAX, &names, &count, NULL))
		return;
	if (getifaddrs(&all) != 0)
		all = NULL;
	for (size_t i = 0; i < count; i++) {
		struct interface in = { .name = names[i] };
		if (str_eq(names[i], STR("lo")))
			continue;
		addresses_of(a, all, &in);
		bool physical = file_exists(arena_printf(a, "/sys/class/net/%s/device", names[i].ptr).ptr);
		if (!physical && in.address_count == 0)
			continue;
		in.mac = small_file(a, arena_printf(a, "/sys/class/net/%s/address", names[i].ptr).ptr);
		*ARRAY_PUSH(a, &out->interfaces) = in;
	}
}

static void
last_user_read(const struct root *r, struct arena *a, struct hardware *out)
{
	FD_AUTO fd = root_open_file(r, "/var/log/wtmp");
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return;
	off_t at = st.st_size - st.st_size % (off_t)sizeof(struct utmp);
	for (int i = 0; i < WTMP_TAIL && at > 0; i++) {
		struct utmp u;
		at -= (off_t)sizeof(u);
		if (pread(fd, &u, sizeof(u), at) != (ssize_t)sizeof(u))
			return;
		struct str user = str_sub(u.ut_user, strnlen(u.ut_user, sizeof(u.ut_user)));
		if (u.ut_type != USER_PROCESS || !package_word_valid(user))
			continue;
		out->last_user = arena_str(a, user);
		/* On 64-bit systems the record keeps 32 bits, which are good until 2106 when read unsigned. */
		out->last_login = (int64_t)(uint32_t)u.ut_tv.tv_sec * 1000;
		return;
	}
}

void
hardware_read(const struct root *r, bool live, struct arena *a, struct hardware *out)
{
	*out = (struct hardware){ 0 };
	last_user_read(r, a, out);
	if (!live)
		return;
	out->maker = dmi(a, "sys_vendor");
	out->model = dmi(a, "product_name");
	out->serial = dmi(a, "product_serial");
	out->uuid = dmi(a, "product_uuid");
	out->firmware = dmi(a, "bios_version");
	out->cpu = proc_value(a, "/proc/cpuinfo", STR("model name"));
	out->memory = memory_read(a);
	disks_read(a, out);
	interfaces_read(a, out);
}
