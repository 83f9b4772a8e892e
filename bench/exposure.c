/* Records for bench/exposure.py, and the engine timed without a process around it.
 *
 *   bench-exposure generate flat|nested COUNT >FILE   JSON Lines; the same bytes every time
 *   bench-exposure import|enrich DATA FILE            {"seconds","cpu","memory",…,"steps":[the same after each million records]}
 *   bench-exposure query DATA                         queries on standard input; JSON Lines {"query","best_ms","cpu_ms","answer"} */
#include "exposure/importer.h"
#include "exposure/query.h"

#include "base/json.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static uint64_t state = 0x2545f4914f6cdd1du;

static uint64_t
next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* 0…n−1, small numbers more often: Zipf's law roughly. */
static size_t
skewed(size_t n)
{
	size_t a = next_random() % n, b = next_random() % n;
	return next_random() % 3 ? (a < b ? a : b) : a * b / n;
}

static const char *const countries[] = { "US", "CN", "DE", "JP", "GB", "FR", "BR", "RU", "KR", "IT",
					 "CA", "NL", "IN", "AU", "ES", "PL", "TW", "SE", "MX", "AR",
					 "CH", "TR", "UA", "VN", "ID", "TH", "ZA", "BE", "AT", "CZ",
					 "RO", "HK", "NO", "DK", "FI", "GR", "PT", "HU", "IL", "SG" };
static const char *const systems[] = { "Linux",
				       "Windows Server 2016",
				       "Windows Server 2012 R2",
				       "Ubuntu",
				       "Windows Server 2008 R2",
				       "Debian",
				       "CentOS",
				       "FreeBSD",
				       "Windows 7",
				       "Windows XP",
				       "Windows Server 2003",
				       "Cisco IOS" };
static const char *const products[] = {
	"nginx",         "Apache httpd", "Microsoft IIS httpd", "OpenSSH", "Postfix smtpd", "MySQL",
	"Exim smtpd",    "lighttpd",     "Dropbear sshd",       "ProFTPD", "vsftpd",        "Orthanc",
	"Microsoft RDP", "Samba smbd",   "PostgreSQL",          "Redis"
};
static const unsigned ports[] = { 80,  443, 22,  25,  3306,  21,  8080, 3389, 445,  8443,
				  110, 143, 993, 995, 11112, 104, 5432, 6379, 8000, 161 };
static const char *const words[] = {
	"server",  "welcome", "login",    "system",  "portal",   "service",  "access",   "network", "secure",
	"index",   "page",    "default",  "admin",   "user",     "password", "session",  "cookie",  "cache",
	"control", "private", "length",   "accept",  "encoding", "language", "content",  "type",    "text",
	"charset", "utf8",    "html",     "version", "build",    "release",  "update",   "device",  "router",
	"camera",  "printer", "gateway",  "mail",    "message",  "queue",    "database", "storage", "backup",
	"remote",  "desktop", "terminal", "office",  "clinic",   "center",   "medical",  "image",   "viewer",
	"archive", "patient", "record",   "study",   "series",   "modality",
};
static const char *const japanese[] = { "内科",       "外科",     "皮膚科",     "眼科",     "小児科",
					"循環器内科", "整形外科", "受付",       "予約",     "病院",
					"医院",       "診療所",   "電子カルテ", "画像診断", "管理画面" };

/* About 200 bytes: an HTTP answer with words, seldom a specialty, sometimes Japanese without blanks. */
static void
banner_text(struct buf *b)
{
	uint64_t r = next_random();

	buf_addf(b, "HTTP/1.1 %s\r\nServer: %s/%u.%u.%u\r\n", r % 5 ? "200 OK" : "404 Not Found",
		 r % 3 ? "nginx" : "Apache", (unsigned)(r >> 8) % 3, (unsigned)(r >> 12) % 25,
		 (unsigned)(r >> 20) % 40);
	buf_addf(b, "Content-Length: %u\r\nETag: \"%08x\"\r\n\r\n", (unsigned)(r >> 24) % 90000,
		 (unsigned)next_random());
	for (unsigned n = 9 + (unsigned)(r >> 40) % 9; n > 0; n--)
		buf_addf(b, "%s ", words[skewed(COUNT(words))]);
	if (next_random() % 1000 == 0)
		buf_addf(b, "dermatology ");
	if (next_random() % 50 == 0) {
		for (unsigned n = 2 + next_random() % 3; n > 0; n--)
			buf_addf(b, "%s", japanese[skewed(COUNT(japanese))]);
		buf_addf(b, "のご案内");
	}
}

static void
put_text(struct json_writer *w, const char *key)
{
	BUF_AUTO text = { 0 };
	banner_text(&text);
	json_put_str(w, key, buf_str(&text));
}

static void
put_common(struct json_writer *w, bool nested)
{
	char when[TIME_RFC3339_MAX], text[64];
	uint64_t r = next_random();
	size_t org = skewed(5000);

	/* Eight million addresses, so that some have several services. */
	uint32_t ip = 0x0b000000u + (uint32_t)(r % 8000000) * 211u;
	snprintf(text, sizeof(text), "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
	json_put_cstr(w, nested ? "ip_str" : "ip", text);
	json_put_i64(w, "port", ports[skewed(COUNT(ports))]);
	json_put_cstr(w, "timestamp", time_rfc3339(1700000000000 + (int64_t)(next_random() % 31536000) * 1000, when));
	snprintf(text, sizeof(text), "%s %zu", org % 7 ? "Example Networks" : "General Hospital", org);
	json_put_cstr(w, "org", text);
	json_put_cstr(w, "os", systems[skewed(COUNT(systems))]);
	json_put_cstr(w, "product", products[skewed(COUNT(products))]);
	snprintf(text, sizeof(text), "%u.%u.%u", (unsigned)(r >> 40) % 4, (unsigned)(r >> 44) % 20,
		 (unsigned)(r >> 50) % 10);
	json_put_cstr(w, "version", text);
}

static void
put_flat(struct json_writer *w)
{
	json_begin_object(w);
	put_common(w, false);
	json_put_cstr(w, "country", countries[skewed(COUNT(countries))]);
	json_put_bool(w, "tls", next_random() % 3 == 0);
	put_text(w, "banner");
	json_end_object(w);
}

/* Shodan's form. */
static void
put_nested(struct json_writer *w)
{
	char id[40];

	json_begin_object(w);
	put_common(w, true);
	json_put_cstr(w, "transport", "tcp");
	json_put_i64(w, "hash", (int32_t)next_random());
	json_key(w, "location");
	json_begin_object(w);
	json_put_cstr(w, "country_code", countries[skewed(COUNT(countries))]);
	json_put_cstr(w, "city", words[skewed(COUNT(words))]);
	json_key(w, "latitude");
	json_double(w, (double)(next_random() % 18000) / 100 - 90, 4);
	json_key(w, "longitude");
	json_double(w, (double)(next_random() % 36000) / 100 - 180, 4);
	json_end_object(w);
	json_key(w, "hostnames");
	json_begin_array(w);
	snprintf(id, sizeof(id), "host%llu.example.jp", (unsigned long long)(next_random() % 1000000));
	json_cstr(w, id);
	json_end_array(w);
	json_key(w, "domains");
	json_begin_array(w);
	json_cstr(w, "example.jp");
	json_end_array(w);
	json_key(w, "_shodan");
	json_begin_object(w);
	snprintf(id, sizeof(id), "%016llx", (unsigned long long)next_random());
	json_put_cstr(w, "id", id);
	json_put_cstr(w, "module", "http");
	json_put_cstr(w, "crawler", "c9b639b99e5410a46f656e1508a68f1e6e5d6f99");
	json_put_bool(w, "ptr", true);
	json_key(w, "options");
	json_begin_object(w);
	json_end_object(w);
	json_end_object(w);
	if (next_random() % 3 == 0) {
		json_key(w, "ssl");
		json_begin_object(w);
		json_key(w, "versions");
		json_begin_array(w);
		json_cstr(w, "TLSv1.2");
		json_cstr(w, "-SSLv3");
		json_end_array(w);
		json_end_object(w);
	}
	json_key(w, "isp");
	json_null(w);
	put_text(w, "data");
	json_end_object(w);
}

static int
generate(bool nested, uint64_t count)
{
	BUF_AUTO line = { 0 };
	struct json_writer w = { .out = &line };

	for (uint64_t i = 0; i < count; i++) {
		w.comma = false;
		line.len = 0;
		if (nested)
			put_nested(&w);
		else
			put_flat(&w);
		buf_add_char(&line, '\n');
		if (fwrite(line.ptr, 1, line.len, stdout) != line.len)
			return 4;
	}
	return fflush(stdout) == 0 ? 0 : 4;
}

static double
seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Processor time of all threads. */
static double
worked(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
complain(const struct err *e)
{
	fprintf(stderr, "bench-exposure: %s\n", e->text);
	return 1;
}

/* Cost of each million records while they are read. */
enum { STEP_RECORDS = 1000000, STEPS_MAX = 1000 };

struct step {
	uint64_t records;
	double seconds, cpu;
	long long memory; /* peak so far */
};

struct importing {
	double start;
	struct step steps[STEPS_MAX];
	size_t count;
};

static struct step
step_now(const struct importing *im, uint64_t records)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (struct step){ records, seconds() - im->start, worked(), (long long)used.ru_maxrss * 1024 };
}

static void
take_step(void *user, uint64_t bytes, uint64_t of, uint64_t records)
{
	struct importing *im = user;
	uint64_t before = im->count > 0 ? im->steps[im->count - 1].records : 0;

	if (records / STEP_RECORDS > before / STEP_RECORDS && im->count < STEPS_MAX)
		im->steps[im->count++] = step_now(im, records);
}

static void
put_step(struct json_writer *w, const struct step *s)
{
	json_put_i64(w, "records", (int64_t)s->records);
	json_key(w, "seconds");
	json_double(w, s->seconds, 3);
	json_key(w, "cpu");
	json_double(w, s->cpu, 3);
	json_put_i64(w, "memory", s->memory);
}

static int
import(const char *data, const char *file, bool enrich)
{
	static struct importing im;
	struct import_options o = {
		.data = data, .snapshot = STR("bench"), .enrich = enrich, .progress = take_step, .user = &im
	};
	struct import_counts counts = { 0 };
	BUF_AUTO out = { 0 };
	struct json_writer w = { .out = &out };
	struct err e = { 0 };
	struct str source;

	im.start = seconds();
	if (!exposure_import(&o, file, &counts, &source, &e))
		return complain(&e);
	struct step end = step_now(&im, counts.kept);
	json_begin_object(&w);
	put_step(&w, &end);
	json_key(&w, "steps");
	json_begin_array(&w);
	for (size_t i = 0; i < im.count; i++) {
		json_begin_object(&w);
		put_step(&w, &im.steps[i]);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	printf("%s\n", buf_cstr(&out));
	return 0;
}

/* "count Q", "facet FIELD N Q", "distinct FIELD Q" */
static bool
answer(struct exposure_index *ix, struct str line, struct arena *a, struct json_writer *w, struct err *e)
{
	struct str verb, field, number, text = line;
	struct query *q;
	struct facet f;
	uint64_t n;

	if (!str_word(&text, &verb))
		return err_set(e, ERR_INPUT, "empty line");
	bool facet = str_eq(verb, STR("facet")), distinct = str_eq(verb, STR("distinct"));
	if ((facet || distinct) && !str_word(&text, &field))
		return err_set(e, ERR_INPUT, "no field");
	if (facet && (!str_word(&text, &number) || !str_to_u64(number, &n)))
		return err_set(e, ERR_INPUT, "no number");
	if (!query_parse(a, text, &q, e))
		return false;
	if (facet) {
		if (!exposure_facet(ix, q, field_find(field, NULL), FIELDS, n, a, &f, e))
			return false;
		json_begin_array(w);
		for (size_t i = 0; i < f.values.count; i++) {
			json_begin_array(w);
			json_str(w, f.values.items[i].value);
			json_i64(w, (int64_t)f.values.items[i].count);
			json_end_array(w);
		}
		json_end_array(w);
		return true;
	}
	if (distinct ? !exposure_distinct(ix, q, field_find(field, NULL), &n, e) : !exposure_query_count(ix, q, &n, e))
		return false;
	json_i64(w, (int64_t)n);
	return true;
}

static int
query(const char *data, double budget)
{
	ARENA_AUTO a = { 0 };
	struct exposure_index *ix;
	struct err e = { 0 };
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (!exposure_open(data, &ix, NULL, NULL, &a, &e))
		return complain(&e);
	while ((len = getline(&line, &cap, stdin)) > 0) {
		BUF_AUTO out = { 0 };
		double best = 1e9, start = seconds(), first = 0, least = 1e9;
		struct str text = str_trim(str_sub(line, (size_t)len));
		for (unsigned i = 0; i < 50 && (i < 3 || seconds() - start < budget) && (i < 1 || budget > 0); i++) {
			ARENA_AUTO more = { 0 };
			struct json_writer w = { .out = &out };
			out.len = 0;
			double from = seconds(), before = worked();
			if (!answer(ix, text, &more, &w, &e)) {
				complain(&e);
				break;
			}
			double took = seconds() - from, work = worked() - before;
			least = work < least ? work : least;
			first = i == 0 ? took : first;
			best = took < best ? took : best;
		}
		BUF_AUTO row = { 0 };
		struct json_writer w = { .out = &row };
		json_begin_object(&w);
		json_put_str(&w, "query", text);
		json_key(&w, "best_ms");
		json_double(&w, best * 1e3, 4);
		json_key(&w, "cpu_ms");
		json_double(&w, least * 1e3, 4);
		json_key(&w, "first_ms");
		json_double(&w, first * 1e3, 4);
		json_key(&w, "answer");
		json_raw(&w, out.len ? buf_str(&out) : STR("null"));
		json_end_object(&w);
		printf("%s\n", buf_cstr(&row));
	}
	free(line);
	exposure_close(ix);
	return 0;
}

int
main(int argc, char **argv)
{
	uint64_t count;

	if (argc == 4 && strcmp(argv[1], "generate") == 0 && str_to_u64(str_of(argv[3]), &count))
		return generate(strcmp(argv[2], "nested") == 0, count);
	if (argc == 4 && (strcmp(argv[1], "import") == 0 || strcmp(argv[1], "enrich") == 0))
		return import(argv[2], argv[3], strcmp(argv[1], "enrich") == 0);
	if (argc == 3 && strcmp(argv[1], "query") == 0)
		return query(argv[2], 0.5);
	if (argc == 3 && strcmp(argv[1], "check") == 0)
		return query(argv[2], 0);
	fprintf(stderr, "usage: bench-exposure generate flat|nested COUNT | import|enrich DATA FILE | query DATA | "
			"check DATA\n");
	return 2;
}
