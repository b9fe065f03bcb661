/* SPDX-License-Identifier: MIT
 *
 * The life of a service: a table of states by events.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>

#include "units.h"

enum service_event {
	EVENT_START,    /* somebody wants it to run */
	EVENT_STOP,     /* or not to */
	EVENT_RELOAD,
	EVENT_MAIN,     /* the main process has ended, unit->status says how */
	EVENT_CONTROL,  /* the process of a command has, unit->control_status says how */
	EVENT_READY,    /* READY=1 */
	EVENT_RELOADING, /* RELOADING=1 */
	EVENT_EMPTY,    /* no process is left */
	EVENT_TIME,     /* unit->deadline_ms has come */
	EVENT_WATCHDOG, /* WATCHDOG=1 has not */
	EVENT_OOM,      /* the kernel has killed a process for lack of memory, and the service is to stop then */
	SERVICE_EVENTS,
};

/* What happens to the unit. An event that its state cannot have is logged. */
void service_event(struct unit *unit, enum service_event event);

/* It runs, or has done what it is for: who waits for it need not wait any more. */
bool service_is_up(const struct unit *unit);

/* Nothing of it runs, and nothing will by itself. */
bool service_is_down(const struct unit *unit);

/* True while the end of its last process matters. */
bool service_awaits_end(const struct unit *unit);

/* True if the table has something for the event. */
bool service_takes(enum unit_state state, enum service_event event);

const char *service_state_name(enum unit_state state);
const char *service_result_name(enum unit_result result);

#endif
