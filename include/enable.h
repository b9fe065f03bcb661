/* SPDX-License-Identifier: MIT
 *
 * What nsctl does with the files of units: links that say what starts at a boot, and what must not.
 */
#ifndef ENABLE_H
#define ENABLE_H

#include "nsctl.h"

int enable_link(const struct nsctl_verb *verb, const char *name);
int enable_unlink(const struct nsctl_verb *verb, const char *name);
int enable_mask(const struct nsctl_verb *verb, const char *name);
int enable_unmask(const struct nsctl_verb *verb, const char *name);
int enable_is(const struct nsctl_verb *verb, const char *name);
int enable_print(const struct nsctl_verb *verb, const char *name); /* the files themselves */

/* enabled, disabled, masked, not-found */
const char *enable_state(const char *name);

/* loaded, masked, not-found, bad-setting */
const char *enable_load_state(const char *name);

#endif
