/* SPDX-License-Identifier: MIT
 *
 * PrivateTmp. A directory of ours in each base holds those of all runs, and is locked as long as we live: one that nobody locks was left
 * behind by somebody who was killed, and whoever comes next removes it.
 */
#include "private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clean.h"
#include "file.h"
#include "launch.h"
#include "log.h"
#include "state.h"

#define PREFIX "nsinit-private-"

enum { TRIES = 3 }; /* somebody may take it for left behind before it is locked */

const char *const private_bases[PRIVATE_BASES] = {"/tmp", "/var/tmp"};

static struct private {
	int fds[PRIVATE_BASES];  /* 0: it is not there yet */
	bool swept[PRIVATE_BASES]; /* once is enough */
	char name[sizeof PREFIX + 32]; /* as unknown as the first INVOCATION_ID */
} own;

static const struct state_row rows[] = {
	STATE_ROW("private.tmp", struct private, fds[0], STATE_FD), STATE_ROW("private.var", struct private, fds[1], STATE_FD),
	STATE_ROW("private.name", struct private, name, STATE_TEXT),
};
const struct state_part private_state = {&own, rows, sizeof rows / sizeof rows[0]};

static int open_directory(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A locked directory for root alone. -1 with errno. */
static int open_own(int base)
{
	struct stat status;
	int fd = -1;

	for (int i = 0; i < TRIES && fd < 0; i++) {
		if (mkdirat(base, own.name, 0700) < 0 && errno != EEXIST)
			return -1;
		fd = open_directory(base, own.name);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0 && status.st_nlink > 0 && status.st_uid == geteuid())
			return fd;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	return -1;
}

/* Removes the directories of those who were killed. */
static void sweep(int base)
{
	struct file_walk walk = {.fd = base};
	const struct dirent *entry;

	while ((entry = file_next(&walk))) {
		struct stat status;
		int fd;

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 || strcmp(entry->d_name, own.name) == 0)
			continue;
		fd = open_directory(base, entry->d_name);
		if (fd >= 0 && fstat(fd, &status) == 0 && status.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0)
			clean_directory(base, entry->d_name);
		if (fd >= 0)
			close(fd);
	}
}

/* The directory of ours there, -1 with errno. */
static int own_directory(size_t i, const struct unit *unit)
{
	int base;

	if (own.fds[i] > 0)
		return own.fds[i];
	if (!*own.name)
		strcat(strcpy(own.name, PREFIX), unit->invocation);
	base = openat(AT_FDCWD, private_bases[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base < 0)
		return -1;
	own.fds[i] = open_own(base);
	if (own.fds[i] > 0 && !own.swept[i])
		sweep(base);
	own.swept[i] = true;
	close(base);
	return own.fds[i];
}

static int make(int at, const char *name, mode_t mode)
{
	if (mkdirat(at, name, mode) == 0)
		return fchmodat(at, name, mode, 0);
	return errno == EEXIST ? 0 : -1; /* by an earlier command of this run: above it there is only root */
}

char *private_make(size_t i, const struct unit *unit)
{
	const char *base = private_bases[i];
	char *path = launch_text(strlen(base) + sizeof own.name + sizeof unit->invocation + sizeof "//tmp"), inner[sizeof unit->invocation + sizeof "/tmp"];
	int fd = own_directory(i, unit);

	strcat(strcpy(inner, unit->invocation), "/tmp");
	if (!path || fd < 0 || make(fd, unit->invocation, 0700) < 0 || make(fd, inner, 01777) < 0) {
		log_error("PrivateTmp: %s: %s", base, strerror(errno));
		return NULL;
	}
	return strcat(strcat(strcat(strcat(strcpy(path, base), "/"), own.name), "/"), inner);
}

/* Lets the directory of ours go, if nothing is in it or it is to be emptied. The next one who needs it makes another. */
static void let_go(size_t i, bool whatever)
{
	int base = own.fds[i] > 0 ? openat(AT_FDCWD, private_bases[i], O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (base < 0)
		return;
	if (whatever)
		clean_directory(base, own.name);
	if (whatever || unlinkat(base, own.name, AT_REMOVEDIR) == 0) {
		close(own.fds[i]);
		own.fds[i] = 0;
	}
	close(base);
}

void private_clean(const struct unit *unit)
{
	for (size_t i = 0; i < PRIVATE_BASES; i++)
		if (own.fds[i] > 0) {
			clean_directory(own.fds[i], unit->invocation);
			let_go(i, false);
		}
}

void private_end(void)
{
	for (size_t i = 0; i < PRIVATE_BASES; i++)
		let_go(i, true);
}
