/* SPDX-License-Identifier: MIT
 *
 * The cgroups of services. Every service has one in one hierarchy, v2 if it is there; in v1 hierarchies only who is limited there, because
 * a process is moved into each, which is slow. No cgroup is kept open: a thousand services would be a thousand descriptors.
 */
#include "slice.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cold.h"
#include "devices.h"
#include "file.h"
#include "launch.h"
#include "log.h"
#include "process.h"
#include "slice_devices.h"
#include "state.h"

/* Where v2 wants no processes beside cgroups that are limited, we are in this one. */
#define LEAF "init"

enum {
	OWNER_SIZE = 4096,
	NAME_SIZE = 256,
	CLOSE_TRIES = 10, /* with delays from 1 ms doubled, as with containers: for what the kernel is still ending */
};

static struct slice {
	bool allowed, machine, open;
	bool moved;            /* into LEAF */
	int count, main;       /* of the hierarchies; the one in which every service has a cgroup */
	unsigned handed;       /* v2: kinds that the slice hands down */
	char name[CGROUP_NAME_SIZE]; /* of the slice */
	struct hierarchy own[HIERARCHIES_MAX]; /* parent: the cgroup that we were started in */
	int slices[HIERARCHIES_MAX]; /* -1: not made */
	struct cgroup cgroup;  /* of the start at hand */
} slice COLD;

static const struct state_row rows[] = {
	{"slice.moved", offsetof(struct slice, moved), sizeof slice.moved, STATE_NUMBER},
	{"slice.name", offsetof(struct slice, name), sizeof slice.name, STATE_TEXT},
};
const struct state_part slice_state = {&slice, rows, sizeof rows / sizeof rows[0]};

/* --- the slice --- */

void slice_allow(bool machine)
{
	slice.allowed = true;
	slice.machine = machine;
}

static int open_below(int parent, const char *name)
{
	return openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool has_slice(int at)
{
	if (slice.slices[at] < 0 && (mkdirat(slice.own[at].parent, slice.name, 0755) == 0 || errno == EEXIST))
		slice.slices[at] = open_below(slice.own[at].parent, slice.name);
	return slice.slices[at] >= 0;
}

static void move_back(int own)
{
	file_write(own, "cgroup.procs", "0", 1);
	unlinkat(own, LEAF, AT_REMOVEDIR);
}

/* cgroups(7), "no internal processes": we leave the cgroup, and if somebody else stays there we come back. */
static int enable_own(int own, unsigned kinds)
{
	if (hierarchy_enable(own, kinds) == 0)
		return 0;
	if (errno != EBUSY || slice.moved)
		return -1;
	slice.moved = true;
	if ((mkdirat(own, LEAF, 0755) < 0 && errno != EEXIST) || file_write(own, LEAF "/cgroup.procs", "0", 1) < 0)
		return -1;
	if (hierarchy_enable(own, kinds) == 0)
		return 0;
	move_back(own);
	return -1;
}

/* True if cgroups in the slice can have the kind of limit. */
static bool hands_down(int at, enum cgroup_kind kind)
{
	const unsigned bit = 1U << kind;

	if (!(slice.own[at].kinds & bit) || !has_slice(at))
		return false;
	if (slice.own[at].version == 1 || slice.handed & bit)
		return true;
	if (enable_own(slice.own[at].parent, bit) < 0 || hierarchy_enable(slice.slices[at], bit) < 0) {
		slice.own[at].kinds &= ~bit; /* it is not asked for again */
		return false;
	}
	slice.handed |= bit;
	return true;
}

/* The hierarchy that serves best to know and end processes by: v2 has a call for that, and the limit of v1 keeps them from forking. */
static int choose_main(void)
{
	int best = 0;

	for (int at = 0; at < slice.count; at++)
		if (slice.own[at].version > slice.own[best].version ||
		    (slice.own[best].version == 1 && slice.own[at].kinds & 1U << CGROUP_PIDS))
			best = at;
	return best;
}

/* The cgroup that LEAF is in counts as our own. */
static void leave_leaf(int *directory)
{
	int above = open_below(*directory, "..");

	if (above >= 0)
		close(*directory), *directory = above;
}

bool slice_is_there(void)
{
	if (slice.open || !slice.allowed)
		return slice.count > 0;
	slice.open = true;
	memset(slice.slices, -1, sizeof slice.slices);
	slice.count = hierarchy_here(slice.own);
	slice.main = choose_main();
	if (slice.machine)
		strcpy(slice.name, "system.slice");
	else if (!slice.name[0])
		cgroup_choose_name(slice.name);
	if (slice.moved && slice.count > 0) /* before an exec */
		leave_leaf(&slice.own[slice.main].parent);
	if (slice.count == 0 || !has_slice(slice.main)) {
		log_info("services have no cgroups: %s", slice.count ? strerror(errno) : "none is mounted");
		slice.count = 0;
	} else if (slice.own[slice.main].version == 2) { /* what is shown of every service, and costs little */
		hands_down(slice.main, CGROUP_MEMORY);
		hands_down(slice.main, CGROUP_PIDS);
	}
	return slice.count > 0;
}

/* True if some v1 hierarchy has the controller of devices. */
static bool has_controller(void)
{
	for (int at = 0; at < slice.count; at++)
		if (slice.own[at].kinds & 1U << CGROUP_DEVICES)
			return true;
	return false;
}

bool slice_can(enum control control)
{
	bool there = slice_is_there();

	if (!slice.allowed)
		return true;
	if (control == CONTROL_DEVICES && there && !has_controller())
		return slice.own[slice.main].version == 2 && devices_has_programs();
	for (int at = 0; at < slice.count && control < CONTROLS; at++)
		for (int kind = 0; kind < CGROUP_KINDS; kind++)
			if (place_kinds(1U << control) & 1U << kind && hands_down(at, (enum cgroup_kind)kind) &&
			    place_takes(&slice.own[at], slice.slices[at], control))
				return true;
	return there && control == CONTROLS;
}

/* --- the cgroup of one service --- */

static void fill(const struct place *place, const struct controls *controls)
{
	static const char *const names[CGROUP_KINDS] = {"memory", "CPU", "tasks", "IO", "devices"};
	enum cgroup_kind kind;

	if (place_fill(controls, place, &kind) < 0)
		log_warning("cgroup, limit of %s: %s; it is left out", names[kind], strerror(errno));
}

/* Whose own it becomes can make cgroups in it and move processes between them, cgroups(7). What v1 or an older kernel has not is passed over. */
static void give(const struct place *place, const struct identity *owner)
{
	static const char *const files[] = {".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks", "memory.oom.group"};

	for (size_t i = 0; owner->set && i < sizeof files / sizeof files[0]; i++)
		fchownat(place->directory, files[i], owner->uid, owner->gid, 0);
}

static int make_or_open(struct place *place, const char *name, bool *made)
{
	*made = place_make(place, name) == 0;
	return *made || (errno == EEXIST && place_open(place, name) == 0) ? 0 : -1;
}

/* Where a service divides its cgroup, only those below it may hold processes. */
static void enter_below(struct place *place)
{
	struct place below = {.in = place->in, .directory = -1, .procs = -1};
	bool made;

	below.in.parent = place->directory;
	if (make_or_open(&below, ".control", &made) < 0) {
		place_close(&below);
		return;
	}
	place_close(place);
	*place = below;
}

/* The controller of v1 where it is, else the cgroup in v2. */
static bool is_for_devices(const struct place *place, const struct launch *launch)
{
	return launch->controls.set & 1U << CONTROL_DEVICES && (place->in.kinds & 1U << CGROUP_DEVICES || (place->in.version == 2 && !has_controller()));
}

/* 0, or -1: there is no cgroup. */
static int enter_place(struct place *place, const struct unit *unit, const struct launch *launch)
{
	bool made;

	if (make_or_open(place, unit->name, &made) < 0) {
		log_warning("cgroup: %s; it starts without", strerror(errno));
		place_close(place);
		return -1;
	}
	if (!unit->filled && !made && !place_is_empty(place->directory))
		log_warning("processes of an earlier run are left in its cgroup");
	if (!unit->filled)
		fill(place, &launch->controls);
	if (!unit->filled && is_for_devices(place, launch))
		slice_devices(place, launch);
	if (launch->delegate) {
		give(place, &launch->plan.identity);
		if (unit->state >= STATE_START_POST && place->in.version == 2)
			enter_below(place);
	}
	return 0;
}

struct cgroup *slice_enter(struct unit *unit, const struct launch *launch)
{
	const unsigned kinds = place_kinds(launch->controls.set);
	struct cgroup *cgroup = &slice.cgroup;

	cgroup->count = 0;
	if (!slice_is_there())
		return NULL;
	for (int kind = 0; launch->delegate && kind < CGROUP_KINDS; kind++)
		hands_down(slice.main, (enum cgroup_kind)kind);
	for (int at = 0; at < slice.count; at++) {
		struct place *place = &cgroup->places[cgroup->count];

		if ((at != slice.main && !(slice.own[at].kinds & kinds)) || !has_slice(at))
			continue;
		*place = (struct place){.in = slice.own[at], .directory = -1, .procs = -1};
		place->in.parent = slice.slices[at];
		if (enter_place(place, unit, launch) == 0)
			cgroup->count++;
		else if (at == slice.main)
			return NULL;
	}
	unit->grouped = true;
	if (!unit->filled)
		slice_watch_memory(unit, launch);
	unit->filled = true;
	return cgroup;
}

void slice_entered(void)
{
	while (slice.cgroup.count > 0)
		place_close(&slice.cgroup.places[--slice.cgroup.count]);
}

int slice_open(const struct unit *unit, enum cgroup_kind kind, int *version)
{
	int found = -1;

	for (int at = 0; unit->grouped && found < 0 && at < slice.count; at++) {
		*version = slice.own[at].version;
		if (slice.slices[at] >= 0 && (kind == CGROUP_KINDS ? at == slice.main : (slice.own[at].kinds & 1U << kind) != 0))
			found = open_below(slice.slices[at], unit->name);
	}
	return found;
}

static int open_unit(const struct unit *unit)
{
	int version;

	return slice_open(unit, CGROUP_KINDS, &version);
}

struct unit *slice_owner(pid_t pid)
{
	COLD static char text[OWNER_SIZE];
	const size_t before = strlen(slice.name);
	char name[NAME_SIZE], *at;
	size_t length;

	if (slice.count == 0 || process_read_file(pid, "/cgroup", text, sizeof text) <= 0)
		return NULL;
	at = strstr(text, slice.name);
	if (!at || at == text || at[-1] != '/' || at[before] != '/')
		return NULL;
	at += before + 1;
	length = strcspn(at, "/\n");
	if (length >= sizeof name)
		return NULL;
	memcpy(name, at, length);
	name[length] = '\0';
	return units_find(name);
}

void slice_processes(struct unit *unit, void (*visit)(pid_t pid, void *unit))
{
	int directory = open_unit(unit);

	if (directory < 0)
		return;
	place_processes(directory, visit, unit);
	close(directory);
}

static void signal_other(pid_t pid, void *argument)
{
	const struct unit *unit = argument;

	if (pid != unit->main && pid != unit->control)
		kill(pid, unit->signal);
}

void slice_signal(struct unit *unit, int signal)
{
	const pid_t pids[] = {unit->main, unit->control}; /* a main process that was read from a file need not be in there */
	const int before = unit->signal;
	int directory = open_unit(unit);

	for (size_t i = 0; i < sizeof pids / sizeof pids[0]; i++)
		if (pids[i] > 0)
			kill(pids[i], signal);
	if (directory < 0)
		return;
	unit->signal = signal;
	if (signal == SIGKILL)
		place_kill(directory);
	else
		place_processes(directory, signal_other, unit);
	unit->signal = before;
	close(directory);
}

/* --- the end --- */

void slice_remove(const struct unit *unit)
{
	for (int at = 0; at < slice.count; at++)
		if (slice.slices[at] >= 0)
			place_remove(slice.slices[at], unit->name);
}


/* What is left in it lives as long as PID 1 does, and that is over. */
static int remove_slice(int at)
{
	int result = place_remove(slice.own[at].parent, slice.name);

	for (int i = 0; result < 0 && errno == EBUSY && getpid() == 1 && i < CLOSE_TRIES; i++) {
		place_kill(slice.slices[at]);
		poll(NULL, 0, 1 << i);
		result = place_remove(slice.own[at].parent, slice.name);
	}
	return result;
}

void slice_close(void)
{
	for (int at = 0; at < slice.count; at++)
		if (slice.slices[at] >= 0 && remove_slice(at) < 0)
			log_info("cgroup %s: %s; it stays", slice.name, strerror(errno));
	if (slice.moved) {
		hierarchy_disable(slice.own[slice.main].parent);
		move_back(slice.own[slice.main].parent);
	}
}
