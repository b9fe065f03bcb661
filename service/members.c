/* SPDX-License-Identifier: MIT
 *
 * Which processes belong to a service. If it has a cgroup, those in there: slice.c. Else each process that we start leads a session of its
 * own. What leaves its session is still the child of one that is in it, or, when that has ended, ours: PID 1 and a subreaper adopt it. Then
 * only its environment tells whose it is.
 */
#include "members.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cold.h"
#include "decimal.h"
#include "logs.h"
#include "process.h"
#include "slice.h"
#include "syntax.h"
#include "value.h"

enum {
	GENERATIONS_MAX = 64,
	ENVIRONMENT_SIZE = 64 * 1024,
	LIMITS_SIZE = 2048,
	SEEN_BITS = 32768,
	MARK_FIRST = 1852000000, /* any number that nobody else would set */
};

/* A bit for each number that a unit may have among its sessions: most are new, and that is seen without a look at a thousand units. */
COLD static unsigned char seen[SEEN_BITS / 8];

static bool was_seen(pid_t leader)
{
	return seen[(unsigned)leader % SEEN_BITS / 8] >> leader % 8 & 1;
}

static void see(pid_t leader)
{
	seen[(unsigned)leader % SEEN_BITS / 8] |= (unsigned char)(1U << leader % 8);
}

void members_resume(const struct unit *unit)
{
	for (size_t i = 0; i < UNIT_SESSIONS; i++)
		see(unit->sessions[i]);
}

/* Who leads a session now is in no other that had its number. */
void members_add(struct unit *unit, pid_t leader)
{
	for (struct unit *other = was_seen(leader) ? units_first() : NULL; other; other = other->next)
		for (size_t i = 0; i < UNIT_SESSIONS; i++)
			if (other->sessions[i] == leader)
				other->sessions[i] = 0;
	see(leader);
	for (size_t i = 0; i < UNIT_SESSIONS; i++)
		if (unit->sessions[i] == 0) {
			unit->sessions[i] = leader;
			return;
		}
}

static bool is_known(pid_t session)
{
	for (const struct unit *other = units_first(); other; other = other->next)
		for (size_t i = 0; i < UNIT_SESSIONS; i++)
			if (other->sessions[i] == session)
				return true;
	return false;
}

void members_adopt(struct unit *unit, pid_t pid)
{
	pid_t session = getsid(pid);

	if (session > 0 && session != getsid(0) && !is_known(session))
		members_add(unit, session);
	if (session != pid && !is_known(pid)) /* a daemon makes its session only when its parent has gone */
		members_add(unit, pid);
}

void members_forget(struct unit *unit, pid_t leader)
{
	for (size_t i = 0; i < UNIT_SESSIONS; i++)
		if (unit->sessions[i] == leader && kill(-leader, 0) < 0 && errno == ESRCH)
			unit->sessions[i] = 0;
}

static bool is_in(const struct unit *unit, const struct process *process)
{
	for (size_t i = 0; i < UNIT_SESSIONS; i++)
		if (unit->sessions[i] && unit->sessions[i] == process->session)
			return true;
	return process->pid == unit->main || process->pid == unit->control;
}

/* Its environment, as it was when it started, names the run that it belongs to. */
static struct unit *owner_by_tag(pid_t pid)
{
	static const char tag[] = "INVOCATION_ID=";
	COLD static char environment[ENVIRONMENT_SIZE];
	ssize_t length = process_read_file(pid, "/environ", environment, sizeof environment);
	const char *variable = environment, *end = environment + (length > 0 ? length : 0);

	while (variable < end && strncmp(variable, tag, sizeof tag - 1) != 0)
		variable = syntax_after(variable);
	for (struct unit *unit = units_first(); variable < end && unit; unit = unit->next)
		if (unit->invocation[0] && strcmp(variable + sizeof tag - 1, unit->invocation) == 0)
			return unit;
	return NULL;
}

rlim_t members_mark(const struct unit *unit)
{
	return (rlim_t)MARK_FIRST + units_place(unit);
}

static struct unit *owner_by_mark(pid_t pid)
{
	COLD static char text[LIMITS_SIZE];
	char *word;
	unsigned long mark;

	if (process_read_file(pid, "/limits", text, sizeof text - 1) <= 0 || !(word = strstr(text, "Max file locks")))
		return NULL;
	word += strcspn(word, "0123456789\n");
	word[strspn(word, "0123456789")] = '\0';
	if (value_number(word, ~0UL >> 1, &mark) < 0 || mark < MARK_FIRST)
		return NULL;
	for (struct unit *unit = units_first(); unit; unit = unit->next)
		if (mark-- == MARK_FIRST)
			return unit;
	return NULL;
}

/* May a mark count? */
static struct unit *owner(const struct process *process, bool marked)
{
	struct process at = *process;

	for (int generation = 0; generation < GENERATIONS_MAX; generation++) {
		struct unit *unit = units_first();

		while (unit && !is_in(unit, &at))
			unit = unit->next;
		if (!unit && at.parent == getpid())
			unit = owner_by_tag(at.pid);
		if (!unit && marked && at.parent == getpid())
			unit = owner_by_mark(at.pid);
		if (unit)
			return unit;
		if (at.parent <= 1 || !process_read(at.parent, &at))
			return NULL;
	}
	return NULL;
}

struct unit *members_owner(pid_t pid)
{
	struct process process;
	struct unit *grouped;

	for (struct unit *unit = units_first(); unit; unit = unit->next)
		if (pid == unit->main || pid == unit->control)
			return unit;
	grouped = slice_owner(pid);
	return grouped ? grouped : process_read(pid, &process) ? owner(&process, false) : NULL;
}

/* The kernel lists our children, if it was built to (CONFIG_PROC_CHILDREN). -1: it was not. */
static long count_children(void)
{
	char text[4096] = "/proc/self/task/";
	ssize_t length;
	long count = 0;
	int fd;

	strcpy(decimal(text + strlen(text), (unsigned long)getpid()), "/children");
	fd = openat(AT_FDCWD, text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((length = read(fd, text, sizeof text)) > 0)
		for (ssize_t i = 0; i < length; i++)
			count += text[i] == ' ';
	close(fd);
	return count;
}

/* True if every child of ours is the main or control process of a service, or other: then no service has hidden ones. */
static bool all_known(pid_t other)
{
	long known = (other > 0) + (logs_logger() > 0);

	for (const struct unit *unit = units_first(); unit; unit = unit->next) {
		known += (unit->main > 0) + (unit->control > 0);
		for (size_t i = 0; unit->unsure && i < UNIT_SESSIONS; i++)
			if (unit->sessions[i] && kill(-unit->sessions[i], 0) == 0)
				return false;
	}
	return count_children() == known;
}

static bool was_signalled(const struct unit *unit, const struct process *process)
{
	return process->group == unit->main || process->group == unit->control || process->pid == unit->main || process->pid == unit->control;
}

static void note(struct unit *unit, const struct process *process)
{
	unit->members++;
	if (process->parent == getpid() && process->pid != unit->main && process->pid != unit->control)
		unit->candidate = unit->candidate ? -1 : process->pid;
}

static bool visit(const struct process *process, void *argument)
{
	struct unit *unit = process->parent == 0 ? NULL : owner(process, true);

	(void)argument;
	if (!unit || !unit->unsure || unit->grouped)
		return true;
	note(unit, process);
	if (unit->signal && (unit->signal == SIGKILL || !was_signalled(unit, process)))
		kill(process->pid, unit->signal);
	return true;
}

static void visit_grouped(pid_t pid, void *unit)
{
	struct process process;

	if (process_read(pid, &process) && process.state != 'Z')
		note(unit, &process);
}

/* Who has got a KILL and is still there has been forked meanwhile. */
static void look_at_group(struct unit *unit)
{
	unit->members = !slice_is_empty(unit);
	if (unit->members > 0 && unit->signal == SIGKILL)
		slice_signal(unit, SIGKILL);
}

void members_look(pid_t other)
{
	bool hidden = false;

	for (struct unit *unit = units_first(); unit; unit = unit->next) {
		if (!unit->unsure)
			continue;
		unit->members = 0;
		if (unit->grouped)
			look_at_group(unit);
		else
			hidden = true, unit->candidate = 0;
	}
	if (hidden && !all_known(other))
		process_all(visit, NULL);
}

pid_t members_candidate(struct unit *unit)
{
	unit->unsure = true;
	unit->candidate = 0;
	if (unit->grouped)
		slice_processes(unit, visit_grouped);
	else
		process_all(visit, NULL);
	unit->unsure = false;
	return unit->candidate;
}

void members_signal(struct unit *unit, int signal, bool all)
{
	const pid_t pids[] = {unit->main, unit->control};

	if (all && unit->grouped) {
		slice_signal(unit, signal);
		return;
	}
	for (size_t i = 0; i < sizeof pids / sizeof pids[0]; i++) {
		if (pids[i] <= 0)
			continue;
		/* A main process that was guessed, or read from a file, need not lead a group. */
		if (!all || kill(-pids[i], signal) < 0)
			kill(pids[i], signal);
	}
}
