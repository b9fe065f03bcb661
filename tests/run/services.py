# SPDX-License-Identifier: MIT
"""A nsinit with services, as the tests of services write and start it."""

import os
import pathlib
import shutil
import stat

from containers import in_own_uts
from harness import MS_BIND, MS_REC, checked, children_of


def own_dev():
    """A /dev with what this one has but sockets: nsinit listens at /dev/log, and the machine's programs are to find nothing there."""
    old = f"/proc/self/fd/{os.open('/dev', os.O_PATH)}"
    checked("mount", b"dev", b"/dev", b"tmpfs", 0, None)
    for name in os.listdir(old):
        kind = os.lstat(f"{old}/{name}")
        if stat.S_ISLNK(kind.st_mode):
            os.symlink(os.readlink(f"{old}/{name}"), f"/dev/{name}")
        elif stat.S_ISDIR(kind.st_mode):
            os.mkdir(f"/dev/{name}")
            checked("mount", f"{old}/{name}".encode(), f"/dev/{name}".encode(), None, MS_BIND | MS_REC, None)
        elif stat.S_ISCHR(kind.st_mode) or stat.S_ISBLK(kind.st_mode):
            os.mknod(f"/dev/{name}", kind.st_mode, kind.st_rdev)
            os.chmod(f"/dev/{name}", stat.S_IMODE(kind.st_mode))


def own_places(run_flags=0):
    """What PID 1 and its services write to outside their directory, in a mount namespace that is its own already: the host name as well."""
    in_own_uts()
    own_dev()
    checked("mount", b"own", b"/run", b"tmpfs", run_flags, None)


class World:
    """A directory of unit files, and nsinit over it as PID 1."""

    def __init__(self, root, nsinit, scratch):
        self.root, self.nsinit, self.directory = root, nsinit, scratch
        self.private = []  # directories that are its own, and empty, as /run is
        (scratch / "units").mkdir()
        for name in ("nsctl", "systemctl"):
            shutil.copyfile(nsinit, scratch / name)
            (scratch / name).chmod(0o755)

    def unit(self, name, text):
        """A unit file; @ is the directory."""
        path = self.directory / "units" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("@/", f"{self.directory}/"))
        return path

    def service(self, name, service, unit=""):
        return self.unit(f"{name}.service", f"[Unit]\n{unit}\n[Service]\n{service}\n")

    def start(self, *options, program=None, before=(), run_flags=0, scene=None, **more):
        def places():
            own_places(run_flags)
            for path in self.private:
                checked("mount", b"own", path.encode(), b"tmpfs", 0, None)
            if scene:
                scene()

        argv = [*before, self.nsinit, "--services", f"{self.directory}/units", *options]
        script = f"PATH={self.directory}:$PATH; cd {self.directory}; {program}"
        return self.root.start(argv + (["--", "/bin/sh", "-c", script] if program else []), pid1=True, setup=places, **more)

    def run(self, program, *options):
        return self.start(*options, program=program).finish()

    def lines(self, name="notes"):
        path = self.directory / name
        return path.read_text().splitlines() if path.exists() else []


def slice_of(init):
    """The cgroup2 cgroup with those of all services of this PID 1, of which one runs."""
    paths = [pathlib.Path(f"/proc/{child}/cgroup").read_text().rpartition("0::")[2].strip() for child in children_of(init)]
    tree = "/sys/fs/cgroup/unified" if os.path.isdir("/sys/fs/cgroup/unified") else "/sys/fs/cgroup"
    return pathlib.Path(tree + next(path for path in paths if path.endswith(".service"))).parent


NOTE = "/bin/sh -c 'echo {} >>@/notes'"


def note(text):
    return NOTE.format(text)


def wait_for(condition):
    """A shell's way to wait until a condition holds, under a limit."""
    return f"n=0; until {condition}; do n=$((n + 1)); [ $n -lt 2000 ] || exit 99; sleep 0.01; done; "
