"""A sound server without hardware: JACK's dummy driver, a player as the virtual microphone, a recorder at the virtual loudspeaker.

The recorder takes both ends of the conversation in one file, sample for sample, so a delay needs no clock: its first
channel is what was spoken, its second what was heard.
"""

import array
import os
import shutil
import struct
import subprocess
import tempfile
import time
import wave

TOOLS = ("jackd", "jack_lsp", "jack_connect", "jack-play", "jack-record")
RATE = 48_000
PERIOD = 480


def missing_tool():
    """The first program that is not installed, or None."""
    return next((tool for tool in TOOLS if shutil.which(tool) is None), None)


def wait_for(condition, what, timeout_s=10.0):
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:.0f} s in vain for {what}")
        time.sleep(0.05)
    return value


class SoundServer:
    def __init__(self):
        # A name of its own, so that it meets no other server; and nobody starts one by accident.
        self.environment = {
            **os.environ,
            "JACK_DEFAULT_SERVER": f"hubbub-test-{os.getpid()}",
            "JACK_NO_START_SERVER": "1",
            "JACK_NO_AUDIO_RESERVATION": "1",
        }
        self.process = None
        self.others = []
        self.log = tempfile.NamedTemporaryFile(prefix="hubbub-jackd-")

    def start(self):
        command = ["jackd", "--verbose", "-d", "dummy", "-r", str(RATE), "-p", str(PERIOD)]
        self.process = subprocess.Popen(command, env=self.environment, stdout=self.log, stderr=self.log)
        wait_for(lambda: "system:capture_1" in self.ports(), "the sound server")
        return self

    def kill(self):
        """As a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        for other in self.others:
            if other.poll() is None:
                other.terminate()
            other.wait()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def clients_not_woken(self):
        """How often, until now, a period was over before the system had so much as woken a client for it. What is spoken and
        heard in such a period is lost, whatever the client does; a client that was woken, and took too long, isn't counted."""
        with open(self.log.name, encoding="utf-8", errors="replace") as log:
            return log.read().count("was not finished, state = Triggered")

    def ports(self):
        answer = subprocess.run(["jack_lsp"], env=self.environment, capture_output=True, text=True, check=False)
        return set(answer.stdout.split("\n"))

    def new_port(self, before, ending, timeout_s=10.0):
        """The port with this ending that was not there before."""
        return wait_for(lambda: next((p for p in self.ports() - before if p.endswith(ending)), None), f"a port …{ending}", timeout_s)

    def connect(self, source, target):
        subprocess.run(["jack_connect", source, target], env=self.environment, check=True, capture_output=True)

    def spawn(self, *command):
        process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.others.append(process)
        return process

    def converse(self, speech, speaker_in, listener_out, recording):
        """Plays `speech` (48 kHz mono) into the speaker's microphone; `recording` then holds what was spoken and heard."""
        seconds = wave_seconds(speech)
        before = self.ports()
        recorder = self.spawn("jack-record", "-n", "2", "-t", f"{seconds + 2:.1f}", recording)
        heard_port = self.new_port(before, "in_2")
        spoken_port = heard_port[: -len("in_2")] + "in_1"
        self.connect(listener_out, heard_port)
        before = self.ports()
        player = self.spawn("jack-play", "-n", "microphone", "-u", speech)
        microphone = self.new_port(before, "out_1")
        self.connect(microphone, speaker_in)
        self.connect(microphone, spoken_port)
        player.wait(seconds + 20)
        recorder.wait(seconds + 20)


def at_server_rate(source, path):
    """Writes a 16-bit mono WAV file again at the server's rate, a whole multiple of its own; returns `path`. Between two
    samples it goes straight: what that adds is in the microphone's signal, and so on both sides of a comparison."""
    with wave.open(source, "rb") as recording:
        factor, rest = divmod(RATE, recording.getframerate())
        assert rest == 0 and recording.getnchannels() == 1 and recording.getsampwidth() == 2
        samples = array.array("h", recording.readframes(recording.getnframes()))
    finer = array.array("h")
    for here, there in zip(samples, samples[1:]):
        finer.extend(here + (there - here) * step // factor for step in range(factor))
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(finer.tobytes())
    return path


def wave_seconds(path):
    with wave.open(path, "rb") as recording:
        return recording.getnframes() / recording.getframerate()


def split(recording, left, right):
    """The two channels of a recorder's file (WAV, of floats or of 16 bits) as two files of 16 bits."""
    with open(recording, "rb") as file:
        data = file.read()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE", "not a WAV file"
    position, layout, samples = 12, None, b""
    while position + 8 <= len(data):
        kind, size = data[position : position + 4], struct.unpack_from("<I", data, position + 4)[0]
        body = data[position + 8 : position + 8 + size]
        if kind == b"fmt ":
            layout = struct.unpack_from("<HHIIHH", body)
        elif kind == b"data":
            samples = body
        position += 8 + size + size % 2
    channels, rate, bits = layout[1], layout[2], layout[5]
    assert channels == 2 and bits in (16, 32), layout
    values = array.array("h" if bits == 16 else "f")
    values.frombytes(samples[: len(samples) - len(samples) % (2 * bits // 8)])
    scale = 1 if bits == 16 else 32_767
    for path, first in ((left, 0), (right, 1)):
        channel = array.array("h", (max(-32_768, min(32_767, int(v * scale))) for v in values[first::2]))
        with wave.open(path, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(channel.tobytes())
