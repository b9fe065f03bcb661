/* SPDX-License-Identifier: MIT */
#ifndef SELF_H
#define SELF_H

#include <signal.h>
#include <stdbool.h>

/*
 * Executes us again from a copy in memory that nobody can write to, if we are not that copy and either always is given or
 * this kernel lets running files be written to. mask is that of our caller, which the copy is to find. Returns 0 when there is
 * nothing to do; -1 if it cannot be done.
 */
int self_seal(char **argv, char **envp, bool always, const sigset_t *mask);

#endif
