# SPDX-License-Identifier: MIT
"""
The tests of containers on the oldest kernel that nsinit is for, where a start takes other ways: no mount_setattr, no Landlock, no
idmapped mounts, no overlays in a user namespace. A guest has a Debian with pytest as its root and runs a part of tests/run that
does not take long without hardware help, once; here each file of it is a test.
"""

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from conftest import command
from guests import BUILD, ROOT, tool

KERNEL = "amd64-5.10"
PACKAGES = ("bubblewrap busybox-static e2fsprogs iproute2 libcap2-bin procps python3 python3-pexpect python3-pytest strace uidmap "
            "util-linux squashfs-tools").split()
FILES = "container container_life mounts binds rootless join idmap landlock tty escape_files escape_kernel".split()
MODULES = "veth bridge dummy".split()
OUTCOMES = ("failure", "error", "skipped")
CANNOT = 3  # scripts/minbase says so that there is no building one here
GUEST_S = 1500  # until the run counts as hanging: it takes 4 minutes of a processor
# What a test may say that is not made for this kernel; any other reason is one that this guest should not have given.
REASONS = ("Linux", "Landlock", "this kernel", "no cgroups for limits here", "shows nothing in /sys/firmware")

# The words that the guest's streams are handed to; see Guest.program() of qemu/guest.py. A session without the console: a stop on a
# terminal that nobody watches would be taken back at once.
PROGRAM = f"""
cd /mnt/tests && ip link set lo up && exec 3>&1 >&2 &&
setsid -w python3 -m pytest -q -p no:cacheprovider -m 'not slow' -k 'not bubblewrap' --tb short --junitxml /tmp/result \
    {' '.join(f'tests/run/test_{name}.py' for name in FILES)} </dev/null; cat /tmp/result >&3
"""
ENVIRONMENT = "HOME=/root LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("old-kernel")]


def image(path, size_mib, tree):
    with open(path, "wb") as file:
        file.truncate(size_mib << 20)
    subprocess.run([tool("mkfs.ext4", "e2fsprogs"), "-q", "-O", "^has_journal", "-d", tree, path], check=True)
    return path


def disk_of_root(directory):
    """The Debian, which leads to the other disk for what a run begins with."""
    done = subprocess.run([ROOT / "scripts/minbase", "tests", *PACKAGES], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode == CANNOT:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    debian = Path(done.stdout.strip())
    for name, text in (("etc/hosts", "127.0.0.1 localhost\n"),
                       ("etc/fstab", "/dev/vda / ext4 rw 0 1\n/dev/vdb /mnt ext4 ro 0 2\ntmpfs /tmp tmpfs size=90%\n")):
        (debian / name).write_text(text)
    if not (debian / "qemu-run").is_symlink():
        (debian / "qemu-run").symlink_to("mnt/qemu-run")
    return image(directory / "root", 900, debian)


def disk_of_tests(directory):
    tree = directory / "tree"
    shutil.copytree(ROOT / "tests", tree / "tests/tests")
    shutil.copy(ROOT / "pytest.ini", tree / "tests")
    (tree / "tests/build").mkdir()
    for name in ("nsinit", "probe", "attack"):
        shutil.copy(BUILD / name, tree / "tests/build")
    (tree / "qemu-run").mkdir()
    shutil.copy(BUILD / "stdio", tree / "qemu-run")
    words = ["/usr/bin/env", "-i", *ENVIRONMENT.split(), "/bin/sh", "-c", PROGRAM]
    (tree / "qemu-run/command").write_bytes(b"".join(word.encode() + b"\0" for word in words))
    return image(directory / "tests", 64, tree)


@pytest.fixture(scope="module")
def cases(kernel, built, tmp_path_factory):
    """What pytest in the guest says of each test: (file, name, the element of its outcome or None)."""
    kernel(KERNEL)
    built("amd64")
    directory = tmp_path_factory.mktemp("old")
    (directory / "modules").write_text("".join(f"module? {name}\n" for name in MODULES))
    done = subprocess.run(
        command("--kernel", KERNEL, "--memory", "3000", "--disk", disk_of_root(directory), "--disk", disk_of_tests(directory),
                "--list", directory / "modules", "--append", "root=/dev/vda nsinit.rw", "--timeout", str(GUEST_S), "--", "true"),
        stdin=subprocess.DEVNULL, capture_output=True, check=False)
    said = done.stderr.decode(errors="replace")
    assert done.returncode == 0 and done.stdout.startswith(b"<?xml"), said[-3000:]
    print(said[-2000:])
    return [(case.get("classname").rpartition(".")[2], case.get("name"), next((part for part in case if part.tag in OUTCOMES), None))
            for case in ElementTree.fromstring(done.stdout).iter("testcase")]


@pytest.mark.parametrize("name", FILES)
def test_file(cases, name):
    here = [(case, outcome) for file, case, outcome in cases if file == f"test_{name}"]
    wrong = [f"{case}: {out.text or out.get('message')}" for case, out in here if out is not None and out.tag != "skipped"]
    assert here and not wrong, "\n".join(wrong) or "no test was run"


def test_only_the_kernel_is_a_reason_to_skip(cases):
    skipped = {(file, outcome.get("message")) for file, _, outcome in cases if outcome is not None and outcome.tag == "skipped"}
    assert not [reason for reason in skipped if not any(words in reason[1] for words in REASONS)]


def test_the_kernel_is_old(cases):
    """Else the rest would prove nothing: ids of binds cannot be mapped there."""
    assert [outcome.get("message") for _, case, outcome in cases if case == "test_ids_on_disk_are_ids_inside" and outcome is not None]
