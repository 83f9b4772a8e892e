#define PCRE2_CODE_UNIT_WIDTH 8
#include "exposure/enrich-regex.h"

#include "base/buf.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdatomic.h>

#define MATCH_LIMIT 200000

struct regex {
	char *pattern; /* ours */
	uint32_t options;
	_Atomic(pcre2_code *) code[2]; /* for bytes; for characters of UTF-8 */
	pthread_mutex_t lock;
};

/* ---- dialect ---- */

/* "(?mi-x" of Ruby: m means that a dot takes line ends. */
static size_t
translate_flags(struct str p, size_t i, struct buf *out)
{
	buf_add(out, STR("(?"));
	for (i += 2; i < p.len && strchr("imsx-", p.ptr[i]) && p.ptr[i]; i++)
		buf_add_char(out, p.ptr[i] == 'm' ? 's' : p.ptr[i]);
	return i;
}

static void
translate(struct str p, struct buf *out)
{
	bool in_class = false;

	for (size_t i = 0; i < p.len;) {
		char c = p.ptr[i], next = i + 1 < p.len ? p.ptr[i + 1] : 0;
		if (!in_class && str_starts(str_skip(p, i), STR("(.+)*"))) {
			/* The same, but without two to the power of the text's length ways to split it. */
			buf_add(out, STR("(.*)"));
			i += 5;
		} else if (c == '\\' && next) {
			if (next == 'h')
				buf_add(out, in_class ? STR("0-9a-fA-F") : STR("[0-9a-fA-F]"));
			else if (next == 'Z')
				buf_add(out, STR("(?=\\n?\\z)"));
			else
				buf_add(out, str_sub(p.ptr + i, 2));
			i += 2;
		} else if (!in_class && c == '(' && next == '?' && i + 2 < p.len && strchr("imsx-", p.ptr[i + 2])) {
			i = translate_flags(p, i, out);
		} else {
			if (c == '[')
				in_class = true;
			else if (c == ']')
				in_class = false;
			buf_add_char(out, c);
			i++;
		}
	}
}

/* ---- compiling ---- */

static pcre2_code *
compile(const char *pattern, uint32_t options, int *code, size_t *at)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *out;
	PCRE2_SIZE offset = 0;

	if (!context)
		abort();
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_max_pattern_length(context, REGEX_PATTERN_MAX * 2);
	out = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, code, &offset, context);
	pcre2_compile_context_free(context);
	*at = offset;
	return out;
}

bool
regex_new(struct str pattern, unsigned flags, struct regex **out, struct err *e)
{
	BUF_AUTO ours = { 0 };
	uint32_t options = PCRE2_NEVER_UCP;
	int code;
	size_t at;

	if (pattern.len == 0 || pattern.len > REGEX_PATTERN_MAX || memchr(pattern.ptr, 0, pattern.len))
		return err_set(e, ERR_INPUT, "a pattern is empty, or longer than %d bytes", REGEX_PATTERN_MAX);
	if (flags & REGEX_RUBY) {
		translate(pattern, &ours);
		options |= PCRE2_MULTILINE;
	} else {
		buf_add(&ours, pattern);
	}
	if (flags & REGEX_ICASE)
		options |= PCRE2_CASELESS;
	if (flags & REGEX_DOTALL)
		options |= PCRE2_DOTALL;
	pcre2_code *compiled = compile(buf_cstr(&ours), options, &code, &at);
	if (!compiled) {
		char why[200];
		pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
		return err_set(e, ERR_INPUT, "the pattern %.*s cannot be read at place %zu: %s", STR_ARG(pattern), at,
			       why);
	}
	pcre2_code_free(compiled); /* that it can be is known; what is never met costs no memory */
	struct regex *r = xcalloc(1, sizeof(*r));
	r->pattern = xstrdup(buf_cstr(&ours));
	r->options = options;
	pthread_mutex_init(&r->lock, NULL);
	*out = r;
	return true;
}

void
regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_code_free(r->code[0]);
	pcre2_code_free(r->code[1]);
	pthread_mutex_destroy(&r->lock);
	free(r->pattern);
	free(r);
}

/* NULL: a pattern that is no UTF-8 has no form for characters. */
static pcre2_code *
ready(struct regex *r, bool utf)
{
	pcre2_code *code = atomic_load_explicit(&r->code[utf], memory_order_acquire);
	uint32_t options = r->options | (utf ? PCRE2_UTF | PCRE2_MATCH_INVALID_UTF : 0);
	int why;
	size_t at;

	if (code || (utf && !str_is_utf8(str_of(r->pattern))))
		return code;
	pthread_mutex_lock(&r->lock);
	code = atomic_load_explicit(&r->code[utf], memory_order_acquire);
	if (!code) {
		code = compile(r->pattern, options, &why, &at);
		/* Without JIT (some kernels forbid it) matching is slower and right. */
		if (code)
			(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
		atomic_store_explicit(&r->code[utf], code, memory_order_release);
	}
	pthread_mutex_unlock(&r->lock);
	return code;
}

static int
match_as(struct regex *r, bool utf, struct str text, pcre2_match_data *data)
{
	pcre2_match_context *context;
	pcre2_code *code = ready(r, utf);
	int n;

	if (!code)
		return PCRE2_ERROR_NOMATCH;
	context = pcre2_match_context_create(NULL);
	if (!context)
		abort();
	pcre2_set_match_limit(context, MATCH_LIMIT);
	n = pcre2_match(code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0, 0, data, context);
	pcre2_match_context_free(context);
	return n;
}

static bool
is_ascii(struct str s)
{
	size_t i = 0;
	uint64_t v;

	for (; s.len - i >= 8; i += 8) {
		memcpy(&v, s.ptr + i, 8);
		if (v & 0x8080808080808080u)
			return false;
	}
	for (; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

bool
regex_match(struct regex *r, struct str text, struct str groups[REGEX_GROUPS])
{
	pcre2_match_data *data = pcre2_match_data_create(REGEX_GROUPS, NULL);
	int n;

	if (!data)
		abort();
	/* Rules are written for bytes and for characters: "." is either. */
	n = match_as(r, false, text, data);
	if (n < 0 && !is_ascii(text))
		n = match_as(r, true, text, data);
	if (n == 0)
		n = REGEX_GROUPS;
	PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
	for (int i = 0; n > 0 && i < REGEX_GROUPS; i++)
		groups[i] = i < n && ends[2 * i] != PCRE2_UNSET && ends[2 * i + 1] >= ends[2 * i]
				    ? str_sub(text.ptr + ends[2 * i], ends[2 * i + 1] - ends[2 * i])
				    : STR_NONE;
	pcre2_match_data_free(data);
	return n > 0;
}

/* ---- what must be there ---- */

enum { REQUIRED_DEPTH = 20, REQUIRED_MAX = 64 };

struct need { /* one of these is there; count 0: unknown */
	struct str items[REQUIRED_MAX];
	size_t count, shortest;
};

struct reader {
	struct arena *a;
	struct str p;
	size_t at;
	unsigned depth;
	bool lost; /* something that is not understood: nothing is said */
};

static void
need_better(struct need *best, const struct need *other)
{
	if (other->count > 0 && (best->count == 0 || other->shortest > best->shortest))
		*best = *other;
}

static void
need_run(struct need *best, struct reader *r, struct buf *run)
{
	struct need n = { .count = 1, .shortest = run->len };

	if (run->len > 0) {
		n.items[0] = arena_str(r->a, buf_str(run));
		need_better(best, &n);
	}
	buf_truncate(run, 0);
}

/* Past a quantifier; true: what stands before it may be missing altogether. *repeats: it may stand there again. */
static bool
quantifier(struct reader *r, bool *repeats)
{
	char c = r->at < r->p.len ? r->p.ptr[r->at] : 0;
	bool missing = false;

	*repeats = c && strchr("?*+{", c);
	if (c == '{') {
		struct str rest = str_skip(r->p, r->at + 1);
		ptrdiff_t end = str_find_char(rest, '}');
		/* Not a quantifier but the character, unless a number follows. */
		if (end <= 0 || rest.ptr[0] < '0' || rest.ptr[0] > '9') {
			*repeats = end > 0 && rest.ptr[0] == ',';
			if (!*repeats)
				return false;
		}
		missing = rest.ptr[0] == '0' || rest.ptr[0] == ',';
		r->at += (size_t)end + 2;
	} else if (*repeats) {
		missing = c != '+';
		r->at++;
	}
	if (*repeats && r->at < r->p.len && (r->p.ptr[r->at] == '?' || r->p.ptr[r->at] == '+'))
		r->at++;
	return missing;
}

/* Past a class. */
static void
class_skip(struct reader *r)
{
	r->at++;
	if (r->at < r->p.len && r->p.ptr[r->at] == '^')
		r->at++;
	if (r->at < r->p.len && r->p.ptr[r->at] == ']')
		r->at++;
	while (r->at < r->p.len && r->p.ptr[r->at] != ']') {
		if (r->p.ptr[r->at] == '[') /* a class in a class, [:alpha:] */
			r->lost = true;
		r->at += r->p.ptr[r->at] == '\\' ? 2 : 1;
	}
	r->at++;
}

static void alternatives(struct reader *r, struct need *out);

/* At "(": its need; *open: a group that takes no place in the text or is of a kind that says nothing. */
static void
group_read(struct reader *r, struct need *out)
{
	struct str rest = str_skip(r->p, r->at);
	bool says_nothing = false;

	r->at++;
	if (str_starts(rest, STR("(?"))) {
		char kind = rest.len > 2 ? rest.ptr[2] : 0;
		if (kind == ':' || kind == '>') {
			r->at += 2;
		} else if (kind == '<' && rest.len > 3 && rest.ptr[3] != '=' && rest.ptr[3] != '!') {
			ptrdiff_t end = str_find_char(rest, '>');
			r->lost |= end < 0;
			r->at += end < 0 ? 0 : (size_t)end;
		} else {
			ptrdiff_t colon = 2;
			while ((size_t)colon < rest.len && strchr("imsx-", rest.ptr[colon]) && rest.ptr[colon])
				colon++;
			if ((size_t)colon < rest.len && rest.ptr[colon] == ')' && colon > 2) {
				r->at += (size_t)colon; /* "(?i)": flags alone */
				memset(out, 0, sizeof(*out));
				return;
			}
			says_nothing = (size_t)colon >= rest.len || rest.ptr[colon] != ':';
			r->at += (size_t)colon;
		}
	}
	alternatives(r, out);
	if (r->at >= r->p.len)
		r->lost = true;
	r->at++;
	if (says_nothing)
		memset(out, 0, sizeof(*out));
}

/* One escape: a character of the run, or something else (false). */
static bool
escape_read(struct reader *r, struct buf *run)
{
	char c = r->at + 1 < r->p.len ? r->p.ptr[r->at + 1] : 0;

	r->at += 2;
	if (c && !strchr("0123456789", c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
		buf_add_char(run, c);
		return true;
	}
	if (c && strchr("xukgpPQEoNc", c))
		r->lost = true; /* takes more text than it shows */
	return false;
}

static void
sequence(struct reader *r, struct need *best)
{
	BUF_AUTO run = { 0 };
	bool repeats;

	memset(best, 0, sizeof(*best));
	while (!r->lost && r->at < r->p.len && r->p.ptr[r->at] != '|' && r->p.ptr[r->at] != ')') {
		char c = r->p.ptr[r->at];
		struct need inner = { 0 };
		bool literal = false;
		if (c == '(') {
			need_run(best, r, &run);
			group_read(r, &inner);
		} else if (c == '[') {
			need_run(best, r, &run);
			class_skip(r);
		} else if (c == '\\') {
			literal = escape_read(r, &run);
		} else if (strchr("^$.", c)) {
			r->at++;
		} else {
			buf_add_char(&run, c);
			r->at++;
			literal = true;
		}
		bool missing = quantifier(r, &repeats);
		if (literal && missing)
			buf_truncate(&run, run.len - 1);
		if (!literal || repeats)
			need_run(best, r, &run);
		if (!missing)
			need_better(best, &inner);
	}
	need_run(best, r, &run);
}

static void
alternatives(struct reader *r, struct need *out)
{
	bool unknown = false;

	memset(out, 0, sizeof(*out));
	if (r->depth++ == REQUIRED_DEPTH)
		r->lost = true;
	while (!r->lost) {
		struct need one;
		sequence(r, &one);
		if (one.count == 0 || out->count + one.count > REQUIRED_MAX) {
			unknown = true;
		} else {
			out->shortest = out->count == 0 || one.shortest < out->shortest ? one.shortest : out->shortest;
			memcpy(out->items + out->count, one.items, one.count * sizeof(one.items[0]));
			out->count += one.count;
		}
		if (r->at >= r->p.len || r->p.ptr[r->at] != '|')
			break;
		r->at++;
	}
	r->depth--;
	if (unknown || r->lost)
		memset(out, 0, sizeof(*out));
}

size_t
regex_required(struct str pattern, struct arena *a, regex_literals *out)
{
	struct reader r = { .a = a, .p = pattern };
	struct need *n = ARENA_NEW(a, struct need);

	out->count = 0;
	/* (?x) changes what blanks mean, and \Q what everything does. */
	if (str_contains(pattern, STR("(?x")) || str_contains(pattern, STR("\\Q")))
		return 0;
	alternatives(&r, n);
	if (r.lost || r.at != pattern.len)
		return 0;
	for (size_t i = 0; i < n->count; i++)
		*ARRAY_PUSH(a, out) = n->items[i];
	return n->count;
}
