/* SPDX-License-Identifier: MIT
 *
 * The network of a container. network_namespaces(7), veth(4).
 */
#ifndef NET_H
#define NET_H

#include <stdbool.h>

#include "plan.h"

struct child;

/* True if the container's network is one that is there already, and not the caller's. */
bool net_joins(const struct plan *plan);

enum net_entered { NET_STAYED = -1, NET_FAILED = -2 };

/*
 * Before the clone, in the launcher: enters the network that the plan names, if it names one, so that the container is
 * made in it. Returns a descriptor of our own network for net_leave(), NET_STAYED, or NET_FAILED with errno.
 */
int net_enter(const struct plan *plan);

/* After the clone: back to our own network. Closes own. */
void net_leave(int own);

/*
 * After the clone, in the launcher, with --net veth: makes the pair of interfaces between our network and that of
 * process pid, addresses, routes and all. The index of our interface, or -1 with errno and *which, an index of the plan's
 * routes or enum fault_network.
 */
int net_connect(const struct plan *plan, pid_t pid, int *which);

/*
 * At the end, in the launcher: the kernel would remove the pair by itself, but some time later, and a container that is
 * started again at once would find the old addresses beside its own. interface 0: there is none.
 */
void net_disconnect(int interface);

/* Brings the loopback interface up. netdevice(7). */
int net_loopback_up(void);

/*
 * On a machine: waits for the interface, gives it its address, brings it up, and adds the default route, unless gateway is NULL.
 * 0, or -1 with errno; ENODEV: the interface did not come.
 */
int net_configure(const char *name, const struct address *address, const struct address *gateway, int64_t wait_ms);

/* Brings the loopback interface up if the network namespace is our own. netdevice(7). */
int net_loopback(struct child *child);

/* With --net veth: waits until the launcher says that the network is complete. The last word of the launcher. */
int net_ready(struct child *child);

#endif
