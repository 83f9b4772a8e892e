#include "agent/ports.h"

#include "agent/facts.h"
#include "agent/state.h"

#define FILE_MAX (1U << 20)

const struct port_table ports_of_emergency = { .name = "mamori", .file = "ports.nft" };
const struct port_table ports_of_rdp = { .name = "mamori_rdp", .file = "rdp.nft" };

/* What a start of the machine reads. */
static bool
boot_file(struct session *s, const struct port_table *t, struct str rules, struct err *e)
{
	BUF_AUTO old = { 0 };
	const char *path = state_path(s->agent, s->arena, t->file);
	if (file_read(path, FILE_MAX, &old, NULL) && str_eq(buf_str(&old), rules))
		return true;
	return state_save(s->agent, t->file, rules, e);
}

static bool
nft(struct session *s, struct str rules, struct err *e)
{
	PROC_RESULT_AUTO r = { 0 };
	const char *argv[] = { "nft", "-f", "-", NULL };
	struct proc_spec spec = { .argv = argv, .input = rules, .timeout_s = 60, .output_max = 16U << 10 };
	if (!runner_run(s->agent->runner, &spec, &r, e))
		return false;
	struct str words = arena_line(s->arena, str_trim(buf_str(&r.err)), 300);
	return r.status == 0 || err_set(e, ERR_SYSTEM, "nft: %.*s", STR_ARG(words));
}

bool
ports_close(struct session *s, const struct port_table *t, const struct mitigate_act *acts, size_t count, struct err *e)
{
	BUF_AUTO rules = { 0 };
	bool closes = false;
	if (facts_view(s) == &host_view_folder)
		return err_set(e, ERR_REFUSED, "nothing runs in a root folder");
	for (size_t i = 0; i < count; i++)
		closes = closes || acts[i].kind == MITIGATE_CLOSE_PORT;
	mitigate_nft(t->name, acts, count, &rules);
	/* There before a port is closed and until all are open: its being there says that something may be closed. */
	if (closes && !boot_file(s, t, buf_str(&rules), e))
		return err_wrap(e, "keeping what is closed at the next start");
	struct err why = { 0 };
	bool ok = nft(s, buf_str(&rules), &why);
	/* Without nft nothing was closed, and nothing will be. */
	if ((!closes && ok) || why.code == ERR_NOT_FOUND)
		ok = file_remove(state_path(s->agent, s->arena, t->file), e) && ok;
	return ok || (why.code != ERR_NONE && err_set(e, why.code, "%s", why.text));
}
