#include "os/machine.h"

#include <ctype.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SMALL_FILE 4096
#define INTERFACES_MAX 4096
#define MAC_LEN 6

static struct str
lower(struct arena *a, struct str s)
{
	char *copy = arena_cstr(a, s);

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return str_of(copy);
}

static struct str
small_file(struct arena *a, const char *path)
{
	BUF_AUTO text = { 0 };

	if (!file_read(path, SMALL_FILE, &text, NULL))
		return STR_NONE;
	return arena_str(a, str_trim(buf_str(&text)));
}

struct str
machine_kernel(struct arena *a)
{
	struct utsname u;

	return uname(&u) == 0 ? arena_str(a, str_of(u.release)) : STR_NONE;
}

struct str
machine_boot_id(struct arena *a)
{
	return small_file(a, "/proc/sys/kernel/random/boot_id");
}

/* Built in: has a device, and that device cannot be pulled out. */
static bool
is_built_in(struct arena *a, const char *name)
{
	char real[4096];
	struct str device = arena_printf(a, "/sys/class/net/%s/device", name);
	struct str removable = arena_printf(a, "/sys/class/net/%s/device/removable", name);

	if (!realpath(device.ptr, real) || strstr(real, "/usb"))
		return false;
	return !str_eq(small_file(a, removable.ptr), STR("removable"));
}

static bool
is_usable_mac(const unsigned char mac[MAC_LEN])
{
	static const unsigned char zero[MAC_LEN], ones[MAC_LEN] = { 255, 255, 255, 255, 255, 255 };

	return memcmp(mac, zero, MAC_LEN) != 0 && memcmp(mac, ones, MAC_LEN) != 0;
}

/* The address burnt in: bonds and privacy settings change the one in use. */
static bool
permanent_mac(const char *name, unsigned char mac[MAC_LEN])
{
	/* The address follows the head; the array at the head's end has no size of its own. */
	union {
		struct ethtool_perm_addr head;
		unsigned char bytes[sizeof(struct ethtool_perm_addr) + 32];
	} answer = { .head = { .cmd = ETHTOOL_GPERMADDR, .size = 32 } };
	struct ifreq request = { 0 };
	FD_AUTO fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(name) >= sizeof(request.ifr_name))
		return false;
	memcpy(request.ifr_name, name, strlen(name) + 1);
	request.ifr_data = (void *)&answer;
	if (ioctl(fd, SIOCETHTOOL, &request) != 0 || answer.head.size != MAC_LEN)
		return false;
	memcpy(mac, answer.bytes + sizeof(struct ethtool_perm_addr), MAC_LEN);
	return is_usable_mac(mac);
}

static int
str_order(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void
macs_read(struct arena *a, struct machine *out)
{
	ARRAY_OF(struct str) macs = { 0 };
	struct str *names;
	size_t count;

	if (!dir_list(a, "/sys/class/net", INTERFACES_MAX, &names, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++) {
		unsigned char mac[MAC_LEN];
		if (!is_built_in(a, names[i].ptr))
			continue;
		if (permanent_mac(names[i].ptr, mac)) {
			*ARRAY_PUSH(a, &macs) = arena_printf(a, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
							     mac[3], mac[4], mac[5]);
			continue;
		}
		struct str kind =
			small_file(a, arena_printf(a, "/sys/class/net/%s/addr_assign_type", names[i].ptr).ptr);
		struct str now = small_file(a, arena_printf(a, "/sys/class/net/%s/address", names[i].ptr).ptr);
		if (str_eq(kind, STR("0")) && now.len > 0)
			*ARRAY_PUSH(a, &macs) = lower(a, now);
	}
	if (macs.count > 1)
		qsort(macs.items, macs.count, sizeof(*macs.items), str_order);
	out->macs = macs.items;
	out->mac_count = macs.count;
}

void
machine_read(const struct root *r, struct arena *a, struct machine *out)
{
	struct utsname u;
	BUF_AUTO id = { 0 };

	*out = (struct machine){ 0 };
	if (root_read(r, "/etc/machine-id", SMALL_FILE, &id, NULL))
		out->machine_id = arena_str(a, str_trim(buf_str(&id)));
	out->uuid = lower(a, small_file(a, "/sys/class/dmi/id/product_uuid"));
	macs_read(a, out);
	out->boot_id = machine_boot_id(a);
	if (uname(&u) == 0) {
		out->kernel = arena_str(a, str_of(u.release));
		out->hostname = arena_str(a, str_of(u.nodename));
	}
}

void
machine_fingerprint_input(const struct machine *m, struct buf *out)
{
	buf_add(out, m->machine_id);
	buf_add_char(out, '\n');
	buf_add(out, m->uuid);
	buf_add_char(out, '\n');
	for (size_t i = 0; i < m->mac_count; i++) {
		buf_add(out, m->macs[i]);
		buf_add_char(out, '\n');
	}
}
