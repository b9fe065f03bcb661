/* SPDX-License-Identifier: MIT
 *
 * The plan: everything nsinit will do, as inert data. The command line, the environment, the
 * kernel command line and unit files only fill it in; plan_entrypoint() and its like judge and complete it; from then on it is
 * const and spawn/ carries it out. Strings point into argv, environ or memory that is never freed.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum plan_limits {
	PLAN_MOUNTS_MAX = 256,
	PLAN_ENV_MAX = 256,
	PLAN_ENVIRONMENT_MAX = 32768, /* variables of the program, ours included; Kubernetes gives seven for each service that there is */
	PLAN_GROUPS_MAX = 64,
	PLAN_HOOKS_MAX = 8,
	PLAN_LANDLOCK_MAX = 64,
	PLAN_LIMITS_MAX = 16,
	PLAN_MAPS_MAX = 8,
	PLAN_HOSTNAME_MAX = 64, /* uname(2): __NEW_UTS_LEN */
	PLAN_SIGNAL_REALTIME = 32, /* the first real-time signal, for the kernel */
	PLAN_SIGNAL_MAX = 64,   /* _NSIG on all four architectures */
	PLAN_INTERFACE_SIZE = 16, /* netdevice(7): IFNAMSIZ, the NUL included */
	PLAN_ROUTES_MAX = 12,     /* addresses and routes of --net veth */
	PLAN_CALLS = 512,          /* numbers of system calls: more than there are */
	PLAN_ADDRESS_SIZE = 52,   /* the longest IPv6 address as text, /128 and the NUL included */
};

enum mount_kind {
	MOUNT_VIEW = -1, /* what is there, with other attributes; this and those from link on only in the sandbox of a program */
	MOUNT_BIND,
	MOUNT_TMPFS,
	MOUNT_LINK,   /* a symbolic link to source */
	MOUNT_FILE,   /* a file of the program's user, with the text data of the length lifted */
	MOUNT_PROC,   /* a file system of the type source of its own, unless that is not allowed */
	MOUNT_HIDDEN, /* nothing that could be opened */
};

/* One --bind, --tmpfs or file of --conf, in the order given. Or a part of the sandbox of a program, in any order. */
struct mount_entry {
	enum mount_kind kind;
	const char *source; /* bind: a path of the host */
	const char *target; /* a path inside the root */
	const char *data;   /* tmpfs: size=…,mode=… */
	uint64_t attributes; /* MOUNT_ATTR_*, mount_setattr(2) */
	uint64_t lifted;     /* view: those of a view around it that do not hold here; file: the length of data */
	bool recursive;      /* bind: with the mounts below it */
	bool optional;       /* sandbox: it need not be there */
	bool inside;         /* a path of the program's root, where it has one of its own */
	const char *option;  /* the option it came from, for messages */
};

/* One --on: on signal, program runs instead of the signal being forwarded. */
struct hook {
	int signal;
	const char *program;
};

/* One --rlimit. */
struct limit {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
};

enum landlock_kind { LANDLOCK_RO, LANDLOCK_RW, LANDLOCK_CONNECT, LANDLOCK_BIND, LANDLOCK_SIGNAL, LANDLOCK_ABSTRACT, LANDLOCK_KINDS };

/* One --landlock: what the program may do all the same. */
struct landlock_rule {
	enum landlock_kind kind;
	bool any;           /* with every object there is */
	const char *object; /* a path, or the port as it was given */
	unsigned long port;
};

/* Some ids of a user namespace: count ids from inside on are those from outside on. user_namespaces(7) */
struct id_range {
	unsigned inside, outside, count;
};

struct id_map {
	bool automatic; /* the caller, and what /etc/subuid or /etc/subgid gives them */
	size_t count;
	struct id_range ranges[PLAN_MAPS_MAX];
};

/* An IP address and the length of its network, in bits. */
struct address {
	int family; /* AF_INET or AF_INET6 */
	unsigned char bytes[16], length;
	char text[PLAN_ADDRESS_SIZE]; /* as it was given */
};

enum network_kind { NETWORK_HOST, NETWORK_NONE, NETWORK_PATH, NETWORK_PID, NETWORK_VETH };

/* What an address of --net veth is for. */
enum route_kind { ROUTE_INSIDE, ROUTE_HOST, ROUTE_GATEWAY };

struct route {
	enum route_kind kind;
	struct address address;
};

/* --net. */
struct network {
	enum network_kind kind;
	const char *path; /* NETWORK_PATH: a file that holds a network namespace */
	pid_t pid;        /* NETWORK_PID: a process that is in it */
	/* NETWORK_VETH: the host's side, where %d is a free number, the side inside, and the host's bridge, empty: none */
	char host[PLAN_INTERFACE_SIZE], name[PLAN_INTERFACE_SIZE], bridge[PLAN_INTERFACE_SIZE];
	unsigned mtu;     /* 0: the kernel's */
	bool automatic;   /* route=auto */
	size_t route_count; /* of routes */
	struct route routes[PLAN_ROUTES_MAX];
};

/* The clocks that a time namespace has of its own, time_namespaces(7). */
enum clock_name { CLOCKS_MONOTONIC, CLOCKS_BOOTTIME, CLOCKS };

/* One of --clock-offset. */
struct clock_offset {
	bool set;
	int seconds; /* added to the host's */
};

/* Who the program is. Ids are those inside the container. */
struct identity {
	bool set;         /* --user, or root of a rootfs: change to it */
	bool clear_groups; /* drop every supplementary group of the caller */
	uid_t uid;
	gid_t gid;
	uid_t outer_uid; /* the caller, to whom a user namespace maps uid */
	gid_t outer_gid;
	gid_t groups[PLAN_GROUPS_MAX];
	size_t group_count;
};

/* What becomes of the machine at the end of its PID 1, and what when it cannot even be started. */
enum plan_end { END_POWEROFF, END_REBOOT, END_HALT, ENDS };
enum plan_failure { FAILURE_SHELL, FAILURE_END, FAILURE_PANIC, FAILURES };

/* What RestrictX= and their like refuse a program, a bit each. */
enum restriction {
	RESTRICT_REALTIME, RESTRICT_SUID, RESTRICT_PERSONALITY, RESTRICT_EXECUTABLE_MEMORY, RESTRICT_ARCHITECTURES, RESTRICT_NAMESPACES, RESTRICT_FAMILIES,
	RESTRICT_CLOCK, RESTRICT_MODULES, RESTRICT_LOGS, RESTRICT_HOSTNAME, RESTRICT_DEVICES, RESTRICT_CALLS, RESTRICT_NOTHING, /* but some calls are logged */
};
#define RESTRICTS(name) (1U << RESTRICT_##name)

/* A system call filter of a program's own, as strict as its parts together. */
struct filter {
	unsigned restrictions;    /* RESTRICTS() of each, 0: no filter */
	unsigned long namespaces; /* the CLONE_NEW* that are refused */
	uint64_t families;        /* the AF_* that are allowed, a bit each */
	bool calls_allowed;       /* those that are named, else all but those */
	int calls_error;          /* what the others get, 0: their process is killed */
	uint8_t logged[PLAN_CALLS / 8]; /* of those that are allowed, a bit each */
	uint8_t calls[PLAN_CALLS]; /* 0: not named, 1: named, else the error that it gets, and 1 */
};

/* How the kernel treats a program, a bit each of those that are set. */
enum trait { TRAIT_AFFINITY, TRAIT_SCHEDULER, TRAIT_IO, TRAIT_SLACK, TRAIT_PERSONALITY, TRAITS };
enum keyring { KEYRING_INHERITED, KEYRING_PRIVATE_IF_ANY, KEYRING_PRIVATE, KEYRING_SHARED };

struct traits {
	unsigned set;         /* 1 << TRAIT_* of each */
	enum keyring keyring;
	int policy, reset_on_fork, priority; /* sched_setscheduler(2) */
	int io_class, io_priority;           /* ioprio_set(2) */
	unsigned long slack_ns, personality;
	unsigned secure_bits; /* capabilities(7), 0: as they are */
	unsigned long cpus[1024 / (8 * sizeof(unsigned long))];
};

/* What can be set of a cgroup, spawn/place.c. Memory is in KiB, the quota in µs of each 100 ms. */
enum control {
	CONTROL_MEMORY_MAX, CONTROL_SWAP_MAX, CONTROL_MEMORY_HIGH, CONTROL_MEMORY_LOW, CONTROL_MEMORY_MIN, CONTROL_OOM_GROUP,
	CONTROL_CPU_QUOTA, CONTROL_CPU_WEIGHT, CONTROL_PIDS, CONTROL_IO_WEIGHT, CONTROL_DEVICES, CONTROLS,
};
#define CONTROL_UNLIMITED (~0UL)

struct controls {
	unsigned set; /* a bit for each enum control that is */
	unsigned long values[CONTROLS];
};

/* Devices that may be used, spawn/devices.c; as the kernel has them in linux/bpf.h, BPF_DEVCG_*. */
enum { DEVICE_BLOCK = 1, DEVICE_CHAR = 2, DEVICE_MKNOD = 1, DEVICE_READ = 2, DEVICE_WRITE = 4, DEVICE_ALL = 7 };

struct device {
	uint8_t type, access;
	int major, minor; /* -1: any */
};

enum plan_tty { TTY_AUTO, TTY_NEW, TTY_INHERIT };

struct personality;

struct plan {
	/* the program */
	char **argv;  /* argv[-1] is spare: the shell of a script without #! goes there */
	char **envp;
	const char *cwd; /* NULL: stay */
	bool optional_cwd; /* if it is not there, the root */
	const char *program; /* what argv[0] is only the name of; NULL: argv[0] itself */

	/* PID 1 */
	bool group;        /* forward to the program's process group */
	bool subreaper;
	bool single_child; /* the program stays in our process group */
	bool warn_reap;
	bool pause;        /* no program: hold the namespaces and reap */
	int parent_death;  /* signal, 0: none */
	int restart;       /* signal that ends the program and starts it again, 0: none */
	bool session;      /* a session for the program, with or without a terminal */
	bool stop_along;   /* at TSTP, TTIN and TTOU the program is stopped, and we stop as well */
	bool close_inherited; /* descriptors that were passed to us are for the program only */
	bool clear_signals; /* nothing blocked or ignored for the program, whatever we inherited */
	bool ignore_pipe;   /* but SIGPIPE, with clear_signals */
	bool only_stdio;    /* the program gets no descriptor but 0 to 2 */
	bool end_group;    /* TERM to the program's group when it has ended */
	bool leave_directory; /* PID 1 itself goes to / */
	int64_t delay_ms;  /* 0: forward TERM at once */
	int64_t grace_ms;  /* -1: never kill */
	int64_t drain_ms;  /* -1: leave at once */
	bool wait;         /* for all that the program left, first */
	uint16_t remap[256];                    /* new exit code + 1, 0: as it is */
	uint8_t rewrite[PLAN_SIGNAL_MAX + 1];   /* new signal + 1, 0: as it is, 1: drop */

	/* namespaces and root */
	unsigned long namespaces; /* CLONE_NEW*, namespaces(7) */
	bool borrows; /* in a user namespace, where no node and no sysfs of the host's network can be made */
	bool masks;   /* cover parts of /proc: nothing else keeps the program from them */
	unsigned long unshare, share; /* as asked: added to and taken from the default */
	pid_t join;               /* enter this process's namespaces instead of making some, 0: no */
	unsigned long join_only;  /* those of them that were asked for, 0: all */
	const char *net;          /* --net, as given */
	struct clock_offset clocks[CLOCKS];
	const char *rootfs;       /* NULL: the host's root stays */
	bool read_only;
	bool ephemeral;      /* what is written to the root is in memory, and gone at the end */
	const char *overlay; /* what is written to the root goes to this directory */
	const char *conf;
	bool idmapped;       /* some bind is: the launcher maps its ids */
	size_t mount_count; /* of mounts */
	struct cgroup *cgroup; /* of the program alone, made already; NULL: ours */
	unsigned long sandbox; /* CLONE_NEW* of the program alone, whose mounts then are the sandbox */
	unsigned long propagation; /* MS_* of these mounts in the end, 0: they take what comes from outside, and give nothing */
	const char *sandbox_root;  /* what the program has for its root: a directory, or an image; NULL: ours */
	const char *hostname, *domainname;

	/* role boot */
	bool boot;          /* --boot */
	const char *boot_option; /* one that was given of those for a boot alone */
	bool unknown;            /* a variable is named like an option and is none */
	bool machine;       /* PID 1 of a machine, not of a container */
	bool force;         /* poweroff, reboot, halt: without asking PID 1 */
	bool misread;       /* something on the kernel's command line is wrong */
	char **kernel_argv; /* what the kernel started us with */
	char **words;       /* with which we were started, for another life: reexec.h */
	const char *role;   /* its name */
	unsigned again;     /* enum state_use, state.h: this is another life */
	enum plan_end end;
	enum plan_failure failure;
	const char *console, *exit_port; /* devices, NULL: /dev/console, none */
	const char *root;      /* the root file system to change to, NULL: none */
	const char *root_type, *root_flags, *next_init;
	bool root_writable;
	int64_t root_wait_ms;
	bool respawn;       /* the program is started again when it ends */
	bool ask_first;     /* somebody at the console starts it */
	const char *cmdline; /* --cmdline, NULL: none */
	int64_t watchdog_ms; /* 0: none */
	const char *ip;     /* ip= of the kernel */

	/* identity and environment */
	const char *user; /* --user, as given */
	size_t env_count; /* of env */
	bool secrets;     /* are among them */

	/* the terminal */
	enum plan_tty tty; /* --tty */
	unsigned pty;      /* which of 0 to 2 become a pseudo-terminal of the program's own, a bit each; 0: it gets none */

	/* what the program may do and use */
	uint64_t cap_add, cap_drop; /* as asked, a bit for each CAP_* */
	uint64_t capabilities;      /* what the program may have at most */
	bool limit_capabilities;    /* change them at all */
	bool privileged;            /* every capability, no filter, nothing masked */
	bool no_new_privs;
	const char *seccomp_name;   /* --seccomp */
	bool seccomp;               /* the default filter */
	bool nice_set, oom_set, umask_set;
	int nice, oom_score_adj;
	mode_t umask;
	unsigned long memory_kib, cpu_hundredths, pids; /* of the whole container, 0: no limit */
	size_t limit_count; /* of limits */
	size_t landlock_count; /* of landlock, 0: deny nothing */
	bool clear_env;

	/* services */
	const char *services;  /* --services */
	const char *essential; /* --essential */

	/* lifetime */
	const char *pid_file;
	int ready_fd, status_fd; /* -1: none */
	bool detach;

	/* what is said, and where */
	int verbosity; /* 0: errors, 1: warnings (the default), 2: what is done, 3: signals and reaping too */
	int log_fd;
	const char *trace; /* --trace */
	bool dry_run, check, help, version, license, verify, list_directives;

	/* as whom we act, personality.h */
	const struct personality *personality;

	char *listen_pid; /* where the program writes its pid for sd_listen_fds(3), NULL: nobody asked */
	size_t hook_count; /* of hooks */
	struct hook hooks[PLAN_HOOKS_MAX];

	/* What few plans have comes last: a page that nobody touches costs PID 1 nothing. */
	struct identity identity;
	struct id_map uid_map, gid_map; /* empty: the caller's one id */
	struct network network;
	struct filter filter;
	struct traits traits;
	struct limit limits[PLAN_LIMITS_MAX];
	struct landlock_rule landlock[PLAN_LANDLOCK_MAX];
	const char *env[PLAN_ENV_MAX]; /* --env, K=V */
	struct mount_entry mounts[PLAN_MOUNTS_MAX];
};

/* The defaults: every field that is not zero. */
void plan_default(struct plan *plan);

/* True if an option asks for namespaces or mounts of its own. */
bool plan_isolates(const struct plan *plan);

/* True if anybody wants to know when the program has started. */
bool plan_announces(const struct plan *plan);

/* True if a clock is to differ from the host's. */
bool plan_has_clocks(const struct plan *plan);

/* Completes a plan for a role that makes a container: namespaces, conf, identity, environment. 0, or -1 after a message. */
int plan_container(struct plan *plan);

/* Completes a plan for a role that enters a container. 0, or -1 after a message. */
int plan_join(struct plan *plan);

/* Completes a plan for a role that starts the program where it is. 0, or -1 after a message. */
int plan_entrypoint(struct plan *plan);

/* Completes a plan for the PID 1 of a machine. 0, or -1 after a message; on a machine always 0, and plan->misread. */
int plan_boot(struct plan *plan);

/* The --on for signal, NULL: none. */
const struct hook *plan_hook(const struct plan *plan, int signal);

/* Prints the plan for people, one fact a line. Needs no privilege. */
void plan_print(const struct plan *plan, const char *role);

#endif
