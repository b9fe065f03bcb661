/* SPDX-License-Identifier: MIT
 *
 * The short steps of a container's PID 1: descriptors, parent death, names. namespaces(7).
 */
#ifndef NS_H
#define NS_H

#include <stddef.h>

struct child;

/* Closes every descriptor from first on but those in keep, where -1 is nothing. 0, or -1. close_range(2), Linux 5.9 */
int ns_close_except(const int *keep, size_t count, int first);

/* Closes every descriptor but 0 to 2, the report pipe, the terminal, the log and the end of the monitor's pipe. */
int ns_descriptors(struct child *child);

/* Asks for the plan's signal when the launcher dies. prctl(2) PR_SET_PDEATHSIG, which fork clears. */
int ns_parent_death(struct child *child);

/* A session keyring of its own, keyrings(7), and nothing of PID 1 to be read or written through /proc/1, proc(5). */
int ns_secrets(struct child *child);

/* A time namespace with the plan's clocks, for ourselves as well. time_namespaces(7), Linux 5.6. */
int ns_time(struct child *child);

int ns_hostname(struct child *child);
int ns_domainname(struct child *child);

#endif
