/* Handlers of the API's rows (doc/api.md), by page. */
#ifndef MAMORI_SERVER_API_H
#define MAMORI_SERVER_API_H

#include "patch/order_request.h"
#include "server/route.h"
#include "store/finding.h"

route_fn api_overview;
route_fn api_hosts, api_host, api_host_packages, api_host_findings, api_host_change, api_host_approve, api_host_revoke,
	api_host_refresh, api_host_delete, api_groups;
route_fn api_patches, api_patch, api_host_patches, api_order_prepare, api_order_create, api_order_delete, api_history;
route_fn api_vulnerabilities, api_vulnerability, api_findings, api_trend, api_settings, api_settings_change;
route_fn api_feeds, api_feeds_reload, api_token_create, api_tokens, api_token_delete, api_audit;

/* The item of the list of hosts, without its closing brace: more keys may follow. */
void host_item_write(struct request *r, const struct host *h);
/* {"id","name"} and, with group, {"id","name","group"}. */
void host_ref_write(struct request *r, const char *key, struct str id, struct str name);
void host_ref_group_write(struct request *r, const char *key, struct str id, struct str name, struct str group);
/* Appends a notice that is of no single host to the open array. level: info, warning, alarm. */
void notice_write(struct request *r, const char *level, const char *code, struct str text);
/* The same about one relay or site: key says which ("relay", "site"), name is its id or name; ptr NULL: of none. */
void notice_about_write(struct request *r, const char *level, const char *code, const char *key, struct str name,
			struct str text);
/* So long is it said that a disk came back or that hardware changed. */
#define NOTICE_EVENT_MS (7 * INT64_C(86400000))
/* What the host's page and the overview say about one host: appends notices to the open array. */
void host_notices_write(struct request *r, const struct host *h);
/* One sentence: what state this machine is in and why. */
struct str host_sentence(struct request *r, const struct host *h);
bool host_is_silent(const struct request *r, const struct host *h);

/* Numbers that are unknown when negative, three decimals at most. */
void number_or_null(struct json_writer *w, const char *key, double d, int decimals);
void str_or_null(struct json_writer *w, const char *key, struct str s);
/* "unknown" … of a stored severity. */
const char *severity_word(int severity);
/* {"act-now":n,"within-days":n,"next-window":n,"watch":n,"overdue":n,"overdue_now":n} */
void actions_write(struct json_writer *w, const int64_t actions[4], int64_t overdue, int64_t overdue_now);
/* Why its findings cannot be relied on, in the reader's language; STR_NONE: they can. */
struct str host_not_matched(struct request *r, const struct host *h);
void findings_counts_write(struct json_writer *w, const int64_t counts[HOST_SEVERITIES], int64_t kev);
void vulnerability_keys_write(struct json_writer *w, const struct vulnerability_row *v);

struct order_context order_context_of(struct request *r);

#endif
