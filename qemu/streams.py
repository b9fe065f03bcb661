# SPDX-License-Identifier: MIT
"""The host's ends of a machine's sockets: what comes is passed on or kept, standard input is passed in, a terminal is raw."""

import contextlib
import os
import selectors
import socket
import termios
import threading
import time
import tty

KEPT = 1 << 16  # of the console, for the message when a machine fails
ESCAPE = b"\x1d"  # ^], three times in a row ends the machine


class Ended(Exception):
    """The wait is over for another reason than the machine's end; the words say which."""


class Streams:
    """Sockets by name. The ends in guest are inherited by QEMU, and closed here once it runs."""

    def __init__(self, *names):
        pairs = {name: socket.socketpair() for name in names}
        self.host = {name: pair[0] for name, pair in pairs.items()}
        self.guest = {name: pair[1] for name, pair in pairs.items()}
        self.kept = {name: b"" for name in names}
        self.copies, self.selector = {}, selectors.DefaultSelector()
        self.escapes, self.escaped = 0, False

    def started(self):
        for end in self.guest.values():
            end.close()
        for name, end in self.host.items():
            self.selector.register(end, selectors.EVENT_READ, name)

    def copy(self, name, fd):
        """What comes from there is written to fd."""
        self.copies[name] = fd

    def feed(self, name, terminal):
        """Standard input goes there, in a thread of its own: a machine that does not read holds nothing else up."""
        def feed():
            with contextlib.suppress(OSError):
                while data := os.read(0, 16384):
                    if terminal and self.leaving(data):
                        break
                    self.host[name].sendall(data)
                # Where output comes from as well, QEMU would close both.
                if name not in self.copies:
                    self.host[name].shutdown(socket.SHUT_WR)
        threading.Thread(target=feed, daemon=True).start()

    def leaving(self, data):
        self.escapes = self.escapes + 1 if data == ESCAPE else 0
        self.escaped = self.escapes == 3
        return self.escaped

    def take(self, name, data):
        self.kept[name] = (self.kept[name] + data)[-KEPT:]
        while data and name in self.copies:
            data = data[os.write(self.copies[name], data):]

    def wait(self, ended, until):
        """Passes on until all sockets are closed. Ended when ended() returns a word, or the moment until() has come."""
        while self.selector.get_map():
            if self.escaped or (why := ended()):
                raise Ended("left" if self.escaped else why)
            if until() and time.monotonic() > until():
                raise Ended("late")
            for key, _ in self.selector.select(0.2):
                try:
                    data = key.fileobj.recv(16384)
                except ConnectionError:
                    data = b""
                if not data:
                    self.selector.unregister(key.fileobj)
                else:
                    self.take(key.data, data)


@contextlib.contextmanager
def raw_terminal(wanted):
    """The terminal as the guest's own: each key goes through. It is put back whatever happens."""
    if not wanted:
        yield
        return
    before = termios.tcgetattr(0)
    try:
        tty.setraw(0, termios.TCSANOW)
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
