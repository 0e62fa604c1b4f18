"""What the relay numbers (codec/wire/PROTOCOL.md, section 2.8): the text log, the roster, and our own messages on their way into the log.

Written from that document alone, as stranger.py is.
"""

import collections
import random
import struct

from stranger_member import ROSTER_ASK, TEXT, TEXT_ASK, Dropped, element

MAX_PLAINTEXT = 1176
MAX_UNDER_WAY, KEPT_FOR_A_NEW_EPOCH, KEPT_FOR_A_NEW_EPOCH_S = 24, 1024, 600.0
EARLIER_MESSAGES, ANSWER_OVER_S = 50, 0.03


class Written:
    """A message of ours, and where it stands."""

    def __init__(self, sequence, id, data, now):
        self.sequence, self.id, self.data, self.at_s = sequence, id, data, now
        self.number, self.sent = None, False


class Outbox:
    """What was written and is not stored: not acknowledged (no number yet), or acknowledged by a relay that may forget it."""

    def __init__(self):
        self.next_sequence = random.getrandbits(16)
        self.written = collections.deque()  # in the order of their sequences
        self.resend_s, self.wait_s = 0.0, 0.0

    def add(self, id, data, now):
        self.written.append(Written(self.next_sequence, id, data, now))
        self.next_sequence += 1

    @property
    def unacknowledged(self):
        return [w for w in self.written if w.number is None]

    def find(self, sequence):
        return next((w for w in self.written if w.sequence == sequence), None)

    def acknowledged(self, id, number):
        for written in self.written:
            if written.id == id:
                written.number = number

    def stored(self, up_to):
        self.written = collections.deque(w for w in self.written if w.number is None or w.number > up_to)

    def begin_anew(self, now, new_epoch):
        """Another session; with another epoch, what was acknowledged may be forgotten, and stands where nobody knows."""
        if new_epoch:
            kept = [w for w in self.written if w.number is None or now - w.at_s < KEPT_FOR_A_NEW_EPOCH_S]
            self.written = collections.deque(kept, maxlen=KEPT_FOR_A_NEW_EPOCH)
        for written in self.written:
            written.sent = False
            if new_epoch:
                written.number = None

    def due(self, now, round_trip_s):
        """The elements of each envelope that is to be sent now."""
        under_way = self.unacknowledged[:MAX_UNDER_WAY]
        again = now >= self.resend_s
        wanted = [w for w in under_way if again or not w.sent]
        if not wanted:
            return []
        first_wait_s = min(1.0, max(0.1, 2 * round_trip_s))
        self.wait_s = min(1.0, self.wait_s * 1.5) if all(w.sent for w in wanted) else first_wait_s
        self.resend_s = now + self.wait_s
        envelopes = [b""]
        for written in wanted:
            item = element(TEXT, struct.pack(">II", under_way[0].sequence, written.sequence) + written.id + written.data)
            if len(envelopes[-1]) + len(item) > MAX_PLAINTEXT:
                envelopes.append(b"")
            envelopes[-1] += item
            written.sent = True
        return envelopes


class Numbered:
    """Follows something that the relay numbers with gaps: takes up each thing once, in order, and asks for what is missing."""

    WAITS_S = (0.25, 0.5, 1.0, 2.0)

    def __init__(self):
        self.have, self.newest = 0, 0  # without a gap, and told by the relay
        self.pending = {}  # by number: (previous, what)
        self.asked_s, self.answered_s, self.times = None, None, 0
        self.asks = 0

    def put(self, number, previous, what):
        if number > self.have:
            self.pending[number] = previous, what
            self.advance()

    def advance(self):
        while ready := [number for number, (previous, _) in self.pending.items() if previous <= self.have]:
            number = min(ready)
            _, what = self.pending.pop(number)
            if number > self.have:
                self.have = number
                self.take(number, *what)

    def take(self, number, *what):
        raise NotImplementedError

    def missing(self):
        return self.newest > self.have or bool(self.pending)

    def is_due(self, now):
        """Whether to ask. An answer is over once nothing of it came for a while."""
        if not self.missing():
            self.asked_s, self.times = None, 0
            return False
        if self.asked_s is not None:
            if self.answered_s is not None and self.answered_s >= self.asked_s:
                self.times = 0
                if now < self.answered_s + ANSWER_OVER_S:
                    return False
            elif now < self.asked_s + self.WAITS_S[min(self.times, len(self.WAITS_S)) - 1]:
                return False
        self.asked_s, self.times = now, self.times + 1
        self.asks += 1
        return True


class Log(Numbered):
    """What is written in the room. It begins with some of what was written before we came."""

    def __init__(self, member):
        super().__init__()
        self.member = member
        self.begun, self.came_at, self.begins = False, None, []
        self.sure = 0  # the last number that came in an envelope
        self.gone = []  # (after, up to): what was missed and no relay has any more

    def welcome(self, newest, new_epoch, stored_before):
        if not self.begun:
            self.came_at = self.newest = newest
            self.begun = newest == 0
        elif new_epoch:
            self.pending.clear()
            if newest < self.have:
                self.have = stored_before if stored_before <= newest else 0
                self.sure = min(self.sure, self.have)
        self.newest = newest

    def told(self, newest, known_before):
        """By a Pong. Who knew more than there is was told so by somebody else than the relay."""
        if not self.begun:
            return
        if newest < known_before:
            self.have = self.sure
            self.pending.clear()
        elif newest == self.have:
            self.sure = newest
        self.newest = newest if newest < known_before else max(self.newest, newest)

    def known(self):
        return max([self.have, *self.pending])

    def entry(self, number, previous, id, data, from_the_relay):
        if from_the_relay or (number not in self.pending and self.member.can_open(id, data)):
            self.put(number, previous, (id, data, from_the_relay))

    def advance(self):
        if self.begun:
            super().advance()

    def take(self, number, id, data, from_the_relay):
        if from_the_relay:
            self.sure = number
        self.member.read(number, id, data, earlier=number <= self.came_at)

    def range(self, after, newest, lost, now):
        self.answered_s = now
        self.newest = max(self.newest, newest)
        if not self.begun:
            self.begins.append(max(after, lost))
        elif lost > self.have:
            self.gone.append((self.have, lost))
            self.have = lost
            self.advance()

    def ask(self, now):
        """A TextAsk, if one is due."""
        if self.begins and not self.begun and now >= self.answered_s + ANSWER_OVER_S:
            self.begun, self.have = True, min(self.begins)
            self.advance()
        if self.came_at is None or not self.is_due(now):
            return None
        after, before = (self.have, 0) if self.begun else (self.came_at, EARLIER_MESSAGES)
        return element(TEXT_ASK, struct.pack(">QH", after, before))


class Roster(Numbered):
    """Who is in the room."""

    def __init__(self, member):
        super().__init__()
        self.member = member
        self.answer = None  # the newest RosterRange: (after, newest)
        self.begun = None  # the newest change when we began to ask

    def welcome(self, newest, new_epoch):
        if new_epoch:
            self.begin_anew()
        self.newest = newest

    def begin_anew(self):
        self.have, self.begun, self.answer = 0, None, None
        self.pending.clear()
        self.member.people.clear()

    def told(self, newest):
        self.newest = max(self.newest, newest)

    def take(self, _number, ssrc, presence):
        try:
            self.member.meet(ssrc, presence)
        except Dropped as why:
            self.member.dropped[why.args[0]] += 1

    def range(self, after, newest, lost, now):
        self.answered_s = now
        self.newest = max(self.newest, newest)
        self.answer = (after, newest)
        if self.begun is None and after == 0:
            self.begun = newest
        # While the first answers are collected, who left before they began is no loss; later, who left since what we have.
        if lost > max(self.have, self.begun or 0):
            self.begin_anew()

    def ask(self, now):
        if self.answer is not None and now >= self.answered_s + ANSWER_OVER_S:
            (after, newest), self.answer = self.answer, None
            if after == self.have:  # nothing stood behind it: those who came left again
                self.have = max(self.have, newest)
                self.advance()
        return element(ROSTER_ASK, struct.pack(">Q", self.have)) if self.is_due(now) else None
