/* SPDX-License-Identifier: MIT
 *
 * All units of PID 1 in nsctl's memory, as far as pictures of them need.
 */
#ifndef GRAPH_H
#define GRAPH_H

#include "nsctl.h"

/*
 * Fills units_first() and their edges. Of each unit there is its name, description (what systemctl calls its state), file (its
 * sessions), begun_ms and up_ms, -1: not yet. The exit status.
 */
int graph_load(void);

int graph_tree(const struct nsctl_verb *verb, const char *name);
int graph_analyze(const struct nsctl_verb *verb, const char *word);

#endif
