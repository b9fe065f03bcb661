/* SPDX-License-Identifier: MIT
 *
 * How the kernel treats the process of a service: plan->traits.
 */
#ifndef TRAITS_H
#define TRAITS_H

struct child;

/* Sets what is asked for, while the process may do that. */
int traits_apply(struct child *child);

/* The keyring of the process's session, as the user who it is by now. */
int traits_keyring(struct child *child);

#endif
