/* SPDX-License-Identifier: MIT
 *
 * The capability sets of the program. capabilities(7).
 */
#ifndef CAPS_H
#define CAPS_H

struct child;

/* Takes out of the bounding set what the plan does not give, while we may. */
int caps_bound(struct child *child);

/* Makes permitted and effective what the plan gives, ambient what it adds for a user who is not root, and inheritable nothing else. */
int caps_apply(struct child *child);

#endif
