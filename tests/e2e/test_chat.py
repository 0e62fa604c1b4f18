"""People who write to each other in a sealed room, and scripts that do: nothing is lost, nothing comes twice, and everybody sees one order."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import Program, binary, free_udp_port, wait_until
from sealed_rooms import SLOW, SealedTest

NOBODY = subprocess.DEVNULL


class ChatTest(SealedTest):
    def tail(self, link, name, *arguments):
        return self.hubbub("tail", link, "--json", "--name", name, *arguments)

    def send(self, link, name, lines, *arguments, code=0, timeout_s=60.0):
        """`hubbub send` to its end: what it said."""
        process = subprocess.run(
            [binary("hubbub"), "send", link, "--name", name, "--identity", self.path(f"{name}.identity"), *arguments],
            input="".join(f"{line}\n" for line in lines),
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            timeout=timeout_s * SLOW,
        )
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        self.assertEqual(process.stdout, "")
        return process.stderr

    def texts(self, program, kinds=("message",), **fields):
        events = [event for event in map(json.loads, program.out.all()) if event["event"] in kinds]
        return [event for event in events if all(event.get(k) == v for k, v in fields.items())]

    def wait_for_texts(self, program, count, timeout_s=20.0, **fields):
        def enough():
            found = self.texts(program, **fields)
            return found if len(found) >= count else None

        try:
            return wait_until(enough, f"{count} texts", timeout_s * SLOW)
        except AssertionError as error:
            raise AssertionError(f"{error}; what came:\n{program.out.text[-10_000:]}\n{program.err.text}") from None


class FourUsers(ChatTest):
    """The classic demonstration of a chat: people register, list who is there, and write to a friend of their choice."""

    def test_register_list_and_message_a_friend(self):
        relay = self.relay()
        names = ["ann", "ben", "cem", "dee"]
        tails = {name: self.tail(relay.link, name) for name in names}
        for name in names:  # each sees all others, whoever came first
            wait_until(lambda n=name: {e["name"] for e in self.events(tails[n], "join")} == set(names) - {n}, f"all to be seen by {name}", 15 * SLOW)
        self.send(relay.link, "ann", ["hello, everybody"])
        friends = dict(zip(names, names[1:] + names[:1]))
        for name, friend in friends.items():
            self.send(relay.link, name, [f"hello {friend}, this is {name}"], "--to", friend)
        for name, friend in friends.items():
            to_friend = self.wait_for_texts(tails[friend], 1, direct=True)
            self.assertEqual([(e["from"], e["text"]) for e in to_friend], [(name, f"hello {friend}, this is {name}")])
        for name in names:
            said = self.wait_for_texts(tails[name], 1, direct=False)
            self.assertEqual([(e["from"], e["text"]) for e in said], [("ann", "hello, everybody")])

    def test_a_name_belongs_to_one(self):
        relay = self.relay()
        ann = self.tail(relay.link, "Ann")
        self.see(ann, "relay", here=True)
        for name in ("ANN", "ann"):
            said = self.send(relay.link, name, ["it is me"], code=1)
            self.assertIn("already", said)
            self.assertRegex(said, r"--name \w+2")
        # Her own scripts have it too.
        self.send(relay.link, "Ann", ["it is really me"])
        self.wait_for_texts(ann, 1)

    def test_whoever_comes_later_sees_what_was_before(self):
        relay = self.relay()
        ann = self.tail(relay.link, "ann")
        self.see(ann, "relay", here=True)
        self.send(relay.link, "ben", [f"line {i}" for i in range(80)])
        self.wait_for_texts(ann, 80)
        cem = self.tail(relay.link, "cem")
        before = self.wait_for_texts(cem, 50)
        self.assertEqual([(e["text"], e["earlier"]) for e in before], [(f"line {i}", True) for i in range(30, 80)])
        self.assertFalse(any(e["earlier"] for e in self.texts(ann)))

    def test_a_bot_in_three_lines_of_shell(self):
        relay = self.relay()
        self.write("room.link", relay.link + "\n")
        bot = f"""{binary("hubbub")} tail --link-file room.link --name clock |
  while read -r line; do case $line in *"> !time") date +%Y;; esac; done |
  {binary("hubbub")} send --link-file room.link --name clock"""
        program = self.keep(Program(["setsid", "sh", "-c", bot], env=self.env, cwd=str(self.directory)))
        self.addCleanup(lambda: subprocess.run(["pkill", "-g", str(program.pid)], check=False))
        ann = self.tail(relay.link, "ann")
        self.see(ann, "join", name="clock", timeout_s=10)
        self.send(relay.link, "ann", ["!time"])
        (answer,) = self.wait_for_texts(ann, 1, **{"from": "clock"})
        self.assertEqual(answer["text"], time.strftime("%Y"))

    def test_send_says_how_it_went(self):
        relay = self.relay()
        self.assertIn("nobody called eve", self.send(relay.link, "ann", ["hello"], "--to", "eve", code=4))
        nowhere = relay.link.replace(f":{relay.port}/", f":{free_udp_port()}/")
        self.assertIn("no relay answers there", self.send(nowhere, "ann", ["hello"], "--timeout", "1s", code=1))
        self.assertIn("standard input", self.send("-", "ann", [], code=2))
        self.assertEqual(self.send(relay.link, "ann", []), "")  # nothing to say is said well
        words = "word " * 400
        ben = self.tail(relay.link, "ben")
        self.see(ben, "relay", here=True)
        self.send(relay.link, "ann", [words])
        wait_until(lambda: " ".join(e["text"] for e in self.texts(ben)) == words.strip(), "a long line in pieces", 10 * SLOW)


class BadNetworks(ChatTest):
    MESSAGES = int(os.environ.get("HUBBUB_MESSAGES", "150"))  # of each of four; 1,000 take some two minutes

    def test_a_third_is_lost_and_nothing_is_missing(self):
        relay = self.relay()
        names = ["ann", "ben", "cem", "dee"]
        proxy = self.keep(
            Program([binary("hubbub-lab"), "proxy", "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{relay.port}", "--loss", "30%", "--duplicate", "5%", "--delay", "10ms", "--jitter", "30ms", "--reorder"])
        )
        port = re.search(r":(\d+)", proxy.err.wait_for(r"listening on \S+:\d+").group(0)).group(1)
        link = relay.link.replace(f":{relay.port}/", f":{port}/")
        people = {name: self.join(link, "--name", name, stdin=subprocess.PIPE) for name in names}
        for name in names:
            wait_until(lambda n=name: {e["name"] for e in self.events(people[n], "join")} == set(names) - {n}, f"{name} to see all", 60 * SLOW)
        for i in range(self.MESSAGES):
            for name in names:
                people[name].type(f"{name} {i}\n")
        total = self.MESSAGES * len(names)
        seen = {name: self.wait_for_texts(people[name], total, 240.0, kinds=("message", "sent")) for name in names}
        orders = [[e["text"] for e in seen[name]] for name in names]
        self.assertEqual(len(set(orders[0])), total)
        for order in orders:
            self.assertEqual(order, orders[0])
        for name in names:
            self.assertEqual([text for text in orders[0] if text.startswith(name)], [f"{name} {i}" for i in range(self.MESSAGES)])


    def test_the_last_words_of_one_who_leaves_arrive(self):
        relay = self.relay()
        ben = self.tail(relay.link, "ben")
        self.see(ben, "relay", here=True)
        proxy = self.keep(Program([binary("hubbub-lab"), "proxy", "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{relay.port}", "--delay", "100ms"]))
        port = re.search(r":(\d+)", proxy.err.wait_for(r"listening on \S+:\d+").group(0)).group(1)
        for how in ("quit", "interrupt"):
            ann = self.join(relay.link.replace(f":{relay.port}/", f":{port}/"), "--name", "ann", stdin=subprocess.PIPE)
            self.see(ann, "relay", here=True)
            ann.type("".join(f"{how} {i}\n" for i in range(100)))  # more than is under way at once
            if how == "quit":
                ann.type("/quit\n")
                self.assertEqual(ann.wait(), 0)
            else:
                time.sleep(0.2)
                ann.stop(signal.SIGINT, within_s=5)
            said = [f"{how} {i}" for i in range(100)]
            wait_until(lambda: len([e for e in self.texts(ben) if e["text"].startswith(how)]) >= len(said), "the last words", 20 * SLOW)
            self.assertEqual([e["text"] for e in self.texts(ben) if e["text"].startswith(how)], said)


class KilledRelays(ChatTest):
    def kill_in_the_middle(self, *arguments):
        relay = self.relay(*arguments)
        ann = self.join(relay.link, "--name", "ann", stdin=subprocess.PIPE)
        ben = self.join(relay.link, "--name", "ben", stdin=subprocess.PIPE)
        for person in (ann, ben):
            self.see(person, "join")
        for i in range(20):
            ann.type(f"ann {i}\n")
            ben.type(f"ben {i}\n")
            if i == 9:
                relay.kill()
        relay = self.relay(*arguments, port=relay.port)
        back = time.monotonic()
        for person in (ann, ben):
            self.see(person, "relay", here=True, count=2, timeout_s=10)
        self.assertLess(time.monotonic() - back, 3 * SLOW)
        wanted = sorted([f"ann {i}" for i in range(20)] + [f"ben {i}" for i in range(20)])
        for person in (ann, ben):
            wait_until(lambda p=person: sorted(e["text"] for e in self.texts(p, ("message", "sent"))) == wanted, "every line once", 20 * SLOW)
        return relay, ann, ben

    def test_every_line_that_was_typed_arrives_once(self):
        self.kill_in_the_middle()

    def test_a_history_outlives_its_relay(self):
        relay, ann, ben = self.kill_in_the_middle("--history", self.path("history.db"))
        for person in (ann, ben):
            person.stop(signal.SIGINT)
        self.send(relay.link, "ann", ["the last word"])  # returns when it is stored
        relay.kill()
        relay = self.relay("--history", self.path("history.db"), port=relay.port)
        link = self.link_of_before
        cem = self.tail(link, "cem")
        texts = self.wait_for_texts(cem, 41)
        self.assertEqual(texts[-1]["text"], "the last word")
        self.assertTrue(all(e["earlier"] for e in texts))
        content = b"".join((self.directory / name).read_bytes() for name in os.listdir(self.directory) if name.startswith("history.db"))
        for words in (b"the last word", b"ann 1", b"cem"):
            self.assertNotIn(words, content)

    def relay(self, *arguments, **options):
        relay = super().relay(*arguments, **options)
        if not hasattr(self, "link_of_before"):
            self.link_of_before = relay.link
        relay.link = self.link_of_before  # the room of the first one
        return relay


if __name__ == "__main__":
    unittest.main()
