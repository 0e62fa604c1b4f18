"""A stranger's client, written from the protocol's document alone, in sealed rooms of the real relay with the real client.

Its own cryptography is checked against published vectors first, so that what the two agree on is not a mistake they share.
"""

import copy
import ctypes
import ctypes.util
import json
import math
import os
import random
import re
import signal
import statistics
import struct
import subprocess
import tempfile
import time
import unittest
import wave

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import harness
import stranger
import stranger_member
from harness import E2eTest, PATIENCE_S, SANITIZED, TIME_SCALE, binary, wait_until
from stranger import Dropped, Stranger
from test_client import read_samples

RATE = 48_000
FRAME = RATE // 50
INVITE = r"hubbub://127\.0\.0\.1:(\d+)/#[A-Za-z0-9_-]{86}"
AMPLITUDE = 9_000
START_S = 2 * PATIENCE_S


def vectors(name):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors", name), encoding="utf-8") as file:
        return json.load(file)


# --- sound ------------------------------------------------------------------------------------------------------------------------


def tone(seconds, hertz):
    return [round(AMPLITUDE * math.sin(2 * math.pi * hertz * i / RATE)) for i in range(int(seconds * RATE))]


def write_wav(path, samples):
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


def heard_tone(samples, hertz):
    """(seconds that are not silence, their middle RMS, the middle share of their energy that lies at this pitch)."""
    block = RATE // 10
    wheel = [(math.cos(2 * math.pi * hertz * i / RATE), math.sin(2 * math.pi * hertz * i / RATE)) for i in range(block)]
    levels, shares = [], []
    for begin in range(0, len(samples) - block + 1, block):
        piece = samples[begin : begin + block]
        energy = sum(s * s for s in piece)
        if energy < block * 500**2:
            continue
        real = sum(s * c for s, (c, _) in zip(piece, wheel))
        imaginary = sum(s * d for s, (_, d) in zip(piece, wheel))
        levels.append(math.sqrt(energy / block))
        shares.append(2 * (real * real + imaginary * imaginary) / block / energy)
    if not levels:
        return 0.0, 0.0, 0.0
    return len(levels) * block / RATE, statistics.median(levels), statistics.median(shares)


class Opus:
    """libopus itself, by ctypes."""

    VOIP, SET_BITRATE, SET_VBR = 2048, 4002, 4006

    def __init__(self):
        try:
            self.library = ctypes.CDLL(ctypes.util.find_library("opus") or "libopus.so.0")
        except OSError:
            raise unittest.SkipTest("libopus is not installed") from None
        for create in (self.library.opus_encoder_create, self.library.opus_decoder_create):
            create.restype = ctypes.c_void_p

    def encode(self, samples):
        """Packets of 20 ms, 32 kbit/s, all of one length."""
        error = ctypes.c_int()
        encoder = ctypes.c_void_p(self.library.opus_encoder_create(RATE, 1, self.VOIP, ctypes.byref(error)))
        self.library.opus_encoder_ctl(encoder, self.SET_BITRATE, ctypes.c_int(32_000))
        self.library.opus_encoder_ctl(encoder, self.SET_VBR, ctypes.c_int(0))
        packets, room = [], ctypes.create_string_buffer(1275)
        for begin in range(0, len(samples) - FRAME + 1, FRAME):
            pcm = (ctypes.c_int16 * FRAME)(*samples[begin : begin + FRAME])
            length = self.library.opus_encode(encoder, pcm, FRAME, room, len(room))
            assert length > 0, length
            packets.append(room.raw[:length])
        self.library.opus_encoder_destroy(encoder)
        return packets

    def decode(self, packets):
        error = ctypes.c_int()
        decoder = ctypes.c_void_p(self.library.opus_decoder_create(RATE, 1, ctypes.byref(error)))
        samples, room = [], (ctypes.c_int16 * (6 * FRAME))()
        for packet in packets:
            count = self.library.opus_decode(decoder, packet, len(packet), room, 6 * FRAME, 0)
            assert count > 0, count
            samples += room[:count]
        self.library.opus_decoder_destroy(decoder)
        return samples


# --- the stranger by itself -------------------------------------------------------------------------------------------------------


class Vectors(unittest.TestCase):
    """The stranger's own cryptography against what others published."""

    def test_noise(self):
        (vector,) = [v for v in vectors("noise.json")["vectors"] if v["protocol_name"] == "Noise_NKpsk0_25519_ChaChaPoly_SHA256"]
        given = {key: bytes.fromhex(value) for key, value in vector.items() if isinstance(value, str) and key != "protocol_name"}
        psk = bytes.fromhex(vector["init_psks"][0])
        sent = [(bytes.fromhex(m["payload"]), bytes.fromhex(m["ciphertext"])) for m in vector["messages"]]

        ephemeral = X25519PrivateKey.from_private_bytes(given["init_ephemeral"])
        noise = stranger.Noise(given["init_prologue"], given["init_remote_static"], psk, ephemeral)
        self.assertEqual(noise.first_message(sent[0][0]), sent[0][1])
        with self.assertRaises(Dropped):
            noise.after_second_message(sent[1][1][:-1] + b"?")
        payload, finished = noise.after_second_message(sent[1][1])  # a forged one before it spoiled nothing
        self.assertEqual(payload, sent[1][0])
        self.assertEqual(finished.h, given["handshake_hash"])

        # Then in turns, the initiator first; each direction counts from 0.
        for index, (plain, sealed) in enumerate(sent[2:]):
            key = stranger.ChaCha20Poly1305(finished.split()[index % 2])
            self.assertEqual(key.encrypt(stranger.noise_nonce(index // 2), plain, b""), sealed)

    def test_sframe_headers(self):
        for vector in vectors("sframe.json")["header"]:
            encoded = bytes.fromhex(vector["encoded"])
            self.assertEqual(stranger_member.sframe_header(vector["kid"], vector["ctr"]), encoded)
            self.assertEqual(stranger_member.read_sframe_header(encoded), (vector["kid"], vector["ctr"], len(encoded)))

    def test_sframe_cipher_suite_1(self):
        (vector,) = [v for v in vectors("sframe.json")["sframe"] if v["cipher_suite"] == 1]
        key = stranger_member.SFrameKey(bytes.fromhex(vector["base_key"]), vector["kid"])
        self.assertEqual(key.key.hex(), vector["sframe_key"])
        self.assertEqual(key.salt.hex(), vector["sframe_salt"])
        self.assertEqual(key.nonce(vector["ctr"]).hex(), vector["nonce"])
        header, metadata, plaintext = stranger_member.sframe_header(vector["kid"], vector["ctr"]), bytes.fromhex(vector["metadata"]), bytes.fromhex(vector["pt"])
        sealed = key.seal(vector["ctr"], metadata, plaintext)
        self.assertEqual((header + sealed).hex(), vector["ct"])
        self.assertEqual(key.open(vector["ctr"], metadata, sealed), plaintext)
        for spoilt in (sealed[:-1] + b"?", b"?" + sealed[1:], sealed[:5]):
            with self.assertRaises(Dropped):
                key.open(vector["ctr"], metadata, spoilt)

    def test_hpke(self):
        given = {key: bytes.fromhex(value) for key, value in vectors("hpke.json").items() if isinstance(value, str) and key != "source"}
        ephemeral, recipient = (X25519PrivateKey.from_private_bytes(given[key]) for key in ("skEm", "skRm"))
        sealed = stranger_member.hpke_seal(given["pkRm"], given["info"], given["aad"], given["pt"], ephemeral)
        self.assertEqual(sealed, given["enc"] + given["ct"])
        self.assertEqual(stranger_member.hpke_open(recipient, given["info"], given["aad"], sealed), given["pt"])
        self.assertIsNone(stranger_member.hpke_open(recipient, given["info"], b"?", sealed))

    def test_aes_ctr_with_hmac(self):
        (vector,) = [v for v in vectors("sframe.json")["aes_ctr_hmac"] if v["cipher_suite"] == 1]
        key = stranger_member.SFrameKey(b"", 0)
        key.key = bytes.fromhex(vector["key"])
        ciphertext = stranger_member.aes_ctr(key.key[:16], bytes.fromhex(vector["nonce"]), bytes.fromhex(vector["pt"]))
        tag = key.tag(bytes.fromhex(vector["nonce"]), bytes.fromhex(vector["aad"]), ciphertext)
        self.assertEqual((ciphertext + tag).hex(), vector["ct"])


class Alone(unittest.TestCase):
    """What the stranger believes the document says, between two of its own."""

    def setUp(self):
        self.alice, self.bob = (self.member(name) for name in ("alice", "bob"))

    def member(self, name, secret=bytes(32)):
        return stranger_member.Member(secret, bytes(16), stranger_member.Identity(), name)

    def deliver(self, *elements, to=None, now=0.0):
        (to or self.bob).receive([e for data in elements for e in stranger_member.elements_of(data)], now)

    def let_hear(self):
        """Bob has heard a first frame of alice's and asked, and alice has answered."""
        self.deliver(self.alice.frame(b"first"))
        (asked,), self.bob.outbox = self.bob.outbox, []
        self.deliver(asked, to=self.alice)
        (echo,), self.alice.outbox = self.alice.outbox, []
        self.deliver(echo)
        return self.bob.streams[self.alice.ssrc, self.alice.kid]

    def test_replay_window(self):
        window = stranger_member.ReplayWindow()
        for counter, fresh in ((0, True), (0, False), (1, True), (1023, True), (1024, True), (2, True), (2, False), (1, False), (0, False), (5000, True), (3977, True), (3976, False)):
            try:
                window.check(counter)
                window.add(counter)
                self.assertTrue(fresh, counter)
            except Dropped:
                self.assertFalse(fresh, counter)

    def test_counters_of_24_bits(self):
        session = stranger.Session(bytes(24), stranger.Noise(b"", bytes(range(32)), bytes(32)))
        for newest, low, meant in ((-1, 0, 0), (-1, 5, 5), (0xFFFFFE, 0xFFFFFF, 0xFFFFFF), (0xFFFFFF, 0, 0x1000000), (0x1000000, 0xFFFFF0, 0xFFFFF0), (0x5000000, 3, 0x5000003)):
            session.window.newest = newest
            self.assertEqual(session.nearest(low), meant)

    def test_sizes(self):
        handshake = stranger.Handshake(bytes(range(32)), bytes(32), 0.0)
        self.assertEqual(len(handshake.hello()), 512)
        self.assertEqual(len(stranger.KeyQuestion(None).request()), 512)
        self.assertEqual(len(self.alice.frame(bytes(80))), 3 + 1 + 12 + 9 + 80 + 10)

    def test_a_stream_is_heard_once_it_has_shown_that_it_is_of_now(self):
        stream = self.let_hear()
        self.deliver(self.alice.frame(b"second"))
        self.assertEqual([p.opus for p in stream.heard], [b"first", b"second"])
        self.assertEqual(stream.name, "alice")

    def test_an_old_recording_is_not_heard(self):
        recorded = [self.alice.frame(b"old") for _ in range(60)]
        stream = self.let_hear()
        self.deliver(*recorded)
        self.assertEqual([p.opus for p in stream.heard].count(b"old"), 49)  # of a second, and no more
        self.assertEqual(self.bob.dropped["not_live"], 11)
        other = self.member("carol")
        self.deliver(*recorded, to=other)
        self.assertEqual([s.heard for s in other.streams.values()], [[]])

    def test_each_frame_counts_once(self):
        stream = self.let_hear()
        twice = self.alice.frame(b"twice")
        self.deliver(twice, twice)
        self.assertEqual([p.opus for p in stream.heard], [b"first", b"twice"])

    def test_a_sibling(self):
        stream = self.let_hear()
        lost = self.alice.frame(b"lost", marker=True)
        self.alice.timestamp += 3 * 960
        self.alice.frame(b"lost as well")
        self.alice.frame(b"lost as well")
        newest = self.alice.frame(b"newest")
        sealed = lost[3 + 1 + 21 :]
        self.deliver(newest, stranger_member.element(stranger_member.SIBLING, bytes([0x80 | 3, 8]) + sealed))
        self.assertEqual([p.opus for p in stream.heard], [b"first", b"newest", b"lost"])
        self.assertEqual(stream.heard[1].ctr - stream.heard[2].ctr, 3)
        self.assertTrue(stream.heard[2].marker)
        self.deliver(stranger_member.element(stranger_member.SIBLING, bytes([3, 8]) + sealed))
        self.assertEqual(self.bob.dropped["bad_element"], 1, "there is no frame before it")

    def test_a_message_counts_once(self):
        message = self.alice.text("grüß dich")
        for number in (7, 9):  # of a relay that lost its log, and was sent it again
            self.bob.read(number, *message, earlier=False)
        self.assertEqual(self.bob.heard_words(), [("alice", "grüß dich")])
        self.assertEqual((self.bob.doubts, self.bob.dropped), ([], {}))

    def test_what_a_relay_did_to_the_log_is_seen(self):
        first, second, third = (self.alice.text(text) for text in ("one", "two", "three"))
        for number, message in ((1, first), (2, third), (3, second)):
            self.bob.read(number, *message, earlier=False)
        self.assertEqual([(why, line.text) for why, line in self.bob.doubts], [("count", "three"), ("count", "two")])

        self.bob.doubts.clear()
        self.alice.read(4, *self.bob.text("only alice is shown this"), earlier=False)
        self.bob.read(4, *self.member("carol").text("and bob this"), earlier=False)
        self.bob.read(5, *self.alice.text("four"), earlier=False)
        self.assertEqual([(why, line.text) for why, line in self.bob.doubts], [("count", "four"), ("digest", "four")])

        self.bob.doubts.clear()
        self.alice.newest_seen = 7
        self.bob.read(6, *self.alice.text("five"), earlier=False)
        self.assertEqual([(why, line.text) for why, line in self.bob.doubts], [("seen", "five")])

    def test_nobody_signs_for_another(self):
        mallory = self.member("bob")
        forged = copy.copy(mallory.identity)
        forged.public = self.bob.identity.public
        mallory.identity = forged
        self.alice.read(1, *mallory.text("I am bob"), earlier=False)
        self.assertEqual((self.alice.lines, self.alice.dropped), ([], {"bad_signature": 1}))
        with self.assertRaises(Dropped) as why:
            self.alice.meet(mallory.ssrc, mallory.presence())
        self.assertEqual(why.exception.args, ("bad_signature",))
        id, message = self.bob.text("I am")
        self.assertFalse(self.alice.can_open(bytes(16), message), "a message has one id")
        self.assertTrue(self.alice.can_open(id, message))

    def test_a_direct_message(self):
        carol = self.member("carol")
        self.bob.meet(self.alice.ssrc, self.alice.presence())
        (alice,) = self.bob.others()
        message = self.bob.direct(alice, "for you")
        for someone in (self.alice, self.bob, carol):
            someone.read(1, *message, earlier=False)
        self.assertEqual([(line.name, line.text, line.direct, line.own) for line in self.alice.lines], [("bob", "for you", True, False)])
        self.assertEqual([(line.name, line.text, line.direct, line.own) for line in self.bob.lines], [("bob", "for you", True, True)])
        self.assertEqual((carol.lines, carol.dropped), ([], {}))

    def test_names_that_are_one(self):
        self.assertEqual(stranger_member.folded("STRASSE"), stranger_member.folded("straße"))
        self.assertEqual(stranger_member.folded("Zoe\u0308"), stranger_member.folded("zo\u00eb"))
        self.assertNotEqual(stranger_member.folded("zoe"), stranger_member.folded("zoë"))
        self.assertEqual(stranger_member.name_tag(bytes(32), ""), bytes(16))

    def test_another_room_opens_nothing(self):
        other = self.member("carol", bytes(31) + b"1")
        self.deliver(self.alice.frame(b"x"), to=other)
        other.read(1, *self.alice.text("x"), earlier=False)
        self.assertEqual(other.dropped, {"bad_tag": 2})
        self.assertEqual(other.outbox, [])

    def log_of_bob(self):
        log = stranger.Log(self.bob)
        log.welcome(0, new_epoch=True)
        return log

    def test_gaps_are_asked_for(self):
        log, messages = self.log_of_bob(), [self.alice.text(str(n)) for n in range(4)]
        log.entry(10, 0, *messages[0], from_the_relay=False)
        self.assertIsNone(log.ask(0.0))
        log.entry(30, 20, *messages[2], from_the_relay=False)
        self.assertEqual([line.text for line in self.bob.lines], ["0"])
        self.assertEqual(log.ask(0.0), stranger_member.element(stranger_member.TEXT_ASK, struct.pack(">QH", 10, 0)))
        asked = [at / 100 for at in range(1, 500) if log.ask(at / 100)]
        self.assertEqual(asked, [0.25, 0.75, 1.75, 3.75])
        log.range(10, 30, 0, 5.0)
        log.entry(20, 10, *messages[1], from_the_relay=True)
        self.assertEqual([line.text for line in self.bob.lines], ["0", "1", "2"])
        self.assertIsNone(log.ask(5.1))
        log.told(40, known_before=30)
        self.assertIsNotNone(log.ask(5.2))
        log.range(30, 50, 45, 5.3)
        self.assertEqual((log.gone, log.have), ([(30, 45)], 45))
        self.assertIsNone(log.ask(5.31), "the answer may go on")
        self.assertIsNotNone(log.ask(5.34))

    def test_what_a_bundle_says_is_not_the_relays_word(self):
        log, messages = self.log_of_bob(), [self.alice.text(str(n)) for n in range(3)]
        log.entry(10, 0, *messages[0], from_the_relay=True)
        log.entry(20, 10, bytes(16), messages[1][1], from_the_relay=False)
        self.assertEqual(log.have, 10, "nobody wrote that")
        log.entry(1 << 60, 10, *messages[1], from_the_relay=False)
        self.assertEqual(log.have, 1 << 60)
        log.told(20, known_before=1 << 60)
        self.assertEqual(log.ask(0.0), stranger_member.element(stranger_member.TEXT_ASK, struct.pack(">QH", 10, 0)))
        log.range(10, 20, 0, 0.1)
        log.entry(20, 10, *messages[1], from_the_relay=True)
        log.entry(30, 20, *messages[2], from_the_relay=False)
        self.assertEqual([line.text for line in self.bob.lines], ["0", "1", "2"])

    def test_what_is_not_acknowledged_is_sent_again(self):
        box = stranger.Outbox()
        for n in range(30):
            box.add(*self.alice.text("x" * 100), 0.0)
        first = box.next_sequence - 30

        def sent(now):
            bodies = [body for envelope in box.due(now, 0.1) for _, body in stranger_member.elements_of(envelope)]
            return [tuple(number - first for number in struct.unpack_from(">II", body)) for body in bodies]

        self.assertEqual(sent(1.0), [(0, n) for n in range(24)])
        self.assertEqual(sent(1.1), [])
        for n in range(2):
            box.find(first + n).number = n + 1
        self.assertEqual(sent(1.1), [(2, 24), (2, 25)])
        self.assertEqual(sent(1.35), [(2, n) for n in range(2, 26)])
        for written in box.written:
            written.number = written.sequence - first + 1
        self.assertEqual(sent(9.0), [])
        box.stored(27)
        box.begin_anew(10.0, new_epoch=True)
        self.assertEqual(sent(10.0), [(27, 27), (27, 28), (27, 29)])

    def test_a_nack_is_answered(self):
        first, second, third = (self.alice.frame(b"x") for _ in range(3))
        sequence = (self.alice.ctr - 3) & 0xFFFF
        self.deliver(stranger_member.element(stranger_member.NACK, struct.pack(">IHH", self.alice.ssrc, sequence, 2)), to=self.alice)
        self.assertEqual(self.alice.outbox, [first, third])
        self.assertNotEqual(second, third)

    def test_links(self):
        key, secret = bytes(range(32)), bytes(range(32, 64))
        text = stranger.base64.urlsafe_b64encode(key + secret).decode().rstrip("=")
        link = stranger.Link(f"hubbub://[::1]:77/#{text}")
        self.assertEqual((link.host, link.port, link.relay_key, link.room_secret), ("::1", 77, key, secret))
        link = stranger.Link("hubbub://example.org/die%20K%C3%BCche")
        self.assertEqual((link.port, link.room, link.relay_key), (5240, "die Küche".encode(), None))
        with self.assertRaises(ValueError):
            stranger.Link(f"hubbub://example.org/#{text[:-4]}")


# --- the stranger in company ------------------------------------------------------------------------------------------------------


class SealedClient(harness.Program):
    """hubbub join with JSON events, as somebody who was never there before."""

    def __init__(self, link, *arguments, env=None, **options):
        self.home = tempfile.TemporaryDirectory()
        home = {"HOME": self.home.name, "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": ""}
        super().__init__([binary("hubbub"), "join", link, "--json", *arguments], env={**home, **(env or {})}, **options)

    def kill(self):
        super().kill()
        self.home.cleanup()

    def events(self, kind):
        return [event for event in map(json.loads, self.out.all()) if event["event"] == kind]

    def is_here(self):
        return any(event["here"] for event in self.events("relay"))


class Company(E2eTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, name):
        return os.path.join(self.directory, name)

    def start_sealed_relay(self, *arguments, port=0):
        """The relay, and the invite that it printed."""
        sealed = ("--sealed", str(port), "--key", self.path("relay.key"), "--bind", "127.0.0.1")
        relay = self.start_relay(*sealed, *arguments, rooms=0)

        def said():
            lines = relay.out.all() + relay.err.all()
            return next((match for line in lines if (match := re.search(INVITE, line))), None)

        match = wait_until(said, f"an invite from the relay; it said {relay.out.text}{relay.err.text}")
        return relay, match.group(0), int(match.group(1))

    def stranger(self, link, name="", **options):
        someone = Stranger(link, name, **options)
        self.addCleanup(someone.close)
        return someone

    def see(self, someone, until, what, timeout_s=START_S):
        """Lets the stranger live until something is so."""
        value = someone.run(until, timeout_s)
        seen = f"received {dict(someone.received)}, dropped {dict(someone.dropped)}, {dict(someone.member.dropped) if someone.member else ''}"
        self.assertTrue(value, f"waited {timeout_s:.1f} s in vain for {what}; {seen}")
        return value

    def see_both(self, one, other, until, what, timeout_s=START_S):
        """The same with two of them."""

        def both():
            other.run(timeout_s=0)
            return until()

        return self.see(one, both, what, timeout_s)

    def joined(self, link, name="", **options):
        someone = self.stranger(link, name, **options)
        self.see(someone, lambda: someone.joined, "a Welcome")
        return someone

    def client(self, someone, link, *arguments, **options):
        """The real client, joined, while the stranger lives on."""
        program = self.keep(SealedClient(link, *arguments, **options))
        self.see(someone, program.is_here, "the client to join")
        return program

    def assert_nothing_odd(self, someone):
        """All that came was as the document says. On a busy machine a Hello is repeated, and answered once more."""
        dropped = {why: times for why, times in (someone.dropped + someone.member.dropped).items() if why != "not_asked"}
        self.assertEqual(dropped, {})


class WithTheRelay(Company):
    """The real relay, and nobody but strangers."""

    def test_joining_and_pinging(self):
        _, link, _ = self.start_sealed_relay()
        alice = self.joined(link)
        self.assertGreaterEqual(alice.received[stranger.RETRY], 1)
        self.see(alice, lambda: alice.pongs >= 1, "a Pong")
        self.assertEqual(alice.members, 1)
        bob = self.joined(link)
        self.assertEqual(bob.members, 2)
        self.assert_nothing_odd(alice)
        self.assert_nothing_odd(bob)

    def test_two_strangers_talk(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob = self.joined(link, "alice"), self.joined(link, "bob")
        alice.say("hello")

        self.see_both(alice, bob, lambda: bob.member.lines and not alice.outbox.unacknowledged, "a message")
        self.assertEqual(bob.member.heard_words(), [("alice", "hello")])
        self.assertEqual(bob.member.lines[0].identity, alice.identity.public)
        self.assertEqual([(line.text, line.own) for line in alice.member.lines], [("hello", True)])
        sent = [os.urandom(80) for _ in range(50)]
        alice.speak(sent)

        self.see_both(alice, bob, lambda: any(len(s.heard) == 50 for s in bob.member.streams.values()), "all of her voice")
        (stream,) = bob.member.streams.values()
        self.assertEqual([p.opus for p in stream.heard], sent)
        self.assertEqual([p.timestamp - stream.heard[0].timestamp & 0xFFFFFFFF for p in stream.heard], [960 * i for i in range(50)])
        self.assertEqual([p.marker for p in stream.heard], [True] + [False] * 49)
        self.assertEqual(stream.name, "alice")
        self.assert_nothing_odd(alice)
        self.assert_nothing_odd(bob)

    def test_rooms_do_not_hear_each_other(self):
        _, link, _ = self.start_sealed_relay()
        key = stranger.Link(link).relay_key
        other = stranger.base64.urlsafe_b64encode(key + os.urandom(32)).decode().rstrip("=")
        alice, bob = self.joined(link), self.joined(link.split("#")[0] + "#" + other)
        self.assertEqual(bob.members, 1)
        alice.say("hello")
        self.see_both(alice, bob, lambda: alice.member.lines, "her own message")
        self.see(bob, lambda: bob.member.people, "his own presence")
        bob.run(timeout_s=0.5)
        self.assertEqual((bob.received[stranger.BUNDLE], bob.member.lines), (0, []))
        self.assertEqual([person.name for person in bob.member.people.values()], [""])

    def test_an_ssrc_that_is_taken(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob = self.joined(link, "alice"), self.stranger(link, "bob")
        bob.member.ssrc = alice.member.ssrc
        self.see(bob, lambda: bob.joined, "a Welcome all the same")
        self.assertEqual(bob.turned_away, [2])
        self.assertNotEqual(bob.member.ssrc, alice.member.ssrc)
        bob.say("it is me")
        self.see_both(alice, bob, lambda: alice.member.lines, "a message")

    def test_nobody_speaks_for_another(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob, mallory = (self.joined(link, name) for name in ("alice", "bob", "mallory"))
        mallory.member.ssrc = bob.member.ssrc
        mallory.speak([bytes(80)] * 5)
        mallory.run(timeout_s=0.2)
        mallory.member.identity = copy.copy(mallory.identity)
        mallory.member.identity.public = bob.identity.public
        mallory.member.name = "bob"
        mallory.say("I am bob")
        mallory.run(lambda: not mallory.outbox.unacknowledged)
        bob.say("no, I am")
        self.see_both(alice, bob, lambda: alice.member.lines, "a message")
        alice.run(timeout_s=0.2)
        self.assertEqual(alice.member.heard_words(), [("bob", "no, I am")])
        self.assertGreaterEqual(alice.member.dropped["bad_signature"], 1)
        self.assertEqual(alice.member.streams, {})

    def test_a_passphrase_and_a_key_that_is_asked_for(self):
        _, link, port = self.start_sealed_relay()
        alice = self.joined(f"hubbub://127.0.0.1:{port}/die%20K%C3%BCche", "alice", passphrase="grüß dich")
        self.assertEqual(alice.relay_key, stranger.Link(link).relay_key)
        bob = self.joined(f"hubbub://127.0.0.1:{port}/die%20K%C3%BCche", "bob", passphrase="grüß dich")
        self.assertEqual(bob.members, 2)

    def test_rekey(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob = self.joined(link, "alice"), self.joined(link, "bob")
        old = alice.session.id
        alice.say("before")
        alice.rekey()
        self.see(alice, lambda: alice.rekeyed, "a Rekeyed")
        self.assertNotEqual(alice.session.id, old)
        pongs = alice.pongs
        self.see(alice, lambda: alice.pongs > pongs, "a Pong in the new session")
        alice.say("after")
        self.see_both(alice, bob, lambda: len(bob.member.lines) == 2, "both messages")
        self.assertEqual(alice.welcomes, 1, "nobody joins twice")
        alice.rekey()
        self.see(alice, lambda: alice.rekeyed == 2, "another")
        alice.run(timeout_s=0.3)
        self.assert_nothing_odd(alice)

    def test_roaming(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob = self.joined(link, "alice"), self.joined(link, "bob")
        session = alice.session
        self.see(alice, lambda: alice.pongs, "a Pong")
        alice.roam()
        self.see(alice, lambda: alice.challenges, "a PathChallenge")
        pongs = alice.pongs
        self.see(alice, lambda: alice.pongs > pongs, "a Pong at the new address")
        self.assertIs(alice.session, session)
        bob.say("found you")
        self.see_both(alice, bob, lambda: alice.member.lines, "a message at the new address")
        self.assert_nothing_odd(alice)

    def test_a_relay_that_restarts(self):
        relay, link, port = self.start_sealed_relay()
        alice, bob = self.joined(link, "alice"), self.joined(link, "bob")
        whose = alice.member.ssrc
        relay.kill()
        self.start_sealed_relay(port=port)
        for someone in (alice, bob):
            self.see(someone, lambda: someone.welcomes == 2, "to be welcome again")
            self.assertGreaterEqual(someone.resets, 1)
        self.assertEqual(alice.member.ssrc, whose)
        alice.say("and on we go")
        self.see_both(alice, bob, lambda: bob.member.lines, "a message")

    def test_what_was_written_outlives_a_relay(self):
        """It has no history: who wrote tells it again, and to whom it is not new it is not told twice."""
        relay, link, port = self.start_sealed_relay()
        alice, bob = self.joined(link, "alice"), self.joined(link, "bob")
        for text in ("one", "two"):
            alice.say(text)
            bob.say(f"{text}, says bob")
        self.see_both(alice, bob, lambda: len(alice.member.lines) == len(bob.member.lines) == 4, "what both wrote")
        self.assertFalse(bob.keeps_history)
        epoch = bob.epoch
        relay.kill()
        alice.say("is anybody there?")
        self.start_sealed_relay(port=port)
        self.see_both(alice, bob, lambda: alice.welcomes == bob.welcomes == 2 and len(bob.member.lines) == 5, "the rest")
        self.assertNotEqual(bob.epoch, epoch)
        self.see_both(alice, bob, lambda: not alice.outbox.unacknowledged and not bob.outbox.unacknowledged, "all to be acknowledged again")
        carol = self.joined(link, "carol")
        self.see(carol, lambda: len(carol.member.lines) == 5, "what was written before")
        self.assertTrue(all(line.earlier for line in carol.member.lines))
        self.assertEqual(sorted(carol.member.heard_words()), sorted((line.name, line.text) for line in alice.member.lines))
        for someone in (alice, bob):
            self.assertEqual([line.text for line in someone.member.lines], [line.text for line in alice.member.lines])
            self.assertEqual((len(someone.member.lines), someone.member.doubts, someone.log.gone), (5, [], []))

    def test_a_history(self):
        """What is stored is not sent again, and keeps its number."""
        history = ("--history", self.path("history.db"))
        relay, link, port = self.start_sealed_relay(*history)
        alice = self.joined(link, "alice")
        self.assertTrue(alice.keeps_history)
        for number in range(5):
            alice.say(str(number))
        self.see(alice, lambda: len(alice.member.lines) == 5 and not alice.outbox.written, "all to be stored")
        self.assertGreaterEqual(alice.stored, alice.member.lines[-1].number)
        relay.kill()
        alice.say("meanwhile")
        self.start_sealed_relay(*history, port=port)
        self.see(alice, lambda: alice.welcomes == 2 and len(alice.member.lines) == 6 and not alice.outbox.written, "the rest")
        carol = self.joined(link, "carol")
        self.see(carol, lambda: len(carol.member.lines) == 6, "what was written before")
        self.assertEqual([line.number for line in carol.member.lines], [line.number for line in alice.member.lines])
        for someone in (alice, carol):
            self.assertEqual((someone.member.doubts, someone.log.gone), ([], []))
            self.assert_nothing_odd(someone)

    def test_who_shows_nothing_is_counted_alone(self):
        _, link, _ = self.start_sealed_relay()
        shy = self.stranger(link)
        shy.member.presence = bytes
        self.see(shy, lambda: shy.joined and shy.pongs, "a Welcome")
        alice = self.joined(link, "alice")
        self.see(alice, lambda: alice.member.people, "her own presence")
        self.see(shy, lambda: shy.person("alice"), "alice")
        alice.leave()
        self.see(shy, lambda: not shy.person("alice") and not shy.roster.missing(), "alice to be gone")
        self.assertEqual((alice.members, len(alice.member.people)), (2, 1))
        other = self.stranger(link)
        other.member.presence = bytes
        self.see(other, lambda: other.joined and other.roster.newest and not other.roster.missing(), "to know that nobody is here")
        self.assertEqual((other.member.people, other.roster.asks), ({}, 1))
        other.say("I am here all the same")
        self.see_both(other, shy, lambda: shy.member.lines, "a message")

    def test_the_log_has_what_was_missed(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob = self.joined(link, "alice"), self.joined(link, "bob")
        for number in range(80):
            alice.say(f"{number} of many")
        self.see_both(alice, bob, lambda: len(bob.member.lines) == len(alice.member.lines) == 80, "all of it")
        carol = self.joined(link, "carol")
        self.see(carol, lambda: carol.member.lines and not carol.log.missing(), "the last of it")
        self.assertEqual([line.text for line in carol.member.lines], [f"{number} of many" for number in range(30, 80)])
        self.assertTrue(all(line.earlier for line in carol.member.lines))
        # Carol hears nothing for a while; as many as no socket holds are written.
        carol.roam()
        for number in range(80, 200):
            alice.say("x" * 700 + f" {number}")
        self.see_both(alice, bob, lambda: len(bob.member.lines) == 200, "more of it")
        self.see(carol, lambda: len(carol.member.lines) == 170, "what came while nobody was at her address")
        self.assertEqual(carol.member.lines[-1].text[-4:], " 199")
        for someone in (alice, bob, carol):
            self.assertEqual(someone.member.doubts, [])
            self.assert_nothing_odd(someone)

    def test_direct_messages(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob, carol = (self.joined(link, name) for name in ("alice", "bob", "carol"))
        whom = self.see(alice, lambda: alice.person("bob"), "bob's presence")
        self.assertEqual((whom.identity, whom.direct_key), (bob.identity.public, bob.identity.direct_key))
        alice.tell(whom, "for you alone")
        alice.say("for everybody")
        for someone in (bob, carol):
            self.see_both(alice, someone, lambda: any(not line.direct for line in someone.member.lines), "the messages")
        self.assertEqual([(line.text, line.direct) for line in bob.member.lines], [("for you alone", True), ("for everybody", False)])
        self.assertEqual([(line.text, line.direct) for line in carol.member.lines], [("for everybody", False)])
        self.assertEqual([line.own for line in alice.member.lines], [True, True])
        for someone in (alice, bob, carol):
            self.assertEqual(someone.member.doubts, [])
            self.assert_nothing_odd(someone)

    def test_who_is_here(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob = self.joined(link, "alice"), self.joined(link, "bob")
        bob.mute(True)
        self.see_both(alice, bob, lambda: alice.person("bob") and alice.person("bob").muted, "bob, muted")
        bob.rename("robert")
        self.see_both(alice, bob, lambda: alice.person("robert"), "robert")
        self.assertTrue(alice.person("robert").muted)
        self.assertEqual(alice.person("robert").identity, bob.identity.public)
        carol = self.joined(link, "carol")
        self.see(carol, lambda: len(carol.member.people) == 3, "everybody who is here")
        self.assertEqual(sorted(person.name for person in carol.member.people.values()), ["alice", "carol", "robert"])
        bob.leave()
        for someone in (alice, carol):
            self.see(someone, lambda: not someone.person("robert"), "robert to be gone")
        self.assertEqual(sorted(person.name for person in carol.member.people.values()), ["alice", "carol"])
        self.assert_nothing_odd(alice)

    def test_a_name_has_one_holder(self):
        _, link, _ = self.start_sealed_relay()
        zoe, other = self.joined(link, "Zoë"), self.stranger(link, "zoe\u0308")
        self.see(other, lambda: other.turned_away, "to be turned away")
        self.assertEqual(other.turned_away, [stranger.NAME_TAKEN])
        self.assertFalse(other.joined)
        other.rename("Zoë2")
        self.see(other, lambda: other.joined, "to be welcome under another name")
        other.rename("ZOË")
        self.see(other, lambda: len(other.turned_away) == 2, "to be turned away again")
        self.assertEqual((other.joined, other.member.name), (True, "Zoë2"))
        self.see(zoe, lambda: zoe.person("Zoë2"), "the other")
        # Who it is has the name from anywhere, and who leaves it leaves it to others.
        again = self.joined(link, "zoë", identity=zoe.identity)
        self.assertEqual(again.turned_away, [])
        again.leave()
        zoe.rename("zoe")
        self.see(zoe, lambda: zoe.join_repeat is None, "the new name")
        other.rename("Zoë")
        self.see(other, lambda: other.join_repeat is None and other.last_name == "Zoë", "the name that is free")

    def test_a_relay_that_says_goodbye(self):
        relay, link, port = self.start_sealed_relay()
        alice = self.joined(link)
        relay.stop()
        self.see(alice, lambda: alice.goodbyes, "a Goodbye")
        self.assertEqual(alice.goodbyes[0], 1)
        self.start_sealed_relay(port=port)
        self.see(alice, lambda: alice.welcomes == 2, "to be welcome again")
        self.assertEqual(alice.resets, 0)

    def test_leaving(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob = self.joined(link), self.joined(link)
        bob.leave()
        self.see(alice, lambda: alice.pongs and alice.members == 1, "to be alone")

    def test_an_access_token(self):
        with open(self.path("token"), "w", encoding="ascii") as out:
            out.write("open sesame")
        os.chmod(self.path("token"), 0o600)
        _, link, _ = self.start_sealed_relay("--access-token-file", self.path("token"))
        self.joined(link, token=b"open sesame")
        for wrong in (None, b"open says me"):
            someone = self.stranger(link, token=wrong)
            self.see(someone, lambda: someone.refusals, "a Refusal")
            self.assertEqual(someone.refusals[0], (1, stranger.REFUSED_TOKEN))
            self.assertFalse(someone.joined)

    def test_another_version_is_refused(self):
        _, link, _ = self.start_sealed_relay()
        someone = self.stranger(link, version=2)
        self.see(someone, lambda: someone.refusals, "a Refusal")
        self.assertEqual(someone.refusals[0], (1, stranger.REFUSED_VERSION))
        self.assertEqual(set(someone.received), {stranger.REFUSAL})

    def test_who_does_not_know_the_key_hears_nothing(self):
        _, link, port = self.start_sealed_relay()
        stale = stranger.base64.urlsafe_b64encode(bytes(range(64))).decode().rstrip("=")
        someone = self.stranger(f"hubbub://127.0.0.1:{port}/#{stale}")
        someone.run(timeout_s=1.5)
        self.assertEqual(dict(someone.received), {})
        # After two seconds it asks why.
        self.see(someone, lambda: someone.key_told, "a KeyAnswer")
        self.assertEqual(someone.key_told, stranger.Link(link).relay_key)
        self.assertEqual(set(someone.received), {stranger.KEY_ANSWER})


class WithTheClient(Company):
    """The real client at the other end."""

    def setUp(self):
        super().setUp()
        self.relay, self.link, self.port = self.start_sealed_relay()
        self.alice = self.joined(self.link, "alice")

    def writer(self, name="bob"):
        """The real client with a keyboard, whom the stranger sees."""
        program = self.client(self.alice, self.link, "--name", name, "--no-audio", stdin=subprocess.PIPE)
        self.see(self.alice, lambda: self.alice.person(name), f"{name}'s presence")
        return program

    def assert_nothing_doubted(self):
        self.assertEqual((self.alice.member.doubts, self.alice.log.gone), ([], []))
        self.assert_nothing_odd(self.alice)

    def test_text_both_ways(self):
        bob = self.client(self.alice, self.link, "--name", "bob", "--no-audio", "--text", "grüß dich 你好")
        self.see(self.alice, lambda: self.alice.member.lines, "the client's text")
        (line,) = self.alice.member.lines
        self.assertEqual((line.name, line.text), ("bob", "grüß dich 你好"))
        self.alice.say("hello, bob")
        self.see(self.alice, lambda: bob.events("message"), "the stranger's text")
        self.assertEqual([(e["from"], e["text"]) for e in bob.events("message")], [("alice", "hello, bob")])
        self.assertEqual(bob.events("message")[0]["identity"], stranger_member.fingerprint(self.alice.identity.public))
        bob.stop(signal.SIGINT)
        self.see(self.alice, lambda: self.alice.members == 1, "the client to have left")
        self.assert_nothing_doubted()

    def test_both_see_one_order(self):
        bob = self.writer()
        for number in range(30):
            bob.type(f"bob {number}\n")
            self.alice.say(f"alice {number}")
            self.alice.run(timeout_s=0.01)
        self.see(self.alice, lambda: len(self.alice.member.lines) == 60 and len(bob.events("message") + bob.events("sent")) == 60, "all of both")
        self.alice.run(timeout_s=0.3)
        order = [(line.name, line.text) for line in self.alice.member.lines]
        self.assertEqual(sorted(order), sorted((name, f"{name} {number}") for name in ("alice", "bob") for number in range(30)))
        shown = [event for event in map(json.loads, bob.out.all()) if event["event"] in ("message", "sent")]
        self.assertEqual([(e["from"], e["text"]) for e in shown], order)
        self.assertEqual([e["number"] for e in shown], [line.number for line in self.alice.member.lines])
        self.assertEqual(bob.events("notice"), [])
        self.assert_nothing_doubted()

    def test_a_third_is_lost_and_nothing_is_missing(self):
        bob, chance = self.writer(), random.Random(1)
        genuine_transmit, genuine_receive = self.alice.transmit, self.alice.receive
        self.alice.transmit = lambda datagram: chance.random() > 0.3 and genuine_transmit(datagram)
        self.alice.receive = lambda datagram, now: chance.random() > 0.3 and genuine_receive(datagram, now)
        for number in range(100):
            bob.type(f"bob {number}\n")
            self.alice.say(f"alice {number}")
            self.alice.run(timeout_s=0.005)
        self.see(self.alice, lambda: len(self.alice.member.lines) >= 200 and len(bob.events("message") + bob.events("sent")) >= 200, "all of both", 6 * START_S)
        self.alice.run(timeout_s=0.3)
        shown = [event for event in map(json.loads, bob.out.all()) if event["event"] in ("message", "sent")]
        order = [(line.name, line.text) for line in self.alice.member.lines]
        self.assertEqual([(e["from"], e["text"]) for e in shown], order)
        self.assertEqual(sorted(order), sorted((name, f"{name} {number}") for name in ("alice", "bob") for number in range(100)))
        self.assertGreaterEqual(self.alice.log.asks, 1)
        self.assert_nothing_doubted()

    def test_done_and_said(self):
        bob = self.writer()
        bob.type("/me waves\n")
        self.see(self.alice, lambda: self.alice.member.lines, "the client's deed")
        self.assertEqual([(line.name, line.text, line.done) for line in self.alice.member.lines], [("bob", "waves", True)])
        self.alice.say("nods", done=True)
        self.see(self.alice, lambda: bob.events("message"), "the stranger's")
        self.assertEqual([(e["from"], e["text"], e["action"]) for e in bob.events("message")], [("alice", "nods", True)])

    def test_direct_messages_both_ways(self):
        bob, carol = self.writer(), self.joined(self.link, "carol")
        self.see(self.alice, lambda: any(e["name"] == "alice" for e in bob.events("join")), "the client to see the stranger")
        self.alice.tell(self.alice.person("bob"), "for you alone")
        self.see(self.alice, lambda: bob.events("message"), "the stranger's direct message")
        self.assertEqual([(e["from"], e["text"], e["direct"]) for e in bob.events("message")], [("alice", "for you alone", True)])
        bob.type("/msg alice and for you\nfor everybody\n")
        self.see(self.alice, lambda: len(self.alice.member.heard_words()) == 2, "the client's direct message, and what it said")
        heard = [(line.name, line.text, line.direct) for line in self.alice.member.lines if not line.own]
        self.assertEqual(heard, [("bob", "and for you", True), ("bob", "for everybody", False)])
        self.see(carol, lambda: carol.member.lines, "what everybody may read")
        self.assertEqual(carol.member.heard_words(), [("bob", "for everybody")])
        self.assert_nothing_doubted()
        self.assert_nothing_odd(carol)

    def test_a_name_has_one_holder(self):
        bob = self.writer("Zoë")
        other = self.stranger(self.link, "ZOE\u0308")
        self.see(other, lambda: other.turned_away, "to be turned away")
        self.assertEqual((other.turned_away, other.joined), ([stranger.NAME_TAKEN], False))
        bob.type("/name Alice\n")
        self.see(self.alice, lambda: bob.events("name_taken"), "the client to be refused the stranger's name")
        self.assertEqual([e["name"] for e in bob.events("name_taken")], ["Alice"])
        self.assertTrue(self.alice.person("Zoë"))
        bob.type("/name bob\n")
        self.see(self.alice, lambda: self.alice.person("bob"), "another name")
        other.rename("zoë")
        self.see(other, lambda: other.joined, "the name that is free")
        self.see(self.alice, lambda: any(e["name"] == "zoë" for e in bob.events("join")), "the client to see it")
        self.alice.rename("alison")
        self.see(self.alice, lambda: bob.events("rename"), "the client to see the stranger's new name")
        self.assertEqual([(e["before"], e["name"]) for e in bob.events("rename")], [("alice", "alison")])
        self.assert_nothing_doubted()

    def test_the_client_refused_a_name_from_the_start(self):
        for name in ("ALICE", "Alice"):
            refused = self.keep(SealedClient(self.link, "--name", name, "--no-audio"))
            self.see(self.alice, lambda: refused.events("name_taken") or not refused.running, "the client to be refused")
            self.assertFalse(refused.is_here())

    def test_who_is_here(self):
        bob = self.writer()
        whom = self.alice.person("bob")
        self.see(self.alice, lambda: bob.events("join"), "the client to see the stranger")
        (seen,) = bob.events("join")
        self.assertEqual((seen["name"], seen["identity"]), ("alice", stranger_member.fingerprint(self.alice.identity.public)))
        self.assertAlmostEqual(whom.since_ms / 1000, time.time(), delta=60)
        self.alice.say("hello")
        bob.type("hello\n")
        self.see(self.alice, lambda: self.alice.member.heard_words(), "the client's text")
        self.assertEqual([line.identity for line in self.alice.member.lines if not line.own], [whom.identity])
        bob.stop(signal.SIGINT)
        self.see(self.alice, lambda: not self.alice.member.others(), "the client to be gone")
        self.assert_nothing_doubted()

    def test_who_is_muted(self):
        silence = write_wav(self.path("silence.wav"), [0] * RATE)
        self.client(self.alice, self.link, "--name", "mute", "--input", silence, "--repeat", "--mute", "--output", self.path("heard.wav"))
        self.client(self.alice, self.link, "--name", "live", "--input", silence, "--repeat", "--output", self.path("other.wav"))
        self.see(self.alice, lambda: self.alice.person("mute") and self.alice.person("live"), "both presences")
        self.see(self.alice, lambda: self.alice.person("mute").muted and not self.alice.person("live").muted, "who is muted")

    def test_a_relay_that_is_killed(self):
        """What was written before, and while it was away, arrives once, and each one's in their order."""
        bob = self.writer()
        for number in range(20):
            bob.type(f"bob {number}\n")
            self.alice.say(f"alice {number}")
            self.alice.run(timeout_s=0.01)
            if number == 9:
                self.relay.kill()
        self.start_sealed_relay(port=self.port)
        whole = sorted(f"{name} {number}" for name in ("alice", "bob") for number in range(20))
        self.see(self.alice, lambda: sorted(line.text for line in self.alice.member.lines) == whole, "all of it at the stranger's")

        def shown():
            return [event for event in map(json.loads, bob.out.all()) if event["event"] in ("message", "sent")]

        self.see(self.alice, lambda: len(shown()) >= 40, "all of it at the client's")
        self.alice.run(timeout_s=1.0)
        self.assertEqual(sorted(e["text"] for e in shown()), whole)
        self.assertEqual(len(self.alice.member.lines), 40)
        self.see(self.alice, lambda: self.alice.person("bob"), "the client's presence")
        carol = self.joined(self.link, "carol")
        self.see(carol, lambda: len(carol.member.lines) == 40, "all of it at somebody's who comes later")
        self.assertEqual(sorted(line.text for line in carol.member.lines), whole)
        for name in ("alice", "bob"):
            self.assertEqual([line.text for line in carol.member.lines if line.name == name], [f"{name} {number}" for number in range(20)])
        self.assert_nothing_doubted()

    def test_the_client_hears_the_stranger(self):
        opus = Opus()
        bob = self.client(self.alice, self.link, "--name", "bob", "--output", self.path("heard.wav"))
        self.alice.speak(opus.encode(tone(3.0, 440)))
        self.see(self.alice, lambda: any(not e["begins"] for e in bob.events("talking")), "all to be heard", 3 + START_S)
        bob.stop(signal.SIGINT)
        self.assertGreaterEqual(self.alice.member.echoes_sent, 1)
        (heard,) = bob.events("stats")[-1]["speakers"]
        self.assertEqual((heard["name"], heard["received"], heard["lost"]), ("alice", 150, 0))
        seconds, level, share = heard_tone(read_samples(self.path("heard.wav")), 440)
        self.assertAlmostEqual(seconds, 3.0, delta=0.3 if not SANITIZED else 1.5)
        self.assertAlmostEqual(20 * math.log10(level / (AMPLITUDE / math.sqrt(2))), 0, delta=1.5)
        self.assertGreater(share, 0.9)

    def test_the_stranger_hears_the_client(self):
        opus = Opus()
        spoken = write_wav(self.path("spoken.wav"), tone(3.0, 660))
        bob = self.keep(SealedClient(self.link, "--name", "bob", "--input", spoken, "--exit-at-end"))
        self.see(self.alice, lambda: not bob.running, "the client to have spoken", 3 + START_S)
        self.assertEqual(bob.wait(), 0)
        self.alice.run(timeout_s=0.2)
        (stream,) = self.alice.member.streams.values()
        self.assertEqual(stream.name, "bob")
        # 3 s are 150 frames, and one more for what the encoder still held.
        self.assertEqual(len(stream.heard), 151)
        ordered = sorted(stream.heard)
        self.assertEqual([p.ctr - ordered[0].ctr for p in ordered], list(range(151)))
        self.assertEqual(len({len(p.opus) for p in ordered}), 1, "all frames have one length")
        self.assertTrue(ordered[0].marker)
        seconds, level, share = heard_tone(opus.decode([p.opus for p in ordered]), 660)
        self.assertAlmostEqual(seconds, 3.0, delta=0.2)
        self.assertAlmostEqual(20 * math.log10(level / (AMPLITUDE / math.sqrt(2))), 0, delta=1.5)
        self.assertGreater(share, 0.9)
        self.assert_nothing_odd(self.alice)

    def test_a_conversation_through_everything(self):
        """Voice both ways while the stranger rekeys and roams and the relay restarts: the same stream goes on at both ends."""
        opus = Opus()
        write_wav(self.path("spoken.wav"), tone(2.0, 660))
        voice = opus.encode(tone(2.0, 440)) * round(15 + 15 * TIME_SCALE)  # whole waves, so that the end fits the beginning
        bob = self.client(self.alice, self.link, "--name", "bob", "--input", self.path("spoken.wav"), "--repeat", "--output", self.path("heard.wav"))
        self.alice.speak(voice)

        def heard():
            return sum(len(s.heard) for s in self.alice.member.streams.values())

        def see_more(what):
            before = heard()
            self.see(self.alice, lambda: heard() > before + 50, f"a second of the client after {what}")

        see_more("the beginning")
        self.alice.rekey()
        self.see(self.alice, lambda: self.alice.rekeyed, "a Rekeyed")
        see_more("the rekey")
        self.alice.roam()
        see_more("roaming")
        self.assertGreaterEqual(self.alice.challenges, 1)
        self.relay.kill()
        self.start_sealed_relay(port=self.port)
        self.see(self.alice, lambda: self.alice.welcomes == 2, "to be welcome again")
        see_more("the restart")
        self.assertEqual([s.name for s in self.alice.member.streams.values()], ["bob"])
        echoes, begun = self.alice.member.echoes_sent, time.monotonic()
        self.alice.run(lambda: time.monotonic() - begun > 1.0, timeout_s=2.0)
        self.assertEqual(self.alice.member.echoes_sent, echoes, "the client asks no more of whom it hears")
        bob.stop(signal.SIGINT)
        (speaker,) = bob.events("stats")[-1]["speakers"]
        self.assertEqual(speaker["name"], "alice")
        seconds, _, share = heard_tone(read_samples(self.path("heard.wav")), 440)
        self.assertGreater(seconds, 2.0)
        self.assertGreater(share, 0.9 if not SANITIZED else 0.5)


if __name__ == "__main__":
    unittest.main()
