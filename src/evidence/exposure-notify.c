/* Letters to organisations (evidence/exposure-notify.h). */
#include "evidence/exposure-notify.h"

#include "base/csv.h"
#include "evidence/exposure-ask.h"
#include "evidence/notify-pack.h"
#include "evidence/zip.h"
#include "os/file.h"

/* Most to do first. */
static int
by_weight(const void *x, const void *y)
{
	const struct pack *a = *(const struct pack *const *)x, *b = *(const struct pack *const *)y;

	return a->banners != b->banners ? (a->banners < b->banners ? 1 : -1) : str_cmp(a->name, b->name);
}

/* "0001-example-hospital": what a name has of ASCII letters and digits. */
static const char *
folder_name(struct arena *a, size_t number, struct str name)
{
	char slug[41];
	size_t n = 0;

	for (size_t i = 0; i < name.len && n < sizeof(slug) - 1; i++) {
		char c = name.ptr[i];
		c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			slug[n++] = c;
		else if (n > 0 && slug[n - 1] != '-')
			slug[n++] = '-';
	}
	while (n > 0 && slug[n - 1] == '-')
		n--;
	return arena_printf(a, "%04zu%s%.*s", number, n > 0 ? "-" : "", (int)n, slug).ptr;
}

/* Where files go: folders, one zip for each organisation, or one zip with folders. */
struct sink {
	const char *to;
	enum pack_form form;
	struct zip *zip; /* that is being filled */
};

static bool
sink_put(struct sink *s, struct arena *a, const char *folder, const char *name, struct str bytes, struct err *e)
{
	switch (s->form) {
	case PACK_FOLDERS:
		return file_write(path_join(a, path_join(a, s->to, folder), name), bytes, 0644, e);
	case PACK_ZIPS:
		zip_add(s->zip, name, bytes);
		return true;
	case PACK_ONE_ZIP:
		zip_add(s->zip, path_join(a, folder, name), bytes);
		return true;
	}
	return false;
}

static bool
sink_begin(struct sink *s, struct arena *a, const char *folder, struct err *e)
{
	if (s->form == PACK_FOLDERS)
		return dir_make(path_join(a, s->to, folder), 0700, e);
	if (s->form == PACK_ZIPS)
		s->zip = zip_new();
	return true;
}

/* Of one organisation; s->zip is gone then. */
static bool
sink_end(struct sink *s, struct arena *a, const char *folder, struct err *e)
{
	BUF_AUTO bytes = { 0 };
	if (s->form != PACK_ZIPS)
		return true;
	struct zip *z = s->zip;
	s->zip = NULL;
	return zip_end(z, &bytes, e) &&
	       file_write(path_join(a, s->to, arena_printf(a, "%s.zip", folder).ptr), buf_str(&bytes), 0644, e);
}

static bool
write_letters(const struct pack *p, struct str from, struct sink *s, const char *folder, struct err *e)
{
	static const struct {
		enum lang lang;
		const char *name;
	} languages[] = { { LANG_JA, "ja" }, { LANG_EN, "en" } };
	static const struct str forms[] = { { "html", 4 }, { "pdf", 3 } };

	for (size_t i = 0; i < COUNT(languages); i++) {
		ARENA_AUTO a = { 0 };
		const struct report *r = pack_letter(&a, p, from, languages[i].lang);
		for (size_t k = 0; k < COUNT(forms); k++) {
			BUF_AUTO bytes = { 0 };
			struct str name = arena_printf(&a, "letter.%s.%s", languages[i].name, forms[k].ptr);
			if (!report_writer_find(forms[k])->write(r, &bytes, e) ||
			    !sink_put(s, &a, folder, name.ptr, buf_str(&bytes), e))
				return false;
		}
	}
	return true;
}

/* How to reach it: what it has published itself, else what the standards say should be there. */
static struct str
contacts_of(struct arena *a, const struct pack *p)
{
	BUF_AUTO out = { 0 };

	for (size_t i = 0; i < p->contact_count; i++)
		buf_addf(&out, "%s%.*s", i > 0 ? " " : "", STR_ARG(p->contacts[i]));
	return arena_str(a, buf_str(&out));
}

static void
index_row(struct arena *a, struct buf *out, const char *folder, const struct pack *p)
{
	const struct str domain = p->domain;
	const struct str cells[] = {
		str_of(folder),
		p->name,
		p->country,
		str_of(p->provider ? "true" : "false"),
		arena_printf(a, "%llu", (unsigned long long)p->banners),
		arena_printf(a, "%llu", (unsigned long long)p->ended),
		str_of(table_has(&p->leaks, STR("patient-data")) ? "true" : "false"),
		contacts_of(a, p),
		domain.len > 0 ? arena_printf(a, "security@%.*s abuse@%.*s", STR_ARG(domain), STR_ARG(domain))
			       : STR(""),
	};

	for (size_t i = 0; i < COUNT(cells); i++)
		csv_add(out, cells[i], i + 1 == COUNT(cells));
}

static bool
write_pack(const struct pack *k, size_t number, struct str from, struct sink *s, struct buf *list, struct err *e)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO csv = { 0 };
	const char *name = folder_name(&a, number, k->name);

	pack_csv(k, &csv);
	index_row(&a, list, s->form == PACK_ZIPS ? arena_printf(&a, "%s.zip", name).ptr : name, k);
	return (sink_begin(s, &a, name, e) && write_letters(k, from, s, name, e) &&
		sink_put(s, &a, name, "banners.csv", buf_str(&csv), e) && sink_end(s, &a, name, e)) ||
	       err_wrap(e, "writing the letter to %.*s", STR_ARG(k->name));
}

static bool
write_all(struct packs *p, struct str from, struct sink *s, struct err *e)
{
	static const char *const names[] = { "folder", "organisation", "country",  "provider",      "banners",
					     "ended",  "patient_data", "contacts", "contacts_usual" };
	BUF_AUTO list = { 0 };
	BUF_AUTO bytes = { 0 };
	ARENA_AUTO a = { 0 };

	for (size_t i = 0; i < COUNT(names); i++)
		csv_add(&list, str_of(names[i]), i + 1 == COUNT(names));
	for (size_t i = 0; i < p->list.count; i++)
		if (!write_pack(p->list.items[i], i + 1, from, s, &list, e))
			return false;
	if (s->form != PACK_ONE_ZIP)
		return file_write(path_join(&a, s->to, "index.csv"), buf_str(&list), 0644, e);
	zip_add(s->zip, "index.csv", buf_str(&list));
	struct zip *z = s->zip;
	s->zip = NULL;
	return zip_end(z, &bytes, e) && file_write(s->to, buf_str(&bytes), 0644, e);
}

static bool
write_packs(struct packs *p, struct str from, const char *to, enum pack_form form, struct err *e)
{
	struct sink s = { .to = to, .form = form, .zip = form == PACK_ONE_ZIP ? zip_new() : NULL };
	bool ok = (form == PACK_ONE_ZIP || dir_make(to, 0700, e)) && write_all(p, from, &s, e);

	zip_abandon(s.zip);
	return ok;
}

static bool
gather(struct ask *k, struct packs *p, struct exposure_packs *out)
{
	const struct exposure_request *r = k->request;
	const struct exposure_page page = { .limit = UINT64_MAX / 4, .sort = FIELDS, .raw = true, .any_order = true };
	struct str where = STR("-honeypot:true"), all = STR("");
	struct query *q;

	if (r->country.len > 0) {
		all = ask_in_country(k, r->country);
		where = arena_printf(k->a, "%.*s -honeypot:true", STR_ARG(all));
	}
	out->honeypots = ask_count(k, all) - ask_count(k, where);
	if (k->failed ||
	    !query_parse(k->a, arena_printf(k->a, "%.*s %.*s", STR_ARG(k->base), STR_ARG(where)), &q, k->e))
		return false;
	return r->backend->search(r->state, q, &page, pack_banner, p, k->e);
}

bool
exposure_notify(struct arena *a, const struct exposure_request *request, struct str from, const char *to,
		enum pack_form form, struct exposure_packs *out, struct err *e)
{
	struct packs p = { .a = a };
	struct ask k;

	*out = (struct exposure_packs){ 0 };
	if (!ask_begin(&k, request, a, e) || !redact_open(NULL, &p.redact, e))
		return false;
	bool ok = gather(&k, &p, out);
	if (ok && p.list.count == 0)
		ok = err_set(e, ERR_NOT_FOUND,
			     "no imported banner is of a medical system here, so nobody is to be told (asked: "
			     "%.*s)",
			     STR_ARG(k.base));
	out->organisations = p.list.count;
	out->banners = p.banners;
	if (ok) {
		for (size_t i = 0; i < p.list.count; i++)
			pack_settle(p.list.items[i]);
		qsort(p.list.items, p.list.count, sizeof(*p.list.items), by_weight);
		ok = write_packs(&p, from, to, form, e);
	}
	pack_free(&p);
	return ok;
}
