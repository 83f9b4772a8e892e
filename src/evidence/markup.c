/* Escaping (evidence/markup.h). */
#include "evidence/markup.h"

#include "base/utf8.h"

static struct str
escaped(char c)
{
	switch (c) {
	case '&':
		return STR("&amp;");
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '"':
		return STR("&quot;");
	case '\'':
		return STR("&#39;");
	default:
		return STR_NONE;
	}
}

void
markup_text(struct buf *out, struct str s)
{
	for (size_t i = 0, n; i < s.len; i += n) {
		n = utf8_sequence(s.ptr + i, s.len - i);
		struct str instead = n == 1 ? escaped(s.ptr[i]) : STR_NONE;
		if (n == 0 || (utf8_is_control(s.ptr + i, n) && s.ptr[i] != '\n'))
			buf_add(out, STR("\xef\xbf\xbd"));
		else
			buf_add(out, instead.len > 0 ? instead : str_sub(s.ptr + i, n));
		n = n ? n : 1;
	}
}
