/* SPDX-License-Identifier: MIT
 *
 * The root as the lower layer of an overlay. Layers are named by descriptors, so no path of theirs is looked up twice,
 * and none with a colon or comma in it is read as an option.
 */
#include "overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "decimal.h"
#include "mount.h"
#include "sys.h"

/* The directory that holds the layer "upper" and its "work": a new tmpfs, or the caller's. */
static int open_upper(const struct child *child)
{
	int fd;

	if (child->plan->overlay)
		return openat(AT_FDCWD, child->plan->overlay, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = sys_detached_mount("tmpfs", "mode", "755", MOUNT_ATTR_NODEV);
	/* Only what is attached to the mount namespace can be a layer. */
	if (fd < 0 || sys_attach(fd, AT_FDCWD, "/") < 0)
		return -1;
	child->container->stacked++;
	return fd;
}

static int make_directory(int parent, const char *name)
{
	return mkdirat(parent, name, 0755) == 0 || errno == EEXIST ? 0 : -1;
}

/* "/proc/self/fd/N/name", or without the name. */
static void name_layer(char *path, int fd, const char *name)
{
	char *end;

	strcpy(path, "/proc/self/fd/");
	end = decimal(path + strlen(path), (unsigned long)fd);
	strcpy(end, name);
}

static int mount_overlay(const struct child *child, int upper)
{
	char lower_path[64], upper_path[64], work_path[64];
	/* Without privilege overlayfs may not use trusted attributes; the null option ends the list. */
	const char *const options[][2] = {
		{"lowerdir", lower_path}, {"upperdir", upper_path}, {"workdir", work_path},
		{child->plan->namespaces & CLONE_NEWUSER ? "userxattr" : NULL, NULL}, {NULL, NULL},
	};

	name_layer(lower_path, child->container->root, "");
	name_layer(upper_path, upper, "/upper");
	name_layer(work_path, upper, "/work");
	return sys_detached_mount_options("overlay", options);
}

int overlay_apply(struct child *child)
{
	int upper, overlay;

	if (!child->plan->ephemeral && !child->plan->overlay)
		return 0;
	upper = open_upper(child);
	if (upper < 0 || make_directory(upper, "upper") < 0 || make_directory(upper, "work") < 0)
		return -1;
	overlay = mount_overlay(child, upper);
	if (overlay < 0 || sys_attach(overlay, AT_FDCWD, "/") < 0)
		return -1;
	child->container->stacked++; /* the rootfs, which is the lower layer now */
	close(upper);
	close(child->container->root);
	child->container->root = overlay;
	return 0;
}
