/* Running other programs: an argument vector, never a shell. Injected as `struct runner`. */
#ifndef MAMORI_OS_PROC_H
#define MAMORI_OS_PROC_H

#include "base/buf.h"

struct proc_spec {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in a fixed PATH */
	const char *const *env; /* NULL-terminated "K=V", added to a minimal clean environment */
	const char *root; /* chroot there first; NULL: none */
	const char *output_file; /* both outputs are appended there instead of being captured */
	struct str input; /* given on standard input */
	size_t output_max; /* bytes captured of each output, the rest is dropped; 0 = 1 MiB */
	unsigned timeout_s; /* 0 = 600; then SIGTERM, 5 s later SIGKILL, to its process group */
	bool low_priority; /* nice 19, idle I/O class */
	bool own_session; /* survives the death of the caller: setsid, no death signal */
};

struct proc_result {
	int status; /* exit status, or -1 when a signal ended it */
	int signal;
	bool timed_out;
	bool truncated;
	struct buf out, err;
};

void proc_result_free(struct proc_result *r);
#define PROC_RESULT_AUTO __attribute__((cleanup(proc_result_free))) struct proc_result

/* True when the program ran and ended (whatever its status). */
typedef bool proc_run_fn(void *user, const struct proc_spec *spec, struct proc_result *r, struct err *e);

struct runner {
	proc_run_fn *run;
	void *user;
};

extern const struct runner runner_system;

static inline bool
runner_run(const struct runner *r, const struct proc_spec *spec, struct proc_result *result, struct err *e)
{
	return r->run(r->user, spec, result, e);
}

#endif
