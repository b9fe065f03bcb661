/* SPDX-License-Identifier: MIT
 *
 * The switch of roots. The initramfs is the first mount of all, which pivot_root(2) cannot take away: what is in it is removed,
 * the new root is moved onto it, and chroot(2) goes there. Documentation/filesystems/ramfs-rootfs-initramfs.rst
 */
#include "switch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "block.h"
#include "cold.h"
#include "file.h"
#include "fstab.h"
#include "log.h"
#include "machine.h"
#include "out.h"
#include "sys.h"
#include "value.h"

#define ROOT "/newroot"
#define LOWER "/lowerroot"
#define UPPER "/upperroot"

enum {
	DEPTH_MAX = 32, /* of directories in an initramfs; what is deeper stays, and costs memory */
};

static bool is_memory(const struct statfs *status)
{
	return (unsigned long)status->f_type == RAMFS_MAGIC || (unsigned long)status->f_type == TMPFS_MAGIC;
}

bool switch_wanted(const struct plan *plan)
{
	struct statfs status;

	return plan->root && statfs("/", &status) == 0 && is_memory(&status);
}

static bool list_one(const struct block *block, void *argument)
{
	out_print(argument, " %s", block->path);
	if (block->type)
		out_print(argument, " (%s%s%s%s%s)", block->type, block->label[0] ? " LABEL=" : "", block->label, block->uuid[0] ? " UUID=" : "",
		          block->uuid);
	if (block->partition[0])
		out_print(argument, " PARTUUID=%s", block->partition);
	out_print(argument, ";");
	return false;
}

static void say_devices(const struct plan *plan)
{
	struct out out = OUT(-1);

	block_each(list_one, &out);
	out.text[out.length < sizeof out.text ? out.length : sizeof out.text - 1] = '\0';
	log_error("root=%s: did not come within %ld ms; block devices:%s", plan->root, (long)plan->root_wait_ms, out.length ? out.text : " none");
}

/* Mounts source on target as one of types, a list. */
static int mount_types(const char *source, const char *target, const char *types, const struct fstab_options *options)
{
	char type[32];

	do {
		types = value_item(types, ',', type, sizeof type);
		if (sys_mount(source, target, type, options->flags, options->data) == 0)
			return 0;
	} while (types);
	return -1;
}

/* Mounts the plan's root on target. A root that is no device, as that of virtiofs, needs rootfstype=. */
static int mount_root(const struct plan *plan, const char *target)
{
	COLD static struct fstab_options options;
	struct block block = {.type = NULL};
	const char *source = plan->root, *types = plan->root_type;

	if (fstab_options(plan->root_flags ? plan->root_flags : "", &options) < 0) {
		log_error("rootflags: too long; give fewer");
		return -1;
	}
	options.flags |= plan->root_writable && !plan->ephemeral ? 0 : MS_RDONLY;
	if (!types || block_is_device(source)) {
		if (block_find(source, &block, plan->root_wait_ms) < 0) {
			say_devices(plan);
			return -1;
		}
		source = block.path;
		types = types ? types : block.type;
	}
	if (!types) {
		log_error("root=%s: %s holds no file system that is known; give rootfstype=", plan->root, source);
		return -1;
	}
	if (mkdir(target, 0755) == 0 && mount_types(source, target, types, &options) == 0)
		return 0;
	log_error("root=%s: mount of %s as %s: %s; give another rootfstype= or rootflags=, or load its module", plan->root, source, types,
	          strerror(errno));
	return -1;
}

/* --ephemeral: the root below, and what is written in memory. The overlay holds both, so they need no name any more. */
static int mount_overlay(void)
{
	static const char *const directories[] = {UPPER, UPPER "/upper", UPPER "/work", ROOT};

	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
		if (mkdir(directories[i], 0755) < 0)
			return -1;
		if (i == 0 && sys_mount("tmpfs", UPPER, "tmpfs", MS_NODEV, "mode=755") < 0)
			return -1;
	}
	if (sys_mount("overlay", ROOT, "overlay", 0, "lowerdir=" LOWER ",upperdir=" UPPER "/upper,workdir=" UPPER "/work") < 0)
		return -1;
	return sys_umount(LOWER, MNT_DETACH) < 0 ? -1 : sys_umount(UPPER, MNT_DETACH);
}

static int prepare_root(const struct plan *plan)
{
	if (mount_root(plan, plan->ephemeral ? LOWER : ROOT) < 0)
		return -1;
	if (!plan->ephemeral || mount_overlay() == 0)
		return 0;
	log_error("--ephemeral: overlay over root=%s: %s; the kernel needs overlayfs, perhaps its module", plan->root, strerror(errno));
	return -1;
}

/* The next init's path in the new root; NULL: there is none, and it is ourselves. */
static const char *next_init(const struct plan *plan, int root)
{
	const char *const paths[] = {plan->next_init, "/sbin/init", "/etc/init", "/bin/init"};

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		int fd = paths[i] ? sys_open_in_root(root, paths[i], O_PATH, 0) : -1;

		if (fd >= 0) {
			close(fd);
			return paths[i];
		}
		if (paths[i] && i == 0)
			log_warning("init=%s: %s in the root; the usual ones are tried", paths[i], strerror(errno));
	}
	return NULL;
}

/* The directories at the top of the root that our mounts move onto. Without those of the kernel the next init is blind. */
static int make_places(const struct plan *plan, int root)
{
	for (size_t i = 0; i < machine_row_count; i++) {
		const struct mount_row *row = &machine_rows[i];

		if (strchr(row->target, '/') || mkdirat(root, row->target, 0755) == 0 || errno == EEXIST || (row->policy & MOUNT_ROOTFS))
			continue;
		log_error("root=%s: its /%s: %s; make that directory in it", plan->root, row->target, strerror(errno));
		return -1;
	}
	return 0;
}

/* What is mounted at the top of ours moves along, with what is mounted on it; where the root has no place for it, it goes. */
static void move_mounts(void)
{
	for (size_t i = 0; i < machine_row_count; i++) {
		const char *name = machine_rows[i].target;
		char target[sizeof ROOT + 16] = ROOT "/";

		if (strchr(name, '/'))
			continue;
		strcat(target, name);
		if (sys_mount(name, target, NULL, MS_MOVE, NULL) < 0)
			sys_umount(name, MNT_DETACH);
	}
}

/* Removes what is in the directory open at fd, and closes it. Other file systems, the new root among them, are left alone. */
static void remove_all(int fd, dev_t device, int depth)
{
	struct file_walk walk = {.fd = fd};
	const struct dirent *entry;
	struct stat status;

	while ((entry = file_next(&walk))) {
		if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 || status.st_dev != device)
			continue;
		if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX) {
			int below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (below >= 0)
				remove_all(below, device, depth + 1);
		}
		unlinkat(fd, entry->d_name, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
	}
	close(fd);
}

/* Only ever called in a root of memory: see switch_wanted(), and once more here. */
static void free_initramfs(void)
{
	int fd = openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs type;
	struct stat status;

	if (fd < 0)
		return;
	if (fstatfs(fd, &type) == 0 && is_memory(&type) && fstat(fd, &status) == 0)
		remove_all(fd, status.st_dev, 0);
	else
		close(fd);
}

static int enter(int root)
{
	if (fchdir(root) < 0 || sys_mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0) {
		log_error("root switch: %s", strerror(errno));
		return -1;
	}
	return close(root);
}

int switch_root(struct boot *boot)
{
	char **argv = boot->plan->kernel_argv;
	int own = openat(AT_FDCWD, "/proc/self/exe", O_PATH | O_CLOEXEC), root;
	const char *init;

	if (prepare_root(boot->plan) < 0)
		return -1;
	root = openat(AT_FDCWD, ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || make_places(boot->plan, root) < 0)
		return -1;
	init = next_init(boot->plan, root);
	move_mounts();
	free_initramfs();
	if (enter(root) < 0)
		return -1;
	sys_signal_mask(SIG_SETMASK, boot->mask, NULL);
	sys_reboot((int)RB_ENABLE_CAD); /* as the kernel has it for its init */
	argv[0] = init ? (char *)init : "/sbin/init";
	if (init)
		execve(init, argv, environ);
	else
		sys_exec_descriptor(own, argv, environ);
	log_error("init %s: %s; give init=", argv[0], strerror(errno));
	sys_reboot(RB_DISABLE_CAD);
	sys_signal_mask(SIG_SETMASK, &(sigset_t){{~0UL}}, NULL);
	return -1;
}
