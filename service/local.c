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

void local_close(int fd, const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (fd < 0)
		return;
	close(fd);
	strcpy(address.sun_path, path);
	if (is_dead(&address, type))
		unlink(path);
}

/* Who has sent it. Descriptors that came along are taken, or closed, which also answers the BARRIER=1 of sd_notify(3). */
static pid_t take_control(struct msghdr *header, struct local_fds *fds)
{
	pid_t sender = 0;

	if (fds)
		fds->count = 0;

	/* CMSG_NXTHDR of musl does not compile with our warnings. */
	for (size_t at = 0; at + sizeof(struct cmsghdr) <= header->msg_controllen;) {
		const struct cmsghdr *part = (const void *)((char *)header->msg_control + at);

		at += CMSG_ALIGN(part->cmsg_len);
		if (part->cmsg_len < sizeof *part || part->cmsg_level != SOL_SOCKET)
			break;
		if (part->cmsg_type == SCM_CREDENTIALS) {
			struct ucred credentials;

			memcpy(&credentials, CMSG_DATA(part), sizeof credentials);
			sender = credentials.pid;
		}
		for (size_t i = 0; part->cmsg_type == SCM_RIGHTS && CMSG_LEN(i + sizeof(int)) <= part->cmsg_len; i += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i, sizeof fd);
			if (fds && fds->count < LOCAL_FDS_MAX)
				fds->fds[fds->count++] = fd;
			else
				close(fd);
		}
	}
	return sender;
}

ssize_t local_receive(int fd, char *text, size_t size, pid_t *sender, struct local_fds *fds)
{
	union {
		struct cmsghdr alignment;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(LOCAL_FDS_MAX * sizeof(int))];
	} control;
	struct iovec part = {text, size};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	ssize_t length = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (length >= 0)
		*sender = take_control(&header, fds);
	return length;
}
