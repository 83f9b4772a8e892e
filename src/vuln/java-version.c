#include "vuln/java-version.h"

bool
java_is(struct str product)
{
	static const char *const names[] = { "java_se", "jdk", "jre" };
	const struct str oracle = STR("a:oracle:");
	for (size_t i = 0; i < COUNT(names) && str_starts(product, oracle); i++)
		if (str_eq(str_skip(product, oracle.len), str_of(names[i])))
			return true;
	return false;
}

static struct str
digits_of(struct str *rest)
{
	size_t n = 0;
	while (n < rest->len && rest->ptr[n] >= '0' && rest->ptr[n] <= '9')
		n++;
	struct str digits = str_head(*rest, n);
	*rest = str_skip(*rest, n);
	return digits;
}

static bool
take(struct str *rest, struct str prefix)
{
	if (!str_starts(*rest, prefix))
		return false;
	*rest = str_skip(*rest, prefix.len);
	return true;
}

struct str
java_version(struct str version, struct arena *a)
{
	struct str rest = version, update;
	if (take(&rest, STR("1."))) {
		struct str line = digits_of(&rest);
		if (!take(&rest, STR(".0")))
			return version;
		bool has = take(&rest, STR("_")) || take(&rest, STR("-update")) || take(&rest, STR("-update_"));
		update = digits_of(&rest);
		return has && update.len > 0 ? arena_printf(a, "%.*su%.*s", STR_ARG(line), STR_ARG(update)) : version;
	}
	/* 8.0.3810.9: update 381. Later lines have no updates of this kind. */
	if (!take(&rest, STR("8.0.")) && !take(&rest, STR("7.0.")) && !take(&rest, STR("6.0.")))
		return version;
	update = digits_of(&rest);
	if (update.len < 2 || update.ptr[update.len - 1] != '0')
		return version;
	return arena_printf(a, "%cu%.*s", version.ptr[0], (int)update.len - 1, update.ptr);
}

struct str
java_line(struct str version)
{
	return digits_of(&version);
}
