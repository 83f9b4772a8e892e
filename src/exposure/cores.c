/* Work on all cores (exposure/cores.h). */
#include "exposure/cores.h"

#include <pthread.h>
#include <unistd.h>

enum { THREADS_MAX = 64 };

size_t
cores_for(size_t jobs)
{
	long cores = jobs < 2 ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;

	return n < jobs ? n : jobs;
}

void
on_all_cores(size_t jobs, void *(*fn)(void *user), void *user)
{
	size_t want = cores_for(jobs), started = 0;
	pthread_t others[THREADS_MAX];

	while (started + 1 < want && pthread_create(&others[started], NULL, fn, user) == 0)
		started++;
	fn(user);
	for (size_t i = 0; i < started; i++)
		pthread_join(others[i], NULL);
}
