/* SPDX-License-Identifier: MIT
 *
 * The values that options take, as numbers. Every function takes the whole text or fails: 0, or -1.
 */
#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"

/* A decimal number from 0 to max. */
int value_number(const char *text, unsigned long max, unsigned long *number);

/* A time: 500ms, 5s, 2m, 1h, a bare number is seconds. In milliseconds, at most a year. */
int value_time(const char *text, int64_t *ms);

/* A size: a number of bytes, or with k, m, g or t behind it, from 1m on. In KiB, rounded up. */
int value_size(const char *text, unsigned long *kib);

/* The size as such a text, in a buffer of the caller's that holds 24 bytes. */
const char *value_size_text(unsigned long kib, char *buffer);

/* A number with up to two digits behind a point, from 0.01 to 10000. In hundredths. */
int value_hundredths(const char *text, unsigned long *hundredths);

/* A signal: TERM, SIGTERM, RTMIN+2, RTMAX-1 or a number from 1 to 64. RTMIN is 34, as programs built with glibc have it. */
int value_signal(const char *text, int *signal);

/* The signal's name without SIG, or its number if it has none, in a buffer of the caller's that holds 16 bytes. */
const char *value_signal_name(int signal, char *buffer);

/* A capability: NET_ADMIN, CAP_NET_ADMIN, ALL, or a list of them with commas. Adds their bits. */
int value_capabilities(const char *text, uint64_t *capabilities);

/* The name of the capability without CAP_, NULL if there is none. */
const char *value_capability_name(unsigned capability);

/* A resource limit: NAME=SOFT[:HARD], each a number or unlimited, NAME as in getrlimit(2) without RLIMIT_. */
int value_limit(const char *text, struct limit *limit);

/* The name of the resource RLIMIT_*, "?" if it has none. */
const char *value_limit_name(int resource);

/* A number from min to max with an optional sign. */
int value_signed(const char *text, long min, long max, int *number);

/* An octal number up to max. */
int value_octal(const char *text, unsigned max, unsigned *number);

/* A yes or no: 1 yes true on, 0 no false off or nothing. */
int value_flag(const char *text, bool *flag);

/* Namespaces by name, separated by commas, as CLONE_NEW* bits. */
int value_namespaces(const char *text, unsigned long *namespaces);

/* The name of the namespace with this bit; NULL if there is none. */
const char *value_namespace_name(unsigned long bit);

/* The name of an interface that the kernel would take as it stands, netdevice(7). name holds PLAN_INTERFACE_SIZE. */
int value_interface(const char *text, char *name);

/* An IPv4 or IPv6 address, with the length of its network behind a slash, or without one (the address alone). */
int value_address(const char *text, bool network, struct address *address);

/* Puts the characters in place that \NNN in octal stands for, as in fstab(5) and /proc/mounts. */
void value_unescape(char *text);

/*
 * Copies the next item of a list up to a separator to item. Returns where the list goes on, NULL at its end;
 * an item that does not fit comes back empty.
 */
const char *value_item(const char *list, char separator, char *item, size_t size);

#endif
