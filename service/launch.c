/* SPDX-License-Identifier: MIT
 *
 * A start: the settings of a unit become a plan, and the plan a process. There is one plan for all services, which is
 * made anew each time; a service that runs has none.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clean.h"
#include "cold.h"
#include "command.h"
#include "credential.h"
#include "decimal.h"
#include "directive.h"
#include "env.h"
#include "envfile.h"
#include "fault.h"
#include "file.h"
#include "forward.h"
#include "idmap.h"
#include "ipc.h"
#include "listener.h"
#include "log.h"
#include "members.h"
#include "notify.h"
#include "personality.h"
#include "private.h"
#include "protect.h"
#include "reader.h"
#include "service.h"
#include "slice.h"
#include "spawn.h"
#include "store.h"
#include "streams.h"
#include "supervisor.h"
#include "sys.h"
#include "user.h"
#include "value.h"

enum {
	WORDS_MAX = 1024,
	TEXT_SIZE = 128 * 1024, /* of environment files and replaced variables */
	IO_BEST_EFFORT = 2, IO_MIDDLE = 4, /* systemd.exec(5) IOSchedulingPriority */
	DYNAMIC_FIRST = 61184, DYNAMIC_COUNT = 4336, /* systemd.exec(5) DynamicUser */
};

/* What a start is made with; nothing of it is needed afterwards. */
COLD static struct launch start;
COLD static char text[TEXT_SIZE], *words[WORDS_MAX + 1];
static size_t text_used;
static const struct plan *outer; /* what holds for all services */
static int passed[LISTENER_PASSED_MAX]; /* sockets for the service */

void launch_reset(struct launch *launch)
{
	struct plan *plan = &launch->plan;

	memset(launch, 0, offsetof(struct launch, plan) + offsetof(struct plan, identity));
	plan->identity = (struct identity){0};
	plan->filter = (struct filter){0};
	plan->traits = (struct traits){.keyring = KEYRING_PRIVATE_IF_ANY, .io_class = IO_BEST_EFFORT, .io_priority = IO_MIDDLE};
	plan_default(plan);
	plan->personality = personality_choose("nsinit");
	plan->capabilities = ~UINT64_C(0);
	plan->clear_signals = plan->ignore_pipe = plan->only_stdio = true;
	plan->umask_set = true;
	plan->umask = 022;
	plan->cwd = "/";
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		launch->directory_mode[kind] = 0755;
}

void launch_within(const struct plan *plan)
{
	outer = plan;
}

/*
 * Who may write a unit file in a container gets no more by it than its program has. The sandbox of a service is made before
 * these steps, with PID 1's own power.
 */
static void stay_within(struct plan *plan)
{
	plan->capabilities &= outer->limit_capabilities ? outer->capabilities : ~UINT64_C(0);
	plan->cap_add &= plan->capabilities;
	plan->limit_capabilities |= outer->limit_capabilities;
	plan->seccomp = outer->seccomp;
	plan->no_new_privs |= outer->no_new_privs;
	plan->landlock_count = outer->landlock_count;
	memcpy(plan->landlock, outer->landlock, outer->landlock_count * sizeof outer->landlock[0]);
}

void launch_read(struct launch *launch, const struct unit *unit)
{
	launch_reset(launch);
	for (size_t i = 0; i < unit->setting_count; i++)
		if (directives[unit->settings[i].directive].treatment == TREAT_LAUNCH || directives[unit->settings[i].directive].treatment == TREAT_CGROUP)
			directive_read(launch, &unit->settings[i]); /* what was wrong was said when the file was read */
	launch->plan.ignore_pipe = !launch->keep_pipe;
	launch->plan.limit_capabilities |= launch->plan.cap_add != 0 || launch->plan.traits.secure_bits;
}

char *launch_text(size_t length)
{
	char *taken = text + text_used;

	if (length >= sizeof text - text_used)
		return NULL;
	text_used += length + 1;
	return taken;
}

size_t launch_room(void)
{
	return sizeof text - text_used;
}

int launch_provide(const char *name, const char *value)
{
	size_t length = strlen(name);
	char *variable;

	for (size_t i = 0; i < start.plan.env_count; i++)
		if (strncmp(start.plan.env[i], name, length) == 0 && start.plan.env[i][length] == '=')
			return 0;
	variable = start.plan.env_count < PLAN_ENV_MAX ? launch_text(length + 1 + strlen(value)) : NULL;
	if (!variable)
		return -1;
	strcat(strcat(strcpy(variable, name), "="), value);
	start.plan.env[start.plan.env_count++] = variable;
	return 0;
}

static int provide_number(const char *name, unsigned long number)
{
	char digits[24];

	*decimal(digits, number) = '\0';
	return launch_provide(name, digits);
}

/* Reads a file of variables, which win over those of the unit. */
static int read_env_file(const char *path)
{
	bool optional = *path == '-';
	char *at = text + text_used, *variable;
	ssize_t length = file_read_open(file_open(path + optional, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0), at, sizeof text - text_used);

	if (length < 0 && optional)
		return 0;
	if (length < 0) {
		log_error("EnvironmentFile=%s: %s%s", path, file_open_error(), errno == ENOENT ? "; write - before it if it need not be there" : "");
		return -1;
	}
	text_used += (size_t)length + 1;
	while ((variable = envfile_next(&at)) && start.plan.env_count < PLAN_ENV_MAX)
		start.plan.env[start.plan.env_count++] = variable;
	return 0;
}

/* A user that no other service has, and no file: as long as we run, a service keeps its place in the order. */
static void choose_dynamic_user(const struct unit *unit, struct identity *identity)
{
	identity->set = identity->clear_groups = true;
	identity->uid = identity->gid = DYNAMIC_FIRST + units_place(unit) % DYNAMIC_COUNT;
}

/* User, as the file says it; NULL: it does not. */
static const char *user_of(const struct unit *unit)
{
	const char *user = NULL;

	for (size_t i = 0; i < unit->setting_count; i++)
		if (directives[unit->settings[i].directive].field == offsetof(struct launch, user) &&
		    directives[unit->settings[i].directive].treatment == TREAT_LAUNCH && directives[unit->settings[i].directive].reader == READ_text)
			user = unit->settings[i].text;
	return user;
}

/* Sets *home, NULL: it stays. */
static int choose_identity(const struct unit *unit, const char **home)
{
	struct identity *identity = &start.plan.identity;
	char spec[256];

	*home = NULL;
	if (start.dynamic_user && (!start.user || !user_exists("/", start.user))) {
		choose_dynamic_user(unit, identity);
		*home = "/";
		return 0;
	}
	if (!start.user && !start.group && start.groups.count == 0)
		return 0;
	spec[0] = '\0';
	strncat(spec, start.user ? start.user : "0", sizeof spec / 2 - 1);
	if (start.group)
		strncat(strcat(spec, ":"), start.group, sizeof spec / 2 - 2);
	if (user_resolve("/", spec, identity, home) < 0)
		return -1;
	for (size_t i = 0; i < start.groups.count; i++)
		if (user_add_group("/", start.groups.names[i], identity) < 0)
			return -1;
	if (start.user && (launch_provide("USER", start.user) < 0 || launch_provide("LOGNAME", start.user) < 0))
		return -1;
	return 0;
}

const struct directory_row directory_rows[DIRECTORY_KINDS] = {
	[DIRECTORY_RUNTIME] = {"/run/", "RUNTIME_DIRECTORY"},
	[DIRECTORY_STATE] = {"/var/lib/", "STATE_DIRECTORY"},
	[DIRECTORY_CACHE] = {"/var/cache/", "CACHE_DIRECTORY"},
	[DIRECTORY_LOGS] = {"/var/log/", "LOGS_DIRECTORY"},
	[DIRECTORY_CONFIGURATION] = {"/etc/", "CONFIGURATION_DIRECTORY"},
};

/* All of one kind, and the variable that names them. */
static int make_directories(enum directory_kind kind)
{
	const struct identity *owner = kind == DIRECTORY_CONFIGURATION ? NULL : &start.plan.identity;
	char *all = text + text_used, *end = all;

	for (size_t i = 0; i < start.directory_count; i++) {
		char *path;

		if (start.directories[i].kind != kind)
			continue;
		path = launch_text(strlen(directory_rows[kind].parent) + strlen(start.directories[i].name));
		if (!path)
			return -1;
		strcat(strcpy(path, directory_rows[kind].parent), start.directories[i].name);
		if (file_make_directory(path, start.directory_mode[kind], owner) < 0) {
			log_error("%s: %s; make it beforehand, or start as root with a place to write to", path, strerror(errno));
			return -1;
		}
		if (end != all)
			*end = ':'; /* where the NUL of the one before is */
		end = path + strlen(path);
	}
	return end == all ? 0 : launch_provide(directory_rows[kind].variable, all);
}

/* UnsetEnvironment: a name, or a variable as it is. */
static void unset_variables(void)
{
	char **kept = start.plan.envp;

	for (char **at = kept; *at; at++) {
		bool stays = true;

		for (size_t i = 0; stays && i < start.unset.count; i++) {
			size_t length = strlen(start.unset.names[i]);

			stays = strncmp(*at, start.unset.names[i], length) != 0 || ((*at)[length] && (*at)[length] != '=');
		}
		if (stays)
			*kept++ = *at;
	}
	*kept = NULL;
}

/* What a container may not have its services do without, as with systemd: the highest limit that is allowed, our own standing. */
static void lower_limits(struct plan *plan)
{
	if (!sys_has_capability(CAP_SYS_NICE)) {
		plan->nice_set &= plan->nice >= 0;
		plan->traits.set &= ~(plan->traits.priority > 0 ? 1U << TRAIT_SCHEDULER : 0) & ~(plan->traits.io_class == 1 ? 1U << TRAIT_IO : 0);
	}
	if (sys_has_capability(CAP_SYS_RESOURCE))
		return;
	plan->oom_set &= plan->oom_score_adj >= 0;
	for (size_t i = 0; i < plan->limit_count; i++) {
		struct limit *limit = &plan->limits[i];
		struct rlimit now;

		if (prlimit(0, limit->resource, NULL, &now) < 0)
			continue;
		limit->hard = limit->hard < now.rlim_max ? limit->hard : now.rlim_max;
		limit->soft = limit->soft < limit->hard ? limit->soft : limit->hard;
	}
}

/* How the main process ended, for the commands that run after it. */
static int provide_end(const struct unit *unit)
{
	char digits[24], name[16];

	if (launch_provide("SERVICE_RESULT", service_result_name(unit->result)) < 0 || unit->main > 0)
		return unit->main > 0 ? 0 : -1;
	*decimal(digits, (unsigned long)WEXITSTATUS(unit->status)) = '\0';
	if (WIFEXITED(unit->status))
		return launch_provide("EXIT_CODE", "exited") < 0 ? -1 : launch_provide("EXIT_STATUS", digits);
	return launch_provide("EXIT_CODE", "killed") < 0 ? -1 : launch_provide("EXIT_STATUS", value_signal_name(WTERMSIG(unit->status), name));
}

/* The variables that the protocol between a service and its manager consists of. systemd.exec(5), sd_notify(3) */
static int provide_own(const struct unit *unit, pid_t main)
{
	if (launch_provide("INVOCATION_ID", unit->invocation) < 0)
		return -1;
	if (unit->rules.notify != NOTIFY_NONE && launch_provide("NOTIFY_SOCKET", notify_path()) < 0)
		return -1;
	if (main > 0 && provide_number("MAINPID", (unsigned long)main) < 0)
		return -1;
	if (unit->state >= STATE_STOP && provide_end(unit) < 0)
		return -1;
	if (unit->rules.watchdog_ms > 0 && provide_number("WATCHDOG_USEC", (unsigned long)unit->rules.watchdog_ms * 1000) < 0)
		return -1;
	return 0;
}

/* Which sockets the service gets, as sd_listen_fds(3) has it. How many, or -1 after a message. */
static int provide_sockets(const struct unit *unit)
{
	char names[1024], peer[40];
	unsigned port;
	int count = listener_collect(unit, passed, names, sizeof names);

	for (int i = 0; i < count; i++) {
		int flags = fcntl(passed[i], F_GETFL);

		fcntl(passed[i], F_SETFL, start.non_blocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
	}
	if (count >= 0)
		count = store_collect(unit, passed, count, LISTENER_PASSED_MAX, names, sizeof names);
	if (unit->connection && listener_peer(unit->connection, peer, &port) && (launch_provide("REMOTE_ADDR", peer) < 0 || provide_number("REMOTE_PORT", port) < 0))
		count = -1;
	if (count > 0 && start.streams[STDIN_FILENO].kind == STREAM_SOCKET)
		return count;
	if (count < 0 || (count > 0 && (provide_number("LISTEN_FDS", (unsigned long)count) < 0 || launch_provide("LISTEN_FDNAMES", names) < 0))) {
		log_error("too many sockets");
		return -1;
	}
	start.listen_pid = count > 0 ? text + text_used + strlen("LISTEN_PID=") : NULL;
	return count > 0 && provide_number("LISTEN_PID", UINT32_MAX) < 0 ? -1 : count;
}

/* Completes start for this command. 0, or -1 after a message. */
static int prepare(const struct unit *unit, const struct command *command, bool is_start)
{
	bool as_root = command->privileged || (start.only_start && !is_start);
	struct plan *plan = &start.plan;
	const char *home;

	if (choose_identity(unit, &home) < 0)
		return -1;
	for (size_t i = 0; i < start.env_files.count; i++)
		if (read_env_file(start.env_files.names[i]) < 0)
			return -1;
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++)
		if (make_directories((enum directory_kind)kind) < 0)
			return -1;
	if (provide_own(unit, unit->main) < 0) {
		log_error("too many variables");
		return -1;
	}
	if (start.home_cwd)
		plan->cwd = home ? home : "/root";
	if ((start.root_only_start && !is_start) || (start.optional_root && access(plan->sandbox_root, F_OK) < 0))
		plan->sandbox_root = NULL;
	if (as_root) {
		plan->identity.set = plan->identity.clear_groups = plan->limit_capabilities = false;
		plan->capabilities = ~UINT64_C(0); /* a sandbox may limit them again, but to all others */
		home = NULL;
	}
	if (plan->limit_count < PLAN_LIMITS_MAX)
		plan->limits[plan->limit_count++] = (struct limit){RLIMIT_LOCKS, members_mark(unit), members_mark(unit)};
	lower_limits(plan);
	stay_within(plan);
	if (command->privileged) {
		plan->filter.restrictions = 0;
		plan->mount_count = 0;
		plan->sandbox_root = NULL;
	} else if (credentials_read(&start, unit) < 0 || protect_plan(&start, unit) < 0) {
		return -1;
	}
	if (env_build(plan, environ, home) < 0)
		return -1;
	unset_variables();
	plan->listen_pid = start.listen_pid; /* and none of ours */
	return 0;
}

/* What systemd would end with in our place, systemd.exec(5). */
static int status_of(const struct fault *fault)
{
	static const unsigned char traits[TRAITS] = {
		[TRAIT_AFFINITY] = 215, [TRAIT_SCHEDULER] = 214, [TRAIT_IO] = 211, [TRAIT_SLACK] = 212, [TRAIT_PERSONALITY] = 230,
	};
	static const struct {
		unsigned char step, status;
	} statuses[] = {
		{STEP_CWD, 200}, {STEP_LIMITS, 205}, {STEP_GROUPS, 216}, {STEP_GID, 216}, {STEP_UID, 217}, {STEP_USERS, 217}, {STEP_BOUNDING, 218}, {STEP_CAPABILITIES, 218},
		{STEP_KEYRING, 237}, {STEP_SANDBOX, 226}, {STEP_VIEWS, 226}, {STEP_FILTER, 228}, {STEP_PLACE, 219},
	};

	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		if (statuses[i].step == fault->step)
			return statuses[i].status;
	return fault->step == STEP_TRAITS ? traits[fault->index] : 203;
}

/* A user namespace in which there are only root and the service's own user and group, systemd.exec(5). -1 after a message. */
static pid_t hold_users(struct plan *plan)
{
	const unsigned uid = plan->identity.set ? plan->identity.uid : 0, gid = plan->identity.set ? plan->identity.gid : 0;
	pid_t pid;

	plan->uid_map = (struct id_map){.count = 1 + (uid != 0), .ranges = {{0, 0, 1}, {uid, uid, 1}}};
	plan->gid_map = (struct id_map){.count = 1 + (gid != 0), .ranges = {{0, 0, 1}, {gid, gid, 1}}};
	pid = idmap_hold(plan);
	if (pid < 0)
		log_error("PrivateUsers: no user namespace: %s; allow some (sysctl user.max_user_namespaces), or take it back in a drop-in", strerror(errno));
	return pid;
}

/* A process has the core dump filter of whose memory it shares, so for the time of a start it is ours. */
static pid_t spawn(const struct job *job, struct fault *fault)
{
	static const char path[] = "/proc/self/coredump_filter";
	char before[24] = "0x", filter[24];
	pid_t pid;

	if (start.set_core_filter && file_read(AT_FDCWD, path, before + 2, sizeof before - 2) > 0) {
		*decimal(filter, start.core_filter) = '\0';
		file_write(AT_FDCWD, path, filter, strlen(filter));
	}
	forward_raise(supervisor_loop());
	pid = spawn_program(&start.plan, start.plan.argv, job, NULL, fault);
	if (before[2])
		file_write(AT_FDCWD, path, before, strlen(before));
	return pid;
}

pid_t launch_start(struct unit *unit, const struct setting *setting)
{
	bool is_start = directives[setting->directive].field == COMMAND_START;
	struct command command;
	int files[3] = {-1, -1, -1};
	struct job job = {.kind = JOB_SESSION, .console = -1, .files = files, .passed = passed};
	struct fault fault = {.step = STEP_NONE};
	int sockets = 0, socket = -1;
	pid_t pid = -1;

	log_about(unit->name);
	text_used = 0;
	command_parse(setting, &command);
	launch_read(&start, unit);
	if (is_start)
		sockets = provide_sockets(unit);
	if (sockets > 0 && !start.listen_pid)
		socket = passed[0];
	else if (sockets > 0)
		job.passed_count = (unsigned)sockets;
	if (sockets < 0 || prepare(unit, &command, is_start) < 0 || streams_open(&start, unit, socket, files) < 0)
		goto out;
	if (start.tty && start.streams[STDIN_FILENO].kind == STREAM_TTY)
		job.console = files[STDIN_FILENO];
	if (command_expand(&command, start.plan.envp, words + 1, WORDS_MAX, text + text_used, sizeof text - text_used) < 0) {
		log_error("%s: its words do not fit", command.program);
		goto out;
	}
	start.plan.argv = words + 1;
	start.plan.program = command.program;
	start.plan.cgroup = slice_enter(unit, &start);
	if (start.plan.sandbox & CLONE_NEWUSER)
		job.users = hold_users(&start.plan);
	pid = job.users < 0 ? -1 : spawn(&job, &fault);
	if (job.users > 0)
		idmap_release(job.users);
	if (pid < 0 && fault.step != STEP_NONE)
		fault_report(&start.plan, &fault);
	slice_entered();
out:
	streams_close(files, socket);
	log_about(NULL);
	return pid < 0 ? -status_of(&fault) : pid;
}

pid_t launch_check(int program, int state, char **argv, char **envp)
{
	const int files[] = {state, STDERR_FILENO, STDERR_FILENO};
	const struct job job = {.kind = JOB_SESSION, .console = -1, .files = files};
	static char path[32] = "/proc/self/fd/";
	struct fault fault;
	pid_t pid;

	*decimal(path + strlen("/proc/self/fd/"), (unsigned long)program) = '\0';
	launch_reset(&start);
	start.plan.only_stdio = false; /* it is executed from its descriptor */
	start.plan.envp = envp;
	start.plan.program = path;
	pid = spawn_program(&start.plan, argv, &job, NULL, &fault);
	errno = fault.error;
	return pid;
}

/* What the unit's user has, unless somebody else still runs who has the same. */
static void remove_ipc(const struct unit *unit)
{
	const char *home, *user = user_of(unit);

	for (const struct unit *other = units_first(); user && other; other = other->next)
		if (other != unit && !service_is_down(other) && user_of(other) && strcmp(user, user_of(other)) == 0)
			return;
	start.group = NULL; /* which has its own */
	start.groups.count = 0;
	text_used = 0;
	if (choose_identity(unit, &home) == 0 && start.plan.identity.set && start.plan.identity.uid != 0)
		ipc_remove(start.plan.identity.uid);
}

void launch_clean(const struct unit *unit, bool restarts)
{
	int run;

	launch_read(&start, unit);
	private_clean(unit);
	credentials_clean(&start, unit);
	if (!restarts && (start.remove_ipc || start.dynamic_user))
		remove_ipc(unit);
	if (start.directory_count == 0 || start.keep_runtime + restarts >= 2)
		return;
	run = openat(AT_FDCWD, directory_rows[DIRECTORY_RUNTIME].parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; run >= 0 && i < start.directory_count; i++)
		if (start.directories[i].kind == DIRECTORY_RUNTIME)
			clean_directory(run, start.directories[i].name);
	if (run >= 0)
		close(run);
}
