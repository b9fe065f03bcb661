/* SPDX-License-Identifier: MIT
 *
 * Memory that few starts need. It lies behind everything else, so that what PID 1 does touch shares pages: see init/layout.ld.
 */
#ifndef COLD_H
#define COLD_H

#define COLD __attribute__((section(".bss.zz_cold")))

/* A function that few starts call, in a file that every start needs. */
#define LATE __attribute__((section(".late"), noinline))

/* A constant that every start needs, in a file that few need. */
#define HOT __attribute__((section(".hot")))

#endif
