/* The addresses of the server. doc/api.md and doc/agent-protocol.md describe every row. */
#include "server/api.h"
#include "server/check_in.h"
#include "server/sign_in.h"

#define SMALL (16 << 10)
#define ORDER_BODY (1 << 20)
#define CHECK_IN_BODY (4 << 20)
#define SECTION_BODY (16 << 20)

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

	{ "GET", "/api/v1/patches", ROLE_VIEWER, ROUTE_READS, 0, api_patches, NULL, 0 },
	{ "GET", "/api/v1/patches/*", ROLE_VIEWER, ROUTE_READS, 0, api_patch, NULL, 0 },
	{ "GET", "/api/v1/host-patches", ROLE_VIEWER, ROUTE_READS, 0, api_host_patches, NULL, 0 },
	{ "POST", "/api/v1/orders", ROLE_OPERATOR, ROUTE_WRITES, ORDER_BODY, api_order_create, api_order_prepare, 0 },
	{ "DELETE", "/api/v1/orders/*", ROLE_OPERATOR, ROUTE_WRITES, 0, api_order_delete, NULL, 0 },
	{ "GET", "/api/v1/history", ROLE_VIEWER, ROUTE_READS, 0, api_history, NULL, 0 },

	{ "GET", "/api/v1/vulnerabilities", ROLE_VIEWER, ROUTE_READS, 0, api_vulnerabilities, NULL, 0 },
	{ "GET", "/api/v1/vulnerabilities/*", ROLE_VIEWER, ROUTE_READS, 0, api_vulnerability, NULL, 0 },

	{ "GET", "/api/v1/feeds", ROLE_VIEWER, ROUTE_READS, 0, api_feeds, NULL, 0 },
	{ "POST", "/api/v1/feeds/reload", ROLE_ADMINISTRATOR, ROUTE_WRITES, 0, api_feeds_reload, NULL, 0 },

	{ "POST", "/api/v1/tokens", ROLE_ADMINISTRATOR, ROUTE_WRITES, SMALL, api_token_create, NULL, 0 },
	{ "GET", "/api/v1/tokens", ROLE_ADMINISTRATOR, ROUTE_READS, 0, api_tokens, NULL, 0 },
	{ "DELETE", "/api/v1/tokens/*", ROLE_ADMINISTRATOR, ROUTE_WRITES, 0, api_token_delete, NULL, 0 },

	{ "GET", "/api/v1/audit", ROLE_AUDITOR, ROUTE_READS, 0, api_audit, NULL, 0 },

	{ "POST", "/enrol/v1", ROLE_NONE, ROUTE_WRITES, 64 << 10, enrol_handle, enrol_prepare,
	  ROUTE_OPEN | ROUTE_NO_CSRF | ROUTE_FOREIGN },
};

static const struct route agent_rows[] = {
	{ "POST", "/agent/v1/check-in", ROLE_NONE, ROUTE_WRITES, CHECK_IN_BODY, check_in_handle, check_in_prepare,
	  ROUTE_FOREIGN },
	{ "PUT", "/agent/v1/sections/*", ROLE_NONE, ROUTE_WRITES, SECTION_BODY, section_handle, section_prepare,
	  ROUTE_FOREIGN | ROUTE_RAW_BODY },
	{ "POST", "/agent/v1/renew", ROLE_NONE, ROUTE_WRITES, SMALL, renew_handle, renew_prepare, ROUTE_FOREIGN },
};

const struct route_table routes_dashboard = { dashboard_rows, COUNT(dashboard_rows), access_dashboard, asset_serve };
const struct route_table routes_agents = { agent_rows, COUNT(agent_rows), access_agent, NULL };
