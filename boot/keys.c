/* SPDX-License-Identifier: MIT
 *
 * The loop's descriptors on a machine. A watch that cannot be served any more is taken away: what is always ready
 * would keep PID 1 awake.
 */
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <linux/watchdog.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "boot.h"
#include "decimal.h"
#include "log.h"
#include "sys.h"

enum {
	INPUTS_MAX = 16, /* /dev/input/event0 and the next ones */
};

static int watchdog = -1;

static void watch(struct boot *boot, int fd, void (*ready)(struct loop *loop, short events))
{
	boot->watches[boot->watch_count++] = (struct watch){.fd = fd, .events = POLLIN, .ready = ready};
}

/* The watch that became ready is the one whose descriptor can be read. */
static void on_key(struct loop *loop, short events)
{
	struct input_event event;

	(void)events;
	for (size_t i = 0; i < loop->watch_count; i++) {
		struct watch *watch = &loop->watches[i];
		ssize_t n;

		if (watch->ready != on_key || watch->fd < 0)
			continue;
		while ((n = read(watch->fd, &event, sizeof event)) == sizeof event)
			if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1)
				loop_end(loop, END_POWEROFF);
		if (n < 0 && errno != EAGAIN) { /* unplugged */
			close(watch->fd);
			watch->fd = -1;
		}
	}
}

/* An input device that has a power button, or -1. */
static int open_button(int number)
{
	char path[32] = "/dev/input/event";
	unsigned char keys[KEY_POWER / 8 + 1] = {0};
	int fd;

	*decimal(path + strlen(path), (unsigned long)number) = '\0';
	fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (sys_ioctl(fd, EVIOCGBIT(EV_KEY, sizeof keys), keys) >= 0 && (keys[KEY_POWER / 8] & (1 << KEY_POWER % 8)))
		return fd;
	close(fd);
	return -1;
}

int keys_open(struct boot *boot)
{
	if (access("/dev/input", F_OK) < 0)
		return 0;
	for (int i = 0; i < INPUTS_MAX && boot->watch_count < BOOT_WATCHES; i++) {
		int fd = open_button(i);

		if (fd >= 0)
			watch(boot, fd, on_key);
	}
	return 0;
}

void watchdog_feed(void)
{
	if (watchdog >= 0)
		sys_ioctl(watchdog, WDIOC_KEEPALIVE, NULL);
}

static void on_hunger(struct loop *loop, short events)
{
	uint64_t times;

	(void)events;
	for (size_t i = 0; i < loop->watch_count; i++)
		if (loop->watches[i].ready == on_hunger && read(loop->watches[i].fd, &times, sizeof times) > 0)
			watchdog_feed();
}

/* Twice in its time. */
static int open_timer(int seconds)
{
	const struct timespec half = {seconds / 2, seconds % 2 * 500000000L};
	const struct itimerspec often = {half, half};
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return timer < 0 || timerfd_settime(timer, 0, &often, NULL) == 0 ? timer : -1;
}

int watchdog_open(struct boot *boot)
{
	int seconds = (int)((boot->plan->watchdog_ms + 999) / 1000), timer;

	if (!seconds)
		return 0;
	watchdog = openat(AT_FDCWD, "/dev/watchdog", O_WRONLY | O_CLOEXEC);
	if (watchdog < 0 || sys_ioctl(watchdog, WDIOC_SETTIMEOUT, &seconds) < 0) {
		log_warning("--watchdog: /dev/watchdog: %s; load its module, or give another time", strerror(errno));
		return -1;
	}
	timer = open_timer(seconds); /* the driver may have chosen another time */
	if (timer >= 0)
		watch(boot, timer, on_hunger);
	return timer < 0 ? -1 : 0;
}
