/* SPDX-License-Identifier: MIT
 *
 * What the program may use: resource limits, niceness, the OOM killer's score, the file mode mask.
 */
#ifndef LIMIT_H
#define LIMIT_H

struct child;

/* Sets the plan's limits: prlimit(2), setpriority(2), proc(5) oom_score_adj, umask(2). */
int limit_apply(struct child *child);

#endif
