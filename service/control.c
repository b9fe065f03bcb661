/* SPDX-License-Identifier: MIT
 *
 * The control socket. Anybody may look, only root and our own user may touch. A client that sends rubbish, reads nothing or
 * goes away costs a place for as long as it stays, and never a wait: what it does not take is lost.
 */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jobs.h"
#include "local.h"
#include "log.h"
#include "out.h"
#include "service.h"
#include "supervisor.h"
#include "syntax.h"

/* One connection; its watch has the same number. */
static struct client {
	const struct unit *waits; /* for whose job; NULL: for nobody's */
	bool stops;               /* the job is to stop, for which it matters not how the unit ended */
} clients[CONTROL_CLIENTS];
static struct watch *listener, *connections;

static void answer(int fd, enum answer kind, const char *text, size_t length)
{
	char packet[CONTROL_PACKET];

	length = length < sizeof packet - 1 ? length : sizeof packet - 1;
	packet[0] = (char)kind;
	memcpy(packet + 1, text, length);
	send(fd, packet, length + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void hang_up(size_t number)
{
	close(connections[number].fd);
	connections[number] = (struct watch){.fd = -1};
	clients[number].waits = NULL;
}

static void end(size_t number, int status)
{
	const char digit = (char)('0' + status);

	answer(connections[number].fd, ANSWER_END, &digit, 1);
	hang_up(number);
}

static void refuse(size_t number, const char *name, const char *why)
{
	struct out out = OUT(-1);

	out_print(&out, "%.200s: %s", name, why);
	answer(connections[number].fd, ANSWER_ERROR, out.text, out.length);
	end(number, 1);
}

/* The fields in the order of enum answer_field. */
static void describe(size_t number, const struct unit *unit)
{
	static const char *const jobs[] = {"-", "start", "stop", "restart"};
	struct out out = OUT(-1);

	out_print(&out, "%s\t%s\t%s\t%s\t%d\t%u\t%ld\t%.256s\t%s\t%.256s", unit->name, service_state_name(unit->state), service_result_name(unit->result),
	          jobs[unit->job], (int)unit->main, unit->restarts, (long)(unit->since_ms ? loop_now_ms() - unit->since_ms : 0),
	          unit->file ? unit->file : "-", unit->said, unit->description ? unit->description : "");
	answer(connections[number].fd, ANSWER_UNIT, out.text, out.length);
}

static void list(size_t number, const char *name)
{
	const struct unit *only = *name ? units_find(name) : NULL;

	if (*name && !only) {
		refuse(number, name, "no such service is loaded");
		return;
	}
	for (const struct unit *unit = only ? only : units_first(); unit; unit = only ? NULL : unit->next)
		if (unit->kind == UNIT_SERVICE || only)
			describe(number, unit);
	end(number, 0);
}

/* Loads the unit if it is not, with what it pulls in. */
static struct unit *find(const char *name)
{
	struct unit *unit = units_find(name);

	if (!unit || unit->kind == UNIT_NAMED) {
		unit = units_load_short(name);
		units_load_pulled();
	}
	return unit && unit->kind == UNIT_SERVICE ? unit : NULL;
}

static void want(size_t number, const char *name, enum unit_job job)
{
	struct unit *unit = find(name);

	if (!unit) {
		refuse(number, name, "no such service; see the log of PID 1");
		return;
	}
	if (job != JOB_STOP && unit->rules.refuse_start) {
		refuse(number, name, "RefuseManualStart");
		return;
	}
	jobs_want(unit, job);
	clients[number] = (struct client){unit, job == JOB_STOP};
}

static void start(size_t number, const char *name) { want(number, name, JOB_START); }
static void stop(size_t number, const char *name) { want(number, name, JOB_STOP); }
static void restart(size_t number, const char *name) { want(number, name, JOB_RESTART); }

static void reload(size_t number, const char *name)
{
	struct unit *unit = units_find(name);

	if (!unit || unit->state != STATE_RUNNING) {
		refuse(number, name, "does not run");
		return;
	}
	service_event(unit, EVENT_RELOAD);
	if (unit->state != STATE_RELOAD) {
		refuse(number, name, "has no ExecReload");
		return;
	}
	clients[number].waits = unit;
}

static void end_so(size_t number, enum plan_end how)
{
	end(number, 0);
	supervisor_end(how);
}

static void power_off(size_t number, const char *name) { (void)name; end_so(number, END_POWEROFF); }
static void boot_again(size_t number, const char *name) { (void)name; end_so(number, END_REBOOT); }
static void halt(size_t number, const char *name) { (void)name; end_so(number, END_HALT); }

static const struct {
	const char *verb;
	bool touches;
	void (*serve)(size_t number, const char *name);
} verbs[] = {
	{"list", false, list}, {"start", true, start}, {"stop", true, stop}, {"restart", true, restart}, {"reload", true, reload},
	{"poweroff", true, power_off}, {"reboot", true, boot_again}, {"halt", true, halt},
};

static bool may_touch(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static void serve(size_t number, const char *verb, const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(verb, verbs[i].verb) != 0)
			continue;
		if (verbs[i].touches && !may_touch(connections[number].fd))
			refuse(number, verb, "only root may do that");
		else
			verbs[i].serve(number, name);
		return;
	}
	refuse(number, verb, "no such request");
}

/* One request a connection: a verb and a name. Whoever says more while it waits has not understood. */
static void on_request(size_t number)
{
	char packet[CONTROL_PACKET + 2];
	ssize_t length = recv(connections[number].fd, packet, CONTROL_PACKET, MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0 || clients[number].waits) {
		hang_up(number);
		return;
	}
	packet[length] = packet[length + 1] = '\0'; /* whatever was sent, there are two words */
	serve(number, packet, syntax_after(packet));
}

static void on_client(struct loop *loop, short events)
{
	(void)loop;
	(void)events;
	for (size_t number = 0; number < CONTROL_CLIENTS; number++) {
		struct pollfd ready = {.fd = connections[number].fd, .events = POLLIN};

		if (connections[number].fd >= 0 && poll(&ready, 1, 0) == 1)
			on_request(number);
	}
}

static void on_connect(struct loop *loop, short events)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)loop;
	(void)events;
	for (size_t number = 0; fd >= 0 && number < CONTROL_CLIENTS; number++)
		if (connections[number].fd < 0) {
			connections[number] = (struct watch){.fd = fd, .events = POLLIN, .ready = on_client};
			return;
		}
	if (fd < 0)
		return;
	answer(fd, ANSWER_ERROR, "too many clients", strlen("too many clients"));
	close(fd);
}

void control_settle(void)
{
	for (size_t number = 0; number < CONTROL_CLIENTS; number++) {
		const struct unit *unit = clients[number].waits;

		if (!unit || unit->job != JOB_NONE || unit->state == STATE_RELOAD)
			continue;
		if (!clients[number].stops && (unit->state == STATE_FAILED || unit->state == STATE_RESTART))
			refuse(number, unit->name, service_result_name(unit->result));
		else
			end(number, 0);
	}
}

void control_open(struct watch *watches)
{
	int fd = local_socket(CONTROL_PATH, SOCK_SEQPACKET);

	listener = watches;
	connections = watches + 1;
	for (size_t number = 0; number <= CONTROL_CLIENTS; number++)
		watches[number] = (struct watch){.fd = -1};
	if (fd >= 0 && listen(fd, CONTROL_CLIENTS) == 0) {
		*listener = (struct watch){.fd = fd, .events = POLLIN, .ready = on_connect};
		return;
	}
	log_info("%s: %s; nsctl will not work", CONTROL_PATH, strerror(errno));
	if (fd >= 0)
		close(fd);
}

void control_close(void)
{
	for (size_t number = 0; number < CONTROL_CLIENTS; number++)
		if (connections[number].fd >= 0)
			hang_up(number);
	if (listener->fd < 0)
		return;
	unlink(CONTROL_PATH);
	close(listener->fd);
}
