# SPDX-License-Identifier: MIT
"""
nsinit under the name init in containers of systemd-nspawn and LXC, which are like machines: status, the manager's signals, a reboot
and a power-off from inside, what is mounted. Where a manager cannot run busybox here, it is skipped and says why.
"""

import collections
import os
import shutil
import subprocess
import time
import uuid
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / "build"
PATIENCE = 60  # seconds until a container that should have ended counts as hanging
WAITS = "#!/bin/sh\ntrap 'echo asked >>/said; exit 9' TERM\necho up >>/said\n%s\nwhile :; do sleep 0.02; done\n"

pytestmark = [pytest.mark.xdist_group("managers"),
              pytest.mark.skipif(os.geteuid() != 0, reason="needs root: both managers make what an ordinary user may not")]


class Container:
    """A rootfs, and a manager that runs its /sbin/init with /program. start(*words) says how, if it is to be another."""

    def __init__(self, place):
        self.name, self.place, self.root, self.process = "nsinit-" + uuid.uuid4().hex[:8], place, place / "root", None
        for directory in "bin sbin etc usr/lib proc sys dev run tmp var".split():
            (self.root / directory).mkdir(parents=True)
        shutil.copy("/bin/busybox", self.root / "bin")
        for applet in "sh cat sleep cut grep".split():
            (self.root / "bin" / applet).symlink_to("busybox")
        shutil.copy(BUILD / "nsinit", self.root / "sbin/init")
        for link in "poweroff reboot halt".split():
            (self.root / "sbin" / link).symlink_to("init")
        (self.root / "usr/lib/os-release").write_text("ID=nsinit\n")
        (self.root / "etc/os-release").symlink_to("../usr/lib/os-release")

    def program(self, text):
        (self.root / "program").write_text(text)
        (self.root / "program").chmod(0o755)

    def start(self, *words):
        self.process = subprocess.Popen(self.command(words or self.usual), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)

    def said(self):
        return (self.root / "said").read_text().split() if (self.root / "said").exists() else []

    def wait_for(self, *words):
        deadline = time.monotonic() + PATIENCE
        while self.said() != list(words):
            assert time.monotonic() < deadline and self.process.poll() is None, (self.said(), self.process.communicate()[0])
            time.sleep(0.02)

    def finish(self):
        """The manager's status, and what it and the container printed."""
        printed = self.process.communicate(timeout=PATIENCE)[0]
        return self.process.returncode, printed

    def remove(self):
        if self.process and self.process.poll() is None:
            self.kill()
            self.process.kill()
            self.process.wait()


class Nspawn(Container):
    needs, usual, tells = "systemd-nspawn", ("--boot", "--", "--", "/program"), True
    plain = "--", "/program"

    def command(self, words):
        return ["systemd-nspawn", "-q", "-D", self.root, "-M", self.name, "--register=no", "--keep-unit", *words]

    def stop(self):
        """With --boot the container gets an RTMIN+3."""
        self.process.terminate()

    def kill(self):
        """The container dies with it."""


class Lxc(Container):
    """lxc-start does not tell the container's status."""
    needs, usual, tells = "lxc-start", ("/sbin/init", "--", "/program"), False
    plain = "/program",

    def command(self, words):
        (self.place / "config").write_text(
            f"lxc.uts.name = {self.name}\nlxc.rootfs.path = dir:{self.root}\nlxc.init.cmd = {' '.join(words)}\nlxc.net.0.type = empty\n"
            "lxc.autodev = 1\nlxc.mount.auto = proc:mixed sys:ro\nlxc.apparmor.profile = unconfined\n")
        return ["lxc-start", "-P", self.place, "-n", self.name, "-f", self.place / "config", "-F"]

    def stop(self):
        """A PWR."""
        subprocess.run(["lxc-stop", "-P", self.place, "-n", self.name, "--nokill"], check=True)

    def kill(self):
        subprocess.run(["lxc-stop", "-P", self.place, "-n", self.name, "-k"], check=False)


@pytest.fixture(scope="session", params=[Nspawn, Lxc])
def manager(request, tmp_path_factory):
    """The class of one that can run a container here."""
    kind = request.param
    if not shutil.which(kind.needs):
        pytest.skip(f"needs {kind.needs} (scripts/need engine)")
    container = kind(tmp_path_factory.mktemp("trial"))
    container.program("#!/bin/sh\nexit 3\n")
    container.start(*kind.plain)
    status, printed = container.finish()
    if status != (3 if kind.tells else 0) or "rror" in printed:
        pytest.skip(f"{kind.needs} cannot run a container here: {printed.strip()}")
    return kind


@pytest.fixture
def container(manager, tmp_path):
    made = manager(tmp_path)
    yield made
    made.remove()


def test_the_programs_status(container):
    container.program("#!/bin/sh\ncat /proc/1/comm >/said\nexit 7\n")
    container.start()
    status, printed = container.finish()
    assert container.said() == ["init"] and (status == 7 or not container.tells), printed


def test_lxc_execute_tells_it(container):
    if container.tells:
        pytest.skip("another manager")
    container.program("#!/bin/sh\nexit 5\n")
    container.command(())
    words = ["lxc-execute", "-P", container.place, "-n", container.name, "-f", container.place / "config", "--"]
    assert subprocess.run([*words, "/sbin/init", "--", "/program"], stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False).returncode == 5


def test_the_manager_ends_it(container):
    container.program(WAITS % ":")
    container.start()
    container.wait_for("up")
    container.stop()
    status, printed = container.finish()
    assert container.said() == ["up", "asked"] and (status == 9 or not container.tells), printed


def test_it_ends_from_inside(container):
    container.program(WAITS % "/sbin/poweroff")
    container.start()
    status, printed = container.finish()
    assert container.said() == ["up", "asked"] and (status == 9 or not container.tells), printed


def test_a_reboot_from_inside_is_one(container):
    """LXC starts it again; nspawn as part of a unit asks systemd to do that, by its status."""
    container.program(WAITS % "[ $(grep -c up /said) -lt 2 ] && /sbin/reboot || /sbin/poweroff")
    container.start()
    status, printed = container.finish()
    assert (container.said(), status) == ((["up", "asked"], 133) if container.tells else (["up", "asked"] * 2, 0)), printed


def test_what_the_manager_has_set_up_stays(container):
    """Its variable reaches the program, and no mount is added to what there is without us, but of what is missing."""
    container.program("#!/bin/sh\necho \"$container\" >/said\ncut -d' ' -f5 /proc/self/mountinfo >/mounts\n")
    mounts = []
    for words in container.plain, ():
        container.start(*words)
        printed = container.finish()[1]
        assert container.said() == ["systemd-nspawn" if container.tells else "lxc"], printed
        mounts.append((container.root / "mounts").read_text().split())
    added = sorted((collections.Counter(mounts[1]) - collections.Counter(mounts[0])).elements())
    assert {"/proc", "/sys", "/dev"} <= set(mounts[0]) <= set(mounts[1]) and not set(added) & set(mounts[0]), added
