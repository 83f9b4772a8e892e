/* The message catalogue: English is the key, Japanese comes from src/base/ja.po,
 * compiled in. A format keeps its conversions in the same order or uses %1$s. */
#ifndef MAMORI_BASE_TR_H
#define MAMORI_BASE_TR_H

enum lang { LANG_EN, LANG_JA };

/* The language of this thread (a request's reader) and, unset, of the process. */
void lang_set_process(enum lang lang);
void lang_set_thread(enum lang lang);
enum lang lang_current(void);
/* From LC_ALL, LC_MESSAGES, LANG. */
enum lang lang_from_environment(void);

/* The sentence in the current language, or itself. */
const char *tr(const char *english) __attribute__((format_arg(1)));

#endif
