/* SPDX-License-Identifier: MIT
 *
 * One start of one process of a service: the settings of its unit become a plan, and what a plan does not hold.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "plan.h"
#include "units.h"

enum launch_limits {
	LAUNCH_DEVICES_MAX = 32,
	LAUNCH_DIRECTORIES_MAX = 32,
	LAUNCH_NAMES_MAX = 16,
};

/* What some directives list. */
struct names {
	size_t count;
	const char *names[LAUNCH_NAMES_MAX];
};

enum device_policy { DEVICES_AUTO, DEVICES_CLOSED, DEVICES_STRICT };

enum stream_kind { STREAM_UNSET, STREAM_INHERIT, STREAM_NULL, STREAM_LOG, STREAM_SOCKET, STREAM_FILE, STREAM_APPEND, STREAM_TRUNCATE, STREAM_TTY };

/* What one of 0 to 2 is. */
struct stream {
	enum stream_kind kind;
	const char *path;
};

/* Whose parent, mode and variable a directory of the service has. */
enum directory_kind { DIRECTORY_RUNTIME, DIRECTORY_STATE, DIRECTORY_CACHE, DIRECTORY_LOGS, DIRECTORY_CONFIGURATION, DIRECTORY_KINDS };

/* In which way a service sees some paths. */
enum view { VIEW_READ_ONLY, VIEW_READ_WRITE, VIEW_INACCESSIBLE, VIEW_NO_EXEC, VIEW_EXEC, VIEWS };

/* What a service is protected from, or others from it. systemd.exec(5) */
enum protection {
	PROTECT_DEVICES, PROTECT_TMP, PROTECT_SYSTEM, PROTECT_SYSTEM_FULL, PROTECT_SYSTEM_STRICT, PROTECT_HOME, PROTECT_HOME_WRITES, PROTECT_HOME_TMPFS,
	PROTECT_CGROUPS, PROTECT_TUNABLES, PROTECT_MODULES, PROTECT_LOGS, PROTECT_CLOCK, PROTECT_HOSTNAME, PROTECT_NETWORK, PROTECT_IPC, PROTECT_MOUNTS,
	PROTECT_PROC_NOACCESS, PROTECT_PROC_INVISIBLE, PROTECT_PROC_PTRACEABLE, PROTECT_PROC_SUBSET, PROTECT_USERS, PROTECT_API,
};
#define PROTECTS(name) (1U << PROTECT_##name)

/* Where the directories of a kind are. */
struct directory_row {
	const char *parent, *variable;
};
extern const struct directory_row directory_rows[DIRECTORY_KINDS];

struct launch {
	const char *user, *group, *tty;
	char *listen_pid; /* of the environment; NULL: there are no sockets */
	unsigned core_filter;
	bool home_cwd, keep_pipe, only_start, dynamic_user, set_core_filter, non_blocking, remove_ipc, reset_tty, hang_up_tty, root_only_start, no_api, root_image, optional_root;
	unsigned char keep_runtime; /* its directory in /run: 0 no longer than a run, 1 while there will be another, 2 for ever */
	mode_t directory_mode[DIRECTORY_KINDS];
	unsigned protections; /* PROTECTS() of each */
	struct controls controls; /* of its cgroup */
	bool delegate;            /* which is the service's own to divide */
	enum device_policy device_policy;
	size_t device_count;
	struct {
		const char *name, *access; /* as given; access may be empty */
	} devices[LAUNCH_DEVICES_MAX];
	enum oom_policy oom_policy;
	struct stream streams[3];
	size_t directory_count;
	struct names env_files, groups, unset, load_credentials, set_credentials;
	struct {
		enum directory_kind kind;
		const char *name;
	} directories[LAUNCH_DIRECTORIES_MAX];
	struct plan plan;
};

/* Makes *launch as new: what a service has that says nothing. */
void launch_reset(struct launch *launch);

/* The same, and then reads every setting of the unit that a start needs. */
void launch_read(struct launch *launch, const struct unit *unit);

/*
 * Starts the command, which belongs to the unit. Its pid, or after a message the negative of the exit status for the failure.
 * Nothing is allocated.
 */
pid_t launch_start(struct unit *unit, const struct setting *command);

/* From now on no service may do what the program of that plan may not: capabilities, system calls, Landlock. */
void launch_within(const struct plan *plan);

/* NAME=VALUE for the start, unless the unit has set it. 0, or -1: there is no room. */
int launch_provide(const char *name, const char *value);

/* Starts the program that is open at a descriptor, with another one as its input. Its pid, or -1 with errno. */
pid_t launch_check(int program, int state, char **argv, char **envp);

/* Room until the next start for length bytes and a NUL; NULL when there is none. */
char *launch_text(size_t length);

/* How many bytes of it are left behind the last one. */
size_t launch_room(void);

/* Removes the directories that the unit has only while it runs; if it restarts, those of this run alone. */
void launch_clean(const struct unit *unit, bool restarts);

#endif
