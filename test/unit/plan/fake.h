/* A package manager in words only: what was recorded from the real one answers to commands. */
#ifndef MAMORI_TEST_FAKE_H
#define MAMORI_TEST_FAKE_H

#include "../os/unit.h"
#include "plan/pkgmgr.h"

struct fake_answer {
	const char *command; /* part of the joined arguments */
	const char *out, *err;
	int status;
	void (*effect)(void **state); /* what the command does to the root */
};

struct fake {
	void **state;
	const struct fake_answer *answers;
	size_t count;
	struct buf seen; /* every command, a line each */
};

static inline bool
fake_run(void *user, const struct proc_spec *spec, struct proc_result *r, struct err *e)
{
	struct fake *f = user;
	BUF_AUTO command = { 0 };

	for (const char *const *arg = spec->argv; *arg; arg++)
		buf_addf(&command, "%s ", *arg);
	buf_addf(&f->seen, "%s\n", buf_cstr(&command));
	*r = (struct proc_result){ 0 };
	for (size_t i = 0; i < f->count; i++) {
		const struct fake_answer *a = &f->answers[i];
		if (!strstr(buf_cstr(&command), a->command))
			continue;
		r->status = a->status;
		buf_add(&r->out, str_of(a->out ? a->out : ""));
		buf_add(&r->err, str_of(a->err ? a->err : ""));
		if (spec->output_file) {
			BUF_AUTO log = { 0 };
			(void)!file_read(spec->output_file, 1 << 20, &log, NULL);
			buf_add(&log, buf_str(&r->out));
			buf_add(&log, buf_str(&r->err));
			assert_ok(file_write(spec->output_file, buf_str(&log), 0600, &unit_err));
		}
		if (a->effect)
			a->effect(f->state);
		return true;
	}
	return err_set(e, ERR_NOT_FOUND, "no recorded answer to: %s", buf_cstr(&command));
}

#define FAKE(name, answers_, state_) \
	__attribute__((cleanup(fake_cleanup))) struct fake name = { .state = (state_), \
								    .answers = (answers_), \
								    .count = COUNT(answers_) }; \
	struct runner name##_runner = { fake_run, &name }

static inline void
fake_cleanup(struct fake *f)
{
	buf_free(&f->seen);
}

/* A context below the test's folder. */
static inline struct pkgmgr_ctx
fake_ctx(void **state, const struct runner *runner)
{
	return (struct pkgmgr_ctx){ .runner = runner,
				    .clock = &clock_system,
				    .root = unit_path(state, "root"),
				    .stage_dir = unit_path(state, "root/stage"),
				    .log_path = unit_path(state, "log") };
}

#endif
