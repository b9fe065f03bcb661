# SPDX-License-Identifier: MIT
"""
Directives that show in the process of a service: its limits, its user, its directories, how the kernel treats it. Each row is a script
with what it says without the directive and with it; all rows are services of one start.
"""

import os
import platform

import pytest
from harness import caller_named, checked
from services import wait_for

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a /run of its own"),
    pytest.mark.xdist_group("services-plan"),  # who computes the rows has them
]


def status(field):
    return f"grep ^{field}: /proc/self/status | cut -f 2"


def limit(name):
    return f"grep '^Max {name} ' /proc/self/limits | sed 's/^Max {name} *//' | cut -d ' ' -f 1"


def python(code):
    return f"python3 -c 'import ctypes, os; libc = ctypes.CDLL(None, use_errno=True); {code}'"


# keyctl(2)
KEYCTL = {"x86_64": 250}.get(platform.machine(), 219)
SESSION = python(f"print(libc.syscall({KEYCTL}, 0, -3, 0))")
SECURE_BITS = python("print(libc.prctl(27, 0, 0, 0, 0))")
ALL_CPUS = ",".join(map(str, sorted(os.sched_getaffinity(0))))
SOME_CPU = min(os.sched_getaffinity(0))

# Of each: the text of the unit, the script, what it says without the text (None: something else), and with it.
ROWS = {
    "CPUAffinity": (f"CPUAffinity={SOME_CPU} {SOME_CPU}-{SOME_CPU},", python("print(*sorted(os.sched_getaffinity(0)), sep=\",\")"),
                    ALL_CPUS, str(SOME_CPU)),
    "CPUSchedulingPolicy": ("CPUSchedulingPolicy=batch", "chrt -p $$ | sed 's/.*: //'", "SCHED_OTHER 0", "SCHED_BATCH 0"),
    "CPUSchedulingPriority": ("CPUSchedulingPolicy=rr\nCPUSchedulingPriority=7", "chrt -p $$ | sed 's/.*: //'", "SCHED_OTHER 0",
                              "SCHED_RR 7"),
    "CPUSchedulingResetOnFork": ("CPUSchedulingPolicy=fifo\nCPUSchedulingResetOnFork=yes", "chrt -p $$ | sed 's/.*: //'; chrt -b 0 true",
                                 "SCHED_OTHER 0", "SCHED_FIFO|SCHED_RESET_ON_FORK 1"),
    "IOSchedulingClass": ("IOSchedulingClass=idle", "ionice -p $$", None, "idle"),
    "IOSchedulingPriority": ("IOSchedulingPriority=2", "ionice -p $$", None, "best-effort: prio 2"),
    "TimerSlackNSec": ("TimerSlackNSec=2ms", "cat /proc/$$/timerslack_ns", "50000", "2000000"),
    "Personality": ("Personality=x86", "cat /proc/$$/personality", "00000000", "00000008"),
    "SecureBits": ("SecureBits=noroot noroot-locked", SECURE_BITS + "; " + status("CapEff"), None, "3 0000000000000000"),
    "SecureBits-user": ("User=daemon\nSecureBits=no-setuid-fixup", SECURE_BITS + "; " + status("CapPrm"), None, "4 0000000000000000"),
    "CoredumpFilter": ("CoredumpFilter=private-anonymous 0x100",
                       "cat /proc/$$/coredump_filter; " + wait_for("grep -q 00000033 /proc/1/coredump_filter") + "echo PID 1 is as before",
                       "00000033 PID 1 is as before", "00000101 PID 1 is as before"),
    "KeyringMode": ("KeyringMode=inherit", f"[ $({SESSION}) = $(cat /run/session) ] && echo same || echo other", "other",
                    "same"),
    "KeyringMode-shared": ("User=daemon\nKeyringMode=shared",
                           python(f"ids = (ctypes.c_int * 9)(); libc.syscall({KEYCTL}, 11, -3, ids, 36); "
                                  f"print(libc.syscall({KEYCTL}, 0, -4, 1) in list(ids))"), "False", "True"),
    "UnsetEnvironment": ("Environment=A=1 B=2 CD=3\nUnsetEnvironment=A B=3 C CD=3", "echo $A-$B-$CD", "--", "-2-"),
}


SCENE = f"""
{SESSION} >/run/session
"""


def said(directory, name):
    return " ".join((directory / "out" / name).read_text().split())


@pytest.fixture(scope="module")
def rows(nsinit, directory):
    """All rows as services of one nsinit: where their outputs are, and what PID 1 said."""
    place = directory / "plan"
    for name in ("units", "scripts", "out"):
        (place / name).mkdir(parents=True)
    for name, (text, script, _, _) in ROWS.items():
        (place / "scripts" / name).write_text(script)
        user = "".join(line + "\n" for line in text.split("\n") if line.startswith("User="))
        for with_it, directives in enumerate((user, text)):
            (place / "units" / f"{name}-{with_it}.service").write_text(
                f"[Service]\nType=oneshot\nStandardOutput=file:{place}/out/{name}-{with_it}\n{directives}\n"
                f"ExecStart=/bin/sh {place}/scripts/{name}\n")

    def scene():
        checked("mount", b"run", b"/run", b"tmpfs", 0, None)
        assert os.system(SCENE) == 0

    result = caller_named("root").start([nsinit, "--services", f"{place}/units", "--", "/bin/true"], pid1=True, setup=scene).finish()
    assert result.status == 0, result
    return place, result.err


@pytest.mark.parametrize("name", ROWS)
def test_what_a_directive_does(rows, name):
    place, errors = rows
    _, _, without, with_it = ROWS[name]
    before, after = said(place, f"{name}-0"), said(place, f"{name}-1")
    assert after == with_it and (without is None or before == without), (before, after, errors)
    assert before != after, (before, errors)
