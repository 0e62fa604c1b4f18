"""What each client of the demonstration heard and read, in words. Fails when one heard less than half, or read anything but the lines.

Usage: demo_report.py HUBBUB_LAB OUTPUT_DIRECTORY ORIGINAL_RECORDING LINE...
"""

import json
import pathlib
import subprocess
import sys


def events(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def last(path, kind):
    return [event for event in events(path) if event["event"] == kind][-1]


def main():
    lab, out, original = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    spoken = last(out / "alice.json", "stats")
    written = sys.argv[4:]
    print(f"alice spoke {spoken['voice_packets_sent']} frames of {spoken['frame_ms']:.0f} ms; dave wrote {len(written)} lines")
    well = True
    for name in ("bob", "carol"):
        recording = out / f"{name}.wav"
        answer = subprocess.run([lab, "compare", original, recording, "--json"], check=True, capture_output=True, text=True)
        measured = json.loads(answer.stdout)
        stats = last(out / f"{name}.json", "stats")
        texts = [event["text"] for event in events(out / f"{name}.json") if event["event"] == "message"]
        heard = [speaker for speaker in stats["speakers"] if speaker["name"] == "alice"]
        if not heard or measured["delay_ms"] is None:
            print(f"{name} did not hear alice")
            well = False
            continue
        voice = heard[0]
        # Both recordings begin at an instant of the machine's steady clock; the rest of their offset is delay.
        delay = measured["delay_ms"] + 1000 * (stats["output_started_clock_s"] - spoken["input_started_clock_s"])
        share = 100 * voice["lost"] / max(1, voice["lost"] + voice["received"])
        print(
            f"{name} heard {measured['heard_speech_seconds']:.1f} s of alice's {measured['original_speech_seconds']:.1f} s of speech: "
            f"{voice['lost']} frames lost ({share:.1f} %), {voice['late']} late, {voice['concealed_s']:.2f} s concealed, "
            f"{delay:.0f} ms from mouth to ear, similarity {measured['estoi']:.2f} of 1 (ESTOI); "
            f"read {len(texts)} of dave's {len(written)} lines{'' if texts == written else ': NOT as he wrote them, each once and in order'}"
        )
        well = well and texts == written
        well = well and measured["heard_speech_seconds"] > 0.5 * measured["original_speech_seconds"]
    # What the relay printed first is the link: whoever has it has the room.
    print("\n".join(line for line in (out / "relay.out").read_text().splitlines() if not line.startswith("hubbub://")))
    print(f"recordings: {out}/bob.wav, {out}/carol.wav; the original: {original}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
