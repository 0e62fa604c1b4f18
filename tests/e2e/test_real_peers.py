"""Programs that know nothing of us meet our client in a room: nc, ffmpeg, GStreamer; and tshark reads what goes over the wire.

Each test is skipped, with a word, where its program is not installed. What is heard is compared with real speech.
"""

import os
import signal
import socket
import subprocess
import time
import unittest
import wave

import speech
from harness import PATIENCE_S, SANITIZED, binary, in_real_time, needs, skip_unless, wait_until
from test_client import ClientTest

SPEECH_S = 3.0
FRAMES = 151  # of 20 ms; the last one carries what the encoder still held
# Foreign programs take their time to start on a busy machine.
START_S = 2 * PATIENCE_S
# What is asked here is whether all arrives and can be decoded; how late, is measured elsewhere. So a busy machine costs nothing,
# nor does an ffmpeg that begins with half a second at once, as newer ones do.
PATIENT_PLAYOUT = ("--playout-delay", "700ms")
# Perfect network, Opus at 32 kbit/s or more. A sanitized client is late now and then, which costs it a few frames.
LEAST_ESTOI = 0.9 if not SANITIZED else 0.5

OPUS_CAPS = "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,payload=111"


def free_rtp_port():
    """An even port of 127.0.0.1 that is free, and so is the next, where a player that was not told otherwise awaits RTCP."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp:
            rtp.bind(("127.0.0.1", 0))
            port = rtp.getsockname()[1]
            try:
                rtcp.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            if port % 2 == 0:
                return port
    raise AssertionError("no two free ports beside each other")


def is_bound(port):
    """Whether any program of this machine listens on the UDP port."""
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        if os.path.exists(table):
            with open(table, encoding="ascii") as sockets:
                if any(f":{port:04X}" in line.split()[1] for line in sockets.readlines()[1:]):
                    return True
    return False


def read(path):
    with open(path, "rb") as file:
        return file.read()


class PeerTest(ClientTest):
    def speech(self):
        return speech.cut(self.path("speech.wav"), SPEECH_S)

    def speak(self, relay, *arguments):
        """Alice says the piece of speech, to its end."""
        alice = self.join(relay, "--name", "alice", "--input", self.path("speech.wav"), "--exit-at-end", *arguments)
        self.assertEqual(alice.wait(SPEECH_S + 3 * PATIENCE_S), 0)
        self.assertEqual(alice.final_stats()["voice_packets_sent"], FRAMES)
        return alice


class Netcat(PeerTest):
    @needs("nc")
    def test_lines_go_both_ways(self):
        relay = self.start_relay()
        bob = self.join(relay, "--name", "bob", "--no-audio", stdin=subprocess.PIPE).wait_for_relay()
        nc = self.start(["nc", "-u", "127.0.0.1", relay.port], stdin=subprocess.PIPE)
        nc.type("hello from netcat\n")
        wait_until(lambda: bob.events("message"), "netcat's line to be shown")
        nc.type("<eve> grüß dich\n")
        wait_until(lambda: len(bob.events("message")) == 2, "netcat's second line to be shown")
        self.assertEqual([(e["from"], e["text"]) for e in bob.events("message")], [("", "hello from netcat"), ("eve", "grüß dich")])

        bob.type("typed to netcat\n")
        nc.out.wait_for("^<bob> typed to netcat$")
        alice = self.join(relay, "--name", "alice", "--no-audio", "--text", "first", "--text", "你好", "--exit-after", "1s")
        self.assertEqual(alice.wait(), 0)
        nc.out.wait_for("你好")
        # Nothing but lines: no keepalive, no ping, no goodbye of ours makes its way to a terminal.
        self.assertEqual(nc.out.raw.decode(), "<bob> typed to netcat\n<alice> first\n<alice> 你好\n")

    @needs("nc")
    def test_netcat_over_ipv4_and_ipv6(self):
        relay = self.start_relay()
        four = self.start(["nc", "-4", "-u", "127.0.0.1", relay.port], stdin=subprocess.PIPE)
        six = self.start(["nc", "-6", "-u", "::1", relay.port], stdin=subprocess.PIPE)
        bob = self.join(relay, "--name", "bob", "--no-audio").wait_for_relay()
        four.type("over four\n")
        six.type("over six\n")
        wait_until(lambda: {e["text"] for e in bob.events("message")} == {"over four", "over six"}, "both lines")
        self.join(relay, "--name", "alice", "--no-audio", "--text", "to both", "--exit-after", "1s")
        for nc in (four, six):
            nc.out.wait_for("^<alice> to both$")


class TheySpeak(PeerTest):
    """RTP senders that are not ours, heard by our client."""

    def hear(self, command, frames):
        """Runs the speaker that `command(port)` is, and returns what our client says about its stream. Fails unless all of it was heard."""
        relay = self.start_relay("--stats-format", "json")
        heard = self.path("heard.wav")
        listener = self.join(relay, "--output", heard, *PATIENT_PLAYOUT).wait_for_relay()
        speaker = self.start(command(relay.port))
        self.assertEqual(speaker.wait(SPEECH_S + START_S), 0, speaker.err.text)
        wait_until(lambda: any(not e["begins"] for e in listener.events("talking")), "the speaker to end")
        time.sleep(1)  # what is still to be played
        listener.stop(signal.SIGINT)

        stats = listener.final_stats()
        (stream,) = stats["speakers"]
        self.assertEqual((stream["lost"], stream["duplicates"], stats["dropped"]), (0, 0, {}))
        self.assertIn(stream["received"], frames)
        if not SANITIZED:
            self.assertEqual(stream["late"], 0)
        speech.assert_heard(self, self.path("speech.wav"), heard, LEAST_ESTOI)
        self.assert_balanced(relay.room())
        return stream

    @needs("ffmpeg")
    @in_real_time
    def test_ffmpeg(self):
        original = self.speech()
        # It sends RTCP to the next port, where nobody is.
        self.hear(
            lambda port: ["ffmpeg", "-nostdin", "-v", "error", "-re", "-i", original]
            + ["-c:a", "libopus", "-ar", "48000", "-ac", "1", "-f", "rtp", f"rtp://127.0.0.1:{port}"],
            range(FRAMES - 1, FRAMES + 2),
        )

    @needs("ffmpeg")
    @in_real_time
    def test_ffmpeg_in_stereo_and_long_frames(self):
        stereo = self.path("stereo.wav")
        with wave.open(self.speech(), "rb") as mono, wave.open(stereo, "wb") as both:
            both.setparams(mono.getparams())
            both.setnchannels(2)
            samples = mono.readframes(mono.getnframes())
            both.writeframes(b"".join(samples[i : i + 2] * 2 for i in range(0, len(samples), 2)))
        frames = FRAMES // 3
        self.hear(
            lambda port: ["ffmpeg", "-nostdin", "-v", "error", "-re", "-i", stereo]
            + ["-c:a", "libopus", "-ar", "48000", "-ac", "2", "-frame_duration", "60", "-f", "rtp", f"rtp://127.0.0.1:{port}"],
            range(frames, frames + 3),
        )

    @needs("gst-launch-1.0")
    @in_real_time
    def test_gstreamer(self):
        original = self.speech()
        self.hear(
            lambda port: ["gst-launch-1.0", "-q", "filesrc", f"location={original}", "!", "wavparse", "!", "audioconvert", "!", "audioresample"]
            + ["!", "opusenc", "!", "rtpopuspay", "pt=96", "!", "udpsink", "host=127.0.0.1", f"port={port}"],
            range(FRAMES - 1, FRAMES + 2),
        )


class TheyHear(PeerTest):
    """Players that are not ours, told by `hubbub sdp` what our client hands on to them."""

    def let_hear(self, player):
        """Alice and then Carol speak to the player that `player(port, sdp, heard)` is, which must write all of both to `heard`."""
        self.speech()
        port, room, heard = free_rtp_port(), self.path("room.sdp"), self.path("heard.wav")
        code, description, err = self.run_to_end([binary("hubbub"), "sdp", "--player", f"127.0.0.1:{port}"])
        self.assertEqual((code, err), (0, ""))
        with open(room, "w", encoding="utf-8", newline="") as out:
            out.write(description)
        relay = self.start_relay()
        bridge = self.join(relay, "--no-audio", "--rtp-to", f"127.0.0.1:{port}").wait_for_relay()
        program = self.start(player(port, room, heard))
        wait_until(lambda: is_bound(port) or not program.running, "the player to listen", START_S)
        self.assertTrue(program.running, program.err.text)

        # A player knows of one stream, and takes a goodbye for the end: that there are two speakers must not show.
        for speaker in range(2):
            self.speak(relay)
            wait_until(lambda n=speaker: sum(not e["begins"] for e in bridge.events("talking")) > n, "the voice to end")
        self.assertTrue(program.running, program.err.text)
        program.send_signal(signal.SIGINT)
        program.wait(START_S)
        bridge.stop()

        with wave.open(heard, "rb") as recording:
            rate, total = recording.getframerate(), recording.getnframes()
            for name, first, last in (("alice", 0, int(SPEECH_S * rate)), ("carol", int(SPEECH_S * rate), total)):
                with wave.open(self.path(f"{name}.wav"), "wb") as part:
                    part.setparams(recording.getparams())
                    recording.setpos(first)
                    part.writeframes(recording.readframes(last - first))
        for name in ("alice", "carol"):
            with self.subTest(name):
                measured = speech.assert_heard(self, self.path("speech.wav"), self.path(f"{name}.wav"), LEAST_ESTOI)
                if name == "alice":
                    # The file begins with the first frame played. Had the player missed it, this would be less than none.
                    self.assertLess(measured["delay_ms"], 60)
        return program

    @needs("ffmpeg")
    @in_real_time
    def test_ffmpeg(self):
        ffmpeg = self.let_hear(lambda port, room, heard: ["ffmpeg", "-nostdin", "-v", "warning", "-protocol_whitelist", "file,udp,rtp", "-i", room, heard])
        self.assertNotRegex(ffmpeg.err.text, r"(?i)missed|dropping|invalid|bad|corrupt")

    @needs("gst-launch-1.0")
    @in_real_time
    def test_gstreamer(self):
        if subprocess.run(["gst-inspect-1.0", "--exists", "sdpdemux"], check=False, timeout=START_S).returncode != 0:
            self.skipTest("GStreamer's sdpdemux is not installed (Debian: gstreamer1.0-plugins-bad)")
        self.let_hear(
            lambda port, room, heard: ["gst-launch-1.0", "-e", "-q", "filesrc", f"location={room}", "!", "sdpdemux"]
            + ["!", "decodebin", "!", "audioconvert", "!", "wavenc", "!", "filesink", f"location={heard}"]
        )

    @needs("gst-launch-1.0")
    @in_real_time
    def test_gstreamer_without_a_session_description(self):
        gstreamer = self.let_hear(
            lambda port, room, heard: ["gst-launch-1.0", "-e", "-q", "udpsrc", "address=127.0.0.1", f"port={port}", f"caps={OPUS_CAPS}"]
            + ["!", "rtpjitterbuffer", "!", "rtpopusdepay", "!", "opusdec", "!", "audioconvert", "!", "wavenc", "!", "filesink", f"location={heard}"]
        )
        self.assertNotIn("WARNING", gstreamer.err.text + gstreamer.out.text)


class Capture(PeerTest):
    """What an independent reader of RTP finds in a capture of our voice."""

    def capture(self, port):
        """Captures loopback; returns the capturing program and its file, once it is under way."""
        path = self.path("capture.pcapng")
        dumpcap = self.start([skip_unless("dumpcap"), "-i", "lo", "-f", f"udp port {port}", "-w", path])
        self.mark(dumpcap, path, port, b"here the capture begins")
        return dumpcap, path

    def mark(self, dumpcap, path, port, words):
        """Has the capture contain these words, and with them everything before. They go past the relay, which is at another address."""
        marker = self.client(port, "127.0.0.2")

        def captured():
            try:
                marker.send(words)
            except ConnectionRefusedError:
                pass  # as it should be
            return not dumpcap.running or (os.path.exists(path) and words in read(path))

        wait_until(captured, "the capture to show a datagram", START_S, step_s=0.05)
        marker.close()
        if not dumpcap.running:
            dumpcap.wait()
            if "ermission" in dumpcap.err.text or "not permitted" in dumpcap.err.text:
                self.skipTest("capturing on loopback is not permitted here: it needs root or CAP_NET_RAW")
            self.fail(f"dumpcap ended: {dumpcap.err.text}")

    def tshark(self, path, port, *arguments):
        code, out, err = self.run_to_end(["tshark", "-n", "-r", path, "-d", f"udp.port=={port},rtp", *arguments], START_S)
        self.assertEqual(code, 0, err)
        return out

    def fields(self, path, port, wanted, *names):
        """The named fields of every packet that `wanted` filters, as rows of texts."""
        out = self.tshark(path, port, "-Y", wanted, "-T", "fields", *(part for name in names for part in ("-e", name)))
        return [line.split("\t") for line in out.splitlines()]

    @needs("tshark")
    @in_real_time
    def test_our_voice_is_rtp_to_tshark(self):
        self.speech()
        relay = self.start_relay("--bind", "127.0.0.1")
        port = relay.port
        listener = self.join(relay, "--output", self.path("heard.wav")).wait_for_relay()
        dumpcap, path = self.capture(port)
        alice = self.speak(relay)
        wait_until(lambda: any(not e["begins"] for e in listener.events("talking")), "the voice to end")
        listener.stop()
        self.mark(dumpcap, path, port, b"here the capture ends")
        dumpcap.stop(signal.SIGINT, within_s=START_S)
        self.assertNotRegex(dumpcap.err.text, r"dropped [1-9]", "the capture itself must be whole")
        ssrc = alice.events("joining")[0]["ssrc"]

        # On its way to the relay and on its way to the listener, the stream is whole. Columns: start, end, source, port,
        # destination, port, SSRC, payload, packets, lost.
        table = self.tshark(path, port, "-q", "-z", "rtp,streams")
        streams = [row for row in map(str.split, table.splitlines()) if f"0x{ssrc.upper()}" in row]
        self.assertEqual([row[7:10] for row in streams], [["RTPType-111", str(FRAMES), "0"]] * 2, table)
        self.assertEqual(sorted(str(port) in row[5] for row in streams), [False, True], table)

        # RFC 3550 and RFC 7587, packet by packet, as the relay received them.
        rows = self.fields(path, port, f"rtp.version == 2 && udp.dstport == {port}", "rtp.marker", "rtp.p_type", "rtp.seq", "rtp.timestamp", "rtp.ssrc", "udp.length")
        self.assertEqual(len(rows), FRAMES)
        self.assertEqual([row[0] for row in rows], ["1"] + ["0"] * (FRAMES - 1), "the marker begins the talk spurt, and only that")
        self.assertEqual({row[1] for row in rows}, {"111"})
        self.assertEqual({int(row[4], 0) for row in rows}, {int(ssrc, 16)})
        self.assertEqual({(int(b[2]) - int(a[2])) % (1 << 16) for a, b in zip(rows, rows[1:])}, {1})
        self.assertEqual({(int(b[3]) - int(a[3])) % (1 << 32) for a, b in zip(rows, rows[1:])}, {960}, "20 ms at 48 kHz")
        self.assertEqual(len({row[5] for row in rows}), 1, "constant bit rate: all packets of one length")

        # RTCP in the same flow: sender report, description, and at last a goodbye.
        reports = self.fields(path, port, f"rtcp && udp.dstport == {port}", "rtcp.pt", "rtcp.senderssrc", "rtcp.sdes.text", "rtcp.length_check")
        self.assertGreaterEqual(len(reports), 2)
        self.assertEqual([row[0] for row in reports], ["200,202"] * (len(reports) - 1) + ["200,202,203"])
        for row in reports:
            self.assertEqual(int(row[1].split(",")[0], 0), int(ssrc, 16))
            self.assertIn("alice", row[2].split(","))
            self.assertNotIn("0", row[3].split(","), "the compound packet's length adds up")
        self.assertEqual(self.fields(path, port, "rtp.version == 2 && _ws.malformed || rtcp && _ws.malformed", "frame.number"), [])


if __name__ == "__main__":
    unittest.main()
