/* SPDX-License-Identifier: MIT
 *
 * What inside.c tells measure.c over the pipe on its standard output.
 */
#ifndef INSIDE_H
#define INSIDE_H

#include <stdint.h>
#include <time.h>

struct news {
	int64_t at_ns;  /* CLOCK_MONOTONIC, which a PID namespace shares with its host */
	int32_t signal; /* the signal that came, 0: ready, or the order is carried out */
	int32_t unused;
};

static inline int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

#endif
