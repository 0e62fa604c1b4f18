"""The real hubbub-relay on loopback, as peers and operators meet it."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import harness
from harness import PATIENCE_S, TIME_SCALE, binary, wait_until

LARGEST = 2_048
QUIET_S = 0.15 * TIME_SCALE


def rtp(sequence, payload=b"\x78voice"):
    return b"\x80\x6f" + (sequence & 0xFFFF).to_bytes(2, "big") + b"\0\0\0\0" + b"\0\0\0\1" + payload


class RelayTest(harness.E2eTest):
    def room(self, *arguments, **options):
        self.relay = self.start_relay("--stats-format", "json", *arguments, **options)
        return self.relay

    def peers(self, count, host="127.0.0.1", port=None):
        return [self.client(port or self.relay.port, host).join(n + 1) for n in range(count)]


class Broadcast(RelayTest):
    def test_v4_and_v6_peers_hear_each_other_byte_for_byte(self):
        self.room()
        four, six = self.peers(1)[0], self.peers(1, "::1")[0]
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        payloads = [bytes([b]) for b in range(256)]  # every single byte
        payloads += [b"x" * size for size in (2, 1_200, 1_472, 1_473, LARGEST - 1, LARGEST)]
        payloads += [chance.randbytes(chance.randint(10, LARGEST)) for _ in range(60)]
        for payload in payloads:
            for speaker, listener in ((four, six), (six, four)):
                speaker.send(payload)
                self.assertEqual(listener.receive(), payload, f"seed {seed}")
        self.assertEqual(four.drain(0), [], "nobody hears themselves")
        self.assertEqual(six.drain(0), [])
        books = self.relay.room()
        self.assert_balanced(books)
        self.assertEqual(books["peers"], 2)
        self.assertEqual(books["forwarded"], 2 * len(payloads))
        self.assertEqual(books["sent_bytes"], 2 * sum(map(len, payloads)) + 2 * 9)

    def test_everybody_else_hears_once(self):
        self.room()
        peers = self.peers(6) + self.peers(6, "::1")
        for n, speaker in enumerate(peers):
            speaker.send(b"from %d" % n)
        expected = [b"from %d" % n for n in range(len(peers))]
        for n, listener in enumerate(peers):
            got = [listener.receive() for _ in range(len(peers) - 1)]
            self.assertEqual(sorted(got), sorted(expected[:n] + expected[n + 1 :]))
        for listener in peers:
            self.assertIsNone(listener.receive(0))

    def test_answers_come_from_the_address_that_was_spoken_to(self):
        self.room()
        second = self.client(self.relay.port, "127.0.0.2").join()
        self.assertEqual(second.heard_from, ("127.0.0.2", self.relay.port))
        other = self.peers(1)[0]
        other.send(b"hello")
        self.assertEqual(second.receive(), b"hello")
        self.assertEqual(second.heard_from, ("127.0.0.2", self.relay.port))

    def test_order_of_one_speaker_is_kept(self):
        self.room()
        speaker, listener = self.peers(2)
        for n in range(300):
            speaker.send(rtp(n))
        self.assertEqual([listener.receive() for _ in range(300)], [rtp(n) for n in range(300)])

    def test_bound_to_one_address(self):
        self.room("--bind", "127.0.0.7")
        a, b = self.peers(2, "127.0.0.7")
        a.send(b"x")
        self.assertEqual(b.receive(), b"x")
        elsewhere = self.client(self.relay.port, "127.0.0.8")
        elsewhere.send(b"\x05" + b"12345678")
        self.assertIsNone(elsewhere.receive(QUIET_S))

    def test_v4_only_and_v6_only(self):
        for bind, host in (("0.0.0.0", "127.0.0.1"), ("::1", "::1")):
            self.room("--bind", bind)
            a, b = self.peers(2, host)
            a.send(b"x")
            self.assertEqual(b.receive(), b"x")


class Rooms(RelayTest):
    def test_several_rooms_are_apart(self):
        self.room(rooms=3)
        self.assertEqual(len(set(self.relay.ports)), 3)
        rooms = [self.peers(2, port=port) for port in self.relay.ports]
        for n, (speaker, _) in enumerate(rooms):
            speaker.send(b"room %d" % n)
        for n, (speaker, listener) in enumerate(rooms):
            self.assertEqual(listener.drain(QUIET_S), [b"room %d" % n])
            self.assertEqual(speaker.drain(0), [])
        for n, room in enumerate(self.relay.summary()["rooms"]):
            self.assertEqual(room["port"], self.relay.ports[n])
            self.assertEqual(room["peers"], 2)
            self.assertEqual(room["forwarded"], 1)
            self.assert_balanced(room)

    def test_one_socket_may_be_in_two_rooms(self):
        self.room(rooms=2)
        both = self.client(self.relay.ports[0]).join()
        both.relay = ("127.0.0.1", self.relay.ports[1])
        both.join(2)
        other = self.peers(1, port=self.relay.ports[1])[0]
        other.send(b"only in the second")
        self.assertEqual(both.drain(QUIET_S), [b"only in the second"])


class Presence(RelayTest):
    def test_keepalive_is_not_forwarded_and_refreshes(self):
        self.room("--timeout", "2s")
        quiet, gone = self.peers(2)
        # Longer than the timeout and the second in which the relay looks; a keepalive every tenth of it.
        for _ in range(18):
            quiet.send()
            time.sleep(0.2)
        self.assertEqual(gone.drain(0), [])
        books = self.relay.room()
        self.assertEqual(books["peers"], 1)
        self.assertEqual(books["peers_expired"], 1)
        self.assertEqual(books["keepalives"], 18)
        self.assertEqual(books["forwarded"], 0)
        self.assert_balanced(books)

    def test_the_silent_are_forgotten_and_may_come_back(self):
        self.room("--timeout", "1s")
        gone = self.peers(1)[0]
        since = time.monotonic()
        wait_until(lambda: self.relay.room()["peers"] == 0, "the silent peer to be forgotten", step_s=0.05)
        self.assertGreater(time.monotonic() - since, 0.9, "not before its time")
        self.assertLess(time.monotonic() - since, 3.0 * TIME_SCALE)
        a, b = self.peers(2)
        a.send(b"who is here?")
        self.assertEqual(b.receive(), b"who is here?")
        self.assertIsNone(gone.receive(QUIET_S), "forgotten, so it gets nothing")
        gone.send(b"back")  # any datagram is the way back in
        self.assertEqual([a.receive(), b.receive()], [b"back", b"back"])
        self.assert_balanced(self.relay.room())

    def test_a_ping_is_answered_to_its_sender_alone(self):
        self.room()
        a, b = self.peers(2)
        a.send(b"\x05\x00\xff\x01\xfe\x02\xfd\x03\xfc")
        self.assertEqual(a.receive(), b"\x06\x00\xff\x01\xfe\x02\xfd\x03\xfc")
        for almost in (b"\x05", b"\x05" + b"1234567", b"\x05" + b"123456789"):
            a.send(almost)  # no ping, so an ordinary datagram
            self.assertEqual(b.receive(), almost)
        self.assertIsNone(a.receive(QUIET_S))
        books = self.relay.room()
        self.assertEqual(books["pings"], 3)
        self.assert_balanced(books)


class Refusals(RelayTest):
    def dropped(self, reason, count=1):
        """Waits until so many datagrams were dropped for that reason and no other."""

        def seen():
            books = self.relay.room()
            return books if books["dropped"] >= count else None

        books = wait_until(seen, f"{count} dropped as {reason}", step_s=0.02)
        self.assertEqual(books["dropped_by_reason"], {reason: count})
        self.assert_balanced(books)
        return books

    def test_oversize(self):
        self.room()
        a, b = self.peers(2)
        for size in (LARGEST + 1, 9_000, 65_507):
            a.send(b"x" * size)
        a.send(b"y" * LARGEST)
        self.assertEqual(b.receive(), b"y" * LARGEST)
        self.dropped("oversize", 3)

    def test_room_full(self):
        self.room("--max-peers", "3")
        a, b, c = self.peers(3)
        late = self.client(self.relay.port)
        late.send(b"let me in")
        self.assertEqual(self.dropped("room_full")["peers"], 3)
        a.send(b"x")
        self.assertEqual(b.receive(), b"x", "and nothing of the one who is not in")
        self.assertEqual(c.receive(), b"x")
        self.assertIsNone(late.receive(QUIET_S))

    def test_rate_limit_is_each_peers_own(self):
        self.room("--peer-rate", "20")
        loud, polite, listener = self.peers(3)
        for n in range(500):
            loud.send(rtp(n))
        polite.send(b"may I?")
        got = listener.drain(QUIET_S)
        self.assertIn(b"may I?", got)
        # A burst of a second's worth, of which the ping took one, and what was earned meanwhile.
        self.assertGreaterEqual(len(got) - 1, 19)
        self.assertLess(len(got) - 1, 19 + 20 * PATIENCE_S)
        books = self.relay.room()
        self.assertEqual(books["dropped_by_reason"], {"rate_limited": 500 - (len(got) - 1)})
        self.assert_balanced(books)

    def test_privileged_source_port(self):
        self.room()
        listener = self.peers(1)[0]
        for port in (1_023, 1_022, 1_021, 1_019):
            try:
                service = self.client(self.relay.port, bind=("127.0.0.1", port))
                break
            except PermissionError:
                self.skipTest("only root may send from a port below 1024")
            except OSError:
                continue
        else:
            self.skipTest("every privileged port tried is taken")
        service.send(b"reflect me")
        service.send(b"\x05" + b"12345678")
        self.assertEqual(self.dropped("privileged_port", 2)["peers"], 1)
        self.assertIsNone(listener.receive(QUIET_S))
        self.assertIsNone(service.receive(0))

    def test_its_own_datagrams(self):
        # A raw socket is needed to speak with the relay's own address: a forged source, from and to loopback.
        self.room(rooms=2)
        listener = self.peers(1)[0]
        try:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        except PermissionError:
            self.skipTest("only root may forge a source")
        with raw:
            for source in self.relay.ports:
                payload = b"echo"
                header = b"".join(n.to_bytes(2, "big") for n in (source, self.relay.port, 8 + len(payload), 0))
                raw.sendto(header + payload, ("127.0.0.1", 0))
            self.assertEqual(self.dropped("own_address", 2)["peers"], 1)
        self.assertIsNone(listener.receive(QUIET_S))

    def public_address_of_this_machine(self):
        """An address of this machine that the internet may route; its datagrams to itself stay on loopback."""
        output = subprocess.run(["ip", "-o", "address"], capture_output=True, text=True, timeout=PATIENCE_S).stdout
        for address in re.findall(r"inet6? ([0-9a-f.:]+)/", output):
            private = r"127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd]|fe[89ab]"
            if not re.match(private, address):
                return address
        self.skipTest("this machine has no address that the internet would route")

    def test_public_sources_need_leave(self):
        harness.skip_unless("ip")
        address = self.public_address_of_this_machine()
        self.room()
        listener = self.peers(1)[0]
        stranger = self.client(self.relay.port, address)
        stranger.send(b"hello")
        self.assertEqual(self.dropped("public_source")["peers"], 1)
        self.assertIsNone(listener.receive(QUIET_S))
        self.relay.stop()

        self.room("--allow-public-reflection")
        listener = self.peers(1)[0]
        stranger = self.client(self.relay.port, address).join()
        stranger.send(b"hello")
        self.assertEqual(listener.receive(), b"hello")


class Operator(RelayTest):
    def test_starts_quietly_and_says_where(self):
        relay = self.start_relay()
        self.assertEqual([line for line in relay.err.all() if "receive buffer" not in line], [f"hubbub-relay: open room on [::]:{relay.port}"])
        self.assertEqual(relay.out.text, "")

    def test_summary_on_sigusr1_and_at_the_end(self):
        relay = self.start_relay()
        self.client(relay.port).join()
        relay.send_signal(signal.SIGUSR1)
        line = relay.out.wait_for(r"^open \d+: ").string
        for part in (f"open {relay.port}:", "1 peers (1 joined, 0 expired)", "received 1 = keepalives 0 + pings 1 + forwarded 0 + waiting 0 + dropped 0",
                     "due 1 = sent 1 + unsent 0 + unsettled 0", "kernel dropped 0", "books balance"):
            self.assertIn(part, line)
        relay.stop()
        self.assertEqual(len(relay.out.all()), 2)
        self.assertIn("books balance", relay.out.all()[1])

    def test_stats_at_intervals_as_json(self):
        relay = self.room("--stats", "1s", rooms=2)
        a, b = self.peers(2)
        a.send(b"x")
        self.assertEqual(b.receive(), b"x")
        wait_until(lambda: len(relay.out.all()) >= 2, "two summaries")
        relay.stop()
        summaries = [json.loads(line) for line in relay.out.all()]
        self.assertGreaterEqual(len(summaries), 3)
        uptimes = [s["uptime_s"] for s in summaries]
        self.assertEqual(uptimes, sorted(uptimes))
        self.assertAlmostEqual(uptimes[0], 1.0, delta=0.5 * TIME_SCALE)
        self.assertAlmostEqual(uptimes[1], 2.0, delta=0.5 * TIME_SCALE)
        for summary in summaries:
            self.assertEqual([room["port"] for room in summary["rooms"]], relay.ports)
            for room in summary["rooms"]:
                self.assert_balanced(room)
        last = summaries[-1]["rooms"][0]
        self.assertEqual((last["received"], last["pings"], last["forwarded"], last["sent"]), (3, 2, 1, 3))

    def test_stops_cleanly_while_peers_send(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            relay = self.room("--peer-rate", "0")
            peers = self.peers(5)
            stop_at = time.monotonic() + 0.3
            n = 0
            signalled = None
            while signalled is None or relay.running:
                for peer in peers:
                    for _ in range(20):
                        n += 1
                        peer.send(rtp(n))
                if signalled is None and time.monotonic() > stop_at:
                    relay.send_signal(number)
                    signalled = time.monotonic()
                if signalled is not None and time.monotonic() - signalled > harness.CLEAN_STOP_WITHIN_S:
                    self.fail(f"still running long after {number.name}")
            self.assertEqual(relay.wait(), 0)
            room = relay.last_summary()["rooms"][0]
            self.assert_balanced(room)
            self.assertEqual(room["waiting"] + room["unsettled"], 0, "the end closes the books")
            self.assertGreater(room["forwarded"], 0)

    def test_a_second_signal_at_once_changes_nothing(self):
        relay = self.room()
        relay.send_signal(signal.SIGTERM)
        relay.send_signal(signal.SIGINT)
        self.assertEqual(relay.wait(), 0)

    def test_comes_back_on_its_port_at_once(self):
        relay = self.room()
        port = relay.port
        self.client(port).join()
        relay.stop()
        self.relay = self.start_relay("--open", str(port))
        self.client(port).join()

    def test_standard_output_closed(self):
        for closed in ((1,), (0, 1, 2)):

            def close_them(descriptors=closed):
                for descriptor in descriptors:
                    os.close(descriptor)

            port = harness.free_udp_port()
            relay = self.start([binary("hubbub-relay"), "--open", str(port), "--stats", "1s"], preexec=close_them)
            a, b = self.client(port).join(), self.client(port).join(2)
            for _ in range(3):
                relay.send_signal(signal.SIGUSR1)
                a.send(b"still here")
                self.assertEqual(b.receive(), b"still here")
            relay.stop()

    def test_a_reader_that_stops_reading_stops_nobody(self):
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        process = subprocess.Popen([binary("hubbub-relay"), "--open", "0", "--stats-format", "json"], stdout=write_end, stderr=subprocess.PIPE)
        os.close(write_end)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        port = int(re.search(rb":(\d+)$", process.stderr.readline().strip()).group(1))
        a, b = self.client(port).join(), self.client(port).join(2)
        for n in range(400):  # of about 500 bytes each, into a pipe of 64 KiB
            process.send_signal(signal.SIGUSR1)
            a.join(n)  # the signal was dealt with, or will be soon
        a.send(b"still here")
        self.assertEqual(b.receive(), b"still here")
        process.terminate()
        self.assertEqual(process.wait(harness.CLEAN_STOP_WITHIN_S), 0)

    def test_help_and_version(self):
        code, out, err = self.run_to_end([binary("hubbub-relay"), "--help"])
        self.assertEqual((code, err), (0, ""))
        for word in ("--open", "--timeout", "--allow-public-reflection", "SIGUSR1", "Exit status"):
            self.assertIn(word, out)
        code, out, err = self.run_to_end([binary("hubbub-relay"), "--version"])
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^hubbub-relay \d+\.\d+\.\d+\n$")


class BadStarts(RelayTest):
    def refused(self, arguments, *parts, **options):
        return self.assert_refuses_to_start([binary("hubbub-relay"), *arguments], "hubbub-relay: ", *parts, **options)

    def config(self, text):
        file = tempfile.NamedTemporaryFile("w", suffix=".toml", delete=False)
        self.addCleanup(os.unlink, file.name)
        with file:
            file.write(text)
        return file.name

    def test_flags(self):
        for arguments, part in (
            (["--nonsense"], "--nonsense"),
            (["room"], "room"),
            (["--open", "0", "--open"], "--open"),
            (["--open", "70000"], "70000"),
            (["--open", "seven"], "seven"),
            (["--open", "7000", "--open", "7000"], "7000"),
            (["--bind", "localhost"], "localhost"),
            (["--bind", "two\nlines\x1b[31m"], "two lines"),
            (["--timeout", "30"], "30s"),
            (["--timeout", "1ms"], "1ms"),
            (["--max-peers", "1"], "65535"),
            (["--peer-rate", "nan"], "peer rate"),
            (["--stats", "never"], "never"),
            (["--stats-format", "xml"], "xml"),
            (["--log-level", "loud"], "loud"),
            (["--config", "/nonexistent.toml"], "/nonexistent.toml"),
            (["--config", "/"], "directory"),
            (["--config", ""], "config"),
        ):
            with self.subTest(arguments):
                self.refused(arguments, part, "--help")

    def test_config_file(self):
        for text, part in (
            ("prot = [1]", 'unknown key "prot"'),
            ('"\\u001b[31m\\n" = 1', "unknown key"),
            ("open = 5241", "list of ports"),
            ('timeout = "soon"', "soon"),
            ("timeout = 30", "in quotes"),
            ("open = [5241\n\n", "line"),
            ("[section]\nopen = [1]", "section"),
        ):
            with self.subTest(text):
                self.refused(["--config", self.config(text)], part)

    def test_config_file_that_is_right(self):
        name = self.config('open = [0, 0]\nbind = "127.0.0.1"\nstats_format = "json"\n')
        relay = self.start_relay("--config", name, rooms=2)
        self.client(relay.ports[1]).join()
        self.assertEqual(relay.room(1)["peers"], 1)
        relay = self.start_relay("--config", name, "--open", "0")  # a flag wins
        relay.stop()
        self.assertEqual(len(relay.last_summary()["rooms"]), 1)

    def test_port_taken(self):
        for bind in ("127.0.0.1", "::1"):
            with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET, socket.SOCK_DGRAM) as taken:
                taken.bind((bind, 0))
                self.refused(["--open", str(taken.getsockname()[1])], "already in use", "--open")
        relay = self.room()
        self.refused(["--open", str(relay.port)], str(relay.port), "already in use")
        code, out, err = self.run_to_end([binary("hubbub-relay"), "--open", "0", "--open", str(relay.port)])
        self.assertEqual(code, 2, "though one room could be had")
        self.assertEqual(out, "")

    def test_address_of_another_machine(self):
        self.refused(["--open", "0", "--bind", "203.0.113.77"], "203.0.113.77", "--bind")
        self.refused(["--open", "0", "--bind", "2001:db8::77"], "2001:db8::77", "--bind")

    def test_privileged_port_without_privilege(self):
        limit = 1_024
        try:
            with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:
                limit = int(file.read())
        except OSError:
            pass
        if limit <= 1:
            self.skipTest("this system lets anybody have any port")
        argv = [binary("hubbub-relay"), "--open", str(min(limit, 1_024) - 1)]
        if os.geteuid() == 0:
            # The build may lie where only root can go: the program is handed over open.
            descriptor = os.open(argv[0], os.O_RDONLY)
            self.addCleanup(os.close, descriptor)
            os.set_inheritable(descriptor, True)
            setpriv = harness.skip_unless("setpriv")
            nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
            argv = [setpriv, *nobody, f"/proc/self/fd/{descriptor}", *argv[1:]]
            program = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, pass_fds=(descriptor,))
        else:
            program = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S)
        if "failed to execute" in program.stderr:
            self.skipTest("nobody may not run the program where it lies")
        self.assertEqual(program.returncode, 2, program.stderr)
        self.assertEqual(program.stdout, "")
        self.assertEqual(program.stderr.count("\n"), 1, program.stderr)
        self.assertIn("permission denied", program.stderr)
        self.assertIn("privileges", program.stderr)


class Strangers(RelayTest):
    def test_junk_floods_no_log_and_no_memory(self):
        self.room("--log-level", "debug", "--peer-rate", "0")
        listener = self.peers(1)[0]
        memory_before = self.memory_kib()
        chance = random.Random(1)
        junk = [chance.randbytes(chance.randint(0, 300)) for _ in range(200)]
        junk += [b"\x1b]0;title\x07\x1b[2J", b"\x9b31m", b"\r\n\x00\x08", b"%s%n{}", b"x" * 5_000]
        strangers = [self.client(self.relay.port) for _ in range(50)]
        for n in range(20_000):
            strangers[n % 50].send(junk[n % len(junk)])
            if n % 500 == 0:
                listener.drain(0)
        books = self.relay.settled_room(20_001)
        self.assert_balanced(books)
        self.assertEqual(books["received"] + books["kernel_dropped"], 20_001)
        self.assertLess(self.memory_kib() - memory_before, 16_384)
        time.sleep(0.2)
        self.relay.stop()
        self.assertLess(self.relay.err.bytes_total, 4_000)
        self.assertLess(len(self.relay.err.all()), 20)
        self.assert_printable(self.relay.err.text)
        self.assert_printable(self.relay.out.text)
        for word in ("title", "%n", "127.0.0.1"):
            self.assertNotIn(word, self.relay.err.text + self.relay.out.text, "a peer's words and addresses stay out of the log")

    def memory_kib(self):
        with open(f"/proc/{self.relay.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))

    def test_a_peer_that_is_gone_disturbs_nobody(self):
        self.room()
        speaker, listener = self.peers(2)
        for _ in range(20):  # their host answers "port unreachable" from now on
            with harness.UdpClient(self.relay.port) as gone:
                gone.join()
        for n in range(200):
            speaker.send(rtp(n))
            self.assertEqual(listener.receive(), rtp(n))
        books = self.relay.room()
        self.assertEqual(books["unsent"], 0)
        self.assert_balanced(books)


class Load(RelayTest):
    def test_books_balance_to_the_datagram_at_full_speed(self):
        self.room("--peer-rate", "0")
        peers = self.peers(20)
        sent = 20
        heard = 0
        for n in range(2_500):
            for peer in peers:
                peer.send(rtp(n))
            sent += 20
            if n % 5 == 0:  # a listener that is read may count what it got
                heard += len(peers[0].drain(0))
        books = self.relay.settled_room(sent)
        heard += len(peers[0].drain(QUIET_S))
        self.assertEqual(sent, 50_020)
        self.assertEqual(books["received"] + books["kernel_dropped"], sent, "each one is in the books, or the kernel says it dropped it")
        self.assert_balanced(books)
        self.assertEqual(books["pings"], 20)
        self.assertEqual(books["due"], 20 + 19 * books["forwarded"])
        self.assertLessEqual(set(books["dropped_by_reason"]), {"queue_full", "stale"})
        self.assertEqual(books["unsent"], 0)
        self.assertLessEqual(heard, books["forwarded"])
        self.assertGreater(heard, 0)
        self.relay.stop()
        last = self.relay.last_summary()["rooms"][0]
        self.assertEqual({**last, "peers": 0}, {**books, "peers": 0}, "and nothing was added at the end")


class RealPeers(RelayTest):
    @harness.needs("nc")
    def test_netcat_joins_by_speaking(self):
        self.room()
        argv = ["nc", "-u", "127.0.0.1", str(self.relay.port)]
        alice = self.start(argv, stdin=subprocess.PIPE)
        alice.type("<alice> hello?\n")
        wait_until(lambda: self.relay.room()["peers"] == 1, "the first netcat")
        bob = self.start(argv, stdin=subprocess.PIPE)
        bob.type("<bob> hello alice\n")
        alice.out.wait_for("^<bob> hello alice$")
        alice.type("<alice> hello bob\n")
        bob.out.wait_for("^<alice> hello bob$")
        self.assertEqual(alice.out.all(), ["<bob> hello alice"])
        self.assertEqual(bob.out.all(), ["<alice> hello bob"])
        self.assert_balanced(self.relay.room())


if __name__ == "__main__":
    unittest.main()
