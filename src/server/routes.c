/* The addresses of the server. doc/api.md and doc/agent-protocol.md describe every row. */
#include "server/api.h"
#include "server/bundles.h"
#include "server/check_in.h"
#include "server/directory.h"
#include "server/exposures.h"
#include "server/letter_in.h"
#include "server/policies.h"
#include "server/relays.h"
#include "server/updates.h"
#include "server/sign_in.h"
#include "server/surfaces.h"

#define SMALL (16 << 10)
#define RELAY_TOLD (64 << 10)
#define ORDER_BODY (1 << 20)
#define POLICY_BODY (1 << 20)
#define SHEET_BODY (3 << 19) /* 1 MiB of a spreadsheet in base64 */
#define CHECK_IN_BODY (4 << 20)
#define SECTION_BODY (16 << 20)
#define BUNDLE_BODY (1 << 20)
#define QUERY_BODY (3 << 19) /* a query may have 1 MB */
#define SLOW_READ(method, path, body, handle) \
	{ \
		method, path, ROLE_VIEWER, ROUTE_READS, body, handle, NULL, ROUTE_SLOW \
	}
#define QUESTION(path, handle) SLOW_READ("GET", path, 0, handle), SLOW_READ("POST", path, QUERY_BODY, handle)

static const struct route dashboard_rows[] = {
	{ "POST", "/api/v1/session", ROLE_NONE, ROUTE_WRITES, SMALL, api_session_create, api_session_prepare,
	  ROUTE_OPEN | ROUTE_NO_CSRF },
	{ "GET", "/api/v1/session", ROLE_VIEWER, ROUTE_READS, 0, api_session_get, NULL, 0 },
	{ "DELETE", "/api/v1/session", ROLE_VIEWER, ROUTE_WRITES, 0, api_session_delete, NULL, 0 },
	{ "POST", "/api/v1/signin-links", ROLE_ADMINISTRATOR, ROUTE_WRITES, SMALL, api_signin_link, NULL, 0 },

	{ "GET", "/api/v1/overview", ROLE_VIEWER, ROUTE_READS, 0, api_overview, NULL, 0 },

	{ "GET", "/api/v1/hosts", ROLE_VIEWER, ROUTE_READS, 0, api_hosts, NULL, 0 },
	{ "GET", "/api/v1/hosts/*", ROLE_VIEWER, ROUTE_READS, 0, api_host, NULL, 0 },
	{ "GET", "/api/v1/hosts/*/packages", ROLE_VIEWER, ROUTE_READS, 0, api_host_packages, NULL, 0 },
	{ "GET", "/api/v1/hosts/*/findings", ROLE_VIEWER, ROUTE_READS, 0, api_host_findings, NULL, 0 },
	{ "PATCH", "/api/v1/hosts/*", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_host_change, NULL, 0 },
	{ "POST", "/api/v1/hosts/*/approve", ROLE_APPROVER, ROUTE_WRITES, 0, api_host_approve, NULL, 0 },
	{ "POST", "/api/v1/hosts/*/revoke", ROLE_ADMINISTRATOR, ROUTE_WRITES, 0, api_host_revoke, NULL, 0 },
	{ "POST", "/api/v1/hosts/*/refresh", ROLE_OPERATOR, ROUTE_WRITES, 0, api_host_refresh, NULL, 0 },
	{ "DELETE", "/api/v1/hosts/*", ROLE_ADMINISTRATOR, ROUTE_WRITES, 0, api_host_delete, NULL, 0 },
	{ "GET", "/api/v1/groups", ROLE_VIEWER, ROUTE_READS, 0, api_groups, NULL, 0 },

	{ "PUT", "/api/v1/groups/*", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_group_put, NULL, 0 },
	{ "DELETE", "/api/v1/groups/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_group_delete, NULL, 0 },
	{ "POST", "/api/v1/groups/import", ROLE_OPERATOR, ROUTE_WRITES, SHEET_BODY, api_group_import, NULL, 0 },
	{ "POST", "/api/v1/groups/preview", ROLE_VIEWER, ROUTE_READS, SMALL, api_group_preview, NULL, 0 },
	{ "GET", "/api/v1/groups/*/hosts", ROLE_VIEWER, ROUTE_READS, 0, api_group_members, NULL, 0 },
	{ "POST", "/api/v1/groups/*/hosts", ROLE_OPERATOR, ROUTE_WRITES, ORDER_BODY, api_group_add, NULL, 0 },
	{ "POST", "/api/v1/groups/*/remove", ROLE_OPERATOR, ROUTE_WRITES, ORDER_BODY, api_group_remove, NULL, 0 },
	{ "GET", "/api/v1/directory", ROLE_ADMINISTRATOR, ROUTE_READS, 0, api_directory, NULL, 0 },
	{ "PUT", "/api/v1/directory", ROLE_ADMINISTRATOR, ROUTE_WRITES, SMALL, api_directory_put, NULL, 0 },
	{ "DELETE", "/api/v1/directory", ROLE_ADMINISTRATOR, ROUTE_WRITES, 0, api_directory_delete, NULL, 0 },
	{ "POST", "/api/v1/directory/result", ROLE_ADMINISTRATOR, ROUTE_WRITES, SMALL, api_directory_result, NULL, 0 },
	{ "GET", "/api/v1/redundancy", ROLE_VIEWER, ROUTE_READS, 0, api_redundancy, NULL, 0 },

	{ "GET", "/api/v1/patches", ROLE_VIEWER, ROUTE_READS, 0, api_patches, NULL, 0 },
	{ "GET", "/api/v1/patches/*", ROLE_VIEWER, ROUTE_READS, 0, api_patch, NULL, 0 },
	{ "GET", "/api/v1/host-patches", ROLE_VIEWER, ROUTE_READS, 0, api_host_patches, NULL, 0 },
	{ "POST", "/api/v1/orders", ROLE_OPERATOR, ROUTE_WRITES, ORDER_BODY, api_order_create, api_order_prepare, 0 },
	{ "DELETE", "/api/v1/orders/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_order_delete, NULL, 0 },
	{ "GET", "/api/v1/history", ROLE_VIEWER, ROUTE_READS, 0, api_history, NULL, 0 },

	{ "GET", "/api/v1/findings", ROLE_VIEWER, ROUTE_READS, 0, api_findings, NULL, 0 },
	{ "GET", "/api/v1/trend", ROLE_VIEWER, ROUTE_READS, 0, api_trend, NULL, 0 },
	{ "GET", "/api/v1/settings", ROLE_VIEWER, ROUTE_READS, 0, api_settings, NULL, 0 },
	{ "PATCH", "/api/v1/settings", ROLE_ADMINISTRATOR, ROUTE_WRITES, SMALL, api_settings_change, NULL, 0 },
	{ "GET", "/api/v1/vulnerabilities", ROLE_VIEWER, ROUTE_READS, 0, api_vulnerabilities, NULL, 0 },
	{ "GET", "/api/v1/vulnerabilities/*", ROLE_VIEWER, ROUTE_READS, 0, api_vulnerability, NULL, 0 },

	{ "GET", "/api/v1/policies", ROLE_VIEWER, ROUTE_READS, 0, api_policies, NULL, 0 },
	{ "POST", "/api/v1/policies/check", ROLE_VIEWER, ROUTE_READS, POLICY_BODY, api_policy_check, NULL, 0 },
	{ "POST", "/api/v1/policies/preview", ROLE_VIEWER, ROUTE_READS, POLICY_BODY, api_policy_preview, NULL, 0 },
	{ "POST", "/api/v1/policies/assistant", ROLE_APPROVER, ROUTE_WRITES, SMALL, api_policy_assistant, NULL, 0 },
	{ "GET", "/api/v1/policies/*", ROLE_VIEWER, ROUTE_READS, 0, api_policy, NULL, 0 },
	{ "PUT", "/api/v1/policies/*", ROLE_APPROVER, ROUTE_WRITES, POLICY_BODY, api_policy_put, NULL, 0 },
	{ "DELETE", "/api/v1/policies/*", ROLE_APPROVER, ROUTE_WRITES, 0, api_policy_delete, NULL, 0 },
	{ "GET", "/api/v1/policies/*/versions", ROLE_VIEWER, ROUTE_READS, 0, api_policy_versions, NULL, 0 },
	{ "POST", "/api/v1/policies/*/revert", ROLE_APPROVER, ROUTE_WRITES, SMALL, api_policy_revert, NULL, 0 },
	{ "GET", "/api/v1/hosts/*/policy", ROLE_VIEWER, ROUTE_READS, 0, api_host_policy, NULL, 0 },
	{ "GET", "/api/v1/day-lists", ROLE_VIEWER, ROUTE_READS, 0, api_day_lists, NULL, 0 },
	{ "PUT", "/api/v1/day-lists/*", ROLE_APPROVER, ROUTE_WRITES, SHEET_BODY, api_day_list_put, NULL, 0 },
	{ "DELETE", "/api/v1/day-lists/*", ROLE_APPROVER, ROUTE_WRITES, 0, api_day_list_delete, NULL, 0 },
	{ "GET", "/api/v1/calendar", ROLE_VIEWER, ROUTE_READS, 0, api_calendar, NULL, 0 },
	{ "GET", "/api/v1/slots/tomorrow", ROLE_VIEWER, ROUTE_READS, 0, api_slots_tomorrow, NULL, 0 },
	{ "GET", "/api/v1/not-back", ROLE_VIEWER, ROUTE_READS, 0, api_not_back, NULL, 0 },

	{ "GET", "/api/v1/verdicts", ROLE_VIEWER, ROUTE_READS, 0, api_verdicts, NULL, 0 },
	{ "POST", "/api/v1/verdicts", ROLE_APPROVER, ROUTE_WRITES, SMALL, api_verdict_create, NULL, 0 },
	{ "DELETE", "/api/v1/verdicts/*", ROLE_APPROVER, ROUTE_WRITES, 0, api_verdict_delete, NULL, 0 },
	{ "GET", "/api/v1/mitigations", ROLE_VIEWER, ROUTE_READS, 0, api_mitigations, NULL, 0 },
	{ "POST", "/api/v1/mitigations", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_mitigation_create, NULL, 0 },
	{ "DELETE", "/api/v1/mitigations/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_mitigation_delete, NULL, 0 },
	{ "GET", "/api/v1/holds", ROLE_VIEWER, ROUTE_READS, 0, api_holds, NULL, 0 },
	{ "POST", "/api/v1/holds", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_hold_create, NULL, 0 },
	{ "DELETE", "/api/v1/holds/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_hold_release, NULL, 0 },

	{ "GET", "/api/v1/vendors", ROLE_VIEWER, ROUTE_READS, 0, api_vendors, NULL, 0 },
	{ "PUT", "/api/v1/vendors/*", ROLE_OPERATOR, ROUTE_WRITES, ORDER_BODY, api_vendor_put, NULL, 0 },
	{ "DELETE", "/api/v1/vendors/*", ROLE_APPROVER, ROUTE_WRITES, 0, api_vendor_delete, NULL, 0 },
	{ "GET", "/api/v1/vendors/*/sheet", ROLE_VIEWER, ROUTE_READS, 0, api_vendor_export, NULL, 0 },
	{ "POST", "/api/v1/vendors/*/sheet", ROLE_APPROVER, ROUTE_WRITES, SHEET_BODY, api_vendor_import, NULL, 0 },
	{ "POST", "/api/v1/vendors/*/links", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_vendor_link, NULL, 0 },
	{ "GET", "/api/v1/vendor-answers", ROLE_VIEWER, ROUTE_READS, 0, api_vendor_answers, NULL, 0 },
	{ "PUT", "/api/v1/vendor-answers", ROLE_APPROVER, ROUTE_WRITES, SMALL, api_vendor_answer_put, NULL, 0 },
	{ "GET", "/vendor/*", ROLE_NONE, ROUTE_READS, 0, vendor_page, NULL, ROUTE_OPEN | ROUTE_NO_CSRF },
	{ "POST", "/vendor/*", ROLE_NONE, ROUTE_WRITES, 512 << 10, vendor_page_post, NULL,
	  ROUTE_OPEN | ROUTE_NO_CSRF | ROUTE_RAW_BODY },

	{ "PUT", "/api/v1/wards/*", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_ward_put, NULL, 0 },
	{ "DELETE", "/api/v1/wards/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_ward_delete, NULL, 0 },
	{ "POST", "/ward/session", ROLE_NONE, ROUTE_WRITES, SMALL, ward_sign_in, ward_sign_in_prepare,
	  ROUTE_OPEN | ROUTE_NO_CSRF },
	{ "GET", "/ward/machines", ROLE_NONE, ROUTE_READS, 0, ward_list, NULL, ROUTE_OPEN | ROUTE_NO_CSRF },
	{ "POST", "/ward/machines/*", ROLE_NONE, ROUTE_WRITES, SMALL, ward_act, NULL, ROUTE_OPEN | ROUTE_NO_CSRF },

	{ "GET", "/api/v1/rings", ROLE_VIEWER, ROUTE_READS, 0, api_rings, NULL, 0 },
	{ "GET", "/api/v1/halts", ROLE_VIEWER, ROUTE_READS, 0, api_halts, NULL, 0 },
	{ "POST", "/api/v1/halts/*/resume", ROLE_APPROVER, ROUTE_WRITES, SMALL, api_halt_resume, NULL, 0 },
	{ "GET", "/api/v1/emergencies", ROLE_VIEWER, ROUTE_READS, 0, api_emergencies, NULL, 0 },
	{ "POST", "/api/v1/emergency/consents", ROLE_APPROVER, ROUTE_WRITES, SMALL, api_emergency_consent, NULL, 0 },

	{ "GET", "/api/v1/feeds", ROLE_VIEWER, ROUTE_READS, 0, api_feeds, NULL, 0 },
	{ "POST", "/api/v1/feeds/reload", ROLE_ADMINISTRATOR, ROUTE_WRITES, 0, api_feeds_reload, NULL, 0 },

	{ "POST", "/api/v1/tokens", ROLE_ADMINISTRATOR, ROUTE_WRITES, SMALL, api_token_create, NULL, 0 },
	{ "GET", "/api/v1/tokens", ROLE_ADMINISTRATOR, ROUTE_READS, 0, api_tokens, NULL, 0 },
	{ "DELETE", "/api/v1/tokens/*", ROLE_ADMINISTRATOR, ROUTE_WRITES, 0, api_token_delete, NULL, 0 },

	{ "GET", "/api/v1/relays", ROLE_VIEWER, ROUTE_READS, 0, api_relays, NULL, 0 },
	{ "GET", "/api/v1/relays/*", ROLE_VIEWER, ROUTE_READS, 0, api_relay, NULL, 0 },
	{ "GET", "/api/v1/relays/*/trend", ROLE_VIEWER, ROUTE_READS, 0, api_relay_trend, NULL, 0 },
	{ "PATCH", "/api/v1/relays/*", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_relay_change, NULL, 0 },
	{ "POST", "/api/v1/relays/*/revoke", ROLE_ADMINISTRATOR, ROUTE_WRITES, 0, api_relay_revoke, NULL, 0 },
	{ "DELETE", "/api/v1/relays/*", ROLE_ADMINISTRATOR, ROUTE_WRITES, 0, api_relay_delete, NULL, 0 },
	{ "GET", "/api/v1/bundles", ROLE_VIEWER, ROUTE_READS, 0, api_bundles, NULL, 0 },
	{ "POST", "/api/v1/bundles", ROLE_ADMINISTRATOR, ROUTE_WRITES, SMALL, api_bundle_begin, NULL, 0 },
	{ "POST", "/api/v1/letters", ROLE_OPERATOR, ROUTE_WRITES, BUNDLE_BODY, letters_handle, letters_prepare,
	  ROUTE_RAW_BODY },
	{ "GET", "/api/v1/bundles/key", ROLE_VIEWER, ROUTE_READS, 0, api_bundle_key, NULL, 0 },
	{ "POST", "/api/v1/bundles/sign", ROLE_ADMINISTRATOR, ROUTE_WRITES, BUNDLE_BODY, api_bundle_sign, NULL, 0 },
	{ "POST", "/api/v1/bundles/receive", ROLE_OPERATOR, ROUTE_WRITES, BUNDLE_BODY, api_bundle_receive, NULL, 0 },
	{ "POST", "/api/v1/hosts/*/letter", ROLE_ADMINISTRATOR, ROUTE_WRITES, SMALL, api_host_letter, NULL, 0 },
	{ "GET", "/api/v1/hosts/*/inventory", ROLE_ADMINISTRATOR, ROUTE_READS, 0, api_host_inventory, NULL, 0 },

	{ "GET", "/api/v1/sites", ROLE_VIEWER, ROUTE_READS, 0, api_sites, NULL, 0 },
	{ "GET", "/api/v1/sites/*/next", ROLE_VIEWER, ROUTE_READS, 0, api_site_next, NULL, 0 },
	{ "PUT", "/api/v1/sites/*", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_site_put, NULL, 0 },
	{ "DELETE", "/api/v1/sites/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_site_delete, NULL, 0 },

	QUESTION("/api/v1/exposure/count", api_exposure_count),
	QUESTION("/api/v1/exposure/search", api_exposure_search),
	QUESTION("/api/v1/exposure/facet", api_exposure_facet),
	QUESTION("/api/v1/exposure/histogram", api_exposure_histogram),
	QUESTION("/api/v1/exposure/complete", api_exposure_complete),
	QUESTION("/api/v1/exposure/diff", api_exposure_diff),
	{ "GET", "/api/v1/exposure/export", ROLE_VIEWER, ROUTE_WRITES, 0, api_exposure_export,
	  api_exposure_export_prepare, ROUTE_SLOW },
	{ "POST", "/api/v1/exposure/export", ROLE_VIEWER, ROUTE_WRITES, QUERY_BODY, api_exposure_export,
	  api_exposure_export_prepare, ROUTE_SLOW },
	{ "POST", "/api/v1/exposure/exported", ROLE_OPERATOR, ROUTE_WRITES, QUERY_BODY, api_exposure_exported, NULL,
	  0 },
	SLOW_READ("GET", "/api/v1/exposure/reports", 0, api_exposure_reports),
	{ "POST", "/api/v1/exposure/reports", ROLE_OPERATOR, ROUTE_WRITES, QUERY_BODY, api_exposure_report_order,
	  api_exposure_report_prepare, ROUTE_SLOW },
	SLOW_READ("GET", "/api/v1/exposure/reports/*", 0, api_exposure_report),
	{ "DELETE", "/api/v1/exposure/reports/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_exposure_report_delete, NULL, 0 },
	{ "GET", "/api/v1/exposure/reports/*/file", ROLE_VIEWER, ROUTE_WRITES, 0, api_exposure_report_file,
	  api_exposure_report_file_prepare, ROUTE_SLOW },
	SLOW_READ("GET", "/api/v1/exposure/record", 0, api_exposure_record),
	SLOW_READ("GET", "/api/v1/exposure/snapshots", 0, api_exposure_snapshots),
	{ "GET", "/api/v1/exposure/fields", ROLE_VIEWER, ROUTE_READS, 0, api_exposure_fields, NULL, 0 },
	{ "GET", "/api/v1/exposure/saved", ROLE_VIEWER, ROUTE_READS, 0, api_exposure_saved, NULL, 0 },
	{ "PUT", "/api/v1/exposure/saved/*", ROLE_OPERATOR, ROUTE_WRITES, QUERY_BODY, api_exposure_saved_put,
	  api_exposure_saved_prepare, ROUTE_SLOW },
	{ "DELETE", "/api/v1/exposure/saved/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_exposure_saved_delete, NULL, 0 },
	{ "POST", "/api/v1/exposure/saved/*/seen", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_exposure_saved_seen, NULL,
	  0 },
	{ "POST", "/api/v1/exposure/imported", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_exposure_imported,
	  api_exposure_imported_prepare, ROUTE_SLOW },

	{ "GET", "/api/v1/surface/verdicts", ROLE_VIEWER, ROUTE_READS, 0, api_surface_verdicts, NULL, 0 },
	{ "PUT", "/api/v1/surface/verdicts/*", ROLE_APPROVER, ROUTE_WRITES, SMALL, api_surface_verdict_put, NULL, 0 },
	{ "DELETE", "/api/v1/surface/verdicts/*", ROLE_APPROVER, ROUTE_WRITES, 0, api_surface_verdict_delete, NULL, 0 },

	SLOW_READ("GET", "/api/v1/surface/runs", 0, api_surface_runs),
	SLOW_READ("GET", "/api/v1/surface/seeds", 0, api_surface_seed_list),
	{ "PUT", "/api/v1/surface/seeds/*", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_surface_seed_put, NULL, 0 },
	{ "DELETE", "/api/v1/surface/seeds/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_surface_seed_delete, NULL, 0 },
	{ "POST", "/api/v1/surface/seeds/import", ROLE_OPERATOR, ROUTE_WRITES, SHEET_BODY, api_surface_seeds_import,
	  api_surface_seeds_import_prepare, ROUTE_SLOW },
	{ "POST", "/api/v1/surface/seeds/undo", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_surface_seeds_undo, NULL, 0 },
	{ "GET", "/api/v1/surface/schedule", ROLE_VIEWER, ROUTE_READS, 0, api_surface_schedule, NULL, 0 },
	{ "PUT", "/api/v1/surface/schedule", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_surface_schedule_put, NULL, 0 },
	{ "POST", "/api/v1/surface/schedule/run", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_surface_schedule_run, NULL,
	  0 },
	{ "POST", "/api/v1/surface/schedule/cancel", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_surface_schedule_cancel,
	  NULL, 0 },
	SLOW_READ("GET", "/api/v1/surface/assets", 0, api_surface_assets),
	SLOW_READ("GET", "/api/v1/surface/assets/*", 0, api_surface_asset),
	SLOW_READ("GET", "/api/v1/surface/diff", 0, api_surface_diff),
	SLOW_READ("GET", "/api/v1/surface/risks", 0, api_surface_risks),
	SLOW_READ("GET", "/api/v1/surface/risks/*/history", 0, api_surface_risk_history),
	{ "PUT", "/api/v1/surface/risks/*", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_surface_risk_put, NULL, 0 },
	SLOW_READ("GET", "/api/v1/surface/gateways", 0, api_surface_gateways),
	{ "POST", "/api/v1/surface/gateways/import", ROLE_OPERATOR, ROUTE_WRITES, SHEET_BODY,
	  api_surface_gateways_import, NULL, 0 },
	SLOW_READ("GET", "/api/v1/surface/reports", 0, api_surface_reports),
	{ "POST", "/api/v1/surface/reports", ROLE_VIEWER, ROUTE_WRITES, SMALL, api_surface_report_order,
	  api_surface_report_prepare, ROUTE_SLOW },
	SLOW_READ("GET", "/api/v1/surface/reports/*", 0, api_surface_report),
	{ "DELETE", "/api/v1/surface/reports/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_surface_report_delete, NULL, 0 },
	{ "GET", "/api/v1/surface/reports/*/file", ROLE_VIEWER, ROUTE_WRITES, 0, api_surface_report_file,
	  api_surface_report_file_prepare, ROUTE_SLOW },
	{ "POST", "/api/v1/surface/told", ROLE_OPERATOR, ROUTE_WRITES, SMALL, api_surface_told,
	  api_surface_told_prepare, ROUTE_SLOW },

	{ "GET", "/api/v1/audit", ROLE_AUDITOR, ROUTE_READS, 0, api_audit, NULL, 0 },

	{ "POST", "/enrol/v1", ROLE_NONE, ROUTE_WRITES, 64 << 10, enrol_handle, enrol_prepare,
	  ROUTE_OPEN | ROUTE_NO_CSRF | ROUTE_FOREIGN },
};

static const struct route agent_rows[] = {
	{ "POST", "/agent/v1/check-in", ROLE_NONE, ROUTE_WRITES, CHECK_IN_BODY, check_in_handle, check_in_prepare,
	  ROUTE_FOREIGN },
	{ "PUT", "/agent/v1/sections/*", ROLE_NONE, ROUTE_WRITES, SECTION_BODY, section_handle, section_prepare,
	  ROUTE_FOREIGN | ROUTE_RAW_BODY },
	{ "GET", "/agent/v1/updates/*", ROLE_NONE, ROUTE_READS, 0, updates_file, NULL, ROUTE_FOREIGN },
	{ "GET", "/agent/v1/scripts/*", ROLE_NONE, ROUTE_READS, 0, updates_script_file, NULL, ROUTE_FOREIGN },
	{ "POST", "/agent/v1/renew", ROLE_NONE, ROUTE_WRITES, SMALL, renew_handle, renew_prepare, ROUTE_FOREIGN },
	{ "POST", "/agent/v1/relay", ROLE_NONE, ROUTE_WRITES, RELAY_TOLD, relay_check_in_handle, relay_check_in_prepare,
	  ROUTE_FOREIGN | ROUTE_RELAY },
	{ "POST", "/agent/v1/letters", ROLE_NONE, ROUTE_WRITES, SECTION_BODY, letters_handle, letters_prepare,
	  ROUTE_FOREIGN | ROUTE_RAW_BODY | ROUTE_RELAY },
	{ "GET", "/agent/v1/relay/updates/*", ROLE_NONE, ROUTE_READS, 0, updates_file, NULL,
	  ROUTE_FOREIGN | ROUTE_RELAY },
	{ "GET", "/agent/v1/relay/scripts/*", ROLE_NONE, ROUTE_READS, 0, updates_script_file, NULL,
	  ROUTE_FOREIGN | ROUTE_RELAY },
	{ "GET", "/agent/v1/relay/index/*", ROLE_NONE, ROUTE_READS, 0, updates_index_piece, NULL,
	  ROUTE_FOREIGN | ROUTE_RELAY },
	{ "POST", "/agent/v1/relay/renew", ROLE_NONE, ROUTE_WRITES, SMALL, relay_renew_handle, relay_renew_prepare,
	  ROUTE_FOREIGN | ROUTE_RELAY },
};

const struct route_table routes_dashboard = { dashboard_rows, COUNT(dashboard_rows), access_dashboard, asset_serve };
const struct route_table routes_agents = { agent_rows, COUNT(agent_rows), access_agent, NULL };
