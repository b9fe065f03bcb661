/* SPDX-License-Identifier: MIT
 *
 * What the kernel tells of the cgroups of services, inotify(7) in v2: that nobody is left in one, and that one lacked memory. Without it the
 * end of our own children is what says that it is time to look.
 */
#include "slice.h"

#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "decimal.h"
#include "jobs.h"
#include "launch.h"
#include "log.h"
#include "service.h"

static int news; /* 0: not asked for yet */


/* The kernel will tell when a file of the cgroup says something else. */
static void listen_to(int directory, const char *file, int *watch)
{
	char path[64] = "/proc/self/fd/";

	if (news <= 0 || *watch > 0)
		return;
	strcpy(decimal(path + strlen(path), (unsigned long)directory), file);
	*watch = inotify_add_watch(news, path, IN_MODIFY);
}

/* How many processes of the unit the kernel has killed for lack of memory. */
static long count_oom_kills(const struct unit *unit)
{
	int version, directory = slice_open(unit, CGROUP_MEMORY, &version);
	long count;

	if (directory < 0)
		return 0;
	count = place_counter(directory, version == 2 ? "memory.events" : "memory.oom_control", "oom_kill");
	close(directory);
	return count;
}

bool slice_lacked_memory(struct unit *unit)
{
	const long before = unit->oom_kills;

	unit->oom_kills = count_oom_kills(unit);
	if (unit->oom_kills <= before)
		return false;
	log_warning("%s: the kernel killed a process of it for lack of memory", unit->name);
	return true;
}

static void stop_listening(int *watch)
{
	if (*watch > 0)
		inotify_rm_watch(news, *watch);
	*watch = 0;
}

bool slice_is_empty(struct unit *unit)
{
	int version, directory = slice_open(unit, CGROUP_KINDS, &version);
	bool empty = directory < 0 || place_is_empty(directory);

	if (!empty && version == 2) {
		listen_to(directory, "/cgroup.events", &unit->watch);
		empty = place_is_empty(directory); /* it may have become so before we listened */
	}
	if (directory >= 0)
		close(directory);
	return empty;
}

static void listen_for_oom(struct unit *unit)
{
	int version, directory;

	directory = unit->oom_policy == OOM_STOP ? slice_open(unit, CGROUP_MEMORY, &version) : -1;
	if (directory < 0)
		return;
	if (version == 2)
		listen_to(directory, "/memory.events", &unit->oom_watch);
	close(directory);
}

/* A service with a limit of its own stops when that is reached, unless it says otherwise; another one is not watched for that. */
void slice_watch_memory(struct unit *unit, const struct launch *launch)
{
	bool is_limited = launch->controls.set & 1U << CONTROL_MEMORY_MAX;

	unit->oom_kills = count_oom_kills(unit);
	unit->oom_policy = launch->oom_policy ? (uint8_t)launch->oom_policy : is_limited && !launch->delegate ? OOM_STOP : OOM_CONTINUE;
	listen_for_oom(unit);
}

int slice_news(void)
{
	if (news == 0 && slice_is_there())
		news = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (struct unit *unit = units_first(); unit && news > 0; unit = unit->next)
		listen_for_oom(unit); /* those that an exec has brought */
	return news > 0 ? news : -1;
}

void slice_leave(struct unit *unit)
{
	bool left = !slice_is_empty(unit);

	unit->filled = false;
	if (!unit->grouped)
		return;
	slice_remove(unit);
	if (left)
		return;
	stop_listening(&unit->watch);
	stop_listening(&unit->oom_watch);
	unit->grouped = false;
}

/* Whoever was left in the cgroup of a service that is over has ended. */
static void changed(struct unit *unit)
{
	if (service_is_down(unit)) {
		slice_leave(unit);
		return;
	}
	unit->unsure = service_awaits_end(unit);
	jobs_touch(unit);
}

void slice_read(struct loop *loop, short events)
{
	char buffer[32 * sizeof(struct inotify_event)] __attribute__((aligned(8)));
	ssize_t length;

	(void)loop;
	(void)events;
	while ((length = read(news, buffer, sizeof buffer)) > 0)
		for (ssize_t at = 0; at < length;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			for (struct unit *unit = units_first(); unit; unit = unit->next)
				if (unit->watch == event->wd)
					changed(unit);
				else if (unit->oom_watch == event->wd && service_takes(unit->state, EVENT_OOM) && slice_lacked_memory(unit))
					service_event(unit, EVENT_OOM);
			at += (ssize_t)(sizeof *event + event->len);
		}
}
