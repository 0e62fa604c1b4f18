"""Attacks on the real relay and the real client: floods while people talk, copied packets, and a search for secrets where none should be."""

import base64
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import harness
import stranger
from harness import PATIENCE_S, SANITIZED, TIME_SCALE, wait_until
from stranger_company import Company, SealedClient, START_S, tone, write_wav

FLOOD_RATE, FLOOD_S = 10_000, 5
SOURCES = 64


# --- the flood, in a process of its own -------------------------------------------------------------------------------------------


def cookie_for(sender, hello):
    sender.settimeout(1.0)
    sender.send(hello.hello())
    hello.cookie = sender.recv(2048)[10:26]
    return hello.hello()


def flood(link_text):
    """Everything a stranger may send, from many addresses: what proves no address also from the people's own."""
    link = stranger.Link(link_text)

    def sender(address):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((address, 0))
        one.connect((link.host, link.port))
        return one

    now = time.monotonic()
    shots = []
    for i in range(SOURCES):
        away, near = sender(f"127.9.0.{i + 1}"), sender("127.0.0.1")
        hello = stranger.Handshake(link.relay_key, bytes(32), now).hello()
        unsigned = hello[:-32] + os.urandom(32)
        envelope = bytes([stranger.ENVELOPE]) + os.urandom(99)
        question = stranger.KeyQuestion(None).request()
        shots += [(away, hello), (away, unsigned), (away, os.urandom(1200)), (near, question), (near, envelope)]
        if i < 16:
            shots.append((away, cookie_for(away, stranger.Handshake(link.relay_key, bytes(32), now))))
    for one, _ in shots:
        one.setblocking(False)
    begun, burst = time.monotonic(), 20
    for sent in range(0, FLOOD_RATE * FLOOD_S, burst):
        late = time.monotonic() - begun - sent / FLOOD_RATE
        if late < 0:
            time.sleep(-late)
        for n in range(sent, sent + burst):
            one, datagram = shots[n % len(shots)]
            try:
                one.send(datagram)
            except (BlockingIOError, ConnectionRefusedError):
                pass
    print(f"{time.monotonic() - begun:.2f}")


class Floods(Company):
    def rss_kib(self, program):
        with open(f"/proc/{program.pid}/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith("VmRSS:")).split()[1])

    def waited_share(self, program):
        """Of the time it wanted to run, how much it waited for a processor that others had (proc(5), schedstat)."""
        with open(f"/proc/{program.pid}/schedstat", encoding="ascii") as times:
            ran, waited = [int(ns) for ns in times.read().split()[:2]]
        return waited / (ran + waited)

    def talker(self, link, name, hertz):
        spoken = write_wav(self.path(f"{name}.wav"), tone(2.0, hertz))
        client = self.keep(SealedClient(link, "--name", name, "--input", spoken, "--repeat", "--output", self.path(f"{name}-heard.wav"), "--complexity", "0"))
        wait_until(client.is_here, f"{name} to join", START_S)
        return client

    def test_nobody_who_talks_notices_a_flood(self):
        relay, link, _ = self.start_sealed_relay("--stats-format", "json")
        talkers = [self.talker(link, "alice", 440), self.talker(link, "bob", 660)]
        time.sleep(1.0)
        before_kib = self.rss_kib(relay)
        attack = self.start([sys.executable, os.path.abspath(__file__), "flood", link])
        time.sleep(1.5)
        self.assertTrue(attack.running, attack.err.text)
        late = self.keep(SealedClient(link, "--name", "carol", "--no-audio"))
        wait_until(late.is_here, "somebody to join in the middle of it", START_S)
        self.assertTrue(attack.running, "it is the middle of it")
        here = next(event for event in late.events("relay") if event["here"])
        self.assertLessEqual(here["t"], 2.0 * TIME_SCALE)
        self.assertEqual(attack.wait(PATIENCE_S + 4 * FLOOD_S * TIME_SCALE), 0, attack.err.text)
        grown_kib = self.rss_kib(relay) - before_kib
        if not SANITIZED:
            self.assertLess(grown_kib, 1024)
        for client in talkers:
            client.stop(signal.SIGINT)
        received = lost = 0
        for client in talkers:
            (speaker,) = client.events("stats")[-1]["speakers"]
            received, lost = received + speaker["received"], lost + speaker["lost"]
        self.assertGreater(received, 2 * 50 * FLOOD_S)
        waited, books = self.waited_share(relay), relay.summary()["sealed"]
        # The kernel tells what it dropped with what comes next: the last of it is not known.
        self.assertGreaterEqual(books["received"] + books["kernel_dropped"], FLOOD_RATE * FLOOD_S * 0.9)
        self.assertTrue(books["balanced"])
        for reason in ("bad_mac", "rate_limited", "unknown_session", "unknown_kind"):
            self.assertGreater(books["dropped_by_reason"].get(reason, 0), 0, reason)
        if lost > received / 1000 and waited > 0.3:
            self.skipTest(f"the relay waited {waited:.0%} of its time for a processor: this machine is too busy to tell what a flood does")
        self.assertLessEqual(lost, received / 1000, f"of {received}; the relay says {books}")


# --- what an eavesdropper sends on ------------------------------------------------------------------------------------------------


class Copies(Company):
    def bystander(self, port, bind=None):
        someone = harness.UdpClient(port, bind=bind)
        self.addCleanup(someone.close)
        return someone

    def test_a_copied_packet_aims_nothing_at_a_bystander(self):
        _, link, port = self.start_sealed_relay()
        alice, bob = self.joined(link, "alice"), self.joined(link, "bob")
        victim = self.bystander(port, ("127.9.9.9", 0))
        copied, genuine = [], alice.transmit

        def transmit(datagram):
            copied.append(len(datagram))
            victim.send(datagram)  # faster than hers
            genuine(datagram)

        alice.transmit = transmit
        bob.speak([os.urandom(80)] * 100)
        alice.speak([os.urandom(80)] * 100)

        def both():
            bob.run(timeout_s=0)
            return all(any(len(s.heard) == 100 for s in someone.member.streams.values()) for someone in (alice, bob))

        self.see(alice, both, "all of both voices")
        came = victim.drain()
        self.assertGreater(len(came), 0, "it is asked to prove itself")
        self.assertLessEqual(sum(map(len, came)), 3 * sum(copied))
        self.assertEqual({(data[0], len(data)) for data in came}, {(stranger.ENVELOPE, 24 + 3 + 8)}, "and is told nothing else")
        self.assertLess(len(came), len(copied) / 4)

    def test_replays_and_forgeries_count_for_nothing(self):
        relay, link, port = self.start_sealed_relay("--stats-format", "json")
        alice, bob = self.joined(link, "alice"), self.joined(link, "bob")
        sent, genuine = [], alice.transmit
        alice.transmit = lambda datagram: (sent.append(datagram), genuine(datagram))
        alice.say("once")
        self.see_both(alice, bob, lambda: bob.member.lines, "a message")
        attacker = self.bystander(port)
        books = relay.summary()["sealed"]
        for datagram in sent * 50:
            attacker.send(datagram)
            attacker.send(datagram[:20] + os.urandom(len(datagram) - 20))
            attacker.send(datagram[:5] + os.urandom(len(datagram) - 5))
        bob.run(timeout_s=0.3)
        after = relay.summary()["sealed"]
        self.assertEqual(len(bob.member.lines), 1)
        dropped = after["dropped_by_reason"]
        self.assertGreaterEqual(dropped.get("replayed", 0), 50 * len(sent))
        self.assertGreaterEqual(dropped.get("bad_tag", 0), 1)
        self.assertGreaterEqual(after["received"] - books["received"], 150 * len(sent))
        self.assertEqual(attacker.receive(0.1), None)
        self.assertEqual(after["members"], 2)


# --- secrets where none should be -------------------------------------------------------------------------------------------------


class Secrets(Company):
    PASSPHRASE, TOKEN = "seven quiet herons", "open sesame forty"

    def setUp(self):
        super().setUp()
        with open(self.path("token"), "w", encoding="ascii") as out:
            out.write(self.TOKEN)
        os.chmod(self.path("token"), 0o600)
        self.relay, self.link, self.port = self.start_sealed_relay("--log-level", "debug", "--access-token-file", self.path("token"))
        self.fragment = self.link.split("#")[1]
        with open(self.path("relay.key"), "rb") as key:
            private = key.read().strip()
        secret = stranger.Link(self.link).room_secret
        self.secrets = [self.PASSPHRASE.encode(), self.TOKEN.encode(), private, secret, secret.hex().encode()]
        self.secrets += [base64.b64encode(secret)[:-1], base64.urlsafe_b64encode(secret).rstrip(b"="), self.fragment[-20:].encode()]
        self.secrets.append(stranger.token_psk(self.TOKEN.encode(), stranger.Link(self.link).relay_key))

    def assert_no_secret(self, data, where):
        for secret in self.secrets:
            self.assertNotIn(secret, data, where)

    def proc(self, program, name):
        with open(f"/proc/{program.pid}/{name}", "rb") as file:
            return file.read()

    def assert_private(self, program):
        limit = next(line for line in self.proc(program, "limits").splitlines() if line.startswith(b"Max core file size"))
        self.assertEqual(limit.split()[4:6], [b"0", b"0"])
        self.assert_no_secret(self.proc(program, "cmdline"), "what ps shows")
        try:
            environment = self.proc(program, "environ")
        except PermissionError:
            return  # as it should be; a test that is run by root may look all the same
        self.assert_no_secret(environment, "the environment")

    def joined_client(self, *arguments, **options):
        client = self.keep(harness.Program([harness.binary("hubbub"), "join", *arguments, "--json", "--no-audio", "--access-token-file", self.path("token")], **options))
        wait_until(lambda: '"here":true' in client.out.text, "the client to join", START_S)
        return client

    def test_no_program_tells_its_secrets(self):
        by_argument = self.joined_client(self.link, "--name", "alice", stdin=subprocess.PIPE)
        by_environment = self.joined_client("--name", "bob", env={"HUBBUB_LINK": self.link})
        with open(self.path("passphrase"), "w", encoding="ascii") as out:
            out.write(self.PASSPHRASE + "\n")
        os.chmod(self.path("passphrase"), 0o600)
        with_words = self.joined_client(
            f"hubbub://127.0.0.1:{self.port}/herons", "--name", "carol", "--passphrase-file", self.path("passphrase"), env={"XDG_CONFIG_HOME": self.directory, "XDG_STATE_HOME": self.directory, "HOME": self.directory}
        )
        clients = [by_argument, by_environment, with_words]
        by_argument.type("what is said in the room\n")
        wait_until(lambda: "what is said in the room" in by_environment.out.text, "a line of text", START_S)
        for program in [self.relay, *clients]:
            self.assert_private(program)
        # What is refused is not repeated, either.
        for wrong in (self.link + "x", self.link.replace("hubbub://", "hubbub:/"), self.link[:-1]):
            code, out, err = self.run_to_end([harness.binary("hubbub"), "join", wrong, "--no-audio"], START_S)
            self.assertNotEqual(code, 0)
            self.assert_no_secret((out + err).encode(), f"what is said of {wrong[:12]}")
            self.assertNotIn(self.fragment[:20], out + err)
        for program in clients:
            program.stop(signal.SIGINT)
            self.assert_no_secret(program.out.raw, "standard output")
            self.assert_no_secret(program.err.raw, "standard error")
        self.relay.stop()
        self.assert_no_secret(self.relay.err.raw, "the relay's log")
        self.assertNotIn("what is said", self.relay.err.text + self.relay.out.text)
        for name in ("alice", "bob", "carol", "herons"):
            self.assertNotIn(name, self.relay.err.text + self.relay.out.text)

    @unittest.skipUnless(os.geteuid() == 0, "only root can run a program as somebody else and look at it")
    def test_memory_is_nobody_elses_to_read(self):
        """A process that may not be dumped belongs to root in /proc, whoever it runs as (proc(5))."""

        def as_nobody():
            os.setgid(65534)
            os.setuid(65534)

        with tempfile.TemporaryDirectory() as home:
            os.chmod(home, 0o777)
            plain = self.start(["sleep", "30"], preexec=as_nobody)
            self.assertEqual(os.stat(f"/proc/{plain.pid}/environ").st_uid, 65534)
            try:
                client = self.keep(SealedClient(self.link, "--no-audio", "--name", "nobody", preexec=as_nobody, env={"HOME": home, "HUBBUB_ACCESS_TOKEN": self.TOKEN}))
            except PermissionError:
                self.skipTest("nobody may not run the program where it lies")
            owner = lambda: os.stat(f"/proc/{client.pid}/environ").st_uid
            wait_until(lambda: not client.running or owner() == 0, "its memory to be private", START_S)
            self.assertTrue(client.running, client.out.text + client.err.text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["flood"]:
        flood(sys.argv[2])
    else:
        unittest.main()
