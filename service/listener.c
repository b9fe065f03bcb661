/* SPDX-License-Identifier: MIT
 *
 * Socket units. While a service is down its sockets are watched here; from its start on they are its own to read. With Accept=yes each
 * connection has an instance of a service: NAME@N, where N is a place that is used again, so that memory does not grow with connections.
 */
#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arena.h"
#include "decimal.h"
#include "directive.h"
#include "jobs.h"
#include "kind.h"
#include "life.h"
#include "log.h"
#include "loop.h"
#include "port.h"
#include "service.h"
#include "syntax.h"

/* systemd.socket(5) */
enum {
	INTERVAL_MS = 2000,
	BURST = 20, BURST_OF_CONNECTIONS = 200,
	BACKLOG = 4096,
	CONNECTIONS = 64,
	PAUSE_MS = 1000, /* while there are no descriptors for connections */
};

const struct listener listener_defaults = {
	.mode = 0666, .directory_mode = 0755, .backlog = BACKLOG, .max_connections = CONNECTIONS, .interval_ms = INTERVAL_MS,
};

static bool is_port(const struct setting *setting)
{
	return directives[setting->directive].treatment == TREAT_KEPT && directives[setting->directive].field <= PORT_FIFO;
}

static void on_ready(struct source *source);

const char *listener_complete(struct unit *unit)
{
	struct listener *listener = unit->own;

	for (size_t i = 0; i < unit->setting_count; i++) {
		unsigned row = directives[unit->settings[i].directive].field;

		listener->port_count += is_port(&unit->settings[i]);
		if (is_port(&unit->settings[i]) && listener->accept && row != PORT_STREAM && row != PORT_SEQUENTIAL)
			return "Accept=yes, and something else than ListenStream or ListenSequentialPacket; only these have connections";
	}
	if (listener->port_count == 0)
		return "no ListenStream or the like; give an address or a path";
	listener->ports = arena_take(listener->port_count * sizeof *listener->ports);
	if (!listener->ports)
		return "no memory for it";
	for (unsigned i = 0; i < listener->port_count; i++)
		listener->ports[i] = (struct source){unit, -1, false, on_ready};
	if (!listener->burst)
		listener->burst = listener->accept ? BURST_OF_CONNECTIONS : BURST;
	return kind_triggers(unit, listener->accept);
}

static void watch(const struct listener *listener, bool on)
{
	for (unsigned i = 0; i < listener->port_count; i++)
		if (listener->ports[i].fd >= 0 && source_watch(&listener->ports[i], on) < 0)
			log_error("%s: %s; it starts nothing", listener->ports[i].unit->name, strerror(errno));
}

/* --- connections --- */

/* An instance that is free. *count: how many there are. */
static struct unit *old_instance(const struct unit *unit, unsigned long *count)
{
	*count = 0;
	for (const struct edge *edge = unit->edges; edge; edge = edge->next) {
		if (!(edge->kinds & EDGE(TRIGGERS)))
			continue;
		if (service_is_down(edge->other) && edge->other->job == JOB_NONE)
			return edge->other;
		++*count;
	}
	return NULL;
}

enum { INSTANCE_SIZE = UNIT_NAME_SIZE + sizeof "@18446744073709551615" };

static void name_instance(const struct unit *unit, unsigned long number, char *name)
{
	strcpy(name, unit->name);
	strcpy(decimal(stpcpy(strrchr(name, '.'), "@"), number), kind_rows[UNIT_SERVICE].suffix);
}

static struct unit *new_instance(struct unit *unit, unsigned long number)
{
	char name[INSTANCE_SIZE];
	struct unit *instance;

	name_instance(unit, number, name);
	instance = units_load(name);
	if (!instance || units_relate(unit, instance, EDGE_TRIGGERS) < 0 || units_relate(unit, instance, EDGE_BEFORE) < 0)
		return NULL;
	units_load_pulled();
	instance->rules.start_burst = 0; /* each start is for somebody else */
	instance->rules.restart = RESTART_NO;
	return instance;
}

static struct unit *find_instance(struct unit *unit)
{
	const struct listener *listener = unit->own;
	unsigned long count;
	struct unit *instance = old_instance(unit, &count);

	if (instance || count < listener->max_connections)
		return instance ? instance : new_instance(unit, count);
	log_warning("%s: more than %lu connections; one is refused", unit->name, listener->max_connections);
	return NULL;
}

static void take_connection(struct unit *unit, int port)
{
	int fd = accept4(port, NULL, NULL, SOCK_CLOEXEC);
	struct unit *instance;

	if (fd < 0) {
		if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS)
			return;
		log_error("%s: %s; for a second nobody is let in", unit->name, strerror(errno));
		watch(unit->own, false);
		unit->deadline_ms = loop_now_ms() + PAUSE_MS;
		jobs_touch(unit);
		return;
	}
	instance = find_instance(unit);
	if (!instance) {
		close(fd);
		return;
	}
	if (instance->connection)
		close(instance->connection);
	instance->connection = fd;
	jobs_want(instance, JOB_START);
}

void listener_time(struct unit *unit)
{
	watch(unit->own, true);
}

/* --- the life of the socket --- */

static void give_up(struct unit *unit, enum unit_result result)
{
	life_note(unit, result);
	service_event(unit, EVENT_STOP);
}

static bool is_limited(struct listener *listener)
{
	int64_t now = loop_now_ms();

	if (listener->triggers == 0 || now - listener->triggers_since_ms > listener->interval_ms) {
		listener->triggers = 0;
		listener->triggers_since_ms = now;
	}
	return listener->interval_ms > 0 && ++listener->triggers > listener->burst;
}

static void on_ready(struct source *source)
{
	struct unit *unit = source->unit;
	struct listener *listener = unit->own;

	if (unit->state != STATE_EXITED || is_limited(listener)) {
		watch(listener, false);
		if (unit->state == STATE_EXITED)
			give_up(unit, RESULT_TRIGGER_LIMIT);
	} else if (listener->accept) {
		take_connection(unit, source->fd);
	} else {
		watch(listener, false);
		jobs_want_others(unit, EDGE(TRIGGERS), JOB_START);
	}
}

/* True if a service that it starts is there and would not notice. */
static bool may_open(struct unit *unit)
{
	const struct listener *listener = unit->own;
	unsigned long count;

	if (listener->accept)
		return old_instance(unit, &count) || count > 0 || new_instance(unit, 0);
	for (const struct edge *edge = unit->edges; edge; edge = edge->next) {
		const struct unit *other = edge->other;

		if (!(edge->kinds & EDGE(TRIGGERS)) || service_is_down(other) || other->state == STATE_RESTART)
			continue;
		log_error("%s: %s runs without it; stop that first", unit->name, other->name);
		return false;
	}
	return kind_finds_others(unit);
}

int listener_open(struct unit *unit)
{
	struct listener *listener = unit->own;
	unsigned i = 0;

	if (!may_open(unit))
		return -1;
	listener->triggers = 0;
	for (const struct setting *setting = unit->settings; i < listener->port_count; setting++) {
		if (!is_port(setting))
			continue;
		listener->ports[i].fd = port_open(unit, setting);
		if (listener->ports[i++].fd < 0)
			return -1;
	}
	return 0;
}

/* Its instances are those that have been loaded with their states. */
void listener_again(struct unit *unit)
{
	const struct listener *listener = unit->own;
	char name[INSTANCE_SIZE];
	bool down = true;

	name_instance(unit, 0, name);
	for (unsigned long number = 0; listener->accept && units_find(name); name_instance(unit, ++number, name))
		new_instance(unit, number);
	for (const struct edge *edge = unit->edges; edge; edge = edge->next)
		down &= !(edge->kinds & EDGE(TRIGGERS)) || service_is_down(edge->other);
	if (unit->state == STATE_EXITED)
		watch(listener, down || listener->accept);
}

void listener_each_fd(struct unit *unit, void (*visit)(const struct setting *setting, int *fd))
{
	struct listener *listener = unit->own;
	unsigned port = 0;

	for (const struct setting *setting = unit->settings; port < listener->port_count; setting++)
		if (is_port(setting))
			visit(setting, &listener->ports[port++].fd);
}

void listener_close(struct unit *unit)
{
	struct listener *listener = unit->own;

	watch(listener, false);
	for (unsigned i = 0; i < listener->port_count; i++) {
		if (listener->ports[i].fd >= 0)
			close(listener->ports[i].fd);
		listener->ports[i].fd = -1;
	}
	for (const struct setting *setting = unit->settings; listener->remove && setting < unit->settings + unit->setting_count; setting++)
		if (port_path(setting))
			unlink(setting->text);
		else
			port_remove_links(setting);
}

void listener_told(struct unit *unit, struct unit *other, bool down)
{
	const struct listener *listener = unit->own;

	if (listener->accept)
		return;
	if (down && other->result == RESULT_START_LIMIT) {
		give_up(unit, RESULT_START_LIMIT);
		return;
	}
	for (const struct edge *edge = unit->edges; edge && down; edge = edge->next)
		down = !(edge->kinds & EDGE(TRIGGERS)) || edge->other == other || service_is_down(edge->other);
	watch(listener, down);
}

/* --- what a service gets --- */

static int put_name(char *names, size_t size, const char *name)
{
	if (strlen(names) + strlen(name) + 2 > size)
		return -1;
	if (*names)
		strcat(names, ":");
	strcat(names, name);
	return 0;
}

int listener_collect(const struct unit *service, int *fds, char *names, size_t size)
{
	int count = 0;

	*names = '\0';
	if (service->connection) {
		*fds = service->connection;
		return put_name(names, size, "connection") < 0 ? -1 : 1;
	}
	for (const struct edge *edge = service->edges; edge; edge = edge->next) {
		const struct listener *listener = edge->other->own;

		if (!(edge->kinds & EDGE(TRIGGERED_BY)) || edge->other->kind != UNIT_SOCKET || edge->other->state != STATE_EXITED || listener->accept)
			continue;
		for (unsigned i = 0; i < listener->port_count; i++) {
			if (listener->ports[i].fd < 0)
				continue; /* its file got it later */
			if (count == LISTENER_PASSED_MAX || put_name(names, size, listener->name ? listener->name : edge->other->name) < 0)
				return -1;
			fds[count++] = listener->ports[i].fd;
		}
	}
	return count;
}

bool listener_peer(int fd, char *text, unsigned *port)
{
	static const char digits[] = "0123456789abcdef";
	union {
		struct sockaddr plain;
		struct sockaddr_in ip;
		struct sockaddr_in6 ip6;
	} peer = {.plain = {0}};
	socklen_t size = sizeof peer;
	const unsigned char *bytes = (const unsigned char *)&peer.ip.sin_addr, *ip6 = peer.ip6.sin6_addr.s6_addr;

	if (getpeername(fd, &peer.plain, &size) < 0 || (peer.plain.sa_family != AF_INET && peer.plain.sa_family != AF_INET6))
		return false;
	*port = ntohs(peer.ip.sin_port); /* which is where that of IPv6 is */
	if (peer.plain.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&peer.ip6.sin6_addr))
		bytes = ip6 + 12;
	else if (peer.plain.sa_family == AF_INET6)
		bytes = NULL;
	for (int i = 0; i < (bytes ? 4 : 16); i++) {
		if (i > 0 && (bytes || i % 2 == 0))
			*text++ = bytes ? '.' : ':';
		if (bytes) {
			text = decimal(text, bytes[i]);
			continue;
		}
		*text++ = digits[ip6[i] >> 4];
		*text++ = digits[ip6[i] & 0xf];
	}
	*text = '\0';
	return true;
}
