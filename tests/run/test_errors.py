# SPDX-License-Identifier: MIT
"""
Bad input to role run: one line that names the option, the object, the reason and the remedy, the right status, and
nothing left behind (what conftest checks after every test, and the rootfs here).
"""

import os
import resource
from pathlib import Path

import pytest
from containers import CLONE_NEWUSER, Box, one_line, own, small_root, snapshot
from harness import Caller, checked

LONG = "n" * 65
PR_SET_DUMPABLE = 4


@pytest.fixture
def place(scratch, caller, probe):
    """What the cases below are run in; they name it as {}."""
    root = small_root(scratch / "root", probe)
    (root / "bin/plain").write_text("#!/bin/sh\n")
    (root / "bin/plain").chmod(0o644)
    (root / "bin/empty").write_text("")
    (root / "bin/empty").chmod(0o755)
    (root / "bin/lost").write_text("#!/no/such/interpreter\n")
    (root / "bin/lost").chmod(0o755)
    (root / "bin/foreign").write_bytes(b"\x7fELF" + b"\x02\x01\x01" + b"\0" * 9 + b"\x02\0\xff\x7f" + b"\0" * 44)
    (root / "bin/foreign").chmod(0o755)
    (root / "file").write_text("a file\n")
    (scratch / "file").write_text("a file\n")
    (scratch / "dir").mkdir()
    (scratch / "conf").mkdir()
    (scratch / "conf/directory").mkdir()
    (scratch / "long").mkdir()
    (scratch / "long/hostname").write_text(LONG + "\n")
    (scratch / "blank").mkdir()
    (scratch / "blank/hostname").write_text("# nothing\n\n")
    (scratch / "loop").symlink_to("loop")
    for path in (root, scratch / "dir"):
        own(path, caller.uid)
    return scratch


# (options, program, status, words of the message); {} is the place, the rootfs is {}/root unless the options name one
START = [
    # the root
    ("-R {}/none", "/bin/true", 125, ("--rootfs {}/none:", "No such file or directory")),
    ("-R {}/file", "/bin/true", 125, ("--rootfs {}/file:",)),
    ("-R {}/file/below", "/bin/true", 125, ("--rootfs {}/file/below:", "Not a directory")),
    ("-R {}/loop", "/bin/true", 125, ("--rootfs {}/loop:", "Symbolic link loop")),
    # binds
    ("--bind {}/none:/mnt", "/bin/true", 125, ("--bind {}/none", "No such file or directory")),
    ("--volume {}/none:/mnt", "/bin/true", 125, ("--volume {}/none", "No such file or directory")),
    ("--bind {}/file/below:/mnt", "/bin/true", 125, ("--bind {}/file/below", "Not a directory")),
    ("--bind {}/dir:/file", "/bin/true", 125, ("--bind /file:", "Not a directory", "a directory goes onto a directory")),
    ("--bind {}/file:/mnt", "/bin/true", 125, ("--bind /mnt:", "a directory goes onto a directory, a file onto a file")),
    ("--bind {}/dir:/file/below", "/bin/true", 125, ("--bind /file/below:", "Not a directory")),
    ("--bind {}/dir:/proc/new", "/bin/true", 125, ("--bind /proc/new:", "create it")),
    ("--bind {}/file:/sys/new", "/bin/true", 125, ("--bind /sys/new:",)),
    ("--bind {}/dir:/" + "n" * 300, "/bin/true", 125, ("--bind /nnn", "Filename too long")),
    # tmpfs
    ("--tmpfs /mnt:sise=1m", "/bin/true", 125, ("--tmpfs /mnt:", "Invalid argument")),
    ("--tmpfs /mnt:size=lots", "/bin/true", 125, ("--tmpfs /mnt:", "Invalid argument")),
    ("--tmpfs /mnt:mode=9", "/bin/true", 125, ("--tmpfs /mnt:", "Invalid argument")),
    ("--tmpfs /file", "/bin/true", 125, ("--tmpfs /file:", "Not a directory")),
    # conf
    ("--conf {}/none", "/bin/true", 125, ("--conf {}/none:", "No such file or directory", "hosts, hostname or resolv.conf")),
    ("--conf {}/file", "/bin/true", 125, ("--conf {}/file:", "Not a directory")),
    ("--conf {}/conf", "/bin/true", 125, ("--conf {}/conf:", "no file in it", "hosts, hostname or resolv.conf")),
    ("--conf {}/long", "/bin/true", 125, ("--conf {}/long:", "hostname", "64")),
    ("--conf {}/blank", "/bin/true", 125, ("--conf {}/blank:", "hostname")),
    # who and where
    ("--user nobody", "/bin/true", 125, ("--user nobody:", "{}/root/etc/passwd", "give a number")),
    ("--user root:none", "/bin/true", 125, ("--user root:none:", "{}/root/etc/group", "give a number")),
    ("--cwd /none", "/bin/true", 125, ("--cwd /none:", "No such file or directory", "create it")),
    ("--cwd /file", "/bin/true", 125, ("--cwd /file:", "Not a directory")),
    # the program
    ("", "/none", 127, ("/none:", "No such file or directory")),
    ("", "none", 127, ("none:", "No such file or directory")),
    ("", "./none", 127, ("./none:", "No such file or directory")),
    ("", "/bin/plain", 126, ("/bin/plain:", "Permission denied", "chmod +x")),
    ("", "/bin", 126, ("/bin:", "Permission denied")),
    ("", "/file/below", 127, ("/file/below:", "Not a directory")),
    ("", "/bin/lost", 127, ("/bin/lost:", "No such file or directory", "interpreter")),
    ("", "/bin/foreign", 126, ("/bin/foreign:", "Exec format error")),
    ("--env PATH=/none", "sh", 127, ("sh:", "No such file or directory")),
    ("", "", 127, ("No such file or directory",)),
]


@pytest.mark.parametrize("options, program, status, words", START, ids=[f"{o} {p}"[:40].strip() for o, p, _, _ in START])
def test_start_that_cannot_be(nsinit, caller, place, options, program, status, words):
    box = Box(nsinit, caller, None if "-R" in options else place / "root")
    before = snapshot(place)
    result = box.run(options.replace("{}", str(place)), [program])
    one_line(result, status, *[word.replace("{}", str(place)) for word in words])
    assert snapshot(place) == before


def test_empty_file_is_a_script_that_does_nothing(nsinit, caller, place):
    """What a shell makes of it."""
    assert Box(nsinit, caller, place / "root").run("", ["/bin/empty"]).status == 0


# (options, words of the message): found before anything is started
INPUT = [
    ("--rotfs {}/root", ("--rotfs:", "did you mean --rootfs?")),
    ("--rotfs {}/root", ("--rotfs:", "did you mean --rootfs?")),
    ("--root {}/root", ("an option of a boot", "leave it out")),
    ("--hostnme x", ("--hostnme:", "did you mean --hostname?")),
    ("--hostname-x x", ("--hostname-x:", "did you mean --hostname?")),
    ("--bin x", ("--bin:", "did you mean --bind?")),
    ("--volumes x", ("--volumes:", "did you mean --volume?")),
    ("--read-olny", ("--read-olny:", "did you mean --read-only?")),
    ("--readonly", ("--readonly:", "did you mean --read-only?")),
    ("--read_only", ("--read_only:", "did you mean --read-only?")),
    ("--clearenv", ("--clearenv:", "did you mean --clear-env?")),
    ("--dryrun", ("--dryrun:", "did you mean --dry-run?")),
    ("--unsahre net", ("--unsahre:", "did you mean --unshare?")),
    ("--tempfs /x", ("--tempfs:", "did you mean --tmpfs?")),
    ("--rootf=/x", ("--rootf", "did you mean --rootfs?")),
    ("--completely-different", ("--completely-different:", "no such option", "-h")),
    ("--" + "x" * 500, ("no such option", "-h")),
    ("-Z", ("-Z:", "no such option", "-h")),
    ("-vZ", ("-Z:", "no such option")),
    ("--read-only=maybe", ("--read-only", "takes no value")),
    ("--rootfs=", ("--rootfs", "empty")),
    ("--hostname=", ("--hostname", "empty")),
    ("--hostname " + LONG, ("--hostname " + LONG, "64")),
    ("--domainname " + LONG, ("--domainname " + LONG, "64")),
    ("--net loopback", ("--net loopback:", "host", "none")),
    ("--unshare time-machine", ("--unshare time-machine:", "uts,ipc,pid,mount,net,user,cgroup")),
    ("--unshare uts,,ipc", ("--unshare uts,,ipc:",)),
    ("--unshare=", ("--unshare",)),
    ("--share pid", ("--share", "pid")),
    ("--share mount", ("--share", "mount")),
    ("--share uts --unshare uts", ("--share", "--unshare")),
    ("--bind {}/dir:relative", ("--bind {}/dir:relative:", "from the root")),
    ("--bind :/mnt", ("--bind :/mnt:",)),
    ("--bind {}/dir:", ("--bind {}/dir::",)),
    ("--bind {}/dir:/mnt:", ("--bind {}/dir:/mnt::", "ro,rw,rec,norec")),
    ("--bind {}/dir:/mnt:r0", ("--bind {}/dir:/mnt:r0:", "ro,rw,rec,norec")),
    ("--bind {}/dir:/mnt:ro,,rw", ("--bind {}/dir:/mnt:ro,,rw:",)),
    ("--tmpfs relative", ("--tmpfs relative:", "from the root")),
    ("--tmpfs=", ("--tmpfs",)),
    ("--env NAME", ("--env NAME:", "NAME=VALUE")),
    ("--env =x", ("--env =x:", "NAME=VALUE")),
    ("--grace soon", ("--grace soon:", "500ms")),
    ("--grace -1s", ("--grace -1s:",)),
    ("--grace 99999999999999999999", ("--grace 99999999999999999999:", "up to a year")),
    ("--drain 5x", ("--drain 5x:",)),
    ("--rewrite TERM", ("--rewrite TERM:", "FROM:TO")),
    ("--rewrite TERM:65", ("--rewrite TERM:65:",)),
    ("--rewrite 0:1", ("--rewrite 0:1:",)),
    ("--remap 256", ("--remap 256:", "255")),
    ("--remap 9-3", ("--remap 9-3:",)),
    ("--remap 1:256", ("--remap 1:256:", "255")),
    ("--parent-death NONE", ("--parent-death NONE:",)),
    ("--log-fd 99", ("--log-fd 99:", "Bad file descriptor")),
    ("--log-fd x", ("--log-fd x:",)),
    ("--pause", ("--pause", "/bin/true", "takes no program")),
    ("--subreaper", ("--subreaper",)),
]


@pytest.mark.parametrize("options, words", INPUT, ids=[o[:40] for o, _ in INPUT])
def test_bad_input(nsinit, caller, place, options, words):
    before = snapshot(place)
    result = Box(nsinit, caller, place / "root").run(options.replace("{}", str(place)), ["/bin/true"])
    one_line(result, 125, *[word.replace("{}", str(place)) for word in words])
    assert snapshot(place) == before


@pytest.mark.parametrize("option", ["--rootfs", "-R", "--bind", "--conf", "--env", "--user", "--grace", "-r"])
def test_value_that_is_missing(nsinit, caller, option):
    one_line(caller.run([nsinit, option]), 125, option, "its value is missing")


def test_program_that_is_missing(nsinit, caller, rootfs):
    for arguments in ([], ["--"], ["--rootfs", rootfs], ["--rootfs", rootfs, "--"]):
        one_line(caller.run([nsinit, *arguments]), 125, "no program given", "-h")


def test_read_only_needs_a_rootfs(nsinit, caller):
    one_line(caller.run([nsinit, "--read-only", "--", "/bin/true"]), 125, "--read-only", "--rootfs DIR")


def test_too_many_mounts(nsinit, caller, rootfs):
    options = [word for i in range(257) for word in ("--tmpfs", f"/tmp/{i}")]
    one_line(Box(nsinit, caller, rootfs).run(options, ["/bin/true"]), 125, "--tmpfs /tmp/256:", "256")


def test_bad_value_in_the_environment(nsinit, caller, rootfs):
    for name, value in (("NSINIT_GRACE", "soon"), ("NSINIT_HOSTNAME", LONG), ("NSINIT_READ_ONLY", "maybe"), ("NSINIT_NET", "x:y")):
        one_line(Box(nsinit, caller, rootfs).run("", ["/bin/true"], env={name: value}), 125, name, value)


def test_foreign_variable_is_only_mentioned(nsinit, caller, rootfs):
    result = Box(nsinit, caller, rootfs).run("", ["/bin/probe", "exit", "4"], env={"NSINIT_SOMETHING": "1"})
    assert result.status == 4 and result.err.startswith("nsinit: NSINIT_SOMETHING") and result.err.count("\n") == 1


def test_message_goes_to_the_log_descriptor(nsinit, caller, place):
    log = os.open(place / "log", os.O_WRONLY | os.O_CREAT)
    result = Box(nsinit, caller, place / "none").run(f"--log-fd {log}", ["/bin/true"], pass_fds=[log])
    os.close(log)
    assert (result.status, result.out, result.err) == (125, "", "")
    assert (place / "log").read_text().startswith(f"nsinit: --rootfs {place}/none: No such file or directory; ")


@pytest.mark.parametrize("byte", ["\n", "\x1b[31m", "\t", "é", "\x7f"])
def test_hostile_bytes_in_a_name_stay_one_line(nsinit, caller, scratch, byte):
    """A name could otherwise forge a line of the log or drive a terminal."""
    result = Box(nsinit, caller, scratch / f"a{byte}b").run("", ["/bin/true"])
    assert result.status == 125 and result.err.count("\n") == 1 and "\x1b" not in result.err, result


# ---- what may not be reached, read or written ----


@pytest.fixture
def locked(scratch, user, probe):
    """Directories of root, for an ordinary user: one that cannot be entered, one that cannot be written."""
    if os.geteuid() != 0:
        pytest.skip("needs root: directories of somebody else")
    small_root(scratch / "closed/root", probe)
    (scratch / "closed/conf").mkdir()
    (scratch / "closed/conf/hosts").write_text("x\n")
    (scratch / "closed").chmod(0o700)
    small_root(scratch / "foreign", probe)
    small_root(scratch / "bare", probe, mount_points=("proc", "dev", "run", "tmp"))
    (scratch / "unreadable").mkdir()
    (scratch / "unreadable/hostname").write_text("x\n")
    (scratch / "unreadable/hostname").chmod(0o600)
    return scratch


def test_unreadable_rootfs(nsinit, user, locked):
    result = Box(nsinit, user, locked / "closed/root").run("", ["/bin/true"])
    one_line(result, 125, f"--rootfs {locked}/closed/root:", "Permission denied")


def test_unreadable_source(nsinit, user, locked):
    result = Box(nsinit, user, locked / "foreign").run(f"--bind {locked}/closed/root:/mnt", ["/bin/true"])
    one_line(result, 125, f"--bind {locked}/closed/root:", "Permission denied")


def test_unreadable_conf(nsinit, user, locked):
    box = Box(nsinit, user, locked / "foreign")
    one_line(box.run(f"--conf {locked}/closed/conf", ["/bin/true"]), 125, f"--conf {locked}/closed/conf:", "Permission denied")
    one_line(box.run(f"--conf {locked}/unreadable", ["/bin/true"]), 125, f"--conf {locked}/unreadable:", "hostname", "Permission denied")


def test_rootfs_of_somebody_else(nsinit, user, locked):
    """It works as it is; what would have to be made in it cannot be."""
    box = Box(nsinit, user, locked / "foreign")
    assert box.run("", ["/bin/probe", "exit", "3"]).status == 3
    one_line(box.run(f"--bind {locked}/unreadable:/made", ["/bin/true"]), 125, "--bind /made:", "Permission denied", "create it")
    one_line(box.run("--tmpfs /etc/made", ["/bin/true"]), 125, "--tmpfs /etc/made:", "Permission denied", "create it")
    one_line(Box(nsinit, user, locked / "bare").run("", ["/bin/true"]), 125, "/sys:", "Permission denied", "beforehand")


def test_cwd_of_somebody_else(nsinit, root, locked):
    (locked / "foreign/closed").mkdir(mode=0o700)
    result = Box(nsinit, root, locked / "foreign").run("--user user --cwd /closed", ["/bin/true"])
    one_line(result, 125, "--cwd /closed:", "Permission denied")


# ---- a kernel that refuses ----


def test_namespace_refused_in_a_chroot(nsinit, user, locked):
    """clone(2): EPERM for a user namespace when the caller's root is not that of its mount namespace."""
    (locked / "foreign/nsinit").write_bytes(Path(nsinit).read_bytes())
    (locked / "foreign/nsinit").chmod(0o755)

    def enter():
        os.chroot(locked / "foreign")
        os.chdir("/")
        user.become()

    result = user.run(["/nsinit", "--", "/bin/true"], setup=enter, ids=False)
    one_line(result, 125, "namespaces", "user", "Operation not permitted", "nsinit --check")


def without_user_namespaces():
    """In a user namespace where the ids are the same and no other may be made. The exec that follows takes the capabilities."""
    uid, gid = os.getuid(), os.getgid()
    checked("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)  # which the change of user took, and with it our /proc/self
    checked("unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1\n")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1\n")
    Path("/proc/sys/user/max_user_namespaces").write_text("0\n")


def test_namespace_refused_by_a_limit(nsinit, user):
    result = user.run([nsinit, "--", "/bin/true"], setup=without_user_namespaces)
    one_line(result, 125, "namespaces", "user", "No space left on device", "user.max_")


@pytest.mark.parametrize("processes, words", [(1, ("namespaces", "ulimit -u")), (2, ("program", "ulimit -u"))])
def test_process_refused_by_a_limit(nsinit, locked, processes, words):
    """Of a user that nobody else is: the launcher is the first process, PID 1 the second, the program the third."""
    lonely = Caller("lonely", 54321 + os.getpid() % 10000)
    setup = (lambda: resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes)))
    result = Box(nsinit, lonely, locked / "foreign").run("", ["/bin/true"], setup=setup)
    one_line(result, 125, "Resource temporarily unavailable", *words)


def test_full_table_of_descriptors(nsinit, caller, rootfs):
    result = Box(nsinit, caller, rootfs).run("", ["/bin/true"], setup=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4)))
    one_line(result, 125, "No file descriptors available")


def test_output_that_is_closed_or_full(nsinit, caller, rootfs):
    """The status says it, when nothing else can."""
    for setup in (lambda: os.close(2), lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 2)):
        assert Box(nsinit, caller, rootfs / "none").run("", ["/bin/true"], setup=setup).status == 125


def test_check_and_help_and_version(nsinit, caller):
    assert caller.run([nsinit, "--version"]).out.startswith("nsinit version ")
    text = caller.run([nsinit, "--help"])
    assert text.status == 0 and "--rootfs" in text.out and text.err == ""
    check = caller.run([nsinit, "--check"])
    assert check.status == 0 and check.out.endswith("nsinit can make containers here.\n"), check


def test_check_names_what_is_refused(nsinit, user):
    result = user.run([nsinit, "--check"], setup=without_user_namespaces)
    assert result.status == 1 and "NO   user namespace: No space left on device; " in result.out, result
    assert "max_user_namespaces is 0" in result.out and "sysctl -w" in result.out


def test_mount_point_that_cannot_be_made_in_a_read_only_rootfs(nsinit, locked, root):
    """An image mounted read-only."""
    bare = bytes(locked / "bare")
    checked("mount", bare, bare, None, 0x1000, None)
    checked("mount", None, bare, None, 0x1000 | 0x20 | 1, None)
    try:
        one_line(Box(nsinit, root, locked / "bare").run("", ["/bin/true"]), 125, "/sys:", "Read-only file system", "beforehand")
    finally:
        checked("umount2", bare, 2)
