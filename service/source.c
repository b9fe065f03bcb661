/* SPDX-License-Identifier: MIT
 *
 * One epoll for the sockets of all units: it costs those that have none nothing, and a loop with a thousand no more than one with one.
 */
#include "source.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { AT_ONCE = 32 }; /* signals have their turn as well */

static struct watch *watch;

static void on_ready(struct loop *loop, short events)
{
	struct epoll_event event;

	(void)loop;
	(void)events;
	for (int i = 0; i < AT_ONCE && epoll_wait(watch->fd, &event, 1, 0) == 1; i++) {
		struct source *source = event.data.ptr;

		source->ready(source);
	}
}

void source_open(struct watch *place)
{
	watch = place;
	*watch = (struct watch){.fd = -1, .events = POLLIN, .ready = on_ready};
}

void source_close(void)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

int source_watch(struct source *source, bool on)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	if (source->watched == on)
		return 0;
	if (watch->fd < 0)
		watch->fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(watch->fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, source->fd, &event) < 0)
		return -1;
	source->watched = on;
	return 0;
}
