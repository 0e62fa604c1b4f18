"""A stranger, written from the protocol's document alone, in sealed rooms of the real relay with the real client."""

import json
import math
import random
import signal
import subprocess
import time
import unittest

import stranger
import stranger_member
from harness import SANITIZED, TIME_SCALE
from stranger_company import AMPLITUDE, RATE, START_S, Company, Opus, SealedClient, heard_tone, tone, write_wav
from test_client import read_samples


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
