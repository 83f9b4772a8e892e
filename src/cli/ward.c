/* mamori ward …, emergency …: a ward's PIN and its notice of tomorrow; emergencies and who consents to them. */
#include "cli/client.h"
#include "cli/password.h"
#include "trust/key.h"

static int
pin_run(struct cli *c, int argc, char **argv)
{
	struct cli_password from = { .pin = true };
	bool none = false;
	const struct cli_option options[] = {
		CLI_PASSWORD_OPTIONS(&from),
		{ "none", NULL, "No PIN any more: the ward's page is closed", NULL, &none, NULL },
	};
	struct err e = { 0 };
	int n;
	BUF_AUTO path = { 0 };
	SECRET_AUTO pin = { 0 };
	SECRET_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_ward_pin, options, COUNT(options), argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	cli_path(&path, "/api/v1/wards/", argv[0], "");
	if (none)
		return cli_send(c, "DELETE", buf_cstr(&path), STR_NONE, "The ward's page is closed.");
	if (!cli_password(&from, argv[0], false, &pin, &e))
		return cli_fail(c, &e);
	json_begin_object(&w);
	json_put_str(&w, "pin", buf_str(&pin));
	json_end_object(&w);
	return cli_send(c, "PUT", buf_cstr(&path), buf_str(&body),
			"The ward has a new PIN; who was in has to enter it again.");
}

/* ---- the notice of the day before ---- */

static void
names_print(const struct json *list, const char *key, const char *head)
{
	size_t count;
	const struct json *items = json_get_array(list, key, &count);
	if (!count)
		return;
	printf("  %s: ", tr(head));
	for (size_t i = 0; i < count; i++) {
		struct str name = items[i].kind == JSON_KIND_STRING ? items[i].text : json_get_str(&items[i], "name");
		printf("%s%.*s", i ? ", " : "", STR_ARG(name));
	}
	putchar('\n');
}

static void
slot_print(struct cli *c, const struct json *slot)
{
	struct str back = json_get_str(slot, "back_by");
	printf("%.*s  %.*s – %.*s\n", STR_ARG(cli_or_dash(json_get_str(slot, "group"))),
	       STR_ARG(cli_when(c, json_get_str(slot, "start"))), STR_ARG(cli_when(c, json_get_str(slot, "end"))));
	if (back.len)
		printf("  %s: %.*s\n", tr("Back by"), STR_ARG(cli_when(c, back)));
	names_print(slot, "hosts", "Machines");
	names_print(slot, "updates", "Updates");
}

static int
notice_run(struct cli *c, int argc, char **argv)
{
	struct err e = { 0 };
	struct json *answer;
	size_t count;
	int n;
	BUF_AUTO path = { 0 };
	if (!cli_words(c, &verb_ward_notice, NULL, 0, argc, argv, 0, 1, &n, &e))
		return cli_fail(c, &e);
	buf_add(&path, STR("/api/v1/slots/tomorrow"));
	cli_query(&path, "group", n ? argv[0] : NULL);
	if (!cli_api(c, "GET", buf_cstr(&path), STR_NONE, &answer, &e))
		return cli_fail(c, &e);
	const struct json *items = json_get_array(answer, "items", &count);
	if (c->json)
		cli_print_json(answer);
	else if (!count)
		puts(tr("Nothing is installed tomorrow."));
	for (size_t i = 0; !c->json && i < count; i++)
		slot_print(c, &items[i]);
	return 0;
}

/* ---- emergencies ---- */

static int
emergency_list_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_column columns[] = {
		{ "UPDATE", "patch", CELL_TEXT },
		{ "SINCE", "since", CELL_TIME },
		{ "UNTIL", "ended_at", CELL_TIME },
		{ "MISSING ON", "waiting", CELL_NUMBER },
		{ "DONE ON", "done", CELL_NUMBER },
		{ "CONSENTS", "consents", CELL_NUMBER },
		{ "NEEDED", "consents_needed", CELL_NUMBER },
	};
	struct err e = { 0 };
	int n;
	if (!cli_words(c, &verb_emergency_list, NULL, 0, argc, argv, 0, 0, &n, &e))
		return cli_fail(c, &e);
	return cli_show_list(c, "/api/v1/emergencies", columns, COUNT(columns), "There is no emergency.");
}

static int
emergency_consent_run(struct cli *c, int argc, char **argv)
{
	const char *reason = NULL;
	const struct cli_option options[] = {
		{ "reason", "TEXT", "Why; it is kept with your name", &reason, NULL, NULL },
	};
	struct err e = { 0 };
	int n;
	BUF_AUTO body = { 0 };
	struct json_writer w = { .out = &body };
	if (!cli_words(c, &verb_emergency_consent, options, COUNT(options), argc, argv, 1, 1, &n, &e))
		return cli_fail(c, &e);
	if (!reason)
		return cli_fail(c,
				(err_set(&e, ERR_USAGE, "say why with --reason TEXT; it is kept with your name"), &e));
	json_begin_object(&w);
	json_put_cstr(&w, "patch", argv[0]);
	json_put_cstr(&w, "reason", reason);
	json_end_object(&w);
	return cli_send(c, "POST", "/api/v1/emergency/consents", buf_str(&body),
			"Your consent is noted; two different people are needed.");
}

const struct cli_verb verb_ward_pin = {
	"ward pin",
	"WARD",
	"Set the PIN with which a ward sees and postpones its own updates",
	"  mamori ward pin ward-3\n  mamori ward pin ward-3 --password-file pin.txt",
	pin_run,
};
const struct cli_verb verb_ward_notice = {
	"ward notice",
	"[WARD]",
	"Print what will be installed tomorrow, where, and by when machines are back",
	"  mamori ward notice ward-3 | lp",
	notice_run,
};
const struct cli_verb verb_emergency_list = { "emergency list", "", "List emergencies and how far they are", NULL,
					      emergency_list_run };
const struct cli_verb verb_emergency_consent = {
	"emergency consent",
	"UPDATE",
	"Consent to restarts in service hours for an emergency; two different people have to",
	"  mamori emergency consent deb:openssl@3.0.15 --reason 'exploited in the region'",
	emergency_consent_run,
};
