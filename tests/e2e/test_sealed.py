"""Sealed rooms as people and operators meet them: links, passphrases, trust, and what goes wrong, each in a clear sentence."""

import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness
from harness import Program, binary, free_udp_port, wait_until
from sealed_rooms import LINK, SLOW, SealedTest

class Joining(SealedTest):
    def test_two_people_and_one_link(self):
        relay = self.relay()
        bob = self.join(relay.link, "--name", "bob")
        self.see(bob, "relay", here=True)
        alice = self.join(relay.link, "--name", "alice", "--text", "good evening")
        heard = self.see(bob, "message")
        self.assertEqual((heard[0]["from"], heard[0]["text"]), ("alice", "good evening"))
        alice.stop(signal.SIGINT)
        bob.stop(signal.SIGINT)
        relay.stop()
        self.assertIn("books balance", relay.out.all()[-1])

    def test_every_way_to_give_a_link(self):
        relay = self.relay()
        ways = [
            ([relay.link], {}),
            (["--link-file", self.write("room.link", relay.link + "\n")], {}),
            ([], {"env": {"HUBBUB_LINK": relay.link}}),
        ]
        for arguments, options in ways:
            with self.subTest(arguments=arguments):
                client = self.join(*arguments, **options)
                self.see(client, "relay", here=True)
                client.stop(signal.SIGINT)
        client = self.join("-", stdin=subprocess.PIPE)
        client.type(relay.link + "\n")
        self.see(client, "relay", here=True)
        client.stop(signal.SIGINT)

    def test_a_room_with_a_passphrase(self):
        relay = self.relay()
        room = f"hubbub://127.0.0.1:{relay.port}/garden"
        words = self.write("words", "correct horse battery staple\n")
        bob = self.join(room, "--passphrase-file", words)
        self.see(bob, "relay", here=True)
        other = self.join(room, "--passphrase-file", self.write("other", "another\n"))
        self.see(other, "relay", here=True)
        alice = self.join(room, "--passphrase", "--text", "through the hedge", stdin=subprocess.PIPE)
        alice.type("correct horse battery staple\n")
        self.assertEqual(self.see(bob, "message")[0]["text"], "through the hedge")
        self.assertEqual(self.events(other, "message"), [], "another passphrase is another room")
        for client in (alice, bob, other):
            client.stop(signal.SIGINT)

    def test_an_invite_to_a_new_room(self):
        relay = self.relay()
        for command in (
            [binary("hubbub-relay"), "invite", "--key", self.path("relay.key"), "--host", "127.0.0.1", "--sealed", str(relay.port)],
            [binary("hubbub"), "invite", relay.link],
        ):
            code, out, _ = self.run_to_end(command, env=self.env)
            self.assertEqual(code, 0)
            self.assertRegex(out.strip(), LINK)
            self.assertNotEqual(out.strip(), relay.link)
            client = self.join(out.strip())
            self.see(client, "relay", here=True)
            client.stop(signal.SIGINT)

    def test_a_link_is_hidden_from_ps(self):
        relay = self.relay()
        client = self.join(relay.link)
        self.see(client, "relay", here=True)
        secret = relay.link.split("#")[1]
        shown = pathlib.Path(f"/proc/{client.pid}/cmdline").read_bytes().decode()
        self.assertNotIn(secret, shown)
        self.assertNotIn(secret[:10], shown)
        client.stop(signal.SIGINT)


class Obstacles(SealedTest):
    def test_a_relay_that_is_not_there(self):
        relay = self.relay()
        link = relay.link
        relay.stop()
        client = self.join(link)
        self.assertIn("no relay answers there", self.see(client, "relay", here=False)[0]["why"])
        client.stop(signal.SIGINT, code=1)

    def test_a_relay_that_is_silent(self):
        # A port that takes everything and says nothing, as behind a firewall.
        with harness.UdpClient(free_udp_port(), bind=("127.0.0.1", 0)) as silent:
            relay = self.relay()
            client = self.join(relay.link.replace(f":{relay.port}/", f":{silent.port}/"))
            self.assertIn("does not answer", self.see(client, "relay", here=False)[0]["why"])
            client.stop(signal.SIGINT, code=1)

    def test_a_wrong_key(self):
        first = self.relay()
        link = first.link
        first.stop()
        again = self.relay(port=first.port, key="another.key")
        self.assertIn("with another key than the one expected", self.refused(link))
        again.stop()

    def test_a_token(self):
        token = self.write("token", "a long and secret token\n")
        relay = self.relay("--access-token-file", token)
        self.assertIn("wants an access token", self.refused(relay.link))
        self.assertIn("wants an access token", self.refused(relay.link, "--access-token-file", self.write("wrong", "guess\n")))
        # Who does not know the key hears nothing at all without the token.
        words = self.write("words", "sesame\n")
        self.assertIn("nothing answers there", self.refused(f"hubbub://127.0.0.1:{relay.port}/garden", "--passphrase-file", words, code=2))
        client = self.join(relay.link, "--access-token-file", token)
        self.see(client, "relay", here=True)
        client.stop(signal.SIGINT)

    def test_a_full_relay_and_a_full_room(self):
        relay = self.relay("--max-sessions", "2")
        here = [self.join(relay.link) for _ in range(2)]
        for client in here:
            self.see(client, "relay", here=True)
        self.assertIn("the relay is full", self.refused(relay.link))
        small = self.relay("--max-peers", "2", key="small.key")
        for _ in range(2):
            self.see(self.join(small.link), "relay", here=True)
        self.assertIn("the room is full", self.refused(small.link))

    def test_a_changed_key_is_refused_as_ssh_does(self):
        first = self.relay()
        room = f"hubbub://127.0.0.1:{first.port}/garden"
        words = self.write("words", "sesame\n")
        client = self.join(room, "--passphrase-file", words)
        self.see(client, "relay", here=True)
        client.stop(signal.SIGINT)
        known = self.directory / ".config" / "hubbub" / "known_relays"
        self.assertEqual(stat.S_IMODE(known.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(known.parent.stat().st_mode), 0o700)
        first.stop()
        again = self.relay(port=first.port, key="another.key")
        said = self.refused(room, "--passphrase-file", words)
        self.assertIn("with another key than the one expected", said)
        self.assertIn(f"remove line 2 of {known}", said)
        self.assertIn("remove line 2", self.refused(again.link, code=2))
        known.write_text("".join(known.read_text().splitlines(keepends=True)[:1]))
        client = self.join(room, "--passphrase-file", words)
        self.see(client, "relay", here=True)
        client.stop(signal.SIGINT)

    def test_wrong_links(self):
        for link, words in (
            ("hubbub://127.0.0.1:5240/#abc", "cut off"),
            ("hubbub://:5240/#abc", "hubbub://"),
            ("hubbub://127.0.0.1/garden", "passphrase"),
            ("http://127.0.0.1/", "open://"),
        ):
            with self.subTest(link=link):
                said = self.refused(link, code=2)
                self.assertIn(words, said)
                self.assertEqual(len(said.strip().splitlines()), 1)


class TheRelaysKey(SealedTest):
    def test_is_made_once_and_kept(self):
        relay = self.relay()
        self.assertEqual(stat.S_IMODE(os.stat(self.path("relay.key")).st_mode), 0o600)
        relay.stop()
        again = self.relay()
        self.assertEqual(again.link.split("#")[1][:42], relay.link.split("#")[1][:42], "the same relay")
        self.assertNotEqual(again.link, relay.link, "another room")
        _, out, _ = self.run_to_end([binary("hubbub-relay"), "key", "--key", self.path("relay.key")], env=self.env)
        self.assertEqual(out.strip()[:42], relay.link.split("#")[1][:42])

    def test_that_others_can_read_is_refused(self):
        self.relay().stop()
        os.chmod(self.path("relay.key"), 0o640)
        self.assert_refuses_to_start([binary("hubbub-relay"), "--key", self.path("relay.key"), "--sealed", "0"], "can be read by others", "chmod 600")

    def test_that_is_damaged_is_refused(self):
        key = self.write("relay.key", "not a key\n")
        self.assert_refuses_to_start([binary("hubbub-relay"), "--key", key, "--sealed", "0"], "is not a relay's key")
        self.assertEqual(pathlib.Path(key).read_text(), "not a key\n", "and nothing is lost")

    def test_is_not_printed_into_a_journal(self):
        relay = self.keep(
            Program([binary("hubbub-relay"), "--sealed", "0", "--key", self.path("k"), "--bind", "127.0.0.1"], env={**self.env, "JOURNAL_STREAM": "8:1"})
        )
        relay.err.wait_for("hubbub-relay invite")
        relay.stop()
        self.assertNotIn("hubbub://", relay.out.text + relay.err.text)


class Staying(SealedTest):
    def test_a_killed_relay_comes_back_and_the_room_with_it(self):
        relay = self.relay()
        bob = self.join(relay.link, "--name", "bob")
        alice = self.join(relay.link, "--name", "alice", stdin=subprocess.PIPE)
        for client in (alice, bob):
            self.see(client, "relay", here=True)
        relay.kill()
        relay = self.relay(port=relay.port)
        back = time.monotonic()
        for client in (alice, bob):
            self.see(client, "relay", here=True, count=2)
        self.assertLess(time.monotonic() - back, 4 * SLOW)
        alice.type("we are back\n")
        self.assertEqual(self.see(bob, "message")[0]["text"], "we are back")
        for client in (alice, bob):
            client.stop(signal.SIGINT)

    def test_a_relay_that_stops_says_so(self):
        relay = self.relay()
        client = self.join(relay.link)
        self.see(client, "relay", here=True)
        relay.stop()
        self.see(client, "relay", here=False, timeout_s=1.5 * SLOW)
        client.stop(signal.SIGINT)

    def test_another_way_to_the_relay(self):
        """The proxy between them is replaced: to the relay, the client has moved. It goes on in the same session."""
        relay = self.relay("--stats-format", "json")
        proxy_port = free_udp_port()
        proxy = [binary("hubbub-lab"), "proxy", "--listen", f"127.0.0.1:{proxy_port}", "--to", f"127.0.0.1:{relay.port}"]
        first = self.keep(Program(proxy))
        first.err.wait_for("listening on")
        bob = self.join(relay.link.replace(f":{relay.port}/", f":{proxy_port}/"))
        alice = self.join(relay.link, "--name", "alice", stdin=subprocess.PIPE)
        for client in (alice, bob):
            self.see(client, "relay", here=True)
        first.stop(signal.SIGTERM)
        second = self.keep(Program(proxy))
        second.err.wait_for("listening on")
        relay_moved = lambda: (relay.send_signal(signal.SIGUSR1), time.sleep(0.1), json.loads(relay.out.all()[-1])["sealed"]["moves"] == 1)[2]
        wait_until(relay_moved, "the session to move", 6 * SLOW, step_s=0.2)
        alice.type("still there?\n")
        self.assertEqual(self.see(bob, "message")[0]["text"], "still there?")
        self.assertEqual(json.loads(relay.out.all()[-1])["sealed"]["handshakes"], 2)
        for client in (alice, bob):
            client.stop(signal.SIGINT)


if __name__ == "__main__":
    unittest.main()
