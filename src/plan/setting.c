#include "plan/setting.h"

static const char *const names[SETTING_STATES] = { "in-force", "conflict", "not-applicable", "failed" };

const char *
setting_state_name(enum setting_state s)
{
	return names[s];
}

bool
setting_state_parse(struct str name, enum setting_state *out)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		if (str_eq(name, str_of(names[i]))) {
			*out = (enum setting_state)i;
			return true;
		}
	}
	return false;
}

/* ---- faillock.conf ---- */

static struct str
without_comment(struct str line)
{
	ptrdiff_t hash = str_find_char(line, '#');
	return str_trim(hash >= 0 ? str_head(line, (size_t)hash) : line);
}

static bool
parts(char c)
{
	return c == ' ' || c == '\t' || c == '=';
}

static size_t
key_length(struct str line)
{
	size_t n = 0;
	while (n < line.len && !parts(line.ptr[n]))
		n++;
	return n;
}

struct str
faillock_line(struct str text, struct str key)
{
	struct str line, found = STR_NONE;
	while (str_line(&text, &line)) {
		struct str s = without_comment(line);
		if (str_eq(str_head(s, key_length(s)), key))
			found = line;
	}
	return found;
}

struct str
faillock_value(struct str line)
{
	struct str s = without_comment(line);
	s = str_skip(s, key_length(s));
	while (s.len > 0 && parts(s.ptr[0]))
		s = str_skip(s, 1);
	return s;
}

struct str
faillock_put(struct arena *a, struct str text, struct str key, struct str line)
{
	struct str old = faillock_line(text, key);
	if (!old.ptr) {
		const char *between = text.len > 0 && text.ptr[text.len - 1] != '\n' ? "\n" : "";
		if (line.len == 0)
			return text;
		return arena_printf(a, "%.*s%s%.*s\n", STR_ARG(text), between, STR_ARG(line));
	}
	struct str before = str_head(text, (size_t)(old.ptr - text.ptr));
	struct str after = str_skip(text, before.len + old.len);
	if (line.len == 0 && after.len > 0 && after.ptr[0] == '\n')
		after = str_skip(after, 1);
	return arena_printf(a, "%.*s%.*s%.*s", STR_ARG(before), STR_ARG(line), STR_ARG(after));
}

bool
faillock_used(struct str pam, struct str *own)
{
	static const char *const keys[] = { "deny=", "fail_interval=", "unlock_time=", "conf=" };
	struct str line, word;
	bool used = false;

	*own = STR_NONE;
	while (str_line(&pam, &line)) {
		struct str rest = without_comment(line);
		bool here = false;
		while (str_word(&rest, &word)) {
			here = here || str_ends(word, STR("pam_faillock.so"));
			for (size_t i = 0; here && i < COUNT(keys); i++)
				if (str_starts(word, str_of(keys[i])))
					*own = word;
		}
		used = used || here;
	}
	return used;
}

/* ---- smb.conf ---- */

/* Samba reads names without regard to case and blanks. */
static bool
same_name(struct str name, const char *wanted)
{
	size_t k = 0, n = strlen(wanted);
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (c == ' ' || c == '\t')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (k >= n || c != wanted[k++])
			return false;
	}
	return k == n;
}

struct samba_scan {
	struct str line, value; /* of the one that counts; ptr NULL: none */
	bool elsewhere;
	const char *behind; /* behind the first header of [global], NULL: there is none */
};

static void
samba_scan(struct str conf, struct samba_scan *out)
{
	static const char *const minimum[] = { "serverminprotocol", "minprotocol" };
	static const char *const other[] = { "include", "configbackend", "registryshares", "configfile" };
	struct str whole, line, name, value;
	bool global = true; /* what stands before the first section counts as such */

	*out = (struct samba_scan){ 0 };
	while (str_line(&conf, &whole)) {
		line = str_trim(whole);
		if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
			continue;
		if (line.ptr[0] == '[') {
			global = same_name(str_head(str_skip(line, 1), line.len - 2), "global");
			if (global && !out->behind)
				out->behind = conf.ptr;
			continue;
		}
		if (!global || !str_split(line, '=', &name, &value))
			continue;
		for (size_t i = 0; i < COUNT(minimum); i++) {
			if (!same_name(name, minimum[i]))
				continue;
			out->line = whole;
			out->value = str_trim(value);
		}
		for (size_t i = 0; i < COUNT(other); i++)
			out->elsewhere = out->elsewhere || same_name(name, other[i]);
	}
}

struct str
samba_protocol(struct str conf, bool *elsewhere)
{
	struct samba_scan s;
	samba_scan(conf, &s);
	*elsewhere = s.elsewhere;
	return s.value;
}

struct str
samba_line(struct str conf)
{
	struct samba_scan s;
	samba_scan(conf, &s);
	return s.line;
}

struct str
samba_put(struct arena *a, struct str conf, struct str line)
{
	struct samba_scan s;
	samba_scan(conf, &s);
	if (!s.line.ptr) {
		size_t at = s.behind ? (size_t)(s.behind - conf.ptr) : 0;
		const char *between = at > 0 && conf.ptr[at - 1] != '\n' ? "\n" : "";
		if (line.len == 0)
			return conf;
		return arena_printf(a, "%.*s%s%.*s\n%.*s", STR_ARG(str_head(conf, at)), between, STR_ARG(line),
				    STR_ARG(str_skip(conf, at)));
	}
	struct str before = str_head(conf, (size_t)(s.line.ptr - conf.ptr));
	struct str after = str_skip(conf, before.len + s.line.len);
	if (line.len == 0 && after.len > 0 && after.ptr[0] == '\n')
		after = str_skip(after, 1);
	return arena_printf(a, "%.*s%.*s%.*s", STR_ARG(before), STR_ARG(line), STR_ARG(after));
}

bool
samba_protocol_old(struct str protocol)
{
	static const char *const old[] = { "core", "coreplus", "core+", "lanman1", "lanman2", "nt1", "corplus" };
	for (size_t i = 0; i < COUNT(old); i++)
		if (same_name(protocol, old[i]))
			return true;
	return false;
}

/* ---- xrdp.ini ---- */

/* "3389", "tcp://:3389", "tcp6://[::]:3389"; not "vsock://-1:3389" nor a path of a socket. */
static bool
xrdp_port(struct str word, uint16_t *out)
{
	uint64_t n;
	ptrdiff_t colon = str_rfind_char(word, ':');
	if (str_starts(word, STR("vsock:")) || str_find_char(word, '/') == 0 || str_starts(word, STR("unix:")))
		return false;
	if (colon >= 0)
		word = str_skip(word, (size_t)colon + 1);
	if (!str_to_u64(word, &n) || n < 1 || n > 65535)
		return false;
	*out = (uint16_t)n;
	return true;
}

size_t
xrdp_ports(struct str ini, uint16_t out[static XRDP_PORTS_MAX])
{
	struct str line, key, value, word;
	bool globals = false;
	size_t count = 0;
	while (str_line(&ini, &line)) {
		line = str_trim(line);
		if (line.len > 0 && line.ptr[0] == '[') {
			globals = same_name(str_head(str_skip(line, 1), line.len - 2), "globals");
			continue;
		}
		if (!globals || !str_split(line, '=', &key, &value) || !same_name(str_trim(key), "port"))
			continue;
		count = 0; /* the last one counts */
		while (str_word(&value, &word) && count < XRDP_PORTS_MAX)
			count += xrdp_port(word, &out[count]);
	}
	if (count == 0)
		out[count++] = 3389;
	return count;
}
