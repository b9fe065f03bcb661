/* SPDX-License-Identifier: MIT
 *
 * Directories that packages want in /run, tmpfiles.d(5): where /run is new they are not there.
 */
#ifndef TMPFILES_H
#define TMPFILES_H

/* Makes them. Whatever fails is said, and the service that needs it will say so as well. */
void tmpfiles_apply(void);

#endif
