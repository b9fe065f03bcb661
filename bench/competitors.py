# SPDX-License-Identifier: MIT
"""Who takes part: for each task the command lines that do the same work, as near as each competitor can."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess

NOBODY = 65534

# command: Debian package
PEERS = {
    "tini": "tini",
    "tini-static": "tini",
    "dumb-init": "dumb-init",
    "catatonit": "catatonit",
    "bwrap": "bubblewrap",
    "unshare": "util-linux",
    "crun": "crun",
    "runc": "runc",
    "systemd-nspawn": "systemd-container",
}

# What nsinit hides of /proc, and what it makes read-only; only what this kernel has can be.
MASKED = ["kcore", "keys", "latency_stats", "timer_list", "timer_stats", "sched_debug", "scsi", "acpi"]
GUARDED = ["bus", "fs", "irq", "sys", "sysrq-trigger"]

# A hybrid hierarchy is refused by crun and slow for runc. This is what a current system has, in a mount namespace of its own.
PURE_CGROUP2 = 'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$0" "$@"'


@dataclasses.dataclass
class Competitor:
    name: str
    argv: list
    kind: str = "peer"  # base: no init at all; floor; ours; peer
    every: int = 1  # takes part in one round of that many
    note: str = ""


def find(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def version(path):
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return ((answer.stdout + answer.stderr).splitlines() or ["?"])[0]


def mount(destination, type, options, source=None):
    return {"destination": destination, "type": type, "source": source or type, "options": options.split(",")}


def oci_mounts(user):
    guarded = "nosuid,nodev,noexec"
    pts = "nosuid,noexec,newinstance,ptmxmode=0666,mode=620"
    return [
        mount("/proc", "proc", guarded),
        # sysfs shows a network namespace, and a user namespace without one of its own may only bind the host's
        mount("/sys", "bind", guarded + ",rbind,ro", "/sys") if user else mount("/sys", "sysfs", guarded + ",ro"),
        mount("/sys/fs/cgroup", "cgroup", guarded + ",ro"),
        mount("/dev", "tmpfs", "nosuid,noexec,mode=755"),
        mount("/dev/pts", "devpts", pts if user else pts + ",gid=5"),
        mount("/dev/shm", "tmpfs", guarded + ",mode=1777"),
        mount("/dev/mqueue", "mqueue", guarded),
        mount("/run", "tmpfs", "nosuid,nodev,mode=755"),
        mount("/tmp", "tmpfs", "nosuid,nodev,mode=1777"),
    ]


def oci_config(rootfs, user):
    """The smallest config.json that asks for what nsinit does by default."""
    kinds = ["pid", "ipc", "uts", "mount", "cgroup"] + (["user"] if user else [])
    linux = {"namespaces": [{"type": kind} for kind in kinds]}
    if user:
        mapping = [{"containerID": 0, "hostID": NOBODY if os.geteuid() == 0 else os.geteuid(), "size": 1}]
        linux |= {"uidMappings": mapping, "gidMappings": mapping}
    else:
        linux |= {"maskedPaths": [f"/proc/{name}" for name in MASKED], "readonlyPaths": [f"/proc/{name}" for name in GUARDED]}
    return {
        "ociVersion": "1.0.0",
        "process": {"user": {"uid": 0, "gid": 0}, "args": ["/exit"], "env": ["PATH=/"], "cwd": "/"},
        "root": {"path": str(rootfs)},
        "hostname": "bench",
        "mounts": oci_mounts(user),
        "linux": linux,
    }


def bwrap_masks():
    for name in MASKED:
        target = f"/proc/{name}"
        if os.path.isdir(target):
            yield from ["--tmpfs", target, "--remount-ro", target]
        elif os.path.exists(target):
            yield from ["--ro-bind", "/dev/null", target]
    for name in GUARDED:
        if os.path.exists(f"/proc/{name}"):
            yield from ["--ro-bind", f"/proc/{name}", f"/proc/{name}"]


class Lineup:
    """The competitors of one run; knows which of them are not there."""

    def __init__(self, work):
        self.work = pathlib.Path(work)
        self.paths = {name: find(name) for name in PEERS}
        self.absent = [f"{name}: not installed; apt install {PEERS[name]}" for name, path in self.paths.items() if not path]
        self.paths |= {"nsinit": str(self.work / "nsinit")}
        self.versions = {name: version(path) for name, path in self.paths.items() if path}

    def _here(self, rows):
        return [row for row in rows if row.argv[0]]

    def _own(self, name):
        return str(self.work / name)

    def entrypoints(self, *program, base=False, groups=False):
        """PID 1 of a namespace that somebody else made, with program under it."""
        path, program = self.paths, [self._own(program[0]), *program[1:]]
        rows = [
            Competitor("bare", program, "base") if base else None,
            Competitor("floor", [self._own("floor-pid1"), *program], "floor"),
            Competitor("nsinit", [path["nsinit"], "--", *program], "ours"),
            Competitor("nsinit -g", [path["nsinit"], "-g", "--", *program], "ours") if groups else None,
            Competitor("tini", [path["tini"], "--", *program]),
            Competitor("tini -g", [path["tini"], "-g", "--", *program]) if groups else None,
            Competitor("tini-static", [path["tini-static"], "--", *program]),
            Competitor("dumb-init", [path["dumb-init"], "--", *program]),
            Competitor("catatonit", [path["catatonit"], "--", *program]),
            Competitor("catatonit -g", [path["catatonit"], "-g", "--", *program]) if groups else None,
        ]
        return self._here(filter(None, rows))

    def _bwrap(self, rootfs, user, program):
        unshare = ["--unshare-uts", "--unshare-ipc", "--unshare-pid", "--unshare-cgroup", "--hostname", "bench"]
        identity = ["--unshare-user", "--uid", "0", "--gid", "0"] if user else []
        mounts = ["--bind", rootfs, "/", "--proc", "/proc", "--ro-bind", "/sys", "/sys", "--dev", "/dev", "--tmpfs", "/dev/shm",
                  "--mqueue", "/dev/mqueue", "--tmpfs", "/run", "--tmpfs", "/tmp", *([] if user else bwrap_masks())]
        return [self.paths["bwrap"], *unshare, *identity, *mounts, "--", *program]

    def _unshare(self, rootfs, user, program):
        identity = ["--user", "--map-root-user"] if user else []
        kinds = ["--uts", "--ipc", "--pid", "--mount", "--cgroup"]
        return [self.paths["unshare"], *identity, *kinds, "--fork", "--mount-proc", f"--root={rootfs}", *program]

    def _oci(self, runtime, rootfs, user, *options):
        bundle = self.work / ("oci-user" if user else "oci")
        state = self.work / f"{runtime}-{'user' if user else 'root'}"
        for directory in [bundle, state]:
            directory.mkdir(exist_ok=True)
        if user and os.geteuid() == 0:
            os.chown(state, NOBODY, NOBODY)
        (bundle / "config.json").write_text(json.dumps(oci_config(rootfs, user)))
        return [self.paths[runtime], "--root", str(state), *options, "run", "--bundle", str(bundle), "bench"]

    def _nspawn(self, program):
        """It wants a /usr, and leaves files behind, so it has a rootfs of its own."""
        rootfs = self.work / "rootfs-nspawn"
        if not rootfs.exists():
            shutil.copytree(self.work / "rootfs", rootfs)
            for name in ("usr", "etc"):
                (rootfs / name).mkdir()
        words = ["--quiet", "--register=no", "--keep-unit", "--machine=bench", f"--directory={rootfs}"]
        return [self.paths["systemd-nspawn"], *words, *program]

    def containers(self, user, program=("/exit",)):
        """A container of its own with the mounts that nsinit gives one, as root or as an ordinary user."""
        rootfs = self._own("rootfs")
        ours = [self.paths["nsinit"], "--seccomp", "none", "--unshare", "cgroup", "--hostname", "bench", "--rootfs", rootfs, "--", *program]
        return self._here([
            Competitor("floor", [self._own("floor-container"), rootfs, *program], "floor"),
            Competitor("nsinit", ours, "ours"),
            Competitor("bwrap", self._bwrap(rootfs, user, program),
                       note="binds the host's /sys and its device nodes, mounts no cgroup2"),
            Competitor("unshare", self._unshare(rootfs, user, program), note="mounts /proc and nothing else, chroots, sets no host name"),
            Competitor("crun", self._oci("crun", rootfs, user, "--cgroup-manager=disabled"), every=4, note="makes no cgroup"),
            Competitor("runc", self._oci("runc", rootfs, user), every=16, note="makes a cgroup" if not user else ""),
        ] + ([] if user else [
            Competitor("systemd-nspawn", self._nspawn(program), every=16, note="makes a cgroup"),
        ]))

    def prefix(self, user):
        """What a command line of containers() starts with to meet the conditions it needs."""
        if os.geteuid() != 0:
            return []
        words = []
        if self.paths["unshare"] and not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
            words += [self.paths["unshare"], "--mount", "--propagation", "private", "sh", "-c", PURE_CGROUP2]
        if user:
            words += ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all"]
        return words

    def able(self, rows, user):
        """Those of containers() that can do it here; says why of the others."""
        found = []
        for row in rows:
            trial = subprocess.run([*self.prefix(user), *row.argv], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if trial.returncode == 0:
                found.append(row)
                continue
            reason = (trial.stderr.splitlines() or [f"exit status {trial.returncode}"])[-1]
            line = f"{row.name} as {'an ordinary user' if user else 'root'}: {reason}"
            if row.kind != "peer":
                raise SystemExit(f"bench: {line}")  # without these two there is nothing to compare
            self.absent.append(line)
            print(f"bench: not taking part: {line}")
        return found
