/* SPDX-License-Identifier: MIT
 *
 * Credentials. They are in a tmpfs of the service's own mount namespace, and so in nobody else's sight; without the power to mount, in a
 * directory that only its user can read.
 */
#include "credential.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clean.h"
#include "file.h"
#include "log.h"
#include "sandbox.h"

#define DIRECTORY "/run/credentials"

enum { CREDENTIALS_MAX = 2 * LAUNCH_NAMES_MAX };

/* Of the start that is being prepared. */
static struct mount_entry files[CREDENTIALS_MAX];
static size_t file_count;

/* "DIRECTORY/UNIT/ID" of length bytes; NULL: there is no room. */
static char *path_of(const struct unit *unit, const char *id, size_t length)
{
	char *path = launch_text(strlen(DIRECTORY "//") + strlen(unit->name) + length);

	return path ? strncat(strcat(strcat(strcpy(path, DIRECTORY "/"), unit->name), length ? "/" : ""), id, length) : NULL;
}

static bool is_there(const char *path)
{
	for (size_t i = 0; i < file_count; i++)
		if (strcmp(files[i].target, path) == 0)
			return true;
	return false;
}

/* A file, or one of that name where systemd keeps such. The length of what is in it, -1 with errno. */
static ssize_t load(const char *path, char *text, size_t size)
{
	static const char *const stores[] = {"/etc/credstore", "/run/credstore", "/usr/lib/credstore"};
	ssize_t length = *path == '/' ? file_read(AT_FDCWD, path, text, size) : -1;

	for (size_t i = 0; *path != '/' && length < 0 && i < sizeof stores / sizeof stores[0]; i++) {
		int store = openat(AT_FDCWD, stores[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		length = store < 0 ? -1 : file_read(store, path, text, size);
		if (store >= 0)
			close(store);
	}
	return length;
}

/* ID:PATH, ID alone, or ID:TEXT. 0, 1: it is not there, or -1: there is no room. */
static int add(const struct unit *unit, const char *word, bool is_text)
{
	const size_t id = strcspn(word, ":");
	const char *rest = word[id] ? word + id + 1 : word;
	struct mount_entry file = {.kind = MOUNT_FILE, .target = path_of(unit, word, id), .data = rest, .lifted = strlen(rest), .option = "credential"};
	ssize_t length;
	char *text;

	if (!file.target || file_count == CREDENTIALS_MAX)
		return -1;
	if (is_there(file.target))
		return 0;
	if (!is_text) {
		text = launch_text(0);
		length = text ? load(rest, text, launch_room()) : -1;
		if (length < 0)
			return 1;
		if (!launch_text((size_t)length))
			return -1;
		file.data = text;
		file.lifted = (uint64_t)length;
	}
	files[file_count++] = file;
	return 0;
}

static bool is_set(const struct launch *launch, const char *word)
{
	const size_t length = strcspn(word, ":");

	for (size_t i = 0; i < launch->set_credentials.count; i++)
		if (strncmp(launch->set_credentials.names[i], word, length) == 0 && launch->set_credentials.names[i][length] == ':')
			return true;
	return false;
}

int credentials_read(const struct launch *launch, const struct unit *unit)
{
	int result = 0;

	file_count = 0;
	if (launch->load_credentials.count + launch->set_credentials.count == 0)
		return 0;
	for (size_t i = 0; result >= 0 && i < launch->load_credentials.count; i++) {
		result = add(unit, launch->load_credentials.names[i], false);
		if (result > 0 && !is_set(launch, launch->load_credentials.names[i])) { /* what is set stands in for it */
			log_error("LoadCredential=%s: %s; create it, or give one that is there", launch->load_credentials.names[i], strerror(errno));
			return -1;
		}
	}
	for (size_t i = 0; result >= 0 && i < launch->set_credentials.count; i++)
		result = add(unit, launch->set_credentials.names[i], true);
	if (result < 0 || launch_provide("CREDENTIALS_DIRECTORY", path_of(unit, "", 0)) < 0) {
		log_error("credentials: too many, or too large");
		return -1;
	}
	return 0;
}

int credentials_add(struct plan *plan)
{
	if (file_count == 0)
		return 0;
	if (plan->mount_count + file_count >= PLAN_MOUNTS_MAX)
		return -1;
	mkdir(DIRECTORY, 0755); /* all around may be read-only for the service */
	plan->mounts[plan->mount_count++] = (struct mount_entry){
		.kind = MOUNT_TMPFS, .target = DIRECTORY, .data = "mode=755", .option = "credentials",
		.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
	};
	memcpy(plan->mounts + plan->mount_count, files, file_count * sizeof files[0]);
	plan->mount_count += file_count;
	return 0;
}

int credentials_write(const struct plan *plan)
{
	int root = file_count ? openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1, result = 0;

	for (size_t i = 0; result == 0 && i < file_count; i++)
		result = sandbox_file(root, &files[i], &plan->identity);
	if (result < 0)
		log_error("%s: %s; /run must be writable", files[0].target, strerror(errno));
	if (root >= 0)
		close(root);
	return result;
}

void credentials_clean(const struct launch *launch, const struct unit *unit)
{
	int fd = launch->load_credentials.count + launch->set_credentials.count ? openat(AT_FDCWD, DIRECTORY, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	clean_directory(fd, unit->name); /* the directory above stays: without it the mounts on it would be gone, in other namespaces as well */
	close(fd);
}
