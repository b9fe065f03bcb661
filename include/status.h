/* SPDX-License-Identifier: MIT
 *
 * How nsctl shows units.
 */
#ifndef STATUS_H
#define STATUS_H

#include "nsctl.h"
#include "out.h"

int status_list(const struct nsctl_verb *verb, const char *name);
int status_show(const struct nsctl_verb *verb, const char *name);       /* as systemctl status */
int status_properties(const struct nsctl_verb *verb, const char *name); /* as systemctl show */
int status_is_active(const struct nsctl_verb *verb, const char *name);
int status_is_failed(const struct nsctl_verb *verb, const char *name);
int status_is_system(const struct nsctl_verb *verb, const char *name);

/* What systemctl calls the state: active, inactive, failed, activating... */
const char *status_active(const char *state);

/* A mark for such a state. */
void status_print_dot(struct out *to, const char *active);

/* The processes in the sessions, "PID PID", and below them: a line each, with what comes before the first and the others. */
void status_print_processes(struct out *to, const char *unit_sessions, const char *first, const char *rest);

/* A time in its largest unit. */
void status_print_time(struct out *out, long ms);

#endif
