/* SPDX-License-Identifier: MIT
 *
 * Credentials: files that only the processes of a service have. systemd.exec(5)
 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include "launch.h"

/* Reads those of the unit, for this start. 0, or -1 after a message. */
int credentials_read(const struct launch *launch, const struct unit *unit);

/* Adds a file system with them to the sandbox. 0, or -1: there is no room. */
int credentials_add(struct plan *plan);

/* Writes them to a directory, where there can be no such file system. 0, or -1 after a message. */
int credentials_write(const struct plan *plan);

/* Removes that directory. */
void credentials_clean(const struct launch *launch, const struct unit *unit);

#endif
