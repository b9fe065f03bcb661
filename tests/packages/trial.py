# SPDX-License-Identifier: MIT
"""
The life of one service of a package, with its own unit file: nsinit is the PID 1 of a container whose network is its loopback
interface alone. Each step is a cell of the table: "ok", "-" where the unit asks for nothing of the kind, or why it failed.
"""
import os
import re
import shlex
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from roots import NSINIT

PATIENCE_S = 100  # more than TimeoutStartSec and TimeoutStopSec without one in the file
SANDBOX = ["--cap-add", "SYS_ADMIN"]  # with it services have those protections that need mounts and namespaces


class Failed(Exception):
    pass


def processes_of(pid):
    """All in the PID namespace of this process, itself left out."""
    namespace = os.readlink(f"/proc/{pid}/ns/pid")
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(name) != pid and os.readlink(f"/proc/{name}/ns/pid") == namespace:
                found.append(Path(f"/proc/{name}/comm").read_text(encoding="utf-8").strip())
        except OSError:
            continue  # it has ended meanwhile
    return found


def mounts_in(mountinfo):
    """Where something is mounted, and what."""
    return {line.split()[4] + " " + line.split(" - ")[1].split()[0] for line in mountinfo.splitlines()}


class Box:
    """The container. `inside` runs a script in it, as `docker exec` would."""

    def __init__(self, row, root, extra=()):
        self.row = row
        self.directory = tempfile.TemporaryDirectory(prefix="nsinit-packages.")
        self.log = Path(self.directory.name) / "log"
        self.pid_file = Path(self.directory.name) / "pid"
        self.options = [NSINIT, "--rootfs", root, "--ephemeral", "--net", "none", "--hostname", "box", "--bind",
                        f"{NSINIT}:/usr/bin/nsctl:ro", *shlex.split(row.options), *extra]

    def start(self):
        with open(self.log, "wb") as log:
            command = [*self.options, "--pid-file", self.pid_file, "--services", self.row.service]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.until(lambda: self.pid_file.exists() and self.pid_file.read_text(encoding="ascii"), "no PID 1")
        self.pid = int(self.pid_file.read_text(encoding="ascii"))

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.kill(self.pid, signal.SIGKILL)
                self.process.wait()
        self.directory.cleanup()

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def until(self, condition, otherwise, patience=PATIENCE_S):
        deadline = time.monotonic() + patience
        while not condition():
            if self.process.poll() is not None:
                raise Failed(f"nsinit has ended with {self.process.returncode}")
            if time.monotonic() > deadline:
                raise Failed(otherwise)
            time.sleep(0.05)

    def inside(self, script):
        result = subprocess.run([NSINIT, "-q", "--join", str(self.pid), "--", "bash", "-c", script], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE_S, check=False)
        return result.returncode, result.stdout.decode(errors="replace")

    def control(self, verb, more=""):
        return self.inside(f"nsctl {verb} {self.row.service} {more}")

    def state(self):
        return self.control("is-active")[1].strip()

    def main_pid(self):
        found = re.search(r"Main PID: (\d+)", self.control("status")[1])
        return int(found.group(1)) if found else 0

    def is_asked(self, ask, answer):
        """A service may be up before it listens, so the client tries until it has its answer."""
        said = ""

        def has_answer():
            nonlocal said
            said = self.inside(ask)[1]
            return re.search(answer, said, re.M | re.S)

        try:
            self.until(has_answer, "", self.row.patience)
        except Failed:
            raise Failed(f"the client got {said.strip()[-200:]!r} and not {answer!r}") from None

    def mounts(self):
        return mounts_in(Path(f"/proc/{self.pid}/mountinfo").read_text(encoding="utf-8"))

    def pristine_mounts(self):
        """Those of a container in which nothing has run."""
        command = [*self.options, "--", "cat", "/proc/self/mountinfo"]
        return mounts_in(subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True).stdout)

    def wait_active(self):
        """Until it has settled: a service that is on its way, or an nsinit that does not listen yet, is waited for."""
        def settled():
            self.now = self.state()
            return self.now in ("active", "failed", "inactive")

        self.until(settled, "not ready in time")
        if self.now != "active":
            raise Failed(f"it is {self.now}")


class Trial:
    def __init__(self, row, extra=()):
        self.row, self.extra, self.log, self.seconds = row, extra, "", 0.0

    # --- the steps, in their order ---

    def ready(self, box):
        box.start()
        box.wait_active()
        self.unit = box.control("cat")[1]

    def answers(self, box):
        box.is_asked(self.row.ask, self.row.answer)

    def directive(self, name):
        """What the unit's own file says, the last word of it."""
        found = re.findall(rf"^{name}=[ \t]*(.*)$", self.unit, re.M)
        return found[-1].strip() if found else ""

    def killed(self, box):
        """SIGKILL is abnormal: whether there is another then is what Restart= says."""
        first = box.main_pid()
        if not first and (self.unit.startswith("# /etc/init.d/") or self.directive("GuessMainPID") == "no"):
            return "-"
        if not first:
            raise Failed("no main process is known")
        box.inside(f"kill -9 {first}")
        if self.directive("Restart") in ("always", "on-failure", "on-abnormal", "on-abort"):
            box.until(lambda: box.main_pid() not in (0, first) and box.state() == "active", "it does not come back")
        else:
            box.until(lambda: box.state() in ("failed", "inactive"), "its end is not seen")
            status, said = box.control("start")
            if status:
                raise Failed(f"it does not start again: {said.strip()}")
        box.wait_active()
        self.answers(box)
        return None if self.directive("Restart") not in ("", "no") else "-"

    def reload(self, box):
        if not self.directive("ExecReload") and self.directive("Type") != "notify-reload":
            return "-"
        if self.row.change:
            status, said = box.inside(self.row.change)
            if status:
                raise Failed(f"the change of its configuration failed: {said.strip()}")
        status, said = box.control("reload")
        if status:
            raise Failed(said.strip())
        box.wait_active()
        box.is_asked(self.row.changed_ask or self.row.ask, self.row.changed or self.row.answer)
        if "ExecReload" in box.said():  # a command of it has failed
            raise Failed("see its log")
        return None

    def stop(self, box):
        status, said = box.control("stop", self.row.others)
        if status:
            raise Failed(said.strip())
        if "outlived" in box.said():
            raise Failed("not within its TimeoutStopSec")
        if box.state() != "inactive":
            raise Failed(f"it is {box.state()} then")
        return None

    def clean(self, box):
        left = processes_of(box.pid)
        if left:
            raise Failed(f"processes are left: {' '.join(left)}")
        more = box.mounts() - box.pristine_mounts()
        if more:
            raise Failed(f"mounts are left: {' '.join(more)}")
        directories = [f"/run/{name}" for name in self.directive("RuntimeDirectory").split()]
        keeps = self.directive("RuntimeDirectoryPreserve") in ("yes", "true", "1")
        paths = ([] if keeps else directories) + self.directive("PIDFile").split() + ["/tmp/systemd-private*", "/var/tmp/systemd-private*"]
        left = box.inside(f"ls -d {' '.join(paths)} 2>/dev/null")[1].split()
        if left:
            raise Failed(f"left: {' '.join(left)}")

    def end(self, box):
        """PID 1 itself, at a TERM."""
        os.kill(box.pid, signal.SIGTERM)
        try:
            status = box.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise Failed("nsinit does not end") from None
        if status != 0:
            raise Failed(f"nsinit ended with {status}")

    STEPS = ("ready", "answers", "killed", "reload", "stop", "clean", "end")

    def run(self, root):
        """A cell for each step; after a failure the others are not tried."""
        cells = dict.fromkeys(self.STEPS, "")
        began = time.monotonic()
        box = Box(self.row, root, self.extra)
        try:
            for name in self.STEPS:
                cells[name] = getattr(self, name)(box) or "ok"
        except (Failed, subprocess.TimeoutExpired) as why:
            cells[name] = str(why)
        finally:
            self.log = box.said()
            box.close()
        self.seconds = time.monotonic() - began
        return cells

    def is_fine(self, cells):
        return all(cell in ("ok", "-") for cell in cells.values())
