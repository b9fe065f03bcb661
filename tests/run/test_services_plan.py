# SPDX-License-Identifier: MIT
"""
Directives that show in the process of a service: its limits, its user, its directories, how the kernel treats it. Each row is a script
with what it says without the directive and with it; all rows are services of one start.
"""

import os
import platform
import resource

import pytest
from harness import caller_named
from services import own_places, wait_for

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
    "Nice": ("Nice=7", "nice", None, "7"),
    "OOMScoreAdjust": ("OOMScoreAdjust=321",
                       "cat /proc/self/oom_score_adj; [ $(cat /proc/1/oom_score_adj) = $(cat /run/score) ] && echo PID 1 is as before",
                       None, "321 PID 1 is as before"),
    "UMask": ("UMask=0137", "umask", "0022", "0137"),
    "User": ("User = daemon", "id -un; echo $USER $LOGNAME $HOME", None, "daemon daemon daemon /usr/sbin"),
    "Group": ("Group=daemon", "id -gn; id -un", "root root", "daemon root"),
    "SupplementaryGroups": ("User=daemon\nSupplementaryGroups=disk 4711", "id -G", None, "1 6 4711"),
    "DynamicUser": ("DynamicUser=yes\nBindReadOnlyPaths=@", "[ $(id -u) -ge 61184 ] && echo other", "", "other"),
    "NoNewPrivileges": ("NoNewPrivileges=yes", status("NoNewPrivs"), "0", "1"),
    "CapabilityBoundingSet": ("CapabilityBoundingSet=CAP_CHOWN CAP_KILL", status("CapBnd") + "; " + status("CapEff"), None,
                              "0000000000000021 0000000000000021"),
    "AmbientCapabilities": ("User=daemon\nAmbientCapabilities=CAP_NET_BIND_SERVICE", status("CapEff"), None, "0000000000000400"),
    "IgnoreSIGPIPE": ("IgnoreSIGPIPE=no", "echo $((0x$(" + status("SigIgn") + ") >> 12 & 1))", "1", "0"),
    "StandardInput": ("StandardInput=file:/etc/hostname", "readlink /proc/self/fd/0", "/dev/null", "/etc/hostname"),
    "StandardError": ("StandardError=append:/run/error", "echo said >&2; cat /run/error", None, "said"),
    "WorkingDirectory": ("WorkingDirectory=/usr", "pwd", "/", "/usr"),
    "Environment": ("Environment=A=1 'B=2 3'", "echo \"$A-$B\"", "-", "1-2 3"),
    "EnvironmentFile": ("EnvironmentFile=/run/environment\nEnvironmentFile=-/none", "echo $C", "", "of a file"),
    "UnsetEnvironment": ("Environment=A=1 B=2 CD=3\nUnsetEnvironment=A B=3 C CD=3", "echo $A-$B-$CD", "--", "-2-"),
}


# Of each: the name in /proc/PID/limits, the value, and how it is said there.
LIMITS = {
    "LimitAS": ("address space", "8G", "8589934592"), "LimitCORE": ("core file size", "1K", "1024"),
    "LimitCPU": ("cpu time", "2min", "120"),
    "LimitDATA": ("data size", "7G", "7516192768"), "LimitFSIZE": ("file size", "5M", "5242880"),
    "LimitMEMLOCK": ("locked memory", "64K", "65536"), "LimitMSGQUEUE": ("msgqueue size", "4096", "4096"),
    "LimitNICE": ("nice priority", "5", "5"), "LimitNOFILE": ("open files", "333:444", "333"), "LimitNPROC": ("processes", "9999", "9999"),
    "LimitRSS": ("resident set", "1M", "1048576"), "LimitRTPRIO": ("realtime priority", "3", "3"),
    "LimitRTTIME": ("realtime timeout", "2ms", "2000"), "LimitSIGPENDING": ("pending signals", "99", "99"),
    "LimitSTACK": ("stack size", "1M", "1048576"),
}
ROWS.update({name: (f"{name}={value}", limit(title), None, said) for name, (title, value, said) in LIMITS.items()})


def is_allowed(name):
    """Who lacks CAP_SYS_RESOURCE, as root of some containers, has services do without more than what is allowed."""
    limit_of = getattr(resource, f"RLIMIT_{name.removeprefix('Limit')}", None)
    most = resource.getrlimit(limit_of)[1] if limit_of else -1
    with open("/proc/self/status", encoding="ascii") as file:
        capabilities = int(next(line for line in file if line.startswith("CapEff:")).split()[1], 16)
    return capabilities >> 24 & 1 or most < 0 or most >= int(LIMITS[name][2])


DIRECTORIES = {"Runtime": "/run", "State": "/var/lib", "Cache": "/var/cache", "Logs": "/var/log", "Configuration": "/etc"}
for kind, parent in DIRECTORIES.items():
    owner = "root" if kind == "Configuration" else "daemon"
    ROWS[f"{kind}Directory"] = (f"User=daemon\n{kind}Directory=nsinit-x/y nsinit-x/z", f"stat -c '%n %U %a' {parent}/nsinit-x/y; "
                                f"echo ${kind.upper()}_DIRECTORY",
                                None, f"{parent}/nsinit-x/y {owner} 755 {parent}/nsinit-x/y:{parent}/nsinit-x/z")
    ROWS[f"{kind}DirectoryMode"] = (f"{kind}Directory=nsinit-m\n{kind}DirectoryMode=0710",
                                    f"[ -n \"${kind.upper()}_DIRECTORY\" ] && stat -c %a {parent}/nsinit-m",
                                    "", "710")

# Nothing of the machine's own is written to.
SCENE = f"""
{SESSION} >/run/session; cat /proc/self/oom_score_adj >/run/score
echo 'C="of a file"' >/run/environment
for d in /var/lib /var/cache /var/log; do mount -t tmpfs none $d || exit 1; done
mkdir /run/upper /run/work && mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work none /etc || exit 1
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
        text = text.replace("@", str(place))
        user = "".join(line + "\n" for line in text.split("\n") if line.startswith("User="))
        for with_it, directives in enumerate((user, text)):
            (place / "units" / f"{name}-{with_it}.service").write_text(
                f"[Service]\nType=oneshot\nStandardOutput=file:{place}/out/{name}-{with_it}\n{directives}\n"
                f"ExecStart=/bin/sh {place}/scripts/{name}\n")

    def scene():
        own_places()
        assert os.system(SCENE) == 0

    result = caller_named("root").start([nsinit, "--services", f"{place}/units", "--", "/bin/true"], pid1=True, setup=scene).finish()
    assert result.status == 0, result
    return place, result.err


@pytest.mark.parametrize("name", ROWS)
def test_what_a_directive_does(rows, name):
    place, errors = rows
    if name in LIMITS and not is_allowed(name):
        pytest.skip("needs CAP_SYS_RESOURCE to raise a hard limit")
    _, _, without, with_it = ROWS[name]
    before, after = said(place, f"{name}-0"), said(place, f"{name}-1")
    assert after == with_it and (without is None or before == without), (before, after, errors)
    assert before != after, (before, errors)
