#include "base/tr.h"

#include "base/messages.h"
#include "base/str.h"

#include <stdatomic.h>

enum { UNSET = -1 };

/* The reader's language is ambient like errno: threads serve one reader at a time. */
static _Atomic int process_lang = LANG_EN;
static _Thread_local int thread_lang = UNSET;

void
lang_set_process(enum lang lang)
{
	atomic_store(&process_lang, (int)lang);
}

void
lang_set_thread(enum lang lang)
{
	thread_lang = (int)lang;
}

enum lang
lang_current(void)
{
	return (enum lang)(thread_lang != UNSET ? thread_lang : atomic_load(&process_lang));
}

enum lang
lang_from_environment(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *value = getenv(names[i]);

		/* The first that is set decides, as in setlocale(3). */
		if (value && *value)
			return strncmp(value, "ja", 2) == 0 ? LANG_JA : LANG_EN;
	}
	return LANG_EN;
}

static int
message_cmp(const void *key, const void *element)
{
	return strcmp(key, messages_ja_text + ((const struct message *)element)->english);
}

const char *
tr(const char *english)
{
	const struct message *m;

	if (lang_current() == LANG_EN)
		return english;
	m = bsearch(english, messages_ja, messages_ja_count, sizeof(*messages_ja), message_cmp);
	return m ? messages_ja_text + m->text : english;
}
