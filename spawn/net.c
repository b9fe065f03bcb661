/* SPDX-License-Identifier: MIT
 *
 * The network of a container. One that is there already is entered by the launcher before the clone, because a user
 * namespace would be in the way afterwards. A pair of interfaces is made by the launcher after the clone, from outside, where
 * it has the power over both networks, while PID 1 mounts; PID 1 then waits for it. The pair goes with
 * the namespace, whatever happens; when the launcher ends properly it is gone by then.
 */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "child.h"
#include "netlink.h"
#include "sys.h"

enum {
	/* How long a container that has ended may still hold its interface's name: the kernel takes 3 to 50 ms, more when many end. */
	NAME_WAIT_MS = 1000,
	/* How long a pair may take from up to running: it is a matter of the kernel's next idle moment. */
	LINK_WAIT_MS = 1000,
};

/* A side of the pair: sockets in its network, and its index there. */
struct side {
	int fd, watch, index;
};

bool net_joins(const struct plan *plan)
{
	return plan->network.kind == NETWORK_PATH || plan->network.kind == NETWORK_PID;
}

/* Closes fd and returns -1 with this errno. */
static int close_with(int fd, int error)
{
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

/* Opens a file that must be a network namespace. It is opened so that no device or pipe at its place does anything. */
static int open_namespace(const char *path)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct statfs status;

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &status) < 0)
		return close_with(fd, errno);
	if ((unsigned long)status.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE, 0) != CLONE_NEWNET)
		return close_with(fd, EINVAL);
	return fd;
}

static int open_own(void)
{
	return openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

int net_enter(const struct plan *plan)
{
	int target, own, error;

	if (!net_joins(plan))
		return NET_STAYED;
	target = plan->network.kind == NETWORK_PID ? sys_pidfd(plan->network.pid) : open_namespace(plan->network.path);
	if (target < 0)
		return NET_FAILED;
	own = open_own();
	if (own < 0 || setns(target, CLONE_NEWNET) < 0) {
		error = errno;
		close_with(own, 0);
		close_with(target, error);
		return NET_FAILED;
	}
	close(target);
	return own;
}

/* A launcher that could not go back would do its work all the same: it uses no network. */
void net_leave(int own)
{
	if (own < 0)
		return;
	(void)!setns(own, CLONE_NEWNET);
	close(own);
}

static int open_side(struct side *side)
{
	side->fd = netlink_open();
	side->watch = netlink_watch();
	return side->fd < 0 || side->watch < 0 ? -1 : 0;
}

/* Opens the sockets of the side that is in process pid's network. setns(2) of a pidfd: Linux 5.8. */
static int open_inside(struct side *side, pid_t pid)
{
	int own = open_own(), theirs = sys_pidfd(pid), result = -1, error;

	if (own >= 0 && theirs >= 0 && setns(theirs, CLONE_NEWNET) == 0) {
		result = open_side(side);
		error = errno;
		if (setns(own, CLONE_NEWNET) < 0) {
			error = errno;
			result = -1;
		}
		errno = error;
	}
	error = errno;
	close_with(own, 0);
	close_with(theirs, error);
	return result;
}

/*
 * The hardware address follows from the first address inside: whoever talks to that keeps the hardware address in mind for a
 * while, and would talk to nobody when the container is started again. NULL: there is no address to follow from.
 */
static const unsigned char *hardware_address(const struct network *network, unsigned char mac[NETLINK_MAC_SIZE])
{
	for (size_t i = 0; i < network->route_count; i++) {
		const struct address *address = &network->routes[i].address;

		if (network->routes[i].kind != ROUTE_INSIDE)
			continue;
		mac[0] = 0x02; /* administered locally, RFC 7042 */
		mac[1] = address->family == AF_INET ? 4 : 6;
		memcpy(mac + 2, address->bytes + (address->family == AF_INET ? 0 : 12), 4);
		return mac;
	}
	return NULL;
}

/* A name that is taken may be that of a container which has just ended, until the kernel has cleaned up behind it. */
static int make_pair(const struct side *host, const struct network *network, pid_t pid)
{
	int64_t deadline_ms = netlink_now_ms() + NAME_WAIT_MS;
	unsigned char room[NETLINK_MAC_SIZE];
	const unsigned char *mac = hardware_address(network, room);

	while (netlink_veth(host->fd, network->host, network->name, mac, pid, network->mtu) < 0) {
		if (errno != EEXIST)
			return -1;
		if (netlink_changed(host->watch, deadline_ms) < 0) {
			errno = EEXIST;
			return -1;
		}
	}
	return 0;
}

static int find_pair(struct side *host, struct side *inside, const struct network *network)
{
	struct netlink_link link;

	if (netlink_find(inside->fd, network->name, &link) < 0)
		return -1;
	inside->index = link.index;
	host->index = link.peer;
	return 0;
}

static int enslave(const struct side *host, const char *bridge)
{
	struct netlink_link link;

	return netlink_find(host->fd, bridge, &link) < 0 ? -1 : netlink_master(host->fd, host->index, link.index);
}

/*
 * Up is not yet running: until the kernel's link watch has seen both sides, a packet sent is a packet lost, and the first
 * connection of the program would take a second longer.
 */
static int await_running(const struct side *side, int64_t deadline_ms)
{
	struct netlink_link link;

	do
		if (netlink_look(side->fd, side->index, &link) < 0)
			return -1;
	while (!link.running && netlink_changed(side->watch, deadline_ms) == 0);
	return 0;
}

static int bring_up(const struct side *host, const struct side *inside)
{
	int64_t deadline_ms = netlink_now_ms() + LINK_WAIT_MS;

	if (netlink_up(inside->fd, inside->index) < 0 || netlink_up(host->fd, host->index) < 0)
		return -1;
	return await_running(inside, deadline_ms) < 0 ? -1 : await_running(host, deadline_ms);
}

static int add_route(const struct side *host, const struct side *inside, const struct route *route)
{
	switch (route->kind) {
	case ROUTE_INSIDE:
		return netlink_address(inside->fd, inside->index, &route->address);
	case ROUTE_HOST:
		return netlink_address(host->fd, host->index, &route->address);
	case ROUTE_GATEWAY:
		return netlink_default_route(inside->fd, inside->index, &route->address);
	}
	return -1;
}

/* Adds the gateways, or all the rest: a way needs an interface that is up. */
static int add_routes(const struct side *host, const struct side *inside, const struct network *network, bool gateways, int *which)
{
	for (size_t i = 0; i < network->route_count; i++) {
		const struct route *route = &network->routes[i];

		*which = (int)i;
		if ((route->kind == ROUTE_GATEWAY) == gateways && add_route(host, inside, route) < 0)
			return -1;
	}
	return 0;
}

static int connect_sides(struct side *host, struct side *inside, const struct network *network, pid_t pid, int *which)
{
	*which = FAULT_PAIR;
	if (open_side(host) < 0 || make_pair(host, network, pid) < 0 || open_inside(inside, pid) < 0 || find_pair(host, inside, network) < 0)
		return -1;
	*which = FAULT_BRIDGE;
	if (network->bridge[0] && enslave(host, network->bridge) < 0)
		return -1;
	if (add_routes(host, inside, network, false, which) < 0)
		return -1;
	*which = FAULT_LINK;
	if (bring_up(host, inside) < 0)
		return -1;
	return add_routes(host, inside, network, true, which);
}

int net_connect(const struct plan *plan, pid_t pid, int *which)
{
	struct side host = {-1, -1, 0}, inside = {-1, -1, 0};
	int result = connect_sides(&host, &inside, &plan->network, pid, which), error = errno;

	if (result == 0)
		result = host.index;
	else if (host.index > 0)
		netlink_remove(host.fd, host.index);
	close_with(host.fd, 0);
	close_with(host.watch, 0);
	close_with(inside.fd, 0);
	close_with(inside.watch, error);
	return result;
}

void net_disconnect(int interface)
{
	int fd = interface > 0 ? netlink_open() : -1;

	if (fd < 0)
		return;
	netlink_remove(fd, interface);
	close(fd);
}

int net_loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result, error;

	if (fd < 0)
		return -1;
	result = ioctl(fd, SIOCSIFFLAGS, &request);
	error = errno;
	close(fd);
	errno = error;
	return result;
}

int net_loopback(struct child *child)
{
	return child->plan->namespaces & CLONE_NEWNET ? net_loopback_up() : 0;
}

/* Waits for an interface to be there. */
static int await_interface(struct side *side, const char *name, int64_t deadline_ms)
{
	struct netlink_link link;

	while (netlink_find(side->fd, name, &link) < 0)
		if (errno != ENODEV || netlink_changed(side->watch, deadline_ms) < 0)
			return -1;
	side->index = link.index;
	return 0;
}

/* What the kernel has done itself, with CONFIG_IP_PNP, is done. */
static int done(int result)
{
	return result < 0 && errno == EEXIST ? 0 : result;
}

int net_configure(const char *name, const struct address *address, const struct address *gateway, int64_t wait_ms)
{
	struct side side = {-1, -1, 0};
	int result = open_side(&side), error;

	if (result == 0)
		result = await_interface(&side, name, netlink_now_ms() + wait_ms);
	if (result == 0)
		result = done(netlink_address(side.fd, side.index, address));
	if (result == 0)
		result = netlink_up(side.fd, side.index);
	if (result == 0 && gateway)
		result = done(netlink_default_route(side.fd, side.index, gateway));
	error = errno;
	close_with(side.fd, 0);
	close_with(side.watch, error);
	return result;
}

int net_ready(struct child *child)
{
	if (child->container->words < 0)
		return 0;
	if (child->plan->network.kind == NETWORK_VETH && child_await(child, WORD_NETWORK) < 0)
		return -1;
	return child->plan->status_fd < 0 ? close(child->container->words) : 0; /* what else is waited for is REPORT_COMPLETE's */
}
