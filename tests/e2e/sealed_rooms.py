"""A sealed relay and people in its rooms, for the tests that need them: in a home of their own, so that nobody's real one is touched."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

from harness import E2eTest, Program, binary, wait_until

SOON_S = 5.0  # every obstacle is named within this, on a machine that is not busy
SLOW = 3.0 if os.environ.get("HUBBUB_SANITIZE") else 1.0
LINK = re.compile(r"^hubbub://127\.0\.0\.1:(\d+)/#[A-Za-z0-9_-]{86}$")


class SealedTest(E2eTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        # Nobody's real home is touched, and each test begins knowing no relay.
        self.env = {"HOME": str(self.directory), "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": "", "JOURNAL_STREAM": ""}

    def path(self, name):
        return str(self.directory / name)

    def write(self, name, text, mode=0o600):
        path = self.directory / name
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def relay(self, *arguments, port=0, key="relay.key"):
        relay = self.keep(Program([binary("hubbub-relay"), "--sealed", str(port), "--key", self.path(key), "--bind", "127.0.0.1", *arguments], env=self.env))
        relay.link = relay.out.wait_for(LINK.pattern).group(0)
        relay.port = int(LINK.match(relay.link).group(1))
        return relay

    def join(self, *arguments, **options):
        return self.hubbub("join", "--no-audio", "--json", *arguments, **options)

    def hubbub(self, *arguments, **options):
        """The client; whoever has a name has an identity of their own."""
        arguments = list(arguments)
        if "--name" in arguments and "--identity" not in arguments:
            arguments += ["--identity", self.path(arguments[arguments.index("--name") + 1] + ".identity")]
        return self.keep(Program([binary("hubbub"), *arguments], env={**self.env, **options.pop("env", {})}, **options))

    def events(self, program, kind):
        return [event for event in map(json.loads, program.out.all()) if event["event"] == kind]

    def see(self, program, kind, count=1, timeout_s=SOON_S * SLOW, **fields):
        def matching():
            found = [e for e in self.events(program, kind) if all(e.get(k) == v for k, v in fields.items())]
            return found if len(found) >= count else None

        return wait_until(matching, f"{kind} {fields}", timeout_s)

    def refused(self, *arguments, within_s=SOON_S, code=1, **options):
        """Joins in vain: the sentence, which comes soon."""
        begin = time.monotonic()
        process = subprocess.run(
            [binary("hubbub"), "join", "--no-audio", *arguments], env={**os.environ, **self.env, **options.get("env", {})}, input=options.get("input", ""), capture_output=True, text=True, timeout=60
        )
        self.assertLess(time.monotonic() - begin, within_s * SLOW)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        return process.stdout + process.stderr
