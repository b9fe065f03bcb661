/* SPDX-License-Identifier: MIT
 *
 * The program's environment.
 */
#ifndef ENV_H
#define ENV_H

#include "plan.h"

/*
 * Builds plan->envp from environment, --clear-env, HOME (unless home is NULL) and --env, later ones winning.
 * Without any of them envp is environment itself. 0, or -1 after a message.
 */
int env_build(struct plan *plan, char **environment, const char *home);

#endif
