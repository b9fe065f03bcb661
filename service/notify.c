/* SPDX-License-Identifier: MIT
 *
 * sd_notify(3): datagrams of NAME=VALUE lines. Whose they are is what the kernel says of their sender, unix(7)
 * SCM_CREDENTIALS; nobody else's word counts for a service.
 */
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "decimal.h"
#include "local.h"
#include "log.h"
#include "members.h"
#include "service.h"
#include "store.h"
#include "value.h"

enum {
	MESSAGE_SIZE = 4096,
	AT_ONCE = 64, /* messages; others have their turn as well */
};

static const char path[] = "/run/nsinit/notify";
static char abstract[40]; /* what it is called instead; empty: it is not */

const char *notify_path(void)
{
	return abstract[0] ? abstract : path;
}

static void name_abstract(void)
{
	strcpy(abstract, "@nsinit/notify.");
	*decimal(abstract + strlen(abstract), (unsigned long)getpid()) = '\0';
}

/* Where nothing can be made in /run, a name that is in no directory, but which other network namespaces do not see. */
static int abstract_socket(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	size_t length;

	name_abstract();
	length = strlen(abstract);
	memcpy(name.sun_path, abstract, length);
	name.sun_path[0] = '\0';
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void notify_resume(int fd)
{
	struct sockaddr_un name = {.sun_path = "?"};
	socklen_t size = sizeof name;

	if (getsockname(fd, (struct sockaddr *)&name, &size) == 0 && name.sun_path[0] == '\0')
		name_abstract();
}

int notify_open(void)
{
	int fd, on = 1;

	abstract[0] = '\0';
	fd = local_socket(path, SOCK_DGRAM);
	if (fd < 0)
		fd = abstract_socket();
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0)
		return fd;
	log_warning("socket of services that say when they are ready: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

void notify_close(int fd)
{
	local_close(fd, path, SOCK_DGRAM);
}

/* --- what is said --- */

static void say_ready(struct unit *unit, const char *value)
{
	if (strcmp(value, "1") == 0)
		service_event(unit, EVENT_READY);
}

static void say_reloading(struct unit *unit, const char *value)
{
	if (strcmp(value, "1") == 0)
		service_event(unit, EVENT_RELOADING);
}

static void say_status(struct unit *unit, const char *value)
{
	size_t length = strlen(value);

	length = length < sizeof unit->said ? length : sizeof unit->said - 1;
	memcpy(unit->said, value, length);
	unit->said[length] = '\0';
}

/* Only a process of its own. */
static void say_main(struct unit *unit, const char *value)
{
	unsigned long pid;

	if (value_number(value, 1 << 30, &pid) == 0 && pid > 1 && members_owner((pid_t)pid) == unit) {
		unit->main = (pid_t)pid;
		members_adopt(unit, unit->main);
	}
}

static void say_watchdog(struct unit *unit, const char *value)
{
	if (strcmp(value, "trigger") == 0)
		service_event(unit, EVENT_WATCHDOG);
	else if (strcmp(value, "1") == 0 && unit->watchdog_ms > 0 && unit->watchdog_at_ms > 0)
		unit->watchdog_at_ms = loop_now_ms() + unit->watchdog_ms;
}

static void say_watchdog_time(struct unit *unit, const char *value)
{
	unsigned long us;

	if (value_number(value, UINT32_MAX, &us) == 0)
		unit->watchdog_ms = (int64_t)us / 1000;
}

static void say_more_time(struct unit *unit, const char *value)
{
	unsigned long us;
	int64_t until;

	if (value_number(value, UINT32_MAX, &us) < 0 || unit->deadline_ms == 0 || unit->state == STATE_RUNNING)
		return;
	until = loop_now_ms() + (int64_t)us / 1000;
	unit->deadline_ms = unit->deadline_ms > until ? unit->deadline_ms : until;
}

/* What the descriptors of this message are for. */
static struct {
	bool keep, remove;
	char name[STORE_NAME_SIZE];
} store;

static void say_keep(struct unit *unit, const char *value)
{
	(void)unit;
	store.keep = strcmp(value, "1") == 0;
}

static void say_remove(struct unit *unit, const char *value)
{
	(void)unit;
	store.remove = strcmp(value, "1") == 0;
}

static void say_name(struct unit *unit, const char *value)
{
	(void)unit;
	store.name[0] = '\0';
	strncat(store.name, value, sizeof store.name - 1);
}

static const struct {
	const char *name;
	void (*say)(struct unit *unit, const char *value);
} words[] = {
	{"FDSTORE", say_keep}, {"FDSTOREREMOVE", say_remove}, {"FDNAME", say_name},
	{"READY", say_ready}, {"RELOADING", say_reloading}, {"STATUS", say_status}, {"MAINPID", say_main}, {"WATCHDOG", say_watchdog},
	{"WATCHDOG_USEC", say_watchdog_time}, {"EXTEND_TIMEOUT_USEC", say_more_time},
};

static void take_line(struct unit *unit, char *line)
{
	char *value = strchr(line, '=');

	if (!value)
		return;
	*value++ = '\0';
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(line, words[i].name) == 0)
			words[i].say(unit, value);
}

/* RELOADING=1 and READY=1 mean what they do in the order of the lines; MAINPID must be known before READY. */
static void take_message(struct unit *unit, char *text)
{
	char *main = strncmp(text, "MAINPID=", 8) == 0 ? text : strstr(text, "\nMAINPID=");

	if (main) {
		char item[16];

		value_item(main + (*main == '\n') + 8, '\n', item, sizeof item);
		say_main(unit, item);
	}
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		take_line(unit, line);
	}
}

static bool may_speak(const struct unit *unit, pid_t sender)
{
	switch (unit->rules.notify) {
	case NOTIFY_MAIN:
		return sender == unit->main;
	case NOTIFY_EXEC:
		return sender == unit->main || sender == unit->control;
	case NOTIFY_ALL:
		return true;
	default:
		return false;
	}
}

/* Those that nobody wants are closed, which also answers BARRIER=1. */
static void take_descriptors(const struct unit *unit, const struct local_fds *fds)
{
	if (store.remove)
		store_remove(unit, store.name);
	if (store.keep && !store.remove)
		store_add(unit, fds->fds, fds->count, store.name);
	else
		for (size_t i = 0; i < fds->count; i++)
			close(fds->fds[i]);
}

/* False when there is no more. */
static bool take_one(int socket)
{
	char text[MESSAGE_SIZE + 1];
	pid_t sender;
	struct local_fds fds;
	ssize_t length = local_receive(socket, text, MESSAGE_SIZE, &sender, &fds);
	struct unit *unit;

	if (length < 0)
		return errno == EINTR;
	text[length] = '\0';
	memset(&store, 0, sizeof store);
	unit = sender > 0 ? members_owner(sender) : NULL;
	if (!unit || !may_speak(unit, sender))
		log_debug("notify: process %d may not speak for %s", (int)sender, unit ? unit->name : "any service");
	else if (strlen(text) == (size_t)length)
		take_message(unit, text);
	take_descriptors(unit, &fds);
	return true;
}

void notify_read(struct loop *loop, short events)
{
	(void)events;
	for (int i = 0; i < AT_ONCE && take_one(loop->watches[0].fd); i++)
		;
}
