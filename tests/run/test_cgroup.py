# SPDX-License-Identifier: MIT
"""
--memory, --cpus and --pids where v1 has the controllers, cgroup2 beside them or not; tests/vm/test_cgroup_v2.py has the
other kind of machine.

Every test starts nsinit in cgroups of its own (a Place), one in each hierarchy that matters, so what it leaves there is
seen and nothing of the tests beside it. A monitor is a second child of the launcher.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from containers import Box, one_line
from harness import (
    CLONE_NEWNS, MS_PRIVATE, MS_REC, checked, children_of, command_of, kill_quietly, lives, status_field, until,
    waits_in,
)

MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 32, 4096
PYTHON = "/usr/bin/python3"
LIMITS = ["--memory", "64m", "--cpus", "0.5", "--pids", "20"]
HOG = [PYTHON, "-c", "len(bytearray(128 << 20))"]
FORKS = """
import os, sys, time
for count in range(100):
    try:
        if os.fork() == 0:
            time.sleep(60)
    except OSError as error:
        print(count, error.strerror)
        break
"""


def mounted():
    """Mount point of each hierarchy that this test is about: by v1 controller, and "" for cgroup2."""
    found = {}
    for line in Path("/proc/thread-self/mountinfo").read_text().splitlines():
        fields, _, (kind, _, options) = line.split()[:5], None, line.rpartition(" - ")[2].split()
        if kind == "cgroup":
            found.update({name: Path(fields[4]) for name in options.split(",") if name in ("memory", "cpu", "pids")})
        elif kind == "cgroup2":
            found[""] = Path(fields[4])
    return found


def own(controller, pid="self"):
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        number, names, path = line.split(":", 2)
        if controller in names.split(",") and (controller or number == "0"):
            return path.lstrip("/")
    return None


class Place:
    """A cgroup in each hierarchy. setup= enters them."""

    def __init__(self):
        name = f"test-{os.getpid()}-{secrets.token_hex(4)}"
        self.directories = {controller: point / own(controller) / name for controller, point in mounted().items()}
        for directory in set(self.directories.values()):
            directory.mkdir()

    def enter(self):
        for directory in set(self.directories.values()):
            (directory / "cgroup.procs").write_text(str(os.getpid()))

    def give(self, uid):
        """As systemd delegates to a user."""
        for directory in set(self.directories.values()):
            for path in (directory, directory / "cgroup.procs"):
                os.chown(path, uid, uid)

    def left(self):
        """Those made in it; os.walk does not mind when one goes meanwhile."""
        return [Path(parent) / name for d in set(self.directories.values()) for parent, names, _ in os.walk(d) for name in names]

    def remove(self):
        for directory in [*reversed(self.left()), *set(self.directories.values())]:
            with contextlib.suppress(FileNotFoundError):
                until(lambda d=directory: not (d / "cgroup.procs").read_text(), f"the end of all in {directory}")
                directory.rmdir()


@pytest.fixture
def place(root):
    missing = {"memory", "cpu", "pids"} - mounted().keys()
    if missing:
        pytest.skip(f"no v1 hierarchy has {', '.join(sorted(missing))}; tests/vm tests cgroup2")
    try:
        place = Place()
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    yield place
    try:
        assert not place.left(), "cgroups left behind"
    finally:
        place.remove()


@pytest.fixture
def box(nsinit, root, place):
    return Box(nsinit, root)


def parts(launcher):
    """PID 1 and monitor of a launcher, by what PID namespace they are in."""
    both = until(lambda: (c := children_of(launcher.pid)) and len(c) == 2 and c, "PID 1 and monitor")
    namespaces = {pid: os.readlink(f"/proc/{pid}/ns/pid") for pid in both}
    [monitor] = [pid for pid in both if namespaces[pid] == os.readlink("/proc/self/ns/pid")]
    [pid1] = [pid for pid in both if pid != monitor]
    return pid1, monitor


@contextlib.contextmanager
def sleeping(box, place, probe, options=LIMITS, **more):
    launcher = box.start(options, [probe, "sleep"], setup=place.enter, **more)
    try:
        assert launcher.line() == "ready"
        yield launcher, *parts(launcher)
    finally:
        for pid in children_of(launcher.pid):
            kill_quietly(pid)
        launcher.finish()


def pipes(pid):
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    return {link for link in links if link.startswith("pipe:")}


def is_gone(pid):
    return not lives(pid)


# ---- the limits ----


@pytest.mark.parametrize("options, controller, file, value", [
    ("--memory 64m", "memory", "memory.limit_in_bytes", "67108864"),
    ("--memory 65537k", "memory", "memory.limit_in_bytes", "67112960"),  # the kernel counts pages
    ("--cpus 0.5", "cpu", "cpu.cfs_quota_us", "50000"),
    ("--cpus 2.25", "cpu", "cpu.cfs_quota_us", "225000"),
    ("--cpus 1", "cpu", "cpu.cfs_period_us", "100000"),
    ("--pids 17", "pids", "pids.max", "17"),
])
def test_value_on_the_host(box, place, probe, options, controller, file, value):
    if options.endswith("65537k"):
        value = str(65537 * 1024 // os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PAGE_SIZE"))
    with sleeping(box, place, probe, options) as (_, pid1, _):
        directory = mounted()[controller] / own(controller, pid1)
        assert directory.parent == place.directories[controller]
        assert re.fullmatch(r"nsinit-\d+-[0-9a-f]{16}", directory.name)
        assert (directory / file).read_text().strip() == value


def test_swap_counts_as_memory(box, place, probe):
    with sleeping(box, place, probe, "--memory 64m") as (_, pid1, _):
        file = mounted()["memory"] / own("memory", pid1) / "memory.memsw.limit_in_bytes"
        if not file.exists():
            pytest.skip("this kernel does not account swap")
        assert file.read_text().strip() == str(64 << 20)


def test_only_what_is_limited_is_touched(box, place, probe):
    with sleeping(box, place, probe, "--pids 20") as (_, pid1, _):
        assert own("memory", pid1) == own("memory") + "/" + place.directories["memory"].name
        assert own("pids", pid1) != own("pids") + "/" + place.directories["pids"].name


def test_launcher_and_monitor_are_outside(box, place, probe):
    with sleeping(box, place, probe) as (launcher, pid1, monitor):
        for controller in mounted():
            assert own(controller, launcher.pid) == own(controller, monitor)
            assert own(controller, pid1).startswith(own(controller, launcher.pid) + "/nsinit-")


def test_memory_ends_a_hog(box, place):
    result = box.run("--memory 64m", HOG, setup=place.enter)
    assert result.status == 137
    assert result.err == "nsinit: --memory 64m: was not enough, and the kernel killed 1 process of the container; give it more\n"


def test_enough_memory_is_enough(box, place):
    result = box.run("--memory 512m", HOG, setup=place.enter)
    assert (result.status, result.out, result.err) == (0, "", "")


def test_hog_beside_the_program_is_named_too(box, place):
    script = f"{PYTHON} -c 'len(bytearray(128 << 20))'; echo $?"
    result = box.run("--memory 64m", ["/bin/sh", "-c", script], setup=place.enter)
    assert (result.status, result.out.strip()) == (0, "137")
    assert "nsinit: --memory 64m: " in result.err


@pytest.mark.parametrize("pids", [4, 9])
def test_pids_refuses_the_next_fork(box, place, pids):
    result = box.run(f"--pids {pids}", [PYTHON, "-c", FORKS], setup=place.enter)
    assert result.out == f"{pids - 2} Resource temporarily unavailable\n"  # PID 1 and the program count


def test_cpus_throttles(box, place):
    """A quota of 0.1 processors is felt: the kernel counts the periods in which it held the program up."""
    script = "import time\nend = time.process_time() + 0.05\nwhile time.process_time() < end: pass\nprint('done', flush=True)\ninput()"
    launcher = box.start("--cpus 0.1", [PYTHON, "-c", script], setup=place.enter, stdin=subprocess.PIPE)
    assert launcher.line() == "done"
    stat = mounted()["cpu"] / own("cpu", parts(launcher)[0]) / "cpu.stat"
    assert int(re.search(r"nr_throttled (\d+)", stat.read_text()).group(1)) > 0
    launcher.stdin.write(b"\n")
    assert launcher.finish().status == 0


# ---- what the container sees ----


def test_own_cgroup_is_the_root(box, place):
    result = box.run(LIMITS, ["/bin/cat", "/proc/self/cgroup"], setup=place.enter)
    seen = {line.split(":", 2)[1]: line.split(":", 2)[2] for line in result.out.splitlines()}
    assert seen and set(seen.values()) == {"/"}


def test_shared_namespace_shows_the_path(box, place):
    result = box.run([*LIMITS, "--share", "cgroup"], ["/bin/cat", "/proc/self/cgroup"], setup=place.enter)
    assert len(re.findall(r"/nsinit-\d+-[0-9a-f]{16}$", result.out, re.M)) >= 3


def test_nothing_of_it_is_open_in_the_program(box, place, probe):
    report = box.run(LIMITS, [probe], setup=place.enter).report
    assert set(map(str, report["fds"])) <= {"0", "1", "2"}


def test_pid1_holds_no_directory(box, place, probe):
    with sleeping(box, place, probe) as (_, pid1, _):
        links = [os.readlink(f"/proc/{pid1}/fd/{fd}") for fd in os.listdir(f"/proc/{pid1}/fd")]
        assert not [link for link in links if "cgroup" in link]


def test_monitor_holds_nothing_of_the_caller(box, place, probe):
    with sleeping(box, place, probe) as (_, _, monitor):
        until(lambda: os.readlink(f"/proc/{monitor}/cwd") == "/", "the monitor in /")
        until(lambda: "0" not in os.listdir(f"/proc/{monitor}/fd"), "closed descriptors")
        links = [os.readlink(f"/proc/{monitor}/fd/{fd}") for fd in os.listdir(f"/proc/{monitor}/fd")]
        assert all(link.startswith("pipe:") or "cgroup" in link for link in links) and len(links) <= 5


# ---- numbers ----


def test_statistics(box, place):
    script = "import time\nx = bytearray(20 << 20)\nend = time.process_time() + 0.05\nwhile time.process_time() < end: pass"
    result = box.run(["-v", *LIMITS], [PYTHON, "-c", script], setup=place.enter)
    line = re.search(r"nsinit: used: memory at most (\d+) KiB, CPU (\d+) ms user, (\d+) ms system, OOM kills 0, refused forks 0\n",
                     result.err)
    assert line, result.err
    peak, user, system = map(int, line.groups())
    assert 20 << 10 < peak <= 64 << 10
    assert user + system >= 50


def test_statistics_of_a_hog(box, place):
    result = box.run(["-v", "--memory", "64m"], HOG, setup=place.enter)
    assert re.search(r"nsinit: used: memory at most 65536 KiB, CPU \d+ ms user, \d+ ms system, OOM kills 1\n", result.err), result.err


def test_statistics_of_refused_forks(box, place):
    result = box.run(["-v", "--pids", "4"], [PYTHON, "-c", FORKS], setup=place.enter)
    assert re.search(r"nsinit: used: CPU \d+ ms user, \d+ ms system, refused forks 1\n", result.err), result.err


def test_silent_without_verbose(box, place):
    result = box.run(LIMITS, ["/bin/true"], setup=place.enter)
    assert (result.status, result.out, result.err) == (0, "", "")


# ---- the end ----


@pytest.mark.parametrize("program, status", [
    (["/bin/true"], 0), (["/bin/sh", "-c", "exit 7"], 7), (["/nope"], 127), (["/etc/passwd"], 126), (["/bin/sh", "-c", "kill -9 $$"], 137),
    (["/bin/sh", "-c", "sleep 60 & exit 3"], 3),
])
def test_gone_after(box, place, program, status):
    assert box.run(LIMITS, program, setup=place.enter).status == status
    assert not place.left()


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_gone_after_a_signal(box, place, probe, which):
    with sleeping(box, place, probe) as (launcher, _, _):
        launcher.send(which)
        assert launcher.finish().status == 128 + which
        assert not place.left()


def test_gone_after_the_end_of_pid1(box, place, probe):
    with sleeping(box, place, probe) as (launcher, pid1, monitor):
        os.kill(pid1, signal.SIGKILL)
        assert launcher.finish().status == 137
        assert not place.left() and is_gone(monitor)


def test_killed_launcher_leaves_the_container_and_then_nothing(box, place, probe):
    with sleeping(box, place, probe) as (launcher, pid1, monitor):
        assert pipes(pid1) & pipes(monitor)  # PID 1 keeps the monitor waiting
        launcher.kill()
        launcher.wait()
        until(lambda: waits_in(monitor, "pipe_read"), "the monitor waiting")
        assert not is_gone(pid1) and place.left()
        os.kill(pid1, signal.SIGKILL)
        until(lambda: is_gone(monitor), "the end of the monitor")
        assert not place.left()


def test_killed_launcher_with_parent_death(box, place, probe):
    with sleeping(box, place, probe, [*LIMITS, "-p", "KILL"]) as (launcher, pid1, monitor):
        launcher.kill()
        launcher.wait()
        until(lambda: is_gone(pid1) and is_gone(monitor), "the end of container and monitor")
        assert not place.left()


def test_killed_group_of_the_launcher(box, place, probe):
    def setup():
        place.enter()
        os.setpgid(0, 0)

    launcher = box.start([*LIMITS, "-p", "KILL"], [probe, "sleep"], setup=setup)
    assert launcher.line() == "ready"
    _, monitor = parts(launcher)
    os.killpg(launcher.pid, signal.SIGKILL)
    until(lambda: is_gone(monitor), "the end of the monitor")
    assert not place.left()
    launcher.finish()


def test_killed_monitor_is_not_needed(box, place, probe):
    with sleeping(box, place, probe) as (launcher, _, monitor):
        os.kill(monitor, signal.SIGKILL)
        until(lambda: is_gone(monitor), "the end of the monitor")
        launcher.send(signal.SIGTERM)
        result = launcher.finish()
        assert (result.status, result.err) == (143, "")


def test_cgroups_made_inside_go_too(box, place, probe):
    with sleeping(box, place, probe) as (launcher, pid1, _):
        for controller in mounted():
            (mounted()[controller] / own(controller, pid1) / "a" / "b").mkdir(parents=True)
        launcher.send(signal.SIGTERM)
        result = launcher.finish()
        assert (result.status, result.err) == (143, "")
        assert not place.left()


def test_stranger_in_the_cgroup(box, place, probe):
    """A process that somebody put there is not of the container: v1 cannot kill it, and the cgroup waits for its end."""
    stranger = subprocess.Popen(["/bin/sleep", "60"])
    try:
        with sleeping(box, place, probe, "--memory 64m") as (launcher, pid1, monitor):
            directory = mounted()["memory"] / own("memory", pid1)
            (directory / "cgroup.procs").write_text(str(stranger.pid))
            launcher.send(signal.SIGTERM)
            result = launcher.finish()
            assert result.status == 143 and "somebody else put a process into it" in result.err
            assert directory.exists() and not is_gone(monitor)
            stranger.kill()
            stranger.wait()
            until(lambda: not directory.exists(), "the end of the cgroup")
            until(lambda: is_gone(monitor), "the end of the monitor")
    finally:
        stranger.kill()
        stranger.wait()


def test_detached(box, place, scratch):
    launcher = box.start([*LIMITS, "--detach", "--pid-file", scratch / "pid"], ["/bin/sleep", "60"], setup=place.enter,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert launcher.wait() == 0
    pid1 = int((scratch / "pid").read_text())
    assert place.left()
    os.kill(pid1, signal.SIGKILL)
    until(lambda: not place.left(), "the end of the cgroups")


def test_many_at_once(box, place):
    """Twenty at once: none gets the name or the limit of another."""
    started = [box.start(["--memory", f"{10 + i}m"], ["/bin/sh", "-c", "echo ready; read line"], setup=place.enter, stdin=subprocess.PIPE)
               for i in range(20)]
    assert all(launcher.line() == "ready" for launcher in started)
    limits = {p.name: int((p / "memory.limit_in_bytes").read_text()) >> 20 for p in place.left() if (p / "memory.limit_in_bytes").exists()}
    assert sorted(limits.values()) == list(range(10, 30))
    for launcher in started:
        launcher.stdin.write(b"\n")
    assert {launcher.finish().status for launcher in started} == {0}


def test_same_pid_in_two_pid_namespaces(box, place, probe):
    """Both launchers are process 1 where they are."""
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            launcher = box.start(LIMITS, [probe, "sleep"], setup=place.enter, pid1=True)
            stack.callback(launcher.finish)
            stack.callback(launcher.send, signal.SIGTERM)
            assert launcher.line() == "ready"
        names = {p.name for p in place.left()}
        assert len(names) == 2 and all(name.startswith("nsinit-1-") for name in names)
    assert not place.left()


# ---- failures ----


@pytest.mark.parametrize("options, word", [
    (["--rootfs", "/nope"], "--rootfs /nope"), (["--bind", "/nope"], "--bind /nope"), (["--cwd", "/nope"], "--cwd /nope"),
])
def test_failure_of_something_else(box, place, options, word):
    one_line(box.run([*LIMITS, *options], ["/bin/true"], setup=place.enter), 125, word)


def test_more_than_the_cgroup_above(box, place):
    (place.directories["cpu"] / "cpu.cfs_quota_us").write_text("20000")
    one_line(box.run("--cpus 3", ["/bin/true"], setup=place.enter), 125, "--cpus", "Invalid argument", "ask for less")


STRACE = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace to make system calls fail")


def traced(box, place, scratch, inject, follow=False):
    command = ["strace", *(["-f"] if follow else []), "-qq", "-o", scratch / "calls", "-e", f"trace={inject.split(':')[0]}", "-e",
               f"inject={inject}", *box.command(LIMITS, ["/bin/true"])]
    return box.caller.run(command, setup=place.enter)


@STRACE
@pytest.mark.parametrize("inject, word", [
    ("mkdirat:error=EACCES:when=1", "making a cgroup for --"),
    ("mkdirat:error=EACCES:when=3", "making a cgroup for --"),
    ("mkdirat:error=ENOSPC:when=2", "too many cgroups"),
    ("pipe2:error=EMFILE:when=1", "monitor of the cgroup"),
    ("clone:error=EAGAIN:when=1", "monitor of the cgroup: Resource temporarily unavailable"),
    ("write:error=EINVAL:when=1", "cgroup limit --"),
    ("write:error=EBUSY:when=4", "cgroup limit --"),
    ("pipe2:error=EMFILE:when=2", "report pipe"),
    ("clone3:error=EAGAIN:when=1", "new namespaces"),
    ("clone3:error=EACCES:when=1", "new namespaces"),
])
def test_failing_call_of_the_launcher(box, place, scratch, inject, word):
    one_line(traced(box, place, scratch, inject), 125, word)


@STRACE
def test_failing_namespace(box, place, scratch):
    one_line(traced(box, place, scratch, "unshare:error=EPERM:when=1", follow=True), 125, "entering the cgroup: Operation not permitted")


@STRACE
@pytest.mark.parametrize("error", ["ENOSYS", "E2BIG", "EINVAL"])
def test_kernel_without_clone_into_cgroup(box, place, scratch, error):
    """PID 1 then moves itself. Each error means it: no clone3, a smaller struct, an unknown flag."""
    if "" not in mounted():
        pytest.skip("no cgroup2 here")
    result = traced(box, place, scratch, f"clone3:error={error}")
    assert (result.status, result.err) == (0, "")
    assert "clone3" in (scratch / "calls").read_text()


@STRACE
@pytest.mark.parametrize("inject", [
    *(f"mkdirat:signal=KILL:when={n}" for n in (1, 2, 3, 4)), "pipe2:signal=KILL:when=1", "pipe2:signal=KILL:when=2",
    "clone:signal=KILL:when=1", "write:signal=KILL:when=1", "write:signal=KILL:when=5", "clone3:signal=KILL:when=1",
    "unlinkat:signal=KILL:when=1", "unlinkat:signal=KILL:when=3",
])
def test_launcher_killed_at(box, place, scratch, inject):
    result = traced(box, place, scratch, inject)
    assert result.status == -signal.SIGKILL, (result, (scratch / "calls").read_text())
    until(lambda: not place.left(), "the end of the cgroups")


# ---- where hierarchies are mounted ----


def test_mount_point_is_read_and_not_guessed(box, place, scratch):
    """The hierarchy of pids elsewhere, under a name that mountinfo escapes, and at its usual place something that is none."""
    point = scratch / "a b\\c"
    point.mkdir()
    usual = os.fsencode(mounted()["pids"])

    def setup():
        place.enter()
        checked("unshare", CLONE_NEWNS)
        checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        checked("mount", usual, os.fsencode(point), None, MS_BIND, None)
        checked("mount", b"tmpfs", usual, b"tmpfs", 0, None)
        place.directories["pids"].mkdir(parents=True)

    result = box.run("--pids 4", [PYTHON, "-c", FORKS], setup=setup)
    assert result.out == "2 Resource temporarily unavailable\n", result


def test_part_of_a_hierarchy(box, place, scratch):
    """A mount that shows our own cgroup as its root, as in a container of an engine without a cgroup namespace."""
    usual = mounted()["pids"]

    def setup():
        place.enter()
        checked("unshare", CLONE_NEWNS)
        checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        checked("mount", os.fsencode(place.directories["pids"]), os.fsencode(scratch), None, MS_BIND, None)
        checked("mount", b"tmpfs", os.fsencode(usual), b"tmpfs", 0, None)

    result = box.run("--pids 4 --share cgroup", [PYTHON, "-c", "print(open('/proc/self/cgroup').read())" + FORKS], setup=setup)
    assert "2 Resource temporarily unavailable\n" in result.out, result
    assert f"/{place.directories['pids'].name}/nsinit-" in result.out


def test_no_hierarchy(box, place):
    usual = mounted()["pids"]

    def setup():
        place.enter()
        checked("unshare", CLONE_NEWNS)
        checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        checked("mount", b"tmpfs", os.fsencode(usual), b"tmpfs", 0, None)

    one_line(box.run("--pids 4", ["/bin/true"], setup=setup), 125, "cgroup for --pids", "no hierarchy has this controller")


def test_read_only_hierarchy(box, place):
    usual = mounted()["pids"]

    def setup():
        place.enter()
        checked("unshare", CLONE_NEWNS)
        checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        checked("mount", None, os.fsencode(usual), None, MS_REMOUNT | MS_BIND | MS_RDONLY, None)

    one_line(box.run("--pids 4", ["/bin/true"], setup=setup), 125, "--pids", "Read-only file system", "mount it read-write")


# ---- an ordinary user ----


def test_user_without_delegation(nsinit, user, place):
    box = Box(nsinit, user)
    for option in ("--memory 64m", "--cpus 1", "--pids 20"):
        result = box.run(option, ["/bin/true"], setup=lambda: None)
        one_line(result, 125, option.split()[0], "Permission denied", "systemd-run --user --scope")


def test_user_with_delegation(nsinit, user, place, probe):
    place.give(user.uid)

    def setup():
        place.enter()
        user.become()

    box = Box(nsinit, user)
    with sleeping_as(box, setup, probe) as pid1:
        assert status_field(pid1, "Uid").split()[0] == str(user.uid)
        assert len([p for p in place.left() if p.name.startswith("nsinit-")]) == len(set(place.directories.values()))
    result = box.run(LIMITS, ["/bin/cat", "/proc/self/cgroup"], setup=setup, ids=False)
    assert {line.split(":", 2)[2] for line in result.out.splitlines()} == {"/"}, result


@contextlib.contextmanager
def sleeping_as(box, setup, probe):
    launcher = box.start(LIMITS, [probe, "sleep"], setup=setup, ids=False)
    try:
        assert launcher.line() == "ready"
        yield parts(launcher)[0]
    finally:
        launcher.send(signal.SIGTERM)
        assert launcher.finish().status == 143, command_of(launcher.pid)


def test_check(nsinit, root, user, place):
    for caller, words in ((root, ("yes  --memory\n", "yes  --cpus\n", "yes  --pids\n")), (user, ("NO   --memory: Permission denied; ",))):
        result = caller.run([nsinit, "--check"], setup=place.enter if caller is root else None)
        for word in words:
            assert word in result.out


@pytest.mark.parametrize("options, word", [
    ("--memory 5", "--memory 5: not a size"), ("--memory 64q", "not a size"), ("--memory -1", "not a size"),
    ("--memory 1.5g", "not a size"),
    ("--cpus 0", "--cpus 0: not a number of processors"), ("--cpus 1.234", "not a number of processors"), ("--cpus x", "not a number"),
    ("--pids 0", "--pids 0: not a number of processes"), ("--pids 1", "PID 1 counts"), ("-s --pids 10", "--subreaper"),
])
def test_wrong_values(nsinit, user, options, word):
    one_line(Box(nsinit, user).run(options, ["/bin/true"]), 125, word)
