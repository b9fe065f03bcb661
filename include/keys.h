/* SPDX-License-Identifier: MIT
 *
 * What reaches a PID 1 of a machine beside signals: the watchdog's hunger, the power button.
 */
#ifndef KEYS_H
#define KEYS_H

struct boot;

/* Ctrl-Alt-Del becomes a SIGINT, and the power button a power-off. 0. */
int keys_open(struct boot *boot);

/* --watchdog: starts it, and feeds it as long as the loop turns. 0, or -1 after a message. */
int watchdog_open(struct boot *boot);

/* The last meal, before an end that must come within the time. */
void watchdog_feed(void);

#endif
