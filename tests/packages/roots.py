# SPDX-License-Identifier: MIT
"""
Roots with packages in them: one Debian that all share, and for each row a layer with what its packages bring.

A layer is made by nsinit itself: the Debian is its root, what apt-get writes goes to the layer. No init runs there, so the
packages' scripts start nothing. A layer whose row or Debian has changed is made anew. All of it is below build/packages.
"""
import atexit
import ctypes
import fcntl
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
PLACE = BUILD / "packages"
NSINIT = PLACE / f"nsinit.{os.getpid()}"  # a copy: a build may replace the other meanwhile
LISTS_AGE_S = 24 * 3600  # Debian's lists of packages count as new so long
INSTALL_PATIENCE = 900
COMMON = "procps"  # has the kill(1) that unit files name

CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
installing = threading.Lock()


class CannotBuild(Exception):
    pass


def checked(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def prepare():
    """What is mounted from here on is this process's alone, and goes when it goes."""
    PLACE.mkdir(parents=True, exist_ok=True)
    shutil.copy(BUILD / "nsinit", NSINIT)
    atexit.register(NSINIT.unlink)
    checked("unshare", CLONE_NEWNS)
    checked("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)


def minbase():
    result = subprocess.run([TOP / "scripts/minbase"], capture_output=True, text=True, check=False)
    if result.returncode:
        raise CannotBuild(result.stderr.strip())
    return Path(result.stdout.strip())


def options(base, layer):
    """Those of nsinit for a container in which packages are installed, on the network of this machine."""
    conf, lists, archives = (PLACE / name for name in ("conf", "lists", "archives"))
    for directory in (conf, lists / "partial", archives / "partial"):
        directory.mkdir(parents=True, exist_ok=True)
    if os.path.exists("/etc/resolv.conf"):
        shutil.copy("/etc/resolv.conf", conf)
    return [NSINIT, "-q", "--rootfs", base, "--overlay", layer, "--hostname", "box", "--conf", conf,
            "--bind", f"{lists}:/var/lib/apt/lists",
            "--bind", f"{archives}:/var/cache/apt/archives", "--env", "DEBIAN_FRONTEND=noninteractive"]


def lists_are_new():
    stamp = PLACE / "lists.stamp"
    return stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_AGE_S


def install(base, layer, row):
    """The packages, as apt-get installs them, and then what the row has to say about their configuration."""
    steps = [] if lists_are_new() else ["apt-get -q update"]
    steps.append("echo 127.0.0.1 localhost box >/etc/hosts")
    steps.append(f"apt-get -qy --no-install-recommends install {COMMON} {row.packages}")
    if row.setup:
        steps.append(row.setup)
    script = "set -e\n" + "\n".join(steps)
    result = subprocess.run([*options(base, layer), "--", "bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=INSTALL_PATIENCE, check=False)
    if result.returncode:
        raise CannotBuild(f"{row.name} cannot be installed: {result.stdout[-1500:]}")
    (PLACE / "lists.stamp").touch()


def layer_of(row, base):
    """The directory with what the row's packages have written."""
    layer, stamp = PLACE / "layers" / row.name, PLACE / "layers" / f"{row.name}.stamp"
    status = base.stat()
    wanted = f"{base} {status.st_ino} {status.st_mtime_ns} {COMMON} {row.packages} {row.setup}"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(layer, ignore_errors=True)
        layer.mkdir(parents=True)
        install(base, layer, row)
        stamp.write_text(wanted)
    return layer / "upper"


def root_of(row):
    """A mount of the row's root, which nobody writes to."""
    base = minbase()
    with installing, open(PLACE / "lock", "w", encoding="ascii") as lock:  # threads of this process, and other processes
        fcntl.flock(lock, fcntl.LOCK_EX)
        upper = layer_of(row, base)
    root = PLACE / "roots" / row.name
    root.mkdir(parents=True, exist_ok=True)
    if not os.path.ismount(root):
        checked("mount", b"overlay", os.fsencode(root), b"overlay", 0, f"lowerdir={upper}:{base}".encode())
    return root
