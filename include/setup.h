/* SPDX-License-Identifier: MIT
 *
 * What a machine is told at its start: modules, name, address, settings, random numbers, the time. Each returns 0, or -1 after a
 * message; what is not asked for is no failure.
 */
#ifndef SETUP_H
#define SETUP_H

struct boot;

/* Loads what /etc/nsinit/modules lists, in its order: a path a line, parameters behind it. */
int setup_modules(struct boot *boot);

/* The name of the plan, or of /etc/hostname. */
int setup_hostname(struct boot *boot);

int setup_loopback(struct boot *boot);

/* ip= of the kernel, Documentation/admin-guide/nfs/nfsroot.rst, for an address that does not change. */
int setup_address(struct boot *boot);

/* sysctl.d(5): the files in /etc/sysctl.d that end in .conf, by name. */
int setup_sysctl(struct boot *boot);

/* Gives the kernel the random numbers that the last run left, once. */
int setup_seed(struct boot *boot);

/* Leaves random numbers for the next run, if there is a place for them. */
void setup_keep_seed(void);

/* Sets a clock that is certainly wrong. */
int setup_clock(struct boot *boot);

#endif
