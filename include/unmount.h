/* SPDX-License-Identifier: MIT
 *
 * What is mounted at the end of a machine, and its swap.
 */
#ifndef UNMOUNT_H
#define UNMOUNT_H

/* Unmounts what holds data, the latest first; what is busy becomes read-only. Each that can be neither is a warning. */
void unmount_all(void);

/* swapoff(2) for all that is in use. */
void unmount_swap(void);

#endif
