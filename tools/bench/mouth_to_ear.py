#!/usr/bin/env python3
"""How long speech takes from mouth to ear on this machine, measured by correlation, and what that time consists of.

A relay, one client that speaks a recording and one that writes down what it hears. Each of both files begins at an instant
of the machine's steady clock, which the clients tell; `hubbub-lab compare` finds the recording in what was heard. The
parts: one frame (its first sample waits for its last), the encoder's lookahead, the playout delay, the network (half the
round trip of each client); the rest is what rings, loops, mixing and sound devices add. What the sound system says of its
devices' latency is shown beside it ("stated"): it is an upper bound, and not subtracted. A file takes a mixed piece of 5 ms
back to the instant at which it began, so without devices the rest may come out a little below zero.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import wave

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import sound_server  # noqa: E402  the sound server that the end-to-end tests use too

RECORDING = "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav"
START_WITHIN_S = 20
STOP_WITHIN_S = 10
# Without a choice on the command line: each playout delay at the usual frame, each frame at the usual playout delay.
USUAL_FRAME, USUAL_PLAYOUT_DELAY = "20ms", "60ms"
FRAMES = ["10ms", USUAL_FRAME, "40ms"]
PLAYOUT_DELAYS = ["20ms", "40ms", USUAL_PLAYOUT_DELAY]


class Failure(Exception):
    """The measurement could not be made; the message says why."""


@dataclasses.dataclass(frozen=True)
class Setting:
    playout_delay: str
    frame: str


@dataclasses.dataclass(frozen=True)
class Run:
    """One measurement. Milliseconds, but for the last three."""

    total: float
    frame: float
    encoder: float
    playout: float
    network: float
    stated: float
    lost: int
    late: int
    estoi: float

    @property
    def rest(self):
        return self.total - self.frame - self.encoder - self.playout - self.network


COLUMNS = ("total", "frame", "encoder", "playout", "network", "rest", "stated", "lost", "late", "estoi")


# --- Programs ---------------------------------------------------------------------------------------------------------


class Program:
    """One of our programs, with its output in files. As a context, it is gone at the end, however that comes."""

    def __init__(self, argv, directory, name, environment=None):
        self.name = name
        self.out, self.err = directory / f"{name}.out", directory / f"{name}.err"
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen([str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def wait_for(self, pattern, path, within_s=START_WITHIN_S):
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            match = re.search(pattern, path.read_text(errors="replace"), re.MULTILINE)
            if match:
                return match
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended with {self.process.returncode}: {self.err.read_text(errors='replace').strip()}")
            time.sleep(0.02)
        raise Failure(f"{self.name} did not say /{pattern}/ within {within_s} s")

    def end(self, within_s):
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} still runs after {within_s} s") from None
        if code != 0:
            raise Failure(f"{self.name} ended with {code}: {self.err.read_text(errors='replace').strip()}")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.end(STOP_WITHIN_S)

    def events(self, kind):
        return [event for event in map(json.loads, self.out.read_text().splitlines()) if event["event"] == kind]


class Conversation:
    """A relay on loopback and clients in its room, for one run."""

    def __init__(self, programs, directory, setting, environment=None):
        self.programs, self.directory, self.setting, self.environment = programs, directory, setting, environment
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        relay = self._start([self.programs / "hubbub-relay", "--open", "0", "--bind", "127.0.0.1"], "relay")
        port = relay.wait_for(r"open room on .*:(\d+)$", relay.err).group(1)
        self.link = f"open://127.0.0.1:{port}"
        return self

    def __exit__(self, *problem):
        return self._stack.__exit__(*problem)

    def join(self, name, *arguments):
        """A client that the relay has answered."""
        settings = ["--frame", self.setting.frame, "--playout-delay", self.setting.playout_delay]
        client = self._start([self.programs / "hubbub", "join", self.link, "--name", name, "--json", *settings, *arguments], name)
        client.wait_for(r'"event":"relay".*"here":true', client.out)
        return client

    def _start(self, argv, name):
        return self._stack.enter_context(Program(argv, self.directory, name, self.environment))


def compare(programs, original, heard):
    argv = [str(programs / "hubbub-lab"), "compare", str(original), str(heard), "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode not in (0, 1):
        raise Failure(done.stderr.strip())
    measured = json.loads(done.stdout)
    if measured["delay_ms"] is None or measured["estoi"] is None:
        raise Failure(f"nothing of {original} was heard: {measured}")
    return measured


# --- Ways from mouth to ear -------------------------------------------------------------------------------------------


def run_of(total_ms, measured, speaker_stats, listener_stats):
    """The parts as the clients tell them. Devices that are not there have no latency."""
    streams = [stream for stream in listener_stats["speakers"] if stream["name"] == "alice"]
    if not streams:
        raise Failure("the listener does not know the speaker")
    return Run(
        total=total_ms,
        frame=speaker_stats["frame_ms"],
        encoder=speaker_stats["encoder_ms"],
        playout=listener_stats["playout_delay_ms"],
        network=((speaker_stats["round_trip_ms"] or 0) + (listener_stats["round_trip_ms"] or 0)) / 2,
        stated=(speaker_stats["input_latency_ms"] or 0) + (listener_stats["output_latency_ms"] or 0),
        lost=streams[0]["lost"],
        late=streams[0]["late"],
        estoi=measured["estoi"],
    )


class FileToFile:
    """From one file into another, both paced by the machine's clock."""

    title = "file to file"

    def __init__(self, programs, recording, seconds):
        self.programs, self.recording, self.seconds = programs, recording, seconds

    def measure(self, setting, directory):
        heard = directory / "heard.wav"
        with Conversation(self.programs, directory, setting) as room:
            listener = room.join("bob", "--output", heard)
            speaker = room.join("alice", "--input", self.recording, "--exit-at-end")
            speaker.end(self.seconds + STOP_WITHIN_S)
            listener.wait_for(r'"event":"talking".*"begins":false', listener.out)
            listener.stop()
        measured = compare(self.programs, self.recording, heard)
        spoken, listened = speaker.events("stats")[-1], listener.events("stats")[-1]
        # Where in its file the speech stands, from the instant at which the other file began to be spoken.
        total_ms = measured["delay_ms"] + 1000 * (listened["output_started_clock_s"] - spoken["input_started_clock_s"])
        return run_of(total_ms, measured, spoken, listened)


class SoundServer:
    """From a virtual microphone to a virtual loudspeaker, through JACK without hardware: both ends recorded in one file."""

    title = "through the sound server"

    def __init__(self, programs, recording, seconds):
        del seconds
        self.programs = programs
        self.recording = sound_server.at_server_rate(str(recording), str(recording.with_suffix(".48k.wav")))

    def measure(self, setting, directory):
        server = sound_server.SoundServer()
        try:
            server.start()
            return self._converse(server, setting, directory)
        finally:
            server.stop()

    def _converse(self, server, setting, directory):
        both, mouth, ear = (directory / f"{name}.wav" for name in ("both", "mouth", "ear"))
        with Conversation(self.programs, directory, setting, server.environment) as room:
            before = server.ports()
            listener = room.join("bob", "--mute")
            loudspeaker = server.new_port(before, ":out_0")
            before = server.ports()
            speaker = room.join("alice")
            microphone = server.new_port(before, ":in_0")
            server.converse(self.recording, microphone, loudspeaker, str(both))
            speaker.stop()
            listener.stop()
        sound_server.split(both, str(mouth), str(ear))
        measured = compare(self.programs, mouth, ear)
        return run_of(measured["delay_ms"], measured, speaker.events("stats")[-1], listener.events("stats")[-1])


# --- Report -----------------------------------------------------------------------------------------------------------


def cell(column, value):
    return f"{value:>9.2f}" if column == "estoi" else f"{value:>9.0f}" if column in ("lost", "late") else f"{value:>9.1f}"


def row(title, values):
    return f"{title:<8}" + "".join(cell(column, values[column]) for column in COLUMNS)


def report(way, setting, runs):
    lines = [f"{way.title}, playout delay {setting.playout_delay}, frames of {setting.frame} (ms; ESTOI of 1)"]
    lines.append(" " * 8 + "".join(f"{column:>9}" for column in COLUMNS))
    table = [{column: getattr(run, column) for column in COLUMNS} for run in runs]
    lines += [row(f"run {n + 1}", values) for n, values in enumerate(table)]
    lines.append(row("median", {column: statistics.median(values[column] for values in table) for column in COLUMNS}))
    return "\n".join(lines) + "\n"


def chosen_settings(arguments):
    frames, delays = arguments.frame, arguments.playout_delay
    if frames or delays:
        return [Setting(delay, frame) for delay in delays or [USUAL_PLAYOUT_DELAY] for frame in frames or [USUAL_FRAME]]
    settings = [Setting(delay, USUAL_FRAME) for delay in PLAYOUT_DELAYS] + [Setting(USUAL_PLAYOUT_DELAY, frame) for frame in FRAMES]
    return list(dict.fromkeys(settings))


def cut(recording, seconds, path):
    with wave.open(str(recording), "rb") as whole, wave.open(str(path), "wb") as piece:
        piece.setparams(whole.getparams())
        piece.writeframes(whole.readframes(int(seconds * whole.getframerate())))
        return min(seconds, whole.getnframes() / whole.getframerate())


def read_command_line():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin", metavar="DIR", help="where hubbub, hubbub-relay and hubbub-lab are (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="runs of each setting (default: 3)")
    parser.add_argument("--playout-delay", action="append", metavar="DURATION", help=f"may be repeated (default: {', '.join(PLAYOUT_DELAYS)})")
    parser.add_argument("--frame", action="append", metavar="DURATION", help=f"may be repeated (default: {', '.join(FRAMES)})")
    parser.add_argument("--recording", type=pathlib.Path, default=pathlib.Path(RECORDING), metavar="WAV", help="speech (default: a recording of Debian's pocketsphinx-testdata)")
    parser.add_argument("--seconds", type=float, default=4, metavar="N", help="how much of it (default: 4)")
    parser.add_argument("--sound-server", action="store_true", help="through JACK's dummy driver instead of from file to file")
    arguments = parser.parse_args()
    if arguments.sound_server and sound_server.missing_tool():
        parser.error(f"{sound_server.missing_tool()} is not installed (Debian: jackd2, jack-tools)")
    if arguments.runs < 1 or arguments.seconds < 1:
        parser.error("at least one run of at least a second")
    for program in ("hubbub", "hubbub-relay", "hubbub-lab"):
        if not os.access(arguments.bin / program, os.X_OK):
            parser.error(f"{arguments.bin / program} is not there: build it, and say where it is with --bin")
    if not arguments.recording.is_file():
        parser.error(f"{arguments.recording} is not there: install pocketsphinx-testdata, or give --recording")
    return arguments


def main():
    arguments = read_command_line()
    load, processors = os.getloadavg()[0], os.cpu_count()
    print(f"{processors} processors, load {load:.1f}" + (": busy, so expect more delay and late frames than there are on a quiet machine" if load > processors / 2 else "") + "\n")
    with tempfile.TemporaryDirectory() as directory:
        base = pathlib.Path(directory)
        recording = base / "said.wav"
        way = (SoundServer if arguments.sound_server else FileToFile)(arguments.bin, recording, cut(arguments.recording, arguments.seconds, recording))
        for setting in chosen_settings(arguments):
            runs = []
            for _ in range(arguments.runs):
                with tempfile.TemporaryDirectory(dir=base) as place:
                    runs.append(way.measure(setting, pathlib.Path(place)))
            print(report(way, setting, runs), flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"mouth_to_ear: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
