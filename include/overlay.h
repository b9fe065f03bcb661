/* SPDX-License-Identifier: MIT
 *
 * --ephemeral and --overlay: what is written to the root goes elsewhere. overlayfs, Documentation/filesystems/overlayfs.rst;
 * in a user namespace since Linux 5.11.
 */
#ifndef OVERLAY_H
#define OVERLAY_H

struct child;

/* Puts an overlay over the root that was opened, if the plan has one, and makes it the root to be. */
int overlay_apply(struct child *child);

#endif
