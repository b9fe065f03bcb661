/* SPDX-License-Identifier: MIT
 *
 * The sandbox of a service, systemd.exec(5): a table of protections, and one of the mounts that they consist of.
 */
#include "protect.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credential.h"
#include "lines.h"
#include "log.h"
#include "mount.h"
#include "notify.h"
#include "private.h"
#include "sys.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define CAP(name) (UINT64_C(1) << CAP_##name)

enum {
	RO = MOUNT_ATTR_RDONLY,
	PLAIN_TMPFS = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	MUST = false, MAY = true, /* be there */
};

/* What a protection takes beside mounts. */
static const struct taken {
	unsigned when, restrictions; /* PROTECTS() of any, RESTRICTS() of each */
	unsigned long namespaces;
	uint64_t capabilities; /* to do without */
} taken[] = {
	{PROTECTS(DEVICES), RESTRICTS(DEVICES), 0, CAP(MKNOD) | CAP(SYS_RAWIO)},
	{PROTECTS(MODULES), RESTRICTS(MODULES), 0, CAP(SYS_MODULE)},
	{PROTECTS(LOGS), RESTRICTS(LOGS), 0, CAP(SYSLOG)},
	{PROTECTS(CLOCK), RESTRICTS(CLOCK), 0, CAP(SYS_TIME) | CAP(WAKE_ALARM)},
	{PROTECTS(HOSTNAME), RESTRICTS(HOSTNAME), CLONE_NEWUTS, 0},
	{PROTECTS(NETWORK), 0, CLONE_NEWNET, 0},
	{PROTECTS(IPC), 0, CLONE_NEWIPC, 0},
	{PROTECTS(MOUNTS), 0, CLONE_NEWNS, 0},
	{PROTECTS(USERS), 0, CLONE_NEWUSER, 0},
};

#define HOME_ANY (PROTECTS(HOME) | PROTECTS(HOME_WRITES) | PROTECTS(HOME_TMPFS))
#define NODE(name) {PROTECTS(DEVICES), MOUNT_BIND, MAY, 0, 0, "/dev/" name, "/dev/" name}
#define LINK(name, to) {PROTECTS(DEVICES), MOUNT_LINK, MUST, 0, 0, "/dev/" name, to}

static const struct row {
	unsigned when; /* PROTECTS() of any */
	signed char kind;
	bool optional;
	uint8_t attributes, lifted;
	const char *target, *text; /* the source, or the options */
} rows[] = {
	{PROTECTS(SYSTEM), MOUNT_VIEW, MUST, RO, 0, "/usr", NULL},
	{PROTECTS(SYSTEM), MOUNT_VIEW, MAY, RO, 0, "/bin", NULL},
	{PROTECTS(SYSTEM), MOUNT_VIEW, MAY, RO, 0, "/sbin", NULL},
	{PROTECTS(SYSTEM), MOUNT_VIEW, MAY, RO, 0, "/lib", NULL},
	{PROTECTS(SYSTEM), MOUNT_VIEW, MAY, RO, 0, "/lib64", NULL},
	{PROTECTS(SYSTEM), MOUNT_VIEW, MAY, RO, 0, "/boot", NULL},
	{PROTECTS(SYSTEM), MOUNT_VIEW, MAY, RO, 0, "/efi", NULL},
	{PROTECTS(SYSTEM_FULL), MOUNT_VIEW, MUST, RO, 0, "/etc", NULL},
	{PROTECTS(SYSTEM_STRICT), MOUNT_VIEW, MUST, RO, 0, "/", NULL},
	{PROTECTS(SYSTEM_STRICT), MOUNT_VIEW, MAY, 0, RO, "/proc", NULL},
	{PROTECTS(SYSTEM_STRICT), MOUNT_VIEW, MAY, 0, RO, "/sys", NULL},
	{PROTECTS(SYSTEM_STRICT), MOUNT_VIEW, MAY, 0, RO, "/dev", NULL},
	{PROTECTS(HOME), MOUNT_HIDDEN, MAY, 0, 0, "/home", NULL},
	{PROTECTS(HOME), MOUNT_HIDDEN, MAY, 0, 0, "/root", NULL},
	{PROTECTS(HOME), MOUNT_HIDDEN, MAY, 0, 0, "/run/user", NULL},
	{PROTECTS(HOME_WRITES), MOUNT_VIEW, MAY, RO, 0, "/home", NULL},
	{PROTECTS(HOME_WRITES), MOUNT_VIEW, MAY, RO, 0, "/root", NULL},
	{PROTECTS(HOME_WRITES), MOUNT_VIEW, MAY, RO, 0, "/run/user", NULL},
	{PROTECTS(HOME_TMPFS), MOUNT_TMPFS, MAY, PLAIN_TMPFS | RO, 0, "/home", "mode=755"},
	{PROTECTS(HOME_TMPFS), MOUNT_TMPFS, MAY, PLAIN_TMPFS | RO, 0, "/root", "mode=755"},
	{PROTECTS(HOME_TMPFS), MOUNT_TMPFS, MAY, PLAIN_TMPFS | RO, 0, "/run/user", "mode=755"},
	{PROTECTS(DEVICES), MOUNT_TMPFS, MUST, PLAIN_TMPFS | MOUNT_ATTR_NOEXEC, 0, "/dev", "mode=755,size=4m"},
	NODE("null"), NODE("zero"), NODE("full"), NODE("random"), NODE("urandom"), NODE("tty"), NODE("pts"), NODE("shm"), NODE("mqueue"), NODE("hugepages"),
	NODE("log"),
	LINK("ptmx", "pts/ptmx"), LINK("fd", "/proc/self/fd"), LINK("stdin", "/proc/self/fd/0"), LINK("stdout", "/proc/self/fd/1"),
	LINK("stderr", "/proc/self/fd/2"),
	{PROTECTS(CGROUPS), MOUNT_VIEW, MAY, RO, 0, "/sys/fs/cgroup", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, RO, 0, "/sys", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, 0, RO, "/sys/fs/cgroup", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, RO, 0, "/proc/sys", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, RO, 0, "/proc/sysrq-trigger", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, RO, 0, "/proc/acpi", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, RO, 0, "/proc/asound", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, RO, 0, "/proc/bus", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, RO, 0, "/proc/fs", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, RO, 0, "/proc/irq", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, RO, 0, "/proc/latency_stats", NULL},
	{PROTECTS(TUNABLES), MOUNT_VIEW, MAY, RO, 0, "/proc/mtrr", NULL},
	{PROTECTS(TUNABLES), MOUNT_HIDDEN, MAY, 0, 0, "/proc/kallsyms", NULL},
	{PROTECTS(TUNABLES), MOUNT_HIDDEN, MAY, 0, 0, "/proc/kcore", NULL},
	{PROTECTS(MODULES), MOUNT_HIDDEN, MAY, 0, 0, "/lib/modules", NULL},
	{PROTECTS(MODULES), MOUNT_HIDDEN, MAY, 0, 0, "/usr/lib/modules", NULL},
	{PROTECTS(LOGS), MOUNT_HIDDEN, MAY, 0, 0, "/proc/kmsg", NULL},
	{PROTECTS(LOGS), MOUNT_HIDDEN, MAY, 0, 0, "/dev/kmsg", NULL},
	{PROTECTS(IPC), MOUNT_PROC, MAY, 0, 0, "/dev/mqueue", "mqueue"},
	/* the last ones, where nothing else is */
	{PROTECTS(API), MOUNT_BIND, MUST, 0, 0, "/proc", "/proc"},
	{PROTECTS(API), MOUNT_BIND, MUST, 0, 0, "/sys", "/sys"},
	{PROTECTS(API), MOUNT_BIND, MUST, 0, 0, "/dev", "/dev"},
	{PROTECTS(API), MOUNT_TMPFS, MUST, PLAIN_TMPFS, 0, "/run", "mode=755"},
};

static int add(struct plan *plan, const struct mount_entry *entry)
{
	if (plan->mount_count == COUNT(plan->mounts)) {
		log_error("%s: too many mounts for one service", entry->option);
		return -1;
	}
	plan->mounts[plan->mount_count++] = *entry;
	return 0;
}

static int add_row(struct plan *plan, const struct row *row)
{
	const bool is_source = row->kind == MOUNT_BIND || row->kind == MOUNT_LINK || row->kind == MOUNT_PROC;

	for (size_t i = 0; row->when == PROTECTS(API) && i < plan->mount_count; i++)
		if (plan->mounts[i].kind > MOUNT_VIEW && strcmp(plan->mounts[i].target, row->target) == 0)
			return 0;
	return add(plan, &(struct mount_entry){
		.kind = row->kind, .source = is_source ? row->text : NULL, .data = is_source ? NULL : row->text, .target = row->target,
		.attributes = row->attributes, .lifted = row->lifted, .recursive = true, .optional = row->optional, .option = "protection of",
	});
}

/* The next part of a text up to a colon, copied. NULL: there is no room. */
static char *part(const char **text)
{
	size_t length = strcspn(*text, ":");
	char *copy = launch_text(length);

	if (!copy)
		return NULL;
	memcpy(copy, *text, length);
	copy[length] = '\0';
	*text += length + ((*text)[length] == ':');
	return copy;
}

/* Takes the words of the directives apart. 0, or -1: there is no room. */
static int split(struct mount_entry *entry)
{
	const char *rest = entry->target;

	if (entry->kind != MOUNT_BIND && entry->kind != MOUNT_TMPFS)
		return 0;
	entry->target = part(&rest);
	if (entry->kind == MOUNT_TMPFS) {
		if (strncmp(rest, "ro", 2) == 0 && (!rest[2] || rest[2] == ',')) {
			entry->attributes |= RO;
			rest += 2 + (rest[2] == ',');
		}
		entry->data = *rest ? rest : "mode=755";
		return entry->target ? 0 : -1;
	}
	entry->source = entry->target;
	if (*rest)
		entry->target = part(&rest);
	entry->recursive = strcmp(rest, "norbind") != 0;
	return entry->source && entry->target ? 0 : -1;
}

/* /tmp and /var/tmp of the unit's own, which its processes share. */
static int add_temporary(struct plan *plan, const struct unit *unit)
{
	for (size_t i = 0; i < PRIVATE_BASES; i++) {
		struct stat status;
		const char *path;

		if (stat(private_bases[i], &status) < 0 && errno == ENOENT)
			continue;
		path = private_make(i, unit);
		if (!path || add(plan, &(struct mount_entry){.kind = MOUNT_BIND, .source = path, .target = private_bases[i], .option = "PrivateTmp",
		        .attributes = PLAIN_TMPFS}) < 0)
			return -1;
	}
	return 0;
}

static int add_bind(struct plan *plan, const char *path, const char *option)
{
	return add(plan, &(struct mount_entry){.kind = MOUNT_BIND, .source = path, .target = path, .option = option});
}

/* The service's own directories are its to write, and are there in a root of its own. */
static int add_directories(const struct launch *launch, struct plan *plan)
{
	for (size_t i = 0; i < launch->directory_count; i++) {
		const char *parent = directory_rows[launch->directories[i].kind].parent, *name = launch->directories[i].name;
		char *path = launch_text(strlen(parent) + strlen(name));

		if (!path)
			return -1;
		strcat(strcpy(path, parent), name);
		if (plan->sandbox_root ? add_bind(plan, path, "directory") < 0 : add(plan, &(struct mount_entry){.kind = MOUNT_VIEW, .lifted = RO,
		        .option = "directory", .target = path}) < 0)
			return -1;
	}
	return 0;
}

/* proc(5), per mount since Linux 5.8. */
static int add_proc(const struct launch *launch, struct plan *plan)
{
	static const char *const hide[] = {"noaccess", "invisible", "ptraceable"};
	const bool subset = launch->protections & PROTECTS(PROC_SUBSET);
	char *options = launch_text(sizeof "subset=pid,hidepid=ptraceable");

	if (!options)
		return -1;
	strcpy(options, subset ? "subset=pid" : "");
	for (size_t i = 0; i < COUNT(hide); i++)
		if (launch->protections & PROTECTS(PROC_NOACCESS) << i)
			strcat(strcat(options, subset ? ",hidepid=" : "hidepid="), hide[i]);
	return *options ? add(plan, &(struct mount_entry){.kind = MOUNT_PROC, .source = "proc", .target = "/proc", .data = options, .option = "ProtectProc"}) : 0;
}

/* Paths of the host: in a root of the service's own they are there if they lie in it, systemd.exec(5). */
static void keep_inside(struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->mount_count; i++) {
		struct mount_entry entry = plan->mounts[i];

		if ((entry.kind == MOUNT_VIEW || entry.kind == MOUNT_HIDDEN) && !entry.inside) {
			const char *rest = lines_below(entry.target, plan->sandbox_root);

			if (!rest)
				continue;
			entry.target = *rest ? rest : "/";
		}
		plan->mounts[kept++] = entry;
	}
	plan->mount_count = kept;
}

static int add_mounts(struct launch *launch, const struct unit *unit)
{
	struct plan *plan = &launch->plan;
	const char *notify = notify_path();

	for (size_t i = 0; i < plan->mount_count; i++)
		if (split(&plan->mounts[i]) < 0)
			return -1;
	if (plan->sandbox_root)
		keep_inside(plan);
	for (size_t i = 0; i < COUNT(rows); i++)
		if ((rows[i].when & launch->protections) && add_row(plan, &rows[i]) < 0)
			return -1;
	if ((plan->sandbox_root || (launch->protections & PROTECTS(SYSTEM_STRICT))) && add_directories(launch, plan) < 0)
		return -1;
	if (plan->sandbox_root && unit->rules.notify != NOTIFY_NONE && *notify == '/' && add_bind(plan, notify, "notify socket") < 0)
		return -1;
	if (add_proc(launch, plan) < 0)
		return -1;
	return launch->protections & PROTECTS(TMP) ? add_temporary(plan, unit) : 0;
}

/* Without the power to mount there is no sandbox of mounts, as in most containers: systemd goes on, unless the service would not find its files. */
static bool must_do_without(const struct plan *plan)
{
	static bool said;

	if (sys_has_capability(CAP_SYS_ADMIN))
		return false;
	for (size_t i = 0; i < plan->mount_count; i++)
		if (plan->mounts[i].kind == MOUNT_BIND || plan->mounts[i].kind == MOUNT_TMPFS)
			return false;
	if (plan->sandbox_root)
		return false;
	if (!said)
		log_warning("services have no Private... and Protect... of mounts and namespaces: it takes CAP_SYS_ADMIN");
	said = true;
	return true;
}

/* A dynamic user comes with these, systemd.exec(5). */
static void imply(struct launch *launch)
{
	if (launch->plan.sandbox_root && !launch->no_api)
		launch->protections |= PROTECTS(API);
	if (!launch->dynamic_user)
		return;
	launch->protections |= PROTECTS(TMP) | PROTECTS(SYSTEM_STRICT) | (launch->protections & HOME_ANY ? 0 : PROTECTS(HOME_WRITES));
	launch->plan.no_new_privs = true;
	launch->plan.filter.restrictions |= RESTRICTS(SUID);
}

int protect_plan(struct launch *launch, const struct unit *unit)
{
	struct plan *plan = &launch->plan;

	imply(launch);
	for (size_t i = 0; i < COUNT(taken); i++) {
		if (!(launch->protections & taken[i].when))
			continue;
		plan->sandbox |= taken[i].namespaces;
		plan->limit_capabilities |= taken[i].capabilities != 0;
		plan->capabilities &= ~taken[i].capabilities;
		plan->filter.restrictions |= taken[i].restrictions;
	}
	if (must_do_without(plan)) {
		plan->sandbox = 0;
		plan->mount_count = 0;
		return credentials_write(plan);
	}
	if (add_mounts(launch, unit) < 0 || credentials_add(plan) < 0)
		return -1;
	plan->sandbox |= plan->mount_count > 0 || plan->sandbox_root || plan->propagation ? CLONE_NEWNS : 0;
	return 0;
}
