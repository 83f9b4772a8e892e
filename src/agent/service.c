#include "agent/service.h"

#include "plan/mitigate.h"

bool
service_ctl(struct session *s, const char *const *argv, struct str *out, struct err *e)
{
	PROC_RESULT_AUTO r = { 0 };
	struct proc_spec spec = { .argv = argv, .timeout_s = 300, .output_max = 64U << 10 };
	if (!runner_run(s->agent->runner, &spec, &r, e))
		return false;
	if (out)
		*out = arena_str(s->arena, buf_str(&r.out));
	struct str words = arena_line(s->arena, str_trim(buf_str(&r.err)), 300);
	return r.status == 0 ||
	       err_set(e, ERR_SYSTEM, "systemctl %s %s: %.*s", argv[1], argv[2] ? argv[2] : "", STR_ARG(words));
}

bool
service_do(struct session *s, const char *verb, struct str unit, struct err *e)
{
	if (!service_name_valid(unit))
		return err_set(e, ERR_INPUT, "this is no name of a service");
	const char *argv[] = { "systemctl", verb, "--", arena_cstr(s->arena, unit), NULL };
	return service_ctl(s, argv, NULL, e);
}

bool
service_show(struct session *s, struct str unit, const char *properties, struct str *out, struct err *e)
{
	if (!service_name_valid(unit))
		return err_set(e, ERR_INPUT, "this is no name of a service");
	const char *argv[] = { "systemctl",
			       "show",
			       arena_printf(s->arena, "--property=%s", properties).ptr,
			       "--",
			       arena_cstr(s->arena, unit),
			       NULL };
	return service_ctl(s, argv, out, e);
}

struct str
service_property(struct str text, const char *name)
{
	struct str line, key, value;
	while (str_line(&text, &line))
		if (str_split(line, '=', &key, &value) && str_eq(key, str_of(name)))
			return str_trim(value);
	return STR_NONE;
}
