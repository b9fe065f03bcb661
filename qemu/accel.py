# SPDX-License-Identifier: MIT
"""Whether KVM works here. That /dev/kvm is there says little: on some machines a guest hangs under it."""

import json
import os
import re
import subprocess
import sys

from machine import ARCHITECTURES, NATIVE, ROOT

PROBE = 10  # seconds for a boot that takes one
ANSWER = os.path.join(ROOT, "build/qemu/kvm")


def choose(asked):
    """The accelerator for a run: KVM for this machine's own architecture, if it works."""
    if asked.accel != "auto":
        return asked.accel
    return "kvm" if asked.arch == NATIVE and os.access("/dev/kvm", os.R_OK | os.W_OK) and works() else "tcg"


def clock(asked, accelerator):
    """What the kernel has to be told of clocks: an emulated micro-VM has nothing to measure its processor's against but the
    old timer, and on a busy host that goes wrong, after which the boot hangs. Emulated, it is this machine's own. Elsewhere the
    kernel looks whether its timer ticks, and where it does not in time, panics."""
    if asked.arch != "amd64" or accelerator != "tcg":
        return ""
    if asked.machine != "microvm":
        return "no_timer_check"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        match = re.search(r"^cpu MHz\s*: (\d+)\.(\d{3})", file.read(), re.M)
    return "tsc_early_khz=" + ("".join(match.groups()) if match else "1000000")


def works():
    """Boots once under KVM; the answer holds until this machine boots again or gets another QEMU."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    version = subprocess.run([ARCHITECTURES[NATIVE].qemu, "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    key = {"boot": boot, "qemu": version}
    try:
        with open(ANSWER, encoding="utf-8") as file:
            known = json.load(file)
        if {name: known.get(name) for name in key} == key:
            return known["works"]
    except (OSError, ValueError, KeyError):
        pass
    probe = [sys.executable, os.path.join(ROOT, "qemu/run"), "--accel", "kvm", "--timeout", str(PROBE), "--", "true"]
    answer = subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0
    os.makedirs(os.path.dirname(ANSWER), exist_ok=True)
    with open(f"{ANSWER}.{os.getpid()}", "w", encoding="utf-8") as file:
        json.dump({**key, "works": answer}, file)
    os.replace(file.name, ANSWER)
    return answer
