"""A client for sealed rooms, written from codec/wire/PROTOCOL.md alone: it shares no code with the project, so what it can do any stranger can.

Three layers, as there: Member (end to end; stranger_member.py), Session (the envelope), Stranger (datagrams, handshake, time), with
Outbox, Log and Roster for what the relay numbers (stranger_log.py). One thread: nothing happens but within Stranger.run. Standard library and Debian's
python3-cryptography.
"""

import base64
import collections
import copy
import hashlib
import hmac
import os
import select
import socket
import struct
import time
import urllib.parse

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from stranger_log import Log, Outbox, Roster
from stranger_member import (
    ASK, ECHO, FRAME_ELEMENT, LOG_ENTRY, NACK, PADDING, REPAIR, ROSTER_CHANGE, ROSTER_RANGE, SIBLING, TEXT_ACK, TEXT_RANGE,
    Dropped, Identity, Member, ReplayWindow, element, elements_of, hkdf_expand, hkdf_extract, hmac_sha256, mac, name_tag, public_of, room_keys,
)  # fmt: skip

VERSION = 1
HELLO, RETRY, REPLY, REFUSAL, KEY_REQUEST, KEY_ANSWER, ENVELOPE, BUNDLE, RESET, FRAME = 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x80
REFUSED_VERSION, REFUSED_TOKEN, REFUSED_FULL = 1, 2, 3
PING, PONG, JOIN, WELCOME, TURNED_AWAY, PATH_CHALLENGE, PATH_RESPONSE, GOODBYE, REKEY, REKEYED = range(0x10, 0x1A)
ROOM_FULL, SSRC_TAKEN, NAME_TAKEN = 1, 2, 3
# What is sealed end to end, and so may come in a bundle, where nothing else is proven.
SEALED_END_TO_END = {PADDING, FRAME_ELEMENT, SIBLING, REPAIR, ASK, ECHO, LOG_ENTRY}
FOR_THE_MEMBER = {FRAME_ELEMENT, SIBLING, REPAIR, ASK, ECHO, NACK}

MAX_DATAGRAM = 1200
FRAME_S, FRAME_SAMPLES = 0.02, 960

PING_EVERY_S, AWAY_AFTER_S, OLD_SESSION_S = 2.0, 4.0, 10.0


# --- the handshake's cipher -----------------------------------------------------------------------------------------------------


class Noise:
    """The initiator of Noise_NKpsk0_25519_ChaChaPoly_SHA256 (Noise revision 34): -> psk, e, es; <- e, ee."""

    def __init__(self, prologue, relay_key, psk, ephemeral=None):
        self.h = self.ck = hashlib.sha256(b"Noise_NKpsk0_25519_ChaChaPoly_SHA256").digest()
        self.k, self.n = None, 0
        self.relay_key, self.psk = relay_key, psk
        self.e = ephemeral or X25519PrivateKey.generate()
        self.mix_hash(prologue)
        self.mix_hash(relay_key)

    def mix_hash(self, data):
        self.h = hashlib.sha256(self.h + data).digest()

    def mix_key(self, material):
        prk = hkdf_extract(self.ck, material)
        self.ck, self.k, self.n = hkdf_expand(prk, b"", 32), hkdf_expand(prk, b"", 64)[32:], 0

    def mix_key_and_hash(self, material):
        out = hkdf_expand(hkdf_extract(self.ck, material), b"", 96)
        self.ck, self.k, self.n = out[:32], out[64:], 0
        self.mix_hash(out[32:64])

    def mix_public(self, public):  # an ephemeral key goes into the key as well where there is a psk (section 9.2)
        self.mix_hash(public)
        self.mix_key(public)

    def mix_shared(self, private, public):
        try:
            self.mix_key(private.exchange(X25519PublicKey.from_public_bytes(public)))
        except ValueError:  # a point of low order
            raise Dropped("bad_handshake") from None

    def seal(self, payload):
        sealed = ChaCha20Poly1305(self.k).encrypt(noise_nonce(self.n), payload, self.h)
        self.n += 1
        self.mix_hash(sealed)
        return sealed

    def open(self, sealed):
        try:
            payload = ChaCha20Poly1305(self.k).decrypt(noise_nonce(self.n), sealed, self.h)
        except InvalidTag:
            raise Dropped("bad_handshake") from None
        self.n += 1
        self.mix_hash(sealed)
        return payload

    def split(self):
        out = hkdf_expand(hkdf_extract(self.ck, b""), b"", 64)
        return out[:32], out[32:]

    def first_message(self, payload=b""):
        self.mix_key_and_hash(self.psk)
        self.mix_public(public_of(self.e))
        self.mix_shared(self.e, self.relay_key)
        return public_of(self.e) + self.seal(payload)

    def after_second_message(self, message):
        """The payload and the finished state. This one stays as it was: a forged message must not spoil the handshake."""
        done = copy.copy(self)
        done.mix_public(message[:32])
        done.mix_shared(done.e, message[:32])
        return done.open(message[32:]), done


def noise_nonce(counter):
    return bytes(4) + struct.pack("<Q", counter)


# --- links (2.1) ------------------------------------------------------------------------------------------------------------------


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Link:
    def __init__(self, text):
        parts = urllib.parse.urlsplit(text)
        if parts.scheme != "hubbub" or parts.hostname is None:
            raise ValueError(f"{text} is no link to a sealed room")
        self.host, self.port = parts.hostname, parts.port or 5240
        self.room = urllib.parse.unquote_to_bytes(parts.path[1:])  # with a passphrase, where there is one
        secrets = from_base64url(parts.fragment)
        self.relay_key, self.room_secret = secrets[:32] or None, secrets[32:] or None
        if len(secrets) not in ((0, 32) if self.room else (64,)):
            raise ValueError(f"{text} is cut short")


def scrypt(secret, salt, n):
    return Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(secret)


def passphrase_secret(passphrase, relay_key, room):
    return scrypt(passphrase.encode(), b"hubbub room v1" + relay_key + room, 65536)


def token_psk(token, relay_key):
    return bytes(32) if token is None else scrypt(token, b"hubbub access token v1" + relay_key, 32768)


# --- the envelope (2.4) -----------------------------------------------------------------------------------------------------------


class Session:
    def __init__(self, grant, finished):
        self.id, self.reset_token, idle_ms = grant[:4], grant[4:20], grant[20:24]
        self.idle_timeout_s = int.from_bytes(idle_ms, "big") / 1000
        self.hash = finished.h
        send, receive = finished.split()
        self._send, self._receive = ChaCha20Poly1305(send), ChaCha20Poly1305(receive)
        self.sent, self.window = 0, ReplayWindow()

    def seal(self, plaintext):
        head = bytes([ENVELOPE]) + self.id + (self.sent & 0xFFFFFF).to_bytes(3, "big")
        datagram = head + self._send.encrypt(noise_nonce(self.sent), plaintext, head)
        self.sent += 1
        return datagram

    def open(self, datagram):
        counter = self.nearest(int.from_bytes(datagram[5:8], "big"))
        self.window.check(counter)
        try:
            plaintext = self._receive.decrypt(noise_nonce(counter), datagram[8:], datagram[:8])
        except InvalidTag:
            raise Dropped("bad_tag") from None
        self.window.add(counter)
        return plaintext

    def nearest(self, low):
        expected = self.window.newest + 1
        counter = (expected & ~0xFFFFFF) | low
        candidates = [c for c in (counter - (1 << 24), counter, counter + (1 << 24)) if c >= 0]
        return min(candidates, key=lambda c: abs(c - expected))


# --- datagrams, handshake and time (2.2 to 2.5) -----------------------------------------------------------------------------------


class Repeat:
    """Due at once, then after 250 ms, 500 ms, and every second."""

    def __init__(self, waits_s=(0.25, 0.5, 1.0)):
        self.waits_s, self.times, self.due_s = waits_s, 0, 0.0

    def is_due(self, now):
        if now < self.due_s:
            return False
        self.due_s = now + self.waits_s[min(self.times, len(self.waits_s) - 1)]
        self.times += 1
        return True


class Handshake:
    """One Hello, its cookie and its repetitions."""

    def __init__(self, relay_key, psk, now, version=VERSION):
        self.version, self.begun_s, self.nonce, self.cookie = version, now, os.urandom(8), bytes(16)
        self.hello_key, self.token_key = question_keys(relay_key, psk)
        self.noise = Noise(b"hubbub sealed v1", relay_key, psk)
        self.message = self.noise.first_message()
        self.repeat, self.retries = Repeat(), 0

    def hello(self):
        return signed(self, bytes([HELLO, self.version]) + self.nonce + self.cookie + self.message + bytes(406))


class KeyQuestion:
    """A KeyRequest and its repetitions."""

    def __init__(self, token):
        self.nonce = os.urandom(8)
        self.hello_key, self.token_key = question_keys(bytes(32), token_psk(token, bytes(32)))
        self.repeat = Repeat()

    def request(self):
        return signed(self, bytes([KEY_REQUEST, VERSION]) + self.nonce + bytes(470))


def question_keys(relay_key, psk):
    """(hello_key, token_key)"""
    return hmac_sha256(relay_key, b"hubbub hello v1"), hmac_sha256(psk, b"hubbub token v1" + relay_key)


def signed(question, data):
    data += mac(question.hello_key, data)
    return data + mac(question.token_key, data)


class Stranger:
    """Joins the room of a link and stays until `leave`. Everything is done by `run`."""

    def __init__(self, link, name="", token=None, passphrase=None, version=VERSION, identity=None):
        self.link, self.name, self.token, self.passphrase = Link(link), name, token, passphrase
        self.identity = identity or Identity()
        self.version = version
        self.relay_key, self.psk, self.room_id, self.member = None, None, None, None
        self.handshake, self.key_question = None, None
        self.session, self.joining, self.old_session, self.old_until_s = None, None, None, 0.0
        self.ended_id = None
        self.join_body, self.join_repeat, self.revision = None, None, 0
        self.last_name = name  # to go back to when another is refused
        self.rekeying, self.rekey_repeat = None, None
        self.outbox, self.log, self.roster, self.epoch = Outbox(), None, None, None
        self.ping_token, self.ping_asked_s, self.next_ping_s, self.known_at_ping = None, 0.0, 0.0, 0
        self.round_trip_s = 0.1
        self.next_handshake_s, self.left = 0.0, False
        self.voice, self.next_frame_s, self.spurt = collections.deque(), time.monotonic(), False
        # What was seen, for whoever asks.
        self.welcomes, self.pongs, self.challenges, self.resets, self.rekeyed = 0, 0, 0, 0, 0
        self.members, self.refusals, self.turned_away, self.goodbyes = 0, [], [], []
        self.stored, self.keeps_history = 0, None
        self.key_told, self.received, self.dropped = None, collections.Counter(), collections.Counter()
        self.socket = None
        self.roam()
        if self.link.relay_key is None:
            self.key_question = KeyQuestion(token)
        else:
            self.know(self.link.relay_key)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def know(self, relay_key):
        """All that follows from the relay's key."""
        self.relay_key, self.psk = relay_key, token_psk(self.token, relay_key)
        secret = self.link.room_secret or passphrase_secret(self.passphrase, relay_key, self.link.room)
        room_prk, self.room_id = room_keys(relay_key, secret)
        if self.member is None:
            self.member = Member(room_prk, self.room_id, self.identity, self.name)
            self.log, self.roster = Log(self.member), Roster(self.member)
            self.change()
        self.shake_hands(time.monotonic())

    def shake_hands(self, now):
        self.handshake = Handshake(self.relay_key, self.psk, now, self.version)

    def roam(self):
        """Goes on from another address."""
        address = socket.getaddrinfo(self.link.host, self.link.port, type=socket.SOCK_DGRAM)[0]
        if self.socket is not None:
            self.socket.close()
        self.socket = socket.socket(address[0], socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.connect(address[4])
        self.socket.setblocking(False)
        self.next_ping_s = 0.0

    # What a test asks for.

    @property
    def joined(self):
        return self.session is not None and self.joining is None

    def run(self, until=lambda: False, timeout_s=5.0):
        """Lives until the condition gives something true, which is returned; None when that took too long."""
        deadline = time.monotonic() + timeout_s
        while True:
            if select.select([self.socket], [], [], 0.004)[0]:
                self.drain()
            now = time.monotonic()
            self.on_time(now)
            if value := until():
                return value
            if now > deadline:
                return None

    def drain(self):
        for _ in range(1000):
            try:
                datagram = self.socket.recv(65536)
            except BlockingIOError:
                return
            except ConnectionRefusedError:  # nobody is there, or not yet again
                continue
            try:
                self.receive(datagram, time.monotonic())
            except Dropped as why:
                self.dropped[why.args[0]] += 1

    def say(self, text, done=False):
        self.outbox.add(*self.member.text(text, done), time.monotonic())

    def tell(self, person, text, done=False):
        """A direct message."""
        self.outbox.add(*self.member.direct(person, text, done), time.monotonic())

    def person(self, name):
        """Somebody who is here, or None."""
        return next((person for person in self.member.others() if person.name == name), None)

    def rename(self, name):
        self.member.name = name
        self.change()

    def mute(self, muted):
        self.member.muted = muted
        self.change()

    def change(self):
        """Something that the relay or the others are to know: one more Join, the same until it is answered."""
        self.revision += 1
        self.join_body, self.join_repeat = None, Repeat()

    def join(self, session):
        if self.join_body is None:
            whose = self.member.name
            tag, owner = name_tag(self.member.room_prk, whose), self.identity.owner(self.room_id) if whose else bytes(16)
            self.join_body = self.room_id + tag + owner + struct.pack(">II", self.member.ssrc, self.revision) + self.member.presence()
        self.send(element(JOIN, self.join_body), session)

    def speak(self, packets):
        """Opus packets of 20 ms each; `run` sends them at their pace."""
        self.voice.extend(packets)

    def rekey(self):
        self.rekeying = Noise(b"hubbub rekey v1" + self.session.hash, self.relay_key, self.psk)
        self.rekey_message, self.rekey_repeat = self.rekeying.first_message(), Repeat((1.0,))

    def leave(self):
        for _ in range(3):
            self.send(element(GOODBYE, bytes([0])))
        self.left = True

    # Sending.

    def transmit(self, datagram):
        assert len(datagram) <= MAX_DATAGRAM
        try:
            self.socket.send(datagram)
        except ConnectionRefusedError:
            pass

    def send(self, elements, session=None):
        self.transmit((session or self.session).seal(elements))

    def on_time(self, now):
        if self.left:
            return
        if self.handshake is not None:
            self.repeat_hello(now)
        if self.key_question is not None and self.key_question.repeat.is_due(now):
            self.transmit(self.key_question.request())
        if (self.joining or self.session) is not None and self.join_repeat is not None and self.join_repeat.is_due(now):
            self.join(self.joining or self.session)
        if self.session is None:
            return
        if self.rekeying is not None and self.rekey_repeat.is_due(now):
            self.send(element(REKEY, self.rekey_message))
        if now >= self.next_ping_s:
            self.ping(now)
        self.send_voice(now)
        outbox, self.member.outbox = self.member.outbox, []
        asks = [ask for ask in (self.log.ask(now), self.roster.ask(now)) if ask is not None]
        for item in outbox + asks + self.outbox.due(now, self.round_trip_s):
            self.send(item)
        if self.old_session is not None and now > self.old_until_s:
            self.old_session = None

    def repeat_hello(self, now):
        if now - self.handshake.begun_s > AWAY_AFTER_S:
            self.shake_hands(now)
        if self.handshake.repeat.is_due(now):
            self.transmit(self.handshake.hello())
        if now - self.handshake.begun_s > 2.0 and self.key_question is None and self.key_told is None:
            self.key_question = KeyQuestion(self.token)

    def ping(self, now):
        if self.ping_token is None:
            self.ping_token, self.ping_asked_s, self.known_at_ping = os.urandom(8), now, self.log.known()
        self.next_ping_s = now + (0.25 if now - self.ping_asked_s < 2.0 else 1.0)
        self.send(element(PING, self.ping_token))

    def send_voice(self, now):
        if not self.voice:
            self.spurt = False
        elif not self.spurt:  # the timestamp went on in the silence, the counter did not
            skipped = max(0, round((now - self.next_frame_s) / FRAME_S))
            self.member.timestamp = (self.member.timestamp + skipped * FRAME_SAMPLES) & 0xFFFFFFFF
            self.next_frame_s = now
        while self.voice and now >= self.next_frame_s:
            self.send(self.member.frame(self.voice.popleft(), marker=not self.spurt))
            self.member.timestamp = (self.member.timestamp + FRAME_SAMPLES) & 0xFFFFFFFF
            self.next_frame_s += FRAME_S
            self.spurt = True

    # Receiving.

    def receive(self, data, now):
        kind = data[0] if data else None
        self.received[kind] += 1
        if len(data) > MAX_DATAGRAM:
            raise Dropped("oversize")
        if kind == ENVELOPE:
            self.on_envelope(data, now)
        elif kind == BUNDLE:
            self.on_elements(None, (e for e in elements_of(data[1:]) if e[0] in SEALED_END_TO_END), now)
        elif kind == FRAME:
            self.member.receive([(FRAME_ELEMENT, b"\0" + data)], now)
        elif kind == RETRY:
            self.on_retry(data)
        elif kind == REPLY:
            self.on_reply(data)
        elif kind == REFUSAL:
            self.on_refusal(data)
        elif kind == KEY_ANSWER:
            self.on_key_answer(data)
        elif kind == RESET:
            self.on_reset(data, now)
        else:
            raise Dropped("unknown_kind")

    def check_answer(self, question, data, length):
        """An answer to another question than the last is no fault: a repeated Hello is answered twice."""
        if len(data) != length:
            raise Dropped("truncated" if len(data) < length else "trailing_bytes")
        if question is None or data[2:10] != question.nonce:
            raise Dropped("not_asked")

    def check_mac(self, hello_key, data):
        if not hmac.compare_digest(data[-16:], mac(hello_key, data[:-16])):
            raise Dropped("bad_mac")

    def on_retry(self, data):
        self.check_answer(self.handshake, data, 42)
        self.check_mac(self.handshake.hello_key, data)
        self.handshake.cookie = data[10:26]
        self.handshake.retries += 1
        if self.handshake.retries == 1:  # a relay that is never content is asked at the pace of repetition
            self.transmit(self.handshake.hello())

    def on_reply(self, data):
        self.check_answer(self.handshake, data, 82)
        grant, finished = self.handshake.noise.after_second_message(data[10:])
        self.handshake, self.key_question = None, None
        if self.session is not None:  # the relay may know it after all, and then it holds our SSRC
            self.ended_id = self.session.id
            for _ in range(3):
                self.send(element(GOODBYE, bytes([0])))
        self.session, self.rekeying = None, None
        self.joining, self.join_repeat = Session(grant, finished), Repeat()

    def on_refusal(self, data):
        self.check_answer(self.handshake or self.key_question, data, 27)
        self.check_mac((self.handshake or self.key_question).hello_key, data)
        self.refusals.append((data[1], data[10]))  # the relay's version, and why

    def on_key_answer(self, data):
        self.check_answer(self.key_question, data, 58)
        key = data[10:42]
        self.check_mac(question_keys(key, b"")[0], data)
        self.key_question, self.key_told = None, key
        if self.relay_key is None:
            self.know(key)

    def on_reset(self, data, now):
        if len(data) != 21:
            raise Dropped("truncated")
        if data[1:5] == self.ended_id:  # our Goodbye brought it
            return
        ours = [session for session in (self.session, self.joining) if session is not None and session.id == data[1:5]]
        if self.left or not ours or not hmac.compare_digest(data[5:], ours[0].reset_token):
            raise Dropped("unknown_session")
        self.resets += 1
        under_way = self.handshake is not None or (self.joining is not None and ours[0] is not self.joining)
        if now >= self.next_handshake_s and not under_way:
            self.next_handshake_s = now + 1.0
            self.shake_hands(now)

    def on_envelope(self, data, now):
        if len(data) < 24:
            raise Dropped("truncated")
        for session in (self.session, self.joining, self.old_session):
            if session is not None and session.id == data[1:5]:
                break
        else:
            raise Dropped("unknown_session")
        self.on_elements(session, elements_of(session.open(data)), now)

    def on_elements(self, session, elements, now):
        """Those of a Bundle come without a session."""
        for_the_member = []
        try:
            for kind, body in elements:
                if kind in FOR_THE_MEMBER:
                    for_the_member.append((kind, body))
                elif kind in self.HANDLERS:
                    least, most, handler = self.HANDLERS[kind]
                    if least <= len(body) <= most:
                        handler(self, session, body, now)
                    else:
                        self.dropped["truncated" if len(body) < least else "trailing_bytes"] += 1
        finally:  # what stood before something broken counts
            self.member.receive(for_the_member, now)

    def on_pong(self, _session, body, now):
        token, _phase, members, text, stored, change = struct.unpack(">8sIIQQQ", body)
        if token != self.ping_token:
            return
        self.ping_token, self.next_ping_s = None, now + PING_EVERY_S
        self.round_trip_s = now - self.ping_asked_s
        self.pongs += 1
        if self.joined:
            self.members = members
            self.log.told(text, self.known_at_ping)
            self.roster.told(change)
            self.on_stored(stored)

    def on_stored(self, stored):
        self.stored = stored
        self.outbox.stored(stored)

    def on_welcome(self, session, body, now):
        ssrc, revision, members, text, stored, change, epoch, flags = struct.unpack(">IIIQQQ8sB", body)
        if session is not (self.joining or self.session) or ssrc != self.member.ssrc or revision != self.revision:
            return
        self.join_repeat, self.last_name = None, self.member.name
        if self.joining is None:  # a change of ours
            return
        self.session, self.joining, self.members = session, None, members
        self.ping_token, self.next_ping_s = None, now
        self.rekeying = None  # it was for the session before
        self.welcomes += 1
        self.keeps_history = flags & 1 == 1
        new_epoch, self.epoch = epoch != self.epoch, epoch
        self.log.welcome(text, new_epoch, self.stored)
        self.roster.welcome(change, new_epoch)
        self.outbox.begin_anew(now, new_epoch)
        self.on_stored(stored)

    def on_turned_away(self, session, body, _now):
        ssrc, revision, reason = struct.unpack(">IIB", body)
        if session is not (self.joining or self.session) or ssrc != self.member.ssrc or revision != self.revision:
            return
        self.turned_away.append(reason)
        if reason == SSRC_TAKEN:
            self.member.draw()
            self.change()
        elif reason == NAME_TAKEN:  # until `rename`, a member keeps the name before, and others wait
            if self.joining is None:
                self.member.name = self.last_name
                self.change()
            self.join_repeat = None

    def on_log_entry(self, session, body, _now):
        number, previous, id = struct.unpack_from(">QQ16s", body)
        self.log.entry(number, previous, id, body[32:], session is not None)
        if session is not None:
            self.outbox.acknowledged(id, number)

    def on_text_ack(self, _session, body, _now):
        sequence, number, previous = struct.unpack(">IQQ", body)
        written = self.outbox.find(sequence)
        if written is not None and written.number is None:
            written.number = number
            self.log.entry(number, previous, written.id, written.data, True)

    def on_text_range(self, _session, body, now):
        self.log.range(*struct.unpack(">QQQ", body), now)

    def on_roster_change(self, _session, body, _now):
        number, previous, ssrc = struct.unpack_from(">QQI", body)
        self.roster.put(number, previous, (ssrc, body[20:]))

    def on_roster_range(self, _session, body, now):
        self.roster.range(*struct.unpack(">QQQ", body), now)

    def on_path_challenge(self, session, body, _now):
        self.challenges += 1
        self.send(element(PATH_RESPONSE, body), session)

    def on_goodbye(self, session, body, now):
        self.goodbyes.append(body[0])
        if session is self.old_session:
            self.old_session = None
        elif not self.left:
            self.session, self.joining, self.rekeying = None, None, None
            self.shake_hands(now)  # it may come back

    def on_rekeyed(self, session, body, now):
        if session is not self.session or self.rekeying is None:
            return
        grant, finished = self.rekeying.after_second_message(body)
        self.old_session, self.old_until_s = self.session, now + OLD_SESSION_S
        self.session, self.rekeying = Session(grant, finished), None
        self.rekeyed += 1
        self.next_ping_s = now  # the relay goes over with the first envelope it gets

    HANDLERS = {  # what only a relay says, with the least and the greatest length
        PONG: (40, 40, on_pong),
        WELCOME: (45, 45, on_welcome),
        TURNED_AWAY: (9, 9, on_turned_away),
        PATH_CHALLENGE: (8, 8, on_path_challenge),
        GOODBYE: (1, 1, on_goodbye),
        REKEYED: (72, 72, on_rekeyed),
        LOG_ENTRY: (32, 32 + 1110, on_log_entry),
        TEXT_ACK: (20, 20, on_text_ack),
        TEXT_RANGE: (24, 24, on_text_range),
        ROSTER_CHANGE: (20, 20 + 320, on_roster_change),
        ROSTER_RANGE: (24, 24, on_roster_range),
    }
