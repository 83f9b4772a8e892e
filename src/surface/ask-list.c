/* Lists of questions, and the table of all that wait for an answer. */
#include "surface/ask-internal.h"

#include <stdlib.h>

void
ask_list_push(struct ask_list *l, struct ask *q, enum ask_place place)
{
	q->place = (uint8_t)place;
	q->next = NULL;
	if (l->head)
		l->tail->next = q;
	else
		l->head = q;
	l->tail = q;
	l->count++;
}

struct ask *
ask_list_pop(struct ask_list *l)
{
	struct ask *q = l->head;
	if (q) {
		l->head = q->next;
		l->count--;
	}
	return q;
}

static void
all_grow(struct asker *k)
{
	size_t size = k->all_size ? k->all_size * 2 : 1024;
	struct ask **wider = xcalloc(size, sizeof(*wider));
	for (size_t i = 0; i < k->all_size; i++)
		for (struct ask *q = k->all[i], *next; q; q = next) {
			next = q->same;
			q->same = wider[q->hash % size];
			wider[q->hash % size] = q;
		}
	free(k->all);
	k->all = wider;
	k->all_size = size;
}

struct ask *
ask_find(const struct asker *k, enum service s, struct str what, uint64_t hash)
{
	struct ask *q = k->all_size ? k->all[hash % k->all_size] : NULL;
	while (q && !(q->hash == hash && q->question.service == s && str_eq(q->question.what, what)))
		q = q->same;
	return q;
}

void
ask_add(struct asker *k, struct ask *q)
{
	if (k->all_count >= k->all_size)
		all_grow(k);
	q->same = k->all[q->hash % k->all_size];
	k->all[q->hash % k->all_size] = q;
	k->all_count++;
}

void
ask_remove(struct asker *k, struct ask *q)
{
	struct ask **at = &k->all[q->hash % k->all_size];
	while (*at != q)
		at = &(*at)->same;
	*at = q->same;
	k->all_count--;
}
