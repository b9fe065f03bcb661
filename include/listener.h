/* SPDX-License-Identifier: MIT
 *
 * Socket units: they listen in place of services, and start them when somebody comes.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include "source.h"
#include "units.h"

/* What a socket unit has beside; its ports and their options stay settings (port.h). */
struct listener {
	bool accept, remove;
	unsigned mode, directory_mode;
	const char *user, *group, *name;
	unsigned long backlog, max_connections, burst;
	int64_t interval_ms;
	struct source *ports; /* in the order of their settings */
	unsigned port_count;
	unsigned triggers;    /* in the interval, which began then */
	int64_t triggers_since_ms;
};

extern const struct listener listener_defaults;

/* For struct kind. */
const char *listener_complete(struct unit *unit);
int listener_open(struct unit *unit);
void listener_close(struct unit *unit);
void listener_told(struct unit *unit, struct unit *other, bool down);
void listener_time(struct unit *unit);
void listener_again(struct unit *unit);
void listener_each_fd(struct unit *unit, void (*visit)(const struct setting *setting, int *fd));

enum { LISTENER_PASSED_MAX = 64 };

/*
 * Fills fds with the descriptors that the service gets at its start, up to LISTENER_PASSED_MAX, and names with their names, a colon between. How
 * many there are, or -1: they are too many.
 */
int listener_collect(const struct unit *service, int *fds, char *names, size_t size);

/* Where the connection comes from, in 40 bytes of text; IPv6 at full length. False: from nowhere that has an address. */
bool listener_peer(int fd, char *text, unsigned *port);

#endif
