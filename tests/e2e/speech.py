"""Real speech for the end-to-end tests: a recording that Debian packages, a piece cut out of it, and how well it was heard."""

import json
import os
import subprocess
import unittest
import wave

from harness import PATIENCE_S, binary

# LibriVox, public domain; 7.1 s, 16 kHz, mono. In Debian's pocketsphinx-testdata.
RECORDING = "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav"
# The reader speaks from 0.2 s to 6.7 s. A piece within begins and ends in speech, so what is lost at its ends is missed.
SPEECH_BEGINS_S = 0.3


def recording():
    """The whole recording's path; skips the test where it is not installed."""
    if not os.path.exists(RECORDING):
        raise unittest.SkipTest(f"no speech: {RECORDING} is not installed (Debian: pocketsphinx-testdata)")
    return RECORDING


def cut(path, seconds, begin_s=SPEECH_BEGINS_S):
    """Writes a piece of the recording to `path` and returns that."""
    with wave.open(recording(), "rb") as whole:
        rate = whole.getframerate()
        whole.setpos(int(begin_s * rate))
        samples = whole.readframes(int(seconds * rate))
        with wave.open(path, "wb") as piece:
            piece.setparams(whole.getparams())
            piece.writeframes(samples)
    return path


def compare(original, heard):
    """What `hubbub-lab compare` measures: delay_ms, estoi and so on; None for what it could not."""
    argv = [binary("hubbub-lab"), "compare", original, heard, "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=4 * PATIENCE_S, check=False)
    if done.returncode not in (0, 1):  # 1: nothing of the original was found
        raise AssertionError(f"hubbub-lab compare ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def assert_heard(test, original, heard, estoi=0.8):
    """`heard` contains all of `original`, at its own pace and level, and as intelligible as `estoi`. Returns what was measured."""
    measured = compare(original, heard)
    test.assertIsNotNone(measured["delay_ms"], f"nothing of {original} is in {heard}: {measured}")
    test.assertGreaterEqual(measured["delay_ms"], 0, measured)
    # A quarter of a second lost at an end, or cut out, would show here.
    test.assertAlmostEqual(measured["heard_speech_seconds"], measured["original_speech_seconds"], delta=0.2, msg=str(measured))
    test.assertAlmostEqual(measured["level_difference_db"], 0, delta=2, msg=str(measured))
    test.assertGreater(measured["estoi"], estoi, measured)
    return measured
