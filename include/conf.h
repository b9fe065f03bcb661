/* SPDX-License-Identifier: MIT
 *
 * --conf: a directory of files that appear in /etc.
 */
#ifndef CONF_H
#define CONF_H

#include "plan.h"

/*
 * Adds a read-only bind to /etc for each regular file of plan->conf, and takes the host name from the file
 * hostname unless one is given. 0, or -1 after a message.
 */
int conf_expand(struct plan *plan);

/*
 * The first word of a file as hostname(5), where a comment or an empty line is no name, in host, which holds PLAN_HOSTNAME_MAX
 * and a NUL. 0, or -1 with errno; EINVAL: it holds none that can be one.
 */
int conf_hostname(int directory, const char *path, char *host);

#endif
