/* SPDX-License-Identifier: MIT
 *
 * The system calls that libc does not wrap, or wraps in a way that is wrong between vfork and exec
 * (musl's setuid family walks the thread list). Each returns as the man page of the call says, with errno.
 * Unit tests replace this file.
 */
#ifndef SYS_H
#define SYS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* fork(2) with clone flags, CLONE_NEWTIME apart, which is left out: the child goes on in a copy of our memory. */
pid_t sys_fork(unsigned long flags);

/* The same into the v2 cgroup whose directory is open at cgroup. clone3(2) CLONE_INTO_CGROUP, Linux 5.7. */
pid_t sys_fork_into(unsigned long flags, int cgroup);

/*
 * The same with CLONE_VM | CLONE_VFORK and other flags, as vfork(2) does it: the child calls run(argument), which must not return, on a stack that begins
 * at stack and grows down. Comes back when it has executed something, or ended.
 */
pid_t sys_vfork_into(unsigned long flags, int cgroup, int (*run)(void *), char *stack, void *argument);

int sys_unshare(unsigned long flags);

/* openat2(2), Linux 5.6: path is resolved inside dirfd, no link and no ".." leaves it, no magic link is followed. */
int sys_open_in_root(int dirfd, const char *path, int flags, mode_t mode);

/* The same from the working directory on, as open(2) does but for magic links. */
int sys_open_plain(const char *path, int flags);

/* open_tree(2), Linux 5.2: a detached copy of the mount at path, with the mounts below it if recursive. An empty path is dirfd. */
int sys_clone_tree(int dirfd, const char *path, bool recursive);

/* move_mount(2), Linux 5.2: attaches the tree at fd onto path, or with an empty path onto what dirfd is open on. */
int sys_attach(int fd, int dirfd, const char *path);

/* mount_setattr(2), Linux 5.12: adds MOUNT_ATTR_* to the mount at fd. */
int sys_mount_attributes(int fd, uint64_t attributes, bool recursive);

/* The same call, MOUNT_ATTR_IDMAP: at the detached mount, ids of the file system become those of the user namespace; and MS_PRIVATE. */
int sys_map_mount(int fd, int user_namespace, bool recursive);

/* fsopen(2) to fsmount(2), Linux 5.2: a detached file system with one option (key, value), or none (NULL). */
int sys_detached_mount(const char *type, const char *key, const char *value, uint64_t attributes);

/* The same with any options: pairs of key and value, a flag has the value NULL, up to a key that is NULL. */
int sys_detached_mount_options(const char *type, const char *const options[][2]);

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
int sys_umount(const char *target, int flags);
int sys_pivot_root(const char *new_root, const char *put_old);

int sys_setgroups(size_t count, const gid_t *groups);
int sys_setgid(gid_t gid); /* real, effective and saved */
int sys_setuid(uid_t uid); /* real, effective and saved */

/* True if our effective set has the capability, CAP_*. capget(2) */
bool sys_has_capability(int capability);

/* The permitted set, as bits. */
uint64_t sys_permitted(void);

/* capset(2): permitted and effective, and inheritable. */
int sys_set_capabilities(uint64_t permitted, uint64_t inheritable);

/* clock_gettime(2) as a system call: who asks for the time some few times gains nothing by the vDSO, which must be found and read first. */
int sys_clock(clockid_t clock, struct timespec *now);

/* reboot(2), RB_* of sys/reboot.h. */
int sys_reboot(int command);

/* finit_module(2): the module in the file at fd, with its parameters. */
int sys_module(int fd, const char *parameters);

/* swapon(2) without a priority, swapoff(2). */
int sys_swap(const char *path, bool on);

/* execveat(2) AT_EMPTY_PATH: the program in the file at fd. */
int sys_exec_descriptor(int fd, char **argv, char **envp);

/* renameat2(2) RENAME_NOREPLACE, which not every libc has. */
int sys_rename_new(int directory, const char *name, int to, const char *new_name);

/* keyctl(2) KEYCTL_JOIN_SESSION_KEYRING, a new one without a name. */
int sys_join_keyring(void);

/* KEYCTL_LINK: what is in the user's keyring is in the session's. */
int sys_link_user_keyring(void);

/* sched_setscheduler(2) and ioprio_set(2) of ourselves; of libc's the one is an error, and the other is not there. */
int sys_schedule(int policy, int priority);
int sys_io_priority(int class, int priority);

/* pidfd_open(2), Linux 5.3. Close-on-exec. */
int sys_pidfd(pid_t pid);

/* ioctl_tty(2) TIOCGPTN, TIOCGDEV: which terminal fd is. Libcs differ in the type of such a request. */
int sys_terminal_number(int fd, unsigned long request, unsigned *number);

/* ioctl(2). Libcs differ in the type of a request. */
int sys_ioctl(int fd, unsigned long request, void *argument);

/* sendmsg(2) and recvmsg(2) of one packet, with a descriptor, unix(7) SCM_RIGHTS; *descriptor is -1 if none came. */
ssize_t sys_send(int socket, const void *packet, size_t size, int descriptor);
ssize_t sys_receive(int socket, void *packet, size_t size, int *descriptor);

/*
 * landlock_create_ruleset(2), Linux 5.13: a set of rules that denies, in the order of struct landlock_ruleset_attr, these three words
 * of rights, close-on-exec. NULL: the kernel's version of Landlock instead.
 */
int sys_landlock_create(const uint64_t *denied);

/* landlock_add_rule(2): allows rights below the directory, or to the file, that fd is open on, or to a TCP port. */
int sys_landlock_path(int ruleset, uint64_t rights, int fd);
int sys_landlock_port(int ruleset, uint64_t rights, uint64_t port);

int sys_landlock_restrict(int ruleset);

/* bpf(2), with the attributes of the command. */
int sys_bpf(int command, void *attributes, size_t size);

/* close_range(2), Linux 5.9: closes every descriptor from first to last. */
int sys_close_range(unsigned first, unsigned last);

/* close_range(2) CLOSE_RANGE_UNSHARE: a table of our own of the descriptors below first, when we share that of another process. */
int sys_unshare_files(unsigned first);

/* sigprocmask(2) for all 64 signals: libc hides the first real-time ones, which it uses itself. old may be NULL. */
int sys_signal_mask(int how, const sigset_t *set, sigset_t *old);

/* rt_sigaction(2) SIG_DFL, for the signals too that libc will not touch. */
int sys_signal_default(int signal);

/* True if that signal is ignored, of all as well. */
bool sys_signal_is_ignored(int signal);

/* rt_sigqueueinfo(2): sends info, its si_signo and si_value, to pid. A si_code >= 0 only to ourselves. */
int sys_queue_signal(pid_t pid, const siginfo_t *info);

#endif
