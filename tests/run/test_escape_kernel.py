# SPDX-License-Identifier: MIT
"""
Attacks on the kernel and on processes: system calls, user namespaces, terminals, capabilities, memory, signals, and what has no
name in a file system. escape.py tells how a row is run.
"""

from escape import HOST, NAIVE, Attack, battery, world  # noqa: F401

CALLS = """acct add_key bpf clock_settime clone3 crypto delete_module finit_module fsconfig fsmount fsopen fspick init_module io_uring_enter
io_uring_register io_uring_setup ioperm iopl kcmp kexec_load keyctl mbind migrate_pages modify_ldt mount mount_setattr move_mount
move_pages open_by_handle_at open_tree perf_event_open personality pivot_root process_vm_readv process_vm_writev quotactl reboot
request_key set_mempolicy setns settimeofday swapoff swapon sysfs syslog umount2 userfaultfd ustat vsock""".split()
DOORS = ("exe", "ptrace", "vm", "mem", "environ", "pidfd_getfd")

ROWS = [
    # The filter. A kernel that is asked answers something else than that it is not allowed.
    *[Attack(f"call {name}", without="--privileged", optional=True) for name in CALLS],
    *[Attack(f"call {name}", "user", without="--seccomp none", optional=True)
      for name in ("add_key", "io_uring_setup", "keyctl", "personality", "request_key", "userfaultfd")],
    Attack("call32", without="--seccomp none", optional=True),
    Attack("call32", "user", without="--seccomp none", optional=True),
    Attack("call x32", without="--seccomp none", optional=True),
    # More privilege through a user namespace, by each call that makes one.
    *[Attack(f"userns {call}", caller, without="--seccomp none") for call in ("unshare", "clone", "clone3") for caller in ("root", "user")],
    *[Attack(f"userns-mount {what}", caller, without="--seccomp none", since=since)
      for what, since in (("tmpfs", (3, 8)), ("overlay", (5, 11))) for caller in ("root", "user")],
    # Keys pressed on the caller's terminal. The kernel looks at 32 bits of the request: CVE-2017-5226, CVE-2019-10063.
    *[Attack(f"terminal {request} {high}", caller, options="--tty inherit", without="--seccomp none", terminal=True, optional=True)
      for request in ("TIOCSTI", "TIOCLINUX") for high in (0, 1, "0x80000000") for caller in ("root", "user")],
    # PID 1, whose file, memory and descriptors are the host's. It has more capabilities than the program, and where it has not,
    # it is not dumpable. (The environment is shown to CAP_SYS_ADMIN too, in Linux 6.18.)
    *[Attack(f"process {door} 1", options="--privileged", before="without-ptrace", without="--unshare user")
      for door in DOORS if door != "environ"],
    *[Attack(f"process {door} 1", without="--cap-add SYS_PTRACE") for door in DOORS],
    *[Attack(f"process {door} 1", options="--unshare user", without="--privileged") for door in DOORS],
    *[Attack(f"process {door} 1", "user", without="--privileged") for door in DOORS],
    # What belongs to others.
    Attack("signal {victim}", without=HOST),
    Attack("signal {victim}", "user", without=HOST),
    Attack("signal {victim}", options="--privileged", without=NAIVE),
    Attack("shm {segment}", without="--share ipc"),
    Attack("shm {segment}", "user", without="--share ipc"),
    Attack("socket {abstract}", protection="--net none"),
    Attack("socket {abstract}", "user", protection="--net none"),
    Attack("key {name}", options="--seccomp none", before="with-key {name}", without=HOST),
    Attack("key {name}", "user", options="--seccomp none", before="with-key {name}", without=HOST),
    Attack("key {name}", options="--privileged", before="with-key {name}", without=HOST),
    # Capabilities that an exec would bring back: CVE-2022-24769.
    Attack("capabilities", before="with-capability", without="--privileged"),
    Attack("capabilities", options="--user user", before="with-capability", without=HOST),
    Attack("capabilities", options="--unshare user", before="with-capability", without=HOST),
]

test_attack_fails, test_attack_without_the_protection_succeeds, test_attack_on_bubblewrap = battery(ROWS)
