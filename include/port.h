/* SPDX-License-Identifier: MIT
 *
 * What a socket unit listens on: addresses, paths and the options of sockets. systemd.socket(5)
 */
#ifndef PORT_H
#define PORT_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "listener.h"
#include "units.h"

/* The rows of directives that a port goes by. From the first option on they are options of sockets. */
enum port_row {
	PORT_STREAM, PORT_DATAGRAM, PORT_SEQUENTIAL, PORT_FIFO, PORT_SYMLINKS,
	PORT_OPTIONS,
	PORT_BROADCAST = PORT_OPTIONS, PORT_DEFER_ACCEPT, PORT_DEVICE, PORT_FREE_BIND, PORT_IPV6_ONLY, PORT_KEEP_ALIVE, PORT_KEEP_ALIVE_INTERVAL,
	PORT_KEEP_ALIVE_PROBES, PORT_KEEP_ALIVE_TIME, PORT_MARK, PORT_NO_DELAY, PORT_PASS_CREDENTIALS, PORT_PASS_SECURITY, PORT_PIPE_SIZE,
	PORT_PRIORITY, PORT_RECEIVE_BUFFER, PORT_REUSE_PORT, PORT_SEND_BUFFER, PORT_TCP_CONGESTION, PORT_TOS, PORT_TRANSPARENT, PORT_TTL,
	PORT_ROWS,
};

/* Where one port is. */
struct endpoint {
	socklen_t length; /* of the address; 0: there is only a path, of a FIFO */
	bool any;         /* of every family */
	union {
		struct sockaddr plain;
		struct sockaddr_in ip;
		struct sockaddr_in6 ip6;
		struct sockaddr_un local;
	} address;
};

/* Reads a setting of TREAT_KEPT. NULL, or what is wrong with it and what would be right. */
const char *port_check(const struct setting *setting);

/* The path in the file system of the setting, or NULL: it is none of a port, or has none. */
const char *port_path(const struct setting *setting);

/* Removes the other names that the setting gives to a path. */
void port_remove_links(const struct setting *setting);

/* Opens the port of the setting for the unit. Its descriptor, or -1 after a message. */
int port_open(const struct unit *unit, const struct setting *setting);

#endif
