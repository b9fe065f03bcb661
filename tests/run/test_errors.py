# SPDX-License-Identifier: MIT
"""
Bad input to role run: one line that names the option, the object, the reason and the remedy, the right status, and
nothing left behind (what conftest checks after every test, and the rootfs here).
"""

import os
import re
import resource
import shutil
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
    (root / "bin/windows").write_bytes(b"#!/bin/sh\r\n")
    (root / "bin/windows").chmod(0o755)
    (root / "bin/loop").symlink_to("loop")
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
    ("", "/bin", 126, ("/bin:", "Permission denied", "no directory")),
    ("", "/bin/true --now", 127, ("/bin/true --now:", "each argument as a word of its own")),
    ("", "/bin/windows", 127, ("/bin/windows:", "interpreter", "no CR")),
    ("", "/bin/loop", 126, ("/bin/loop:", "Symbolic link loop", "correct the path")),
    ("", "/" + "n" * 300, 126, ("/nnn", "Filename too long", "correct the path")),
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
    ("--root {}/root", ("--root:", "an option of a boot", "leave it out")),
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
    ("--log-fd=", ("--log-fd ''",)),
    ("--memory 0", ("--memory 0:", "64m, 2g", "1m or more")),
    ("--memory=", ("--memory '':",)),
    ("--memory 12x", ("--memory 12x:", "not a size")),
    ("--memory 99999999999999999999t", ("--memory 99999999999999999999t:", "not a size")),
    ("--cpus 0", ("--cpus 0:", "0.01 to 10000")),
    ("--cpus 0.001", ("--cpus 0.001:", "0.01 to 10000")),
    ("--cpus -1", ("--cpus -1:",)),
    ("--pids 1", ("--pids 1:", "2 to 4194304", "PID 1 counts")),
    ("--pids 4194305", ("--pids 4194305:", "2 to 4194304")),
    ("--landlock foo:/x", ("--landlock foo:/x:", "ro:PATH, rw:PATH, connect:PORT, bind:PORT", "signal:any")),
    ("--landlock ro:", ("--landlock ro::", "ro:PATH")),
    ("--landlock bind:99999", ("--landlock bind:99999:", "bind:PORT")),
    ("--landlock signal:9", ("--landlock signal:9:", "signal:any or abstract:any")),
    ("--join self", ("--join self:", "PID:LIST")),
    ("--join 0", ("--join 0:", "give PID")),
    ("--join 1:foo", ("--join 1:foo:", "uts,ipc,pid,mount")),
    ("--cap-add FOO", ("--cap-add FOO:", "NET_ADMIN,SYS_TIME or ALL")),
    ("--cap-drop=", ("--cap-drop '':", "ALL")),
    ("--seccomp off", ("--seccomp off:", "default or none")),
    ("--rlimit nofile", ("--rlimit nofile:", "NAME=SOFT[:HARD]")),
    ("--rlimit nofile=2:1", ("--rlimit nofile=2:1:", "SOFT up to HARD")),
    ("--rlimit files=1", ("--rlimit files=1:", "nofile=1024:4096")),
    ("--nice 20", ("--nice 20:", "-20 to 19")),
    ("--oom-score-adj -1001", ("--oom-score-adj -1001:", "-1000 to 1000")),
    ("--umask 8", ("--umask 8:", "0777")),
    ("--umask 01000", ("--umask 01000:", "0777")),
    ("--tty yes", ("--tty yes:", "auto, new", "inherit")),
    ("--tty new --detach", ("--tty new:", "--detach", "leave one of them out")),
    ("--ephemeral --overlay {}/dir", ("--overlay {}/dir:", "--ephemeral", "leave one of them out")),
    ("--share net --net none", ("--net none:", "--share names net", "leave one of them out")),
    ("--share uts --hostname x", ("--hostname", "--share uts", "leave")),
    ("--net veth:mtu=1", ("--net veth:mtu=1:", "68 to 65535")),
    ("--net veth:address=1.2.3", ("--net veth:address=1.2.3:", "10.0.0.2/24")),
    ("--net veth:colour=1", ("--net veth:colour=1:", "address= route=")),
    ("--net=", ("--net '':", "host, none, veth")),
    ("--clock-offset monotonic", ("--clock-offset monotonic:", "monotonic=SECONDS")),
    ("--map-uid 0", ("--map-uid 0:", "INSIDE:OUTSIDE:COUNT")),
    ("--map-uid 0:0:0", ("--map-uid 0:0:0:", "INSIDE:OUTSIDE:COUNT")),
    ("--map-uid 1:1:1 --map-gid 0:0:1", ("--map-uid, --map-gid:", "0 is not mapped in both", "0:OUTSIDE:COUNT")),
    ("--user=", ("--user '':", "leave the option out")),
    ("--cwd=", ("--cwd '':", "leave the option out")),
    ("--user 4294967295", ("--user 4294967295:", "no such user", "up to 4294967294")),
    ("--secret TOKEN={}/none", ("--secret TOKEN={}/none:", "not there", "mount it, or correct the path")),
    ("--secret TOKEN={}/dir", ("--secret TOKEN={}/dir:", "give a plain file")),
    ("--secret TOKEN", ("--secret TOKEN:", "NAME=FILE")),
    ("--on TERM=true", ("--on TERM=true:", "SIG=/PATH")),
    ("--on KILL=/bin/true", ("--on KILL=/bin/true:", "give another signal")),
    ("--success 0:1", ("--success 0:1:", "CODE or A-B")),
    ("--delay now", ("--delay now:", "500ms")),
    ("--status-fd 99", ("--status-fd 99:", "Bad file descriptor", "99>file")),
    ("--ready-fd one", ("--ready-fd one:", "give a number")),
    ("--pid-file {}/none/pid", ("--pid-file {}/none/pid:", "No such file", "can be written")),
    ("--pid-file {}/dir", ("--pid-file {}/dir:", "Is a directory", "can be written")),
    ("--trace {}/none/trace", ("--trace {}/none/trace:", "No such file", "or -")),
    ("--essential web", ("--essential web:", "give --services as well")),
    ("--boot", ("--boot:", "only PID 1 can")),
    ("--end off", ("--end off:", "poweroff, reboot or halt")),
    ("--failure ignore", ("--failure ignore:", "shell, end or panic")),
    ("--exit-port /dev/ttyS1", ("--exit-port:", "an option of a boot", "--boot")),
    ("--console tty1", ("--console:", "an option of a boot", "leave it out")),
    ("--watchdog 5s", ("--watchdog:", "an option of a boot", "leave it out")),
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


# (arguments, words of the message): there is no program
ALONE = [
    (["--services", "/none"], ("--services /none:", "No such file or directory", "a directory of unit files, or names")),
    (["--services", "none"], ("none.service:", "no such file in /etc/nsinit", "correct the name")),
    (["--services", "none,more"], ("none.service:", "no such file in /etc/nsinit", "correct the name")),
    (["--services", ","], ("--services ,:", "an empty name", "commas")),
    (["--services", ""], ("--services '':", "empty")),
    (["--services", "/etc/passwd"], ("--services /etc/passwd:", "Not a directory", "a directory of unit files, or names")),
    (["--verify"], ("--verify:", "no file given", "unit files")),
    (["--pause", "--on", "TERM=/bin/true"], ("--pause --on:", "leave one of them out")),
    (["--pause", "--wait"], ("--pause --wait:", "leave one of them out")),
    (["--dry-run"], ("no program given", "-h")),
    (["--join", "999999999", "--", "/bin/true"], ("--join 999999999:", "No such process", "PID of a process in a container")),
]


@pytest.mark.parametrize("arguments, words", ALONE, ids=[" ".join(a)[:40] for a, _ in ALONE])
def test_alone(nsinit, caller, arguments, words):
    one_line(caller.run([nsinit, *arguments]), 125, *words)


def test_program_that_is_being_written(nsinit, caller, place):
    with open(place / "root/bin/empty", "a"):
        one_line(Box(nsinit, caller, place / "root").run("", ["/bin/empty"]), 126, "/bin/empty:", "Text file busy", "being written")


def test_program_without_a_name(nsinit, caller):
    one_line(caller.run([nsinit, "--", ""]), 127, "program '':", "No such file")


def test_masked_unit_file_says_so(nsinit, caller, scratch):
    (scratch / "web.service").write_text("")
    result = caller.run([nsinit, "--verify", scratch / "web.service"])
    assert (result.status, result.out) == (0, "")
    assert result.err == f"{scratch}/web.service: empty, which masks a service: it cannot be started\n"


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


# What is in a name, and what of it may be in a message. The last of the kept is a character whose second byte is 0x9b.
HOSTILE = [(b"\n", b"?"), (b"\x1b[31m", b"?[31m"), (b"\r", b"?"), (b"\t", b"?"), (b"\x7f", b"?"), (b"\x9b31m", b"?31m"),
           (b"\xc2\x9b31m", b"\xc2?31m"), ("é".encode(), "é".encode()), ("ś".encode(), "ś".encode())]


@pytest.mark.parametrize("name, shown", HOSTILE, ids=[repr(name) for name, _ in HOSTILE])
def test_hostile_bytes_in_a_name_stay_one_line(nsinit, caller, scratch, name, shown):
    """A name could otherwise forge a line of the log or drive a terminal."""
    whole = b"/none/a" + name + b"b"
    for options in ([b"--rootfs", whole], [b"--aaaaaaaa" + name], [b"--user", whole], [b"--services", name], [b"--", whole]):
        log = os.open(scratch / "log", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        program = [] if options[0] in (b"--", b"--services") else ["--", "/bin/true"]
        result = caller.run([nsinit, *map(os.fsdecode, options), *program], stderr=log)
        os.close(log)
        line, end, more = (scratch / "log").read_bytes().partition(b"\n")
        assert (result.status in (125, 127), end, more) == (True, b"\n", b"") and shown in line, (options, line, more)
        assert shown == name or name not in line, (options, line)


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


@pytest.mark.parametrize("option, reason, remedy", [
    ("--rlimit nofile=unlimited", "Operation not permitted", "CAP_SYS_RESOURCE may raise a hard limit, nofile up to fs.nr_open"),
    ("--nice -20", "Permission denied", "root with CAP_SYS_NICE,"),
    ("--oom-score-adj -1000", "Permission denied", "CAP_SYS_RESOURCE for the OOM killer"),
])
def test_limit_that_may_not_be_raised(nsinit, user, option, reason, remedy):
    result = user.run([nsinit, "-s", *option.split(), "/bin/true"])
    one_line(result, 125, f"limit {option.partition('=')[0]}:", reason, remedy, "ask for less")


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
    one_line(result, 125, "namespaces", "user", "Operation not permitted", "an entrypoint takes no option", "nsinit --check")


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


@pytest.mark.parametrize("call, row", [
    ("ioctl", "terminal: I/O error; .*--tty inherit"), ("?mkdir,mkdirat", "overlay: I/O error; .*--ephemeral"),
])
def test_check_names_what_cannot_be_made(nsinit, caller, call, row):
    if not shutil.which("strace"):
        pytest.skip("needs strace to make system calls fail")
    result = caller.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:error=EIO", nsinit, "--check"])
    assert result.status == 0 and re.search(f"^NO   {row}", result.out, re.M), result
    assert f"yes  {row.partition(':')[0]}\n" in caller.run([nsinit, "--check"]).out


def test_check_names_what_is_refused(nsinit, user):
    result = user.run([nsinit, "--check"], setup=without_user_namespaces)
    assert result.status == 1 and "NO   user namespace: No space left on device; " in result.out, result
    assert "max_user_namespaces is 0" in result.out and "sysctl -w" in result.out
    assert result.out.endswith("remedies are applied; an entrypoint (PID 1, or -s) makes none.\n"), result


def test_mount_point_that_cannot_be_made_in_a_read_only_rootfs(nsinit, locked, root):
    """An image mounted read-only."""
    bare = bytes(locked / "bare")
    checked("mount", bare, bare, None, 0x1000, None)
    checked("mount", None, bare, None, 0x1000 | 0x20 | 1, None)
    try:
        one_line(Box(nsinit, root, locked / "bare").run("", ["/bin/true"]), 125, "/sys:", "Read-only file system", "beforehand")
    finally:
        checked("umount2", bare, 2)
