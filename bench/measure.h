/* What the benchmarks of one process share: time that passed, and what it used, for its line of JSON. */
#ifndef MAMORI_BENCH_MEASURE_H
#define MAMORI_BENCH_MEASURE_H

#include "base/json.h"

#include <sys/resource.h>
#include <time.h>

/* Seconds, from any moment. */
static inline double
measure_now(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of processor of all threads: what a busy machine stretches least. */
static inline double
measure_cpu(void)
{
	struct rusage u;
	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* The keys of a run that asked for names and took so many seconds. */
static inline void
measure_put_names(struct json_writer *w, uint64_t names, double took)
{
	struct rusage u;
	(void)getrusage(RUSAGE_SELF, &u);
	json_put_i64(w, "names_per_second", (int64_t)((double)names / took));
	json_key(w, "seconds");
	json_double(w, took, 2);
	json_key(w, "cpu_seconds");
	json_double(w, measure_cpu(), 2);
	json_put_i64(w, "peak_kib", u.ru_maxrss);
}

#endif
