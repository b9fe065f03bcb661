/* SPDX-License-Identifier: MIT
 *
 * The names of system calls. A number is kept as the text that its macro expands to: where the machine does not have the call there is
 * no macro, and the text no number. So one list is for all machines, and needs no relocation.
 */
#include "calls.h"

#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum group {
	AIO = 1 << 0, BASIC = 1 << 1, CHOWN = 1 << 2, CLOCK = 1 << 3, EMULATION = 1 << 4, DEBUG = 1 << 5, ALWAYS = 1 << 6, FILES = 1 << 7, EVENT = 1 << 8,
	IPC = 1 << 9, KEYRING = 1 << 10, MEMLOCK = 1 << 11, MODULE = 1 << 12, MOUNT = 1 << 13, NETWORK = 1 << 14, OBSOLETE = 1 << 15, PKEY = 1 << 16,
	PRIVILEGED = 1 << 17, PROCESS = 1 << 18, RAW_IO = 1 << 19, REBOOT = 1 << 20, RESOURCES = 1 << 21, SANDBOX = 1 << 22, SETUID = 1 << 23,
	SIGNAL = 1 << 24, SWAP = 1 << 25, SYNC = 1 << 26, SERVICE = 1 << 27, TIMER = 1 << 28, OTHER = 1 << 29,
};

static const struct {
	const char *name;
	unsigned groups;
} groups[] = {
	{"@aio", AIO}, {"@basic-io", BASIC}, {"@chown", CHOWN}, {"@clock", CLOCK}, {"@cpu-emulation", EMULATION}, {"@debug", DEBUG},
	{"@default", ALWAYS}, {"@file-system", FILES | CHOWN}, {"@io-event", EVENT}, {"@ipc", IPC}, {"@keyring", KEYRING}, {"@known", ~0U},
	{"@memlock", MEMLOCK}, {"@module", MODULE}, {"@mount", MOUNT}, {"@network-io", NETWORK}, {"@obsolete", OBSOLETE}, {"@pkey", PKEY},
	{"@privileged", PRIVILEGED | CHOWN | CLOCK | MODULE | RAW_IO | REBOOT | SWAP}, {"@process", PROCESS}, {"@raw-io", RAW_IO},
	{"@reboot", REBOOT}, {"@resources", RESOURCES}, {"@sandbox", SANDBOX}, {"@setuid", SETUID}, {"@signal", SIGNAL}, {"@swap", SWAP},
	{"@sync", SYNC}, {"@timer", TIMER},
	{"@system-service", SERVICE | AIO | BASIC | CHOWN | ALWAYS | FILES | EVENT | IPC | KEYRING | MEMLOCK | NETWORK | PROCESS | RESOURCES | SETUID |
	                    SIGNAL | SYNC | TIMER},
};

#define ROWS(X) \
	X(io_cancel, AIO) X(io_destroy, AIO) X(io_getevents, AIO) X(io_pgetevents, AIO) X(io_pgetevents_time64, AIO) X(io_setup, AIO) X(io_submit, AIO) \
	X(io_uring_enter, AIO) X(io_uring_register, AIO) X(io_uring_setup, AIO) \
	X(_llseek, BASIC) X(close, BASIC) X(close_range, BASIC) X(dup, BASIC) X(dup2, BASIC) X(dup3, BASIC) X(lseek, BASIC) X(pread64, BASIC) \
	X(preadv, BASIC) X(preadv2, BASIC) X(pwrite64, BASIC) X(pwritev, BASIC) X(pwritev2, BASIC) X(read, BASIC) X(readv, BASIC) X(write, BASIC) \
	X(writev, BASIC) \
	X(chown, CHOWN) X(chown32, CHOWN) X(fchown, CHOWN) X(fchown32, CHOWN) X(fchownat, CHOWN) X(lchown, CHOWN) X(lchown32, CHOWN) \
	X(adjtimex, CLOCK) X(clock_adjtime, CLOCK) X(clock_adjtime64, CLOCK) X(clock_settime, CLOCK) X(clock_settime32, CLOCK) \
	X(clock_settime64, CLOCK) X(settimeofday, CLOCK) X(settimeofday_time32, CLOCK) \
	X(modify_ldt, EMULATION) \
	X(lookup_dcookie, DEBUG) X(perf_event_open, DEBUG) X(pidfd_getfd, DEBUG) X(ptrace, DEBUG) X(rtas, DEBUG) \
	X(brk, ALWAYS) X(cacheflush, ALWAYS) X(clock_getres, ALWAYS) X(clock_getres_time32, ALWAYS) X(clock_getres_time64, ALWAYS) \
	X(clock_gettime, ALWAYS) X(clock_gettime32, ALWAYS) X(clock_gettime64, ALWAYS) X(clock_nanosleep, ALWAYS) X(clock_nanosleep_time32, ALWAYS) \
	X(clock_nanosleep_time64, ALWAYS) X(execve, ALWAYS) X(exit, ALWAYS) X(exit_group, ALWAYS) X(futex, ALWAYS) X(futex_time64, ALWAYS) \
	X(futex_waitv, ALWAYS) X(get_robust_list, ALWAYS) X(get_thread_area, ALWAYS) X(getegid, ALWAYS) X(getegid32, ALWAYS) X(geteuid, ALWAYS) \
	X(geteuid32, ALWAYS) X(getgid, ALWAYS) X(getgid32, ALWAYS) X(getgroups, ALWAYS) X(getgroups32, ALWAYS) X(getpgid, ALWAYS) X(getpgrp, ALWAYS) \
	X(getpid, ALWAYS) X(getppid, ALWAYS) X(getrandom, ALWAYS) X(getresgid, ALWAYS) X(getresgid32, ALWAYS) X(getresuid, ALWAYS) \
	X(getresuid32, ALWAYS) X(getrlimit, ALWAYS) X(getsid, ALWAYS) X(gettid, ALWAYS) X(gettimeofday, ALWAYS) X(gettimeofday_time32, ALWAYS) \
	X(getuid, ALWAYS) X(getuid32, ALWAYS) X(membarrier, ALWAYS) X(mmap, ALWAYS) X(mmap2, ALWAYS) X(mprotect, ALWAYS) X(munmap, ALWAYS) \
	X(nanosleep, ALWAYS) X(pause, ALWAYS) X(prlimit64, ALWAYS) X(restart_syscall, ALWAYS) X(riscv_flush_icache, ALWAYS) X(rseq, ALWAYS) \
	X(rt_sigreturn, ALWAYS) X(sched_getaffinity, ALWAYS) X(sched_yield, ALWAYS) X(set_robust_list, ALWAYS) X(set_thread_area, ALWAYS) \
	X(set_tid_address, ALWAYS) X(set_tls, ALWAYS) X(sigreturn, ALWAYS) X(time, ALWAYS) X(ugetrlimit, ALWAYS) \
	X(access, FILES) X(chdir, FILES) X(chmod, FILES) X(creat, FILES) X(faccessat, FILES) X(faccessat2, FILES) X(fallocate, FILES) X(fchdir, FILES) \
	X(fchmod, FILES) X(fchmodat, FILES) X(fchmodat2, FILES) X(fcntl, FILES) X(fcntl64, FILES) X(fgetxattr, FILES) X(flistxattr, FILES) \
	X(fremovexattr, FILES) X(fsetxattr, FILES) X(fstat, FILES) X(fstat64, FILES) X(fstatat64, FILES) X(fstatfs, FILES) X(fstatfs64, FILES) \
	X(ftruncate, FILES) X(ftruncate64, FILES) X(futimesat, FILES) X(getcwd, FILES) X(getdents, FILES) X(getdents64, FILES) X(getxattr, FILES) \
	X(inotify_add_watch, FILES) X(inotify_init, FILES) X(inotify_init1, FILES) X(inotify_rm_watch, FILES) X(lgetxattr, FILES) X(link, FILES) \
	X(linkat, FILES) X(listxattr, FILES) X(llistxattr, FILES) X(lremovexattr, FILES) X(lsetxattr, FILES) X(lstat, FILES) X(lstat64, FILES) \
	X(mkdir, FILES) X(mkdirat, FILES) X(mknod, FILES) X(mknodat, FILES) X(newfstatat, FILES) X(open, FILES) X(openat, FILES) X(openat2, FILES) \
	X(readlink, FILES) X(readlinkat, FILES) X(removexattr, FILES) X(rename, FILES) X(renameat, FILES) X(renameat2, FILES) X(rmdir, FILES) \
	X(setxattr, FILES) X(stat, FILES) X(stat64, FILES) X(statfs, FILES) X(statfs64, FILES) X(statx, FILES) X(symlink, FILES) X(symlinkat, FILES) \
	X(truncate, FILES) X(truncate64, FILES) X(unlink, FILES) X(unlinkat, FILES) X(utime, FILES) X(utimensat, FILES) X(utimensat_time64, FILES) \
	X(utimes, FILES) \
	X(_newselect, EVENT) X(epoll_create, EVENT) X(epoll_create1, EVENT) X(epoll_ctl, EVENT) X(epoll_pwait, EVENT) X(epoll_pwait2, EVENT) \
	X(epoll_wait, EVENT) X(eventfd, EVENT) X(eventfd2, EVENT) X(poll, EVENT) X(ppoll, EVENT) X(ppoll_time64, EVENT) X(pselect6, EVENT) \
	X(pselect6_time64, EVENT) X(select, EVENT) \
	X(memfd_create, IPC) X(mq_getsetattr, IPC) X(mq_notify, IPC) X(mq_open, IPC) X(mq_timedreceive, IPC) X(mq_timedreceive_time64, IPC) \
	X(mq_timedsend, IPC) X(mq_timedsend_time64, IPC) X(mq_unlink, IPC) X(msgctl, IPC) X(msgget, IPC) X(msgrcv, IPC) X(msgsnd, IPC) X(pipe, IPC) \
	X(pipe2, IPC) X(process_madvise, IPC) X(process_vm_readv, IPC) X(process_vm_writev, IPC) X(semctl, IPC) X(semget, IPC) X(semop, IPC) \
	X(semtimedop, IPC) X(semtimedop_time64, IPC) X(shmat, IPC) X(shmctl, IPC) X(shmdt, IPC) X(shmget, IPC) \
	X(add_key, KEYRING) X(keyctl, KEYRING) X(request_key, KEYRING) \
	X(mlock, MEMLOCK) X(mlock2, MEMLOCK) X(mlockall, MEMLOCK) X(munlock, MEMLOCK) X(munlockall, MEMLOCK) \
	X(delete_module, MODULE) X(finit_module, MODULE) X(init_module, MODULE) \
	X(chroot, MOUNT | PRIVILEGED) X(fsconfig, MOUNT) X(fsmount, MOUNT) X(fsopen, MOUNT) X(fspick, MOUNT) X(mount, MOUNT) X(mount_setattr, MOUNT) \
	X(move_mount, MOUNT) X(open_tree, MOUNT) X(pivot_root, MOUNT | PRIVILEGED) X(umount, MOUNT) X(umount2, MOUNT) \
	X(accept, NETWORK) X(accept4, NETWORK) X(bind, NETWORK) X(connect, NETWORK) X(getpeername, NETWORK) X(getsockname, NETWORK) \
	X(getsockopt, NETWORK) X(listen, NETWORK) X(recv, NETWORK) X(recvfrom, NETWORK) X(recvmmsg, NETWORK) X(recvmmsg_time64, NETWORK) \
	X(recvmsg, NETWORK) X(send, NETWORK) X(sendmmsg, NETWORK) X(sendmsg, NETWORK) X(sendto, NETWORK) X(setsockopt, NETWORK) X(shutdown, NETWORK) \
	X(socket, NETWORK) X(socketpair, NETWORK) \
	X(_sysctl, OBSOLETE | PRIVILEGED) X(afs_syscall, OBSOLETE) X(create_module, OBSOLETE) X(get_kernel_syms, OBSOLETE) X(getpmsg, OBSOLETE) \
	X(putpmsg, OBSOLETE) X(query_module, OBSOLETE) X(security, OBSOLETE) X(sysfs, OBSOLETE) X(tuxcall, OBSOLETE) X(uselib, OBSOLETE) \
	X(ustat, OBSOLETE) X(vserver, OBSOLETE) X(epoll_ctl_old, OBSOLETE) X(epoll_wait_old, OBSOLETE) \
	X(pkey_alloc, PKEY) X(pkey_free, PKEY) X(pkey_mprotect, PKEY) \
	X(acct, PRIVILEGED) X(bpf, PRIVILEGED) X(capset, PRIVILEGED | PROCESS) X(fanotify_init, PRIVILEGED) X(fanotify_mark, PRIVILEGED) \
	X(nfsservctl, PRIVILEGED | OBSOLETE) X(open_by_handle_at, PRIVILEGED) X(quotactl, PRIVILEGED) X(quotactl_fd, PRIVILEGED) \
	X(setdomainname, PRIVILEGED) X(sethostname, PRIVILEGED) X(vhangup, PRIVILEGED) X(setfsuid, PRIVILEGED | SETUID) \
	X(setfsuid32, PRIVILEGED | SETUID) X(setgroups, PRIVILEGED | SETUID) X(setgroups32, PRIVILEGED | SETUID) X(setresuid, PRIVILEGED | SETUID) \
	X(setresuid32, PRIVILEGED | SETUID) X(setreuid, PRIVILEGED | SETUID) X(setreuid32, PRIVILEGED | SETUID) X(setuid, PRIVILEGED | SETUID) \
	X(setuid32, PRIVILEGED | SETUID) X(setgid, SETUID) X(setgid32, SETUID) X(setregid, SETUID) X(setregid32, SETUID) X(setresgid, SETUID) \
	X(setresgid32, SETUID) \
	X(arch_prctl, PROCESS) X(capget, PROCESS) X(clone, PROCESS) X(clone3, PROCESS) X(execveat, PROCESS) X(fork, PROCESS) X(getrusage, PROCESS) \
	X(kill, PROCESS) X(pidfd_open, PROCESS) X(pidfd_send_signal, PROCESS) X(prctl, PROCESS) X(rt_sigqueueinfo, PROCESS) \
	X(rt_tgsigqueueinfo, PROCESS) X(setns, PROCESS) X(swapcontext, PROCESS) X(tgkill, PROCESS) X(times, PROCESS) X(tkill, PROCESS) \
	X(unshare, PROCESS) X(vfork, PROCESS) X(wait4, PROCESS) X(waitid, PROCESS) X(waitpid, PROCESS) X(process_mrelease, OTHER) \
	X(ioperm, RAW_IO) X(iopl, RAW_IO) X(pciconfig_iobase, RAW_IO) X(pciconfig_read, RAW_IO) X(pciconfig_write, RAW_IO) \
	X(kexec_file_load, REBOOT) X(kexec_load, REBOOT) X(reboot, REBOOT) \
	X(ioprio_set, RESOURCES) X(mbind, RESOURCES) X(migrate_pages, RESOURCES) X(move_pages, RESOURCES) X(nice, RESOURCES) \
	X(sched_setaffinity, RESOURCES) X(sched_setattr, RESOURCES) X(sched_setparam, RESOURCES) X(sched_setscheduler, RESOURCES) \
	X(set_mempolicy, RESOURCES) X(set_mempolicy_home_node, RESOURCES) X(setpriority, RESOURCES) X(setrlimit, RESOURCES) \
	X(landlock_add_rule, SANDBOX) X(landlock_create_ruleset, SANDBOX) X(landlock_restrict_self, SANDBOX) X(seccomp, SANDBOX) \
	X(rt_sigaction, SIGNAL) X(rt_sigpending, SIGNAL) X(rt_sigprocmask, SIGNAL) X(rt_sigsuspend, SIGNAL) X(rt_sigtimedwait, SIGNAL) \
	X(rt_sigtimedwait_time64, SIGNAL) X(sigaction, SIGNAL) X(sigaltstack, SIGNAL) X(signal, SIGNAL) X(signalfd, SIGNAL) X(signalfd4, SIGNAL) \
	X(sigpending, SIGNAL) X(sigprocmask, SIGNAL) X(sigsuspend, SIGNAL) \
	X(swapoff, SWAP) X(swapon, SWAP) \
	X(fdatasync, SYNC) X(fsync, SYNC) X(msync, SYNC) X(sync, SYNC) X(sync_file_range, SYNC) X(sync_file_range2, SYNC) X(arm_sync_file_range, SYNC) \
	X(syncfs, SYNC) \
	X(alarm, TIMER) X(getitimer, TIMER) X(setitimer, TIMER) X(timer_create, TIMER) X(timer_delete, TIMER) X(timer_getoverrun, TIMER) \
	X(timer_gettime, TIMER) X(timer_gettime32, TIMER) X(timer_gettime64, TIMER) X(timer_settime, TIMER) X(timer_settime32, TIMER) \
	X(timer_settime64, TIMER) X(timerfd_create, TIMER) X(timerfd_gettime, TIMER) X(timerfd_gettime32, TIMER) X(timerfd_gettime64, TIMER) \
	X(timerfd_settime, TIMER) X(timerfd_settime32, TIMER) X(timerfd_settime64, TIMER) \
	X(arm_fadvise64_64, SERVICE) X(copy_file_range, SERVICE) X(fadvise64, SERVICE) X(fadvise64_64, SERVICE) X(flock, SERVICE) \
	X(get_mempolicy, SERVICE) X(getcpu, SERVICE) X(getpriority, SERVICE) X(ioctl, SERVICE) X(ioprio_get, SERVICE) X(kcmp, SERVICE) \
	X(madvise, SERVICE) X(mremap, SERVICE) X(name_to_handle_at, SERVICE) X(personality, SERVICE) X(readahead, SERVICE) \
	X(remap_file_pages, SERVICE) X(sched_get_priority_max, SERVICE) X(sched_get_priority_min, SERVICE) X(sched_getattr, SERVICE) \
	X(sched_getparam, SERVICE) X(sched_getscheduler, SERVICE) X(sched_rr_get_interval, SERVICE) X(sched_rr_get_interval_time64, SERVICE) \
	X(sendfile, SERVICE) X(sendfile64, SERVICE) X(setfsgid, SERVICE) X(setfsgid32, SERVICE) X(setpgid, SERVICE) X(setsid, SERVICE) \
	X(splice, SERVICE) X(sysinfo, SERVICE) X(tee, SERVICE) X(umask, SERVICE) X(uname, SERVICE) X(userfaultfd, SERVICE) X(vmsplice, SERVICE) \
	X(mincore, SERVICE) X(syslog, OTHER) X(memfd_secret, OTHER) X(vm86, EMULATION) X(vm86old, EMULATION)

#define TEXT(number) #number
#define TEXT_OF(number) TEXT(number)
#define ROW(name, of) #name "\0" TEXT_OF(SYS_##name) "\0"
#pragma GCC diagnostic ignored "-Woverlength-strings" /* no compiler of ours stops at 4095 */
static const char texts[] = ROWS(ROW);
#undef ROW
#define ROW(name, of) of,
static const uint32_t group_of[] = {ROWS(ROW)};
#undef ROW

static unsigned group_named(const char *name)
{
	for (size_t i = 0; i < COUNT(groups); i++)
		if (strcmp(name, groups[i].name) == 0)
			return groups[i].groups;
	return 0;
}

int calls_next(struct calls_walk *walk, const char *name)
{
	const unsigned wanted = *name == '@' ? group_named(name) : 0;

	if (!walk->text)
		walk->text = texts;
	while (walk->row < COUNT(group_of)) {
		const char *call = walk->text, *digits = call + strlen(call) + 1;
		const bool matches = (group_of[walk->row++] & wanted) || strcmp(call, name) == 0;
		unsigned long number;

		walk->text = digits + strlen(digits) + 1;
		walk->known |= matches;
		if (matches && value_number(digits, 511, &number) == 0)
			return (int)number;
	}
	return -1;
}
