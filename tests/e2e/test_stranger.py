"""A stranger's client, written from the protocol's document alone, by itself.

Its cryptography is checked against published vectors first, so that what it and our programs agree on is not a mistake they share.
"""

import copy
import json
import os
import struct
import unittest

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import stranger
import stranger_member
from stranger import Dropped


def vectors(name):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors", name), encoding="utf-8") as file:
        return json.load(file)


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
        log.welcome(0, new_epoch=True, stored_before=0)
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


if __name__ == "__main__":
    unittest.main()
