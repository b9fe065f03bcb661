# SPDX-License-Identifier: MIT
"""
Every directive that two packages of Debian or more use is honoured, and then a test would fail without it, or it is accepted, and then what
that means is stated: the same here and by --list-directives.
"""

import re
import subprocess
from pathlib import Path

import pytest
import test_services_plan
import test_services_sandbox

# Of 199 unit files in 123 packages of Debian 12, without systemd's and udev's own.
USED = {
    "Unit": """
        Description After Documentation Wants Before Requires DefaultDependencies Conflicts PartOf RequiresMountsFor BindsTo
        ConditionVirtualization ConditionPathExists RefuseManualStart AssertPathExists ReloadPropagatedFrom ConditionFileIsExecutable
        ConditionFileNotEmpty OnFailure ConditionACPower ConditionCapability StartLimitIntervalSec ConditionDirectoryNotEmpty
        StartLimitBurst IgnoreOnIsolate ConditionKernelCommandLine ConditionPathIsDirectory Requisite ConditionCPUs
        ConditionPathExistsGlob""",
    "Service": """
        ExecStart Type Restart ExecReload EnvironmentFile User ExecStartPre PIDFile PrivateTmp Environment ProtectSystem LimitNOFILE
        ProtectHome Group ExecStop CapabilityBoundingSet RemainAfterExit KillMode RestartSec PrivateDevices NoNewPrivileges
        TimeoutStopSec NotifyAccess ProtectControlGroups AmbientCapabilities RuntimeDirectory ProtectKernelTunables
        ProtectKernelModules TasksMax SyslogIdentifier TimeoutStartSec RestrictAddressFamilies StandardOutput KillSignal
        RestrictNamespaces TimeoutSec RestrictRealtime MemoryDenyWriteExecute SystemCallArchitectures BusName LimitNPROC UMask
        PermissionsStartOnly SystemCallFilter RuntimeDirectoryMode ExecStopPost ExecStartPost LockPersonality StartLimitInterval
        ProtectHostname ProtectKernelLogs DynamicUser ReadWritePaths LimitMEMLOCK ReadWriteDirectories WorkingDirectory SendSIGKILL
        SuccessExitStatus LimitCORE RestrictSUIDSGID ProtectProc ProtectClock ExecCondition PrivateUsers DeviceAllow OOMScoreAdjust
        StartLimitBurst ReadOnlyDirectories PrivateNetwork StandardError NonBlocking StandardInput WatchdogSec Nice StateDirectory
        IgnoreSIGPIPE DevicePolicy RemoveIPC InaccessibleDirectories Delegate RestartPreventExitStatus IOSchedulingPriority
        IOSchedulingClass StateDirectoryMode LogsDirectory ConfigurationDirectory ProcSubset ExecPaths NoExecPaths""",
    "Install": "WantedBy Alias Also",
}
# By fewer packages.
USED["Service"] += """
        RootDirectory RootImage RootDirectoryStartOnly MountAPIVFS BindPaths BindReadOnlyPaths TemporaryFileSystem MountFlags
        PrivateIPC PrivateMounts CPUSchedulingPolicy CPUSchedulingPriority CPUSchedulingResetOnFork CPUAffinity TimerSlackNSec
        Personality SecureBits UnsetEnvironment PassEnvironment CoredumpFilter KeyringMode SyslogLevelPrefix SyslogLevel LogLevelMax
        LoadCredential SetCredential IPAddressAllow IPAddressDeny SystemCallLog SystemCallErrorNumber TTYPath TTYReset TTYVHangup
        TTYVTDisallocate UtmpIdentifier UtmpMode PAMName TimeoutAbortSec WatchdogSignal RestartMode StartLimitAction
        GuessMainPID ReadOnlyPaths InaccessiblePaths SupplementaryGroups RuntimeDirectoryPreserve RestartForceExitStatus RestartSteps
        RestartMaxDelaySec RuntimeMaxSec ReloadSignal RestartKillSignal FinalKillSignal SendSIGHUP FailureAction CacheDirectory
        CacheDirectoryMode LogsDirectoryMode ConfigurationDirectoryMode LimitRTTIME LimitRTPRIO LimitSTACK LimitLOCKS AppArmorProfile"""
USED["Unit"] += """
        ConditionPathIsMountPoint ConditionPathIsReadWrite ConditionPathIsSymbolicLink PropagatesReloadTo RefuseManualStop Upholds
        SuccessAction FailureAction SuccessActionExitStatus FailureActionExitStatus StartLimitInterval WantsMountsFor RebootArgument"""

# What is accepted, and why that is all.
STATED = {
    "accepted: for who reads the file": "Documentation",
    "accepted: --services and /etc/nsinit say what is enabled": "WantedBy Alias",
    "accepted: services have no dependencies but those that are written": "DefaultDependencies",
    "accepted: what /etc/fstab names is mounted before services start": "RequiresMountsFor WantsMountsFor",
    "accepted, no effect: about a part of systemd that is not here": "IgnoreOnIsolate RebootArgument",
    "accepted, no effect: a service of Type=dbus counts as up when it runs": "BusName",
    "accepted: services have all variables of nsinit": "PassEnvironment",
    "accepted, no effect: the kernel has no such limit": "LimitLOCKS",
    "accepted, no effect: no screen is cleared": "TTYVTDisallocate",
    "accepted, no effect: nobody keeps utmp": "UtmpIdentifier UtmpMode",
    "accepted, no effect: no PAM session is made; limits and groups are those of the file": "PAMName",
    "accepted: a restart is always direct, and no failure in between": "RestartMode",
    "accepted, no effect, which is said when the unit is loaded: packets are not filtered": "IPAddressAllow IPAddressDeny",
    "accepted, no effect yet, which is said when the unit is loaded": "AppArmorProfile",
}
REASONS = {name: reason for reason, names in STATED.items() for name in names.split()}
# They wait for cgroups of services.
CGROUPS = "TasksMax DeviceAllow DevicePolicy Delegate".split()

HERE = Path(__file__).parent
SOURCES = {path: path.read_text() for pattern in ("run/*.py", "vm/*.py", "engine/*.py") for path in HERE.parent.glob(pattern)
           if path != Path(__file__)}
# NAME=, in a unit that a test writes.
WRITTEN = {name for text in SOURCES.values() for name in re.findall(r"(?:\\n|[\"'(\s|}])([A-Z][A-Za-z0-9]+) ?=(?!=)", text)}


@pytest.fixture(scope="module")
def meanings(nsinit):
    """What --list-directives says, by section and name."""
    found, section = {}, None
    for line in subprocess.run([nsinit, "--list-directives"], capture_output=True, text=True, check=True).stdout.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line.strip():
            name, meaning = line.split(None, 1)
            found[section, name] = meaning
    return found


def has_row(name):
    rows = [*test_services_plan.ROWS.values(), *test_services_sandbox.ROWS.values()]
    return any(re.search(rf"^{name} ?=", row[0], re.MULTILINE) for row in rows)


def is_told(name):
    """It is one of those that a test puts together from parts, which are there."""
    condition = re.match("(Condition|Assert)(.*)", name)
    life, services = (HERE / file for file in ("test_services_life.py", "test_services.py"))
    if condition:
        return f'"{condition[2]}":' in SOURCES[life] or f"{condition[2]}=" in SOURCES[services]
    return f'"{name}"' in SOURCES[life] or (name.startswith("Exec") and f'"{name.removeprefix("Exec")}"' in SOURCES[services])


def problem(meaning, name):
    """What is wrong about the directive; None: nothing."""
    if meaning.startswith("honoured"):
        if name in REASONS:
            return "is honoured, and stated otherwise here"
        return None if has_row(name) or name in WRITTEN or is_told(name) else "has no test"
    return None if name in CGROUPS or meaning == REASONS.get(name) else f"has no reason that says: {meaning}"


def test_every_directive_has_a_test_or_a_reason(meanings):
    names = [(section, name) for section, names in USED.items() for name in names.split()]
    problems = {where: problem(meanings[where[0], re.sub("^Assert", "Condition", where[1])], where[1]) for where in names}
    assert not {where: what for where, what in problems.items() if what}
    assert set(REASONS) <= {name for _, name in names}  # and no reason is for nothing
