/* SPDX-License-Identifier: MIT
 *
 * The sandbox of a program, made by its own process, which shares our memory until it executes; unshare(2) does not mind, but for a
 * user namespace. Each mount is a layer: a tree that was taken while nothing had been changed, and goes where its path leads. So what
 * is writable within something read-only is as writable as it was before, and not more.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "cold.h"
#include "decimal.h"
#include "lines.h"
#include "mount.h"
#include "net.h"
#include "remount.h"
#include "root.h"
#include "sys.h"

enum {
	PATHS_SIZE = 32 * 1024,
	NOTHING = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
};

struct layer {
	const struct mount_entry *entry;
	const char *path;       /* without links */
	uint64_t set, lifted;   /* of the entry, and of milder ones for the same path */
	uint64_t attributes;    /* of all that is here in the end */
	bool replaced, hidden;  /* what was here before is not */
	int tree;               /* -1: it comes when it is its turn */
};

/* The child borrows them; there is one at a time. */
COLD static struct layer layers[PLAN_MOUNTS_MAX];
COLD static char paths[PATHS_SIZE];
static size_t layer_count, paths_used;
static const struct identity *layers_owner;

/* A process that shares our memory cannot leave for a user namespace that it makes, but for one that is there. */
static int open_users(struct child *child)
{
	char path[40] = "/proc/";

	if (!(child->plan->sandbox & CLONE_NEWUSER))
		return 0;
	strcpy(decimal(path + strlen(path), (unsigned long)child->job->users), "/ns/user");
	child->users = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	return child->users < 0 ? -1 : 0;
}

int sandbox_enter(struct child *child)
{
	const unsigned long namespaces = child->plan->sandbox & ~(unsigned long)CLONE_NEWUSER;

	if (open_users(child) < 0)
		return -1;
	if (sys_unshare(namespaces) < 0 || ((namespaces & CLONE_NEWNET) && net_loopback_up() < 0))
		return -1;
	/* What is mounted outside later shows here too, and nothing the other way round. */
	return namespaces & CLONE_NEWNS ? sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) : 0;
}

/* What fd is open on, without links. NULL with errno. */
static const char *path_of(int fd)
{
	char name[32] = "/proc/self/fd/", *path = paths + paths_used;
	ssize_t length;

	*decimal(name + strlen(name), (unsigned long)fd) = '\0';
	length = readlink(name, path, sizeof paths - paths_used);
	if (length < 0)
		return NULL;
	if ((size_t)length >= sizeof paths - paths_used) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	path[length] = '\0';
	paths_used += (size_t)length + 1;
	return path;
}

/* A directory that nobody may enter, or a node that cannot be opened. */
static int nothing(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -1;
	return S_ISDIR(status.st_mode) ? sys_detached_mount("tmpfs", "mode", "000", NOTHING) : sys_clone_tree(AT_FDCWD, "/dev/null", false);
}

static bool makes_target(const struct mount_entry *entry)
{
	return entry->kind == MOUNT_BIND || entry->kind == MOUNT_LINK || entry->kind == MOUNT_FILE || (entry->kind == MOUNT_TMPFS && !entry->optional);
}

/* Takes the layer's tree, fd being open on its target unless that is -1. 0, or -1 with errno. */
static int take_tree(struct layer *layer, int fd)
{
	const struct mount_entry *entry = layer->entry;

	switch (entry->kind) {
	case MOUNT_BIND:
		layer->tree = sys_clone_tree(AT_FDCWD, entry->source, entry->recursive);
		break;
	case MOUNT_VIEW:
		layer->tree = sys_clone_tree(fd, "", true);
		break;
	case MOUNT_HIDDEN:
		layer->tree = nothing(fd);
		break;
	default:
		return 0;
	}
	return layer->tree < 0 ? -1 : 0;
}

/* Resolves the layer's path and takes its tree. 0, 1: it is not there and need not be, or -1 with errno. */
static int open_layer(int root, struct layer *layer)
{
	const struct mount_entry *entry = layer->entry;
	int fd = entry->kind == MOUNT_LINK ? -1 : sys_open_in_root(root, entry->target, O_PATH, 0), result;

	layer->path = fd >= 0 ? path_of(fd) : entry->target;
	if (fd < 0 && !makes_target(entry))
		result = -1;
	else
		result = !layer->path ? -1 : take_tree(layer, fd);
	if (result < 0 && entry->optional && (errno == ENOENT || errno == ENOTDIR))
		result = 1;
	if (fd >= 0 && close(fd) < 0)
		return -1;
	return result;
}

/* Of two for the same path the stricter one stays, with what the other one forbids. */
static void merge(struct layer *layer, const struct layer *other)
{
	const bool stays = layer->entry->kind > other->entry->kind;
	const struct layer kept = stays ? *layer : *other, *gone = stays ? other : layer;
	const uint64_t set = layer->set | other->set, lifted = (layer->lifted | other->lifted) & ~set;

	if (gone->tree >= 0)
		close(gone->tree);
	*layer = kept;
	layer->set = set;
	layer->lifted = lifted;
}

/* What is around comes first. */
static void insert(const struct layer *layer)
{
	size_t at = layer_count;

	while (at > 0 && strcmp(layers[at - 1].path, layer->path) > 0)
		at--;
	if (at > 0 && strcmp(layers[at - 1].path, layer->path) == 0) {
		merge(&layers[at - 1], layer);
		return;
	}
	memmove(layers + at + 1, layers + at, (layer_count - at) * sizeof *layers);
	layers[at] = *layer;
	layer_count++;
}

/* The innermost layer around this one. NULL: none. */
static const struct layer *around(const struct layer *layer)
{
	for (const struct layer *outer = layer; outer-- > layers;)
		if (lines_below(layer->path, outer->path))
			return outer;
	return NULL;
}

/* What is in a mount of the sandbox was not there when trees were taken. 0, 1: it is not there and need not be, or -1. */
static int take_again(int root, struct layer *layer)
{
	int fd = sys_open_in_root(root, layer->path, O_PATH, 0), result;

	close(layer->tree);
	layer->tree = -1;
	if (fd < 0)
		return errno == ENOENT && layer->entry->optional ? 1 : -1;
	result = take_tree(layer, fd);
	close(fd);
	return result;
}

static int attach_tree(int root, const struct layer *layer)
{
	struct stat status;

	if (fstat(layer->tree, &status) < 0)
		return -1;
	return mount_attach(root, layer->tree, root_target(root, layer->path, S_ISDIR(status.st_mode), makes_target(layer->entry)),
	                    layer->attributes, true);
}

/* The root cannot be covered: its mounts are changed where they are. */
static int restrict_root(int root, uint64_t attributes)
{
	if (sys_mount_attributes(root, attributes, true) == 0)
		return 0;
	return errno == ENOSYS ? remount_tree(root, root, attributes) : -1;
}

int sandbox_file(int root, const struct mount_entry *entry, const struct identity *owner)
{
	const char *name = strrchr(entry->target, '/') + 1;
	char directory[PATH_MAX];
	int parent, fd, result = -1;

	if (strlen(entry->target) >= sizeof directory) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(directory, entry->target)[name - entry->target - 1] = '\0';
	parent = root_target(root, directory, true, true);
	fd = parent < 0 ? -1 : openat(parent, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd >= 0 && (!owner->set || fchown(fd, owner->uid, owner->gid) == 0) && write(fd, entry->data, (size_t)entry->lifted) == (ssize_t)entry->lifted)
		result = 0;
	close(fd);
	close(parent);
	return result;
}

static int mount_layer(int root, const struct layer *layer)
{
	const struct mount_entry *entry = layer->entry;
	int result;

	switch (entry->kind) {
	case MOUNT_TMPFS:
		return mount_on(root_target(root, layer->path, true, true), "tmpfs", (unsigned long)(layer->attributes & ~(uint64_t)MOUNT_ATTR_RDONLY), entry->data);
	case MOUNT_FILE:
		return sandbox_file(root, entry, layers_owner);
	case MOUNT_PROC: /* per mount since Linux 5.8; elsewhere, and where an outer container hides parts of it, it stays: systemd.exec(5) */
		result = mount_on(root_target(root, layer->path, true, false), entry->source, MS_NOSUID | MS_NODEV | MS_NOEXEC, entry->data);
		return result < 0 && errno != EPERM && errno != EINVAL && errno != ENODEV ? -1 : 0;
	case MOUNT_LINK: /* in a directory that we have just made */
		return symlinkat(entry->source, root, layer->path + 1);
	default:
		return strcmp(layer->path, "/") == 0 ? restrict_root(root, layer->attributes) : attach_tree(root, layer);
	}
}

static int apply_layer(int root, struct layer *layer)
{
	const struct layer *outer = around(layer);
	const bool is_view = layer->entry->kind == MOUNT_VIEW;
	const uint64_t inherited = outer ? outer->attributes : 0;
	int result = 0;

	layer->hidden = layer->entry->kind == MOUNT_HIDDEN || (outer && outer->hidden);
	if (layer->hidden)
		layer->set = NOTHING;
	layer->replaced = !is_view || (outer && outer->replaced);
	layer->attributes = (is_view ? inherited & ~layer->lifted : layer->entry->attributes) | layer->set;
	if (outer && (outer->hidden || (is_view && layer->attributes == inherited)))
		return layer->tree >= 0 ? close(layer->tree) : 0;
	if (!outer && is_view && layer->attributes == 0)
		return close(layer->tree);
	if (outer && outer->replaced && !makes_target(layer->entry) && layer->tree >= 0)
		result = take_again(root, layer);
	return result == 0 ? mount_layer(root, layer) : result > 0 ? 0 : -1;
}

/* What is read-only and new becomes so when everything is there that belongs into it. */
static int seal(int root, struct layer *layer)
{
	int fd, result;

	if (layer->hidden || layer->entry->kind != MOUNT_TMPFS || !(layer->attributes & MOUNT_ATTR_RDONLY))
		return 0;
	fd = sys_open_in_root(root, layer->path, O_PATH, 0);
	result = fd < 0 ? -1 : mount_restrict(fd, MOUNT_ATTR_RDONLY, false);
	close(fd);
	return result;
}

/* Calls f for each layer in their order, until it fails. */
static int walk(struct child *child, int root, int (*f)(int root, struct layer *layer))
{
	for (size_t i = 0; i < layer_count; i++) {
		child->fault.index = (int)(layers[i].entry - child->plan->mounts);
		if (f(root, &layers[i]) < 0)
			return -1;
	}
	return 0;
}

static int open_layers(struct child *child, int root)
{
	const struct plan *plan = child->plan;

	layer_count = paths_used = 0;
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_entry *entry = &plan->mounts[i];
		struct layer layer = {.entry = entry, .set = entry->attributes, .lifted = entry->lifted, .tree = -1};
		int result;

		child->fault.index = (int)i;
		result = open_layer(root, &layer);
		if (result < 0)
			return -1;
		if (result == 0)
			insert(&layer);
	}
	return 0;
}

/* What will be the root. On "/" it is in nobody's way: paths start below it until the end, so that what is outside can be bound. */
static int open_root(const struct plan *plan)
{
	int root = plan->sandbox_root ? root_tree(plan->sandbox_root) : openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return plan->sandbox_root && root >= 0 && sys_attach(root, AT_FDCWD, "/") < 0 ? -1 : root;
}

/* The root of an initramfs cannot be left behind: there a service that is root, and keeps CAP_SYS_CHROOT, finds a way back. */
static int change_root(int root)
{
	if (fchdir(root) < 0)
		return -1;
	if (sys_pivot_root(".", ".") == 0)
		return sys_umount(".", MNT_DETACH);
	return errno == EINVAL ? chroot(".") : -1;
}

int sandbox_mounts(struct child *child)
{
	const struct plan *plan = child->plan;
	mode_t mask;
	int root, result;

	child->fault.index = -1;
	if (!(plan->sandbox & CLONE_NEWNS))
		return 0;
	mask = umask(0);
	layers_owner = &plan->identity;
	root = open_root(plan);
	result = root < 0 ? -1 : open_layers(child, root);
	if (result == 0 && (walk(child, root, apply_layer) < 0 || walk(child, root, seal) < 0))
		result = -1;
	umask(mask);
	if (result == 0 && plan->sandbox_root) {
		child->fault.index = -1;
		result = change_root(root);
	}
	if (result == 0 && plan->propagation)
		result = sys_mount(NULL, "/", NULL, MS_REC | plan->propagation, NULL);
	return result < 0 ? -1 : close(root);
}
