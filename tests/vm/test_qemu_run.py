# SPDX-License-Identifier: MIT
"""qemu/run: the status of what runs in the machine, its three streams, its devices, and machines that come to no good end."""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pexpect
import pytest
from conftest import PATIENCE, ROOT, command

LOST, PANIC, LATE, TROUBLE = 122, 123, 124, 125


def test_status_and_output(run):
    done = run("--", "/bin/sh", "-c", "uname -m; echo words for errors >&2; echo more >/dev/stderr; exit 7")
    assert done == (7, b"x86_64\n", "words for errors\nmore\n")


def test_input_and_words_arrive_as_they_are(run):
    data = bytes(range(256)) * 3000
    script = 'cat | md5sum; printf "<%s>" "$@"'
    done = run("--", "sh", "-c", script, "sh", 'a "b"  c', "", "new\nline", "$HOME", "--", "é", stdin=data)
    assert done.output.decode() == hashlib.md5(data).hexdigest() + '  -\n<a "b"  c><><new\nline><$HOME><--><é>'
    assert (done.status, done.errors) == (0, "")


def test_a_program_of_this_machine_with_its_libraries(run):
    done = run("--", "/bin/bash", "-c", 'echo "${BASH_VERSION:+bash}"; kill -KILL $$')
    assert done == (128 + signal.SIGKILL, b"bash\n", "")


def test_a_script_of_this_machine(run, tmp_path):
    (tmp_path / "script").write_text('#!/bin/bash\necho "$0 $1 ${BASH_VERSION:+bash}"\nexit 3\n')
    done = run("--", "./script", "word")
    assert done == (3, f"{tmp_path}/script word bash\n".encode(), "")


def test_what_is_left_behind_does_not_hold_it_up(run):
    done = run("--timeout", "60", "--", "sh", "-c", "sleep 1000 & echo done; exit 5")
    assert done == (5, b"done\n", "")


def test_last_words_come_through_the_end(run):
    """Which begins with a TERM to all."""
    done = run("--", "sh", "-c", "kill -TERM -1; echo last; echo words >&2; exit 5")
    assert done == (5, b"last\n", "words\n")


def test_a_program_that_is_not_there(run):
    done = run("--", "no-such-program")
    assert (done.status, done.output) == (127, b"") and done.errors == "qemu/run: no-such-program: No such file or directory\n"


def test_a_hang_is_told(run):
    done = run("--timeout", "5", "--", "sleep", "1000")
    assert (done.status, done.output) == (LATE, b"") and done.errors.startswith("qemu/run: no status within 5 s")


def test_a_panic_is_told(run):
    done = run("--", "sh", "-c", "echo before; sync; echo c >/proc/sysrq-trigger")
    assert done.status == PANIC and done.errors.startswith("qemu/run: Kernel panic - not syncing: sysrq triggered crash")


def test_a_reset_is_a_lost_machine(run):
    done = run("--", "sh", "-c", "echo b >/proc/sysrq-trigger")
    assert done.status == LOST and done.errors.startswith("qemu/run: the machine was lost: it ended without a status")


@pytest.mark.slow
def test_a_killed_qemu_is_a_lost_machine(run, kernel, init):
    with start(kernel, init, "--", "sh", "-c", "echo ready; sleep 1000") as process:
        assert process.stdout.readline() == b"ready\n"
        os.kill(qemu_of(process), signal.SIGKILL)
        said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == LOST and said.startswith("qemu/run: the machine was lost: QEMU was killed by signal 9")


@contextlib.contextmanager
def start(kernel, init, *words):
    """A run to talk to, which is gone afterwards whatever happens."""
    kernel("amd64")
    with subprocess.Popen(command("--init", init("amd64"), *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def qemu_of(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


def gone(pid):
    for _ in range(1000):
        if not os.path.exists(f"/proc/{pid}"):
            return True
        time.sleep(0.01)
    return False


def test_qemu_never_outlives_it(kernel, init):
    with start(kernel, init, "--", "sh", "-c", "echo ready; sleep 1000") as process:
        assert process.stdout.readline() == b"ready\n"
        qemu = qemu_of(process)
        process.kill()
    assert gone(qemu)


@pytest.mark.slow
def test_a_second_signal_pulls_the_plug(kernel, init):
    with start(kernel, init, "--", "sh", "-c", "echo ready; sleep 1000") as process:
        assert process.stdout.readline() == b"ready\n"
        qemu = qemu_of(process)
        process.terminate()
        time.sleep(0.3)  # the two may not become one
        process.terminate()
        assert process.wait(timeout=60) == 128 + signal.SIGTERM
    assert gone(qemu)


@pytest.mark.slow
def test_a_reader_that_leaves_ends_it(run, kernel, init):
    with start(kernel, init, "--", "yes") as process:
        assert process.stdout.read(2) == b"y\n"
        process.stdout.close()
        assert process.wait(timeout=60) == 128 + signal.SIGPIPE


def test_init_of_the_current_directory(run, init, tmp_path):
    shutil.copy(init("amd64"), tmp_path / "mine")
    assert run("--init", "mine", "--", "sh", "-c", "exit 9").status == 9


@pytest.mark.parametrize("which", ["init", "nsinit"])
def test_a_terminal(kernel, request, which):
    """Its driver is a module, so nsinit loads these before it opens a console."""
    kernel("amd64")
    path = request.getfixturevalue(which)("amd64")
    child = pexpect.spawn(str(command()[0]), ["--accel", "tcg", "--init", str(path), "--", "/bin/sh"], timeout=120,
                          dimensions=(31, 97), encoding="utf-8", env={**os.environ, "TERM": "vt100"})
    child.expect("# ")
    child.sendline("tty; stty size; echo $TERM")
    child.expect("/dev/hvc0\r\n31 97\r\nvt100\r\n")
    child.sendline("echo sleep''ing; sleep 1000")
    child.expect("sleeping\r\n")
    child.send("\x03")
    child.expect("# ")
    child.sendline("exit 9")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 9


@pytest.mark.slow
def test_three_escapes_leave_a_terminal(kernel, init):
    kernel("amd64")
    child = pexpect.spawn(str(command()[0]), ["--accel", "tcg", "--init", str(init("amd64"))], timeout=120, encoding="utf-8")
    child.expect("# ")
    for _ in range(3):
        child.send("\x1d")
        time.sleep(0.1)  # each a read of its own, as from a keyboard
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 128 + signal.SIGKILL


def test_a_disk(run, tmp_path):
    disk = tmp_path / "disk"
    disk.write_bytes(b"\0" * (8 << 20))
    subprocess.run(["mkfs.ext4", "-q", "-F", disk], check=True)
    done = run("--disk", disk, "--", "sh", "-c", "mkdir /mnt; mount -t ext4 /dev/vda /mnt && echo kept >/mnt/file && umount /mnt")
    assert done == (0, b"", "")
    shown = subprocess.run(["debugfs", "-R", "cat /file", disk], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    assert shown == b"kept\n"


@pytest.mark.slow
def test_a_shared_directory(run, tmp_path):
    (tmp_path / "in").write_text("from outside\n")
    done = run("--share", f"{tmp_path}:/mnt", "--", "sh", "-c", "cat /mnt/in; echo from inside >/mnt/out", name="amd64-full")
    assert done == (0, b"from outside\n", "") and (tmp_path / "out").read_text() == "from inside\n"


def test_a_kernel_that_cannot_share_says_which_can(run, tmp_path):
    done = run("--share", f"{tmp_path}:/mnt", "--", "true")
    assert done == (TROUBLE, b"", "qemu/run: --share: this kernel has no module 9p; --kernel amd64-full has it\n")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_forwarded_port(kernel, init):
    port = free_port()
    script = "ifconfig eth0 10.0.2.15; mkdir /www; echo a page >/www/index.html; echo ready; exec httpd -f -h /www"
    with start(kernel, init, "--port", f"{port}:80", "--", "sh", "-c", script) as process:
        assert process.stdout.readline() == b"ready\n"
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                    assert answer.read() == b"a page\n"
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        else:
            pytest.fail("no answer came through the port")
        process.kill()


@pytest.mark.parametrize("name", ["amd64-5.10", "amd64-6.12", "amd64-full", "arm64", "armv7", "riscv64"])
@pytest.mark.slow
def test_kernels_and_architectures(run, kernel, name):
    done = run("--", "sh", "-c", "cat; uname -r; exit 9", name=name, stdin=b"in ")
    tree = kernel(name)
    assert (done.status, done.errors) == (9, "")
    assert next(tree.glob("**/lib/modules/*")).name == done.output.decode().removeprefix("in ").strip()


@pytest.mark.parametrize("name", ["amd64", "arm64", "armv7", "riscv64"])
@pytest.mark.slow
def test_a_container_on_each_architecture(run, built, name):
    """What qemu-user cannot show: the clone that shares memory, namespaces, the filter's numbers, a fault that comes back."""
    nsinit = built(name) / "nsinit"
    script = """
        n=$1; "$n" --hostname box -- sh -c 'hostname; echo $$; exit 9'; echo $?
        "$n" -- unshare -m true 2>/dev/null; echo $?
        "$n" -- date -s 2020-01-01 >/dev/null 2>&1; [ "$(date +%Y)" != 2020 ]; echo $?
        "$n" -- nowhere 2>/dev/null; echo $?
        "$n" -- sh -c '(sleep 0.1 &) ; kill -TERM $$'; echo $?
    """
    done = run("--list", "list", "--", "sh", "-c", script, "sh", "/nsinit", name=name, files={"list": f"program /nsinit {nsinit}"})
    assert (done.status, done.output.decode().split()) == (0, ["box", "2", "9", "1", "0", "127", "143"]), done


@pytest.mark.parametrize("name", ["amd64", *(pytest.param(name, marks=pytest.mark.slow) for name in ("amd64-5.10", "amd64-6.12"))])
def test_micro_machine(run, name):
    done = run("--machine", "microvm", "--", "sh", "-c", "cat; cat /proc/cmdline; exit 9", name=name, stdin=b"in ")
    assert (done.status, done.errors) == (9, "") and done.output.startswith(b"in console=ttyS0 quiet panic=-1 reboot=t panic=1 pci=off")


@pytest.mark.parametrize("compression", ["none", "gzip", "xz", "zstd"])
@pytest.mark.slow
def test_the_kernel_unpacks_each_compression(kernel, init, tmp_path, compression):
    modules = next(kernel("amd64").glob("lib/modules/*"))
    archive = tmp_path / "archive"
    subprocess.run([ROOT / "initramfs/build", "-c", compression, "-o", archive, "--modules", modules, "--set", f"nsinit={init('amd64')}",
                    "--set", f"program={ROOT}/build/probe", ROOT / "initramfs/examples/hello"], stdout=subprocess.DEVNULL, check=True)
    done = subprocess.run(command("--initramfs", archive, "--", "/hello", "two words"), stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2 and b"probe: no verb two words" in done.stdout, done.stdout


WRONG = {
    "--port 80": "--port 80: is not HOST:GUEST in numbers",
    "--share here": "--share here: is not DIR:PATH with an absolute PATH",
    "--arch arm64 --machine microvm": "--machine microvm: QEMU has it for amd64 only",
    "--kernel no-such": "no-such: no such kernel; there are amd64 amd64-5.10",
    "--disk no-such": "Could not open 'no-such': No such file or directory",
    "--list no-such": "no-such: No such file or directory",
    "--initramfs /dev/null -- a\"b": "the kernel's command line holds no quote",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_cannot_be_done(kernel, init, words):
    kernel("amd64")
    done = subprocess.run(command("--init", init("amd64"), *words.split()), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=100, check=False)
    assert done.returncode == TROUBLE and done.stdout == ""
    assert done.stderr.startswith("qemu/run: ") and WRONG[words] in done.stderr and "Traceback" not in done.stderr


def test_kvm_is_used_only_where_a_boot_worked(kernel, init):
    """An answer is kept, so a machine where guests hang is asked once."""
    kernel("amd64")
    kept = ROOT / "build/qemu/kvm"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("needs /dev/kvm to be there")
    times = []
    for _ in range(2):
        words = [command()[0], "--init", init("amd64"), "--", "true"]
        assert subprocess.run(words, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False).returncode == 0
        times.append(kept.stat().st_mtime_ns)
    assert times[0] == times[1]
