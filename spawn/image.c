/* SPDX-License-Identifier: MIT
 *
 * A file system image as the root. The loop device is set up to vanish with its last user, so there is nothing to
 * clean up however we end.
 */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "decimal.h"
#include "sys.h"

enum {
	LOOP_TRIES = 16, /* somebody else may take the free device first */
};

/* What an image usually holds; none of them takes another's for its own. */
static const char *const types[] = {"squashfs", "ext4", "erofs", "btrfs", "xfs"};

static int configure(int device, int image)
{
	struct loop_config config = {.fd = (unsigned)image};

	config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
	return ioctl(device, LOOP_CONFIGURE, &config);
}

/* Opens a free loop device, whose path goes to path, and puts the image behind it. */
static int open_loop(int image, char *path)
{
	int control = openat(AT_FDCWD, "/dev/loop-control", O_RDWR | O_CLOEXEC), device = -1;

	if (control < 0)
		return -1;
	for (int tries = 0; tries < LOOP_TRIES; tries++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		if (number < 0)
			break;
		strcpy(path, "/dev/loop");
		*decimal(path + strlen(path), (unsigned long)number) = '\0';
		device = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
		if (device < 0 || configure(device, image) == 0)
			break;
		close(device);
		device = -1;
		if (errno != EBUSY)
			break;
	}
	close(control);
	return device;
}

int image_open(const char *path)
{
	int image = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC), device, tree = -1, error;
	char device_path[32];

	if (image < 0)
		return -1;
	device = open_loop(image, device_path);
	for (size_t i = 0; device >= 0 && tree < 0 && i < sizeof types / sizeof types[0]; i++) {
		const char *const options[][2] = {{"source", device_path}, {"ro", NULL}, {NULL, NULL}};

		tree = sys_detached_mount_options(types[i], options);
	}
	error = device < 0 ? errno : EMEDIUMTYPE;
	close(device);
	close(image);
	errno = error;
	return tree;
}
