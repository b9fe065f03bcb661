# SPDX-License-Identifier: MIT
"""
The sandbox of services: what a service that has a directive can see and do. Each row is a script with what it says without the
directive, which is asserted too, and with it.
"""

import os

import pytest
from services import own_places

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for mounts of its own")


def write(*paths):
    """The host's directories, beside other tests: a name of this process's, which count() does not see."""
    return "; ".join(f"t={path}/.nsinit-test.{os.getpid()}; (: >$t) 2>/dev/null && rm $t && echo yes || echo no" for path in paths)


def count(path):
    return f"ls {path} 2>/dev/null | wc -l"


def tried(command):
    return f"({command}) 2>/dev/null && echo yes || echo no"


def capable(number):
    return f"echo $((0x$(grep CapBnd /proc/self/status | cut -f 2) >> {number} & 1))"


# Of the mount at the root: whom it tells of mounts below, or who tells it.
PROPAGATION = "sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \\/ [^ ]* //p' /proc/self/mountinfo | tail -1 | sed 's/:[0-9]*//g; s/ *- .*//'"

ROWS = {
    "PrivateTmp": ("PrivateTmp=yes", "ls -A /tmp | head -1 | wc -l; ls /var/tmp | grep mark; " + write("/tmp", "/var/tmp"),
                   "1 mark yes yes", "0 yes yes"),
    "ProtectSystem": ("ProtectSystem=yes", write("/usr", "/etc", "/run"), "yes yes yes", "no yes yes"),
    "ProtectSystem-full": ("ProtectSystem=full", write("/usr", "/etc", "/run"), "yes yes yes", "no no yes"),
    "ProtectSystem-strict": ("ProtectSystem=strict", write("/usr", "/etc", "/run", "/dev/shm", "/srv"), "yes yes yes yes yes",
                             "no no no yes no"),
    "ReadWritePaths": ("ProtectSystem=strict\nReadWritePaths=/srv -/none", write("/srv", "/etc"), "yes yes", "yes no"),
    "ReadWriteDirectories": ("ProtectSystem=strict\nReadWriteDirectories=+/srv", write("/srv", "/etc"), "yes yes", "yes no"),
    "RuntimeDirectory": ("ProtectSystem=strict\nRuntimeDirectory=mine", "mkdir -p /run/mine; " + write("/run/mine", "/run"), "yes yes",
                         "yes no"),
    "ReadOnlyPaths": ("ReadOnlyPaths=/srv\nReadWritePaths=/srv/inner", write("/srv", "/srv/inner"), "yes yes", "no yes"),
    "ReadOnlyDirectories": ("ReadOnlyDirectories=-/none -/srv", write("/srv"), "yes", "no"),
    "InaccessiblePaths": ("InaccessiblePaths=/srv /etc/hostname", count("/srv")
                          + "; cat /etc/hostname >/dev/null 2>&1 && echo yes || echo no",
                          "2 yes", "0 no"),
    "InaccessibleDirectories": ("InaccessibleDirectories=/srv", count("/srv"), "2", "0"),
    "ProtectHome": ("ProtectHome=yes", count("/home") + "; " + write("/root"), "1 yes", "0 no"),
    "ProtectHome-read-only": ("ProtectHome=read-only", count("/home") + "; " + write("/home", "/root"), "1 yes yes", "1 no no"),
    "ProtectHome-tmpfs": ("ProtectHome=tmpfs\nBindPaths=/srv/inner:/home/inner", "ls /home; " + write("/home", "/home/inner"),
                          "mark yes no", "inner no yes"),
    "PrivateDevices": ("PrivateDevices=yes", "ls -d /dev/kmsg /dev/null /dev/fd /dev/ptmx 2>/dev/null; echo x >/dev/null && echo yes; "
                       + tried("mknod /run/nsinit-test c 1 3 && rm /run/nsinit-test"),
                       "/dev/fd /dev/kmsg /dev/null /dev/ptmx yes yes", "/dev/fd /dev/null /dev/ptmx yes no"),
    "ProtectControlGroups": ("ProtectControlGroups=yes",
                             "for f in $(find /sys/fs/cgroup -maxdepth 2 -name cgroup.procs); do [ -w $f ] && echo yes || echo no; done"
                             " | sort -u", "yes", "no"),
    "ProtectKernelTunables": ("ProtectKernelTunables=yes", tried("[ -w /proc/sys/kernel/hostname ]") + "; "
                              + tried("cat /proc/kallsyms >/dev/null"),
                              "yes yes", "no no"),
    "ProtectKernelModules": ("ProtectKernelModules=yes", capable(16) + "; ls /usr/lib/modules", "1 mark", "0"),
    "ProtectKernelLogs": ("ProtectKernelLogs=yes", "head -c 0 /dev/kmsg 2>/dev/null && echo yes || echo no", "yes", "no"),
    "ProtectClock": ("ProtectClock=yes", capable(25), "1", "0"),
    "ProtectHostname": ("ProtectHostname=yes", "[ $(readlink /proc/self/ns/uts) = $(cat /run/uts) ] && echo same", "same", ""),
    "PrivateNetwork": ("PrivateNetwork=yes",
                       "tail -n +3 /proc/net/dev | grep -v lo: | wc -l; wc -l </proc/net/if_inet6 | sed 's/[1-9].*/up/'",
                       None, "0 up"),
    "PrivateIPC": ("PrivateIPC=yes", "[ $(readlink /proc/self/ns/ipc) = $(cat /run/ipc) ] && echo same", "same", ""),
    "PrivateMounts": ("PrivateMounts=yes",
                      "mkdir -p /run/m; mount -t tmpfs none /run/m; grep -c ' /run/m ' /proc/1/mountinfo; umount /run/m", "1", "0"),
    "PrivateIPC-queues": ("PrivateIPC=yes", "[ -e /dev/mqueue/mark ] && echo there", "there", ""),
    "MountFlags": ("MountFlags=private", PROPAGATION, "shared", ""),
    "MountFlags-slave": ("MountFlags=slave", PROPAGATION, "shared", "master"),
    "MountFlags-shared": ("MountFlags=shared", PROPAGATION, "shared", "shared master"),
    "ProtectProc": ("User=daemon\nProtectProc=invisible", "ls -d /proc/1 2>/dev/null", "/proc/1", ""),
    "ProcSubset": ("ProcSubset=pid\nProtectProc=invisible", "ls -d /proc/meminfo /proc/self 2>/dev/null", "/proc/meminfo /proc/self",
                   "/proc/self"),
    "BindReadOnlyPaths": ("BindReadOnlyPaths=/srv:/mnt/new -/none", "ls /mnt/new 2>/dev/null; " + write("/mnt/new"), None, "inner true no"),
    "TemporaryFileSystem": ("TemporaryFileSystem=/srv:ro /mnt", count("/srv") + "; " + write("/srv", "/mnt"), "2 yes yes", "0 no yes"),
    "NoExecPaths": ("NoExecPaths=/\nExecPaths=/usr /srv/inner",
                    "for d in /srv /srv/inner; do $d/true 2>/dev/null && echo yes || echo no; done", None, "no yes"),
    "ExecPaths-is-not-writable": ("ProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr", write("/usr"), "yes", "no"),
    "DynamicUser": ("DynamicUser=yes", "grep -c NoNewPrivs:.1 /proc/self/status; ls /tmp; " + write("/etc", "/tmp"), None, "1 no yes"),
}


def python(code):
    return f"python3 -c 'import ctypes, mmap, os, socket; libc = ctypes.CDLL(None, use_errno=True)\n{code}' 2>/dev/null || echo no"


def call(name, *arguments):
    return python(f"print(\"yes\" if libc.{name}({', '.join(map(str, arguments))}) >= 0 else ctypes.get_errno())")


# Directives that are a filter: what a call gives without, and with it.
FILTERS = {
    "RestrictRealtime": ("RestrictRealtime=yes", tried("chrt -f 1 true") + "; chrt -b 0 echo yes", "yes yes", "no yes"),
    "RestrictSUIDSGID": ("RestrictSUIDSGID=yes", "touch /run/f /run/g; " + tried("chmod 4755 /run/f") + "; chmod 755 /run/g && echo yes; "
                         + python("os.close(os.open(\"/run/new\", os.O_CREAT | os.O_WRONLY, 0o2755)); "
                                  "print(\"yes\"); os.unlink(\"/run/new\")"), "yes yes yes", "no yes no"),
    "LockPersonality": ("LockPersonality=yes", call("personality", "0x40000") + "; " + call("personality", "0xffffffff"), "yes yes",
                        "1 yes"),
    "MemoryDenyWriteExecute": ("MemoryDenyWriteExecute=yes", python("mmap.mmap(-1, 4096, prot=7); print(\"yes\")") + "; "
                               + python("m = mmap.mmap(-1, 4096, prot=3); a = ctypes.addressof(ctypes.c_char.from_buffer(m)); "
                                        "print(libc.mprotect(ctypes.c_void_p(a), 4096, 5))"),
                               "yes 0", "no -1"),
    "RestrictNamespaces": ("RestrictNamespaces=yes", tried("unshare -u true") + "; " + tried("unshare -fp true")
                           + "; true & wait; echo yes", "yes yes yes", "no no yes"),
    "RestrictNamespaces-some": ("RestrictNamespaces=uts ipc", "unshare -u echo yes; " + tried("unshare -m true"), "yes yes", "yes no"),
    "RestrictNamespaces-but": ("RestrictNamespaces=~uts ipc", tried("unshare -u true") + "; unshare -m echo yes", "yes yes", "no yes"),
    "RestrictAddressFamilies": ("RestrictAddressFamilies=AF_UNIX AF_INET", call("socket", 1, 1, 0) + "; " + call("socket", 2, 1, 0)
                                + "; " + call("socket", 16, 3, 0), "yes yes yes", "yes yes 97"),
    "RestrictAddressFamilies-but": ("RestrictAddressFamilies=~AF_NETLINK AF_VSOCK", call("socket", 2, 1, 0) + "; " + call("socket", 16,
                                                                                                                          3, 0),
                                    "yes yes", "yes 97"),
    "RestrictAddressFamilies-none": ("RestrictAddressFamilies=none", call("socket", 1, 1, 0), "yes", "97"),
    "SystemCallArchitectures": ("SystemCallArchitectures=native", "grep -c Seccomp:.2 /proc/self/status", "0", "1"),
    "SystemCallLog": ("SystemCallLog=~sync", "grep -c Seccomp:.2 /proc/self/status", "0", "1"),
    "ProtectHostname-call": ("ProtectHostname=yes", tried("hostname nsinit-test"), None, "no"),
    "ProtectClock-call": ("ProtectClock=yes", call("adjtimex", "ctypes.create_string_buffer(512)"), None, "1"),
    "ProtectKernelLogs-call": ("ProtectKernelLogs=yes", call("klogctl", 10, 0, 0), "yes", "1"),
    "ProtectKernelModules-call": ("ProtectKernelModules=yes", call("syscall", 176, 0, 0), None, "1"),
    "SystemCallFilter": ("SystemCallFilter=@system-service", "chroot / echo yes 2>/dev/null; echo $?", "yes 0", "159"),
    "SystemCallErrorNumber": ("SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM", tried("chroot / true") + "; "
                              + tried("hostname nsinit-x"), None, "no no"),
    "SystemCallFilter-but": ("SystemCallFilter=~@mount sethostname:EACCES", call("sethostname", 0, 0)
                             + "; chroot / echo yes 2>/dev/null; echo $?; echo yes", None, "13 159 yes"),
    "SystemCallFilter-taken-back": ("SystemCallFilter=@system-service\nSystemCallFilter=~@resources personality:EPERM\n"
                                    "SystemCallErrorNumber=EPERM\nRestrictRealtime=yes",
                                    call("personality", "0xffffffff") + "; " + call("setpriority", 0, 0, 1), "yes yes", "1 1"),
    "User-implies-NoNewPrivileges": ("User=daemon\nLockPersonality=yes", "grep -c NoNewPrivs:.1 /proc/self/status", "0", "1"),
    "Root-needs-no-NoNewPrivileges": ("LockPersonality=yes\nRestrictRealtime=yes",
                                      "grep -cE 'NoNewPrivs:.0|Seccomp:.2' /proc/self/status", "1", "2"),
}
ROWS.update(FILTERS)

# What is to be hidden is there, and nothing of the real machine is written to.
SCENE = """
cp -r {0} /run/test || exit 1
for d in /var/tmp /home /srv /mnt /usr/lib/modules; do mkdir -p $d && mount -t tmpfs none $d || exit 1; done
for d in usr etc; do
    mkdir /run/$d-upper /run/$d-work || exit 1
    mount -t overlay -o lowerdir=/$d,upperdir=/run/$d-upper,workdir=/run/$d-work none /$d || exit 1
done
mount -t tmpfs none /usr/lib/modules || exit 1
mkdir -p /dev/mqueue && mount -t tmpfs none /dev/mqueue && touch /dev/mqueue/mark || exit 1
chmod 1777 /var/tmp; touch /var/tmp/mark /home/mark
mkdir /srv/inner /usr/lib/modules/mark; cp /bin/true /srv; cp /bin/true /srv/inner
mount --make-rshared /
readlink /proc/self/ns/uts >/run/uts; readlink /proc/self/ns/ipc >/run/ipc
"""


@pytest.fixture
def services(root, nsinit, scratch):
    """Runs a service for each text of directives, each with the script; what each said, and what PID 1 said."""
    def run(script, *texts, before=()):
        (scratch / "script").write_text(script)
        for i, text in enumerate(texts):
            (scratch / f"s{i}.service").write_text(f"[Unit]\nAfter=s{i - 1}.service\n[Service]\nType=oneshot\n"
                                                   f"StandardOutput=file:/run/test/out{i}\n{text}\nExecStart=/bin/sh /run/test/script\n")

        def scene():
            own_places()
            assert os.system(SCENE.format(scratch)) == 0

        outputs = " ".join(f"/run/test/out{i}" for i in range(len(texts)))
        result = root.start([*before, nsinit, "--services", "/run/test", "--", "/bin/sh", "-c",
                             f"for f in {outputs}; do echo $(cat $f); done"],
                            pid1=True, setup=scene).finish()
        assert result.status == 0, result
        return result.out.splitlines(), result.err

    return run


@pytest.mark.parametrize("name", ROWS)
def test_what_a_service_can_do(services, name):
    directives, script, without, with_it = ROWS[name]
    user = "".join(line + "\n" for line in directives.split("\n") if line.startswith("User="))
    said, errors = services(script, user, directives)
    assert said[1] == with_it.strip() and (without is None or said[0] == without), (said, errors)
    assert said[0] != said[1], said


def test_sandbox_that_cannot_be_made_fails_the_start(services):
    said, errors = services("echo ran", "ReadOnlyPaths=/none", "BindPaths=/none:/mnt", "ReadOnlyPaths=-/none")
    assert said == ["", "", "ran"]
    assert "s0.service: sandbox ReadOnlyPaths, /none: No such file or directory; create it, or write - before it" in errors
    assert "s1.service: sandbox BindPaths, /mnt: No such file or directory" in errors


@pytest.mark.parametrize("directives,status", [("ReadOnlyPaths=/none", "226"), ("ExecStart=/none", "203")])
def test_status_of_a_start_that_failed_is_as_with_systemd(services, directives, status):
    post = "ExecStopPost=+/bin/sh -c 'echo $EXIT_STATUS >/run/test/status'"
    said, errors = services("cat /run/test/status", f"{directives}\n{post}", "")
    assert said[1] == status, (said, errors)


def test_stricter_wins_and_links_are_followed(services):
    said, errors = services("ln -sfn /srv/inner /run/link; " + write("/srv/inner", "/run/link"),
                            "ReadOnlyPaths=/srv/inner\nReadWritePaths=/srv/inner",
                            "InaccessiblePaths=/srv\nReadWritePaths=/srv/inner",
                            "ReadOnlyPaths=/srv\nReadWritePaths=-/none",
                            "InaccessiblePaths=/run/link\nReadOnlyPaths=/srv")
    assert said == ["no no"] * 4, (said, errors)


def test_privileged_command_has_no_sandbox(services):
    said, _ = services(write("/etc"), "ProtectSystem=strict\nExecStartPre=+/bin/sh -c 'touch /etc/nsinit-test'\n"
                       "ExecStartPre=/bin/sh -c '! touch /etc/nsinit-test2 2>&-'")
    assert said == ["no"]


def test_commands_around_the_start_have_no_user_and_capabilities_of_its(services):
    """As tor has it: a directory in /run is given to the user by ExecStartPre, beside PrivateDevices."""
    said, _ = services("cat /run/owner; id -u; grep CapBnd /proc/self/status",
                       "PermissionsStartOnly=yes\nUser=daemon\nCapabilityBoundingSet=CAP_SETUID CAP_SETGID\nPrivateDevices=yes\n"
                       "ExecStartPre=/bin/sh -c 'mkdir /run/d && chown daemon /run/d && stat -c %%U /run/d >/run/owner'")
    assert said == ["daemon 1 CapBnd: 00000000000000c0"]


def test_commands_share_private_tmp_and_nothing_is_left(services):
    said, errors = services("cat /tmp/x /var/tmp/x 2>/dev/null; ls -A /var/tmp | grep -c private; true",
                            "PrivateTmp=yes\nExecStartPre=/bin/sh -c 'echo 1 >/tmp/x; echo 2 >/var/tmp/x'", "")
    assert said == ["1 2 0", "0"], (said, errors)


@pytest.mark.parametrize("directives", ["PrivateTmp=yes\nRestart=on-failure\nRestartSec=0\n"
                                        "ExecStartPre=/bin/sh -c 'echo >>/srv/n; [ $$(wc -l </srv/n) = 2 ]'",
                                        "DynamicUser=yes"])
def test_no_private_tmp_is_left(services, directives):
    said, errors = services("echo ran; ls -A /var/tmp", directives, "")
    assert said == ["ran", "ran mark"], (said, errors)


def test_without_the_capability_it_is_said_once(services):
    directives = "PrivateTmp=yes\nProtectSystem=strict"
    said, errors = services("echo ran", directives, directives, "BindPaths=/srv:/mnt", before=["setpriv", "--bounding-set", "-sys_admin"])
    assert said == ["ran", "ran", ""] and errors.count("CAP_SYS_ADMIN") == 2, (said, errors)
    assert "s2.service: namespaces of the sandbox mount: Operation not permitted" in errors


LIMITS = "grep -E '^(Cap(Bnd|Prm|Amb)|NoNewPrivs|Seccomp):' /proc/self/status"


@pytest.mark.parametrize("options", [["--hostname", "box"], ["--hostname", "box", "--cap-drop", "ALL", "--no-new-privs"],
                                     ["--hostname", "box", "--privileged"]], ids=["container", "few", "privileged"])
def test_no_service_has_more_than_the_program_of_the_container(world, options):
    """Also not by what its file asks for, and not after PID 1 has gone on as another."""
    services = {"plain": "", "ambient": "User=nobody\nAmbientCapabilities=CAP_SYS_ADMIN CAP_CHOWN", "full": "PrivateTmp=yes"}
    for name, directive in services.items():
        prefix = "+" if name == "full" else ""
        world.service(name, f"Type=oneshot\n{directive}\nStandardOutput=file:@/{name}\nExecStart={prefix}/bin/sh -c \"{LIMITS}\"")
    script = (f"{LIMITS} >program; for n in plain ambient full; do nsctl start $n && cp $n $n-1 && rm $n; done; nsctl reexec; "
              "for n in plain full; do nsctl start $n; done")
    result = world.run(script, *options)
    assert result.status == 0, result
    program = world.lines("program")
    assert len(program) == 5
    for name in ("plain-1", "full-1", "plain", "full"):
        assert world.lines(name) == program, name
    bound, ambient = (int(next(line for line in lines if key in line).split()[1], 16)
                      for key, lines in (("Bnd", program), ("Amb", world.lines("ambient-1"))))
    assert ambient & ~bound == 0 and bool(ambient) == bool(bound & 1)


def test_users_of_its_own_in_a_container(world):
    """The filter of the container's program refuses setns(2), and holds for the service as well."""
    world.service("users", "Type=oneshot\nUser=nobody\nPrivateUsers=yes\nStandardOutput=file:@/users\n"
                  "ExecStart=/bin/sh -c 'cat /proc/self/uid_map; grep ^Seccomp: /proc/self/status'")
    result = world.run("cat /proc/self/uid_map >program; nsctl start users", "--hostname", "box")
    assert result.status == 0, result
    *users, seccomp = world.lines("users")
    assert users and users != world.lines("program") and seccomp == "Seccomp:\t2"
