/* SPDX-License-Identifier: MIT
 *
 * --conf DIR: hosts, hostname, resolv.conf and whatever other file is in it go to /etc.
 */
#include "conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "log.h"

static char *join(const char *directory, const char *name)
{
	size_t length = strlen(directory), size = strlen(name) + 1;
	char *path = malloc(length + 1 + size);

	if (path) {
		memcpy(path, directory, length);
		path[length] = '/';
		memcpy(path + length + 1, name, size);
	}
	return path;
}

static int add_file(struct plan *plan, const char *name)
{
	struct mount_entry *entry = &plan->mounts[plan->mount_count];

	if (plan->mount_count == PLAN_MOUNTS_MAX) {
		log_error("--conf %s: too many files; a plan holds %d mounts", plan->conf, PLAN_MOUNTS_MAX);
		return -1;
	}
	*entry = (struct mount_entry){
		.kind = MOUNT_BIND,
		.source = join(plan->conf, name),
		.target = join("/etc", name),
		.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		.option = "conf",
	};
	if (!entry->source || !entry->target) {
		log_error("--conf %s: %s", plan->conf, strerror(errno));
		return -1;
	}
	plan->mount_count++;
	return 0;
}

int conf_hostname(int directory, const char *path, char *host)
{
	char text[512], *name = text;
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	if (length < 0)
		return -1;
	text[length] = '\0';
	while (*name == '#' || *name == '\n' || *name == ' ' || *name == '\t')
		name += *name == '#' ? strcspn(name, "\n") : 1;
	name[strcspn(name, "\r\n \t")] = '\0';
	if (!*name || strlen(name) > PLAN_HOSTNAME_MAX) {
		errno = EINVAL;
		return -1;
	}
	strcpy(host, name);
	return 0;
}

static int read_hostname(struct plan *plan, int directory)
{
	char host[PLAN_HOSTNAME_MAX + 1];

	if (conf_hostname(directory, "hostname", host) == 0) {
		plan->hostname = strdup(host);
		return plan->hostname ? 0 : -1;
	}
	if (errno == EINVAL)
		log_error("--conf %s: hostname: holds no name of 1 to %d bytes; mend it or remove it", plan->conf, PLAN_HOSTNAME_MAX);
	else
		log_error("--conf %s: hostname: %s; make it readable or remove it", plan->conf, strerror(errno));
	return -1;
}

/* -1 after a message if that cannot be known: a file that is left out in silence is a configuration that does not hold. */
static int is_file(const struct plan *plan, int directory, const char *name)
{
	struct stat status;

	if (fstatat(directory, name, &status, 0) == 0)
		return S_ISREG(status.st_mode);
	log_error("--conf %s: %s: %s; mend it or remove it", plan->conf, name, strerror(errno));
	return -1;
}

/* The files in the order of their names would need memory to sort; they go to different places, so any order does. */
static int expand(struct plan *plan, int directory)
{
	struct file_walk walk = {.fd = directory};
	size_t before = plan->mount_count;
	const struct dirent *item;

	while ((item = file_next(&walk))) {
		int file = is_file(plan, directory, item->d_name);

		if (file == 0)
			continue;
		if (file < 0 || add_file(plan, item->d_name) < 0)
			return -1;
		if (strcmp(item->d_name, "hostname") == 0 && !plan->hostname && (plan->namespaces & CLONE_NEWUTS) && read_hostname(plan, directory) < 0)
			return -1;
	}
	if (plan->mount_count > before)
		return 0;
	log_error("--conf %s: no file in it; give a directory with hosts, hostname or resolv.conf", plan->conf);
	return -1;
}

int conf_expand(struct plan *plan)
{
	int directory, result;

	if (!plan->conf)
		return 0;
	directory = open(plan->conf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		log_error("--conf %s: %s; give a directory with hosts, hostname or resolv.conf", plan->conf, strerror(errno));
		return -1;
	}
	result = expand(plan, directory);
	close(directory);
	return result;
}
