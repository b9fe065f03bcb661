/* SPDX-License-Identifier: MIT
 *
 * --net: which network the container has.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>

#include "plan.h"

/* Reads the value of --net. NULL, or what is wrong with it and what would be right. */
const char *network_parse(struct network *network, const char *value);

/* True if the network is to be a new one. */
bool network_is_new(const struct network *network);

/* Checks the addresses of --net veth against each other, and finds the gateways of route=auto. 0, or -1 after a message. */
int network_complete(struct plan *plan);

/* ip= of the kernel. */
struct network_ip {
	struct address address;
	struct address gateway; /* family 0: none */
	struct address names[2]; /* servers; family 0: none */
	char device[PLAN_INTERFACE_SIZE], host[PLAN_HOSTNAME_MAX + 1];
};

/* Reads ip=. NULL, or what is wrong with it and what would be right. */
const char *network_parse_ip(const char *text, struct network_ip *ip);

#endif
