/* SPDX-License-Identifier: MIT
 *
 * A file system image as the root, through a loop device. loop(4).
 */
#ifndef IMAGE_H
#define IMAGE_H

/* The file system in the image at path, read-only, as a detached mount. Needs root. LOOP_CONFIGURE, Linux 5.8. */
int image_open(const char *path);

#endif
