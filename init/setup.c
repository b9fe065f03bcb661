/* SPDX-License-Identifier: MIT
 *
 * Modules, name and address. sysctl.c and seed.c have the others.
 */
#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot.h"
#include "cold.h"
#include "conf.h"
#include "file.h"
#include "log.h"
#include "net.h"
#include "sys.h"
#include "value.h"

enum {
	MODULES_SIZE = 64 * 1024,
	INTERFACE_WAIT_MS = 10 * 1000, /* for an interface whose driver is still at it */
};

#define MODULES "/etc/nsinit/modules"

/* One that is in already is as good. */
static int load(const char *path, const char *parameters)
{
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC), result = fd < 0 ? -1 : sys_module(fd, parameters);

	if (result < 0 && errno == EEXIST)
		result = 0;
	if (result < 0)
		log_warning("module %s: %s%s", path, strerror(errno), errno == ENOEXEC ? "; it is of another kernel, or packed" :
		            errno == ENOENT && fd >= 0 ? "; a module before it is missing, or a parameter is unknown" : "");
	if (fd >= 0)
		close(fd);
	return result;
}

int setup_modules(struct boot *boot)
{
	COLD static char text[MODULES_SIZE];
	char *rest = text, *line;
	int result = 0;

	(void)boot;
	if (file_read(AT_FDCWD, MODULES, text, sizeof text) < 0 && errno != ENOENT) {
		log_warning(MODULES ": %s", strerror(errno));
		return -1;
	}
	while ((line = file_line(&rest))) {
		const char *path = file_word(&line);

		if (path && *path != '#')
			result |= load(path, line);
	}
	return result;
}

int setup_hostname(struct boot *boot)
{
	const char *name = boot->plan->hostname;

	if (!name)
		name = conf_hostname(AT_FDCWD, "/etc/hostname");
	if (!name && errno == ENOENT)
		return 0;
	if (name && sethostname(name, strlen(name)) == 0)
		return 0;
	log_warning("host name: %s", name ? strerror(errno) : "/etc/hostname holds none that can be one");
	return -1;
}

int setup_loopback(struct boot *boot)
{
	(void)boot;
	if (net_loopback_up() == 0)
		return 0;
	log_warning("loopback: %s", strerror(errno));
	return -1;
}

enum field { IP_CLIENT, IP_SERVER, IP_GATEWAY, IP_MASK, IP_HOST, IP_DEVICE, IP_HOW, IP_FIELDS };

/* The bits of a mask, 255.255.255.0 or 24. -1: it is none. */
static int mask_bits(const char *text)
{
	struct address mask;
	unsigned long bits;
	int length = 0;

	if (value_number(text, 32, &bits) == 0)
		return (int)bits;
	if (value_address(text, false, &mask) < 0 || mask.length != 32)
		return -1;
	while (length < 32 && (mask.bytes[length / 8] & (0x80 >> length % 8)))
		length++;
	for (int i = length; i < 32; i++)
		if (mask.bytes[i / 8] & (0x80 >> i % 8))
			return -1;
	return length;
}

/* The fields of ip=, and what is wrong with them, NULL: nothing. */
static const char *read_address(char fields[IP_FIELDS][PLAN_ADDRESS_SIZE], struct address *address, struct address *gateway)
{
	const char *how = fields[IP_HOW];
	int bits;

	if (*how && strcmp(how, "off") != 0 && strcmp(how, "none") != 0 && strcmp(how, "static") != 0)
		return "only an address that is given, with off, can be set; a program can ask for one";
	if (value_address(fields[IP_CLIENT], false, address) < 0 || address->length != 32)
		return "not an address; give ip=CLIENT::GATEWAY:MASK::DEVICE:off, as ip=10.0.0.2::10.0.0.1:255.255.255.0::eth0:off";
	bits = *fields[IP_MASK] ? mask_bits(fields[IP_MASK]) : address->bytes[0] < 128 ? 8 : address->bytes[0] < 192 ? 16 : 24;
	if (bits < 0)
		return "not a mask; give one as 255.255.255.0";
	address->length = (unsigned char)bits;
	if (*fields[IP_GATEWAY] && (value_address(fields[IP_GATEWAY], false, gateway) < 0 || gateway->length != 32))
		return "not a gateway; give its address";
	return NULL;
}

int setup_address(struct boot *boot)
{
	COLD static char fields[IP_FIELDS][PLAN_ADDRESS_SIZE];
	struct address address, gateway = {.family = 0};
	const char *rest = boot->plan->ip, *wrong;

	for (int i = 0; i < IP_FIELDS && rest; i++)
		rest = value_item(rest, ':', fields[i], sizeof fields[i]);
	if (!boot->plan->ip || strcmp(boot->plan->ip, "off") == 0 || strcmp(boot->plan->ip, "none") == 0)
		return 0;
	wrong = read_address(fields, &address, &gateway);
	if (!wrong && net_configure(*fields[IP_DEVICE] ? fields[IP_DEVICE] : "eth0", &address, gateway.family ? &gateway : NULL, INTERFACE_WAIT_MS) < 0)
		wrong = errno == ENODEV ? "the interface did not come; load its module, or give another" : strerror(errno);
	if (!wrong && *fields[IP_HOST] && !boot->plan->hostname)
		sethostname(fields[IP_HOST], strlen(fields[IP_HOST]));
	if (wrong)
		log_warning("ip=%s: %s", boot->plan->ip, wrong);
	return wrong ? -1 : 0;
}
