/* SPDX-License-Identifier: MIT
 *
 * The system calls of the code under test, replaced at link time (ld --wrap): all of spawn/sys.c, and those of
 * libc's that would change the machine. Each call is recorded as a line of text, its arguments shown as paths and
 * words, then fails if the test asked for it, else goes to the kernel or does as its comment in fake.c says.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>

void fake_reset(void);

/* The nth call of name, from 1 on, fails with error. */
void fake_fail(const char *name, int nth, int error);

/* Every call whose recorded line starts with name and has part in it fails with error. */
void fake_fail_at(const char *name, const char *part, int error);

/* Calls of name go to the kernel; where fake.c knows how. */
void fake_real(const char *name);

/* From now on opening /proc/self/name or /proc/PID/name opens the file of that name in directory. */
void fake_proc(const char *directory);

/* What sys_has_capability() answers. */
void fake_capable(bool capable);

/* The caller's ids; without it the real ones. */
void fake_ids(unsigned uid, unsigned gid);

/* What fstatfs(2) says of the flags of a mount, ST_*. */
void fake_statfs_flags(unsigned long flags);

/* A directory that is called proc or sys is a mount of that file system, for fstatfs(2). */
void fake_pseudo(void);

/* The kernel's version of Landlock; without it 6. */
void fake_landlock(int version);

/* How often name was called. */
int fake_count(const char *name);

/* The nth recorded line, from 0 on; NULL behind the last. */
const char *fake_line(size_t nth);

/* The first recorded line from *from on with part in it; *from is then behind it. NULL: none. */
const char *fake_find(size_t *from, const char *part);

/* Every recorded line, for a message. */
const char *fake_text(void);

#endif
