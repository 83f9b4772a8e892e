#include "plan/apt.h"

static bool
apt_present(const char *root)
{
	ARENA_AUTO a = { 0 };

	return file_exists(path_join(&a, root, "/usr/bin/apt-get")) &&
	       file_exists(path_join(&a, root, "/var/lib/dpkg/status"));
}

const struct pkgmgr pkgmgr_apt = {
	.name = "apt",
	.present = apt_present,
	.refresh = apt_refresh,
	.plan = apt_plan,
	.fingerprint = apt_fingerprint,
	.stage = apt_stage,
	.recover = apt_recover,
	.apply = apt_apply,
	.outcome = apt_outcome,
	.plan_back = apt_plan_back,
	.go_back = apt_go_back,
	.take_out = apt_take_out,
};
