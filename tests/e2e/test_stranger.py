"""A stranger's client, written from the protocol's document alone, in sealed rooms of the real relay with the real client.

Its own cryptography is checked against published vectors first, so that what the two agree on is not a mistake they share.
"""

import ctypes
import ctypes.util
import json
import math
import os
import re
import signal
import statistics
import struct
import tempfile
import time
import unittest
import wave

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import harness
import stranger
from harness import E2eTest, PATIENCE_S, SANITIZED, TIME_SCALE, binary, wait_until
from stranger import Dropped, Stranger
from test_client import read_samples

RATE = 48_000
FRAME = RATE // 50
INVITE = r"hubbub://127\.0\.0\.1:(\d+)/#[A-Za-z0-9_-]{86}"
AMPLITUDE = 9_000
START_S = 4 * PATIENCE_S


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
            self.assertEqual(stranger.sframe_header(vector["kid"], vector["ctr"]), encoded)
            self.assertEqual(stranger.read_sframe_header(encoded), (vector["kid"], vector["ctr"], len(encoded)))

    def test_sframe_cipher_suite_1(self):
        (vector,) = [v for v in vectors("sframe.json")["sframe"] if v["cipher_suite"] == 1]
        key = stranger.SFrameKey(bytes.fromhex(vector["base_key"]), vector["kid"])
        self.assertEqual(key.key.hex(), vector["sframe_key"])
        self.assertEqual(key.salt.hex(), vector["sframe_salt"])
        self.assertEqual(key.nonce(vector["ctr"]).hex(), vector["nonce"])
        header, metadata, plaintext = stranger.sframe_header(vector["kid"], vector["ctr"]), bytes.fromhex(vector["metadata"]), bytes.fromhex(vector["pt"])
        sealed = key.seal(vector["ctr"], metadata, plaintext)
        self.assertEqual((header + sealed).hex(), vector["ct"])
        self.assertEqual(key.open(vector["ctr"], metadata, sealed), plaintext)
        for spoilt in (sealed[:-1] + b"?", b"?" + sealed[1:], sealed[:5]):
            with self.assertRaises(Dropped):
                key.open(vector["ctr"], metadata, spoilt)

    def test_aes_ctr_with_hmac(self):
        (vector,) = [v for v in vectors("sframe.json")["aes_ctr_hmac"] if v["cipher_suite"] == 1]
        key = stranger.SFrameKey(b"", 0)
        key.key = bytes.fromhex(vector["key"])
        ciphertext = stranger.aes_ctr(key.key[:16], bytes.fromhex(vector["nonce"]), bytes.fromhex(vector["pt"]))
        tag = key.tag(bytes.fromhex(vector["nonce"]), bytes.fromhex(vector["aad"]), ciphertext)
        self.assertEqual((ciphertext + tag).hex(), vector["ct"])


class Alone(unittest.TestCase):
    """What the stranger believes the document says, between two of its own."""

    def setUp(self):
        self.alice, self.bob = (stranger.Member(bytes(32), name) for name in ("alice", "bob"))

    def deliver(self, *elements, to=None, now=0.0):
        (to or self.bob).receive([e for data in elements for e in stranger.elements_of(data)], now)

    def let_hear(self):
        """Bob has heard a first frame of alice's and asked, and alice has answered."""
        self.deliver(self.alice.frame(b"first"))
        (asked,), self.bob.outbox = self.bob.outbox, []
        self.deliver(asked, to=self.alice)
        (echo,), self.alice.outbox = self.alice.outbox, []
        self.deliver(echo)
        return self.bob.streams[self.alice.ssrc, self.alice.kid]

    def test_replay_window(self):
        window = stranger.ReplayWindow()
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
        other = stranger.Member(bytes(32), "carol")
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
        self.deliver(newest, stranger.element(stranger.SIBLING, bytes([0x80 | 3, 8]) + sealed))
        self.assertEqual([p.opus for p in stream.heard], [b"first", b"newest", b"lost"])
        self.assertEqual(stream.heard[1].ctr - stream.heard[2].ctr, 3)
        self.assertTrue(stream.heard[2].marker)
        self.deliver(stranger.element(stranger.SIBLING, bytes([3, 8]) + sealed))
        self.assertEqual(self.bob.dropped["bad_element"], 1, "there is no frame before it")

    def test_text_counts_once(self):
        line = self.alice.text("grüß dich")
        self.deliver(line, line)
        self.assertEqual([(t.name, t.text) for t in self.bob.texts], [("alice", "grüß dich")])
        self.assertEqual(self.bob.dropped["replayed"], 1)

    def test_another_room_opens_nothing(self):
        other = stranger.Member(bytes(31) + b"1", "carol")
        self.deliver(self.alice.frame(b"x"), self.alice.text("x"), to=other)
        self.assertEqual(other.dropped, {"bad_tag": 2})
        self.assertEqual(other.outbox, [])

    def test_a_nack_is_answered(self):
        first, second, third = (self.alice.frame(b"x") for _ in range(3))
        sequence = (self.alice.ctr - 3) & 0xFFFF
        self.deliver(stranger.element(stranger.NACK, struct.pack(">IHH", self.alice.ssrc, sequence, 2)), to=self.alice)
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
    """hubbub join with JSON events."""

    def __init__(self, link, *arguments, **options):
        super().__init__([binary("hubbub"), "join", link, "--json", *arguments], **options)

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

    def stranger(self, link, name="stranger", **options):
        someone = Stranger(link, name, **options)
        self.addCleanup(someone.close)
        return someone

    def see(self, someone, until, what, timeout_s=START_S):
        """Lets the stranger live until something is so."""
        value = someone.run(until, timeout_s)
        seen = f"received {dict(someone.received)}, dropped {dict(someone.dropped)}, {dict(someone.member.dropped) if someone.member else ''}"
        self.assertTrue(value, f"waited {timeout_s:.1f} s in vain for {what}; {seen}")
        return value

    def joined(self, link, name="stranger", **options):
        someone = self.stranger(link, name, **options)
        self.see(someone, lambda: someone.joined, "a Welcome")
        return someone

    def client(self, someone, link, *arguments):
        """The real client, joined, while the stranger lives on."""
        program = self.keep(SealedClient(link, *arguments))
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
        self.see(bob, lambda: bob.member.texts, "a text")
        self.assertEqual(bob.member.texts, [stranger.Line("alice", "hello", alice.member.ssrc)])
        sent = [os.urandom(80) for _ in range(50)]
        alice.speak(sent)

        def both():
            bob.run(timeout_s=0)
            return any(len(s.heard) == 50 for s in bob.member.streams.values())

        self.see(alice, both, "all of her voice")
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
        bob.run(timeout_s=0.5)
        self.assertEqual(bob.received[stranger.BUNDLE], 0)

    def test_an_ssrc_that_is_taken(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob = self.joined(link, "alice"), self.stranger(link, "bob")
        bob.member.ssrc = alice.member.ssrc
        self.see(bob, lambda: bob.joined, "a Welcome all the same")
        self.assertEqual(bob.turned_away, [2])
        self.assertNotEqual(bob.member.ssrc, alice.member.ssrc)
        bob.say("it is me")
        self.see(alice, lambda: alice.member.texts, "a text")

    def test_nobody_speaks_for_another(self):
        _, link, _ = self.start_sealed_relay()
        alice, bob, mallory = (self.joined(link, name) for name in ("alice", "bob", "mallory"))
        mallory.member.ssrc = bob.member.ssrc
        mallory.say("I am bob")
        mallory.speak([bytes(80)] * 5)
        mallory.run(timeout_s=0.2)
        bob.say("no, I am")
        self.see(alice, lambda: alice.member.texts, "a text")
        alice.run(timeout_s=0.2)
        self.assertEqual([line.text for line in alice.member.texts], ["no, I am"])
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
        self.see(bob, lambda: len(bob.member.texts) == 2, "both texts")
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
        self.see(alice, lambda: alice.member.texts, "a text at the new address")
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
        self.see(bob, lambda: bob.member.texts, "a text")

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

    def test_text_both_ways(self):
        bob = self.client(self.alice, self.link, "--name", "bob", "--no-audio", "--text", "grüß dich 你好")
        self.see(self.alice, lambda: self.alice.member.texts, "the client's text")
        (line,) = self.alice.member.texts
        self.assertEqual((line.name, line.text), ("bob", "grüß dich 你好"))
        self.alice.say("hello, bob")
        self.see(self.alice, lambda: bob.events("text"), "the stranger's text")
        self.assertEqual([(e["from"], e["text"]) for e in bob.events("text")], [("alice", "hello, bob")])
        bob.stop(signal.SIGINT)
        self.see(self.alice, lambda: self.alice.members == 1, "the client to have left")
        self.assert_nothing_odd(self.alice)

    def test_the_client_hears_the_stranger(self):
        opus = Opus()
        bob = self.client(self.alice, self.link, "--name", "bob", "--output", self.path("heard.wav"))
        self.alice.speak(opus.encode(tone(3.0, 440)))
        self.see(self.alice, lambda: any(not e["begins"] for e in bob.events("speaking")), "all to be heard", 3 + START_S)
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
