/* What the verbs of exposure share: opening, queries with their caret. */
#include "cli/exposure.h"

#include "cli/verbs.h"

bool
exposure_cli_open(struct exposure_cli *x, struct err *e)
{
	return exposure_backend_find(x->store, &x->backend, e) &&
	       x->backend->open(x->cli->data, x->store, &x->state, e);
}

int
exposure_cli_end(struct exposure_cli *x, const struct err *e)
{
	struct str *names;
	size_t count = 0;

	if (x->state) {
		x->backend->damaged(x->state, x->cli->arena, &names, &count);
		for (size_t i = 0; i < count; i++)
			fprintf(stderr,
				tr("mamori: the segment %.*s is damaged and was left out; import its files again\n"),
				STR_ARG(names[i]));
		x->backend->close(x->state);
	}
	if (e->code != ERR_NONE)
		return cli_fail(x->cli, e);
	return count > 0 ? 3 : 0;
}

bool
exposure_cli_query(struct exposure_cli *x, char **words, int count, struct query **out, struct err *e)
{
	BUF_AUTO text = { 0 };
	size_t at = SIZE_MAX;

	for (int i = 0; i < count; i++)
		buf_addf(&text, "%s%s", i > 0 ? " " : "", words[i]);
	struct str q = arena_str(x->cli->arena, buf_str(&text));
	x->query = q;
	if (query_parse_at(x->cli->arena, q, out, &at, e))
		return true;
	if (at <= q.len && q.len < 400 && str_find_char(q, '\n') < 0)
		fprintf(stderr, "%.*s\n%*s^\n", STR_ARG(q), (int)cli_width(str_head(q, at)), "");
	return false;
}

bool
exposure_cli_number(const char *option, const char *text, uint64_t *out, struct err *e)
{
	return !text || str_to_u64(str_of(text), out) ||
	       err_set(e, ERR_USAGE, "--%s takes a number, not “%s”", option, text);
}

bool
exposure_cli_field(struct str name, enum field *out, struct err *e)
{
	struct str nearest;

	*out = field_find(name, &nearest);
	if (*out != FIELDS)
		return true;
	if (nearest.len > 0)
		return err_set(e, ERR_USAGE, "unknown field %.*s; did you mean %.*s?", STR_ARG(name), STR_ARG(nearest));
	return err_set(e, ERR_USAGE, "unknown field %.*s", STR_ARG(name));
}
