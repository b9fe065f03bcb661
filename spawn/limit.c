/* SPDX-License-Identifier: MIT
 *
 * What the program may use.
 */
#include "limit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "child.h"
#include "decimal.h"
#include "file.h"

static int set_oom_score(int score)
{
	char text[16], *end = text;

	if (score < 0)
		*end++ = '-';
	end = decimal(end, (unsigned long)abs(score));
	return file_write(AT_FDCWD, "/proc/self/oom_score_adj", text, (size_t)(end - text));
}

int limit_apply(struct child *child)
{
	const struct plan *plan = child->plan;

	for (size_t i = 0; i < plan->limit_count; i++) {
		const struct limit *limit = &plan->limits[i];
		const struct rlimit values = {limit->soft, limit->hard};

		child->fault.index = (int)i;
		if (prlimit(0, limit->resource, &values, NULL) < 0)
			return -1;
	}
	child->fault.index = LIMIT_NICE;
	if (plan->nice_set && setpriority(PRIO_PROCESS, 0, plan->nice) < 0)
		return -1;
	child->fault.index = LIMIT_OOM;
	if (plan->oom_set && set_oom_score(plan->oom_score_adj) < 0)
		return -1;
	if (plan->umask_set)
		umask(plan->umask);
	return 0;
}
