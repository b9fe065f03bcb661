# SPDX-License-Identifier: MIT
"""
Attacks on files: /proc and /sys, devices, the root and what is around it, descriptors, mounts. escape.py tells how a row is
run. Links in a hostile rootfs, before and during the set-up, are in test_hostile.py.
"""

import os
import subprocess

from conftest import mounts
from containers import one_line
from escape import CHROOT, HOST, NAIVE, Attack, battery, by_rows, world  # noqa: F401
from harness import CLONE_NEWNS, checked, libc

CORE = "write /proc/sys/kernel/core_pattern"
ADMIN = "--cap-add SYS_ADMIN --seccomp none"
MAPPED = "--map-uid 0:100000:9 --map-gid 0:100000:9"
NODE = "node /mnt/node b 7 0"  # a loop device, which nothing is behind

ROWS = [
    # What is root's by its owner alone: no capability is asked for. In a user namespace root of outside may still be root.
    Attack(CORE, without="--privileged"),
    Attack(CORE, options="--unshare user", without="--privileged"),
    Attack(CORE, options="--map-uid 0:100000:9 --map-uid 9:0:1 --map-gid 0:100000:9 --user 9:0", without="--privileged"),
    Attack(CORE, options=MAPPED, without=HOST),
    Attack("write /proc/sysrq-trigger", without="--privileged", optional=True),
    Attack("write /proc/sysrq-trigger", options="--unshare user", without="--privileged", optional=True),
    Attack("write /proc/irq/default_smp_affinity", without="--privileged", optional=True),
    Attack("write /sys/power/state", without=HOST, optional=True),
    Attack("write /sys/kernel/mm/transparent_hugepage/enabled", options="--unshare user", without=HOST, optional=True),
    Attack("write /sys/fs/cgroup/cgroup.procs", without_words="write {cgroup2}/cgroup.procs", without=HOST),
    Attack("release_agent {name}", options="--share cgroup", without=ADMIN),
    Attack("release_agent {name}", options="--share cgroup --seccomp none", without="--cap-add SYS_ADMIN"),
    # What is hidden, and what uncovers it.
    *[Attack(f"read /proc/{name}", without="--privileged", optional=True) for name in ("keys", "timer_list", "kcore")],
    Attack("unmask /proc/timer_list", without=ADMIN, optional=True),
    Attack("unmask /proc/timer_list", options="--seccomp none", without="--cap-add SYS_ADMIN", optional=True),
    Attack("unmask /proc/keys", options="--unshare user", without=ADMIN),
    Attack("remount /proc/sys", without=ADMIN),
    Attack("remount /sys", without=ADMIN),
    Attack("remount /sys", "user", without=ADMIN),
    Attack("remount /", options="--read-only", without=ADMIN),
    Attack("remount /", "user", options="--read-only", without=ADMIN),
    # Devices of the host, made inside and brought along.
    Attack(NODE, without="--privileged"),
    Attack(NODE, options="--cap-add MKNOD", without="--privileged"),
    Attack(NODE, options="--cap-add MKNOD --ephemeral", without="--privileged"),
    Attack(NODE.replace("/mnt", "/dev"), without="--cap-add MKNOD"),
    *[Attack("read {image_node}", caller, options, without="--privileged")
      for caller, options in (("root", ""), ("root", "--unshare user"), ("root", "--ephemeral"), ("root", "--read-only"), ("user", ""))],
    # The root.
    *[Attack("chroot {canary}", options=options, without=CHROOT) for options in ("", "--privileged")],
    *[Attack(f"read /proc/1/{link}{{canary}}", options=options, without=CHROOT, without_words=f"read /proc/{{outside}}/{link}{{canary}}")
      for link in ("root", "cwd" + "/.." * 16) for options in ("", "--privileged")],
    Attack("detach {canary}", options="--privileged", without=NAIVE),
    Attack("descriptors {canary}", without=CHROOT, leaks=True),
    Attack("descriptors {canary}", "user", without=HOST, leaks=True),
    Attack("handle {handle}", without="--cap-add DAC_READ_SEARCH"),
    Attack("handle {handle}", options="--seccomp none", without="--cap-add DAC_READ_SEARCH"),
    # A group that a file is shut to, which root of a user namespace must not leave.
    Attack("groups {shut}", "user", in_group=True, without="--map-uid 0:1000:1 --map-gid 0:1000:1", without_caller="root"),
]

test_attack_fails, test_attack_without_the_protection_succeeds, test_attack_on_bubblewrap = battery(ROWS)


# ---- what is no row: it is about the start, or seen from outside ----

HELD = Attack("read .{canary}", leaks=True)  # from the working directory on


def in_directory(world, row, fd):  # noqa: F811
    """A start with the working directory at a descriptor of the host, by the link that leads to it: CVE-2024-21626."""
    return world.run(row, world.command(f"--cwd /proc/self/fd/{fd}", row.words))


@by_rows([HELD, Attack("read .{canary}", "user", leaks=True)])
def test_working_directory_is_no_descriptor(world, row):  # noqa: F811
    for fd in range(3, 51):
        one_line(in_directory(world, row, fd), 125, f"--cwd /proc/self/fd/{fd}")


@by_rows([HELD])
def test_working_directory_without_the_protection_is(world, row):  # noqa: F811
    """A launcher that goes there by name, and only then to its root."""

    def careless():
        world.enter_chroot()
        os.chdir("/proc/self/fd/7")

    assert world.run(row, ["/bin/attack", *world.attack_words(row.words)], careless).out == "won\n"


def mounted(world, command, **more):  # noqa: F811
    """The mounts of ours that an attack brought about, while it stays."""
    before = mounts()
    process = world.caller.start(command, stdin=subprocess.PIPE, **more)
    said = process.line()
    changed = mounts() ^ before
    process.stdin.close()
    process.stdin = None
    assert (said, process.finish().status) == ("won", 0)
    return changed


# The mounts of the tests are shared, as with `mount --make-rshared /`.
@by_rows([Attack("mount /mnt", caller, "--privileged") for caller in ("root", "user")])
def test_mount_does_not_show_outside(world, row):  # noqa: F811
    assert not mounted(world, world.command(row.options, row.words))


@by_rows([Attack("mount /mnt", options="--privileged")])
def test_mount_on_a_shared_volume_does_not_show_outside(world, row):  # noqa: F811
    (world.scratch / "volume").mkdir()
    assert not mounted(world, world.command(f"{row.options} --bind {world.scratch}/volume:/mnt", row.words))


@by_rows([Attack("mount /mnt")])
def test_mount_without_the_protection_shows_outside(world, row):  # noqa: F811
    place = world.root / "mnt"
    try:
        assert mounted(world, [world.attack, "mount", place], setup=lambda: checked("unshare", CLONE_NEWNS))
    finally:
        libc.umount2(bytes(place), 2)
