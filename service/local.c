/* SPDX-License-Identifier: MIT
 *
 * Sockets of ours in the file system.
 */
#include "local.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Nobody listens any more. */
static int is_dead(const struct sockaddr_un *address, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int dead = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 && errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return dead;
}

static int bind_to(int fd, const struct sockaddr_un *address, int type)
{
	if (bind(fd, (const struct sockaddr *)address, sizeof *address) == 0)
		return 0;
	if (errno != EADDRINUSE || !is_dead(address, type) || unlink(address->sun_path) < 0)
		return -1;
	return bind(fd, (const struct sockaddr *)address, sizeof *address);
}

int local_socket(const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	strcpy(address.sun_path, path);
	if (fd >= 0 && bind_to(fd, &address, type) == 0 && chmod(path, 0666) == 0)
		return fd;
	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}
