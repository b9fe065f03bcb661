/* SPDX-License-Identifier: MIT
 *
 * What is said to the kernel by rtnetlink(7), byte by byte as attributes, and what is understood of its answers. The kernel
 * is the other end of a socket pair.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake.h"
#include "netlink.h"
#include "unit.h"

static int ends[2]; /* ours, the kernel's */

/* Aligned as a message has to be. */
static union {
	struct nlmsghdr header;
	char bytes[1024];
} message;

static void connect_kernel(void)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
}

static void disconnect_kernel(void)
{
	close(ends[0]);
	close(ends[1]);
}

/* What the kernel will say to the next message: done, or an errno. */
static void will_answer(int error)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer = {{.nlmsg_len = sizeof answer, .nlmsg_type = NLMSG_ERROR}, {.error = -error}};

	assert_int_equal(send(ends[1], &answer, sizeof answer, 0), sizeof answer);
}

/* Takes what was said. */
static void take(uint16_t type, uint16_t flags)
{
	ssize_t length = recv(ends[1], &message, sizeof message, 0);

	assert_int_equal(length, message.header.nlmsg_len);
	assert_int_equal(message.header.nlmsg_type, type);
	assert_int_equal(message.header.nlmsg_flags, NLM_F_REQUEST | flags);
}

/* Attributes from at to end as text, "TYPE=hex" each; those of nested, of which the last 0, are opened. */
static void add_attributes(char *text, const char *at, const char *end, const int *nested)
{
	while (at < end) {
		const struct rtattr *attribute = (const void *)at;
		const unsigned char *data = RTA_DATA(attribute);

		assert_true(attribute->rta_len >= RTA_LENGTH(0) && at + attribute->rta_len <= end);
		sprintf(text + strlen(text), "%s%d=", *text && text[strlen(text) - 1] != '{' ? " " : "", attribute->rta_type);
		if (*nested && attribute->rta_type == *nested) {
			strcat(text, "{");
			if (nested[1] == 0) /* a peer begins with an interface */
				data += sizeof(struct ifinfomsg);
			add_attributes(text, (const char *)data, at + attribute->rta_len, nested + 1);
			strcat(text, "}");
		} else {
			for (size_t i = 0; i < RTA_PAYLOAD(attribute); i++)
				sprintf(text + strlen(text), "%02x", data[i]);
		}
		at += RTA_ALIGN(attribute->rta_len);
	}
}

static const char *attributes(size_t head, const int *nested)
{
	static char text[1024];

	*text = '\0';
	add_attributes(text, message.bytes + NLMSG_SPACE(head), message.bytes + message.header.nlmsg_len, nested);
	return text;
}

static const int flat[] = {0};

static void test_veth(void **state)
{
	static const int nested[] = {IFLA_LINKINFO, IFLA_INFO_DATA, VETH_INFO_PEER, 0};
	static const unsigned char mac[NETLINK_MAC_SIZE] = {2, 4, 10, 0, 0, 2};
	const struct ifinfomsg *link = NLMSG_DATA(&message.header);

	(void)state;
	connect_kernel();
	will_answer(0);
	assert_int_equal(netlink_veth(ends[0], "ab", "cde", mac, 0x01020304, 1400), 0);
	take(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	assert_int_equal(link->ifi_index | (int)link->ifi_flags | (int)link->ifi_change, 0);
	/* IFLA_IFNAME 3, IFLA_MTU 4, IFLA_LINKINFO 18 { IFLA_INFO_KIND 1, IFLA_INFO_DATA 2 { VETH_INFO_PEER 1 { …, IFLA_NET_NS_PID 19 */
	assert_string_equal(attributes(sizeof *link, nested),
	                    "3=616200 4=78050000 18={1=7665746800 2={1={3=63646500 4=78050000 1=02040a000002 19=04030201}}}");
	will_answer(0);
	assert_int_equal(netlink_veth(ends[0], "nsinit%d", "eth0", NULL, 7, 0), 0);
	take(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	assert_string_equal(attributes(sizeof *link, nested),
	                    "3=6e73696e6974256400 18={1=7665746800 2={1={3=6574683000 19=07000000}}}");
	disconnect_kernel();
}

static void test_up_and_master(void **state)
{
	const struct ifinfomsg *link = NLMSG_DATA(&message.header);

	(void)state;
	connect_kernel();
	will_answer(0);
	assert_int_equal(netlink_up(ends[0], 5), 0);
	take(RTM_NEWLINK, NLM_F_ACK);
	assert_int_equal(link->ifi_index, 5);
	assert_int_equal(link->ifi_flags, IFF_UP);
	assert_int_equal(link->ifi_change, IFF_UP);
	assert_string_equal(attributes(sizeof *link, flat), "");
	will_answer(0);
	assert_int_equal(netlink_master(ends[0], 5, 9), 0);
	take(RTM_NEWLINK, NLM_F_ACK);
	assert_int_equal(link->ifi_index, 5);
	assert_int_equal(link->ifi_change, 0);
	assert_string_equal(attributes(sizeof *link, flat), "10=09000000"); /* IFLA_MASTER */
	will_answer(0);
	assert_int_equal(netlink_remove(ends[0], 5), 0);
	take(RTM_DELLINK, NLM_F_ACK);
	assert_int_equal(link->ifi_index, 5);
	disconnect_kernel();
}

static void test_addresses(void **state)
{
	const struct address four = {.family = AF_INET, .length = 24, .bytes = {10, 0, 0, 2}};
	const struct address six = {.family = AF_INET6, .length = 64, .bytes = {0xfd, [15] = 2}};
	const struct ifaddrmsg *address = NLMSG_DATA(&message.header);
	const struct rtmsg *route = NLMSG_DATA(&message.header);

	(void)state;
	connect_kernel();
	will_answer(0);
	assert_int_equal(netlink_address(ends[0], 3, &four), 0);
	take(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	assert_int_equal(address->ifa_family, AF_INET);
	assert_int_equal(address->ifa_prefixlen, 24);
	assert_int_equal(address->ifa_index, 3);
	assert_int_equal(address->ifa_flags, 0);
	assert_string_equal(attributes(sizeof *address, flat), "2=0a000002 1=0a000002"); /* IFA_LOCAL, IFA_ADDRESS */
	will_answer(0);
	assert_int_equal(netlink_address(ends[0], 3, &six), 0);
	take(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	assert_int_equal(address->ifa_family, AF_INET6);
	assert_int_equal(address->ifa_prefixlen, 64);
	assert_int_equal(address->ifa_flags, IFA_F_NODAD);
	assert_string_equal(attributes(sizeof *address, flat),
	                    "2=fd000000000000000000000000000002 1=fd000000000000000000000000000002");
	will_answer(0);
	assert_int_equal(netlink_default_route(ends[0], 3, &four), 0);
	take(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	assert_int_equal(route->rtm_family, AF_INET);
	assert_int_equal(route->rtm_dst_len, 0);
	assert_int_equal(route->rtm_table, RT_TABLE_MAIN);
	assert_int_equal(route->rtm_type, RTN_UNICAST);
	assert_string_equal(attributes(sizeof *route, flat), "5=0a000002 4=03000000"); /* RTA_GATEWAY, RTA_OIF */
	disconnect_kernel();
}

/* Answers with an interface whose description has been cut off at length. */
static void will_describe(size_t length)
{
	const struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
		struct rtattr name;
		char name_data[8];
		struct rtattr state;
		unsigned char state_data[4];
		struct rtattr peer;
		int peer_data;
	} answer = {
		{.nlmsg_len = sizeof answer, .nlmsg_type = RTM_NEWLINK}, {.ifi_index = 12}, {RTA_LENGTH(5), IFLA_IFNAME}, "eth0",
		{RTA_LENGTH(1), IFLA_OPERSTATE}, {IF_OPER_UP}, {RTA_LENGTH(4), IFLA_LINK}, 34,
	};

	assert_int_equal(send(ends[1], &answer, length < sizeof answer ? length : sizeof answer, 0), length < sizeof answer ? length : sizeof answer);
}

static void test_look(void **state)
{
	const struct ifinfomsg *asked = NLMSG_DATA(&message.header);
	struct netlink_link link;

	(void)state;
	connect_kernel();
	will_describe(SIZE_MAX);
	assert_int_equal(netlink_find(ends[0], "eth0", &link), 0);
	assert_int_equal(link.index, 12);
	assert_int_equal(link.peer, 34);
	assert_true(link.running);
	take(RTM_GETLINK, 0);
	assert_int_equal(asked->ifi_index, 0);
	assert_string_equal(attributes(sizeof *asked, flat), "3=6574683000 29=08000000"); /* IFLA_IFNAME, IFLA_EXT_MASK: no statistics */
	will_describe(SIZE_MAX);
	assert_int_equal(netlink_look(ends[0], 12, &link), 0);
	take(RTM_GETLINK, 0);
	assert_int_equal(asked->ifi_index, 12);
	/* Cut off anywhere, nothing is read that is not there. */
	for (size_t length = NLMSG_LENGTH(sizeof(struct nlmsgerr)); length < 60; length++) {
		will_describe(length);
		assert_int_equal(netlink_look(ends[0], 12, &link), 0);
		assert_int_equal(link.peer, 0);
		take(RTM_GETLINK, 0);
	}
	disconnect_kernel();
}

static void test_errors(void **state)
{
	static const int errors[] = {EPERM, EEXIST, ENODEV, EOPNOTSUPP, ENETUNREACH};
	struct netlink_link link;

	(void)state;
	connect_kernel();
	for (size_t i = 0; i < COUNT(errors); i++) {
		will_answer(errors[i]);
		assert_int_equal(netlink_up(ends[0], 1), -1);
		assert_int_equal(errno, errors[i]);
		will_answer(errors[i]);
		assert_int_equal(netlink_find(ends[0], "eth0", &link), -1);
		assert_int_equal(errno, errors[i]);
	}
	will_answer(0); /* which is no interface */
	assert_int_equal(netlink_find(ends[0], "eth0", &link), -1);
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(send(ends[1], "short", 5, 0), 5);
	assert_int_equal(netlink_up(ends[0], 1), -1);
	assert_int_equal(errno, EBADMSG);
	close(ends[1]);
	assert_int_equal(send(ends[0], "", 0, MSG_NOSIGNAL), -1);
	close(ends[0]);
	assert_int_equal(netlink_up(ends[0], 1), -1);
	assert_int_equal(errno, EBADF);
}

/* What does not fit is not said at all. */
static void test_too_long(void **state)
{
	char name[600];

	(void)state;
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	connect_kernel();
	assert_int_equal(netlink_veth(ends[0], name, "eth0", NULL, 1, 0), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(netlink_veth(ends[0], "eth0", name, NULL, 1, 0), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(recv(ends[1], &message, sizeof message, MSG_DONTWAIT), -1);
	disconnect_kernel();
}

static void test_changed(void **state)
{
	(void)state;
	connect_kernel();
	assert_int_equal(netlink_changed(ends[0], netlink_now_ms() - 1), -1);
	assert_int_equal(netlink_changed(ends[0], netlink_now_ms() + 1), -1);
	will_describe(SIZE_MAX);
	assert_int_equal(netlink_changed(ends[0], netlink_now_ms() + 60000), 0);
	assert_int_equal(netlink_changed(ends[0], netlink_now_ms() + 1), -1); /* it was one piece of news */
	disconnect_kernel();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_veth), test(test_up_and_master), test(test_addresses), test(test_look), test(test_errors), test(test_too_long), test(test_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
