/* os-release(5): shell-like assignments, without running a shell. */
#include "plan/inventory.h"

#include <ctype.h>

#define VALUE_MAX 256

/* The value without quotes and backslashes. */
static struct str
value_read(struct str raw, struct arena *a)
{
	BUF_AUTO out = { 0 };
	char quote = 0;

	raw = str_trim(raw);
	for (size_t i = 0; i < raw.len && out.len < VALUE_MAX; i++) {
		char c = raw.ptr[i];
		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? 0 : c;
			continue;
		}
		if (c == '\\' && quote != '\'' && i + 1 < raw.len)
			c = raw.ptr[++i];
		if ((unsigned char)c < ' ')
			continue;
		buf_add_char(&out, c);
	}
	return arena_str(a, buf_str(&out));
}

static struct str
lower(struct arena *a, struct str s)
{
	char *copy = arena_cstr(a, s);

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return str_of(copy);
}

bool
os_release_parse(struct str text, struct arena *a, struct os_release *out)
{
	struct os_release os = { STR_NONE, STR_NONE, STR_NONE, STR_NONE, STR_NONE };
	const struct {
		struct str key;
		struct str *value;
	} keys[] = {
		{ STR("ID"), &os.id },
		{ STR("VERSION_ID"), &os.version },
		{ STR("PRETTY_NAME"), &os.name },
		{ STR("VERSION_CODENAME"), &os.codename },
		{ STR("ID_LIKE"), &os.id_like },
	};
	struct str line, key, value;

	while (str_line(&text, &line)) {
		if (!str_split(str_trim(line), '=', &key, &value))
			continue;
		for (size_t i = 0; i < COUNT(keys); i++) {
			if (str_eq(key, keys[i].key))
				*keys[i].value = value_read(value, a);
		}
	}
	if (os.id.len == 0)
		return false;
	os.id = lower(a, os.id);
	*out = os;
	return true;
}

struct str
os_key(const struct os_release *os, struct arena *a)
{
	/* Feeds name the stable branch: of these only the major version counts, of Alpine the first two. */
	static const char *const major_only[] = { "almalinux", "rocky",  "rhel", "centos",
						  "ol",        "debian", "amzn", "azurelinux" };
	struct str version = os->version, id = os->id, before, pack;
	size_t parts = 0;

	/* Azure Linux 2 was called so. */
	if (str_eq(id, STR("mariner")))
		id = STR("azurelinux");
	/* Its service packs are releases of their own, which only "openEuler 22.03 (LTS-SP3)" tells apart. */
	if (str_eq(id, STR("openeuler")) && str_split(os->name, '(', &before, &pack) && str_ends(pack, STR(")")))
		version = arena_printf(a, "%.*s-%.*s", STR_ARG(version), STR_ARG(str_head(pack, pack.len - 1)));

	for (size_t i = 0; i < COUNT(major_only); i++) {
		if (str_eq(id, str_of(major_only[i])))
			parts = 1;
	}
	if (str_eq(id, STR("alpine")))
		parts = 2;
	for (size_t i = 0; parts > 0 && i < version.len; i++) {
		if (version.ptr[i] == '.' && --parts == 0)
			version.len = i;
	}
	if (version.len == 0)
		return arena_printf(a, "%.*s", STR_ARG(id));
	return arena_printf(a, "%.*s:%.*s", STR_ARG(id), STR_ARG(version));
}
