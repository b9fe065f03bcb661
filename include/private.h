/* SPDX-License-Identifier: MIT
 *
 * The directories that stand for /tmp and /var/tmp of services with PrivateTmp.
 */
#ifndef PRIVATE_H
#define PRIVATE_H

#include "units.h"

enum { PRIVATE_BASES = 2 };
extern const char *const private_bases[PRIVATE_BASES];

/* Makes the one for a base, for this run of the unit. Its path, in the text of the start; NULL after a message. */
char *private_make(size_t base, const struct unit *unit);

/* Removes those of the unit's run, if there are any. */
void private_clean(const struct unit *unit);

/* Removes what is left. */
void private_end(void);

#endif
