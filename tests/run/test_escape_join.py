# SPDX-License-Identifier: MIT
"""
Attacks on whoever enters a container with --join, by the processes that are in it already. The one that joins is of the host
until its exec: its memory and descriptors, and the file it runs, must not come into their reach (CVE-2016-9962, CVE-2019-5736).
"""

import contextlib
import os
import select
import shutil
import signal

import pytest
from containers import Box, own, small_root
from harness import caller_named, children_of, kill_quietly, need_root

JOINS = 60
JOINS_TO_BE_CAUGHT = 2000


class Trap:
    """A container in which an attack runs, and those who enter it."""

    def __init__(self, nsinit, attack, scratch, probe, caller):
        self.nsinit, self.attack, self.caller = nsinit, attack, caller
        self.root = small_root(scratch / "root", probe)
        shutil.copy(attack, self.root / "bin/attack")
        (self.root / "bin/evil").write_text("#!/proc/self/exe\n")
        (self.root / "bin/evil").chmod(0o755)
        own(self.root, caller.uid)

    @contextlib.contextmanager
    def set(self, words, options=""):
        box = Box(self.nsinit, self.caller, self.root)
        launcher = box.start(options, ["/bin/attack", *words])
        assert launcher.line() == "ready"
        [pid1] = children_of(launcher.pid)
        try:
            yield launcher, pid1
        finally:
            for pid in children_of(pid1):
                kill_quietly(pid)
            launcher.finish()

    def join(self, pid1, program, nsinit=None, options=(), **more):
        return self.caller.run([nsinit or self.nsinit, *options, "--join", pid1, "--", *program], **more)


@pytest.fixture(params=["root", "user"])
def trap(request, nsinit, attack, scratch, probe):
    need_root("what joins is of root's")
    return Trap(nsinit, attack, scratch, probe, caller_named(request.param))


@pytest.fixture
def roots_trap(nsinit, attack, scratch, probe):
    need_root("what joins is of root's")
    return Trap(nsinit, attack, scratch, probe, caller_named("root"))


# ---- memory and descriptors ----


def test_hunter_never_catches_who_joins(trap):
    with trap.set(["hunt"]) as (launcher, pid1):
        for _ in range(JOINS):
            assert trap.join(pid1, ["/bin/probe", "exit", "7"]).status == 7
            assert launcher.poll() is None, launcher.finish()


def test_hunter_with_the_capability_does(roots_trap):
    with roots_trap.set(["hunt"], "--cap-add SYS_PTRACE") as (launcher, pid1):
        for _ in range(JOINS_TO_BE_CAUGHT):
            roots_trap.join(pid1, ["/bin/probe", "exit", "7"])
            if launcher.poll() is not None:
                break
        assert launcher.poll() == 0 and launcher.line() == "won"


# ---- the file ----


@pytest.fixture
def newer(nsinit, scratch, trap):
    """The same program in another file, which the caller may write to, as after an upgrade: PID 1 does not keep it busy."""
    path = scratch / "newer-nsinit"
    shutil.copy(nsinit, path)
    own(path, trap.caller.uid)
    return path


def grab(trap, name, join):
    """What became of the attempt to write to the file that those who join again and again are made to run inside."""
    with trap.set(["grab", name]) as (launcher, pid1):
        for _ in range(JOINS_TO_BE_CAUGHT):
            join(pid1)
            if select.select([launcher.stdout], [], [], 0)[0]:
                break
        assert launcher.line() == "held"
        return launcher.line()


def test_file_of_who_joins_is_out_of_reach(trap, newer):
    before = newer.read_bytes()
    assert grab(trap, "nsinit", lambda pid1: trap.join(pid1, ["/bin/evil"], newer)) == "refused: write: Operation not permitted"
    assert newer.read_bytes() == before


def test_file_of_a_careless_joiner_is_written_to(roots_trap, attack, scratch):
    careless = scratch / "careless"
    shutil.copy(attack, careless)
    assert grab(roots_trap, "careless", lambda pid1: roots_trap.caller.run([careless, "enter", pid1, "/bin/evil"])) == "won"
    assert careless.read_bytes()[:4] == b"!ELF"


def test_kernel_that_lets_running_files_be_written_to(roots_trap, nsinit, scratch):
    """
    Linux 6.11. There PID 1 does not keep the file busy either, and nothing but such a copy is run inside. What strace puts in place of
    the first two calls of openat(2), which ask, is a descriptor that was there, and stays.
    """
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    look = ["--privileged", "-R", roots_trap.root, "--", "/bin/readlink", "/proc/1/exe"]
    assert roots_trap.caller.run([nsinit, *look]).out == f"{nsinit}\n"
    with open(nsinit, "rb") as file:
        inject = ["-e", f"inject=openat:retval={file.fileno()}:when=1..2", "-e", "inject=close:retval=0:when=1"]
        strace = ["strace", "-qq", "-o", scratch / "trace", *inject, nsinit]
        assert roots_trap.caller.run([*strace, *look], pass_fds=[file.fileno()]).out == "/memfd:nsinit (deleted)\n"


def test_who_joins_is_as_its_caller_made_it(roots_trap, probe):
    """The copy is another exec: what the program inherits must come through it."""
    def prepare():
        signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGUSR1])
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)

    with Box(roots_trap.nsinit, roots_trap.caller, roots_trap.root).sleeping() as container:
        report = roots_trap.join(container.pid1, ["/bin/probe", "report", "x"], options=["--env", "A=b"], setup=prepare).report
    assert (report["blocked"], report["ignored"], report["argv"][1:]) == ([signal.SIGUSR1], [signal.SIGUSR2], ["report", "x"])
    assert "A=b" in report["env"] and sorted(report["fds"]) == ["0", "1", "2"]


def test_keys_of_who_joins_stay_outside(trap):
    """No filter keeps it from them: it has a session keyring of its own."""
    with_key = [trap.attack, "with-key", "nsinit-key"]
    assert trap.caller.run([*with_key, trap.attack, "key", "nsinit-key"]).out == "won\n", "the control"
    with Box(trap.nsinit, trap.caller, trap.root).sleeping() as container:
        join = [trap.nsinit, "--seccomp", "none", "--join", container.pid1, "--", "/bin/attack", "key", "nsinit-key"]
        result = trap.caller.run([*with_key, *join])
    assert result.out.startswith("refused: "), result


def test_secret_of_who_joins_is_read_once(roots_trap):
    """From a pipe it could not be read again."""
    out, into = os.pipe()
    os.write(into, b"said\n")
    os.close(into)
    with Box(roots_trap.nsinit, roots_trap.caller, roots_trap.root).sleeping() as container:
        secret = ["--secret", f"S=/proc/self/fd/{out}"]
        result = roots_trap.join(container.pid1, ["/bin/sh", "-c", "echo $S"], options=secret, pass_fds=[out])
    os.close(out)
    assert result.out == "said\n", result
