/* SPDX-License-Identifier: MIT
 *
 * The cgroups of services: a slice of our own cgroup, and in it one for each service that runs. Where none can be made, each of these says
 * so or does nothing, and members.h knows a service's processes otherwise.
 */
#ifndef SLICE_H
#define SLICE_H

#include <stdbool.h>

#include "cgroup.h"
#include "loop.h"
#include "units.h"

struct launch;

/* From now on there may be cgroups. On a machine the slice has the name that it has with systemd. */
void slice_allow(bool machine);

/* True if services have cgroups. */
bool slice_is_there(void);

/* True if a service can have the control, CONTROLS: a cgroup at all; or if it is not known, because nothing is started here. */
bool slice_can(enum control control);

/* The unit's cgroup, which a process of it is to start in, with what launch asks for; made if it is not there. NULL: there is none. */
struct cgroup *slice_enter(struct unit *unit, const struct launch *launch);

/* The process has been started. */
void slice_entered(void);

/* The unit's cgroup in the hierarchy of that kind, of CGROUP_KINDS: in that in which all have one. O_PATH, -1: it has none. */
int slice_open(const struct unit *unit, enum cgroup_kind kind, int *version);

/* The unit whose cgroup the process is in; NULL. */
struct unit *slice_owner(pid_t pid);

/* True if no process is in the unit's cgroup. If there is one, its end will make the unit unsure. */
bool slice_is_empty(struct unit *unit);

/* Calls visit(pid, unit) for every process in the unit's cgroup. */
void slice_processes(struct unit *unit, void (*visit)(pid_t pid, void *unit));

/* Sends the signal to every process of the unit once, SIGKILL so that none escapes. */
void slice_signal(struct unit *unit, int signal);

/* Reads the policy for lack of memory, and begins to watch for that if it is to stop the service. */
void slice_watch_memory(struct unit *unit, const struct launch *launch);

/* True if, since it was asked last, the kernel has killed a process of the unit for the lack of memory. */
bool slice_lacked_memory(struct unit *unit);

/* Removes the unit's cgroup, as far as nobody is in it. */
void slice_remove(const struct unit *unit);

/* The service is over: the same; if somebody is left in it, when they have ended. */
void slice_leave(struct unit *unit);

/* Where the kernel tells of cgroups: a descriptor for a watch, -1: there is none, and who is ready. */
int slice_news(void);
void slice_read(struct loop *loop, short events);

/* Removes the slice, with what is left in it. */
void slice_close(void);

#endif
