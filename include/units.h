/* SPDX-License-Identifier: MIT
 *
 * Units, kept small: what their files say, how they stand to each other, and how they are. What decides over the life of a service is a field here; what makes up its
 * plan stays a list of settings, from which a plan is made anew at each start (launch.h).
 */
#ifndef UNITS_H
#define UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan.h"

/* What is in here starts at a boot. */
#define UNITS_ENABLED "/etc/nsinit"

enum service_type { TYPE_UNSET, TYPE_SIMPLE, TYPE_EXEC, TYPE_FORKING, TYPE_ONESHOT, TYPE_DBUS, TYPE_NOTIFY, TYPE_NOTIFY_RELOAD, TYPE_IDLE };
enum restart_policy {
	RESTART_NO, RESTART_ON_SUCCESS, RESTART_ON_FAILURE, RESTART_ON_ABNORMAL, RESTART_ON_WATCHDOG, RESTART_ON_ABORT, RESTART_ALWAYS,
};
enum kill_mode { KILL_CONTROL_GROUP, KILL_MIXED, KILL_PROCESS, KILL_NONE };
enum notify_access { NOTIFY_UNSET, NOTIFY_NONE, NOTIFY_MAIN, NOTIFY_EXEC, NOTIFY_ALL };
enum oom_policy { OOM_UNSET, OOM_CONTINUE, OOM_STOP, OOM_KILL };
enum unit_action { ACTION_NONE, ACTION_EXIT };

/* The command lines of a service, in the order of its life. */
enum command_kind {
	COMMAND_CONDITION, COMMAND_START_PRE, COMMAND_START, COMMAND_START_POST, COMMAND_RELOAD, COMMAND_STOP, COMMAND_STOP_POST,
	COMMAND_KINDS,
};

/* How a unit stands to another one, in pairs: where one has the one kind, the other has the other. systemd.unit(5) */
enum edge_kind {
	EDGE_AFTER, EDGE_BEFORE,
	EDGE_REQUIRES, EDGE_REQUIRED_BY,
	EDGE_WANTS, EDGE_WANTED_BY,
	EDGE_REQUISITE, EDGE_REQUISITE_OF,
	EDGE_BINDS_TO, EDGE_BOUND_BY,
	EDGE_PART_OF, EDGE_HAS_PART,
	EDGE_CONFLICTS, EDGE_CONFLICTED_BY,
	EDGE_ON_FAILURE, EDGE_FAILURE_OF,
	EDGE_RELOADS, EDGE_RELOADED_BY,
	EDGE_TRIGGERS, EDGE_TRIGGERED_BY, /* a socket, a timer, a path starts it */
	EDGE_ALSO, EDGE_ALSO_OF,           /* is enabled with it */
};

#define EDGE(name) (1U << EDGE_##name)
/* The other unit is started with this one. */
#define EDGES_PULL (EDGE(REQUIRES) | EDGE(WANTS) | EDGE(BINDS_TO))
/* Or loaded, at least. */
#define EDGES_LOAD (EDGES_PULL | EDGE(ON_FAILURE) | EDGE(TRIGGERS))
/* The first of each pair. */
#define EDGES_FORWARD 0x55555555U
/* And this one does not start without it. */
#define EDGES_NEED (EDGE(REQUIRES) | EDGE(REQUISITE) | EDGE(BINDS_TO))

enum {
	UNIT_SESSIONS = 4,
	UNIT_NAME_SIZE = 256 + sizeof ".service", /* systemd.unit(5), what we may add to it, and the NUL */
};

struct unit;

struct edge {
	struct unit *other;
	struct edge *next;
	unsigned kinds; /* EDGE() of each */
};

/* A directive of the unit, ready to be read: its quotes and specifiers are gone. */
struct setting {
	const char *text;  /* words, each with a NUL behind it */
	uint16_t words;
	uint16_t directive; /* in the table of directive.h */
	uint16_t line;
	uint8_t file;       /* while the unit is read: which of its files */
	bool is_assert; /* of a condition */
};

/* Exit codes and signals that mean something. */
struct status_set {
	uint64_t signals; /* a bit each, signal 1 is bit 0 */
	uint32_t codes[256 / 32];
};

enum unit_kind {
	UNIT_NAMED,   /* others name it; it has not been read, or is of a kind that does not exist here */
	UNIT_BROKEN,  /* it has a file that makes no unit */
	UNIT_TARGET,  /* a point in the order; this one and those behind it can be started. kind.h has a row for each */
	UNIT_SERVICE,
	UNIT_SOCKET,
	UNIT_TIMER,
	UNIT_KINDS,
};

/* What the life of a service goes by. Times in ms, -1: without end. */
struct rules {
	enum service_type type;
	enum restart_policy restart;
	enum kill_mode kill_mode;
	enum notify_access notify;
	enum unit_action success_action, failure_action, limit_action;
	int kill_signal, restart_signal, final_signal, reload_signal, watchdog_signal;
	int success_status, failure_status; /* -1: as the program's */
	unsigned long start_burst, restart_steps, store_max;
	bool remain, guess_main, send_hup, send_kill, refuse_start, refuse_stop, restart_unset;
	bool keep_level; /* of a line, <N> */
	unsigned char level, level_max; /* of a line that says none; what is above is not for the log */
	int64_t restart_ms, restart_max_ms, start_ms, stop_ms, run_max_ms, watchdog_ms, start_interval_ms, abort_ms /* 0: as stop_ms */;
	const char *pid_file, *identifier;
	struct status_set success, prevent, force;
};

enum unit_state {
	STATE_DEAD,
	STATE_CONDITION,  /* a command of ExecCondition runs */
	STATE_START_PRE,
	STATE_START,      /* not ready yet */
	STATE_START_POST,
	STATE_RUNNING,
	STATE_EXITED,     /* RemainAfterExit */
	STATE_RELOAD,
	STATE_STOP,       /* a command of ExecStop runs */
	STATE_STOP_TERM,  /* the processes have been told */
	STATE_STOP_KILL,
	STATE_STOP_POST,
	STATE_FINAL_TERM, /* what ExecStopPost has left */
	STATE_FINAL_KILL,
	STATE_FAILED,
	STATE_RESTART,    /* waits for RestartSec */
	UNIT_STATES,
};

enum unit_result {
	RESULT_SUCCESS, RESULT_EXIT, RESULT_SIGNAL, RESULT_CORE, RESULT_TIMEOUT, RESULT_WATCHDOG, RESULT_PROTOCOL, RESULT_RESOURCES,
	RESULT_START_LIMIT, RESULT_CONDITION, RESULT_DEPENDENCY, RESULT_TRIGGER_LIMIT, RESULT_OOM, UNIT_RESULTS,
};

/* What somebody has asked for and is not done yet. */
enum unit_job { JOB_NONE, JOB_START, JOB_STOP, JOB_RESTART };

struct unit {
	const char *name, *file, *description;
	struct unit *same;  /* the next with the same hash of its name */
	struct unit *next;  /* in the order of loading */
	struct unit *busy;  /* the next of those with which the supervisor is not done */
	bool is_busy, listed;
	struct edge *edges;
	const struct setting *settings;
	uint16_t setting_count;
	enum unit_kind kind;
	void *own;         /* what units of its kind have beside, kind.h; NULL: nothing */
	struct rules rules;

	enum unit_state state;
	enum unit_job job;
	bool begun;                /* the job is under way */
	enum unit_result result;   /* why it failed, of this run */
	pid_t main, control;       /* 0: none */
	const struct setting *command; /* of which control, or a oneshot's main, is a process */
	int status;                /* main's, as wait(2) says; it has ended if main is 0 */
	int control_status;
	bool stopping;             /* somebody wants it to stop: no restart */
	bool lazy;                 /* it is there for whom triggers it: nobody has named it */
	bool sought;               /* a target that may have a file */
	bool unsure;               /* whether it has processes left is to be found out */
	bool was_up;               /* in this run it got to where dependents wait for */
	bool grouped, filled;      /* it has a cgroup; whose limits are written */
	uint8_t oom_policy;        /* enum oom_policy */
	int watch, oom_watch;      /* for the end of all in it, and for lack of memory, inotify(7) */
	long oom_kills;            /* of which we know */
	int signal;                /* what its processes get when they are found; 0: nothing */
	pid_t sessions[UNIT_SESSIONS]; /* in which its processes are; 0: none */
	unsigned members;          /* how many, as of the last scan */
	pid_t candidate;           /* one of them whose parent we are; -1: there are several */
	unsigned turn;             /* the walk for cycles */
	struct unit *below;
	int64_t deadline_ms;       /* CLOCK_MONOTONIC, of the state; 0: none */
	int64_t watchdog_at_ms;    /* the same, of WATCHDOG=1 */
	int64_t since_ms, ready_ms; /* CLOCK_MONOTONIC: when the state began, when it was up */
	int64_t begun_ms, up_ms;   /* the same of its first start: when it began, and when it was over */
	int64_t starts_since_ms;   /* the interval in which starts are counted */
	unsigned starts, restarts, streak; /* in that interval; in all; without a healthy time between */
	int64_t watchdog_ms;       /* the service may change it */
	int connection;            /* the one that it was started for, until it has it; 0: none */
	int output;                /* where what it prints is read; 0: it has printed nothing yet */
	char invocation[33];       /* INVOCATION_ID of this run, by which its processes are known */
	char said[64];             /* STATUS= */
};

/* The unit with this name; NULL if nobody has named it. */
struct unit *units_find(const char *name);

/* The same, made if there is none: a UNIT_NAMED, or a UNIT_TARGET. NULL: it is no name, or memory is full. */
struct unit *units_named(const char *name);

/* All units that can be started in the order they became known, by unit->next. */
struct unit *units_first(void);

/* How many became known before this one. */
unsigned units_place(const struct unit *unit);

/* Notes that from stands in this way to to, and to in the other way to from. 0, or -1: memory is full. */
int units_relate(struct unit *from, struct unit *to, enum edge_kind kind);

/* Looks for files in the directory before all others. 0, or -1: there are too many. */
int units_add_place(const char *path);

/* Looks where this file is as well, if that is none of the places. */
void units_know_place(const char *file);

/* The unit with this name gets the next place in the order, whatever it turns out to be. */
void units_reserve(const char *name);

/* It is a service without a file, with defaults. */
void units_keep(struct unit *unit);

/* Loads the unit, which may turn out to have another name. One that can be started, or NULL after a message. */
struct unit *units_load(const char *name);

/* The same; a name without a suffix that we know is a service's. */
struct unit *units_load_short(const char *name);

/* Loads every unit of the directory. How many there are, or -1 after a message. */
int units_load_directory(const char *path, void (*loaded)(struct unit *unit));

/* Loads what loaded units pull in, as far as it is there. */
void units_load_pulled(void);

/* Reads one file alone. How many problems were said. */
int units_verify(const char *path);

#endif
