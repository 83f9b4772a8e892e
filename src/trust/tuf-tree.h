/* Inside the room: JSON that changes, and the objects of update metadata as we write them. */
#ifndef MAMORI_TRUST_TUF_TREE_H
#define MAMORI_TRUST_TUF_TREE_H

#include "base/json.h"
#include "trust/key.h"

/* A deep copy that the functions below may change. Strings are shared. */
struct json *tree_thaw(struct arena *a, const struct json *v);
struct json tree_object(void);
struct json tree_array(void);
struct json tree_text(struct str s);
struct json tree_number(struct arena *a, int64_t n);
struct json tree_bool(bool b);
/* An instant as metadata writes it: whole seconds, UTC. */
struct json tree_time(struct arena *a, int64_t ms);
/* The member, changeable; NULL when there is none. */
struct json *tree_get(struct json *object, struct str key);
/* Puts or replaces; the place of the value, until the next change of this object. */
struct json *tree_set(struct arena *a, struct json *object, struct str key, struct json value);
/* As tree_set() where the key is known to be new. */
struct json *tree_add(struct arena *a, struct json *object, struct str key, struct json value);
bool tree_remove(struct json *object, struct str key);
struct json *tree_push(struct arena *a, struct json *array, struct json value);
void tree_take_out(struct json *array, size_t i);

/* {"keytype", "scheme", "keyval"} of a P-256 key and the id that it has by that form. */
bool tuf_key_object(struct arena *a, struct str public_pem, struct json *object, struct str *id,
		    struct err *e) MUST_CHECK;

#endif
