# SPDX-License-Identifier: MIT
"""
Every system call of a start fails in turn, by strace's injection. Either the start fails as it should (one line with a
remedy, status 125, or 126 and 127 for the program) or the failure made no difference at all: the program then reports
exactly what it reports after a good start. Nothing is left, and nothing hangs.

strace counts the calls of each process by itself, so `when=N` hits the Nth one of the launcher, of PID 1 and of the
program's process before its exec. The default set takes the first and the last of each call, the slow one takes all.
"""

import contextlib
import fcntl
import os
import re
import resource
import shutil
from pathlib import Path

import pytest
from containers import Box, host_namespaces, one_line, own, small_root
from harness import Caller, checked, descendants_of, kill_quietly, lives
from test_cgroup import place  # noqa: F401

# Where a start may go on with less: what, and why.
OPTIONAL_MOUNTS = {
    "/sys/fs/cgroup": "a kernel without cgroup2",
    "/dev/mqueue": "a kernel without POSIX queues",
}

# Calls that are no part of the start, and why they are left out.
LEFT_OUT = {
    "execve": "has a test of its own, with each errno",
    "wait4": "made by the loop, once the kernel has said that a child ended: it cannot fail then",
    "rt_sigtimedwait": "the loop's wait for the next signal, tried again whatever it says",
    "exit_group": "does not return",
    "arch_prctl": "made by libc before main; a kernel that refuses it runs no program at all",
    "set_tid_address": "made by libc before main, and cannot fail",
    "umask": "cannot fail, umask(2)",
    "kill": "ends our own child",
    "rt_sigprocmask": "fails only for arguments that are wrong; its step has a unit test",
    "close": "lets go of the descriptor whatever it returns, close(2), where an injected failure keeps it",
    "capget": "fails only for a process that is gone; who is taken for an ordinary user then gets a user namespace more",
}

NO_FAILURE = {("prctl", "EINVAL"): "how the kernel says, of PR_CAPBSET_DROP, that it has no higher capability"}

FACTS = ("pid", "ppid", "pgid", "umask", "uid", "euid", "suid", "gid", "egid", "sgid", "groups",
         "cap_inh", "cap_prm", "cap_eff", "cap_bnd", "cap_amb", "no_new_privs", "seccomp",
         "blocked", "ignored", "hostname", "domainname", "cwd", "interfaces", "env", "argv", "nice", "nofile", "oom_score_adj")


JOINED_VARY = ("pid", "pgid")  # of a program that joins: the container goes on, and so do its pids


def facts(report):
    """What must be the same in every start."""
    host = host_namespaces()
    mounts = [(m["target"], m["type"], m["options"], m["root"], m["super"]) for m in report["mounts"]]
    return {
        **{name: report[name] for name in FACTS},
        "fds": sorted(report["fds"]),
        "mounts": sorted(mounts),
        "new namespaces": sorted(kind for kind, inode in report["namespaces"].items() if inode != host[kind]),
    }


def difference(good, now):
    """The facts that differ; a mount that is optional may be missing, and an empty one hide the host's cgroups instead."""
    missing, more = set(good["mounts"]) - set(now["mounts"]), set(now["mounts"]) - set(good["mounts"])
    hiding = {row for row in more if row[:2] == ("/sys/fs/cgroup", "tmpfs") and "ro" in row[2].split(",")}
    excused = {row for row in missing if row[0] in OPTIONAL_MOUNTS}
    changed = {name: (good[name], now[name]) for name in good if good[name] != now[name] and name != "mounts"}
    mounts = (missing - excused) | (more - hiding)
    return {**changed, **({"mounts": sorted(mounts)} if mounts else {})}


class Faulty(Box):
    """Starts of one container under strace."""

    def __init__(self, nsinit, caller, rootfs, options, log):
        super().__init__(nsinit, caller, rootfs)
        self.varying, self.enter, self.pass_fds = (), lambda: None, ()
        self.options, self.log = options, log
        self.program = "/bin/probe" if rootfs else Path(nsinit).with_name("probe")

    def trace(self, inject=None, **more):
        strace = ["strace", "-f", "-qq", "-o", str(self.log)]
        if not inject or not inject.startswith("execve"):
            strace += ["-b", "execve"]  # the program itself is left alone
        strace += ["-e", f"inject={inject}"] if inject else []
        result = self.caller.run([*strace, *self.command(self.options, [self.program])], setup=self.prepare, pass_fds=self.pass_fds, **more)
        if "attach: ptrace" in result.err or "PTRACE_TRACEME" in result.err:
            pytest.skip(f"needs to trace: {result.err}")
        return result

    def prepare(self):
        os.setsid()
        self.enter()

    def facts(self, result):
        return {name: fact for name, fact in facts(result.report).items() if name not in self.varying}

    def calls(self):
        """{name of a call: how often the process that makes it most makes it}, of the last start."""
        counts = {}
        for pid, name in re.findall(r"^(\d+) +(\w+)\(", self.log.read_text(errors="replace"), re.M):
            counts[pid, name] = counts.get((pid, name), 0) + 1
        most = {}
        for (_, name), count in counts.items():
            most[name] = max(count, most.get(name, 0))
        return most


# What is started: options, where {scratch} is a directory with a volume and a configuration.
PLANS = {
    "root": "--net none --conf {scratch}/conf --domainname nis --bind {scratch}/volume:/mnt:ro --tmpfs /tmp/made "
            "--bind {scratch}/volume/file:/tmp/a/b/file:ro,norec --read-only --cwd /mnt --env A=b --user user",
    "limits": "--rlimit nofile=99 --nice 19 --oom-score-adj 100 --umask 027 --no-new-privs --cap-drop KILL --cap-add NET_ADMIN "
              "--secret S={scratch}/volume/file",
    "layers": "--ephemeral --privileged --seccomp default --clock-offset monotonic=5 --unshare net --share uts,ipc",
    "maps": "--map-uid 0:100000:9 --map-gid 0:100000:9 --user 5:6",
    "user": "--unshare user --share cgroup",
    "host": "--bind {scratch}/volume:/mnt --hostname h",
    "cgroup": "--memory 64m --pids 50 --cpus 2",
    "join": "--seccomp default",
    "sealed": "--seccomp default",
}
ROOTS = {
    "maps": "an ordinary user has no other ids",
    "user": "an ordinary user has a user namespace anyway",
    "cgroup": "an ordinary user may make no cgroup",
}


@pytest.fixture
def faulty(nsinit, caller, scratch, probe, request):
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    plan = getattr(request, "param", "root")
    if plan in ROOTS and caller.uid != 0:
        pytest.skip(ROOTS[plan])
    root = small_root(scratch / "root", probe)
    (scratch / "volume").mkdir()
    (scratch / "volume/file").write_text("x\n")
    (scratch / "conf").mkdir()
    (scratch / "conf/hosts").write_text("127.0.0.1 localhost\n")
    (scratch / "conf/hostname").write_text("faulty\n")
    for name in ("hosts", "hostname"):
        (root / "etc" / name).write_text("")
    own(root, caller.uid)
    made = Faulty(nsinit, caller, None if plan == "host" else root, PLANS[plan].format(scratch=scratch), Path(scratch / "trace"))
    if plan == "cgroup":
        made.enter = request.getfixturevalue("place").enter
    if plan not in ("join", "sealed"):
        yield made
        return
    with Box(nsinit, caller, root).sleeping() as container, sealed_copy(nsinit) as copy:
        made.rootfs, made.options, made.varying = None, f"--join {container.pid1} {made.options}", JOINED_VARY
        if plan == "sealed":
            made.nsinit, made.pass_fds = f"/proc/self/fd/{copy}", (copy,)
        yield made


@contextlib.contextmanager
def sealed_copy(nsinit):
    """Who joins executes such a copy of itself, where strace lets go of it. Started from one, it stays as it is."""
    copy = os.memfd_create("nsinit", os.MFD_ALLOW_SEALING)
    os.write(copy, Path(nsinit).read_bytes())
    fcntl.fcntl(copy, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
    yield copy
    os.close(copy)


def verdict(faulty, good, inject):
    """None, or what is wrong with a start in which this fails."""
    before = set(descendants_of(os.getpid()))
    try:
        result = faulty.trace(inject)
    except pytest.fail.Exception:
        return f"{inject}: hangs"
    finally:
        left = [pid for pid in set(descendants_of(os.getpid())) - before if lives(pid)]
        for pid in left:
            kill_quietly(pid)
    if left:
        return f"{inject}: processes left"
    if inject.startswith("write:") and result.err == "":
        return None if result.status == 125 else f"{inject}: {result}"  # the message was what could not be written
    if result.status == 0:
        changed = difference(good, faulty.facts(result))
        return f"{inject}: it started, but otherwise than it should: {changed}" if changed else None
    if result.status != 125 or result.out or not re.fullmatch(r"nsinit: [^\n;]+; [^\n]+\n", result.err):
        return f"{inject}: {result}"
    return None


def sweep(faulty, error, choose):
    first = faulty.trace()
    good = faulty.facts(first)
    calls = faulty.calls()
    assert {"clone", "execveat"} & calls.keys(), calls
    assert difference(good, faulty.facts(faulty.trace())) == {}, "two good starts differ"
    wrong = []
    for name, count in sorted(calls.items()):
        if name in LEFT_OUT or (name, error) in NO_FAILURE:
            continue
        for n in choose(count):
            wrong.append(verdict(faulty, good, f"{name}:error={error}:when={n}"))
    problems = "\n".join(problem for problem in wrong if problem)
    if problems:
        pytest.fail(problems, pytrace=False)


@pytest.mark.parametrize("faulty", PLANS, indirect=True)
def test_call_that_fails(faulty):
    sweep(faulty, "EPERM", lambda count: sorted({1, count}))


@pytest.mark.slow
@pytest.mark.parametrize("faulty", PLANS, indirect=True)
@pytest.mark.parametrize("error", ["EPERM", "ENOMEM", "ENOSYS", "EINTR", "EAGAIN", "EINVAL"])
def test_every_call_that_fails(faulty, error):
    sweep(faulty, error, lambda count: range(1, count + 1))


# ---- older kernels ----


@pytest.fixture
def old_kernel(nsinit, caller, scratch, probe):
    """Starts a script in a container on a kernel before Linux 5.12, without mount_setattr(2)."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    root = small_root(scratch / "root", probe)
    (scratch / "volume/sub/deep er").mkdir(parents=True)
    (scratch / "volume/file").write_text("x\n")
    for path in (root, scratch / "volume"):
        own(path, caller.uid)

    def start(options, script):
        box = Faulty(nsinit, caller, root, options, scratch / "trace")
        strace = ["strace", "-f", "-qq", "-o", box.log, "-e", "inject=mount_setattr:error=ENOSYS"]
        result = caller.run([*strace, *box.command(options, ["/bin/sh", "-c", script])])
        assert "INJECTED" in box.log.read_text(errors="replace"), "the call was not made: nothing was tried"
        return result
    return start


def test_without_mount_setattr_one_mount_at_a_time(old_kernel, scratch):
    write = "echo x >/mnt/made; echo y >/etc/x; grep -E ' (/mnt|/etc/x|/) ' /proc/self/mountinfo | cut -d' ' -f5,6"
    for rec in ("rec", "norec"):
        result = old_kernel(f"--bind {scratch}/volume:/mnt:ro,{rec} --bind {scratch}/volume/file:/etc/x:ro,noexec,{rec}", write)
        assert result.err.count("Read-only file system") == 2, result
        seen = dict(line.split() for line in result.out.splitlines())
        assert "ro" in seen["/mnt"].split(",") and {"ro", "noexec"} <= set(seen["/etc/x"].split(",")), result
        assert sorted(os.listdir(scratch / "volume")) == ["file", "sub"] and (scratch / "volume/file").read_text() == "x\n"

    result = old_kernel("--read-only", "touch /made; touch /tmp/x && echo memory")
    assert result.out == "memory\n" and "Read-only file system" in result.err, result


@pytest.fixture
def mounted(scratch, own_world):
    """mounted(path): an empty file system there, until the test ends."""
    if os.geteuid() != 0:
        pytest.skip("needs root: something is mounted below the source")
    paths = []

    def mount(path):
        checked("mount", b"tmpfs", os.fsencode(path), b"tmpfs", 0, b"mode=777")
        paths.append(os.fsencode(path))
    yield mount
    for path in reversed(paths):
        checked("umount2", path, 2)


def test_without_mount_setattr_all_mounts_below(old_kernel, mounted, scratch):
    """Mounts in mounts, a name that mountinfo escapes, a file, and what another bind has beside it."""
    sub = scratch / "volume/sub"
    mounted(sub)
    (sub / "deep er").mkdir()
    mounted(sub / "deep er")
    script = "for d in /mnt /mnt/sub '/mnt/sub/deep er' /other/sub; do touch \"$d/made\" 2>/dev/null && echo \"$d\"; done"
    result = old_kernel(f"--bind {scratch}/volume:/other --bind {scratch}/volume:/mnt:ro,noexec", script)
    assert (result.out, result.err) == ("/other/sub\n", "")
    (sub / "made").unlink()
    seen = old_kernel(f"--bind {scratch}/volume:/mnt:ro,noexec", "grep -c ' /mnt.*[ ,]ro,.*noexec' /proc/self/mountinfo")
    assert seen.out == "3\n", seen


def test_without_mount_setattr_a_hidden_mount_is_refused(old_kernel, mounted, scratch):
    """The second bind hides the mount that the first one brought to /mnt/sub: what is listed there cannot be reached."""
    mounted(scratch / "volume/sub")
    (scratch / "root/over").mkdir()
    hides = f"--bind {scratch}/volume:/mnt --bind {scratch}/root/over:/mnt:ro"
    one_line(old_kernel(hides, "true"), 125, "--bind /mnt", "add norec")
    assert old_kernel(f"{hides},norec", "true").status == 0


@pytest.mark.parametrize("call", ["openat2", "open_tree", "move_mount", "fsopen", "close_range", "pivot_root"])
def test_kernel_that_lacks_a_call_says_so(faulty, call):
    faulty.trace()
    if call not in faulty.calls():
        pytest.skip(f"a start does not use {call}")
    result = faulty.trace(f"{call}:error=ENOSYS")
    one_line(result, 125, "not implemented")


def test_namespace_that_is_refused(faulty):
    one_line(faulty.trace("clone:error=EPERM:when=1"), 125, "namespaces", "Operation not permitted", "nsinit --check")
    one_line(faulty.trace("clone:error=ENOSPC:when=1"), 125, "namespaces", "user.max_")
    one_line(faulty.trace("clone:error=EINVAL:when=1"), 125, "namespaces", "this kernel")


def test_program_that_cannot_be_executed(faulty):
    for error, status in (("EACCES", 126), ("ENOENT", 127), ("ENOMEM", 126), ("ETXTBSY", 126), ("E2BIG", 126), ("EIO", 126)):
        # strace's own exec of nsinit is the first
        one_line(faulty.trace(f"execve:error={error}:when=1"), status, "/bin/probe")


def test_lonely_user_has_the_processes_for_a_start(nsinit, scratch, probe):
    """PID 1's own clone is the launcher's first as well, and hidden behind it above: a limit refuses only the second."""
    if os.geteuid() != 0:
        pytest.skip("needs root: a user that has no other process")
    lonely = Caller("lonely", 44321 + os.getpid() % 10000)
    box = Box(nsinit, lonely, small_root(scratch / "root", probe))
    for limit, words in ((1, "namespaces"), (2, "process for the program")):
        result = box.run("", ["/bin/true"], setup=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit)))  # noqa: B023
        one_line(result, 125, words, "ulimit -u")
