/* SPDX-License-Identifier: MIT
 *
 * What the values of directives say. Each reader takes the whole value or says what is wrong with it.
 */
#include "reader.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "calls.h"
#include "launch.h"
#include "log.h"
#include "mount.h"
#include "syntax.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define READS(name) const char *read_##name(void *field, const struct directive *row, const struct setting *setting)
/* Most readers need no row. */
#define PLAIN(name) \
	static const char *plain_##name(void *field, const char *text); \
	READS(name) { (void)row; return plain_##name(field, setting->text); } \
	static const char *plain_##name(void *field, const char *text)

/* The position of text among names, or -1. */
static int choice(const char *text, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] && strcmp(text, names[i]) == 0)
			return (int)i;
	return -1;
}

int reader_truth(const char *text, bool *truth)
{
	static const char *const words[] = {"0", "1", "no", "yes", "n", "y", "false", "true", "f", "t", "off", "on"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcasecmp(text, words[i]) == 0) {
			*truth = i % 2;
			return 0;
		}
	return -1;
}

/* A number with a fraction of up to nine digits. Returns its end, NULL if there is none. */
static const char *read_decimal(const char *text, uint64_t *whole, uint64_t *billionths)
{
	const char *start = text;
	uint64_t place = 1000000000;

	*whole = *billionths = 0;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (*whole > UINT32_MAX)
			return NULL;
		*whole = *whole * 10 + (uint64_t)(*text - '0');
	}
	if (text == start)
		return NULL;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++)
			*billionths += (uint64_t)(*text - '0') * (place /= 10);
	return text;
}

int reader_span(const char *text, int64_t *ms)
{
	static const struct {
		const char *names;
		uint64_t us;
	} units[] = {
		{" s sec second seconds ", 1000000}, {" min m minute minutes ", 60000000}, {" ms msec ", 1000}, {" us usec ", 1},
		{" h hr hour hours ", 3600000000}, {" d day days ", 86400000000}, {" w week weeks ", 604800000000},
		{" M month months ", 2629800000000}, {" y year years ", 31557600000000},
	};
	uint64_t sum = 0;

	if (strcmp(text, "infinity") == 0) {
		*ms = -1;
		return 0;
	}
	do {
		char name[16] = " s ";
		uint64_t whole, billionths;
		size_t unit = 0, length;

		text = read_decimal(text + strspn(text, " \t"), &whole, &billionths);
		if (!text)
			return -1;
		text += strspn(text, " \t");
		length = strspn(text, "abcdefghijklmnopqrstuvwxyzM");
		if (length > sizeof name - 3)
			return -1;
		if (length > 0) {
			memcpy(name + 1, text, length);
			memcpy(name + 1 + length, " ", 2);
		}
		text += length;
		while (unit < COUNT(units) && !strstr(units[unit].names, name))
			unit++;
		if (unit == COUNT(units) || whole > (uint64_t)INT64_MAX / units[unit].us / 4)
			return -1;
		sum += whole * units[unit].us + billionths * (units[unit].us / 1000) / 1000000 ;
		text += strspn(text, " \t");
	} while (*text && sum < INT64_MAX / 2);
	*ms = (int64_t)((sum + 999) / 1000); /* what is asked for is not nothing */
	return *text ? -1 : 0;
}

PLAIN(text)
{
	*(const char **)field = text;
	return NULL;
}

PLAIN(truth)
{
	return reader_truth(text, field) == 0 ? NULL : "not a yes or no";
}

PLAIN(untruth)
{
	const char *wrong = plain_truth(field, text);

	*(bool *)field = !*(bool *)field;
	return wrong;
}

PLAIN(span)
{
	return reader_span(text, field) == 0 ? NULL : "not a time; give 5s, 1min 20s, 100ms or infinity";
}

PLAIN(timeout)
{
	const char *wrong = plain_span(field, text);

	if (*(int64_t *)field == 0)
		*(int64_t *)field = -1;
	return wrong;
}

PLAIN(both_timeouts)
{
	struct rules *rules = field;
	const char *wrong = plain_timeout(&rules->start_ms, text);

	rules->stop_ms = rules->start_ms;
	return wrong;
}

PLAIN(signal)
{
	return value_signal(text, field) == 0 ? NULL : "not a signal";
}

PLAIN(count)
{
	return value_number(text, UINT32_MAX, field) == 0 ? NULL : "not a number";
}

PLAIN(type)
{
	static const char *const names[] = {
		[TYPE_SIMPLE] = "simple", [TYPE_EXEC] = "exec", [TYPE_FORKING] = "forking", [TYPE_ONESHOT] = "oneshot", [TYPE_DBUS] = "dbus",
		[TYPE_NOTIFY] = "notify", [TYPE_NOTIFY_RELOAD] = "notify-reload", [TYPE_IDLE] = "idle",
	};
	int type = choice(text, names, COUNT(names));

	if (type < 0)
		return "not a type; give simple, exec, forking, oneshot, dbus, notify, notify-reload or idle";
	*(enum service_type *)field = (enum service_type)type;
	return NULL;
}

PLAIN(restart)
{
	static const char *const names[] = {"no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"};
	int policy = choice(text, names, COUNT(names));

	if (policy < 0)
		return "not a policy; give no, always, or on- with success, failure, abnormal, watchdog or abort";
	*(enum restart_policy *)field = (enum restart_policy)policy;
	return NULL;
}

PLAIN(kill_mode)
{
	static const char *const names[] = {"control-group", "mixed", "process", "none"};
	int mode = choice(text, names, COUNT(names));

	if (mode < 0)
		return "not a mode; give control-group, mixed, process or none";
	*(enum kill_mode *)field = (enum kill_mode)mode;
	return NULL;
}

PLAIN(notify)
{
	static const char *const names[] = {[NOTIFY_NONE] = "none", [NOTIFY_MAIN] = "main", [NOTIFY_EXEC] = "exec", [NOTIFY_ALL] = "all"};
	int access = choice(text, names, COUNT(names));

	if (access < 0)
		return "not an access; give none, main, exec or all";
	*(enum notify_access *)field = (enum notify_access)access;
	return NULL;
}

/* Whatever ends the machine, or the manager, is our end: in a container there is no other. */
PLAIN(action)
{
	static const char *const names[] = {
		"none", "exit", "exit-force", "poweroff", "poweroff-force", "poweroff-immediate", "reboot", "reboot-force", "reboot-immediate",
	};
	int action = choice(text, names, COUNT(names));

	if (action < 0)
		return "not an action; give none or exit";
	*(enum unit_action *)field = action == 0 ? ACTION_NONE : ACTION_EXIT;
	return NULL;
}

PLAIN(code)
{
	return value_signed(text, 0, 255, field) == 0 ? NULL : "not an exit code; give 0 to 255";
}

/* sysexits(3), from 64 on. */
static int read_exit_code(const char *text, unsigned long *code)
{
	static const char *const names[] = {
		"USAGE", "DATAERR", "NOINPUT", "NOUSER", "NOHOST", "UNAVAILABLE", "SOFTWARE", "OSERR", "OSFILE", "CANTCREAT", "IOERR", "TEMPFAIL",
		"PROTOCOL", "NOPERM", "CONFIG",
	};
	int name = choice(text, names, COUNT(names));

	*code = 64 + (unsigned long)name;
	return name >= 0 ? 0 : value_number(text, 255, code);
}

READS(statuses)
{
	struct status_set *set = field;
	const char *word = setting->text;

	(void)row;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		unsigned long code;
		int signal;

		if (read_exit_code(word, &code) == 0)
			set->codes[code / 32] |= 1U << code % 32;
		else if (value_signal(word, &signal) == 0)
			set->signals |= UINT64_C(1) << (signal - 1);
		else
			return "neither an exit code nor a signal; give some of 0 to 255, SIGTERM and the like";
	}
	return NULL;
}

static const char too_many[] = "too many of them";

/* SupplementaryGroups */
READS(strings)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	const char *word = setting->text;

	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		if (launch->group_count == COUNT(launch->groups))
			return too_many;
		launch->groups[launch->group_count++] = word;
	}
	return NULL;
}

READS(environment)
{
	struct plan *plan = field;
	const char *word = setting->text;

	(void)row;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		if (word[0] == '=' || !strchr(word, '='))
			return "not a variable; give NAME=VALUE";
		if (plan->env_count == COUNT(plan->env))
			return too_many;
		plan->env[plan->env_count++] = word;
	}
	return NULL;
}

/* EnvironmentFile */
READS(path)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);

	if (launch->env_file_count == COUNT(launch->env_files))
		return too_many;
	if (setting->text[setting->text[0] == '-'] != '/')
		return "not an absolute path";
	launch->env_files[launch->env_file_count++] = setting->text;
	return NULL;
}

/* A number with the suffixes of sizes; times for the two limits that are times. */
static int read_limit_value(int resource, const char *text, uint64_t *value)
{
	static const char suffixes[] = "KMGTPE";
	char number[32];
	size_t length = strspn(text, "0123456789");
	unsigned long plain;
	int64_t ms;

	*value = RLIM_INFINITY;
	if (strcmp(text, "infinity") == 0)
		return 0;
	if ((resource == RLIMIT_CPU || resource == RLIMIT_RTTIME) && text[length]) {
		if (reader_span(text, &ms) < 0)
			return -1;
		*value = resource == RLIMIT_CPU ? (uint64_t)(ms + 999) / 1000 : (uint64_t)ms * 1000;
		return 0;
	}
	if (length >= sizeof number)
		return -1;
	memcpy(number, text, length);
	number[length] = '\0';
	if (value_number(number, ULONG_MAX, &plain) < 0)
		return -1;
	*value = plain;
	if (text[length] && strchr(suffixes, text[length])) {
		unsigned shift = 10 * (unsigned)(strchr(suffixes, text[length++]) - suffixes + 1);

		if (plain > ULONG_MAX >> shift)
			return -1;
		*value = (uint64_t)plain << shift;
	}
	return text[length] ? -1 : 0;
}

READS(limit)
{
	static const char wrong[] = "not a limit; give SOFT[:HARD], each a number or infinity, SOFT up to HARD";
	struct plan *plan = field;
	struct limit *limit = &plan->limits[plan->limit_count];
	char text[64];
	const char *hard;

	if (plan->limit_count == COUNT(plan->limits))
		return too_many;
	strcpy(text, row->name + strlen("Limit"));
	strcat(text, "=0");
	if (value_limit(text, limit) < 0) /* only for the number of the resource */
		return wrong;
	hard = value_item(setting->text, ':', text, sizeof text);
	if (read_limit_value(limit->resource, text, &limit->soft) < 0 || read_limit_value(limit->resource, hard ? hard : text, &limit->hard) < 0 ||
	    limit->soft > limit->hard)
		return wrong;
	plan->limit_count++;
	return NULL;
}

PLAIN(nice)
{
	struct plan *plan = field;

	plan->nice_set = value_signed(text, -20, 19, &plan->nice) == 0;
	return plan->nice_set ? NULL : "not a niceness; give -20 to 19";
}

PLAIN(oom)
{
	struct plan *plan = field;

	plan->oom_set = value_signed(text, -1000, 1000, &plan->oom_score_adj) == 0;
	return plan->oom_set ? NULL : "not a score; give -1000 to 1000";
}

PLAIN(mode)
{
	return value_octal(text, 07777, field) == 0 ? NULL : "not a mode; give an octal number";
}

PLAIN(umask)
{
	struct plan *plan = field;

	plan->umask_set = value_octal(text, 0777, &plan->umask) == 0;
	return plan->umask_set ? NULL : "not a mask; give an octal number up to 0777";
}

/* The capabilities of a list, and whether it is of those to do without. */
static const char *capabilities(const struct setting *setting, uint64_t *bits, bool *without)
{
	const char *word = setting->text;

	*bits = 0;
	*without = *word == '~';
	word += *without;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word))
		if (*word && value_capabilities(word, bits) < 0)
			return "not a capability; give names as CAP_NET_ADMIN";
	return NULL;
}

READS(bounding)
{
	struct plan *plan = field;
	bool without;
	uint64_t bits;
	const char *wrong = capabilities(setting, &bits, &without);

	(void)row;
	if (!plan->limit_capabilities)
		plan->capabilities = without ? ~UINT64_C(0) : 0;
	plan->limit_capabilities = true;
	plan->capabilities = without ? plan->capabilities & ~bits : setting->words ? plan->capabilities | bits : 0;
	return wrong;
}

READS(ambient)
{
	struct plan *plan = field;
	bool without;
	uint64_t bits;
	const char *wrong = capabilities(setting, &bits, &without);

	(void)row;
	plan->cap_add = without ? plan->cap_add & ~bits : plan->cap_add | bits;
	return wrong;
}

PLAIN(cwd)
{
	struct launch *launch = field;

	launch->optional_cwd = *text == '-';
	text += launch->optional_cwd;
	launch->home_cwd = strcmp(text, "~") == 0;
	launch->plan.cwd = launch->home_cwd ? NULL : text;
	return launch->home_cwd || *text == '/' ? NULL : "neither an absolute path nor ~";
}

/* How a stream is said; a colon at the end of it stands before a path. */
static const struct {
	const char *name;
	enum stream_kind kind;
} streams[] = {
	{"inherit", STREAM_INHERIT}, {"null", STREAM_NULL}, {"journal", STREAM_LOG}, {"syslog", STREAM_LOG}, {"kmsg", STREAM_LOG},
	{"journal+console", STREAM_LOG}, {"syslog+console", STREAM_LOG}, {"kmsg+console", STREAM_LOG}, {"tty", STREAM_TTY},
	{"tty-force", STREAM_TTY}, {"tty-fail", STREAM_TTY}, {"file:", STREAM_FILE}, {"append:", STREAM_APPEND}, {"truncate:", STREAM_TRUNCATE},
};

static const char *read_stream(struct stream *stream, const char *text)
{
	for (size_t i = 0; i < COUNT(streams); i++) {
		size_t length = strlen(streams[i].name);
		bool has_path = streams[i].name[length - 1] == ':';

		if (strncmp(text, streams[i].name, length) != 0 || (has_path ? text[length] != '/' : text[length]))
			continue;
		*stream = (struct stream){streams[i].kind, has_path ? text + length : NULL};
		return NULL;
	}
	return "not a stream; give inherit, null, tty, journal, or file:, append: or truncate: with a path";
}

PLAIN(input)
{
	return read_stream(field, text);
}

PLAIN(output)
{
	return read_stream(field, text);
}

/* The field of the row is the kind of directory. */
READS(directories)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	const char *word = setting->text;

	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		if (launch->directory_count == COUNT(launch->directories))
			return too_many;
		if (*word == '/' || strcmp(word, "..") == 0 || strncmp(word, "../", 3) == 0 || strstr(word, "/..") || strchr(word, ':'))
			return "not a relative path";
		launch->directories[launch->directory_count].kind = (enum directory_kind)row->field;
		launch->directories[launch->directory_count++].name = word;
	}
	return NULL;
}

/* restart is more than no: the directory stays while there will be another start. */
PLAIN(preserve)
{
	return strcmp(text, "restart") == 0 ? plain_truth(field, "yes") : plain_truth(field, text);
}

/* The field of the row is the protection. */
READS(protection)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	bool on = false;
	const char *wrong = plain_truth(&on, setting->text);

	launch->protections = on ? launch->protections | 1U << row->field : launch->protections & ~(1U << row->field);
	return wrong;
}

/* A protection in degrees: a word chooses one of them, none, or, as some may have it, that which stands for yes. */
struct degree {
	const char *word;
	unsigned protections;
};

static const char *read_degree(struct launch *launch, const struct degree *degrees, const char *text)
{
	unsigned all = 0;
	bool on;

	for (const struct degree *degree = degrees; degree->word; degree++)
		all |= degree->protections;
	for (const struct degree *degree = degrees; degree->word; degree++)
		if (strcmp(text, degree->word) == 0 || (reader_truth(text, &on) == 0 && strcmp(on ? "yes" : "no", degree->word) == 0)) {
			launch->protections = (launch->protections & ~all) | degree->protections;
			return NULL;
		}
	return "not one of its values; see systemd.exec(5)";
}

#define DEGREES(name, ...) \
	PLAIN(name) \
	{ \
		static const struct degree degrees[] = {__VA_ARGS__, {NULL, 0}}; \
		return read_degree(field, degrees, text); \
	}

DEGREES(protect_system, {"no", 0}, {"yes", PROTECTS(SYSTEM)}, {"full", PROTECTS(SYSTEM) | PROTECTS(SYSTEM_FULL)}, {"strict", PROTECTS(SYSTEM_STRICT)})
DEGREES(protect_home, {"no", 0}, {"yes", PROTECTS(HOME)}, {"read-only", PROTECTS(HOME_WRITES)}, {"tmpfs", PROTECTS(HOME_TMPFS)})
DEGREES(protect_proc, {"default", 0}, {"noaccess", PROTECTS(PROC_NOACCESS)}, {"invisible", PROTECTS(PROC_INVISIBLE)}, {"ptraceable", PROTECTS(PROC_PTRACEABLE)})
DEGREES(proc_subset, {"all", 0}, {"pid", PROTECTS(PROC_SUBSET)})

/* Adds a mount to the sandbox. NULL, or what is wrong. */
static const char *add_mount(struct launch *launch, const struct directive *row, struct mount_entry entry)
{
	struct plan *plan = &launch->plan;

	if (*entry.target != '/')
		return "not an absolute path";
	if (plan->mount_count == COUNT(plan->mounts))
		return too_many;
	entry.option = row->name;
	plan->mounts[plan->mount_count++] = entry;
	return NULL;
}

/* Paths, seen in another way: the field of the row is an enum view. */
READS(views)
{
	static const struct mount_entry views[VIEWS] = {
		[VIEW_READ_ONLY] = {.kind = MOUNT_VIEW, .attributes = MOUNT_ATTR_RDONLY},
		[VIEW_READ_WRITE] = {.kind = MOUNT_VIEW, .lifted = MOUNT_ATTR_RDONLY},
		[VIEW_INACCESSIBLE] = {.kind = MOUNT_HIDDEN},
		[VIEW_NO_EXEC] = {.kind = MOUNT_VIEW, .attributes = MOUNT_ATTR_NOEXEC},
		[VIEW_EXEC] = {.kind = MOUNT_VIEW, .lifted = MOUNT_ATTR_NOEXEC},
	};
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	const char *word = setting->text, *wrong = NULL;

	for (unsigned i = 0; i < setting->words && !wrong; i++, word = syntax_after(word)) {
		struct mount_entry entry = views[row->field];

		entry.optional = *word == '-';
		entry.target = word + entry.optional + (word[entry.optional] == '+'); /* the one root that there is */
		wrong = add_mount(launch, row, entry);
	}
	return wrong;
}

/* SOURCE[:TARGET[:rbind or norbind]], which protect.c takes apart. The field of the row is whether it is read-only. */
READS(binds)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	const char *word = setting->text, *wrong = NULL;

	for (unsigned i = 0; i < setting->words && !wrong; i++, word = syntax_after(word)) {
		bool optional = *word == '-';
		const char *path = word + optional;

		wrong = add_mount(launch, row, (struct mount_entry){.kind = MOUNT_BIND, .source = path, .target = path, .optional = optional,
		                  .recursive = true, .attributes = row->field ? MOUNT_ATTR_RDONLY : 0});
	}
	return wrong;
}

/* PATH[:OPTIONS], the same. */
READS(tmpfs)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	const char *word = setting->text, *wrong = NULL;

	for (unsigned i = 0; i < setting->words && !wrong; i++, word = syntax_after(word))
		wrong = add_mount(launch, row, (struct mount_entry){.kind = MOUNT_TMPFS, .target = word, .attributes = MS_NOSUID | MS_NODEV});
	return wrong;
}

/* The field of the row is the restriction. */
READS(restriction)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	unsigned *restrictions = &launch->plan.filter.restrictions;
	bool on = false;
	const char *wrong = plain_truth(&on, setting->text);

	*restrictions = on ? *restrictions | 1U << row->field : *restrictions & ~(1U << row->field);
	return wrong;
}

/* yes: none is allowed; no; those that are; or, behind ~, those that are not. */
READS(namespaces)
{
	static const char *const names[] = {"cgroup", "ipc", "net", "mnt", "pid", "user", "uts", "time"};
	static const unsigned long flags[] = {CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS, CLONE_NEWTIME};
	struct filter *filter = &((struct plan *)field)->filter;
	const char *word = setting->text;
	unsigned long named = 0, all = 0;
	bool without = *word == '~', on;

	(void)row;
	for (size_t i = 0; i < COUNT(flags); i++)
		all |= flags[i];
	word += without;
	if (setting->words == 1 && reader_truth(word, &on) == 0) {
		filter->namespaces = on ? all : 0;
	} else {
		for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
			int name = choice(word, names, COUNT(names));

			if (name < 0)
				return "not a namespace; give some of cgroup, ipc, net, mnt, pid, user, uts, time";
			named |= flags[name];
		}
		/* What an earlier line allows it allows. */
		filter->namespaces = without ? filter->namespaces | named : (filter->namespaces ? filter->namespaces : all) & ~named;
	}
	filter->restrictions = filter->namespaces ? filter->restrictions | RESTRICTS(NAMESPACES) : filter->restrictions & ~RESTRICTS(NAMESPACES);
	return NULL;
}

/* socket(2), by their numbers. */
static const char *const families[] = {
	[1] = "AF_UNIX", "AF_INET", "AF_AX25", "AF_IPX", "AF_APPLETALK", "AF_NETROM", "AF_BRIDGE", "AF_ATMPVC", "AF_X25", "AF_INET6", "AF_ROSE", "AF_DECnet",
	"AF_NETBEUI", "AF_SECURITY", "AF_KEY", "AF_NETLINK", "AF_PACKET", "AF_ASH", "AF_ECONET", "AF_ATMSVC", "AF_RDS", "AF_SNA", "AF_IRDA", "AF_PPPOX",
	"AF_WANPIPE", "AF_LLC", "AF_IB", "AF_MPLS", "AF_CAN", "AF_TIPC", "AF_BLUETOOTH", "AF_IUCV", "AF_RXRPC", "AF_ISDN", "AF_PHONET", "AF_IEEE802154",
	"AF_CAIF", "AF_ALG", "AF_NFC", "AF_VSOCK", "AF_KCM", "AF_QIPCRTR", "AF_SMC", "AF_XDP", "AF_MCTP",
};

/* Those that are allowed, none, or, behind ~, those that are not. */
READS(families)
{
	struct filter *filter = &((struct plan *)field)->filter;
	const char *word = setting->text;
	const bool without = *word == '~', first = !(filter->restrictions & RESTRICTS(FAMILIES));

	(void)row;
	word += without;
	if (first)
		filter->families = without ? ~UINT64_C(0) : 0;
	filter->restrictions |= RESTRICTS(FAMILIES);
	for (unsigned i = 0; i < setting->words && strcmp(word, "none") != 0; i++, word = syntax_after(word)) {
		int family = choice(strcmp(word, "AF_LOCAL") == 0 ? "AF_UNIX" : word, families, COUNT(families));

		if (family < 0)
			return "not an address family; give names as AF_INET";
		filter->families = without ? filter->families & ~(UINT64_C(1) << family) : filter->families | UINT64_C(1) << family;
	}
	return NULL;
}

/* Every filter leaves only the machine's own, whatever other ones are named. */
READS(architectures)
{
	(void)row;
	(void)setting;
	((struct plan *)field)->filter.restrictions |= RESTRICTS(ARCHITECTURES);
	return NULL;
}

/* Some errors by name, or any by number. -1: it is none. */
static int read_error(const char *text)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {
		{"kill", 0}, {"EPERM", EPERM}, {"EACCES", EACCES}, {"ENOSYS", ENOSYS}, {"EINVAL", EINVAL}, {"ENOENT", ENOENT}, {"EUCLEAN", EUCLEAN},
		{"EOPNOTSUPP", EOPNOTSUPP}, {"ENOTSUP", ENOTSUP}, {"EAFNOSUPPORT", EAFNOSUPPORT}, {"EIO", EIO}, {"EBUSY", EBUSY}, {"EILSEQ", EILSEQ},
	};
	unsigned long number;

	for (size_t i = 0; i < COUNT(errors); i++)
		if (strcmp(text, errors[i].name) == 0)
			return errors[i].error;
	return value_number(text, 254, &number) == 0 ? (int)number : -1;
}

PLAIN(call_error)
{
	int error = read_error(text);

	((struct plan *)field)->filter.calls_error = error > 0 ? error : 0;
	return error < 0 ? "not an error; give one as EPERM, or kill" : NULL;
}

/* Marks the calls of NAME[:ERROR]. False: there is no such name, or error. */
static bool mark_calls(struct filter *filter, const char *word, bool listed)
{
	char name[64];
	const char *text = value_item(word, ':', name, sizeof name);
	struct calls_walk walk = {0};
	int error = text ? read_error(text) : 0, number;

	while (error >= 0 && (number = calls_next(&walk, name)) >= 0)
		filter->calls[number] = listed ? (uint8_t)(error + 1) : 0;
	return walk.known;
}

/* The first line says whether those that are named are allowed, or with ~ refused; a line of the other kind takes names back. */
READS(calls)
{
	struct filter *filter = &((struct plan *)field)->filter;
	const char *word = setting->text;
	const bool without = *word == '~';

	(void)row;
	word += without;
	if (!(filter->restrictions & RESTRICTS(CALLS))) {
		filter->calls_allowed = !without;
		mark_calls(filter, "@default", !without);
	}
	filter->restrictions |= RESTRICTS(CALLS);
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word))
		if (!mark_calls(filter, word, filter->calls_allowed != without))
			log_warning("SystemCallFilter: %s: no such system call or group; it is left out", word);
	return NULL;
}
