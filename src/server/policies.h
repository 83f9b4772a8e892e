/* Policies, calendars and what follows from them: handlers of the API's rows and what they share. */
#ifndef MAMORI_SERVER_POLICIES_H
#define MAMORI_SERVER_POLICIES_H

#include "patch/directive_make.h"
#include "patch/life.h"
#include "server/api.h"
#include "store/schedule.h"

route_fn api_policies, api_policy, api_policy_versions, api_policy_put, api_policy_delete, api_policy_revert,
	api_policy_check, api_policy_preview, api_policy_assistant, api_host_policy;
route_fn api_day_lists, api_day_list_put, api_day_list_delete;
route_fn api_calendar, api_slots_tomorrow, api_not_back;
route_fn api_group_put, api_group_delete, api_group_preview, api_group_members, api_group_add, api_group_remove,
	api_group_import, api_redundancy;
route_fn api_verdicts, api_verdict_create, api_verdict_delete, api_mitigations, api_mitigation_create,
	api_mitigation_delete, api_holds, api_hold_create, api_hold_release;
route_fn api_vendors, api_vendor_put, api_vendor_delete, api_vendor_answers, api_vendor_answer_put, api_vendor_import,
	api_vendor_export, api_vendor_link, vendor_page, vendor_page_post;
route_fn api_ward_put, api_ward_delete, ward_sign_in_prepare, ward_sign_in, ward_list, ward_act;
route_fn api_rings, api_halts, api_halt_resume, api_emergencies, api_emergency_consent;

/* A policy's text, checked strictly against the groups and lists of this server. False: remarks say why. */
bool policy_read(struct request *r, const struct policy_set *set, struct str yaml, struct policy *out,
		 struct policy_remarks *remarks) MUST_CHECK;
/* A new version of it, in force from now on. */
bool policy_keep(struct request *r, const struct policy *p, struct str yaml, const char *what, struct str note,
		 int64_t *version, struct err *e) MUST_CHECK;

/* What a slot that begins then will install on these hosts: counted by the directives that they obey, not by what waits. */
bool slot_titles(struct request *r, const struct host_cluster *c, int64_t start, struct cluster_host *hosts,
		 size_t count, struct str **titles, size_t *title_count, struct err *e) MUST_CHECK;

/* Machines that are not back from their slot. */
bool not_back_list(struct request *r, struct not_back **out, size_t *count, struct err *e) MUST_CHECK;

/* Alarms about halts, emergencies, machines that are not back and vendors that are late: into an open array. */
bool patching_notices_write(struct request *r, struct err *e) MUST_CHECK;
/* PATCH of one host: group, role, site, redundancy, tags; whether the body has one of them. */
bool host_change_asked(const struct json *body);
bool host_change(struct request *r, struct str host, const struct json *body, struct err *e) MUST_CHECK;

/* A random id of 18 hexadecimal digits. */
struct str id_new(struct arena *a);
/* ERR_NOT_FOUND where no department or group has this name: what is said about a misspelt one would be about nobody. */
bool group_needed(struct request *r, struct str group, struct err *e) MUST_CHECK;
/* A text of the body: trimmed, one line, at most max bytes; ERR_USAGE names the key when it is missing or too long. */
bool body_text(struct request *r, const char *key, size_t max, bool needed, struct str *out, struct err *e) MUST_CHECK;
/* The table that the body carries, as CSV in UTF-8: "csv" is text, "file" a spreadsheet's bytes in base64 (.xlsx, or CSV as
 * offices save it); empty when it has neither. */
bool body_sheet(struct request *r, struct str *csv, struct err *e) MUST_CHECK;
/* An instant or a day of the body; 0 when absent. */
bool body_time(struct request *r, const char *key, int64_t *out, struct err *e) MUST_CHECK;

#endif
