/* SPDX-License-Identifier: MIT
 *
 * A unit starts at a boot if its file, or a link to it, is in /etc/nsinit. A link to /dev/null in /etc/systemd/system keeps it from
 * ever starting.
 */
#include "enable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "out.h"
#include "query.h"
#include "unitfile.h"
#include "units.h"

#define MASKS "/etc/systemd/system"

enum { PATH_SIZE = 320 };

/* "DIRECTORY/NAME" in a buffer of PATH_SIZE. */
static const char *in(const char *directory, const char *name, char *path)
{
	strcat(strcpy(path, directory), "/");
	return strncat(path, name, PATH_SIZE - 1 - strlen(path));
}

static bool is_mask(const char *path)
{
	char target[sizeof "/dev/null"];

	return readlink(path, target, sizeof target) == strlen("/dev/null") && memcmp(target, "/dev/null", strlen("/dev/null")) == 0;
}

static int complain(const char *path)
{
	log_error("%s: %s", path, strerror(errno));
	return 1;
}

/* Loads it without a word: what the file asks for in vain is said when it is started. */
static const struct unit *load(const char *name, int verbosity)
{
	log_open(STDERR_FILENO, verbosity);
	units_load(name);
	log_open(STDERR_FILENO, LOG_WARNING);
	return units_find(name);
}

static int link_unit(const char *name)
{
	const struct unit *unit = load(name, LOG_ERROR);
	char path[PATH_SIZE];

	if (!unit || unit->kind < UNIT_TARGET)
		return 1;
	in(UNITS_ENABLED, unit->name, path);
	if ((mkdir(UNITS_ENABLED, 0755) == 0 || errno == EEXIST) && (symlink(unit->file, path) == 0 || errno == EEXIST))
		return 0;
	return complain(path);
}

static int unlink_unit(const char *name)
{
	char path[PATH_SIZE], target;
	const struct unit *unit;

	in(UNITS_ENABLED, name, path);
	if (readlink(path, &target, 1) < 0 && errno == EINVAL) {
		log_error("%s is the file itself and no link to it; move it to /etc/systemd/system", path);
		return 1;
	}
	if (unlink(path) == 0)
		return 0;
	if (errno != ENOENT)
		return complain(path);
	unit = load(name, LOG_ERROR); /* a name without a file is a slip of the pen */
	return !unit || unit->kind == UNIT_NAMED;
}

/* With it go those that its file names in Also=. */
static int with_others(const char *name, int (*act)(const char *name))
{
	const struct unit *unit;
	int status = act(name);

	unit = load(name, -1);
	for (const struct edge *edge = unit ? unit->edges : NULL; edge; edge = edge->next)
		if (edge->kinds & EDGE(ALSO))
			status |= act(edge->other->name);
	return status;
}

int enable_link(const struct nsctl_verb *verb, const char *name)
{
	(void)verb;
	return with_others(name, link_unit);
}

int enable_unlink(const struct nsctl_verb *verb, const char *name)
{
	(void)verb;
	return with_others(name, unlink_unit);
}

int enable_mask(const struct nsctl_verb *verb, const char *name)
{
	char path[PATH_SIZE];

	(void)verb;
	in(MASKS, name, path);
	return is_mask(path) || symlink("/dev/null", path) == 0 ? 0 : complain(path);
}

int enable_unmask(const struct nsctl_verb *verb, const char *name)
{
	char path[PATH_SIZE];

	(void)verb;
	in(MASKS, name, path);
	return !is_mask(path) || unlink(path) == 0 ? 0 : complain(path);
}

const char *enable_load_state(const char *name)
{
	char path[PATH_SIZE];
	const struct unit *unit;

	if (is_mask(in(MASKS, name, path)))
		return "masked";
	unit = units_find(name);
	if (!unit || unit->kind == UNIT_NAMED)
		unit = load(name, -1);
	return !unit || unit->kind == UNIT_NAMED ? "not-found" : unit->kind == UNIT_BROKEN ? "bad-setting" : "loaded";
}

const char *enable_state(const char *name)
{
	const char *loaded = enable_load_state(name);
	char path[PATH_SIZE];

	if (*loaded != 'l' && *loaded != 'b')
		return loaded;
	return faccessat(AT_FDCWD, in(UNITS_ENABLED, name, path), F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? "enabled" : "disabled";
}

int enable_is(const struct nsctl_verb *verb, const char *name)
{
	struct out out = OUT(STDOUT_FILENO);
	const char *state = enable_state(name);

	(void)verb;
	if (!nsctl_options.quiet)
		out_print(&out, "%s\n", state);
	out_flush(&out);
	return *state == 'e' ? 0 : *state == 'n' ? NSCTL_NO_SUCH : 1;
}

static void print_file(const char *path)
{
	struct out out = OUT(STDOUT_FILENO);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[1024];
	ssize_t length;

	out_print(&out, "# %s\n", path);
	out_flush(&out);
	while (fd >= 0 && (length = read(fd, text, sizeof text)) > 0 && write(STDOUT_FILENO, text, (size_t)length) > 0)
		;
	if (fd >= 0)
		close(fd);
}

static void know_place(char *const *fields)
{
	units_know_place(fields[FIELD_FILE]);
}

int enable_print(const struct nsctl_verb *verb, const char *name)
{
	const struct unit *unit;

	(void)verb;
	log_open(STDERR_FILENO, -1);
	query_run(&(struct query){"list", name, NULL, true, know_place, NULL}); /* its file may be in a place that only PID 1 looks into */
	unit = load(name, LOG_ERROR);
	if (!unit || !unit->file)
		return 1;
	for (size_t i = 0; unitfile_read(i); i++) {
		if (i > 0 && write(STDOUT_FILENO, "\n", 1) < 0)
			return 1;
		print_file(unitfile_read(i));
	}
	return 0;
}
