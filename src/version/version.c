/* To add a scheme: one file with its ops struct, one row here. */
#include "version/version.h"

static const struct version_scheme *const schemes[] = {
	&version_deb,      &version_rpm,   &version_apk,       &version_semver,  &version_pep440,  &version_maven,
	&version_rubygems, &version_nuget, &version_packagist, &version_windows, &version_generic,
};

const struct version_scheme *
version_scheme_at(size_t i)
{
	return i < COUNT(schemes) ? schemes[i] : NULL;
}

const struct version_scheme *
version_scheme_find(struct str name)
{
	for (size_t i = 0; i < COUNT(schemes); i++)
		if (str_eq(name, str_of(schemes[i]->name)))
			return schemes[i];
	return NULL;
}
