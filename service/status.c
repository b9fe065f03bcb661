/* SPDX-License-Identifier: MIT
 *
 * What nsctl shows of units: a row, a page, single properties, a word. PID 1 tells of those that it knows; of others the files do.
 */
#include "status.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "condition.h"
#include "decimal.h"
#include "enable.h"
#include "file.h"
#include "foreign.h"
#include "log.h"
#include "process.h"
#include "query.h"
#include "stamp.h"
#include "tail.h"
#include "units.h"
#include "value.h"

enum { LINES = 10, LINE_SIZE = 200 };

static int status; /* of the unit that was shown last */
static bool shown;
static const char *pattern;      /* of names, NULL: all */

const char *status_active(const char *state)
{
	static const struct {
		const char *state, *active;
	} rows[] = {
		{"running", "active"}, {"exited", "active"}, {"reload", "reloading"}, {"dead", "inactive"}, {"failed", "failed"},
		{"listening", "active"}, {"waiting", "active"}, {"active", "active"},
		{"stop", "deactivating"}, {"final", "deactivating"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strncmp(state, rows[i].state, strlen(rows[i].state)) == 0)
			return rows[i].active;
	return "activating";
}

static bool is_up(const char *state)
{
	const char *active = status_active(state);

	return *active == 'r' || strcmp(active, "active") == 0;
}

void status_print_time(struct out *to, long ms)
{
	static const struct {
		const char *suffix;
		long ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};
	size_t unit = 0;

	while (unit < sizeof units / sizeof units[0] - 1 && ms < units[unit].ms)
		unit++;
	out_print(to, "%ld %s", ms / units[unit].ms, units[unit].suffix);
}

static long number(const char *text)
{
	unsigned long value;

	return value_number(text, ~0UL >> 1, &value) < 0 ? -1 : (long)value;
}

/* --- whoever PID 1 does not know --- */

/* What the files say of a unit that has not been loaded, as PID 1 would tell it. False: there are none. */
static bool look_up(const char *name, char **fields)
{
	static char empty[] = "", dead[] = "dead", success[] = "success", zero[] = "0", never[] = "-1";
	const struct unit *unit;

	log_open(STDERR_FILENO, -1);
	units_load(name);
	log_open(STDERR_FILENO, LOG_WARNING);
	unit = units_find(name);
	if (!unit || !unit->file)
		return false;
	for (size_t i = 0; i < ANSWER_FIELDS; i++)
		fields[i] = i == FIELD_SINCE_MS || i == FIELD_BEGUN_MS || i == FIELD_READY_MS ? never : i < FIELD_SESSIONS ? zero : empty;
	fields[FIELD_NAME] = (char *)unit->name;
	fields[FIELD_STATE] = dead;
	fields[FIELD_RESULT] = success;
	fields[FIELD_FILE] = (char *)unit->file;
	fields[FIELD_DESCRIPTION] = unit->description ? (char *)unit->description : empty;
	return true;
}

/* Shows the unit with this name. The exit status: what it said, or that there is none. */
static int show(const char *name, void (*unit)(char *const *fields))
{
	char *fields[ANSWER_FIELDS];
	int answer = query_run(&(struct query){"list", name, NULL, true, unit, NULL});

	if (answer == CONTROL_UNKNOWN && look_up(name, fields)) {
		unit(fields);
		answer = 0;
	}
	out_flush(&nsctl_out);
	return answer ? answer : status;
}

/* --- a row, or an object --- */

static void print_json(char *const *fields)
{
	static const struct {
		const char *name;
		bool is_number;
	} names[ANSWER_FIELDS] = {
		[FIELD_NAME] = {"name", false}, [FIELD_STATE] = {"state", false}, [FIELD_RESULT] = {"result", false}, [FIELD_JOB] = {"job", false},
		[FIELD_PID] = {"pid", true}, [FIELD_RESTARTS] = {"restarts", true}, [FIELD_SINCE_MS] = {"since_ms", true},
		[FIELD_BEGUN_MS] = {"begun_ms", true}, [FIELD_READY_MS] = {"ready_ms", true}, [FIELD_STATUS] = {"wait_status", true},
		[FIELD_FILE] = {"file", false}, [FIELD_SAID] = {"status", false}, [FIELD_DESCRIPTION] = {"description", false},
	};

	out_print(&nsctl_out, "%s{\"active\":\"%s\"", shown ? ",\n" : "", status_active(fields[FIELD_STATE]));
	for (size_t i = 0; i < ANSWER_FIELDS; i++) {
		if (!names[i].name)
			continue;
		out_print(&nsctl_out, ",\"%s\":", names[i].name);
		if (names[i].is_number)
			out_print(&nsctl_out, "%ld", number(fields[i]));
		else
			foreign_json(&nsctl_out, fields[i]);
	}
	out_char(&nsctl_out, '}');
}

static void print_row(char *const *fields)
{
	if (pattern && !condition_matches(pattern, fields[FIELD_NAME]))
		return;
	if (nsctl_options.json) {
		print_json(fields);
	} else {
		out_print(&nsctl_out, "%-30s %-12s %-8s %-8s ", fields[FIELD_NAME], fields[FIELD_STATE], fields[FIELD_PID], fields[FIELD_RESTARTS]);
		if (number(fields[FIELD_SINCE_MS]) >= 0)
			status_print_time(&nsctl_out, number(fields[FIELD_SINCE_MS]));
		out_print(&nsctl_out, "  %s\n", fields[FIELD_DESCRIPTION]);
	}
	shown = true;
	out_flush(&nsctl_out);
}

int status_list(const struct nsctl_verb *verb, const char *name)
{
	int answer;

	(void)verb;
	pattern = name;
	answer = query_run(&(struct query){"list", NULL, NULL, true, print_row, NULL});
	out_flush(&nsctl_out);
	return answer;
}

/* --- processes --- */

/* What is looked for, and how it is said. */
static struct {
	struct out *out;
	const char *sessions, *first, *rest;
} wanted;

static bool is_in_session(pid_t session)
{
	char digits[24], item[24];

	*decimal(digits, (unsigned long)session) = '\0';
	for (const char *list = wanted.sessions; list;) {
		list = value_item(list, ' ', item, sizeof item);
		if (strcmp(item, digits) == 0)
			return true;
	}
	return false;
}

/* A process of the unit is in one of its sessions, or below one that is. */
static bool print_process(const struct process *process, void *unused)
{
	struct process at = *process;
	char line[LINE_SIZE];
	ssize_t length;

	(void)unused;
	while (!is_in_session(at.session))
		if (at.parent <= 1 || !process_read(at.parent, &at))
			return true;
	length = process_read_file(process->pid, "/cmdline", line, sizeof line);
	out_print(wanted.out, "%s%d ", wanted.first, (int)process->pid);
	if (length > 0)
		foreign_plain(wanted.out, line, (size_t)length - 1);
	else
		foreign_plain(wanted.out, process->name, strlen(process->name));
	out_char(wanted.out, '\n');
	wanted.first = wanted.rest;
	return true;
}

void status_print_processes(struct out *to, const char *unit_sessions, const char *first, const char *rest)
{
	wanted.out = to;
	wanted.sessions = unit_sessions;
	wanted.first = first;
	wanted.rest = rest;
	process_all(print_process, NULL);
}

/* Green, red or plain, where that can be seen. */
void status_print_dot(struct out *to, const char *active)
{
	bool up = strcmp(active, "active") == 0, failed = strcmp(active, "failed") == 0;

	if (isatty(STDOUT_FILENO) && (up || failed))
		out_print(to, "\033[%dm\xe2\x97\x8f\033[0m", up ? 32 : 31);
	else
		out_print(to, up || failed ? "\xe2\x97\x8f" : "\xe2\x97\x8b");
}

/* --- a page --- */

/* A line only if the file is there: cgroups are not everywhere. */
static void print_counter(int cgroup, const char *file, const char *title, unsigned long unit, const char *suffix)
{
	char text[32];
	unsigned long value;

	if (cgroup < 0 || file_read(cgroup, file, text, sizeof text) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (value_number(text, ~0UL >> 1, &value) == 0)
		out_print(&nsctl_out, "%11s: %lu%s\n", title, value / unit, suffix);
}

/* The cgroup of a process, if it is one of the unit's own. Version 2; -1: it is not. */
static int open_cgroup(pid_t pid, const char *unit)
{
	char text[1024], path[sizeof text + sizeof "/sys/fs/cgroup"] = "/sys/fs/cgroup", *line, *slash;

	if (process_read_file(pid, "/cgroup", text, sizeof text) <= 0 || !(line = strstr(text, "0::/")))
		return -1;
	line += strlen("0::");
	line[strcspn(line, "\n")] = '\0';
	slash = strrchr(line, '/');
	if (strncmp(slash + 1, unit, strlen(unit)) != 0)
		return -1;
	return openat(AT_FDCWD, strcat(path, line), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void print_end(const char *result, int end)
{
	char name[16];

	if (WIFEXITED(end))
		out_print(&nsctl_out, "  Last exit: code %d (%s)\n", WEXITSTATUS(end), result);
	else
		out_print(&nsctl_out, "  Last exit: signal %s (%s)\n", value_signal_name(WTERMSIG(end), name), result);
}

static void print_since(long ms)
{
	char stamp[STAMP_SIZE];
	struct timespec moment;

	if (ms < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &moment);
	moment.tv_sec -= ms / 1000;
	moment.tv_nsec -= ms % 1000 * 1000000;
	if (moment.tv_nsec < 0)
		moment.tv_sec--, moment.tv_nsec += 1000000000;
	stamp_print(stamp, &moment);
	out_print(&nsctl_out, " since %s; ", stamp);
	status_print_time(&nsctl_out, ms);
	out_print(&nsctl_out, " ago");
}

static void print_page(char *const *fields)
{
	const char *active = status_active(fields[FIELD_STATE]), *name = fields[FIELD_NAME];
	const pid_t pid = (pid_t)number(fields[FIELD_PID]);
	const int end = (int)number(fields[FIELD_STATUS]), cgroup = pid > 0 ? open_cgroup(pid, name) : -1;
	struct process process;

	status = is_up(fields[FIELD_STATE]) ? 0 : NSCTL_NOT_RUNNING;
	if (nsctl_options.json) {
		print_json(fields);
		shown = true;
		return;
	}
	if (shown)
		out_char(&nsctl_out, '\n');
	shown = true;
	units_know_place(fields[FIELD_FILE]);
	status_print_dot(&nsctl_out, active);
	out_print(&nsctl_out, " %s - %s\n     Loaded: %s (%s; %s)\n     Active: %s (%s)", name, fields[FIELD_DESCRIPTION], enable_load_state(name),
	          fields[FIELD_FILE], enable_state(name), active, fields[FIELD_STATE]);
	print_since(number(fields[FIELD_SINCE_MS]));
	out_char(&nsctl_out, '\n');
	if (pid > 0)
		out_print(&nsctl_out, "   Main PID: %d (%s)\n", (int)pid, process_read(pid, &process) ? process.name : "?");
	else if (end > 0 || *active == 'f')
		print_end(fields[FIELD_RESULT], end);
	if (*fields[FIELD_SAID])
		out_print(&nsctl_out, "     Status: %s\n", fields[FIELD_SAID]);
	if (number(fields[FIELD_RESTARTS]) > 0)
		out_print(&nsctl_out, "   Restarts: %s\n", fields[FIELD_RESTARTS]);
	print_counter(cgroup, "pids.current", "Tasks", 1, "");
	print_counter(cgroup, "memory.current", "Memory", 1024, " kB");
	if (cgroup >= 0)
		close(cgroup);
	status_print_processes(&nsctl_out, fields[FIELD_SESSIONS], "  Processes: ", "             ");
	out_flush(&nsctl_out);
	tail_print(name, nsctl_options.lines ? nsctl_options.lines : LINES, "\n");
}

int status_show(const struct nsctl_verb *verb, const char *name)
{
	int answer;

	(void)verb;
	if (!name)
		return status_list(verb, name);
	answer = show(name, print_page);
	if (answer == CONTROL_UNKNOWN)
		log_error("%s: no such unit", name);
	return answer;
}

/* --- single properties --- */

/* Asks the file, which PID 1 has read as well. */
static bool can_reload(const char *name)
{
	const struct unit *unit = units_find(name);

	if (!unit || unit->kind == UNIT_NAMED) {
		log_open(STDERR_FILENO, -1);
		unit = units_load(name);
	}
	return unit && unit->kind == UNIT_SERVICE && (unit->rules.type == TYPE_NOTIFY_RELOAD || command_next(unit, COMMAND_RELOAD, NULL));
}

/* Those that scripts ask for. systemctl(1) show */
static const char *property(const char *name, char *const *fields)
{
	static const struct {
		const char *name;
		int field; /* of the answer; -1: it takes more than that */
	} rows[] = {
		{"Id", FIELD_NAME}, {"Names", FIELD_NAME}, {"SubState", FIELD_STATE}, {"Result", FIELD_RESULT}, {"MainPID", FIELD_PID},
		{"ExecMainPID", FIELD_PID}, {"ControlPID", FIELD_CONTROL}, {"NRestarts", FIELD_RESTARTS}, {"FragmentPath", FIELD_FILE},
		{"StatusText", FIELD_SAID}, {"Description", FIELD_DESCRIPTION},
	};
	const char *unit = fields[FIELD_NAME];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(name, rows[i].name) == 0)
			return fields[rows[i].field];
	if (strcmp(name, "LoadState") == 0)
		return enable_load_state(unit);
	if (strcmp(name, "ActiveState") == 0)
		return status_active(fields[FIELD_STATE]);
	if (strcmp(name, "UnitFileState") == 0)
		return enable_state(unit);
	if (strcmp(name, "CanReload") == 0)
		return can_reload(unit) ? "yes" : "no";
	if (strcmp(name, "NeedDaemonReload") == 0)
		return "no";
	return "";
}

static void print_properties(char *const *fields)
{
	static const char all[] = "Id,Description,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,MainPID,ControlPID,NRestarts,"
	                          "Result,StatusText,CanReload";
	char name[64];

	units_know_place(fields[FIELD_FILE]);
	for (const char *list = nsctl_options.properties ? nsctl_options.properties : all; list;) {
		list = value_item(list, ',', name, sizeof name);
		if (!nsctl_options.value)
			out_print(&nsctl_out, "%s=", name);
		out_print(&nsctl_out, "%s\n", property(name, fields));
	}
	status = 0;
}

int status_properties(const struct nsctl_verb *verb, const char *name)
{
	char *fields[ANSWER_FIELDS], empty[] = "", dead[] = "dead";
	int answer;

	(void)verb;
	answer = show(name, print_properties);
	if (answer != CONTROL_UNKNOWN)
		return answer;
	for (size_t i = 0; i < ANSWER_FIELDS; i++) /* systemctl does not mind if there is none */
		fields[i] = empty;
	fields[FIELD_NAME] = (char *)name;
	fields[FIELD_STATE] = dead;
	print_properties(fields);
	out_flush(&nsctl_out);
	return 0;
}

/* --- a word --- */

static void take_state(char *const *fields)
{
	status = is_up(fields[FIELD_STATE]) ? 0 : NSCTL_NOT_RUNNING;
	if (!nsctl_options.quiet)
		out_print(&nsctl_out, "%s\n", status_active(fields[FIELD_STATE]));
}

int status_is_active(const struct nsctl_verb *verb, const char *name)
{
	int answer = show(name, take_state);

	(void)verb;
	if (answer == CONTROL_UNKNOWN && !nsctl_options.quiet)
		out_print(&nsctl_out, "inactive\n");
	out_flush(&nsctl_out);
	return answer;
}

static void take_failed(char *const *fields)
{
	take_state(fields);
	status = strcmp(fields[FIELD_STATE], "failed") != 0;
}

int status_is_failed(const struct nsctl_verb *verb, const char *name)
{
	(void)verb;
	return show(name, take_failed);
}

static void take_system(char *const *fields)
{
	status |= strcmp(fields[FIELD_STATE], "failed") == 0 ? 1 : strcmp(fields[FIELD_JOB], "start") == 0 ? 2 : 0;
}

int status_is_system(const struct nsctl_verb *verb, const char *name)
{
	static const char *const words[] = {"running\n", "degraded\n", "starting\n", "starting\n"};
	int answer = query_run(&(struct query){"list", name, NULL, true, take_system, NULL});

	(void)verb;
	if (!nsctl_options.quiet)
		out_print(&nsctl_out, "%s", answer ? "offline\n" : words[status]);
	out_flush(&nsctl_out);
	return answer || status;
}
