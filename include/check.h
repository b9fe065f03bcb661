/* SPDX-License-Identifier: MIT
 *
 * --check: what this kernel and this user can do.
 */
#ifndef CHECK_H
#define CHECK_H

/* Prints a line for each ability, with the remedy for what is missing. 0 if nothing that is needed is, else 1. */
int check_run(void);

#endif
