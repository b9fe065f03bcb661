# SPDX-License-Identifier: MIT
"""
Role run in a rootfs that is hostile: links at every target and parent, and links that are swapped during the start.

The canary is a tree that every link aims at and the caller could write: what the host has at /srv, in a mount
namespace that a test makes for its starts. It must come out as it was, and what was to be mounted must be seen inside.
Each kind of attack has its control: done by path, it does hit the canary. A start that escapes hits the canary only.
"""

import contextlib
import ctypes
import hashlib
import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest
from containers import Box, one_line, own, small_root, snapshot
from harness import CLONE_NEWNS, MS_PRIVATE, MS_REC, checked, libc

AT_FDCWD, RENAME_EXCHANGE, MS_BIND = -100, 2, 0x1000
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "armv7l": 218}[os.uname().machine]


PLACE = "/srv"  # not below a directory that every container covers, as /tmp


@pytest.fixture
def canary(scratch, caller):
    if os.geteuid() != 0:
        pytest.skip("needs root: the canary is mounted, in a namespace of the test's own")
    path = scratch / "canary"
    for name in ("dir/ptmx", "dir/null", "dir/pts/ptmx", "dir/etc/hosts", "dir/1/stat", "dir/fs/cgroup/x", "file", "deep/er/file"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(f"canary {name}\n")
    own(path, caller.uid)
    return path


def place(canary):
    checked("unshare", CLONE_NEWNS)
    checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    checked("mount", bytes(canary), PLACE.encode(), None, MS_BIND, None)


class Threatened(Box):
    """Starts that see the canary at its place."""

    canary = None

    def start(self, options, program, setup=None, **more):
        def prepare():
            if self.canary:
                place(self.canary)
            self.caller.become()
            if setup:
                setup()
        return super().start(options, program, setup=prepare, ids=False, **more)


def threatened(nsinit, caller, scratch, probe, request):
    root = small_root(scratch / "root", probe)
    own(root, caller.uid)
    box = Threatened(nsinit, caller, root)
    if "canary" in request.fixturenames:
        box.canary = request.getfixturevalue("canary")
    return box


@pytest.fixture
def box(nsinit, caller, scratch, probe, request):
    return threatened(nsinit, caller, scratch, probe, request)


@pytest.fixture
def as_root(nsinit, root, scratch, probe, request):
    return threatened(nsinit, root, scratch, probe, request)


@pytest.fixture
def source(scratch, caller):
    path = scratch / "source"
    path.mkdir()
    for name in ("hosts", "extra"):
        (path / name).write_text(f"source {name}\n")
    own(path, caller.uid)
    return path


def put_link(root, name, to):
    """Replaces root/name by a link."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        for item in path.iterdir():
            item.unlink()
        path.rmdir()
    path.unlink(missing_ok=True)
    path.symlink_to(to)


def run_beside(canary, action):
    """Does action() as root in a mount namespace with the canary, which is thrown away; returns what it returns, 0 to 98."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            place(canary)
            status = action()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# ---- links that are there ----

UP = "/".join([".."] * 40)

# kind: (link to a directory, link to a file, is the start refused?)
KINDS = {
    "absolute": ("/srv/dir", "/srv/file", False),
    "upwards": (UP + "/srv/dir", UP + "/srv/file", False),
    "one-up": ("../srv/dir", "../srv/file", False),
    "root-up": ("/../srv/dir", "/../srv/file", False),
    "dangling": ("/srv/new/dir", "/srv/new/file", False),
    "dangling-upwards": (UP + "/srv/new/dir", UP + "/srv/new/file", False),
    "through-two": ("hop/srv/dir", "hop/srv/file", False),
    "self-root": ("/proc/self/root/srv/dir", "/proc/self/root/srv/file", True),
    "init-root": ("/proc/1/root/srv/dir", "/proc/1/root/srv/file", True),
    "descriptor": ("/proc/self/fd/3/srv/dir", "/proc/self/fd/3/srv/file", True),
}

# what is attacked: (options, script run inside, its output); the second word of a target's name is what is linked
TARGETS = {
    "proc": ("", "test -d /proc/1 && echo proc", "proc\n"),
    "sys": ("", "test -d /sys/kernel && echo sys", "sys\n"),
    "dev": ("", "test -c /dev/null && test -c /dev/pts/ptmx && echo dev", "dev\n"),
    "run": ("", "stat -f -c %T /run/", "tmpfs\n"),
    "tmp": ("", "stat -f -c %T /tmp/", "tmpfs\n"),
    "mnt": ("--tmpfs /mnt", "stat -f -c %T /mnt/", "tmpfs\n"),
    "mnt as parent": ("--bind {source}:/mnt/a/b", "cat /mnt/a/b/extra", "source extra\n"),
    "mnt/volume": ("--bind {source}:/mnt/volume:ro", "cat /mnt/volume/extra", "source extra\n"),
    "mnt/file": ("--bind {source}/extra:/mnt/file", "cat /mnt/file", "source extra\n"),
    "etc/hosts": ("--conf {source}", "cat /etc/hosts", "source hosts\n"),
    "etc": ("--conf {source}", "cat /etc/hosts", "source hosts\n"),
}
FILES = ("mnt/file", "etc/hosts")


def attack(root, target, kind):
    directory, file, _ = KINDS[kind]
    (root / "hop").symlink_to("/..")
    put_link(root, target.split()[0], file if target in FILES else directory)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", KINDS)
def test_link_at_a_target(box, canary, source, kind, target):
    options, script, output = TARGETS[target]
    attack(box.rootfs, target, kind)
    before, root = snapshot(canary), os.open("/", os.O_RDONLY)
    result = box.sh(options.format(source=source), script, pass_fds=[root], setup=lambda: os.dup2(root, 3))
    os.close(root)
    assert snapshot(canary) == before, "the canary was hit"
    if KINDS[kind][2]:
        one_line(result, 125, target.split()[0])
    else:
        assert (result.status, result.out, result.err) == (0, output, "")


# By path, one-up and through-two lead elsewhere: see the control below. The root of init is in another namespace.
@pytest.mark.parametrize("kind", ["absolute", "upwards", "root-up", "self-root", "descriptor"])
def test_control_mount_by_path_follows(as_root, canary, kind):
    attack(as_root.rootfs, "run", kind)

    def naive():
        os.dup2(os.open("/", os.O_RDONLY), 3)
        checked("mount", b"tmpfs", bytes(as_root.rootfs / "run"), b"tmpfs", 0, None)
        return 7 if os.path.ismount(f"{PLACE}/dir") else 8

    assert run_beside(canary, naive) == 7


@pytest.mark.parametrize("kind", ["one-up", "root-up", "through-two"])
def test_control_old_root_over_the_new_one_is_reached(as_root, canary, kind):
    """After pivot_root(".", ".") the old root lies over the new one: `/` and `..` at the top lead into it."""
    attack(as_root.rootfs, "run", kind)

    def naive():
        path = bytes(as_root.rootfs)
        checked("mount", path, path, None, MS_BIND | MS_REC, None)
        os.chdir(path)
        assert libc.syscall(ctypes.c_long(PIVOT_ROOT), b".", b".") == 0
        covered = Path(f"..{PLACE}/dir/ptmx")
        before = covered.exists()
        checked("mount", b"tmpfs", b"run", b"tmpfs", 0, None)
        return 7 if before and not covered.exists() else 8

    assert run_beside(canary, naive) == 7


def test_control_open_by_path_follows(as_root, canary):
    (canary / "new").mkdir()
    attack(as_root.rootfs, "mnt/file", "dangling")

    def naive():
        os.close(os.open(as_root.rootfs / "mnt/file", os.O_CREAT | os.O_WRONLY))
        return 7

    assert run_beside(canary, naive) == 7
    assert (canary / "new/file").exists()


def test_control_mkdir_by_path_follows(as_root, canary):
    attack(as_root.rootfs, "mnt as parent", "upwards")

    def naive():
        os.makedirs(as_root.rootfs / "mnt/a/b")
        return 7

    assert run_beside(canary, naive) == 7
    assert (canary / "dir/a/b").is_dir()


@pytest.mark.parametrize("target", ["proc", "run", "mnt"])
@pytest.mark.parametrize("length", [1, 2, 39, 50])
def test_links_in_a_circle_and_long_chains(box, canary, target, length):
    """The kernel follows 40 links. A circle is refused; a chain that ends is not."""
    for i in range(length):
        (box.rootfs / f"c{i}").symlink_to(f"c{(i + 1) % length}")
    put_link(box.rootfs, target, "c0")
    one_line(box.run("--tmpfs /mnt", ["/bin/true"]), 125, f"/{target}", "links")


def test_chain_of_links_to_what_is_missing(box):
    for i in range(5):
        (box.rootfs / f"c{i}").symlink_to(f"c{i + 1}")
    put_link(box.rootfs, "mnt", "/c0")
    assert box.sh("--tmpfs /mnt", "stat -f -c %T /c5/").out == "tmpfs\n"


@pytest.fixture
def removed_deeply(box):
    """shutil.rmtree, which clears up after the session, recurses."""
    yield
    subprocess.run(["rm", "-rf", box.rootfs], check=True)


@pytest.mark.parametrize("depth", [400, 2000])
def test_link_to_a_very_deep_directory(box, removed_deeply, depth):
    """An image must not be able to crash PID 1."""
    deep = "a/" * depth + "b"
    put_link(box.rootfs, "mnt", deep)
    result = box.run("--tmpfs /mnt", ["/bin/true"])
    assert result.status in (0, 125), result
    if result.status:
        one_line(result, 125, "/mnt")


@pytest.mark.parametrize("depth", [400, 2000])
def test_very_deep_target(box, removed_deeply, depth):
    result = box.run(["--tmpfs", "/" + "a/" * depth + "b"], ["/bin/true"])
    assert result.status in (0, 125), result


def test_dev_that_is_a_directory_with_ptmx_on_the_host(as_root, canary):
    """The file `ptmx` of a host's directory must survive a start that makes /dev/ptmx."""
    put_link(as_root.rootfs, "dev", f"{PLACE}/dir")
    before = snapshot(canary)
    assert as_root.sh("", "readlink /dev/ptmx; test -c /dev/null && echo null").out == "pts/ptmx\nnull\n"
    assert snapshot(canary) == before and (canary / "dir/ptmx").read_text() == "canary dir/ptmx\n"


@pytest.mark.parametrize("name", ["proc", "sys", "dev", "run", "tmp", "etc"])
@pytest.mark.parametrize("what", ["file", "fifo", "socket"])
def test_target_that_is_no_directory(box, source, name, what):
    put_link(box.rootfs, name, "x")
    (box.rootfs / name).unlink()
    kind = {"file": stat.S_IFREG, "fifo": stat.S_IFIFO, "socket": stat.S_IFSOCK}[what]
    os.mknod(box.rootfs / name, kind | 0o666)
    one_line(box.run(f"--conf {source}", ["/bin/true"]), 125, f"/{name}", "Not a directory")


# ---- what is read from the rootfs ----


def test_users_are_read_inside(box, canary):
    (canary / "passwd").write_text("intruder:x:0:0::/:/bin/sh\n")
    for link in (f"{PLACE}/passwd", f"{UP}{PLACE}/passwd", f"/proc/self/root{PLACE}/passwd", str(canary / "passwd")):
        put_link(box.rootfs, "etc/passwd", link)
        one_line(box.run("--user intruder", ["/bin/true"]), 125, "--user intruder", "no such user")


def test_users_from_a_pipe_do_not_hang(box):
    (box.rootfs / "etc/passwd").unlink()
    os.mkfifo(box.rootfs / "etc/passwd")
    assert box.run("", ["/bin/probe", "exit", "3"]).status == 3
    one_line(box.run("--user nobody", ["/bin/true"]), 125, "--user nobody")


@pytest.mark.parametrize("minor", [5, 7])
def test_users_from_an_endless_device_do_not_hang(as_root, minor):
    (as_root.rootfs / "etc/passwd").unlink()
    os.mknod(as_root.rootfs / "etc/passwd", stat.S_IFCHR | 0o666, os.makedev(1, minor))
    assert as_root.run("", ["/bin/probe", "exit", "3"]).status == 3
    one_line(as_root.run("--user nobody", ["/bin/true"]), 125, "--user nobody")


@pytest.mark.parametrize("content", [b"\0" * 9000, b"x" * 100000, b"root" + b":" * 5000, b"\xff:\xff:1:1:\xff:/\xff:\n", b"\n" * 5000],
                         ids=["zeros", "one long line", "many fields", "no text", "empty lines"])
def test_users_from_nonsense(box, content):
    (box.rootfs / "etc/passwd").write_bytes(content)
    (box.rootfs / "etc/group").write_bytes(content)
    assert box.run("", ["/bin/probe", "exit", "3"]).status == 3
    one_line(box.run("--user nobody", ["/bin/true"]), 125, "--user nobody")
    assert box.run("--user 0:0", ["/bin/probe", "exit", "3"]).status == 3


# ---- from inside ----


@pytest.fixture
def digest(nsinit):
    def of():
        return hashlib.sha256(Path(nsinit).read_bytes()).hexdigest()
    return of


@pytest.mark.parametrize("script", [
    ": >/proc/1/exe", "cp /bin/sh /proc/1/exe", "exec 9</proc/1/exe; echo x >/proc/self/fd/9", "exec 9</proc/1/exe; cat /bin/sh >/dev/fd/9",
    "cat /proc/1/exe >/dev/null; for i in 1 2 3 4 5 6 7 8 9; do : >/proc/1/exe; done",
])
def test_nsinit_cannot_be_overwritten_from_inside(as_root, digest, script):
    """CVE-2019-5736."""
    before = digest()
    as_root.sh("", script)
    assert digest() == before


def test_program_that_is_nsinit_itself(as_root, digest):
    before = digest()
    (as_root.rootfs / "bin/evil").write_text("#!/proc/self/exe\n")
    (as_root.rootfs / "bin/evil").chmod(0o755)
    result = as_root.run("", ["/bin/evil"])
    assert result.status in (125, 126, 127) and digest() == before


@pytest.mark.parametrize("script", [
    "umount -l / 2>/dev/null; cd /; echo *", "umount -l /proc /sys 2>/dev/null; umount -l / 2>/dev/null; cd -P /; cd -P ../../..; echo *",
    "cd -P /proc/1/root && echo *", "cd -P /proc/1/cwd/.. && echo *", "mount -t proc p /mnt; cd -P /mnt/1/root/.. && echo *",
])
@pytest.mark.parametrize("options", ["", "--privileged"])
def test_hosts_root_is_not_reached_from_inside(box, options, script):
    """The attacks see the rootfs or nothing: the old root is gone, not hidden."""
    result = box.sh(options, script)
    assert set(result.out.split()) <= {*os.listdir(box.rootfs), "*"}, result


def test_volume_over_proc_is_refused_to_root(as_root, canary):
    """CVE-2019-16884: masks and writes would go to a fake procfs."""
    before = snapshot(canary)
    result = as_root.run(f"--bind {canary}/dir:/proc", ["/bin/true"])
    one_line(result, 125, "/proc")
    assert snapshot(canary) == before


def test_descriptor_on_the_host_does_not_reach_the_program(box):
    """CVE-2024-21626."""
    root = os.open("/", os.O_RDONLY)
    result = box.sh("", "for n in 3 4 5 6 7 8 9 10 11 12; do ls /proc/self/fd/$n/ 2>/dev/null; ls /proc/1/fd/$n/ 2>/dev/null; done; true",
                    pass_fds=[root], setup=lambda: [os.dup2(root, fd) for fd in range(3, 13)])
    os.close(root)
    assert (result.status, result.out) == (0, "")


# ---- links that are swapped meanwhile ----


class Racer:
    """A process that exchanges pairs of names, renameat2(2), until it is ended. It runs as the owner of the rootfs."""

    def __init__(self, pairs):
        self.pid = os.fork()
        if self.pid == 0:
            swap = [(AT_FDCWD, bytes(a), AT_FDCWD, bytes(b), RENAME_EXCHANGE) for a, b in pairs]
            rename = ctypes.CDLL(None).renameat2
            while True:
                for arguments in swap:
                    rename(*arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def prepare_race(root, names):
    pairs = []
    for name in names:
        (root / name).mkdir(exist_ok=True)
        link = root / f"swapped-{name}"
        link.symlink_to(f"{UP}{PLACE}/dir")
        pairs.append((root / name, link))
    return pairs


RACED = ("proc", "run", "tmp", "mnt", "etc", "sys")


def race(box, canary, source, starts):
    pairs = prepare_race(box.rootfs, RACED)
    before, statuses = snapshot(canary), []
    options = f"--bind {source}:/mnt/a/b --bind {source}/extra:/run/c/d/file --tmpfs /tmp/e/f --conf {source}"
    with Racer(pairs):
        for _ in range(starts):
            result = box.run(options, ["/bin/probe", "exit", "77"])
            assert result.status in (77, 125, 126, 127), result
            assert result.err == "" or result.err.count("\n") == 1, result
            statuses.append(result.status)
    assert snapshot(canary) == before, "the canary was hit"
    return statuses


def test_racer_wins_nothing(box, canary, source):
    statuses = race(box, canary, source, 150)
    assert 77 in statuses  # some starts do succeed


@pytest.mark.slow
def test_racer_wins_nothing_in_ten_thousand_starts(box, canary, source):
    statuses = race(box, canary, source, 10000)
    assert statuses.count(77) > 100


def test_control_racer_wins_against_paths(as_root, canary):
    def naive():
        for i in range(100000):
            with contextlib.suppress(OSError):  # a walk that the exchange disturbed
                os.mkdir(as_root.rootfs / f"mnt/{i}")
            if os.path.exists(f"{PLACE}/dir/{i}"):
                return 7
        return 8

    with Racer(prepare_race(as_root.rootfs, ["mnt"])):
        assert run_beside(canary, naive) == 7


@pytest.fixture
def in_memory(scratch, probe, own_world):
    """A rootfs on a tmpfs, so that a directory of it has the type of our /dev."""
    if os.geteuid() != 0:
        pytest.skip("needs root: the rootfs is on a tmpfs of its own")
    path = scratch / "memory"
    path.mkdir()
    checked("mount", b"tmpfs", bytes(path), b"tmpfs", 0, b"mode=755")
    yield small_root(path / "root", probe)
    libc.umount2(bytes(path), 2)


def test_racer_cannot_choose_what_masks(nsinit, root, in_memory):
    """CVE-2025-31133 with a race: a mask taken from a /dev that was swapped would show what it must hide."""
    for name in ("dev", "other"):
        (in_memory / name).mkdir(exist_ok=True)
        (in_memory / name / "null").symlink_to("/proc/sys/kernel/core_pattern")
    (in_memory / "secret").write_text("chosen by the image\n")
    box, masked = Box(nsinit, root, in_memory), 0
    with Racer([(in_memory / "dev", in_memory / "other")]):
        for _ in range(150):
            result = box.sh("", "stat -c '%F %t %T' /proc/keys")
            if result.status == 0 and result.out:
                masked += 1
                assert result.out == "character special file 1 3\n", result
    assert masked > 0
