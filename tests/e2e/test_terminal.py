"""The client as a person sees it: a real terminal (tmux), real keys, and what the screen shows."""

import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unicodedata
import unittest
import wave

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import harness
from harness import E2eTest, PATIENCE_S, binary, wait_until
from sealed_rooms import SLOW, SealedTest


class Terminal:
    """One tmux window with a program in it, on a server of its own."""

    def __init__(self, command, columns, rows):
        self.directory = tempfile.mkdtemp()
        self.socket = os.path.join(self.directory, "tmux")
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        environment.pop("TMUX", None)
        # A shell stays behind the program, so that one can see what it leaves on the screen.
        shell = "PS1='shell$ ' sh -i"
        subprocess.run(
            ["tmux", "-u", "-f", "/dev/null", "-S", self.socket, "new-session", "-d", "-x", str(columns), "-y", str(rows), f"{command}; echo status $?; {shell}"],
            check=True,
            env=environment,
        )

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-S", self.socket, *arguments], check=True, capture_output=True, text=True).stdout

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def key(self, *names):
        self.tmux("send-keys", *names)

    def screen(self):
        return self.tmux("capture-pane", "-p").rstrip("\n").split("\n")

    def history(self):
        return self.tmux("capture-pane", "-p", "-S", "-1000").rstrip("\n").split("\n")

    def wait_for(self, words):
        try:
            wait_until(lambda: any(words in line for line in self.history()), words, step_s=0.05)
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen shows:\n" + "\n".join(self.screen())) from None

    def wait_for_input(self, row):
        """Waits until the last line on the screen, where one types, is this."""
        try:
            wait_until(lambda: [line for line in self.screen() if line][-1:] == [row], f"{row!r} where one types", step_s=0.05)
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen shows:\n" + "\n".join(self.screen())) from None

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], check=False, capture_output=True)
        shutil.rmtree(self.directory, ignore_errors=True)


@harness.needs("tmux")
class OnATerminal(E2eTest):
    def setUp(self):
        self.relay = self.start_relay()

    def join(self, columns=80, rows=24, name="alice"):
        terminal = Terminal(f"{binary('hubbub')} join open://127.0.0.1:{self.relay.port} --no-audio --name {name}", columns, rows)
        self.addCleanup(terminal.close)
        terminal.wait_for("the relay is here")
        return terminal

    def test_the_line_being_typed_is_never_broken(self):
        for columns, rows in ((80, 24), (200, 50)):
            with self.subTest(columns=columns):
                terminal = self.join(columns, rows)
                peer = self.client(self.relay.port).join()
                terminal.type("half a sentence")
                terminal.wait_for_input("> half a sentence")
                for i in range(rows + 10):
                    peer.send(f"<bob> message number {i}".encode())
                terminal.wait_for(f"message number {rows + 9}")
                terminal.wait_for_input("> half a sentence")
                terminal.type(", whole now")
                terminal.key("Enter")
                terminal.wait_for("<alice> half a sentence, whole now")
                self.assertEqual(peer.receive(), b"<alice> half a sentence, whole now\n")
                # Everything that scrolled by is still there, once and in order.
                shown = [line for line in terminal.history() if line.startswith("<bob>")]
                self.assertEqual(shown, [f"<bob> message number {i}" for i in range(rows + 10)])
                terminal.close()

    def test_wide_and_long_text_wraps_and_hostile_text_is_harmless(self):
        terminal = self.join()
        peer = self.client(self.relay.port).join()
        terminal.type("typing")
        peer.send(("<carol> " + "漢字" * 60).encode())
        peer.send(b"<mallory> \x1b[2J\x1b[H\x1b]0;owned\x07 quiet\rover")
        peer.send(b"<dave> done")
        terminal.wait_for("<dave> done")
        lines = terminal.screen()
        first = next(i for i, line in enumerate(lines) if line.startswith("<carol>"))
        together = "".join(line.removeprefix("<carol>").strip() for line in lines[first : first + 4] if not line.startswith(("<mallory>", "<dave>")))
        self.assertEqual(together, "漢字" * 60)
        self.assertTrue(any(line.startswith("<mallory> [2J[H]0;owned quiet over") for line in lines), lines)
        terminal.wait_for_input("> typing")

    def test_editing_and_history(self):
        terminal = self.join()
        peer = self.client(self.relay.port).join()
        terminal.type("helo wörld 漢")
        terminal.key("C-a", "Right", "Right", "Right")
        terminal.type("l")
        terminal.key("C-e", "BSpace", "BSpace")
        terminal.wait_for_input("> hello wörld")
        terminal.key("Enter")
        self.assertEqual(peer.receive(), "<alice> hello wörld\n".encode())
        terminal.key("Up")
        terminal.wait_for_input("> hello wörld")

    def test_commands(self):
        terminal = self.join()
        peer = self.client(self.relay.port).join()
        peer.send(b"<bob> hi")
        terminal.wait_for("<bob> hi")
        terminal.type("/who")
        terminal.key("Enter")
        terminal.wait_for("bob: wrote")
        terminal.type("/hlep")
        terminal.key("Enter")
        terminal.wait_for("/help")
        terminal.type("/quit")
        terminal.key("Enter")
        terminal.wait_for("status 0")

    def test_ctrl_c_leaves_a_clean_terminal(self):
        terminal = self.join()
        terminal.type("never sent")
        terminal.key("C-c")
        terminal.wait_for("status 0")
        terminal.wait_for("shell$")
        self.assertFalse(any("never sent" in line for line in terminal.screen()), "the typed line is taken away")
        terminal.type("echo ok")
        terminal.key("Enter")
        wait_until(lambda: "ok" in terminal.screen(), "the shell to work as before")

    def test_a_narrower_terminal_keeps_the_line(self):
        terminal = self.join()
        terminal.type("some words to keep")
        terminal.resize(40, 12)
        peer = self.client(self.relay.port).join()
        peer.send(b"<bob> " + b"a long line of text " * 5)
        terminal.wait_for("a long line of text")
        terminal.wait_for_input("> some words to keep")

    def test_a_closed_terminal_ends_the_client(self):
        terminal = self.join()
        pid = int(subprocess.run(["pgrep", "-f", f"hubbub join open://127.0.0.1:{self.relay.port} "], check=True, capture_output=True, text=True).stdout.split()[-1])
        terminal.close()
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the client to end", 2 * PATIENCE_S)


def columns_of(text):
    """As a terminal counts them."""
    return sum(0 if unicodedata.combining(c) or c in "\u200d\ufe0f" else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@harness.needs("tmux")
class InASealedRoom(SealedTest):
    """A room as it is lived in: two people talk, others come and go and write, and somebody types."""

    def room(self, columns, rows):
        relay = self.relay()
        self.write("room.link", relay.link + "\n")
        terminal = Terminal(f"HOME={self.directory} {binary('hubbub')} join --link-file {self.path('room.link')} --no-audio --name anna --identity {self.path('anna.identity')}", columns, rows)
        self.addCleanup(terminal.close)
        terminal.wait_for("the relay is here")
        return relay, terminal

    def talker(self, relay, name):
        path = self.path(f"{name}.wav")
        with wave.open(path, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(48_000)
            out.writeframes(b"".join(struct.pack("<h", int(8000 * math.sin(i / 20))) for i in range(48_000)))
        return self.hubbub("join", relay.link, "--json", "--name", name, "--input", path, "--repeat")

    def send(self, relay, name, *lines):
        subprocess.run(
            [binary("hubbub"), "send", relay.link, "--name", name, "--identity", self.path(f"{name}.identity")],
            input="".join(line + "\n" for line in lines),
            env={**os.environ, **self.env},
            text=True,
            check=True,
            timeout=60 * SLOW,
        )

    def test_what_is_typed_stands_while_the_room_lives(self):
        for columns, rows in ((80, 24), (200, 50)):
            with self.subTest(columns=columns):
                relay, terminal = self.room(columns, rows)
                terminal.type("half a sentence")
                talkers = [self.talker(relay, name) for name in ("bela", "cleo")]
                terminal.wait_for("bela is speaking")
                terminal.wait_for("cleo is speaking")
                dora = self.hubbub("tail", relay.link, "--name", "dora")
                terminal.wait_for("dora joined (4 here)")
                self.send(relay, "dora", *[f"line {i}" for i in range(rows + 10)])
                terminal.wait_for(f"<dora> line {rows + 9}")
                dora.stop(2)
                terminal.wait_for("dora left (3 here)")
                terminal.wait_for_input("> half a sentence")
                terminal.type(", whole now")
                terminal.key("Enter")
                terminal.wait_for("<anna> half a sentence, whole now")
                terminal.type("/who")
                terminal.key("Enter")
                terminal.wait_for("% lost")
                self.assertTrue(any(line.startswith("* bela: ") and "talking" in line for line in terminal.history()), terminal.history())
                # All that scrolled by is there, once and in order.
                shown = [line for line in terminal.history() if line.startswith("<dora>")]
                self.assertEqual(shown, [f"<dora> line {i}" for i in range(rows + 10)])
                for talker in talkers:
                    talker.stop(2)
                terminal.key("C-c")
                terminal.wait_for("status 0")
                terminal.close()

    def test_long_and_wide_text_wraps_and_hostile_text_is_harmless(self):
        for columns, rows in ((80, 24), (200, 50)):
            with self.subTest(columns=columns):
                relay, terminal = self.room(columns, rows)
                terminal.type("typing")
                family = "👩\u200d👩\u200d👧"
                words = "Wörter e\u0301tude 漢字 " * 12
                self.send(relay, "bela", "漢字" * 120, words.strip(), f"{family} {family}", "\x1b[2J\x1b]0;owned\x07 \u202Equiet", "x" * 700, "done")
                terminal.wait_for("<bela> done")
                rows_shown = [line for line in terminal.history() if line]
                self.assertLessEqual(max(map(columns_of, rows_shown)), columns)
                everything = "".join(line.strip() for line in rows_shown)
                self.assertIn("漢字" * 120, everything)
                self.assertIn("x" * 700, everything)
                self.assertIn("[2J]0;owned quiet", everything)
                for word in ("Wörter", "漢字"):
                    self.assertTrue(all(not line.endswith(word[:-1]) for line in rows_shown if "Wörter" in line), "no word is torn")
                terminal.wait_for_input("> typing")
                terminal.close()

    def test_a_name_that_is_taken_is_asked_for_again(self):
        relay = self.relay()
        self.write("room.link", relay.link + "\n")
        holder = self.hubbub("tail", relay.link, "--json", "--name", "anna", "--identity", self.path("holder"))
        self.see(holder, "relay", here=True)
        terminal = Terminal(f"HOME={self.directory} {binary('hubbub')} join --link-file {self.path('room.link')} --no-audio --name Anna --identity {self.path('other')}", 80, 24)
        self.addCleanup(terminal.close)
        terminal.wait_for("/name Anna2 is free")
        terminal.type("/name Anna2")
        terminal.key("Enter")
        terminal.wait_for("the relay is here")
        self.see(holder, "join", name="Anna2")
        terminal.type("/name anna")
        terminal.key("Enter")
        terminal.wait_for("/name anna2 is free")
        terminal.type("/name anne")
        terminal.key("Enter")
        terminal.wait_for("you are anne now")
        self.see(holder, "rename", name="anne")

    def test_two_people_compare_their_code(self):
        relay, terminal = self.room(80, 24)
        bela = self.hubbub("join", relay.link, "--no-audio", "--name", "bela", stdin=subprocess.PIPE)
        terminal.wait_for("bela joined")
        terminal.type("/verify bela")
        terminal.key("Enter")
        terminal.wait_for("your code with bela: ")
        code = next(line for line in terminal.history() if "your code with bela" in line).split(": ")[1].strip()
        self.assertRegex(code, r"^\d{5}( \d{5}){3}$")
        bela.type("/verify anna\n")
        bela.out.wait_for(f"your code with anna: {code}")
        terminal.type("/verify bela yes")
        terminal.key("Enter")
        terminal.wait_for("bela is verified from now on")
        bela.type("it is me\n")
        terminal.wait_for("<bela+> it is me")
        bela.stop(2)
        # Another who takes the name later is not taken for him.
        impostor = self.hubbub("join", relay.link, "--no-audio", "--name", "bela", "--identity", self.path("impostor"), stdin=subprocess.PIPE)
        terminal.wait_for("is not the bela whom you verified")
        impostor.type("it is me\n")
        terminal.wait_for("<bela?> it is me")
        impostor.stop(2)

    def test_somebody_is_ignored(self):
        relay, terminal = self.room(80, 24)
        watcher = self.hubbub("tail", relay.link, "--json", "--name", "dora")
        terminal.wait_for("dora joined")
        bela = self.hubbub("join", relay.link, "--no-audio", "--name", "bela", stdin=subprocess.PIPE)
        terminal.wait_for("bela joined")
        bela.type("heard\n")
        terminal.wait_for("<bela> heard")
        terminal.type("/ignore bela")
        terminal.key("Enter")
        terminal.wait_for("you hear and read no more of bela")
        bela.type("unheard\n")
        # What the log gives to one it gives to all before what comes later.
        self.see(watcher, "message", text="unheard")
        self.send(relay, "cleo", "after")
        terminal.wait_for("<cleo> after")
        self.assertFalse([line for line in terminal.history() if "unheard" in line])
        terminal.type("/ignore bela")
        terminal.key("Enter")
        terminal.wait_for("you hear and read bela again")
        bela.type("heard again\n")
        terminal.wait_for("<bela> heard again")
        bela.stop(2)

    def test_a_closed_terminal_leaves_the_room(self):
        relay, terminal = self.room(80, 24)
        bela = self.hubbub("tail", relay.link, "--json", "--name", "bela")
        self.see(bela, "join", name="anna")
        terminal.close()
        self.see(bela, "leave", name="anna", timeout_s=10)


if __name__ == "__main__":
    unittest.main()
