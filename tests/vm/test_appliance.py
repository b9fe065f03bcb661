# SPDX-License-Identifier: MIT
"""make appliance: what its image is made of, and a boot of it: pages, a killed service, state that is kept, the power button."""

import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from conftest import PATIENCE, ROOT, command
from test_qemu_run import free_port

LIMIT = 16 << 20
KILL = """#!/bin/sh
(sleep 0.2; kill -9 $(pidof httpd)) >/dev/null 2>&1 &
printf 'Content-Type: text/plain\\r\\n\\r\\nkilled\\n'
"""
pytestmark = pytest.mark.xdist_group("appliance")


@pytest.fixture(scope="module")
def make(kernel, built, tmp_path_factory):
    """A function: makes the appliance in a new directory, with a page that kills the server."""
    kernel("amd64")

    def make():
        place = tmp_path_factory.mktemp("appliance")
        (place / "kill").write_text(KILL)
        (place / "list").write_text("file /srv/www/cgi-bin/kill ./kill mode=755")
        subprocess.run([ROOT / "initramfs/appliance", place, built("amd64") / "nsinit", place / "list"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, check=True)
        return place
    return make


@pytest.fixture(scope="module")
def appliance(make):
    return make()


def test_it_is_small(appliance):
    assert sum((appliance / name).stat().st_size for name in ("initramfs", "disk")) <= LIMIT


def test_it_is_the_same_each_time(appliance, make):
    again = make()
    for name in ("initramfs", "disk"):
        assert (again / name).read_bytes() == (appliance / name).read_bytes()


def partition(appliance, number, tmp_path):
    """A partition as a file, by the table in the image."""
    data = (appliance / "disk").read_bytes()
    assert data[510:512] == b"\x55\xaa" and int.from_bytes(data[440:444], "little") == 0x6E73696E
    row = data[446 + 16 * (number - 1):462 + 16 * (number - 1)]
    start, size = (int.from_bytes(row[at:at + 4], "little") * 512 for at in (8, 12))
    (tmp_path / "part").write_bytes(data[start:start + size])
    return tmp_path / "part"


def test_its_root_is_a_squashfs_of_the_list(appliance, tmp_path):
    shown = subprocess.run(["unsquashfs", "-lln", partition(appliance, 1, tmp_path)], stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = {line.split()[5].removeprefix("squashfs-root"): line.split()[:2] for line in shown.splitlines() if "squashfs-root" in line}
    assert rows["/sbin/init"] == ["-rwxr-xr-x", "0/0"] and rows["/srv/www/cgi-bin/count"] == ["-rwxr-xr-x", "0/0"]
    assert rows["/bin/sh"][0] == "lrwxrwxrwx" and rows["/var"][0] == "drwxr-xr-x"


def test_its_state_is_a_sound_ext4(appliance, tmp_path):
    done = subprocess.run(["fsck.ext4", "-fn", partition(appliance, 2, tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.count("state: ")


class Machine:
    """The appliance, booted; its port here, and what it says."""

    def __init__(self, place):
        self.port = free_port()
        self.process = subprocess.Popen(
            command("--kernel", place / "kernel", "--initramfs", place / "initramfs", "--disk", place / "disk", "--port", f"{self.port}:80",
                    "--append", "root=PARTUUID=6e73696e-01 rootfstype=squashfs rootwait"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def get(self, path):
        """The page, once there is one."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                    return answer.read().decode()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        return f"no page; {self.process.communicate(timeout=60)[0].decode(errors='replace')[-2000:]}"

    def press(self):
        """The power button; the status, and what was said."""
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=PATIENCE)[0].decode(errors="replace")
        return self.process.returncode, said


@pytest.fixture
def machine(nsinit):
    """A function: boots one, which is gone after the test whatever happens."""
    nsinit("amd64")
    made = []

    def boot(place):
        made.append(Machine(place))
        return made[-1]
    yield boot
    for each in made:
        each.process.kill()
        each.process.wait()


@pytest.mark.slow
def test_it_serves_and_keeps_its_state(make, machine):
    place = make()
    one = machine(place)
    assert "This page is on a read-only root" in one.get("/")
    assert one.get("/cgi-bin/count") == "1\n"
    assert one.get("/cgi-bin/kill") == "killed\n"
    assert one.get("/cgi-bin/count") == "2\n"
    status, said = one.press()
    assert status == 0 and "Power down" in said, said

    two = machine(place)
    assert two.get("/cgi-bin/count") == "3\n"
    two.process.kill()  # the plug; what was answered is kept
    two.process.wait()
    assert machine(place).get("/cgi-bin/count") == "4\n"
