/* SPDX-License-Identifier: MIT
 *
 * What 0 to 2 of a service are.
 */
#ifndef STREAMS_H
#define STREAMS_H

#include "launch.h"

/* Opens what streams say, which are three, for a start of the unit. socket: its connection, -1: none. files[i] is -1 where ours stays. 0, or -1 after a message. */
int streams_open(const struct launch *launch, struct unit *unit, int socket, int *files);
void streams_close(const int *files, int socket);

#endif
