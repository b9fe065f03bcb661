/* SPDX-License-Identifier: MIT
 *
 * What a new network namespace needs. network_namespaces(7).
 */
#ifndef NET_H
#define NET_H

struct child;

/* Brings the loopback interface up if the network namespace is our own. netdevice(7). */
int net_loopback(struct child *child);

#endif
