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

/* A time in its largest unit. */
void status_print_time(struct out *out, long ms);

#endif
