/* SPDX-License-Identifier: MIT
 *
 * nsctl, and systemctl as far as it is the same: what people type to look at services and to touch them.
 */
#ifndef NSCTL_H
#define NSCTL_H

#include <stdbool.h>

/* True if this is the name of the program. */
bool nsctl_is(const char *name);

/* Does what the words say. The exit status. */
int nsctl_run(char **argv);

#endif
