/* Possible CVEs and dates of support (exposure/enrich-vuln.h). Answers are kept: a scan has few products and many banners. */
#include "exposure/enrich-vuln.h"

#include "base/table.h"
#include "base/time.h"
#include "vuln/index.h"
#include "vuln/record.h"
#include "vuln/software.h"

#include <pthread.h>

enum { KEPT_MAX = 100000, CPES_MAX = 8, SURE_CPE = 50, SURE_NAME = 35 };

struct product_row {
	struct str name, cpe;
};

struct enrich_vuln {
	struct arena arena;
	struct vuln_index *index;
	ARRAY_OF(struct product_row) products;
	pthread_mutex_t lock; /* of what follows */
	struct arena kept;
	struct table answers; /* question to struct possible */
	size_t count;
};

static void
read_products(struct enrich_vuln *v, struct str text)
{
	struct str line, name, cpe;

	(void)str_line(&text, &line);
	while (str_line(&text, &line))
		if (str_split(line, ',', &name, &cpe))
			*ARRAY_PUSH(&v->arena, &v->products) =
				(struct product_row){ arena_str(&v->arena, name), arena_str(&v->arena, cpe) };
}

bool
enrich_vuln_open(const char *data, struct str products, struct enrich_vuln **out, struct err *e)
{
	struct enrich_vuln *v = xcalloc(1, sizeof(*v));
	struct err why = { 0 };

	*out = NULL;
	pthread_mutex_init(&v->lock, NULL);
	if (!vuln_index_open(data, &v->index, &why)) {
		enrich_vuln_close(v);
		return why.code == ERR_NOT_FOUND || err_set(e, why.code, "%s", why.text);
	}
	read_products(v, products);
	*out = v;
	return true;
}

void
enrich_vuln_close(struct enrich_vuln *v)
{
	if (!v)
		return;
	vuln_index_close(v->index);
	pthread_mutex_destroy(&v->lock);
	table_free(&v->answers);
	arena_free(&v->kept);
	arena_free(&v->arena);
	free(v);
}

uint64_t
enrich_vuln_generation(const struct enrich_vuln *v)
{
	return vuln_index_generation(v->index);
}

/* ---- possible CVEs ---- */

/* "9.2p1 Debian 2+deb12u1" is 9.2p1 to the feeds. */
static struct str
plain_version(struct str version)
{
	struct str word = STR(""), rest = version;

	(void)str_word(&rest, &word);
	if (word.len == 0 || word.len > 60 || word.ptr[0] < '0' || word.ptr[0] > '9')
		return STR("");
	return word;
}

static size_t
cpes_of(const struct enrich_vuln *v, struct str product, struct str version, struct arena *a, struct software *list)
{
	size_t n = 0;

	for (size_t i = 0; i < v->products.count && n < CPES_MAX; i++) {
		const struct product_row *row = &v->products.items[i];
		if (str_eq_nocase(row->name, product))
			list[n++] = (struct software){
				.name = product,
				.version = version,
				.cpe = arena_printf(a, "cpe:/%.*s:%.*s", STR_ARG(row->cpe), STR_ARG(version)),
			};
	}
	return n;
}

static void
compute(const struct enrich_vuln *v, const struct software *list, size_t count, unsigned sure, struct arena *a,
	struct possible *out)
{
	struct software_result r;
	struct err e = { 0 };

	*out = (struct possible){ .confidence = sure };
	if (count == 0 || !software_match(v->index, list, count, clock_now(&clock_system), a, &r, &e))
		return;
	for (size_t i = 0; i < r.count && out->count < POSSIBLE_MAX; i++) {
		struct str id = r.findings[i].finding.vulnerability.id;
		bool known = false;
		for (size_t k = 0; k < out->count && !known; k++)
			known = str_eq(out->ids[k], id);
		if (!known && str_starts(id, STR("CVE-")))
			out->ids[out->count++] = id;
	}
}

static void
keep(struct enrich_vuln *v, struct str question, const struct possible *p)
{
	if (v->count >= KEPT_MAX)
		return;
	struct possible *copy = ARENA_NEW(&v->kept, struct possible);
	*copy = *p;
	for (size_t i = 0; i < copy->count; i++)
		copy->ids[i] = arena_str(&v->kept, copy->ids[i]);
	*table_put(&v->answers, arena_str(&v->kept, question), NULL) = copy;
	v->count++;
}

void
enrich_vuln_find(struct enrich_vuln *v, const struct str *cpes, size_t cpe_count, struct str product,
		 struct str version, struct possible *out)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO question = { 0 };
	struct software list[CPES_MAX];
	struct str plain = plain_version(version);
	size_t n = 0;

	*out = (struct possible){ 0 };
	/* Names of systems are left to their own advisories. */
	for (size_t i = 0; i < cpe_count && n < CPES_MAX; i++)
		if (str_starts(cpes[i], STR("cpe:/a:")) || str_starts(cpes[i], STR("cpe:2.3:a:")))
			list[n++] = (struct software){ .name = product, .version = plain, .cpe = cpes[i] };
	unsigned sure = n > 0 ? SURE_CPE : SURE_NAME;
	if (n == 0 && plain.len > 0)
		n = cpes_of(v, product, plain, &a, list);
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		buf_addf(&question, "%.*s\n", STR_ARG(list[i].cpe));
	buf_addf(&question, "%.*s", STR_ARG(plain));
	pthread_mutex_lock(&v->lock);
	const struct possible *known = table_get(&v->answers, buf_str(&question));
	if (known) {
		*out = *known;
	} else {
		compute(v, list, n, sure, &a, out);
		keep(v, buf_str(&question), out);
		known = table_get(&v->answers, buf_str(&question));
		*out = known ? *known : (struct possible){ 0 };
	}
	pthread_mutex_unlock(&v->lock);
}

/* ---- support ---- */

static const struct {
	const char *name, *product;
} systems[] = { { "ubuntu", "ubuntu" },
		{ "debian", "debian" },
		{ "centos", "centos" },
		{ "red hat enterprise linux", "rhel" },
		{ "rhel", "rhel" },
		{ "rocky linux", "rocky-linux" },
		{ "almalinux", "almalinux" },
		{ "alpine linux", "alpine-linux" },
		{ "oracle linux", "oracle-linux" },
		{ "windows server", "windows-server" },
		{ "freebsd", "freebsd" } };

/* "20.04" of "Ubuntu 20.04.6 LTS", "2012-r2" of "Windows Server 2012 R2 Standard". */
static void
cycles_of(struct str rest, struct arena *a, struct str cycles[3])
{
	struct str word, next, major = STR(""), minor, more;

	while (str_word(&rest, &word))
		if (word.ptr[0] >= '0' && word.ptr[0] <= '9')
			break;
	cycles[0] = cycles[1] = cycles[2] = STR("");
	if (word.len == 0 || word.ptr[0] < '0' || word.ptr[0] > '9')
		return;
	cycles[1] = word;
	if (str_word(&rest, &next) && str_eq_nocase(next, STR("r2")))
		cycles[0] = arena_printf(a, "%.*s-r2", STR_ARG(word));
	if (str_split(word, '.', &major, &minor)) {
		(void)str_split(minor, '.', &minor, &more);
		cycles[0] = cycles[1];
		cycles[1] = arena_printf(a, "%.*s.%.*s", STR_ARG(major), STR_ARG(minor));
		cycles[2] = major;
	}
}

bool
enrich_vuln_support(const struct enrich_vuln *v, struct str os, int64_t *mainstream, int64_t *ended)
{
	ARENA_AUTO a = { 0 };
	struct str cycles[3];

	for (size_t i = 0; i < COUNT(systems); i++) {
		struct str name = str_of(systems[i].name);
		if (os.len <= name.len || !str_eq_nocase(str_head(os, name.len), name))
			continue;
		cycles_of(str_skip(os, name.len), &a, cycles);
		for (size_t k = 0; k < COUNT(cycles); k++) {
			const struct index_cycle *c =
				cycles[k].len > 0 ? index_find_cycle(v->index, str_of(systems[i].product), cycles[k])
						  : NULL;
			if (!c || c->eol == 0)
				continue;
			*ended = c->eol;
			*mainstream = c->support > EOL_PAST && c->support < c->eol ? c->support : c->eol;
			return true;
		}
	}
	return false;
}
