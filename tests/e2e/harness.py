"""What every end-to-end test needs: the real programs, started and stopped for certain, and sockets to talk to them.

Standard library only, for Debian 12's /usr/bin/python3. Run a test file by itself: HUBBUB_BIN=build/bin python3 test_relay.py -v
"""

import collections
import functools
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest



def _kept_waiting():
    """How many times slower than alone a program runs on this machine now: 1 when idle, more when others want it too."""
    begun, begun_cpu = time.monotonic(), time.process_time()
    while time.process_time() - begun_cpu < 0.1:
        pass
    return (time.monotonic() - begun) / 0.1


# Sanitized programs are several times slower, and so is everything on a busy machine: every patience is stretched, no
# expectation is.
SANITIZED = bool(os.environ.get("HUBBUB_SANITIZE"))
_BUSY = _kept_waiting()
TIME_SCALE = (4.0 if SANITIZED else 1.0) * (1.0 if _BUSY < 1.3 else min(6.0, 2 * _BUSY))
# Waiting for what will come costs nothing when it comes.
PATIENCE_S = 15.0 * TIME_SCALE

CLEAN_STOP_WITHIN_S = 2.0 * TIME_SCALE

# A captured line is cut here, and no more lines than this are kept: a program under test may be broken.
MAX_LINES = 50_000


def binary(name):
    """The path of one of our programs. Fails, rather than skips, when it was not built."""
    here = os.path.dirname(os.path.abspath(__file__))
    directory = os.environ.get("HUBBUB_BIN") or os.path.join(here, "..", "..", "build", "bin")
    path = os.path.abspath(os.path.join(directory, name))
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path} is not there: build it, and say where it is with HUBBUB_BIN")
    return path


def needs(program):
    """Decorator: skips with a clear word where a real peer is not installed."""
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


def skip_unless(program):
    """The same in the middle of a test. Returns the program's path."""
    path = shutil.which(program)
    if path is None:
        raise unittest.SkipTest(f"{program} is not installed")
    return path


def in_real_time(test):
    """Decorator: what has to keep time with programs that are not ours, or with a sound server, may fail twice.

    A machine that is shared with others stands still now and then, and such programs give up what came late meanwhile.
    One whole attempt has to pass; why an earlier one did not is shown.
    """

    @functools.wraps(test)
    def attempts(self):
        for left in (2, 1, 0):
            try:
                return test(self)
            except (AssertionError, subprocess.TimeoutExpired) as why:
                if left == 0:
                    raise
                print(f"\n{self.id()}: once more, since: {why}", file=sys.stderr)
                self.doCleanups()
                self.setUp()

    return attempts


def free_udp_port():
    """A port that is free now. Where a program can choose its own (port 0) and say which, that is better."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, timeout_s=PATIENCE_S, step_s=0.01):
    """Polls `condition` until it gives something true, and returns that."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:.1f} s in vain for {what}")
        time.sleep(step_s)


class Lines:
    """The lines of one output stream as they come, read by a thread, so that a program never blocks on us."""

    def __init__(self, stream):
        self.bytes_total = 0
        self._lines = collections.deque(maxlen=MAX_LINES)
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream):
        with stream:
            for line in iter(lambda: stream.readline(65_536), b""):
                with self._changed:
                    self.bytes_total += len(line)
                    self._lines.append(line)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def raw(self):
        with self._changed:
            return b"".join(self._lines)

    @property
    def text(self):
        return self.raw.decode("utf-8", "backslashreplace")

    def all(self):
        return self.text.splitlines()

    def wait_for(self, pattern, timeout_s=PATIENCE_S, skip=0):
        """The match of `pattern` in the first line after `skip` others that has one."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                for line in list(self._lines)[skip:]:
                    match = wanted.search(line.decode("utf-8", "backslashreplace").rstrip("\n"))
                    if match:
                        return match
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    said = b"".join(self._lines)[-2_000:].decode("utf-8", "backslashreplace")
                    why = "the program ended" if self._ended else f"{timeout_s:.1f} s passed"
                    raise AssertionError(f"no line like /{pattern}/ before {why}; it said:\n{said}")
                self._changed.wait(left)

    def finish(self, timeout_s=PATIENCE_S):
        self._thread.join(timeout_s)


class Program:
    """A program under test, with its output captured. Use E2eTest.start, which sees to its end."""

    def __init__(self, argv, env=None, stdin=subprocess.DEVNULL, cwd=None, preexec=None):
        self.argv = [str(part) for part in argv]
        self.process = subprocess.Popen(
            self.argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            preexec_fn=preexec,
        )
        self.out = Lines(self.process.stdout)
        self.err = Lines(self.process.stderr)

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process.poll() is None

    def send_signal(self, number):
        self.process.send_signal(number)

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def wait(self, timeout_s=PATIENCE_S):
        """The exit code, once all output was read."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.argv[0]} still runs after {timeout_s:.1f} s; stderr:\n{self.err.text[-2000:]}") from None
        self.out.finish()
        self.err.finish()
        return code

    def stop(self, number=signal.SIGTERM, within_s=CLEAN_STOP_WITHIN_S, code=0):
        """Asks it to stop; it must do so in time and with `code`. Returns how long that took."""
        begun = time.monotonic()
        self.send_signal(number)
        got = self.wait(within_s + 1.0)
        took = time.monotonic() - begun
        if got != code:
            raise AssertionError(f"{self.argv[0]} ended with {got}, not {code}; stderr:\n{self.err.text[-2000:]}")
        if took > within_s:
            raise AssertionError(f"{self.argv[0]} took {took:.2f} s to stop")
        return took

    def kill(self):
        if self.running:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        if self.process.stdin is not None:
            try:
                self.process.stdin.close()
            except OSError:
                pass  # what was not yet written has no reader now
        self.out.finish()
        self.err.finish()


class Relay(Program):
    """hubbub-relay, ready to serve. `ports` are those of its open rooms, in order."""

    def __init__(self, *arguments, rooms=1, wrapper=(), **options):
        asked = [] if any(a == "--open" or a.startswith("--open=") or a == "--config" for a in arguments) else ["--open", "0"] * rooms
        super().__init__([*wrapper, binary("hubbub-relay"), *asked, *arguments], **options)
        self.ports = []
        try:
            for n in range(rooms):
                self.ports.append(int(self.err.wait_for(r"open room on .*:(\d+)$", skip=n).group(1)))
        except AssertionError:
            self.kill()
            raise
        self._summaries = 0

    @property
    def port(self):
        return self.ports[0]

    def summary(self):
        """What SIGUSR1 prints, of a relay started with --stats-format json."""
        known = self._count()
        self.send_signal(signal.SIGUSR1)
        wait_until(lambda: self._count() > known, "the summary that SIGUSR1 asks for")
        return self.last_summary()

    def last_summary(self):
        return json.loads(self.out.all()[-1])

    def room(self, index=0):
        return self.summary()["rooms"][index]

    def settled_room(self, received, index=0):
        """The books of a room once it has received that many datagrams and nothing waits or is under way."""

        def settled():
            books = self.room(index)
            return books if books["received"] + books["kernel_dropped"] >= received and books["waiting"] + books["unsettled"] == 0 else None

        return wait_until(settled, f"{received} datagrams to arrive and be sent on", step_s=0.05)

    def _count(self):
        return len(self.out.all())


class UdpClient:
    """A peer made of nothing but a socket."""

    def __init__(self, port, host="127.0.0.1", bind=None):
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(self.family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if bind is not None:
            self.socket.bind(bind)
        self.relay = (host, port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def send(self, data=b""):
        self.socket.sendto(data, self.relay)

    def receive(self, timeout_s=PATIENCE_S):
        """One datagram, or None when nothing came in time."""
        ready, _, _ = select.select([self.socket], [], [], timeout_s)
        if not ready:
            return None
        data, source = self.socket.recvfrom(65_536)
        self.heard_from = source[:2]
        return data

    def drain(self, quiet_s=0.2):
        """Everything that comes until it has been quiet for so long."""
        got = []
        while (data := self.receive(quiet_s)) is not None:
            got.append(data)
        return got

    def join(self, token=1):
        """Joins a room for certain: a ping that was answered. Returns once the relay knows us."""
        ping = b"\x05" + token.to_bytes(8, "big")
        for _ in range(20):
            self.send(ping)
            if self.receive(PATIENCE_S / 60) == b"\x06" + ping[1:]:
                return self
        raise AssertionError("the relay does not answer a ping")


class E2eTest(unittest.TestCase):
    """A test whose programs and sockets are gone when it ends, however it ends."""

    def start(self, argv, **options):
        return self.keep(Program(argv, **options))

    def start_relay(self, *arguments, **options):
        return self.keep(Relay(*arguments, **options))

    def client(self, port, host="127.0.0.1", **options):
        client = UdpClient(port, host, **options)
        self.addCleanup(client.close)
        return client

    def keep(self, program):
        self.addCleanup(program.kill)
        return program

    def run_to_end(self, argv, timeout_s=PATIENCE_S, **options):
        """Runs a program that should end by itself. Returns (exit code, stdout, stderr)."""
        program = self.start(argv, **options)
        code = program.wait(timeout_s)
        return code, program.out.text, program.err.text

    def assert_refuses_to_start(self, argv, *parts, **options):
        """Exit 2, nothing on stdout, exactly one line on stderr that contains each part and no control character."""
        code, out, err = self.run_to_end(argv, **options)
        self.assertEqual(code, 2, err)
        self.assertEqual(out, "")
        self.assertTrue(err.endswith("\n"), repr(err))
        self.assertEqual(err.count("\n"), 1, repr(err))
        self.assert_printable(err)
        for part in parts:
            self.assertIn(part, err)
        return err

    def assert_printable(self, text):
        bad = [c for c in text if (ord(c) < 0x20 and c != "\n") or 0x7F <= ord(c) < 0xA0]
        self.assertEqual(bad, [], "control characters in what a terminal is shown")

    def assert_balanced(self, room):
        dropped, unsent = sum(room["dropped_by_reason"].values()), sum(room["unsent_by_reason"].values())
        self.assertTrue(room["balanced"], room)
        self.assertEqual(room["dropped"], dropped)
        self.assertEqual(room["unsent"], unsent)
        self.assertEqual(room["received"], room["keepalives"] + room["pings"] + room["forwarded"] + room["waiting"] + dropped, room)
        self.assertEqual(room["due"], room["sent"] + unsent + room["unsettled"], room)
