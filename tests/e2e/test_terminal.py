"""The client as a person sees it: a real terminal (tmux), real keys, and what the screen shows."""

import os
import shutil
import subprocess
import tempfile
import unittest

import harness
from harness import E2eTest, PATIENCE_S, binary, wait_until


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

    def input_row(self):
        return [line for line in self.screen() if line][-1]

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
                wait_until(lambda: terminal.input_row() == "> half a sentence", "the typed line")
                for i in range(rows + 10):
                    peer.send(f"<bob> message number {i}".encode())
                terminal.wait_for(f"message number {rows + 9}")
                wait_until(lambda: terminal.input_row() == "> half a sentence", "the typed line below the messages")
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
        self.assertEqual(terminal.input_row(), "> typing")

    def test_editing_and_history(self):
        terminal = self.join()
        peer = self.client(self.relay.port).join()
        terminal.type("helo wörld 漢")
        terminal.key("C-a", "Right", "Right", "Right")
        terminal.type("l")
        terminal.key("C-e", "BSpace", "BSpace")
        wait_until(lambda: terminal.input_row() == "> hello wörld", "the edited line")
        terminal.key("Enter")
        self.assertEqual(peer.receive(), "<alice> hello wörld\n".encode())
        terminal.key("Up")
        wait_until(lambda: terminal.input_row() == "> hello wörld", "the line again")

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
        wait_until(lambda: terminal.input_row() == "> some words to keep", "the typed line")

    def test_a_closed_terminal_ends_the_client(self):
        terminal = self.join()
        pid = int(subprocess.run(["pgrep", "-f", f"hubbub join open://127.0.0.1:{self.relay.port} "], check=True, capture_output=True, text=True).stdout.split()[-1])
        terminal.close()
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the client to end", 2 * PATIENCE_S)


if __name__ == "__main__":
    unittest.main()
