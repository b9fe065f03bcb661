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
#include "network.h"
#include "out.h"
#include "sys.h"

enum {
	MODULES_SIZE = 64 * 1024,
	INTERFACE_WAIT_MS = 10 * 1000, /* for an interface whose driver is still at it */
};

#define MODULES "/etc/nsinit/modules"
#define NAMES "/etc/resolv.conf"

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
	char host[PLAN_HOSTNAME_MAX + 1];

	if (!name && conf_hostname(AT_FDCWD, "/etc/hostname", host) == 0)
		name = host;
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

/* Who resolves names, if nobody has said that yet. resolv.conf(5); where /etc is read-only it can be a link to /run. */
static void set_names(const struct network_ip *ip)
{
	struct stat status = {.st_size = 0};
	struct out out = OUT(-1);
	int fd;

	if (!ip->names[0].family || (stat(NAMES, &status) == 0 && (status.st_size > 0 || !S_ISREG(status.st_mode))))
		return;
	for (size_t i = 0; i < 2 && ip->names[i].family; i++)
		out_print(&out, "nameserver %s\n", ip->names[i].text);
	mkdir("/etc", 0755);
	fd = openat(AT_FDCWD, NAMES, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, out.text, out.length) != (ssize_t)out.length)
		log_warning("ip=: " NAMES ": %s; make it a link to /run/resolv.conf", strerror(errno));
	if (fd >= 0)
		close(fd);
}

int setup_address(struct boot *boot)
{
	COLD static struct network_ip ip;
	const char *wrong;

	if (!boot->plan->ip || strcmp(boot->plan->ip, "off") == 0 || strcmp(boot->plan->ip, "none") == 0)
		return 0;
	wrong = network_parse_ip(boot->plan->ip, &ip);
	if (!wrong && net_configure(ip.device, &ip.address, ip.gateway.family ? &ip.gateway : NULL, INTERFACE_WAIT_MS) < 0)
		wrong = errno == ENODEV ? "the interface did not come; load its module, or give another" : strerror(errno);
	if (!wrong && *ip.host && !boot->plan->hostname)
		sethostname(ip.host, strlen(ip.host));
	if (!wrong)
		set_names(&ip);
	if (wrong)
		log_warning("ip=%s: %s", boot->plan->ip, wrong);
	return wrong ? -1 : 0;
}
