/* SPDX-License-Identifier: MIT
 *
 * nsctl, and systemctl as far as it is the same: what people type to look at services and to touch them.
 */
#ifndef NSCTL_H
#define NSCTL_H

/* Does what the words say. The exit status. */
int nsctl_run(char **argv);

#endif
