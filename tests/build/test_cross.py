# SPDX-License-Identifier: MIT
"""
make ARCH=...: what it leaves is for that machine, static, the same each time, and starts.

Under qemu-user only what this process itself decides is asked for: it runs a clone that shares memory as a fork, has no
namespaces' ids of its own, and would exec this machine's programs. The rest is for a whole machine, in tests/vm.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# ELF machine, class; the compiler; qemu-user.
ARCHITECTURES = {
    "arm64": ("AArch64", "ELF64", "aarch64-linux-gnu-gcc", "qemu-aarch64-static"),
    "armv7": ("ARM", "ELF32", "arm-linux-gnueabihf-gcc", "qemu-arm-static"),
    "riscv64": ("RISC-V", "ELF64", "riscv64-linux-gnu-gcc", "qemu-riscv64-static"),
}
LIMIT = (320 + 88) * 1024  # as test_build.py has it, and what arm64 loses by aligning what is writable to 64 KiB, and by its code
QUICK = {"arm64"}

pytestmark = pytest.mark.xdist_group("cross")  # a build directory is one worker's


def make(tree, name):
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "--no-print-directory", "-C", tree, f"ARCH={name}"], env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module", params=[name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ARCHITECTURES])
def cross(request):
    """Name of the architecture, and its nsinit."""
    compiler = ARCHITECTURES[request.param][2]
    if not shutil.which(compiler):
        pytest.skip(f"needs {compiler} (scripts/need cross)")
    status, said = make(ROOT, request.param)
    if status != 0 and "that could be fetched" in said:
        pytest.skip(f"needs musl for {request.param}: {said.strip()}")
    assert (status, said) == (0, "")
    return request.param, ROOT / "build" / request.param / "nsinit"


@pytest.fixture
def emulated(cross):
    """A function: runs nsinit of another machine on this one."""
    emulator = ARCHITECTURES[cross[0]][3]
    if not shutil.which(emulator):
        pytest.skip(f"needs {emulator} (scripts/need cross)")

    def run(*words, before=()):
        return subprocess.run([*before, emulator, cross[1], *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              check=False)
    return run


def test_it_is_for_that_machine_and_static(cross):
    name, binary = cross
    shown = subprocess.run(["readelf", "-hlW", binary], stdout=subprocess.PIPE, text=True, check=True).stdout
    fields = dict(line.strip().split(":", 1) for line in shown.splitlines() if line.startswith("  ") and ":" in line)
    assert (fields["Machine"].strip(), fields["Class"].strip()) == ARCHITECTURES[name][:2]
    assert "INTERP" not in shown and "DYNAMIC" not in shown
    assert binary.stat().st_size <= LIMIT


def test_builds_are_identical_and_name_no_place(cross, tmp_path):
    name, binary = cross
    tree = tmp_path / "elsewhere"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns("build", ".git"))
    (tree / "build").mkdir()
    (tree / "build/debian").symlink_to(ROOT / "build/debian")
    shutil.copytree(ROOT / ".git", tree / ".git") if (ROOT / ".git").is_dir() else shutil.copy(ROOT / ".git", tree / ".git")
    assert make(tree, name) == (0, "")
    again = (tree / "build" / name / "nsinit").read_bytes()
    assert again == binary.read_bytes() and str(ROOT).encode() not in again and str(tree).encode() not in again


def test_it_says_its_version(emulated):
    done = emulated("--version")
    assert done.stdout.startswith("nsinit version ") and done.returncode == 0


@pytest.mark.parametrize("words", ["--help", "--dry-run -- true", "--dry-run --rootfs / --memory 64m --user 5:6 --rlimit nofile=9 -- true"])
def test_it_reads_its_options_as_here(emulated, words):
    here = subprocess.run([ROOT / "build/nsinit", *words.split()], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert (there := emulated(*words.split())).stdout == here and there.returncode == 0


def test_it_says_what_is_wrong(emulated):
    done = emulated("--memroy", "64m", "true")
    assert done.returncode == 125 and "--memory" in done.stderr


@pytest.mark.parametrize("script, status", [("exit 7", 7), ("kill -TERM $$", 143), ("sleep 0 & exit 0", 0)])
def test_it_is_pid_1(emulated, script, status):
    before = ["unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--pid", "--fork", "--kill-child"]
    done = emulated("--", "/bin/sh", "-c", script, before=before)
    assert done.returncode == status, done.stderr
