"""Strangers, written from the protocol's document alone, in sealed rooms of the real relay."""

import copy
import os
import unittest

import stranger
from stranger_company import Company


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


if __name__ == "__main__":
    unittest.main()
