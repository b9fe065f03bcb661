/* SPDX-License-Identifier: MIT
 *
 * What the values of directives say that make the sandbox of a service, systemd.exec(5). Readers as those of reader.c.
 */
#include "reader.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "calls.h"
#include "launch.h"
#include "log.h"
#include "mount.h"
#include "syntax.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The field of the row is the protection. */
READS(protection)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	bool on = false;
	const char *wrong = read_truth(&on, row, setting);

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
	READS_PLAIN(name) \
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
		return reader_too_many;
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
		entry.inside = word[entry.optional] == '+';
		entry.target = word + entry.optional + entry.inside;
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

/* Slashes at its end are lost: other paths are compared with it. The field of the row is whether it is an image. */
READS(root)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	char *path = (char *)setting->text + (*setting->text == '-'), *end = strchr(path, '\0');

	while (end > path && end[-1] == '/')
		*--end = '\0';
	launch->optional_root = path != setting->text;
	launch->root_image = row->field;
	launch->plan.sandbox_root = *path ? path : NULL; /* "/" is no other one */
	return *path && *path != '/' ? "not an absolute path" : NULL;
}

READS_PLAIN(propagation)
{
	static const char *const names[] = {"shared", "slave", "private"};
	static const unsigned long flags[] = {MS_SHARED, MS_SLAVE, MS_PRIVATE};
	int name = reader_choice(text, names, COUNT(names));

	((struct plan *)field)->propagation = name < 0 ? 0 : flags[name];
	return name < 0 ? "not a way; give shared, slave or private" : NULL;
}

/* The field of the row is the restriction. */
READS(restriction)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	unsigned *restrictions = &launch->plan.filter.restrictions;
	bool on = false;
	const char *wrong = read_truth(&on, row, setting);

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
			int name = reader_choice(word, names, COUNT(names));

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
		int family = reader_choice(strcmp(word, "AF_LOCAL") == 0 ? "AF_UNIX" : word, families, COUNT(families));

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

READS_PLAIN(call_error)
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

/* Those that are named are logged, or with ~ all others. */
READS(call_log)
{
	struct filter *filter = &((struct plan *)field)->filter;
	const char *word = setting->text;
	const bool without = *word == '~';

	(void)row;
	word += without;
	if (!(filter->restrictions & RESTRICTS(NOTHING)))
		memset(filter->logged, without ? 0xff : 0, sizeof filter->logged);
	filter->restrictions |= RESTRICTS(NOTHING);
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		struct calls_walk walk = {0};

		for (int number = calls_next(&walk, word); number >= 0; number = calls_next(&walk, word))
			filter->logged[number / 8] = (uint8_t)((filter->logged[number / 8] & ~(1 << number % 8)) | !without << number % 8);
		if (!walk.known)
			log_warning("SystemCallLog: %s: no such system call or group; it is left out", word);
	}
	return NULL;
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
