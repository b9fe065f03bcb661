/* SPDX-License-Identifier: MIT
 *
 * rtnetlink(7). A message is built in a buffer of fixed size and answered at once, with an errno; what the kernel could
 * say in words is not asked for.
 */
#include "netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sys.h"

enum {
	MESSAGE_SIZE = 512, /* the longest, that of a pair, has about 150 bytes */
	ANSWER_SIZE = 2048, /* of an interface's description only the head is read */
};

struct message {
	struct nlmsghdr header;
	char body[MESSAGE_SIZE];
};

/* Room for length bytes at the message's end, padded with zeros. NULL: there is none, and the message is void. */
static void *grow(struct message *message, size_t length)
{
	size_t at = NLMSG_ALIGN(message->header.nlmsg_len);

	if (at + NLMSG_ALIGN(length) > sizeof *message) {
		message->header.nlmsg_type = NLMSG_NOOP;
		return NULL;
	}
	message->header.nlmsg_len = (uint32_t)(at + length);
	return (char *)message + at;
}

static struct message begin(uint16_t type, uint16_t flags, const void *body, size_t length)
{
	struct message message = {.header = {.nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags}};

	memcpy(message.body, body, length);
	message.header.nlmsg_len += (uint32_t)length;
	return message;
}

static void add(struct message *message, uint16_t type, const void *data, size_t length)
{
	struct rtattr *attribute = grow(message, RTA_LENGTH(length));

	if (!attribute)
		return;
	attribute->rta_type = type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(length);
	memcpy(RTA_DATA(attribute), data, length);
}

static void add_number(struct message *message, uint16_t type, uint32_t number)
{
	add(message, type, &number, sizeof number);
}

static void add_name(struct message *message, uint16_t type, const char *name)
{
	add(message, type, name, strlen(name) + 1);
}

/* Opens an attribute that holds attributes. Returns where it is, for close_nest(). */
static size_t open_nest(struct message *message, uint16_t type)
{
	size_t at = NLMSG_ALIGN(message->header.nlmsg_len);

	add(message, type, "", 0);
	return at;
}

static void close_nest(struct message *message, size_t at)
{
	struct rtattr *attribute = (void *)((char *)message + at);

	if (message->header.nlmsg_type != NLMSG_NOOP)
		attribute->rta_len = (uint16_t)(message->header.nlmsg_len - at);
}

static int open_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

int netlink_open(void)
{
	return open_socket();
}

int netlink_watch(void)
{
	struct sockaddr_nl links = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int fd = open_socket();

	if (fd < 0 || bind(fd, (struct sockaddr *)&links, sizeof links) == 0)
		return fd;
	close(fd);
	return -1;
}

int64_t netlink_now_ms(void)
{
	struct timespec now;

	sys_clock(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int netlink_changed(int watch, int64_t deadline_ms)
{
	struct pollfd descriptor = {.fd = watch, .events = POLLIN};
	int64_t left_ms = deadline_ms - netlink_now_ms();
	char news;

	if (left_ms <= 0 || poll(&descriptor, 1, (int)left_ms) != 1)
		return -1;
	recv(watch, &news, sizeof news, 0); /* the rest of it is cut off, as news that were too many are: what is, is asked for */
	return 0;
}

/*
 * Sends the message and takes the answer. The kernel has worked when send(2) returns, so nothing is waited for, and as each
 * request takes its answer none needs a number.
 */
static int talk(int fd, const struct message *message, void *answer, size_t size)
{
	const struct nlmsghdr *header = answer;
	const struct nlmsgerr *error;
	ssize_t length;

	if (message->header.nlmsg_type == NLMSG_NOOP) {
		errno = EMSGSIZE;
		return -1;
	}
	if (send(fd, message, message->header.nlmsg_len, 0) < 0)
		return -1;
	length = recv(fd, answer, size, 0);
	if (length < 0)
		return -1;
	if ((size_t)length < NLMSG_LENGTH(sizeof *error)) {
		errno = EBADMSG;
		return -1;
	}
	if (header->nlmsg_type != NLMSG_ERROR)
		return (int)length;
	error = NLMSG_DATA(header);
	errno = -error->error;
	return error->error ? -1 : 0;
}

/* Sends the message, whose answer is only whether it was done. */
static int ask(int fd, struct message *message)
{
	union {
		struct nlmsghdr header;
		char bytes[ANSWER_SIZE];
	} answer;

	message->header.nlmsg_flags |= NLM_F_ACK;
	return talk(fd, message, &answer, sizeof answer) < 0 ? -1 : 0;
}

/* What both ends have. */
static void add_end(struct message *message, const char *name, unsigned mtu)
{
	add_name(message, IFLA_IFNAME, name);
	if (mtu)
		add_number(message, IFLA_MTU, mtu);
}

/* One message, so that there is never one end without the other. */
int netlink_veth(int fd, const char *host, const char *peer, const unsigned char mac[NETLINK_MAC_SIZE], pid_t pid, unsigned mtu)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
	struct message message = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
	size_t info, data, other;
	void *room;

	add_end(&message, host, mtu);
	info = open_nest(&message, IFLA_LINKINFO);
	add_name(&message, IFLA_INFO_KIND, "veth");
	data = open_nest(&message, IFLA_INFO_DATA);
	other = open_nest(&message, VETH_INFO_PEER);
	room = grow(&message, sizeof link);
	if (room)
		memcpy(room, &link, sizeof link);
	add_end(&message, peer, mtu);
	if (mac)
		add(&message, IFLA_ADDRESS, mac, NETLINK_MAC_SIZE);
	add_number(&message, IFLA_NET_NS_PID, (uint32_t)pid);
	close_nest(&message, other);
	close_nest(&message, data);
	close_nest(&message, info);
	return ask(fd, &message);
}

int netlink_remove(int fd, int index)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct message message = begin(RTM_DELLINK, 0, &link, sizeof link);

	return ask(fd, &message);
}

/* Reads what is wanted of an interface's description, of which the end may be missing. */
static void read_link(const struct nlmsghdr *header, size_t length, struct netlink_link *link)
{
	const struct ifinfomsg *info = NLMSG_DATA(header);
	size_t at = NLMSG_SPACE(sizeof *info);

	*link = (struct netlink_link){.index = info->ifi_index};
	while (at + RTA_LENGTH(sizeof link->peer) <= length) {
		const struct rtattr *attribute = (const void *)((const char *)header + at);

		if (attribute->rta_type == IFLA_LINK)
			memcpy(&link->peer, RTA_DATA(attribute), sizeof link->peer);
		if (attribute->rta_type == IFLA_OPERSTATE)
			link->running = *(const unsigned char *)RTA_DATA(attribute) == IF_OPER_UP;
		at += attribute->rta_len < RTA_LENGTH(0) ? length : RTA_ALIGN(attribute->rta_len);
	}
}

static int get(int fd, struct message *message, struct netlink_link *link)
{
	union {
		struct nlmsghdr header;
		char bytes[ANSWER_SIZE];
	} answer;
	int length;

	add_number(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	length = talk(fd, message, &answer, sizeof answer);
	if (length < 0)
		return -1;
	if (answer.header.nlmsg_type != RTM_NEWLINK) {
		errno = EBADMSG;
		return -1;
	}
	read_link(&answer.header, (size_t)length, link);
	return 0;
}

int netlink_find(int fd, const char *name, struct netlink_link *link)
{
	const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};
	struct message message = begin(RTM_GETLINK, 0, &any, sizeof any);

	add_name(&message, IFLA_IFNAME, name);
	return get(fd, &message, link);
}

int netlink_look(int fd, int index, struct netlink_link *link)
{
	const struct ifinfomsg one = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct message message = begin(RTM_GETLINK, 0, &one, sizeof one);

	return get(fd, &message, link);
}

int netlink_up(int fd, int index)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct message message = begin(RTM_NEWLINK, 0, &link, sizeof link);

	return ask(fd, &message);
}

int netlink_master(int fd, int index, int master)
{
	const struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct message message = begin(RTM_NEWLINK, 0, &link, sizeof link);

	add_number(&message, IFLA_MASTER, (uint32_t)master);
	return ask(fd, &message);
}

static size_t address_size(const struct address *address)
{
	return address->family == AF_INET ? 4 : 16;
}

int netlink_address(int fd, int index, const struct address *address)
{
	const struct ifaddrmsg head = {
		.ifa_family = (unsigned char)address->family, .ifa_prefixlen = address->length, .ifa_index = (uint32_t)index,
		.ifa_flags = address->family == AF_INET6 ? IFA_F_NODAD : 0,
	};
	struct message message = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);

	add(&message, IFA_LOCAL, address->bytes, address_size(address));
	add(&message, IFA_ADDRESS, address->bytes, address_size(address));
	return ask(fd, &message);
}

int netlink_default_route(int fd, int index, const struct address *gateway)
{
	const struct rtmsg head = {
		.rtm_family = (unsigned char)gateway->family, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST,
	};
	struct message message = begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);

	add(&message, RTA_GATEWAY, gateway->bytes, address_size(gateway));
	add_number(&message, RTA_OIF, (uint32_t)index);
	return ask(fd, &message);
}
