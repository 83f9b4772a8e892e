#include "vuln/msrc.h"

struct walk {
	const uint32_t *first, *targets;
	uint32_t *group;
	uint32_t *order; /* when a node was met, from 1; 0 not yet */
	uint32_t *low; /* the earliest that it reaches on the stack */
	uint32_t *next; /* the edge to follow next */
	uint32_t *path, path_len; /* the way from the root to here */
	uint32_t *open, open_len; /* met, group not known yet */
	uint32_t met, groups;
};

static void
enter(struct walk *w, uint32_t node)
{
	w->order[node] = w->low[node] = ++w->met;
	w->next[node] = w->first[node];
	w->path[w->path_len++] = node;
	w->open[w->open_len++] = node;
}

static void
leave(struct walk *w, uint32_t node)
{
	w->path_len--;
	if (w->path_len > 0) {
		uint32_t parent = w->path[w->path_len - 1];
		if (w->low[node] < w->low[parent])
			w->low[parent] = w->low[node];
	}
	if (w->low[node] != w->order[node])
		return;
	uint32_t member;
	do {
		member = w->open[--w->open_len];
		w->group[member] = w->groups;
	} while (member != node);
	w->groups++;
}

/* One step from the end of the path. */
static void
step(struct walk *w)
{
	uint32_t node = w->path[w->path_len - 1];
	if (w->next[node] == w->first[node + 1]) {
		leave(w, node);
		return;
	}
	uint32_t target = w->targets[w->next[node]++];
	if (w->order[target] == 0)
		enter(w, target);
	else if (w->group[target] == UINT32_MAX && w->order[target] < w->low[node])
		w->low[node] = w->order[target];
}

uint32_t
graph_groups(uint32_t n, const uint32_t *first, const uint32_t *targets, uint32_t *group)
{
	ARENA_AUTO a = { 0 };
	struct walk w = { .first = first,
			  .targets = targets,
			  .group = group,
			  .order = ARENA_ARRAY(&a, uint32_t, n + (size_t)1),
			  .low = ARENA_ARRAY(&a, uint32_t, n + (size_t)1),
			  .next = ARENA_ARRAY(&a, uint32_t, n + (size_t)1),
			  .path = ARENA_ARRAY(&a, uint32_t, n + (size_t)1),
			  .open = ARENA_ARRAY(&a, uint32_t, n + (size_t)1) };
	for (uint32_t i = 0; i < n; i++)
		group[i] = UINT32_MAX;
	for (uint32_t i = 0; i < n; i++) {
		if (w.order[i])
			continue;
		enter(&w, i);
		while (w.path_len > 0)
			step(&w);
	}
	return w.groups;
}
