"""The real client against the real relay on loopback: files, text, events, errors, and a relay that comes and goes."""

import json
import math
import os
import signal
import struct
import subprocess
import tempfile
import unittest
import wave

import harness
from harness import E2eTest, PATIENCE_S, TIME_SCALE, binary, wait_until

RATE = 48_000


def write_tone(path, seconds, rate=RATE, channels=1, hertz=300.0):
    """A tone that swells three times a second, so that it is not mistaken for silence or for a constant."""
    with wave.open(path, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        frames = bytearray()
        for i in range(int(seconds * rate)):
            t = i / rate
            sample = int(9_000 * (1 + 0.5 * math.sin(2 * math.pi * 3 * t)) * math.sin(2 * math.pi * hertz * t))
            frames += struct.pack("<h", sample) * channels
        out.writeframes(bytes(frames))


def read_samples(path):
    with wave.open(path, "rb") as recording:
        assert recording.getframerate() == RATE and recording.getnchannels() == 1 and recording.getsampwidth() == 2
        data = recording.readframes(recording.getnframes())
    return struct.unpack(f"<{len(data) // 2}h", data)


def loud_seconds(samples, block=480, threshold=500):
    """How much of it is clearly not silence."""
    loud = 0
    for i in range(0, len(samples) - block, block):
        if max(abs(s) for s in samples[i : i + block]) > threshold:
            loud += block
    return loud / RATE


class Client(harness.Program):
    """hubbub join with JSON events."""

    def __init__(self, port, *arguments, host="127.0.0.1", **options):
        super().__init__([binary("hubbub"), "join", f"open://{host}:{port}", "--json", *arguments], **options)

    def events(self, kind):
        return [event for event in map(json.loads, self.out.all()) if event["event"] == kind]

    def wait_for_relay(self, here=True):
        wait_until(lambda: any(e["here"] == here for e in self.events("relay")), f"the relay to be {'here' if here else 'away'}", 3 * PATIENCE_S)
        return self

    def final_stats(self):
        return self.events("stats")[-1]


class ClientTest(E2eTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, name):
        return os.path.join(self.directory, name)

    def join(self, relay, *arguments, **options):
        return self.keep(Client(relay if isinstance(relay, int) else relay.port, *arguments, **options))


class Files(ClientTest):
    def test_speech_goes_from_file_to_file(self):
        relay = self.start_relay("--stats-format", "json")
        write_tone(self.path("tone.wav"), 2.0)
        listener = self.join(relay, "--name", "bob", "--output", self.path("heard.wav")).wait_for_relay()
        speaker = self.join(relay, "--name", "alice", "--input", self.path("tone.wav"), "--exit-at-end")
        self.assertEqual(speaker.wait(10 * TIME_SCALE), 0)
        wait_until(lambda: any(not e["begins"] for e in listener.events("talking")), "the speaker to end")
        listener.stop(signal.SIGINT)

        # 2 s are 100 frames, and one more for what the encoder still held.
        self.assertEqual(speaker.final_stats()["voice_packets_sent"], 101)
        (heard,) = listener.final_stats()["speakers"]
        self.assertEqual((heard["name"], heard["received"], heard["lost"]), ("alice", 101, 0))
        if not harness.SANITIZED:  # a program several times slower is late now and then
            self.assertEqual(heard["late"], 0)
            self.assertAlmostEqual(loud_seconds(read_samples(self.path("heard.wav"))), 2.0, delta=0.1)
        self.assertEqual([e["begins"] for e in listener.events("talking")], [True, False])
        self.assert_balanced(relay.room())

    def test_any_rate_channels_and_format(self):
        relay = self.start_relay()
        write_tone(self.path("stereo.wav"), 1.0, rate=44_100, channels=2)
        for ending in ("flac", "ogg"):
            listener = self.join(relay, "--output", self.path(f"heard.{ending}")).wait_for_relay()
            speaker = self.join(relay, "--input", self.path("stereo.wav"), "--exit-at-end")
            self.assertEqual(speaker.wait(10 * TIME_SCALE), 0)
            self.assertIn(speaker.final_stats()["voice_packets_sent"], (51, 52))
            listener.stop()
            with open(self.path(f"heard.{ending}"), "rb") as recording:
                self.assertEqual(recording.read(4), {"flac": b"fLaC", "ogg": b"OggS"}[ending])

    def test_one_file_a_speaker_and_a_mix(self):
        relay = self.start_relay()
        write_tone(self.path("low.wav"), 1.5, hertz=300)
        write_tone(self.path("high.wav"), 1.5, hertz=600)
        listener = self.join(relay, "--output", self.path("mix.wav"), "--output-dir", self.path("each")).wait_for_relay()
        speakers = [self.join(relay, "--name", name, "--input", self.path(f"{name}.wav"), "--exit-at-end") for name in ("low", "high")]
        for speaker in speakers:
            self.assertEqual(speaker.wait(10 * TIME_SCALE), 0)
        wait_until(lambda: len([e for e in listener.events("talking") if not e["begins"]]) == 2, "both to end")
        listener.stop()
        names = sorted(os.listdir(self.path("each")))
        self.assertEqual([name.split("-")[0] for name in names], ["high", "low"])
        for name in names:
            self.assertGreater(loud_seconds(read_samples(os.path.join(self.path("each"), name))), 1.2 if not harness.SANITIZED else 0.5)
        self.assertGreater(loud_seconds(read_samples(self.path("mix.wav"))), 1.2 if not harness.SANITIZED else 0.5)

    def test_a_recording_survives_kill_minus_nine(self):
        relay = self.start_relay()
        write_tone(self.path("tone.wav"), 5.0)
        listener = self.join(relay, "--output", self.path("heard.wav")).wait_for_relay()
        self.join(relay, "--input", self.path("tone.wav"))
        wait_until(lambda: os.path.getsize(self.path("heard.wav")) > 3 * RATE * 2, "three seconds of recording", 10 * TIME_SCALE)
        listener.kill()
        self.assertGreater(len(read_samples(self.path("heard.wav"))), 1.5 * RATE, "the header tells of all but the last second")


class Text(ClientTest):
    def test_text_between_two_clients(self):
        relay = self.start_relay()
        bob = self.join(relay, "--name", "bob", "--no-audio").wait_for_relay()
        alice = self.join(relay, "--name", "alice", "--no-audio", "--text", "first", "--text", "grüß dich 你好", "--exit-after", "2s")
        wait_until(lambda: len(bob.events("message")) == 2, "two texts")
        self.assertEqual([(e["from"], e["text"]) for e in bob.events("message")], [("alice", "first"), ("alice", "grüß dich 你好")])
        self.assertEqual(alice.wait(5 * TIME_SCALE), 0)
        self.assertEqual([e["text"] for e in alice.events("sent")], ["first", "grüß dich 你好"])

    def test_a_link_on_standard_input_with_typed_text_behind_it(self):
        relay = self.start_relay()
        bob = self.join(relay, "--name", "bob", "--no-audio").wait_for_relay()
        alice = self.keep(harness.Program([binary("hubbub"), "join", "-", "--name", "alice", "--no-audio"], stdin=subprocess.PIPE))
        alice.type(f" open://127.0.0.1:{relay.port}\r\nhello\nagain\n")
        wait_until(lambda: len(bob.events("message")) == 2, "two texts")
        self.assertEqual([(e["from"], e["text"]) for e in bob.events("message")], [("alice", "hello"), ("alice", "again")])
        alice.stop()

    def test_typed_lines_and_commands_on_a_pipe(self):
        relay = self.start_relay()
        bob = self.join(relay, "--name", "bob", "--no-audio").wait_for_relay()
        alice = self.keep(harness.Program([binary("hubbub"), "join", f"open://127.0.0.1:{relay.port}", "--name", "alice", "--no-audio"], stdin=subprocess.PIPE))
        alice.out.wait_for("the relay is here")
        alice.type("hello\n/who\n//slash\n/nonsense\n/help\n")
        alice.out.wait_for("nobody was heard")
        alice.out.wait_for("/quit")
        wait_until(lambda: len(bob.events("message")) == 2, "two texts")
        self.assertEqual([e["text"] for e in bob.events("message")], ["hello", "/slash"])
        alice.type("/mute\n")
        alice.out.wait_for("you are muted")
        alice.type("/quit\n")
        self.assertEqual(alice.wait(), 0)

    def test_a_whole_file_on_standard_input(self):
        relay = self.start_relay("--peer-rate", "0")
        bob = self.join(relay, "--no-audio").wait_for_relay()
        lines = [f"line {i}" for i in range(50)]
        with open(self.path("lines"), "w", encoding="utf-8") as out:
            out.write("\n".join(lines))  # the last without its line feed
        with open(self.path("lines"), "rb") as typed:
            alice = self.join(relay, "--no-audio", "--exit-after", "2s", stdin=typed)
            self.assertEqual(alice.wait(10 * TIME_SCALE), 0)
        wait_until(lambda: len(bob.events("message")) == len(lines), "all lines")
        self.assertEqual([e["text"] for e in bob.events("message")], lines)

    def test_nothing_a_peer_sends_moves_the_terminal(self):
        relay = self.start_relay()
        bob = self.keep(harness.Program([binary("hubbub"), "join", f"open://127.0.0.1:{relay.port}", "--no-audio"]))
        bob.out.wait_for("the relay is here")
        peer = self.client(relay.port)
        for datagram in (b"\x1b[2J\x1b]0;owned\x07gone", "\u202eevil\u009b31m".encode(), b"bell\x07", b"\xc0\xaf", b"\xff\xfe", b"\r\nover\rwritten"):
            peer.send(datagram)
        peer.send(b"the end")
        bob.out.wait_for("^the end$")
        self.assert_printable(bob.out.text)
        self.assertNotIn("\u202e", bob.out.text)


class RelayComesAndGoes(ClientTest):
    def test_a_relay_that_is_away_is_said_so_and_found_again(self):
        relay = self.start_relay()
        port = relay.port
        client = self.join(port, "--name", "bob", "--no-audio", stdin=subprocess.PIPE).wait_for_relay()
        relay.stop()
        client.wait_for_relay(here=False)
        client.type("typed while it was away\n")
        again = self.keep(harness.Relay("--open", str(port)))
        listener = self.client(port).join()
        wait_until(lambda: len([e for e in client.events("relay") if e["here"]]) == 2, "the relay to be found again", 4 * PATIENCE_S)
        self.assertEqual(listener.receive(), b"<bob> typed while it was away\n")
        client.stop()
        again.stop()

    def test_a_relay_that_never_answers(self):
        silent = self.client(9)
        silent.socket.bind(("127.0.0.1", 0))  # takes datagrams, and says nothing
        client = self.join(silent.port, "--no-audio", "--exit-after", "6s")
        self.assertEqual(client.wait(20 * TIME_SCALE), 1, "an exit status of its own")
        self.assertEqual([e["here"] for e in client.events("relay")], [False])

    def test_an_unknown_host_is_said_so(self):
        client = self.keep(Client(5241, "--no-audio", "--exit-after", "3s", host="no-such-host.invalid"))
        self.assertEqual(client.wait(20 * TIME_SCALE), 1)
        self.assertIn("no-such-host.invalid", client.events("relay")[0]["why"])

    def test_signals_leave_cleanly(self):
        relay = self.start_relay()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            client = self.join(relay, "--no-audio").wait_for_relay()
            client.stop(number)
            self.assertEqual(len(client.events("left")), 1)

    def test_a_reader_that_leaves_ends_the_client(self):
        relay = self.start_relay()
        process = subprocess.Popen(
            [binary("hubbub"), "join", f"open://127.0.0.1:{relay.port}", "--no-audio"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.addCleanup(process.kill)
        process.stdout.readline()
        process.stdout.close()
        peer = self.client(relay.port)
        for _ in range(3):
            peer.send(b"nobody reads this")
            try:
                process.wait(1)
                break
            except subprocess.TimeoutExpired:
                continue
        self.assertIsNotNone(process.wait(PATIENCE_S))

    def test_ipv6(self):
        relay = self.start_relay()
        bob = self.join(relay, "--no-audio").wait_for_relay()
        alice = self.join(relay, "--no-audio", "--text", "over six", host="[::1]").wait_for_relay()
        wait_until(lambda: bob.events("message"), "the text")
        alice.stop()


class Mistakes(ClientTest):
    def test_each_gets_one_line_and_status_two(self):
        tone = self.path("tone.wav")
        write_tone(tone, 0.1)
        with open(self.path("text.txt"), "w", encoding="utf-8") as out:
            out.write("no sound\n" * 100)
        link = "open://127.0.0.1:5999"
        for arguments, words in (
            ([], "join"),
            (["frobnicate"], "frobnicate"),
            (["join"], "LINK"),
            (["join", "http://example.org"], "open://"),
            (["join", "open://"], "open://"),
            (["join", "open://host:0"], "HOST:PORT"),
            (["join", "open://host:70000"], "HOST:PORT"),
            (["join", "open://::1"], "brackets"),
            (["join", link, "--nonsense"], "--nonsense"),
            (["join", link, "--name", "a\x1bb"], "name"),
            (["join", link, "--name", "x" * 33], "name"),
            (["join", link, "--frame", "25ms"], "10ms, 20ms, 40ms or 60ms"),
            (["join", link, "--frame", "20"], "duration"),
            (["join", link, "--bitrate", "1000"], "kbit/s"),
            (["join", link, "--bitrate", "many"], "--bitrate"),
            (["join", link, "--complexity", "11"], "complexity"),
            (["join", link, "--playout-delay", "5s"], "--playout-delay"),
            (["join", link, "--exit-after", "soon"], "--exit-after"),
            (["join", link, "--exit-at-end"], "--input"),
            (["join", link, "--repeat"], "--input"),
            (["join", link, "--text", ""], "--text"),
            (["join", link, "--text", "x" * 1001], "--text"),
            (["join", link, "--rtp-to", "nowhere"], "--rtp-to"),
            (["join", link, "--input", self.path("missing.wav")], "missing.wav"),
            (["join", link, "--input", self.path("text.txt")], "text.txt"),
            (["join", link, "--output", self.path("heard.mp3")], ".wav"),
            (["join", link, "--output", "/no/such/directory/heard.wav"], "/no/such/directory"),
            (["join", link, "--output-dir", self.path("text.txt")], "text.txt"),
            (["join", link, "--input", tone, "--input-device", "x"], "--input"),
            (["join", link, "--input-device", "no such microphone"], "input device"),
            (["sdp", "--player", "x"], "--player"),
        ):
            with self.subTest(arguments=arguments):
                self.assert_refuses_to_start([binary("hubbub"), *arguments], words)

    def test_a_missing_default_device_leaves_a_text_only_client(self):
        relay = self.start_relay()
        environment = {"JACK_NO_START_SERVER": "1", "JACK_DEFAULT_SERVER": "hubbub-none"}
        _, listed, _ = self.run_to_end([binary("hubbub"), "devices", "--json"], env=environment)
        if json.loads(listed):
            self.skipTest("this machine has a sound device")
        client = self.join(relay, "--text", "still here", env=environment)
        wait_until(lambda: client.events("sent"), "the text to be sent", 3 * PATIENCE_S)
        self.assertTrue(any("text only" in e["text"] for e in client.events("notice")), client.out.text)
        client.stop()
        self.assert_printable(client.err.text)

    def test_help_is_there_for_every_command(self):
        for arguments in (["--help"], ["join", "--help"], ["invite", "--help"], ["devices", "--help"], ["sdp", "--help"], ["--version"]):
            code, out, err = self.run_to_end([binary("hubbub"), *arguments])
            self.assertEqual((code, err), (0, ""))
            self.assertGreater(len(out), 10)


if __name__ == "__main__":
    unittest.main()
