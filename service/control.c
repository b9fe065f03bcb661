/* SPDX-License-Identifier: MIT
 *
 * The control socket. Anybody may look, only root and our own user may touch. A client that sends rubbish, reads nothing or
 * goes away costs a place for as long as it stays, and never a wait: what it does not take is lost.
 */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command.h"
#include "foreign.h"
#include "jobs.h"
#include "kind.h"
#include "local.h"
#include "log.h"
#include "members.h"
#include "out.h"
#include "reexec.h"
#include "service.h"
#include "supervisor.h"
#include "syntax.h"
#include "value.h"

enum { TEXT_MAX = 256 };

/* One connection; its watch has the same number. */
static struct client {
	const struct unit *waits; /* for whose job; NULL: for nobody's */
	const struct unit *next;  /* who is described next, when there is room for it; NULL: nobody */
	const struct edge *edge;  /* and with which of its edges */
	int resumed;              /* its descriptor + 1, after an exec; 0: there was none */
	bool only, edges;
	bool reexec;              /* it waits for that */
	bool stops;               /* the job is to stop, for which it matters not how the unit ended */
} clients[CONTROL_CLIENTS];
static struct watch *listener, *connections;

/* False: there is no room for it. */
static bool answer(int fd, enum answer kind, const char *text, size_t length)
{
	char packet[CONTROL_PACKET];

	length = length < sizeof packet - 1 ? length : sizeof packet - 1;
	packet[0] = (char)kind;
	memcpy(packet + 1, text, length);
	return send(fd, packet, length + 1, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno != EAGAIN;
}

static void hang_up(size_t number)
{
	close(connections[number].fd);
	connections[number] = (struct watch){.fd = -1};
	clients[number] = (struct client){0};
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

/* A field of somebody else's: without a tab, it is one. */
static void add_text(struct out *out, const char *text)
{
	out_char(out, '\t');
	if (text)
		foreign_plain(out, text, strnlen(text, TEXT_MAX));
}

/* The fields in the order of enum answer_field. False: there is no room for it. */
static bool describe(int fd, const struct unit *unit)
{
	static const char *const jobs[] = {"-", "start", "stop", "restart"};
	const int64_t now = loop_now_ms(), origin = supervisor_origin();
	struct out out = OUT(-1);

	out_print(&out, "%s\t%s\t%s\t%s\t%d\t%d\t%u\t%ld\t%ld\t%ld\t%d\t", unit->name, kind_state_name(unit),
	          service_result_name(unit->result), jobs[unit->job], (int)unit->main, (int)unit->control, unit->restarts,
	          (long)(unit->since_ms ? now - unit->since_ms : -1),
	          (long)(unit->begun_ms ? unit->begun_ms - origin : -1), (long)(unit->up_ms ? unit->up_ms - origin : -1), unit->status);
	for (size_t i = 0; i < UNIT_SESSIONS; i++)
		if (unit->sessions[i])
			out_print(&out, "%d ", (int)unit->sessions[i]);
	add_text(&out, unit->file);
	add_text(&out, unit->said);
	add_text(&out, unit->description);
	return answer(fd, ANSWER_UNIT, out.text, out.length);
}

static bool describe_edge(int fd, const struct unit *unit, const struct edge *edge)
{
	struct out out = OUT(-1);

	out_print(&out, "%s\t%u\t%s", unit->name, edge->kinds, edge->other->name);
	return answer(fd, ANSWER_EDGE, out.text, out.length);
}

static void wait_for_room(size_t number, bool wait)
{
	connections[number].events = wait ? POLLIN | POLLOUT : POLLIN;
}

/* Tells what there is room for; the rest when there is more. */
static void tell(size_t number)
{
	struct client *client = &clients[number];
	const int fd = connections[number].fd;

	while (client->next) {
		const struct unit *unit = client->next;

		bool wanted = unit->kind != UNIT_TARGET || client->edges || client->only;

		if (client->edge ? !describe_edge(fd, unit, client->edge) : wanted && !describe(fd, unit)) {
			wait_for_room(number, true);
			return;
		}
		if (client->edges)
			client->edge = client->edge ? client->edge->next : unit->edges;
		if (!client->edge)
			client->next = client->only ? NULL : unit->next;
	}
	end(number, 0);
}

static void list(size_t number, const char *name)
{
	const struct unit *only = *name ? units_find(name) : NULL;

	if (*name && (!only || only->kind == UNIT_NAMED)) {
		end(number, CONTROL_UNKNOWN);
		return;
	}
	clients[number] = (struct client){.next = only ? only : units_first(), .only = only};
	tell(number);
}

/* All units, and how they stand to each other. */
static void relations(size_t number, const char *unused)
{
	(void)unused;
	clients[number] = (struct client){.next = units_first(), .edges = true};
	tell(number);
}

/* Loads the unit if it is not, with what it pulls in. */
static struct unit *find(const char *name)
{
	struct unit *unit = units_find(name);

	if (!unit || unit->kind <= UNIT_TARGET) {
		unit = units_load_short(name);
		units_load_pulled();
	}
	return unit && unit->kind >= UNIT_TARGET ? unit : NULL;
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
	if (job != JOB_START && unit->rules.refuse_stop) {
		refuse(number, name, "RefuseManualStop");
		return;
	}
	jobs_want(unit, job);
	clients[number] = (struct client){.waits = unit, .stops = job == JOB_STOP};
}

static void start(size_t number, const char *name) { want(number, name, JOB_START); }
static void stop(size_t number, const char *name) { want(number, name, JOB_STOP); }
static void restart(size_t number, const char *name) { want(number, name, JOB_RESTART); }

static void try_restart(size_t number, const char *name)
{
	const struct unit *unit = units_find(name);

	if (unit && service_is_up(unit))
		restart(number, name);
	else
		end(number, 0);
}

/* As if it had never failed. */
static void reset(size_t number, const char *name)
{
	for (struct unit *unit = units_first(); unit; unit = unit->next) {
		if (*name && strcmp(name, unit->name) != 0)
			continue;
		unit->starts = unit->restarts = unit->streak = 0;
		if (unit->state == STATE_FAILED)
			unit->state = STATE_DEAD, unit->result = RESULT_SUCCESS;
	}
	end(number, 0);
}

/* The name of the signal is behind that of the unit. */
static void send_signal(size_t number, const char *name)
{
	struct unit *unit = units_find(name);
	int signal = SIGTERM;

	name = syntax_after(name);
	if (*name && value_signal(name, &signal) < 0) {
		refuse(number, name, "no such signal");
		return;
	}
	if (!unit || (unit->main <= 0 && unit->control <= 0)) {
		refuse(number, unit ? unit->name : name, "does not run");
		return;
	}
	members_signal(unit, signal, true);
	end(number, 0);
}

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
	for (const struct edge *edge = unit->edges; edge; edge = edge->next)
		if ((edge->kinds & EDGE(RELOADS)) && edge->other->state == STATE_RUNNING)
			service_event(edge->other, EVENT_RELOAD);
	clients[number].waits = unit;
}

static bool can_reload(const struct unit *unit)
{
	return unit->state == STATE_RUNNING && (unit->rules.type == TYPE_NOTIFY_RELOAD || command_next(unit, COMMAND_RELOAD, NULL));
}

static void reload_or_restart(size_t number, const char *name)
{
	const struct unit *unit = units_find(name);

	(unit && can_reload(unit) ? reload : restart)(number, name);
}

static void try_reload_or_restart(size_t number, const char *name)
{
	const struct unit *unit = units_find(name);

	(unit && can_reload(unit) ? reload : try_restart)(number, name);
}

static void not_replaced(const char *wrong)
{
	for (size_t number = 0; number < CONTROL_CLIENTS; number++)
		if (clients[number].reexec)
			refuse(number, "reexec", wrong);
}

static void replace(size_t number, const char *path)
{
	const char *wrong = reexec_begin(supervisor_loop(), path, not_replaced);

	if (wrong)
		refuse(number, *path ? path : "reexec", wrong);
	else
		clients[number].reexec = true;
}

/* The same file reads the other files again. */
static void read_again(size_t number, const char *unused)
{
	(void)unused;
	replace(number, "-");
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
	{"list", false, list}, {"edges", false, relations}, {"start", true, start}, {"stop", true, stop}, {"restart", true, restart},
	{"reload", true, reload}, {"try-restart", true, try_restart}, {"reload-or-restart", true, reload_or_restart},
	{"try-reload-or-restart", true, try_reload_or_restart}, {"reset-failed", true, reset}, {"kill", true, send_signal},
	{"reexec", true, replace}, {"daemon-reload", true, read_again},
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

/* One request a connection: a verb, a name and what the verb takes. Whoever says more while it waits has not understood. */
static void on_request(size_t number)
{
	char packet[CONTROL_PACKET + 3];
	ssize_t length = recv(connections[number].fd, packet, CONTROL_PACKET, MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0 || clients[number].waits || clients[number].next || clients[number].reexec) {
		hang_up(number);
		return;
	}
	memset(packet + length, 0, 3); /* whatever was sent, there are three words */
	serve(number, packet, syntax_after(packet));
}

static void on_client(struct loop *loop, short events)
{
	(void)loop;
	(void)events;
	for (size_t number = 0; number < CONTROL_CLIENTS; number++) {
		struct pollfd ready = {.fd = connections[number].fd, .events = connections[number].events};

		if (connections[number].fd < 0 || poll(&ready, 1, 0) != 1)
			continue;
		wait_for_room(number, false);
		if (ready.revents & ~POLLOUT)
			on_request(number);
		else
			tell(number);
	}
}

/* A free place; if there is none, who may touch takes that of somebody who may not, or anybody could keep root out. */
static bool take_place(int fd)
{
	for (int forced = 0; forced < (may_touch(fd) ? 2 : 1); forced++)
		for (size_t number = 0; number < CONTROL_CLIENTS; number++) {
			if (forced && !may_touch(connections[number].fd))
				hang_up(number);
			if (connections[number].fd >= 0)
				continue;
			connections[number] = (struct watch){.fd = fd, .events = POLLIN, .ready = on_client};
			return true;
		}
	return false;
}

static void on_connect(struct loop *loop, short events)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)loop;
	(void)events;
	if (fd < 0 || take_place(fd))
		return;
	answer(fd, ANSWER_ERROR, "too many clients", strlen("too many clients"));
	answer(fd, ANSWER_END, "1", 1);
	close(fd);
}

void control_settle(void)
{
	for (size_t number = 0; number < CONTROL_CLIENTS; number++) {
		const struct unit *unit = clients[number].waits;

		if (clients[number].reexec && clients[number].resumed)
			end(number, 0);
		if (!unit || unit->job != JOB_NONE || unit->state == STATE_RELOAD)
			continue;
		if (!clients[number].stops && (unit->state == STATE_FAILED || unit->state == STATE_RESTART))
			refuse(number, unit->name, service_result_name(unit->result));
		else
			end(number, 0);
	}
}

int control_open(struct watch *watches, int fd)
{
	listener = watches;
	connections = watches + 1;
	*listener = (struct watch){.fd = -1};
	for (size_t number = 0; number < CONTROL_CLIENTS; number++)
		connections[number] = (struct watch){.fd = clients[number].resumed - 1, .events = clients[number].next ? POLLIN | POLLOUT : POLLIN,
		                                     .ready = on_client};
	if (fd <= 0)
		fd = local_socket(CONTROL_PATH, SOCK_SEQPACKET);
	if (fd >= 0 && listen(fd, CONTROL_CLIENTS) == 0) {
		*listener = (struct watch){.fd = fd, .events = POLLIN, .ready = on_connect};
		return fd;
	}
	log_info("%s: %s; nsctl will not work", CONTROL_PATH, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* --- what outlives an exec: who is connected, and what he waits for --- */

void control_each(void (*visit)(int fd))
{
	for (size_t number = 0; number < CONTROL_CLIENTS; number++)
		visit(connections[number].fd);
}

void control_save(struct out *out)
{
	for (size_t number = 0; number < CONTROL_CLIENTS; number++) {
		const struct client *client = &clients[number];
		const struct unit *unit = client->waits ? client->waits : client->next;

		if (connections[number].fd >= 0)
			out_print(out, "client %d %d %s\n", connections[number].fd, (client->waits != NULL) | client->stops << 1 | client->only << 2 |
			          client->edges << 3 | client->reexec << 4, unit ? unit->name : "-");
	}
}

void control_restore(const char *text)
{
	char fd[16], flags[16];
	const char *name = value_item(text, ' ', fd, sizeof fd);
	unsigned long number, bits;
	const struct unit *unit;
	struct client *client = clients;

	while (client->resumed && client < clients + CONTROL_CLIENTS - 1)
		client++;
	name = name ? value_item(name, ' ', flags, sizeof flags) : NULL;
	if (!name || value_number(fd, 1 << 20, &number) < 0 || value_number(flags, 31, &bits) < 0)
		return;
	fcntl((int)number, F_SETFD, FD_CLOEXEC);
	unit = units_find(name);
	*client = (struct client){
		.resumed = (int)number + 1, .waits = bits & 1 ? unit : NULL, .next = bits & 1 ? NULL : unit, .stops = bits & 2, .only = bits & 4,
		.edges = bits & 8, .reexec = bits & 16,
	};
}

void control_close(void)
{
	for (size_t number = 0; number < CONTROL_CLIENTS; number++)
		if (connections[number].fd >= 0)
			hang_up(number);
	local_close(listener->fd, CONTROL_PATH, SOCK_SEQPACKET);
}
