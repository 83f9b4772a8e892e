/* The letter to an organisation (evidence/notify-pack.h). */
#include "evidence/notify-pack.h"

#include "base/sentence.h"
#include "base/time.h"
#include "evidence/exposure-study.h"

struct letter {
	struct report *r;
	struct arena *a;
	const struct pack *p;
};

static uint64_t
number_of(const struct table *t, const char *value)
{
	return (uint64_t)(uintptr_t)table_get(t, str_of(value));
}

static struct str
day(struct letter *l, int64_t ms)
{
	char text[TIME_RFC3339_MAX];

	return arena_printf(l->a, "%.10s", time_rfc3339(ms, text));
}

static void
opening(struct letter *l, struct str from)
{
	const struct pack *p = l->p;
	struct arena *a = l->a;

	report_text(l->r, BLOCK_TEXT, arena_printf(a, tr("To: %.*s"), STR_ARG(p->name)));
	if (from.len > 0)
		report_text(l->r, BLOCK_TEXT, arena_printf(a, tr("From: %.*s"), STR_ARG(from)));
	report_text(l->r, BLOCK_TEXT,
		    arena_printf(a,
				 tr("Services at addresses of yours can be seen from the internet that seem to belong "
				    "to medical "
				    "systems, or to a hospital or clinic: %.*s of them were seen between %.*s and "
				    "%.*s. We write so "
				    "that you can close what should not be open before somebody uses it."),
				 STR_ARG(count_text(a, p->banners)), STR_ARG(day(l, p->first)),
				 STR_ARG(day(l, p->last))));
	if (p->provider)
		report_text(l->r, BLOCK_TEXT,
			    TR("The addresses are registered to you as a provider. Please pass this letter on to the "
			       "customers who use "
			       "them; only you can tell who they are."));
	report_text(l->r, BLOCK_TEXT,
		    TR("This was read from the records of internet-wide scans. We have not signed in anywhere, and "
		       "this letter holds no "
		       "data of patients and no name of a person. An inference may be wrong; its confidence stands "
		       "beside it in "
		       "banners.csv."));
}

static void
first_things(struct letter *l)
{
	const struct pack *p = l->p;
	bool any = false;
	const struct {
		bool there;
		struct str text;
	} things[] = {
		{ number_of(&p->leaks, "patient-data") > 0,
		  TR("At once: at least one service seems to give away data of patients. Take it off the internet, "
		     "keep its logs, and "
		     "see what the law on personal data asks of you.") },
		{ number_of(&p->classes, "dicom") + number_of(&p->classes, "pacs") > 0,
		  TR("Put DICOM and image archives behind a VPN; let them accept known application titles (AE titles) "
		     "and addresses "
		     "only, and speak TLS.") },
		{ number_of(&p->classes, "emr") + number_of(&p->classes, "hl7") > 0,
		  TR("Medical records and message exchange belong behind a VPN with a second factor.") },
		{ number_of(&p->classes, "device") + number_of(&p->classes, "facility") > 0,
		  TR("Devices and building systems belong in a network of their own that the internet does not "
		     "reach.") },
		{ p->ended > 0, TR("Replace systems that are out of support, or take them off the internet: nobody "
				   "mends them any more.") },
		{ number_of(&p->classes, "network") > 0, TR("Check that VPN gateways and routers have the newest "
							    "firmware: they are the way in most often used.") },
		{ p->plain > 0, TR("Turn on TLS where signing in or data of patients are concerned.") },
	};

	report_heading(l->r, 1, TR("What to do first"));
	for (size_t i = 0; i < COUNT(things); i++) {
		if (things[i].there)
			report_text(l->r, BLOCK_POINT, things[i].text);
		any |= things[i].there;
	}
	if (!any)
		report_text(l->r, BLOCK_POINT,
			    TR("Check for each service of the list whether it has to be open to everybody."));
}

static int
most_first(const void *x, const void *y)
{
	const struct table_slot *a = x, *b = y;
	uintptr_t m = (uintptr_t)a->value, n = (uintptr_t)b->value;

	return m != n ? (m < n ? 1 : -1) : str_cmp(a->key, b->key);
}

static void
learned(struct letter *l)
{
	const struct grid_column columns[] = {
		{ .title = TR("Given away"), .weight = 0.7 },
		{ .title = TR("Services"), .right = true },
		{ .title = TR("What an attacker learns"), .weight = 1.1 },
		{ .title = TR("What to do"), .weight = 1.2 },
	};
	struct table_slot *slot;

	if (l->p->leaks.count == 0)
		return;
	report_heading(l->r, 1, TR("What an attacker learns"));
	struct grid_column *copy = ARENA_ARRAY(l->a, struct grid_column, COUNT(columns));
	memcpy(copy, columns, sizeof(columns));
	struct grid *t = report_table(l->r, TR("Given away, and what that is good for"), copy, COUNT(columns));
	struct table_slot *slots = ARENA_ARRAY(l->a, struct table_slot, l->p->leaks.count + 1);
	size_t n = 0;
	for (size_t i = 0; table_next(&l->p->leaks, &i, &slot);)
		slots[n++] = *slot;
	qsort(slots, n, sizeof(*slots), most_first);
	for (size_t i = 0; i < n; i++) {
		struct str name, learns, act;
		(void)study_leak(slots[i].key, &name, &learns, &act);
		grid_text(l->r, t, name);
		grid_count(l->r, t, (uint64_t)(uintptr_t)slots[i].value);
		grid_text(l->r, t, learns);
		grid_text(l->r, t, act);
	}
}

static struct str
support_name(struct str support)
{
	if (str_eq(support, STR("ended")))
		return TR("Ended");
	if (str_eq(support, STR("extended")))
		return TR("Security fixes only");
	return str_eq(support, STR("mainstream")) ? TR("Full support") : STR("–");
}

static struct str
class_names(struct letter *l, struct str what)
{
	BUF_AUTO out = { 0 };
	struct str one;

	while (str_cut(&what, ',', &one))
		buf_addf(&out, "%s%.*s", out.len > 0 ? ", " : "", STR_ARG(study_class(str_trim(one))));
	return out.len > 0 ? arena_str(l->a, buf_str(&out)) : STR("–");
}

static void
seen(struct letter *l)
{
	const struct grid_column columns[] = {
		{ .title = TR("IP address"), .weight = 0.8 }, { .title = TR("Port"), .weight = 0.5 },
		{ .title = TR("Seen on"), .weight = 0.6 },    { .title = TR("Program"), .weight = 1 },
		{ .title = TR("Class"), .weight = 1 },        { .title = TR("Support"), .weight = 0.6 },
		{ .title = TR("TLS"), .weight = 0.3 },
	};
	const struct pack *p = l->p;
	size_t shown = p->rows.count < PACK_SHOWN ? p->rows.count : PACK_SHOWN;

	report_heading(l->r, 1, TR("What was seen"));
	struct grid_column *copy = ARENA_ARRAY(l->a, struct grid_column, COUNT(columns));
	memcpy(copy, columns, sizeof(columns));
	struct grid *t = report_table(l->r, TR("Services"), copy, COUNT(columns));
	for (size_t i = 0; i < shown; i++) {
		const struct pack_row *row = &p->rows.items[i];
		grid_text(l->r, t, row->address);
		grid_text(l->r, t, row->port);
		grid_text(l->r, t, day(l, row->when));
		grid_text(l->r, t, row->product.len > 0 ? row->product : STR("–"));
		grid_text(l->r, t, class_names(l, row->what));
		grid_text(l->r, t, support_name(row->support));
		grid_text(l->r, t, row->tls ? TR("yes") : TR("no"));
	}
	t->note = p->rows.count > shown
			  ? arena_printf(l->a,
					 tr("The first %zu of %.*s; all of them are in banners.csv, with names of "
					    "hosts, versions "
					    "and possible vulnerabilities."),
					 shown, STR_ARG(count_text(l->a, p->banners)))
			  : TR("banners.csv has the same with names of hosts, versions and possible vulnerabilities.");
}

struct report *
pack_letter(struct arena *a, const struct pack *p, struct str from, enum lang lang)
{
	enum lang before = lang_swap(lang);
	struct letter l = { .a = a, .p = p };

	l.r = report_new(a, lang, TR("Services of yours that the internet can see"), p->last);
	l.r->subtitle = p->name;
	l.r->author = from.len > 0 ? from : STR("mamori");
	l.r->footer = arena_printf(a, "%.*s · mamori %s", STR_ARG(p->name), MAMORI_VERSION);
	opening(&l, from);
	first_things(&l);
	learned(&l);
	seen(&l);
	report_heading(l.r, 1, TR("Afterwards"));
	report_text(l.r, BLOCK_TEXT,
		    TR("Look into the logs of these services for sign-ins that nobody of yours made. Then ask for a "
		       "new look: what is "
		       "closed from outside can no longer be seen in the next scan."));
	(void)lang_swap(before);
	return l.r;
}
