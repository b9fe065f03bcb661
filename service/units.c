/* SPDX-License-Identifier: MIT
 *
 * The set of units: found by name, loaded with what they pull in, related to each other.
 */
#include "units.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "cold.h"
#include "file.h"
#include "kind.h"
#include "log.h"
#include "unitfile.h"

enum {
	BUCKETS = 1024,
	PLACES_MAX = 16,
	NAME_SIZE = 256, /* systemd.unit(5): with its suffix, and the NUL */
	DROP_INS_MAX = 32,
	LINKS_MAX = 4,
};

COLD static struct unit *buckets[BUCKETS];
static struct unit *first, **last = &first;

/* Where files are looked for, the first first. fd: -1: not opened yet, -2: not there. */
static struct place {
	const char *path;
	int fd;
} places[PLACES_MAX] = {
	{UNITS_ENABLED, -1}, {"/etc/systemd/system", -1}, {"/run/systemd/system", -1}, {"/usr/local/lib/systemd/system", -1},
	{"/usr/lib/systemd/system", -1}, {"/lib/systemd/system", -1},
};

struct unit *units_first(void)
{
	return first;
}

unsigned units_place(const struct unit *unit)
{
	unsigned place = 0;

	for (const struct unit *other = first; other && other != unit; other = other->next)
		place++;
	return place;
}

int units_add_place(const char *path)
{
	if (places[PLACES_MAX - 1].path)
		return -1;
	memmove(places + 1, places, sizeof places - sizeof places[0]);
	places[0] = (struct place){path, -1};
	return 0;
}

void units_know_place(const char *file)
{
	const char *slash = strrchr(file, '/');
	char *path;

	if (!slash)
		return;
	path = arena_text(file, (size_t)(slash - file));
	for (const struct place *place = places; path && place < places + PLACES_MAX && place->path; place++)
		if (strcmp(place->path, path) == 0)
			return;
	if (path)
		units_add_place(path);
}

static int open_directory(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The next place that is there, from *place on; NULL at the end. Places that are the same directory count once. */
static struct place *next_place(struct place *place)
{
	for (; place < places + PLACES_MAX && place->path; place++) {
		struct stat here, there;

		if (place->fd == -1) {
			place->fd = open_directory(AT_FDCWD, place->path);
			for (struct place *other = places; place->fd >= 0 && other < place; other++)
				if (other->fd >= 0 && fstat(place->fd, &here) == 0 && fstat(other->fd, &there) == 0 && here.st_ino == there.st_ino &&
				    here.st_dev == there.st_dev) {
					close(place->fd);
					place->fd = -1;
				}
			place->fd = place->fd < 0 ? -2 : place->fd;
		}
		if (place->fd >= 0)
			return place;
	}
	return NULL;
}

/* FNV-1a */
static unsigned hash(const char *text)
{
	unsigned value = 2166136261;

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 16777619;
	return value % BUCKETS;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name);

	return length > strlen(suffix) && strcmp(name + length - strlen(suffix), suffix) == 0;
}

/* Letters, digits and ":-_.\@", up to 255 of them, with a suffix. */
static bool is_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot || dot == name || !dot[1] || strlen(name) >= NAME_SIZE)
		return false;
	for (; *name; name++)
		if (!strchr(":-_.\\@", *name) && !((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z') && !(*name >= '0' && *name <= '9'))
			return false;
	return true;
}

static void add_to_order(struct unit *unit)
{
	if (unit->listed)
		return;
	unit->listed = true;
	*last = unit;
	last = &unit->next;
}

struct unit *units_find(const char *name)
{
	struct unit *unit = buckets[hash(name)];

	while (unit && strcmp(unit->name, name) != 0)
		unit = unit->same;
	return unit;
}

struct unit *units_named(const char *name)
{
	struct unit *unit = units_find(name), **bucket = &buckets[hash(name)];

	if (unit || !is_name(name))
		return unit;
	unit = arena_take(sizeof *unit);
	if (!unit)
		return NULL;
	unit->name = arena_text(name, strlen(name));
	if (!unit->name)
		return NULL;
	unit->same = *bucket;
	*bucket = unit;
	if (kind_of(name) == UNIT_TARGET) {
		unit->kind = UNIT_TARGET;
		add_to_order(unit);
	}
	return unit;
}

void units_reserve(const char *name)
{
	struct unit *unit = units_named(name);

	if (unit)
		add_to_order(unit);
}

void units_keep(struct unit *unit)
{
	unitfile_begin(unit);
	unit->rules.type = TYPE_SIMPLE;
	unit->rules.start_ms = unit->rules.stop_ms;
	unit->settings = NULL;
	unit->setting_count = 0;
	unit->kind = UNIT_SERVICE;
}

static int add_edge(struct unit *from, struct unit *to, unsigned kinds)
{
	struct edge **end = &from->edges;

	while (*end && (*end)->other != to)
		end = &(*end)->next;
	if (!*end) {
		*end = arena_take(sizeof **end);
		if (!*end)
			return -1;
		(*end)->other = to;
	}
	(*end)->kinds |= kinds;
	return 0;
}

int units_relate(struct unit *from, struct unit *to, enum edge_kind kind)
{
	return add_edge(from, to, 1U << kind) < 0 ? -1 : add_edge(to, from, 1U << (kind ^ 1));
}

/* "DIRECTORY/NAME" in memory that stays. */
static const char *join(const char *directory, const char *name)
{
	char *path = arena_text(NULL, strlen(directory) + 1 + strlen(name));

	if (path)
		strcat(strcat(strcpy(path, directory), "/"), name);
	return path;
}

/* NAME@INSTANCE.SUFFIX without its instance; false if it has none. */
static bool template_of(const char *name, char *text)
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');

	if (!at || at + 1 == dot)
		return false;
	memcpy(text, name, (size_t)(at - name) + 1);
	strcpy(text + (at - name) + 1, dot);
	return true;
}

/* A drop-in: the same name in an earlier place hides it. */
struct drop_in {
	const char *name, *path;
};

/* Puts it at its place in the order of names. */
static size_t insert(struct drop_in *list, size_t count, struct drop_in item)
{
	size_t at = count;

	while (at > 0 && strcmp(list[at - 1].name, item.name) > 0)
		at--;
	if ((at > 0 && strcmp(list[at - 1].name, item.name) == 0) || count == DROP_INS_MAX)
		return count;
	memmove(list + at + 1, list + at, (count - at) * sizeof *list);
	list[at] = item;
	return count + 1;
}

/* What is in DIRECTORY, as NAME.service.d, of each place. */
static size_t find_drop_ins(const char *directory, struct drop_in *list, size_t count)
{
	for (struct place *place = places; (place = next_place(place)); place++) {
		struct file_walk walk = {.fd = open_directory(place->fd, directory)};
		const struct dirent *item;

		while (walk.fd >= 0 && (item = file_next(&walk))) {
			const char *path;

			if (!has_suffix(item->d_name, ".conf"))
				continue;
			path = join(join(place->path, directory), item->d_name);
			if (path)
				count = insert(list, count, (struct drop_in){strrchr(path, '/') + 1, path});
		}
		if (walk.fd >= 0)
			close(walk.fd);
	}
	return count;
}

static int open_file(const char *path)
{
	return openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* The directories of drop-ins from the most special on: of the name, of its template, of what it begins with, of all of its kind. */
static void add_drop_ins(struct unit *unit)
{
	struct drop_in list[DROP_INS_MAX + 1];
	char name[NAME_SIZE + 2], template[NAME_SIZE];
	size_t count;

	count = find_drop_ins(strcat(strcpy(name, unit->name), ".d"), list, 0);
	if (template_of(unit->name, template))
		count = find_drop_ins(strcat(strcpy(name, template), ".d"), list, count);
	for (const char *dash = strrchr(unit->name, '-'); dash; dash = memrchr(unit->name, '-', (size_t)(dash - unit->name))) {
		memcpy(name, unit->name, (size_t)(dash - unit->name) + 1);
		strcat(strcpy(name + (dash - unit->name) + 1, kind_rows[kind_of(unit->name)].suffix), ".d");
		count = find_drop_ins(name, list, count);
	}
	count = find_drop_ins(strcat(strcpy(name, kind_rows[kind_of(unit->name)].suffix + 1), ".d"), list, count);
	for (size_t i = 0; i < count; i++) {
		int fd = open_file(list[i].path);

		if (fd < 0)
			log_warning("%s: %s; it is left out", list[i].path, strerror(errno));
		else
			unitfile_add(unit, fd, list[i].path);
		if (fd >= 0)
			close(fd);
	}
}

/* An empty file, or a link to /dev/null. */
static bool is_masked(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (S_ISCHR(status.st_mode) || status.st_size == 0);
}

/* Reads the file at fd, and its drop-ins. */
static struct unit *read_unit(struct unit *unit, int fd, const char *path)
{
	bool in_order = unit->kind == UNIT_TARGET;

	unit->file = path;
	unit->kind = UNIT_BROKEN;
	unitfile_begin(unit);
	if (unitfile_add(unit, fd, path) < 0)
		return unit;
	add_drop_ins(unit);
	unitfile_end(unit);
	if (unit->kind != UNIT_BROKEN && !in_order)
		add_to_order(unit);
	return unit;
}

/* Where a name is a link to another one, the other is meant: an alias. A link to a template is an instance's. */
static bool is_alias(int place, const char *name, char *target)
{
	ssize_t length = readlinkat(place, name, target, PATH_MAX - 1);
	const char *base;

	if (length <= 0)
		return false;
	target[length] = '\0';
	base = strrchr(target, '/');
	if (base)
		memmove(target, base + 1, strlen(base));
	return strcmp(target, name) != 0 && kind_of(target) == kind_of(name) && !strstr(target, "@.") && is_name(target);
}

static struct unit *load(const char *name, unsigned links);

/* The unit's own file in this place, or its template's. NULL if there is none; errno is ENOENT or says why. */
static struct unit *load_from(const struct place *place, const char *name, const char *file, unsigned links)
{
	COLD static char target[PATH_MAX];
	struct unit *unit = units_named(name);
	int fd;

	if (is_alias(place->fd, file, target) && links < LINKS_MAX)
		return load(target, links + 1);
	fd = openat(place->fd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || !unit)
		return NULL;
	if (is_masked(fd)) {
		unit->file = join(place->path, file);
		unit->kind = UNIT_BROKEN;
		log_info("%s: masked by %s", name, unit->file);
	} else {
		read_unit(unit, fd, join(place->path, file));
	}
	close(fd);
	return unit;
}

/* A link in UNITS_ENABLED that is no alias only says that the unit starts: it may have a file, or be masked, where its target is not. */
static bool only_enables(const struct place *place, const char *name)
{
	COLD static char target[PATH_MAX];

	return strcmp(place->path, UNITS_ENABLED) == 0 && readlinkat(place->fd, name, target, 1) > 0 && !is_alias(place->fd, name, target);
}

/* What packages bring. Their targets are mostly systemd's own, of which the names are enough: they would start what only systemd has. */
static bool is_of_packages(const struct place *place)
{
	return strcmp(place->path, "/usr/lib/systemd/system") == 0 || strcmp(place->path, "/lib/systemd/system") == 0;
}

/* What is linked in NAME.target.wants and the like. */
static void gather(struct unit *target, const char *suffix, enum edge_kind kind)
{
	char directory[NAME_SIZE + sizeof ".requires"];

	strcat(strcpy(directory, target->name), suffix);
	for (struct place *place = places; (place = next_place(place)); place++) {
		struct file_walk walk = {.fd = is_of_packages(place) ? -1 : open_directory(place->fd, directory)};
		const struct dirent *item;

		while (walk.fd >= 0 && (item = file_next(&walk))) {
			struct unit *other = kind_of(item->d_name) == UNIT_NAMED ? NULL : units_named(item->d_name);

			if (other && other != target && units_relate(target, other, kind) == 0)
				units_relate(target, other, EDGE_AFTER);
		}
		if (walk.fd >= 0)
			close(walk.fd);
	}
}

/* In all places but those that only enable it, or in those. */
static struct unit *load_anywhere(const char *name, unsigned links, bool enabling)
{
	char template[NAME_SIZE];

	for (struct place *place = places; (place = next_place(place)); place++) {
		struct unit *unit;

		if (only_enables(place, name) != enabling || (kind_of(name) == UNIT_TARGET && is_of_packages(place)))
			continue;
		unit = load_from(place, name, name, links);
		if (!unit && template_of(name, template))
			unit = load_from(place, name, template, links);
		if (unit)
			return unit;
	}
	return NULL;
}

/* A script of the time before, as exim4 and slapd have, with the unit that systemd would make for it. NULL: there is none. */
static struct unit *load_script(const char *name)
{
	static const char directory[] = "/etc/init.d", text[] =
		"[Unit]\nDescription=%p\nAfter=network-online.target\n[Service]\nType=forking\nTimeoutSec=5min\nKillMode=process\nGuessMainPID=no\n"
		"RemainAfterExit=yes\nIgnoreSIGPIPE=no\nSuccessExitStatus=5 6\nExecStart=/etc/init.d/%p start\nExecStop=/etc/init.d/%p stop\n"
		"ExecReload=/etc/init.d/%p reload\n";
	char path[sizeof directory + UNIT_NAME_SIZE] = "";
	struct unit *unit = NULL;
	int fd;

	strcat(strcat(strcpy(path, directory), "/"), name);
	*strrchr(path, '.') = '\0';
	if (kind_of(name) != UNIT_SERVICE || strchr(name, '@') || faccessat(AT_FDCWD, path, X_OK, 0) < 0)
		return NULL;
	fd = memfd_create(name, MFD_CLOEXEC);
	if (fd >= 0 && write(fd, text, sizeof text - 1) == sizeof text - 1 && lseek(fd, 0, SEEK_SET) == 0 && (unit = units_named(name)))
		read_unit(unit, fd, arena_text(path, strlen(path)));
	if (fd >= 0)
		close(fd);
	return unit;
}

static struct unit *load(const char *name, unsigned links)
{
	struct unit *unit = units_find(name);

	if (unit && unit->kind != UNIT_NAMED && (unit->kind != UNIT_TARGET || unit->sought))
		return unit;
	if (unit)
		unit->sought = true;
	unit = load_anywhere(name, links, false);
	if (!unit)
		unit = load_anywhere(name, links, true);
	return unit ? unit : kind_of(name) == UNIT_TARGET ? units_named(name) : load_script(name);
}

struct unit *units_load(const char *name)
{
	struct unit *unit, *before = NULL;

	if (!is_name(name) || kind_of(name) == UNIT_NAMED) {
		log_error("%s: not the name of a unit that could be started", name);
		return NULL;
	}
	unit = load(name, 0);
	if (unit && unit->kind == UNIT_TARGET) {
		gather(unit, ".wants", EDGE_WANTS);
		gather(unit, ".requires", EDGE_REQUIRES);
	}
	if (!unit)
		log_error("%s: no such file in %s, /lib/systemd/system or between; correct the name, or write one", name, places[0].path);
	else if (unit->kind == UNIT_BROKEN)
		log_error("%s: cannot be used as it is; see nsinit --verify %s", name, unit->file);
	else
		before = unit;
	return before;
}

struct unit *units_load_short(const char *name)
{
	char whole[UNIT_NAME_SIZE] = "";

	strncat(whole, name, NAME_SIZE - 1);
	if (kind_of(whole) == UNIT_NAMED)
		strcat(whole, kind_rows[UNIT_SERVICE].suffix);
	return units_load(whole);
}

/* Loads the other unit of an edge; under its own name, if it has another one. */
static void load_other(struct unit *unit, struct edge *edge)
{
	struct unit *real = load(edge->other->name, 0);
	unsigned kinds_there = (edge->kinds & EDGES_FORWARD) << 1 | (edge->kinds >> 1 & EDGES_FORWARD);

	if (!real || real == edge->other || add_edge(real, unit, kinds_there) < 0)
		return;
	edge->other = real;
}

void units_load_pulled(void)
{
	/* Units that are loaded on the way are behind this one, and looked at as well. */
	for (struct unit *unit = first; unit; unit = unit->next)
		for (struct edge *edge = unit->edges; edge; edge = edge->next)
			if (edge->kinds & EDGES_LOAD && (edge->other->kind == UNIT_NAMED || edge->other->kind == UNIT_TARGET) &&
			    kind_of(edge->other->name) != UNIT_NAMED)
				load_other(unit, edge);
}

int units_load_directory(const char *path, void (*loaded)(struct unit *unit))
{
	struct file_walk walk = {.fd = open_directory(AT_FDCWD, path)};
	const struct dirent *item;
	int count = 0;

	if (walk.fd < 0 || units_add_place(path) < 0) {
		log_error("--services %s: %s; give a directory of unit files, or names", path, strerror(errno));
		return -1;
	}
	while ((item = file_next(&walk))) {
		struct unit *unit;

		if (kind_of(item->d_name) == UNIT_NAMED || strstr(item->d_name, "@."))
			continue;
		unit = units_load(item->d_name);
		if (unit)
			loaded(unit);
		count++;
	}
	close(walk.fd);
	return count;
}

/* A template is read as one of its instances. */
static struct unit *verified(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *at = strstr(name, "@.");
	char instance[NAME_SIZE];

	if (kind_of(name) == UNIT_NAMED || strlen(name) + strlen("instance") >= sizeof instance)
		return NULL;
	strcpy(instance, name);
	if (at)
		strcat(strcpy(instance + (at + 1 - name), "instance"), at + 1);
	return units_named(instance);
}

int units_verify(const char *path)
{
	unsigned before = unitfile_problems();
	struct unit *unit = verified(path);
	int fd = open_file(path);

	if (fd < 0 || !unit) {
		log_error("%s: %s", path, fd < 0 ? strerror(errno) : "not the name of a unit; give NAME.service, NAME.socket or the like");
		return 1;
	}
	unitfile_begin(unit);
	unit->file = path;
	if (is_masked(fd))
		log_info("%s: empty, which masks a service: it cannot be started", path);
	else if (unitfile_add(unit, fd, path) == 0)
		unitfile_end(unit);
	close(fd);
	return (int)(unitfile_problems() - before);
}
