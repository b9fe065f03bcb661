/* SPDX-License-Identifier: MIT
 *
 * Removes what services leave behind.
 */
#ifndef CLEAN_H
#define CLEAN_H

/* Removes the directory, and what is in it; a mount point in there stays. What is large is removed by a process of its own, and by then out of the way. */
void clean_directory(int parent, const char *name);

#endif
