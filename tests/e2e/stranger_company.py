"""What tests of the stranger in company need: the real relay and the real client around it, and sound for them to hear."""

import ctypes
import ctypes.util
import json
import math
import os
import re
import statistics
import struct
import tempfile
import unittest
import wave

import harness
from harness import E2eTest, PATIENCE_S, binary, wait_until
from stranger import Stranger

RATE = 48_000
FRAME = RATE // 50
INVITE = r"hubbub://127\.0\.0\.1:(\d+)/#[A-Za-z0-9_-]{86}"
AMPLITUDE = 9_000
START_S = 2 * PATIENCE_S


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


class SealedClient(harness.Program):
    """hubbub join with JSON events, as somebody who was never there before."""

    def __init__(self, link, *arguments, env=None, **options):
        self.home = tempfile.TemporaryDirectory()
        home = {"HOME": self.home.name, "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": ""}
        super().__init__([binary("hubbub"), "join", link, "--json", *arguments], env={**home, **(env or {})}, **options)

    def kill(self):
        super().kill()
        self.home.cleanup()

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

    def stranger(self, link, name="", **options):
        someone = Stranger(link, name, **options)
        self.addCleanup(someone.close)
        return someone

    def see(self, someone, until, what, timeout_s=START_S):
        """Lets the stranger live until something is so."""
        value = someone.run(until, timeout_s)
        seen = f"received {dict(someone.received)}, dropped {dict(someone.dropped)}, {dict(someone.member.dropped) if someone.member else ''}"
        self.assertTrue(value, f"waited {timeout_s:.1f} s in vain for {what}; {seen}")
        return value

    def see_both(self, one, other, until, what, timeout_s=START_S):
        """The same with two of them."""

        def both():
            other.run(timeout_s=0)
            return until()

        return self.see(one, both, what, timeout_s)

    def joined(self, link, name="", **options):
        someone = self.stranger(link, name, **options)
        self.see(someone, lambda: someone.joined, "a Welcome")
        return someone

    def client(self, someone, link, *arguments, **options):
        """The real client, joined, while the stranger lives on."""
        program = self.keep(SealedClient(link, *arguments, **options))
        self.see(someone, program.is_here, "the client to join")
        return program

    def assert_nothing_odd(self, someone):
        """All that came was as the document says. On a busy machine a Hello is repeated, and answered once more."""
        dropped = {why: times for why, times in (someone.dropped + someone.member.dropped).items() if why != "not_asked"}
        self.assertEqual(dropped, {})
