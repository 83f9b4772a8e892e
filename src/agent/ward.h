/* What people at the machine may say without an account: hold ("surgery"), release, now, later. They say it through a
 * socket that tells who they are (agent/ward_socket.c); what counts is kept in ward.json, what the server has not heard
 * yet as well. A person of the machine may hold it for a capped time and choose a time, nothing else.
 *
 * The other way, everybody may read the notice: what is planned, when, why not yet. */
#ifndef MAMORI_AGENT_WARD_H
#define MAMORI_AGENT_WARD_H

#include "agent/session.h"
#include "plan/slot.h"

#define WARD_HOLD_MAX_MS (24LL * 3600 * 1000) /* one hold */
#define WARD_HELD_MAX_MS (72LL * 3600 * 1000) /* holds that follow each other */
#define WARD_LATER_MAX_MS (7LL * 86400 * 1000)
#define WARD_WHY_MAX 200

enum ward_kind { WARD_HOLD, WARD_RELEASE, WARD_NOW, WARD_LATER };

struct ward_ask {
	enum ward_kind kind;
	struct str why;
	int64_t until; /* hold, later */
	struct str by; /* "tanaka (1000)" */
	uint32_t uid;
};

/* The folder that everybody may read: /run/mamori-agent, or beside a state folder of another name. */
const char *ward_folder(const struct agent *a, struct arena *arena);
/* Makes it (0755). ERR_REFUSED when it is another's, a link, or open to others. */
bool ward_folder_make(const char *folder, struct err *e) MUST_CHECK;
/* Judges and keeps it, durably; *answer: the sentence for who asked. ERR_REFUSED says why not. */
bool ward_take(const struct agent *a, struct arena *arena, const struct ward_ask *ask, struct str *answer,
	       struct err *e) MUST_CHECK;
/* {"ask","why","until"} of a caller of the socket. */
bool ward_parse(struct arena *arena, struct str text, struct ward_ask *out, struct err *e) MUST_CHECK;
const char *ward_kind_name(enum ward_kind k);

/* For the slot machine. */
void ward_facts(struct session *s, int64_t now, struct slot_facts *f);
/* The slot machine took the answers over. */
void ward_answered(struct session *s);
/* For the check-in: the member "asks"; and the server has them. */
void ward_asks_write(struct session *s, struct json_writer *w);
void ward_asks_heard(struct session *s);

/* The notice for the ward, written when it changed. */
void ward_notice(struct session *s, const struct slot_decision *d, struct str why, const struct slot_facts *f);

/* One line to every terminal of this machine, where there is wall. */
void ward_call(struct session *s, struct str text);

/* In ward_socket.c: the listening socket (0666, below ward_folder()), −1 when it cannot be had. */
int ward_listen(const struct agent *a, struct arena *arena, struct err *e);
/* Answers whoever waits at the socket, then ends. *took: something was asked that the server should hear of. */
void ward_serve(const struct agent *a, int listener, bool *took);

#endif
