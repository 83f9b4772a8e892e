/* The kinds of values a policy has: how each is read from the tree and written as JSON (private to the room). */
#ifndef MAMORI_PLAN_POLICY_TYPES_H
#define MAMORI_PLAN_POLICY_TYPES_H

#include "plan/policy-node.h"

struct policy_reading {
	struct arena *a;
	struct policy_remarks *remarks;
	const char *unit; /* of default names: "install", "reboot" */
};

struct policy_field;

struct policy_type {
	bool (*read)(struct policy_reading *r, const struct policy_node *n, const struct policy_field *f, void *at);
	/* Whether there is something to write. */
	bool (*there)(const struct policy_field *f, const void *at);
	void (*write)(const struct policy_field *f, const void *at, struct json_writer *w);
};

/* One key. */
struct policy_field {
	const char *key;
	const struct policy_type *type;
	size_t offset; /* in the struct of the map that holds the key */
	const void *more; /* words, map */
	int64_t min, max; /* of a number or duration */
	int bit; /* enum policy_key + 1, in maps of struct policy itself; 0: none */
};

struct policy_map {
	const struct policy_field *fields;
	size_t count;
	size_t size; /* of one element of a list */
	const void *defaults; /* of it */
	/* What the keys must be to each other; seen: bit i for fields[i]. */
	bool (*finish)(struct policy_reading *r, const struct policy_node *n, void *at, uint64_t seen);
};

struct policy_word {
	const char *word; /* NULL ends the table */
	int value;
};

extern const struct policy_type policy_networks; /* in policy-emergency.c */
extern const struct policy_type policy_text, policy_name_text, policy_texts, policy_flag, policy_tristate,
	policy_integer, policy_share, policy_duration, policy_clock, policy_date, policy_dates, policy_choice,
	policy_choice_flag, policy_bits, policy_map, policy_maps;

/* A policy_type.there for what is always written. */
bool policy_always_there(const struct policy_field *f, const void *at);

/* Says what is wrong with a value; returns false. */
#define policy_wrong(r, n, ...) \
	(policy_remark_add((r)->a, (r)->remarks, false, (n)->line, (n)->column, __VA_ARGS__), false)

/* A stranger's text in a remark: one line, not long. */
struct str policy_shown(struct policy_reading *r, struct str s);
bool policy_scalar(struct policy_reading *r, const struct policy_node *n, const char *key, struct str *out);
bool policy_duration_read(struct policy_reading *r, const struct policy_node *n, const char *key, int64_t min,
			  int64_t max, int64_t *out);
/* A list, or one value as a list of one. */
size_t policy_members(const struct policy_node *n, const struct policy_node **items);
bool policy_map_read(struct policy_reading *r, const struct policy_node *n, const struct policy_map *m, void *at);
bool policy_map_there(const struct policy_map *m, const void *at);
void policy_map_write(const struct policy_map *m, const void *at, struct json_writer *w);
bool policy_date_parse(struct str s, int64_t *day);
void policy_date_write(int64_t day, struct json_writer *w);
void policy_duration_write(int64_t ms, struct json_writer *w);

/* Rows of the tables. */
#define FIELD(word, kind, base, member) .key = (word), .type = &(kind), .offset = offsetof(base, member)
#define MAP(name, base, table, ...) \
	static const struct policy_map name = { \
		.fields = (table), .count = COUNT(table), .size = sizeof(base), __VA_ARGS__ \
	}
#define SHARED_MAP(name, base, table, ...) \
	const struct policy_map name = { .fields = (table), .count = COUNT(table), .size = sizeof(base), __VA_ARGS__ }

/* A calendar's length and spread are at most this, which calendar.c relies on. */
#define WINDOW_LONGEST (INT64_C(7) * 86400000)

/* policy-emergency.c */
extern const struct policy_map policy_emergency_map;

/* policy-windows.c */
extern const struct policy_type policy_windows, policy_missed;
extern const struct policy_map policy_window_map, policy_valid_map, policy_blackout_map;

#endif
