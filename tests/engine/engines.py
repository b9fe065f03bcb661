# SPDX-License-Identifier: MIT
"""
Docker and podman as the tests use them, by their command lines. Nothing here judges an init; the tests do.

Each engine lives in a cell: a PID, mount and network namespace of its own, with a tmpfs wherever engines like to
write. The kernel ends all that runs in a cell together with its first process, and its mounts go with it, so an
engine leaves nothing on the machine, whatever a test does to it.
"""
import contextlib
import io
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import time

import pytest

PATIENCE_S = 60  # for one command; a command that takes this long will never end
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # Debian's own tools, whatever else the caller's PATH names first

CELL = """
set -e
mount -t tmpfs -o mode=755 cell /run
mount -t tmpfs -o mode=755 cell /var/lib
mount -t tmpfs -o mode=1777 cell /dev/shm
# crun refuses a hybrid cgroup hierarchy; without this mount it is an ordinary version 1 one.
if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
echo ready
sleep infinity & wait
"""


class Unavailable(Exception):
    """An engine cannot be started here; the text says why."""


def eventually(what, condition, patience_s=20):
    """The first true value of condition(), or a failure that says what never came."""
    deadline = time.monotonic() + patience_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {patience_s} s in vain: {what}"
        time.sleep(0.02)
    return value


def archive(files):
    """A tar of {path: content}: bytes or a pathlib.Path for a file, a str for a symbolic link, None for a directory."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.mode = 0o755
            data = content.read_bytes() if isinstance(content, pathlib.Path) else content
            if data is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
            else:
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return out.getvalue()


def cgroups_named(name):
    """The directories of that name, one in each cgroup hierarchy, or in the only one."""
    root = pathlib.Path("/sys/fs/cgroup")
    return [d for d in [root / name, *root.glob(f"*/{name}")] if d.is_dir()]


def remove_cgroups(name):
    """Removes empty cgroups from the leaves up; one that still has a process stays, and rmdir says so."""
    for top in cgroups_named(name):
        for path, _, _ in os.walk(top, topdown=False):
            os.rmdir(path)


def only_child(pid):
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text())


class Cell:
    """Namespaces held by one shell; close() ends every process in them."""

    def __init__(self):
        self.holder = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL",  # a test run that is killed leaves nothing either
             "unshare", "--fork", "--kill-child", "--pid", "--mount-proc", "--mount", "--net",
             "sh", "-c", CELL],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": SYSTEM_PATH})
        if self.holder.stdout.readline() != "ready\n":
            self.holder.kill()
            raise Unavailable("no namespaces of its own: " + self.holder.communicate()[1].strip())
        self.pid = only_child(self.holder.pid)

    def command(self, *argv):
        return ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--net", "--", *argv]

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        self.holder.communicate()


class Container:
    """One container that was started in the background."""

    def __init__(self, engine, name):
        self.engine, self.name = engine, name

    def logs(self):
        """What it has written so far: .stdout and .stderr."""
        return self.engine.cli("logs", self.name)

    def lines(self):
        return self.logs().stdout.splitlines()

    def wait_for(self, line):
        eventually(f"{line!r} from {self.name}", lambda: line in self.lines())

    def exec(self, *argv, flags=()):
        return self.engine.cli("exec", *flags, self.name, *argv, check=False)

    def kill(self, sig):
        self.engine.cli("kill", "-s", sig, self.name)

    def stop(self, seconds):
        """As an operator stops it; the status it ended with."""
        self.engine.cli("stop", "-t", str(seconds), self.name)
        return self.wait()

    def wait(self):
        return int(self.engine.cli("wait", self.name).stdout)

    def running(self):
        return self.engine.cli("inspect", "-f", "{{.State.Running}}", self.name).stdout.strip() == "true"


class Engine:
    """What docker and podman have in common, and that is nearly all of their command lines."""

    run_flags = ["--network", "none"]
    init_flags = ["--init"]
    remove_flags = ["--force"]
    needs = {}  # program: the Debian package that has it

    @classmethod
    def missing(cls):
        """The packages whose programs are not here."""
        return sorted({package for program, package in cls.needs.items()
                       if not shutil.which(program, path=SYSTEM_PATH)})

    def command(self, *args):
        """The command line of the client."""
        raise NotImplementedError

    def client_pid(self, pid):
        """The client among the processes of a command that was started as pid."""
        return pid

    def cli(self, *args, check=True, stdin=None):
        done = subprocess.run(self.command(*args), env=self.environment, input=stdin, capture_output=True,
                              text=not isinstance(stdin, bytes), timeout=PATIENCE_S)
        assert not check or done.returncode == 0, f"{args}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def image(self, name, files, *changes):
        """An image that holds exactly these files; changes are lines of a Dockerfile."""
        flags = [word for change in changes for word in ("--change", change)]
        self.cli("import", *flags, "-", name, stdin=archive(files))

    def run_args(self, *argv, flags=(), init=False):
        return ["run", *self.run_flags, *(self.init_flags if init else []), *flags, *argv]

    def run(self, *argv, flags=(), init=False, stdin=None):
        """argv is IMAGE [PROGRAM [ARG]...]; in the foreground; returns .returncode, .stdout and .stderr."""
        return self.cli(*self.run_args(*argv, flags=["--rm", *flags], init=init), check=False, stdin=stdin)

    @contextlib.contextmanager
    def start(self, *argv, flags=(), init=False):
        """The same in the background: a Container, which is removed at the end."""
        done = self.cli(*self.run_args(*argv, flags=["--detach", *flags], init=init))
        container = Container(self, done.stdout.strip())
        try:
            yield container
        finally:
            self.remove(container.name)

    def remove(self, *names, check=True):
        if names:
            self.cli("rm", *self.remove_flags, *names, check=check)


class Docker(Engine):
    """dockerd with its own everything, from Debian's package docker.io."""

    name = "docker"
    needs = {"docker": "docker.io", "dockerd": "docker.io", "runc": "runc"}

    def __init__(self, directory, init_path):
        self.socket = f"unix://{directory}/socket"
        self.log = directory / "dockerd.log"
        # The legacy builder is part of the daemon; the newer one is a plugin that Debian does not have.
        self.environment = {"PATH": SYSTEM_PATH, "HOME": str(directory), "DOCKER_HOST": self.socket,
                            "DOCKER_BUILDKIT": "0", "TERM": "xterm"}
        self.cgroup = f"/nsinit-test-{os.getpid()}-{directory.name}"
        self.cell = Cell()
        self.server = self.start_daemon(init_path)
        self.wait_until_up()

    def start_daemon(self, init_path):
        with self.log.open("w") as log:
            return subprocess.Popen(
                self.cell.command(
                    "dockerd", "--host", self.socket, "--data-root=/run/engine/data",
                    "--exec-root=/run/engine/exec", "--pidfile=/run/engine.pid", "--storage-driver=vfs",
                    "--bridge=none", "--iptables=false", "--ip6tables=false",
                    f"--cgroup-parent={self.cgroup}", f"--init-path={init_path}"),
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_until_up(self):
        def up():
            if self.server.poll() is not None:
                raise Unavailable("dockerd ended: " + self.log.read_text().strip().splitlines()[-1])
            return self.cli("version", check=False).returncode == 0
        try:
            eventually("an answer of dockerd", up)
        except BaseException:
            self.close()
            raise

    def command(self, *args):
        return ["docker", *args]

    def close(self):
        try:
            if self.server.poll() is None:
                self.remove(*self.cli("ps", "--all", "--quiet").stdout.split())
        finally:
            self.cell.close()
            self.server.wait()
        remove_cgroups(self.cgroup[1:])


class Podman(Engine):
    """podman has no daemon: every command enters the cell."""

    name = "podman"
    needs = {"podman": "podman", "crun": "crun"}
    remove_flags = ["--force", "--time=0"]  # without a time a program has ten seconds to end by itself
    # A machine may be unable to raise limits, and podman's defaults do; they are set here because
    # `podman kube play` has no option for them. Its pause image is made of the file "catatonit".
    configuration = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
helper_binaries_dir = ["{helpers}"]
"""

    def __init__(self, directory, init_path):
        self.init_flags = ["--init", f"--init-path={init_path}"]
        helpers = directory / "helpers"
        helpers.mkdir()
        os.link(init_path, helpers / "catatonit")
        conf = directory / "containers.conf"
        conf.write_text(self.configuration.format(helpers=helpers))
        self.environment = {"PATH": SYSTEM_PATH, "HOME": str(directory), "CONTAINERS_CONF": str(conf),
                            "TERM": "xterm"}
        self.cgroups_before = cgroups_named("libpod_parent")
        self.cell = Cell()
        info = self.cli("info", check=False)
        if info.returncode:
            self.close()
            raise Unavailable(f"podman info: {info.stderr.strip()}")

    def command(self, *args):
        return self.cell.command("podman", "--root=/run/engine/root", "--runroot=/run/engine/run",
                                 "--storage-driver=vfs", *args)

    def client_pid(self, pid):
        return only_child(pid)  # of nsenter

    def close(self):
        try:
            self.cli("pod", "rm", "--all", "--force")
            self.remove("--all")
        finally:
            self.cell.close()
        if not self.cgroups_before:
            remove_cgroups("libpod_parent")


ENGINES = {engine.name: engine for engine in (Docker, Podman)}


def params(*names):
    """Parameters of the fixture `engine`; one worker of xdist runs all tests of an engine."""
    return [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]


def only(name):
    """A mark for a test of what just this engine has."""
    return pytest.mark.parametrize("engine", params(name), indirect=True)
