/* SPDX-License-Identifier: MIT
 *
 * --net: which network a value means, and the gateways of route=auto.
 */
#include <errno.h>
#include <netinet/in.h>

#include "fake.h"
#include "network.h"
#include "unit.h"

static void test_kinds(void **state)
{
	static const struct {
		const char *value;
		enum network_kind kind;
		const char *path;
		pid_t pid;
		bool new;
	} rows[] = {
		{"host", NETWORK_HOST, NULL, 0, false},
		{"none", NETWORK_NONE, NULL, 0, true},
		{"veth", NETWORK_VETH, NULL, 0, true},
		{"1", NETWORK_PID, NULL, 1, false},
		{"2147483647", NETWORK_PID, NULL, 2147483647, false},
		{"/run/netns/a", NETWORK_PATH, "/run/netns/a", 0, false},
		{"./1", NETWORK_PATH, "./1", 0, false},
		{"a/b:c=d,e", NETWORK_PATH, "a/b:c=d,e", 0, false},
		{"blue", NETWORK_PATH, "/run/netns/blue", 0, false},
		{"7up", NETWORK_PATH, "/run/netns/7up", 0, false},
		{"veths", NETWORK_PATH, "/run/netns/veths", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct network network;

		check_text(rows[i].value, network_parse(&network, rows[i].value), NULL);
		check_int(rows[i].value, network.kind, rows[i].kind);
		check_text(rows[i].value, network.path, rows[i].path);
		check_int(rows[i].value, network.pid, rows[i].pid);
		check_int(rows[i].value, network_is_new(&network), rows[i].new);
	}
}

static void test_keys(void **state)
{
	struct network network;

	(void)state;
	assert_null(network_parse(&network, "veth"));
	assert_string_equal(network.host, "nsinit%d");
	assert_string_equal(network.name, "eth0");
	assert_string_equal(network.bridge, "");
	assert_int_equal(network.mtu, 0);
	assert_int_equal(network.route_count, 0);
	assert_null(network_parse(&network, "veth:mtu=1280,host=left,name=right,bridge=br0,address=10.0.0.2/24,host-address=fd00::1/64,"
	                                    "address=fd00::2/64,route=10.0.0.1"));
	assert_string_equal(network.host, "left");
	assert_string_equal(network.name, "right");
	assert_string_equal(network.bridge, "br0");
	assert_int_equal(network.mtu, 1280);
	assert_int_equal(network.route_count, 4);
	assert_int_equal(network.routes[0].kind, ROUTE_INSIDE);
	assert_int_equal(network.routes[1].kind, ROUTE_HOST);
	assert_int_equal(network.routes[1].address.family, AF_INET6);
	assert_int_equal(network.routes[3].kind, ROUTE_GATEWAY);
	assert_string_equal(network.routes[3].address.text, "10.0.0.1");
	/* A later --net takes nothing from an earlier one. */
	assert_null(network_parse(&network, "veth:address=10.0.0.3/24"));
	assert_int_equal(network.route_count, 1);
	assert_string_equal(network.bridge, "");
}

static void test_too_many(void **state)
{
	char value[512] = "veth:address=10.0.0.1/24";
	struct network network;

	(void)state;
	for (int i = 1; i < PLAN_ROUTES_MAX; i++)
		strcat(value, ",address=10.0.0.1/24");
	assert_null(network_parse(&network, value));
	strcat(value, ",route=10.0.0.1");
	check_part(value, network_parse(&network, value), "one address too many");
}

/* The gateways of route=auto: one for each family that the host's side has. */
static void test_auto(void **state)
{
	static const struct {
		const char *value, *gateways, *wrong; /* gateways behind each other, or what is said */
	} rows[] = {
		{"veth:address=10.0.0.2/24,host-address=10.0.0.1/24,route=auto", " 10.0.0.1/24", NULL},
		{"veth:route=auto,host-address=fd00::1/64,host-address=10.0.0.1/24", " fd00::1/64 10.0.0.1/24", NULL},
		{"veth:route=auto,host-address=10.0.0.1/24,host-address=10.0.1.1/24", " 10.0.0.1/24", NULL},
		{"veth:address=10.0.0.2/24,route=auto", NULL, "there is no host-address to be the gateway; give one, "},
		{"veth:bridge=br0,host-address=10.0.0.1/24", NULL, "a port of a bridge has no address of its own; give "},
		{"veth:bridge=br0,route=auto", NULL, "there is no such bridge; make it, "},
		{"none", "", NULL},
		{"veth", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct plan *plan = new_plan();
		char gateways[256] = "";

		plan->net = rows[i].value;
		fake_reset();
		fake_fail("ioctl", 1, ENODEV);
		check_text(rows[i].value, network_parse(&plan->network, rows[i].value), NULL);
		check_int(rows[i].value, network_complete(plan), rows[i].wrong ? -1 : 0);
		if (rows[i].wrong) {
			check_part(rows[i].value, said_line(rows[i].value), rows[i].wrong);
			continue;
		}
		for (size_t j = 0; j < plan->network.route_count; j++)
			if (plan->network.routes[j].kind == ROUTE_GATEWAY)
				strcat(strcat(gateways, " "), plan->network.routes[j].address.text);
		check_text(rows[i].value, gateways, rows[i].gateways);
	}
}

/* A bridge without an address, and one that has 0.0.0.0 as the fake ioctl(2) says. */
static void test_auto_bridge(void **state)
{
	struct plan *plan = new_plan();

	(void)state;
	plan->net = "veth:bridge=br0,route=auto";
	fake_reset();
	fake_fail("ioctl", 1, EADDRNOTAVAIL);
	assert_null(network_parse(&plan->network, plan->net));
	assert_int_equal(network_complete(plan), -1);
	check_part("none", said_line("none"), "the bridge has no IPv4 address to be the gateway; give it one, ");
	assert_int_equal(network_complete(plan), 0);
	assert_int_equal(plan->network.route_count, 1);
	assert_int_equal(plan->network.routes[0].kind, ROUTE_GATEWAY);
	assert_int_equal(plan->network.routes[0].address.family, AF_INET);
}

/* ip= of the kernel: address, length of the network, gateway, device, host name; or what is wrong. */
static void test_ip(void **state)
{
	static const struct {
		const char *text, *address, *gateway, *device, *host, *wrong;
		int length;
		const char *first, *second; /* name servers */
	} rows[] = {
		{"10.0.2.15::10.0.2.2:255.255.255.0::eth0:off", "10.0.2.15", "10.0.2.2", "eth0", "", NULL, 24, NULL, NULL},
		{"10.0.0.2", "10.0.0.2", "", "eth0", "", NULL, 8, NULL, NULL},
		{"172.16.0.2", "172.16.0.2", "", "eth0", "", NULL, 16, NULL, NULL},
		{"192.168.0.2:1.2.3.4::28:name:ens3:static:9.9.9.9", "192.168.0.2", "", "ens3", "name", NULL, 28, "9.9.9.9", NULL},
		{"1.2.3.4::::::off:9.9.9.9:8.8.8.8:7.7.7.7", "1.2.3.4", "", "eth0", "", NULL, 8, "9.9.9.9", "8.8.8.8"},
		{"1.2.3.4::::::off:here", NULL, NULL, NULL, NULL, "not a name server", 0, NULL, NULL},
		{"1.2.3.4:::::::9.9.9.9:fd00--1", NULL, NULL, NULL, NULL, "not a name server", 0, NULL, NULL},
		{"1.2.3.4:::255.255.255.255", "1.2.3.4", "", "eth0", "", NULL, 32, NULL, NULL},
		{"1.2.3.4:::0.0.0.0", "1.2.3.4", "", "eth0", "", NULL, 0, NULL, NULL},
		{"dhcp", NULL, NULL, NULL, NULL, "not an address", 0, NULL, NULL},
		{":::::eth0:dhcp", NULL, NULL, NULL, NULL, "only an address that is given", 0, NULL, NULL},
		{"", NULL, NULL, NULL, NULL, "not an address", 0, NULL, NULL},
		{"fd00--2", NULL, NULL, NULL, NULL, "not an address", 0, NULL, NULL},
		{"1.2.3.4:::255.0.255.0", NULL, NULL, NULL, NULL, "not a mask", 0, NULL, NULL},
		{"1.2.3.4:::33", NULL, NULL, NULL, NULL, "not a mask", 0, NULL, NULL},
		{"1.2.3.4::here", NULL, NULL, NULL, NULL, "not a gateway", 0, NULL, NULL},
		{"1.2.3.4:::::a%d", NULL, NULL, NULL, NULL, "not a name", 0, NULL, NULL},
		{"1.2.3.4:::::interface-with-a-long-name", NULL, NULL, NULL, NULL, "not a name", 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct network_ip ip;
		const char *wrong = network_parse_ip(rows[i].text, &ip);

		if (rows[i].wrong) {
			check_part(rows[i].text, wrong, rows[i].wrong);
			continue;
		}
		check_text(rows[i].text, wrong, NULL);
		check_text(rows[i].text, ip.address.text, rows[i].address);
		check_int(rows[i].text, ip.address.length, rows[i].length);
		check_text(rows[i].text, ip.gateway.text, rows[i].gateway);
		check_text(rows[i].text, ip.device, rows[i].device);
		check_text(rows[i].text, ip.host, rows[i].host);
		check_text(rows[i].text, ip.names[0].text, rows[i].first ? rows[i].first : "");
		check_text(rows[i].text, ip.names[1].text, rows[i].second ? rows[i].second : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_kinds), test(test_keys), test(test_ip), test(test_too_many), test(test_auto), test(test_auto_bridge)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
