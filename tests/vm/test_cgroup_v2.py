# SPDX-License-Identifier: MIT
"""
--memory, --cpus and --pids where cgroup2 has the controllers: in a guest under QEMU, because a machine has each controller
in one hierarchy only. The guest is Debian's cloud kernel, busybox and cgroup_v2_init; its checks are lines on the serial
console, one test each here. A check whose line does not come has failed.
"""

import os
import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nsinit-tests"
QEMU, KERNEL_PACKAGE = "qemu-system-x86_64", "linux-image-cloud-amd64"
PATIENCE = 300  # seconds until a guest without hardware help, on a busy machine, counts as hanging
CHECKS = re.search(r"^for name in (.*?);", (HERE / "cgroup_v2_init").read_text(), re.M | re.S).group(1).replace("\\", "").split()

pytestmark = pytest.mark.xdist_group("cgroup-v2")  # one worker, one boot


def tool(name, package):
    found = shutil.which(name)
    if not found:
        pytest.skip(f"needs {name} (Debian: {package})")
    return found


def kernel():
    """Debian's kernel, from the cache or from its package, which is unpacked and not installed."""
    if found := sorted(CACHE.glob("kernel-*/boot/vmlinuz-*")):
        return found[-1]
    apt_cache, dpkg = tool("apt-cache", "apt"), tool("dpkg-deb", "dpkg")
    shown = subprocess.run([apt_cache, "depends", KERNEL_PACKAGE], capture_output=True, text=True, check=False).stdout
    name = re.search(r"Depends: (linux-image-\S+)", shown)
    if not name:
        pytest.skip(f"needs a kernel: apt knows no {KERNEL_PACKAGE}")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as work:
        got = subprocess.run(["apt-get", "download", name.group(1)], cwd=work, capture_output=True, text=True, check=False)
        packages = list(Path(work).glob("*.deb"))
        if not packages:
            pytest.skip(f"needs a kernel: apt-get download {name.group(1)}: {got.stderr.strip().splitlines()[-1:]}")
        tree = Path(work) / "tree"
        subprocess.run([dpkg, "-x", packages[0], tree], check=True)
        target = CACHE / ("kernel-" + name.group(1).removeprefix("linux-image-"))
        try:
            tree.rename(target)
        except OSError:
            assert target.exists()  # somebody else was faster
    return next(target.glob("boot/vmlinuz-*"))


def initramfs(path):
    busybox = tool("busybox", "busybox-static")
    if subprocess.run(["ldd", busybox], capture_output=True, check=False).returncode == 0:
        pytest.skip("needs a static busybox (Debian: busybox-static)")
    tree = path / "tree"
    for name in ("bin", "proc", "sys", "dev"):
        (tree / name).mkdir(parents=True)
    shutil.copy(busybox, tree / "bin/busybox")
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if applet not in ("busybox", "nsinit"):
            (tree / "bin" / applet).symlink_to("busybox")
    shutil.copy(BUILD / "nsinit", tree / "bin/nsinit")
    shutil.copy(HERE / "cgroup_v2_init", tree / "init")
    (tree / "init").chmod(0o755)
    names = b"\0".join(os.fsencode(p.relative_to(tree)) for p in [tree, *sorted(tree.rglob("*"))])
    archive = subprocess.run([tool("cpio", "cpio"), "--quiet", "--null", "--create", "--format=newc", "--owner=0:0"], cwd=tree, input=names,
                             capture_output=True, check=True).stdout
    (path / "initramfs").write_bytes(archive)
    return path / "initramfs"


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """What the guest said, whole."""
    if platform.machine() != "x86_64":
        pytest.skip("the guest runs the x86-64 binary")
    if not (BUILD / "nsinit").exists():
        pytest.fail(f"{BUILD / 'nsinit'} is not built: run make first", pytrace=False)
    command = [tool(QEMU, "qemu-system-x86"), "-accel", "tcg", "-M", "q35", "-cpu", "max", "-m", "512", "-nodefaults", "-display", "none",
               "-serial", "stdio", "-no-reboot", "-kernel", kernel(), "-initrd", initramfs(tmp_path_factory.mktemp("guest")),
               "-append", "console=ttyS0 quiet panic=-1"]
    try:
        said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False).stdout
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
    return said.decode(errors="replace")


@pytest.mark.parametrize("name", CHECKS)
def test_cgroup_v2(console, name):
    line = re.search(rf"^check {name} (\d+) (.*?)\r?$", console, re.M)
    assert line, f"no line of {name}; the console ends with: {console[-1500:]}"
    assert line.group(1) == "0", line.group(2)


def test_the_guest_came_to_its_end(console):
    assert re.search(r"^checks done\r?$", console, re.M), console[-1500:]
