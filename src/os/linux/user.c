#include "os/user.h"

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "os/file.h"

#define PASSWD_MAX ((size_t)4 << 20)

/* Not getpwnam(): that may load modules and ask a directory server. */
struct user
user_find(const char *name)
{
	struct user nobody = { USER_NOBODY, USER_NOBODY };
	BUF_AUTO text = { 0 };
	struct str line;

	if (!file_read("/etc/passwd", PASSWD_MAX, &text, NULL))
		return nobody;
	struct str rest = buf_str(&text);
	while (str_line(&rest, &line)) {
		struct str field[4] = { 0 };
		for (size_t i = 0; i < COUNT(field); i++)
			(void)str_cut(&line, ':', &field[i]);
		uint64_t uid, gid;
		if (!str_eq(field[0], str_of(name)) || !str_to_u64(field[2], &uid) || !str_to_u64(field[3], &gid))
			continue;
		if (uid == 0 || gid == 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
			return nobody;
		return (struct user){ (uid_t)uid, (gid_t)gid };
	}
	return nobody;
}

struct str
user_name(struct arena *a, uid_t uid)
{
	BUF_AUTO text = { 0 };
	struct str line;

	if (!file_read("/etc/passwd", PASSWD_MAX, &text, NULL))
		return STR("");
	struct str rest = buf_str(&text);
	while (str_line(&rest, &line)) {
		struct str name = STR_NONE, secret, id = STR_NONE;
		uint64_t n;
		if (str_cut(&line, ':', &name) && str_cut(&line, ':', &secret) && str_cut(&line, ':', &id) &&
		    str_to_u64(id, &n) && n == uid)
			return arena_line(a, name, 64);
	}
	return STR("");
}

static bool
is_only(struct user u)
{
	uid_t r, ef, s;
	gid_t gr, gef, gs;

	return getresuid(&r, &ef, &s) == 0 && getresgid(&gr, &gef, &gs) == 0 && r == u.uid && ef == u.uid &&
	       s == u.uid && gr == u.gid && gef == u.gid && gs == u.gid && getgroups(0, NULL) == 0;
}

bool
user_drop(struct user u, struct err *e)
{
	if (geteuid() == 0) {
		if (u.uid == 0 || u.gid == 0)
			return err_set(e, ERR_BUG, "giving up rights: the user to become is root");
		if (setgroups(0, NULL) != 0 || setresgid(u.gid, u.gid, u.gid) != 0 ||
		    setresuid(u.uid, u.uid, u.uid) != 0)
			return err_sys(e, "becoming the unprivileged user %u", (unsigned)u.uid);
		if (!is_only(u) || setresuid(0, 0, 0) == 0)
			return err_set(e, ERR_REFUSED,
				       "becoming the unprivileged user %u: the system kept rights of root",
				       (unsigned)u.uid);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_sys(e, "giving up new privileges");
	return true;
}
