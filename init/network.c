/* SPDX-License-Identifier: MIT
 *
 * --net host|none|veth[:KEY=VALUE,...]|PID|PATH|NAME.
 */
#include "network.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define NETNS_DIRECTORY "/run/netns/" /* where ip-netns(8) keeps them */

enum {
	/* From the least that IPv4 needs, RFC 791, to the most that veth(4) takes. */
	MTU_MIN = 68,
	MTU_MAX = 65535,
};

struct key {
	const char *name;
	const char *(*parse)(struct network *network, const struct key *key, const char *value);
	size_t field;          /* of struct network, for names */
	enum route_kind route; /* for addresses */
};

static const char *set_interface(struct network *network, const struct key *key, const char *value)
{
	char *name = (char *)network + key->field;

	if (value_interface(value, name) < 0 || strcmp(name, "lo") == 0)
		return "not a name for an interface; give 1 to 15 letters, without space, slash, colon or percent, and not lo";
	return NULL;
}

static const char *add_route(struct network *network, enum route_kind kind, const struct address *address)
{
	if (network->route_count == COUNT(network->routes))
		return "one address too many; a pair has 12, routes included";
	network->routes[network->route_count++] = (struct route){.kind = kind, .address = *address};
	return NULL;
}

static const char *add_address(struct network *network, const struct key *key, const char *value)
{
	struct address address;

	if (value_address(value, true, &address) < 0)
		return "not an address; give one with the length of its network, as 10.0.0.2/24 or fd00::2/64";
	return add_route(network, key->route, &address);
}

static const char *add_gateway(struct network *network, const struct key *key, const char *value)
{
	struct address address;

	if (strcmp(value, "auto") == 0) {
		network->automatic = true;
		return NULL;
	}
	if (value_address(value, false, &address) < 0)
		return "not a gateway; give its address, as route=10.0.0.1, or route=auto for the host's side";
	return add_route(network, key->route, &address);
}

static const char *set_mtu(struct network *network, const struct key *key, const char *value)
{
	unsigned long mtu;

	(void)key;
	if (value_number(value, MTU_MAX, &mtu) < 0 || mtu < MTU_MIN)
		return "not an MTU; give 68 to 65535 bytes";
	network->mtu = (unsigned)mtu;
	return NULL;
}

static const struct key keys[] = {
	{"host", set_interface, offsetof(struct network, host), 0},
	{"name", set_interface, offsetof(struct network, name), 0},
	{"bridge", set_interface, offsetof(struct network, bridge), 0},
	{"address", add_address, 0, ROUTE_INSIDE},
	{"host-address", add_address, 0, ROUTE_HOST},
	{"route", add_gateway, 0, ROUTE_GATEWAY},
	{"mtu", set_mtu, 0, 0},
};

static const char *parse_key(struct network *network, const char *item)
{
	char name[16];
	const char *value = value_item(item, '=', name, sizeof name);

	for (size_t i = 0; i < COUNT(keys) && value; i++)
		if (strcmp(name, keys[i].name) == 0)
			return keys[i].parse(network, &keys[i], value);
	return "not a key and value; give some of address= route= host-address= bridge= host= name= mtu=";
}

static const char *parse_veth(struct network *network, const char *list)
{
	char item[96];

	network->kind = NETWORK_VETH;
	strcpy(network->host, "nsinit%d");
	strcpy(network->name, "eth0");
	while (list) {
		const char *wrong;

		list = value_item(list, ',', item, sizeof item);
		wrong = parse_key(network, item);
		if (wrong)
			return wrong;
	}
	return NULL;
}

static const char *parse_name(struct network *network, const char *name)
{
	size_t length = strlen(name);
	char *path = malloc(sizeof NETNS_DIRECTORY + length);

	if (!path)
		return "no memory";
	memcpy(path, NETNS_DIRECTORY, sizeof NETNS_DIRECTORY);
	memcpy(path + sizeof NETNS_DIRECTORY - 1, name, length + 1);
	network->kind = NETWORK_PATH;
	network->path = path;
	return NULL;
}

const char *network_parse(struct network *network, const char *value)
{
	unsigned long pid;

	*network = (struct network){.kind = NETWORK_HOST};
	if (strcmp(value, "host") == 0)
		return NULL;
	if (strcmp(value, "none") == 0) {
		network->kind = NETWORK_NONE;
		return NULL;
	}
	if (strncmp(value, "veth", 4) == 0 && (!value[4] || value[4] == ':'))
		return parse_veth(network, value[4] ? value + 5 : NULL);
	if (value_number(value, INT_MAX, &pid) == 0 && pid > 0) {
		network->kind = NETWORK_PID;
		network->pid = (pid_t)pid;
		return NULL;
	}
	if (strchr(value, '/')) {
		network->kind = NETWORK_PATH;
		network->path = value;
		return NULL;
	}
	if (!value[strspn(value, "0123456789")] || strpbrk(value, ":=,"))
		return "not a network; give host, none, veth[:KEY=VALUE,...], the pid of a process, a path, or a name in " NETNS_DIRECTORY;
	return parse_name(network, value);
}

bool network_is_new(const struct network *network)
{
	return network->kind == NETWORK_NONE || network->kind == NETWORK_VETH;
}

/* The bridge's IPv4 address, netdevice(7). 0, or -1 with errno. */
static int bridge_address(const char *bridge, struct address *address)
{
	struct ifreq request = {.ifr_addr.sa_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result, error;

	if (fd < 0)
		return -1;
	strcpy(request.ifr_name, bridge);
	result = ioctl(fd, SIOCGIFADDR, &request);
	error = errno;
	close(fd);
	errno = error;
	if (result < 0)
		return -1;
	address->family = AF_INET;
	memcpy(address->bytes, &((struct sockaddr_in *)(void *)&request.ifr_addr)->sin_addr, sizeof(struct in_addr));
	strcpy(address->text, "that of the bridge");
	return 0;
}

/* A gateway for each family of the host's side. */
static const char *add_host_gateways(struct network *network)
{
	size_t given = network->route_count;
	bool seen[2] = {false, false};

	for (size_t i = 0; i < given; i++) {
		struct address *address = &network->routes[i].address;
		bool *done = &seen[address->family == AF_INET6];
		const char *wrong;

		if (network->routes[i].kind != ROUTE_HOST || *done)
			continue;
		*done = true;
		wrong = add_route(network, ROUTE_GATEWAY, address);
		if (wrong)
			return wrong;
	}
	return seen[0] || seen[1] ? NULL : "there is no host-address to be the gateway; give one, or route=GATEWAY";
}

static const char *add_bridge_gateway(struct network *network)
{
	struct address address;

	if (bridge_address(network->bridge, &address) == 0)
		return add_route(network, ROUTE_GATEWAY, &address);
	return errno == EADDRNOTAVAIL ? "the bridge has no IPv4 address to be the gateway; give it one, or route=GATEWAY"
	       : "there is no such bridge; make it, or give another";
}

static bool has_host_address(const struct network *network)
{
	for (size_t i = 0; i < network->route_count; i++)
		if (network->routes[i].kind == ROUTE_HOST)
			return true;
	return false;
}

int network_complete(struct plan *plan)
{
	struct network *network = &plan->network;
	const char *wrong = NULL;

	if (network->bridge[0] && has_host_address(network))
		wrong = "a port of a bridge has no address of its own; give the bridge one and leave host-address out";
	else if (network->automatic)
		wrong = network->bridge[0] ? add_bridge_gateway(network) : add_host_gateways(network);
	if (wrong)
		log_error("--net %s: %s", plan->net, wrong);
	return wrong ? -1 : 0;
}

/* The bits of a mask, 255.255.255.0 or 24. -1: it is none. */
static int mask_bits(const char *text)
{
	struct address mask;
	unsigned long bits;
	int length = 0;

	if (value_number(text, 32, &bits) == 0)
		return (int)bits;
	if (value_address(text, false, &mask) < 0 || mask.family != AF_INET)
		return -1;
	while (length < 32 && (mask.bytes[length / 8] & (0x80 >> length % 8)))
		length++;
	for (int i = length; i < 32; i++)
		if (mask.bytes[i / 8] & (0x80 >> i % 8))
			return -1;
	return length;
}

/* That of the classes of old, which the kernel takes where no mask is given. */
static int class_bits(const struct address *address)
{
	return address->bytes[0] < 128 ? 8 : address->bytes[0] < 192 ? 16 : 24;
}

enum ip_field { IP_CLIENT, IP_SERVER, IP_GATEWAY, IP_MASK, IP_HOST, IP_DEVICE, IP_HOW, IP_NAMES, IP_FIELDS = IP_NAMES + 2 };

const char *network_parse_ip(const char *text, struct network_ip *ip)
{
	char fields[IP_FIELDS][PLAN_HOSTNAME_MAX + 1] = {{0}};
	const char *how = fields[IP_HOW];
	int bits;

	*ip = (struct network_ip){.device = "eth0"};
	for (int i = 0; i < IP_FIELDS && text; i++)
		text = value_item(text, ':', fields[i], sizeof fields[i]);
	if (*how && strcmp(how, "off") != 0 && strcmp(how, "none") != 0 && strcmp(how, "static") != 0)
		return "only an address that is given, with off, can be set; a program can ask for one";
	if (value_address(fields[IP_CLIENT], false, &ip->address) < 0 || ip->address.family != AF_INET)
		return "not an address; give ip=CLIENT::GATEWAY:MASK::DEVICE:off, as ip=10.0.0.2::10.0.0.1:255.255.255.0::eth0:off";
	bits = *fields[IP_MASK] ? mask_bits(fields[IP_MASK]) : class_bits(&ip->address);
	if (bits < 0)
		return "not a mask; give one as 255.255.255.0";
	ip->address.length = (unsigned char)bits;
	if (*fields[IP_GATEWAY] && (value_address(fields[IP_GATEWAY], false, &ip->gateway) < 0 || ip->gateway.family != AF_INET))
		return "not a gateway; give its address";
	if (*fields[IP_DEVICE] && value_interface(fields[IP_DEVICE], ip->device) < 0)
		return "not a name for an interface";
	for (int i = 0; i < IP_FIELDS - IP_NAMES; i++)
		if (*fields[IP_NAMES + i] && (value_address(fields[IP_NAMES + i], false, &ip->names[i]) < 0 || ip->names[i].family != AF_INET))
			return "not a name server; give its address";
	strcpy(ip->host, fields[IP_HOST]);
	return NULL;
}
