#include "plan/server_guess.h"

/* Packages that give a machine a screen to log on to; * stands for the rest of a name. */
static const char *const screens[] = { "gdm",
				       "gdm3",
				       "lightdm",
				       "sddm",
				       "lxdm",
				       "xdm",
				       "wdm",
				       "slim",
				       "plasma-login-manager",
				       "gnome-shell",
				       "greetd",
				       "xinit",
				       "xserver-xorg-core",
				       "xorg-x11-server-Xorg" };
/* Packages that others depend on over the network. */
static const struct {
	const char *package, *what;
} services[] = {
	{ "postgresql-*", "PostgreSQL" },
	{ "postgresql-server", "PostgreSQL" },
	{ "mysql-server*", "MySQL" },
	{ "mariadb-server*", "MariaDB" },
	{ "redis-server", "Redis" },
	{ "apache2", "Apache" },
	{ "httpd", "Apache" },
	{ "nginx", "nginx" },
	{ "tomcat*", "Tomcat" },
	{ "samba", "Samba" },
	{ "nfs-kernel-server", "NFS" },
	{ "slapd", "LDAP" },
	{ "389-ds-base", "LDAP" },
	{ "bind9", "DNS" },
	{ "bind", "DNS" },
	{ "isc-dhcp-server", "DHCP" },
	{ "kea-dhcp4-server", "DHCP" },
	{ "dovecot-core", "mail" },
	{ "postfix", "mail" },
	{ "exim4-daemon-*", "mail" },
	{ "docker*", "containers" },
	{ "containerd*", "containers" },
	{ "libvirt-daemon-system", "virtual machines" },
	{ "proxmox-ve", "virtual machines" },
};
/* As virtual machines call their makers and models. */
static const char *const hypervisors[] = { "QEMU", "KVM",      "VMware", "Virtual Machine", "VirtualBox",
					   "Xen",  "HVM domU", "Bochs",  "oVirt",           "Nutanix" };

static bool
name_fits(const char *pattern, struct str name)
{
	struct str p = str_of(pattern);
	if (str_ends(p, STR("*")))
		return str_starts(name, str_head(p, p.len - 1));
	return str_eq(p, name);
}

static void
reason_add(struct arena *a, struct str *why, struct str reason)
{
	if (!str_contains(*why, reason))
		*why = why->len ? arena_printf(a, "%.*s, %.*s", STR_ARG(*why), STR_ARG(reason)) : reason;
}

static bool
has_screen(const struct package_list *packages)
{
	for (size_t i = 0; i < packages->count; i++)
		for (size_t k = 0; k < COUNT(screens); k++)
			if (name_fits(screens[k], packages->items[i].name))
				return true;
	return false;
}

static void
services_look(const struct package_list *packages, struct arena *a, struct str *why)
{
	for (size_t k = 0; k < COUNT(services); k++)
		for (size_t i = 0; i < packages->count; i++)
			if (name_fits(services[k].package, packages->items[i].name)) {
				reason_add(a, why, str_of(services[k].what));
				break;
			}
}

static void
virtual_look(const struct hardware *h, struct arena *a, struct str *why)
{
	for (size_t i = 0; i < COUNT(hypervisors); i++)
		if (str_contains(h->maker, str_of(hypervisors[i])) || str_contains(h->model, str_of(hypervisors[i]))) {
			reason_add(a, why, STR("virtual machine"));
			return;
		}
}

bool
server_guess(const struct inventory *inv, const struct package_list *packages, struct arena *a, struct str *why)
{
	*why = STR("");
	if (str_eq(inv->os.id, STR("windows"))) {
		/* ProductType says it on the machine, and the name of the system says the same. */
		if (!str_contains(inv->os.name, STR("Server")))
			return false;
		reason_add(a, why, STR("Windows Server"));
		virtual_look(&inv->hardware, a, why);
		return true;
	}
	if (!inv->os.id.len || !packages->count || has_screen(packages))
		return false;
	reason_add(a, why, STR("no graphical login"));
	services_look(packages, a, why);
	virtual_look(&inv->hardware, a, why);
	return true;
}
