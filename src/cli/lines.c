/* Standard input line by line, for the verbs that answer each line with one. */
#include "cli/verbs.h"

enum { CHUNK = 64 * 1024 };

bool
cli_each_line(size_t max, cli_line_fn *each, void *user, struct err *e)
{
	BUF_AUTO pending = { 0 };
	struct str rest, line;
	bool passing = false; /* the rest of a line that was too long */
	size_t got;

	do {
		got = fread(buf_reserve(&pending, CHUNK), 1, CHUNK, stdin);
		pending.len += got;
		rest = buf_str(&pending);
		while (str_find_char(rest, '\n') >= 0 && str_cut(&rest, '\n', &line)) {
			if (line.len > 0 && line.ptr[line.len - 1] == '\r')
				line.len--;
			if (!passing)
				each(user, str_head(line, max + 1), line.len > max);
			passing = false;
		}
		if (!passing && rest.len > max + 1) { /* one more may be a \r */
			each(user, str_head(rest, max + 1), true);
			passing = true;
		}
		if (passing)
			rest = STR("");
		memmove(pending.ptr, rest.ptr, rest.len);
		buf_truncate(&pending, rest.len);
	} while (got > 0);
	if (ferror(stdin))
		return err_sys(e, "standard input cannot be read");
	if (pending.len > 0 && !passing)
		each(user, buf_str(&pending), pending.len > max);
	return true;
}

struct str
cli_or_dash(struct str s)
{
	return s.len ? s : STR("–");
}
