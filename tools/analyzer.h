/* For clang's analyser only: it sees one source at a time and cannot know that these always give false, so every
 * `return err_set(…)` would look like a success that left its outputs unset. */
#include "base/err.h"
#define err_set(...) ((void)err_set(__VA_ARGS__), false)
#define err_sys(...) ((void)err_sys(__VA_ARGS__), false)
#define err_wrap(...) ((void)err_wrap(__VA_ARGS__), false)
