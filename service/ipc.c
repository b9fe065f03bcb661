/* SPDX-License-Identifier: MIT
 *
 * RemoveIPC. Of System V the kernel lists all objects in /proc/sysvipc, those of POSIX are files.
 */
#include "ipc.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clean.h"
#include "file.h"
#include "lines.h"
#include "value.h"

static void remove_memory(int id)
{
	shmctl(id, IPC_RMID, NULL);
}

static void remove_semaphores(int id)
{
	semctl(id, 0, IPC_RMID);
}

static void remove_queue(int id)
{
	msgctl(id, IPC_RMID, NULL);
}

/* sysvipc(7): the second column is the id, and this one the user. */
static const struct kind {
	const char *path;
	size_t user;
	void (*remove)(int id);
} kinds[] = {
	{"/proc/sysvipc/shm", 7, remove_memory}, {"/proc/sysvipc/sem", 4, remove_semaphores}, {"/proc/sysvipc/msg", 7, remove_queue},
};

static void remove_listed(const struct kind *kind, uid_t uid)
{
	struct lines lines;
	char *line;

	for (bool any = lines_open(&lines, AT_FDCWD, kind->path) == 0; any && (line = lines_next(&lines));) {
		unsigned long id = 0, user = 0;

		for (size_t column = 0; column <= kind->user; column++) {
			const char *word = file_word(&line);

			if (!word || (column == 1 && value_number(word, INT_MAX, &id) < 0) || (column == kind->user && value_number(word, UINT32_MAX, &user) < 0))
				break;
			if (column == kind->user && user == uid)
				kind->remove((int)id);
		}
	}
	close(lines.fd);
}

static void remove_files(const char *path, uid_t uid)
{
	struct file_walk walk = {.fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	const struct dirent *entry;
	struct stat status;

	while (walk.fd >= 0 && (entry = file_next(&walk)))
		if (fstatat(walk.fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_uid == uid) {
			if (S_ISDIR(status.st_mode))
				clean_directory(walk.fd, entry->d_name);
			else
				unlinkat(walk.fd, entry->d_name, 0);
		}
	if (walk.fd >= 0)
		close(walk.fd);
}

void ipc_remove(uid_t uid)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		remove_listed(&kinds[i], uid);
	remove_files("/dev/shm", uid);
	remove_files("/dev/mqueue", uid);
}
