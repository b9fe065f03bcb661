# SPDX-License-Identifier: MIT
"""
qemu/run, as a person would call it. A guest needs a kernel of Debian's, which qemu/kernel fetches once; where it cannot, what
needs it is skipped and says why.
"""

import fcntl
import os
import shutil
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest
from guests import Machine

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 280  # seconds until a run that should have ended by itself counts as hanging
Done = namedtuple("Done", "status output errors")

QEMU = {"amd64": "qemu-system-x86_64", "arm64": "qemu-system-aarch64", "armv7": "qemu-system-arm", "riscv64": "qemu-system-riscv64"}
CROSS = {"arm64": "aarch64-linux-gnu-gcc", "armv7": "arm-linux-gnueabihf-gcc", "riscv64": "riscv64-linux-gnu-gcc"}


def architecture(kernel):
    return kernel.partition("-")[0]


@pytest.fixture(autouse=True)
def no_machine_left():
    yield
    while Machine.started:
        with Machine.started.pop() as process:
            process.kill()


@pytest.fixture(scope="session")
def kernel():
    """A function: the tree of a kernel by its name, as qemu/kernel prints it."""
    trees = {}

    def fetch(name):
        if not shutil.which(QEMU[architecture(name)]):
            pytest.skip(f"needs {QEMU[architecture(name)]} (scripts/need vm)")
        if name not in trees:
            done = subprocess.run([ROOT / "qemu/kernel", name], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"needs a kernel: {done.stderr.strip()}")
            trees[name] = Path(done.stdout.strip())
        return trees[name]
    return fetch


@pytest.fixture(scope="session")
def built():
    """A function: the directory where nsinit for an architecture is, its stdio too. One worker at a time makes it."""
    def make(name):
        if name == "amd64":
            assert (ROOT / "build/stdio").exists(), "build/stdio is not built: run make first"
            return ROOT / "build"
        if not shutil.which(CROSS[name]):
            pytest.skip(f"needs {CROSS[name]} (scripts/need vm)")
        environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        with open(ROOT / "build/cross.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = subprocess.run(["make", "--no-print-directory", "-C", ROOT, f"ARCH={name}"], env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return ROOT / "build" / name
    return make


def command(*words):
    return [ROOT / "qemu/run", "--accel", "tcg", *words]


def runner(kernel, init, directory):
    """A function: qemu/run with these words, on the kernel of that name, to its end, in a directory with these files."""
    def start(*words, name="amd64", stdin=b"", files=()):
        kernel(name)
        for path, text in dict(files).items():
            (directory / path).write_text(text)
        done = subprocess.run(command("--arch", architecture(name), "--kernel", name, "--init", init(architecture(name)), *words),
                              input=stdin, capture_output=True, timeout=PATIENCE, check=False, cwd=directory)
        return Done(done.returncode, done.stdout, done.stderr.decode(errors="replace"))
    return start


@pytest.fixture
def run(kernel, init, tmp_path):
    """runner() with init.c, which is for the tests of the tools."""
    return runner(kernel, init, tmp_path)


@pytest.fixture
def boot(kernel, nsinit, tmp_path):
    """runner() with nsinit."""
    return runner(kernel, nsinit, tmp_path)


@pytest.fixture(scope="session")
def nsinit(built):
    """A function: nsinit for an architecture, which has to have the role boot."""
    def path(name):
        known = subprocess.run([built("amd64") / "nsinit", "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        if "--exit-port" not in known:
            pytest.skip("needs the role boot, which this nsinit has not")
        return built(name) / "nsinit"
    return path


@pytest.fixture(scope="session")
def init(built, tmp_path_factory):
    """A function: init.c, compiled for an architecture."""
    made = {}

    def compile_(name):
        if name not in made:
            where = built(name)
            cc = ["musl-gcc"] if name == "amd64" else [CROSS[name], f"-specs={where.relative_to(ROOT)}/musl.specs"]
            made[name] = tmp_path_factory.mktemp("init") / name
            subprocess.run([*cc, "-Os", "-static", "-s", "-Wall", "-o", made[name], "tests/vm/init.c"], cwd=ROOT, check=True)
        return made[name]
    return compile_
