/* SPDX-License-Identifier: MIT
 *
 * Interfaces, addresses and routes by rtnetlink(7), a function a verb. Each returns 0, or -1 with the kernel's errno.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan.h"

enum netlink_limits { NETLINK_MAC_SIZE = 6 };

/* What is asked of an interface. */
struct netlink_link {
	int index;
	int peer;     /* the index of the other end, in the other end's namespace */
	bool running; /* packets pass: up, and so is the other end */
};

/* A socket for the verbs. They act on the network namespace in which it was opened, wherever we are later. */
int netlink_open(void);

/* A socket that becomes readable when an interface of this network namespace changes, comes or goes. */
int netlink_watch(void);

/* Waits for a change. 0, or -1: none came by deadline_ms. */
int netlink_changed(int watch, int64_t deadline_ms);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t netlink_now_ms(void);

/*
 * Makes a veth(4) pair: host here, peer in the network namespace of process pid, both down. A %d in a name becomes the
 * lowest number that is free. mac is the peer's, NULL: a random one; mtu 0 is the kernel's.
 */
int netlink_veth(int fd, const char *host, const char *peer, const unsigned char mac[NETLINK_MAC_SIZE], pid_t pid, unsigned mtu);

/* Removes an interface, and with one of a pair the other. */
int netlink_remove(int fd, int index);

/* Asks for an interface by its name. */
int netlink_find(int fd, const char *name, struct netlink_link *link);

/* The same by its index. */
int netlink_look(int fd, int index, struct netlink_link *link);

int netlink_up(int fd, int index);

/* Makes the interface a port of the bridge whose index is master. */
int netlink_master(int fd, int index, int master);

/* Adds an address; an IPv6 one is good at once, without the second that looking for a duplicate takes. */
int netlink_address(int fd, int index, const struct address *address);

/* Adds the default route of the address's family. */
int netlink_default_route(int fd, int index, const struct address *gateway);

#endif
