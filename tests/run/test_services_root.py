# SPDX-License-Identifier: MIT
"""
Services with a root of their own, a directory or an image, and what they see in it; services with a user namespace, with credentials, and
what is left of them in the kernel when they are gone.
"""

import os
import shutil
import subprocess

import pytest
from conftest import make_rootfs
from harness import until
from services import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for mounts of its own")


@pytest.fixture(scope="session")
def tree(directory, probe):
    path = directory / "service-root"
    make_rootfs(path, probe)
    (path / "mark").write_text("inside\n")
    (path / "srv/inner").mkdir(parents=True)
    return path


@pytest.fixture
def inside(world, tree):
    """Runs a script as a service with these directives in the root; what it said, and what PID 1 said."""
    def run(script, directives="", root=None, options=(), **more):
        (world.directory / "script").write_text(script)
        text = f"Type=oneshot\nStandardInput=file:@/script\nStandardOutput=file:@/out\nRootDirectory={root or tree}\n{directives}\n"
        (world.directory / "out").unlink(missing_ok=True)
        world.service("it", text + "ExecStart=/bin/sh -s")
        result = world.start(*options, program="true", **more).finish()
        return [" ".join(line.split()) for line in world.lines("out")], result.err

    return run


def write(*paths):
    return "; ".join(f"t={path}/nsinit-test; (: >$t) 2>/dev/null && rm $t && echo yes || echo no" for path in paths)


def test_root_is_another_and_has_what_programs_need(inside):
    said, errors = inside("cat /mark; ls /../../mark; pwd; ls -d /proc/self /sys/kernel /dev/null; ls -A /run; "
                          "cut -d ' ' -f 5 /proc/self/mountinfo | grep -cx /; "
                          f"ls -d {os.path.dirname(os.__file__)} 2>&1 | wc -l; echo x >/dev/null && echo done")
    assert said == ["inside", "/../../mark", "/", "/dev/null", "/proc/self", "/sys/kernel", "1", "1", "done"], (said, errors)


def test_without_the_kernels_file_systems(inside):
    said, errors = inside("ls /proc /dev; cat /mark", "MountAPIVFS=no")
    assert said == ["/dev:", "", "/proc:", "inside"], (said, errors)


def test_paths_without_a_plus_are_the_hosts(inside, tree):
    said, errors = inside(write("/etc", "/srv", "/var", "/srv/inner", "/home"),
                          f"ReadOnlyPaths=+/etc {tree}/srv /var\nReadWritePaths=+/srv/inner\nInaccessiblePaths=-+/none /home")
    assert said == ["no", "no", "yes", "yes", "yes"], (said, errors)
    assert inside("ls /srv", f"InaccessiblePaths=+/srv\nReadOnlyPaths={tree}")[0] == []
    assert inside(write("/srv", "/tmp"), f"ReadOnlyPaths={tree}\nPrivateTmp=yes")[0] == ["no", "yes"]


def test_binds_lead_from_the_host_into_the_root(inside, world):
    (world.directory / "data").mkdir()
    said, errors = inside("ls /mnt; echo new >/mnt/written; " + write("/media"),
                          "BindPaths=@/data:/mnt\nBindReadOnlyPaths=@/data:/media\nTemporaryFileSystem=/home")
    assert said == ["no"] and (world.directory / "data/written").read_text() == "new\n", (said, errors)


def test_protections_are_of_that_root(inside):
    said, errors = inside(write("/usr", "/etc", "/tmp")
                          + "; ls /tmp; ls /dev/kmsg /dev/null 2>/dev/null; ls /home; ls -d /proc/1/root/mark 2>&- | wc -l",
                          "ProtectSystem=full\nPrivateTmp=yes\nPrivateDevices=yes\nProtectHome=yes\nProtectKernelTunables=yes\n"
                          "ProtectProc=invisible")
    assert said == ["no", "no", "yes", "/dev/null", "0"], (said, errors)


def test_own_directories_and_the_notify_socket_are_there(inside, world):
    said, errors = inside("echo state >/var/lib/nsinit-test/x; ls -d $RUNTIME_DIRECTORY; [ -S $NOTIFY_SOCKET ] && echo socket",
                          "RuntimeDirectory=mine\nStateDirectory=nsinit-test\nNotifyAccess=all\nUser=daemon")
    try:
        with open("/var/lib/nsinit-test/x", encoding="ascii") as file:
            assert file.read() == "state\n"
    finally:
        shutil.rmtree("/var/lib/nsinit-test")
    assert said == ["/run/mine", "socket"], (said, errors)


def test_only_the_start_is_in_the_root(inside, world):
    said, errors = inside("cat /mark", "RootDirectoryStartOnly=yes\nExecStartPre=/bin/sh -c 'ls -d @/script >@/pre'\n"
                          "ExecStartPre=+/bin/sh -c 'ls -d @/script >>@/pre'")
    assert said == ["inside"] and world.lines("pre") == [f"{world.directory}/script"] * 2, (said, errors)
    said, errors = inside("cat /mark", "ExecStartPre=/bin/sh -c '[ ! -e @/script ] && [ -e /mark ]'\nWorkingDirectory=-/none")
    assert said == ["inside"], (said, errors)


def test_root_that_is_not_there(inside, world, tree):
    said, errors = inside("echo ran", root="/none")
    assert said == [] and "it.service: sandbox root, /none: No such file or directory; create it, or write - before it" in errors, errors
    assert inside("ls -d @/script".replace("@", str(world.directory)), root="-/none")[0] == [f"{world.directory}/script"]
    said, errors = inside("echo ran", root=f"{tree}/mark")
    assert said == [] and "sandbox root" in errors, errors
    assert inside("cat /mark", root=f"{tree}/")[0] == ["inside"]


def test_root_takes_the_power_to_mount(inside, root, nsinit):
    world_options = ["setpriv", "--bounding-set", "-sys_admin"]
    said, errors = inside("echo ran", before=world_options)
    assert said == [], (said, errors)
    assert "it.service: namespaces of the sandbox mount: Operation not permitted; an outer container forbids it" in errors, errors


@pytest.fixture(scope="session")
def images(directory, tree):
    if not os.path.exists("/dev/loop-control"):
        pytest.skip("needs /dev/loop-control")
    for name, command in (("squashfs", ["mksquashfs", tree, directory / "service.squashfs", "-quiet", "-no-progress"]),
                          ("ext4", ["mke2fs", "-q", "-t", "ext4", "-d", tree, directory / "service.ext4", "16M"])):
        if not shutil.which(command[0]):
            pytest.skip(f"needs {command[0]}")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return directory


def loops(image):
    return [name for name in os.listdir("/sys/block") if name.startswith("loop") and os.path.exists(f"/sys/block/{name}/loop/backing_file")
            and open(f"/sys/block/{name}/loop/backing_file", encoding="ascii").read().strip() == str(image)]


@pytest.mark.parametrize("kind", ["squashfs", "ext4"])
def test_root_in_an_image(world, images, kind):
    image = images / f"service.{kind}"
    world.service("it", f"Type=oneshot\nStandardOutput=file:@/out\nRootImage={image}\nPrivateTmp=yes\n"
                  "ExecStart=/bin/sh -c 'cat /mark; touch /mark 2>&1 | grep -c Read-only; touch /tmp/x && echo tmp; "
                  "grep -c \" / .*nodev\" /proc/self/mountinfo'")
    result = world.run("true")
    assert world.lines("out") == ["inside", "1", "tmp", "1"], result
    until(lambda: not loops(image), "the loop device is free")


def test_image_that_is_none(world):
    (world.directory / "image").write_bytes(b"no image" * 1000)
    world.service("it", "Type=oneshot\nRootImage=@/image\nExecStart=/bin/true")
    assert f"sandbox root, {world.directory}/image: " in (errors := world.run("true").err) and "it holds no squashfs" in errors, errors


# ---- user namespaces ----


def oneshot(world, name, directives, script):
    (world.directory / f"{name}.sh").write_text(script)
    world.service(name, f"Type=oneshot\nStandardOutput=file:@/{name}.out\n{directives}\nExecStart=/bin/sh @/{name}.sh")


def said(world, name):
    return [" ".join(line.split()) for line in world.lines(f"{name}.out")]


def test_user_namespace_has_root_and_the_user(world):
    script = ("cat /proc/self/uid_map /proc/self/gid_map; id -u; id -G; stat -c %u /proc/1; hostname nsinit-test 2>&1 | grep -c must; "
              "[ $(readlink /proc/self/ns/user) = $(cat @/ns) ] && echo same; grep CapEff /proc/self/status"
              ).replace("@", str(world.directory))
    oneshot(world, "user", "User=daemon\nSupplementaryGroups=4\nPrivateUsers=yes", script)
    oneshot(world, "root", "PrivateUsers=yes\nCapabilityBoundingSet=CAP_SYS_ADMIN CAP_CHOWN", script)
    oneshot(world, "none", "PrivateUsers=no", script)
    (world.directory / "ns").write_text(os.readlink("/proc/self/ns/user"))
    result = world.run("true")
    assert said(world, "user") == ["0 0 1", "1 1 1", "0 0 1", "1 1 1", "1", "1 65534", "0", "1",
                                   "CapEff: 0000000000000000"], result
    assert said(world, "root") == ["0 0 1", "0 0 1", "0", "0", "0", "1", "CapEff: 0000000000200001"], result
    assert "same" in said(world, "none"), result


def test_user_namespace_and_a_root(inside):
    said, errors = inside("cat /mark; cat /proc/self/uid_map; " + write("/srv"), "PrivateUsers=yes\nUser=daemon\nProtectProc=invisible")
    assert said == ["inside", "0 0 1", "1 1 1", "no"], (said, errors)


# ---- credentials ----


def test_credentials(world):
    (world.directory / "secret").write_bytes(b"a\0b\n")
    (world.directory / "secret").chmod(0o600)
    check = ("cd $CREDENTIALS_DIRECTORY && pwd && od -An -c loaded && cat set other && stat -c '%a %u' set; "
             "touch set 2>&1 | grep -cE 'Read-only|denied'; "
             "grep -c ' /run/credentials ro,nosuid,nodev,noexec' /proc/self/mountinfo")
    check = wait_for(f"[ -e {world.directory}/ended ]") + check
    for name, user in (("user", "User=daemon"), ("root", "ProtectSystem=strict")):
        oneshot(world, name, f"{user}\nType=simple\nRemainAfterExit=yes\n"
                "LoadCredential=loaded:@/secret\nSetCredential=set:two words\n"
                "SetCredential=loaded:unused\nLoadCredential=other:/none\nSetCredential=other: default", check)
    world.service("gone", "Type=oneshot\nSetCredential=a:b\nExecStart=/bin/true", "Before=user.service root.service")
    oneshot(world, "stranger", "", "ls -A /run/credentials 2>/dev/null; echo ${CREDENTIALS_DIRECTORY-none}")
    result = world.run("nsctl restart gone stranger; touch ended; "
                       + wait_for("[ $(grep -c . user.out) = 5 ] && [ $(grep -c . root.out) = 5 ]"))
    assert said(world, "user") == ["/run/credentials/user.service", "a \\0 b \\n", "two words default400 1", "1", "1"], result
    assert said(world, "root")[2] == "two words default400 0", result
    assert said(world, "stranger") == ["none"], result


def test_credential_that_is_not_there(world):
    oneshot(world, "it", "LoadCredential=x:/none", "echo ran")
    assert "LoadCredential=x:/none: No such file or directory; create it" in world.run("true").err
    assert said(world, "it") == []


def test_credentials_without_the_power_to_mount(world):
    check = "cat $CREDENTIALS_DIRECTORY/a; stat -c '%a %u' $CREDENTIALS_DIRECTORY/a"
    oneshot(world, "it", "User=daemon\nSetCredential=a:b\nExecStartPre=/bin/sh -c 'cat /run/credentials/it.service/a >/dev/null'", check)
    result = world.start(program="ls -A /run/credentials >@/left 2>&1".replace("@", str(world.directory)),
                         before=["setpriv", "--bounding-set", "-sys_admin"]).finish()
    assert said(world, "it") == ["b400 1"], result
    assert world.lines("left") == [], result


# ---- what would outlive a service ----


@pytest.mark.parametrize("directive, user, left", [("RemoveIPC=yes", 4711, 0), ("RemoveIPC=no", 4712, 3)])
def test_objects_of_ipc_go_with_the_last_of_a_user(world, directive, user, left):
    """The namespace is the machine's, so each has a user of its own."""
    file = f"/dev/shm/nsinit-test-{user}"
    count = f"((ipcs -m; ipcs -s; ipcs -q) | grep -c ' {user} '; ls -d {file} 2>&1 | grep -c '^/')"
    remove = f"for k in m s q; do ipcs -$k | grep ' {user} ' | while read -r a id b; do ipcrm -$k $id; done; done; rm -f {file}"
    (world.directory / "make").write_text(f"ipcmk -M 100 -S 2 -Q >/dev/null; : >{file}; exec sleep 1000")
    world.service("it", f"User={user}\n{directive}\nExecStart=/bin/sh @/make")
    world.service("other", f"User={user}\n{directive}\nExecStart=/bin/sleep 1000")
    result = world.run(wait_for(f"[ -e {file} ]") + f"nsctl stop it; {count} >both; nsctl stop other; {count} >after; {remove}")
    assert world.lines("both") == ["3", "1"], result
    assert world.lines("after") == [str(left), "1" if left else "0"], result
