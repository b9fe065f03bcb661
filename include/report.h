/* SPDX-License-Identifier: MIT
 *
 * What PID 1 of a container tells its launcher.
 */
#ifndef REPORT_H
#define REPORT_H

#include "loop.h"

/* Takes what has come; at the end closes loop->reports. */
void report_read(struct loop *loop);

#endif
