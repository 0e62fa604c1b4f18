"""A client for sealed rooms, written from codec/wire/PROTOCOL.md alone: it shares no code with the project, so what it can do any stranger can.

Three layers, as there: Member (end to end), Session (the envelope), Stranger (datagrams, handshake, time). One thread: nothing happens
but within Stranger.run. Standard library and Debian's python3-cryptography.
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
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VERSION = 1
HELLO, RETRY, REPLY, REFUSAL, KEY_REQUEST, KEY_ANSWER, ENVELOPE, BUNDLE, RESET, FRAME = 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x80
REFUSED_VERSION, REFUSED_TOKEN, REFUSED_FULL = 1, 2, 3

PADDING, FRAME_ELEMENT, SIBLING, REPAIR, NACK, REPORT = 0x00, 0x01, 0x02, 0x03, 0x04, 0x05
PING, PONG, JOIN, WELCOME, TURNED_AWAY, PATH_CHALLENGE, PATH_RESPONSE, GOODBYE, REKEY, REKEYED = range(0x10, 0x1A)
ASK, ECHO, TEXT = 0x20, 0x21, 0x22
# What is sealed end to end, and so may come in a bundle, where nothing else is proven.
SEALED_END_TO_END = {FRAME_ELEMENT, SIBLING, REPAIR, ASK, ECHO, TEXT}

MAX_DATAGRAM = 1200
VOICE, ASK_LABEL, ECHO_LABEL, TEXT_LABEL = b"hubbub voice v1", b"hubbub ask v1", b"hubbub echo v1", b"hubbub text v1"
PAYLOAD_TYPE = 111
FRAME_S, FRAME_SAMPLES = 0.02, 960

MAX_HELD, HOLD_S, ASK_EVERY_S, LIVE_MARGIN = 64, 1.0, 0.25, 50
PING_EVERY_S, AWAY_AFTER_S, OLD_SESSION_S = 2.0, 4.0, 10.0
FRAMES_KEPT = 64  # for Nacks; more than a second of 20 ms


class Dropped(Exception):
    """Bytes from a peer that are not to be used; args[0] says why, in the document's words where it has one."""


# --- primitives ---------------------------------------------------------------------------------------------------------------


def hmac_sha256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def mac(key, data):
    return hmac_sha256(key, data)[:16]


def hkdf_extract(salt, secret):
    return hmac_sha256(salt, secret)


def hkdf_expand(prk, info, length):
    out, block = b"", b""
    for n in range(1, 256):
        if len(out) >= length:
            break
        block = hmac_sha256(prk, block + info + bytes([n]))
        out += block
    return out[:length]


def scrypt(secret, salt, n):
    return Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(secret)


def public_of(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


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


class ReplayWindow:
    """Which of the newest 1,024 counters came (RFC 6479)."""

    SIZE = 1024

    def __init__(self):
        self.newest, self.seen = -1, 0  # bit i of `seen`: newest - i

    def check(self, counter):
        behind = self.newest - counter
        if behind >= self.SIZE or (behind >= 0 and self.seen >> behind & 1):
            raise Dropped("replayed")

    def add(self, counter):
        if counter > self.newest:
            self.seen = (self.seen << min(counter - self.newest, self.SIZE)) & ((1 << self.SIZE) - 1)
            self.newest = counter
        self.seen |= 1 << (self.newest - counter)


# --- SFrame (RFC 9605), cipher suite 1 ------------------------------------------------------------------------------------------


def minimal(number):
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")


def sframe_header(kid, ctr):
    """Section 4.3: what is below 8 stands in the first byte, what is not follows in as few bytes as it needs."""
    config, rest = 0, b""
    for value, shift in ((kid, 4), (ctr, 0)):
        if value < 8:
            config |= value << shift
        else:
            config |= (8 | len(minimal(value)) - 1) << shift
            rest += minimal(value)
    return bytes([config]) + rest


def read_sframe_header(data):
    """Returns (KID, CTR, length of the header)."""
    values, at = [], 1
    for shift in (4, 0):
        nibble = data[0] >> shift & 15
        if nibble & 8:
            length = (nibble & 7) + 1
            if at + length > len(data):
                raise Dropped("truncated")
            values.append(int.from_bytes(data[at : at + length], "big"))
            at += length
        else:
            values.append(nibble)
    return values[0], values[1], at


def aes_ctr(key, nonce, data):
    cipher = Cipher(algorithms.AES(key), modes.CTR(nonce + bytes(4))).encryptor()
    return cipher.update(data) + cipher.finalize()


class SFrameKey:
    """Key and salt of one KID (section 4.4.2), and AES_128_CTR_HMAC_SHA256_80 (section 4.5.1)."""

    TAG = 10

    def __init__(self, base_key, kid):
        secret = hkdf_extract(b"", base_key)
        whose = struct.pack(">QH", kid, 1)
        self.key = hkdf_expand(secret, b"SFrame 1.0 Secret key " + whose, 48)
        self.salt = hkdf_expand(secret, b"SFrame 1.0 Secret salt " + whose, 12)
        self.kid = kid

    def nonce(self, ctr):
        return (int.from_bytes(self.salt, "big") ^ ctr).to_bytes(12, "big")

    def tag(self, nonce, aad, ciphertext):
        sizes = struct.pack(">QQQ", len(aad), len(ciphertext), self.TAG)
        return hmac_sha256(self.key[16:], sizes + nonce + aad + ciphertext)[: self.TAG]

    def seal(self, ctr, metadata, plaintext):
        """Ciphertext and tag, without the header."""
        ciphertext = aes_ctr(self.key[:16], self.nonce(ctr), plaintext)
        return ciphertext + self.tag(self.nonce(ctr), sframe_header(self.kid, ctr) + metadata, ciphertext)

    def open(self, ctr, metadata, sealed):
        if len(sealed) < self.TAG:
            raise Dropped("truncated")
        ciphertext, tag = sealed[: -self.TAG], sealed[-self.TAG :]
        if not hmac.compare_digest(tag, self.tag(self.nonce(ctr), sframe_header(self.kid, ctr) + metadata, ciphertext)):
            raise Dropped("bad_tag")
        return aes_ctr(self.key[:16], self.nonce(ctr), ciphertext)


# --- links, rooms and keys (2.1) --------------------------------------------------------------------------------------------------


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


def passphrase_secret(passphrase, relay_key, room):
    return scrypt(passphrase.encode(), b"hubbub room v1" + relay_key + room, 65536)


def token_psk(token, relay_key):
    return bytes(32) if token is None else scrypt(token, b"hubbub access token v1" + relay_key, 32768)


def room_keys(relay_key, room_secret):
    """(room_prk, room_id)"""
    prk = hkdf_extract(hashlib.sha256(relay_key).digest(), room_secret)
    return prk, hkdf_expand(prk, b"hubbub room-id v1", 16)


def base_key(room_prk, label, ssrc, kid):
    return hkdf_expand(room_prk, label + struct.pack(">II", ssrc, kid), 32)


def random32():
    return int.from_bytes(os.urandom(4), "big")


# --- elements (2.5) ---------------------------------------------------------------------------------------------------------------


def element(kind, body=b""):
    return struct.pack(">BH", kind, len(body)) + body


def elements_of(data):
    """Yields (type, body). One that is cut short ends the datagram."""
    at = 0
    while at < len(data):
        if at + 3 > len(data):
            raise Dropped("truncated")
        kind, length = struct.unpack_from(">BH", data, at)
        if at + 3 + length > len(data):
            raise Dropped("truncated")
        yield kind, data[at + 3 : at + 3 + length]
        at += 3 + length


# --- end to end (2.6, 2.7) --------------------------------------------------------------------------------------------------------


class FrameFields(collections.namedtuple("FrameFields", "marker timestamp ssrc kid ctr")):
    """What the two headers of a frame say. The sequence number is the counter's low half."""

    SIZE = 12 + 9

    def rtp(self):
        marker_and_type = PAYLOAD_TYPE | (0x80 if self.marker else 0)
        return struct.pack(">BBHII", 0x80, marker_and_type, self.ctr & 0xFFFF, self.timestamp, self.ssrc)

    def write(self):
        return self.rtp() + sframe_header(self.kid, self.ctr)

    @classmethod
    def read(cls, data):
        if len(data) < cls.SIZE + 1 + SFrameKey.TAG:
            raise Dropped("truncated")
        if len(data) > 1031:
            raise Dropped("oversize")
        first, marker_and_type, sequence, timestamp, ssrc, config, kid, ctr = struct.unpack_from(">BBHIIBII", data)
        fields = cls(marker_and_type >> 7 == 1, timestamp, ssrc, kid, ctr)
        if marker_and_type & 0x7F != PAYLOAD_TYPE:
            raise Dropped("bad_payload_type")
        if first != 0x80 or config != 0xBB or sequence != ctr & 0xFFFF or fields.write() != data[: cls.SIZE]:
            raise Dropped("bad_frame")
        return fields

    def earlier(self, marker, distance, step):
        timestamp = (self.timestamp - distance * step * 120) & 0xFFFFFFFF
        return self._replace(marker=marker, timestamp=timestamp, ctr=self.ctr - distance)


Packet = collections.namedtuple("Packet", "ctr timestamp marker opus")
Line = collections.namedtuple("Line", "name text ssrc")


class Stream:
    """One speaker's frames: an SSRC with a KID. Nothing is heard before an Echo set the floor."""

    def __init__(self, key):
        self.key, self.window = key, ReplayWindow()
        self.floor, self.name = None, None
        self.held = collections.deque(maxlen=MAX_HELD)  # (when it came, packet)
        self.nonces, self.next_ask_s = [], 0.0
        self.heard = []


class Member:
    """Seals what this member sends to the others of its room and opens what they send. Knows nothing of relays."""

    def __init__(self, room_prk, name):
        self.room_prk, self.name = room_prk, name
        self.ssrc = random32()
        self.kid = random32()
        while self.kid < 0x01000000:
            self.kid = random32()
        self.ctr = 0x01000000 + (random32() & 0xFFFF)  # of the next frame
        self.timestamp = random32()
        self.object_counters = collections.Counter()
        self.sent_frames = collections.deque(maxlen=FRAMES_KEPT)
        self.streams, self.texts, self.echoes_sent = {}, [], 0
        self._keys, self._text_windows = {}, collections.defaultdict(ReplayWindow)
        self.outbox = []  # elements to be sent on
        self.last_frame, self.dropped = None, collections.Counter()

    def key(self, label, ssrc, kid):
        whose = (label, ssrc, kid)
        if whose not in self._keys:
            self._keys[whose] = SFrameKey(base_key(self.room_prk, *whose), kid)
        return self._keys[whose]

    # What it sends.

    def frame(self, opus, level=0x80 | 20, marker=False):
        """A Frame element."""
        fields = FrameFields(marker, self.timestamp, self.ssrc, self.kid, self.ctr)
        frame = fields.write() + self.key(VOICE, self.ssrc, self.kid).seal(self.ctr, fields.rtp(), opus)
        self.ctr += 1
        self.sent_frames.append((fields.ctr & 0xFFFF, element(FRAME_ELEMENT, bytes([level]) + frame)))
        return self.sent_frames[-1][1]

    def object(self, label, plaintext, metadata=b""):
        self.object_counters[label] += 1
        counter = self.object_counters[label]
        sealed = self.key(label, self.ssrc, self.kid).seal(counter, metadata, plaintext)
        return struct.pack(">I", self.ssrc) + sframe_header(self.kid, counter) + sealed

    def text(self, text):
        """A Text element."""
        return element(TEXT, self.object(TEXT_LABEL, self.named() + text.encode()))

    def named(self):
        name = self.name.encode()
        return bytes([len(name)]) + name

    # What comes.

    def receive(self, elements, now):
        """All end-to-end elements of one datagram, in order."""
        self.last_frame = None  # what a Sibling leans on
        handlers = {FRAME_ELEMENT: self.on_frame, SIBLING: self.on_sibling, ASK: self.on_ask, ECHO: self.on_echo, TEXT: self.on_text, NACK: self.on_nack}
        for kind, body in elements:
            try:
                if handler := handlers.get(kind):
                    handler(body, now)
            except Dropped as why:
                self.dropped[why.args[0]] += 1

    def on_frame(self, body, now):
        fields = self.last_frame = FrameFields.read(body[1:])
        self.take(fields, body[1 + FrameFields.SIZE :], now)

    def on_sibling(self, body, now):
        if self.last_frame is None or len(body) < 2 + 1 + SFrameKey.TAG or body[0] & 0x7F == 0:
            raise Dropped("bad_element")
        self.take(self.last_frame.earlier(body[0] >> 7 == 1, body[0] & 0x7F, body[1]), body[2:], now)

    def take(self, fields, sealed, now):
        if fields.ssrc == self.ssrc:
            raise Dropped("own_stream")
        key = self.key(VOICE, fields.ssrc, fields.kid)
        stream = self.streams.get((fields.ssrc, fields.kid))
        try:
            if stream is not None:
                stream.window.check(fields.ctr)
        except Dropped:
            return  # a copy of what came: siblings and repairs make these every day
        packet = Packet(fields.ctr, fields.timestamp, fields.marker, key.open(fields.ctr, fields.rtp(), sealed))
        if stream is None:
            stream = self.streams[fields.ssrc, fields.kid] = Stream(key)
        stream.window.add(packet.ctr)
        if stream.floor is None:
            stream.held.append((now, packet))
            self.ask(stream, fields.ssrc, now)
        elif packet.ctr > stream.floor:
            stream.heard.append(packet)
        else:
            raise Dropped("not_live")

    def ask(self, stream, target, now):
        while stream.held and now - stream.held[0][0] > HOLD_S:
            stream.held.popleft()
        if now < stream.next_ask_s:
            return
        stream.next_ask_s = now + ASK_EVERY_S
        stream.nonces = [*stream.nonces[-15:], os.urandom(16)]  # an answer may take longer than we wait to ask again
        metadata = struct.pack(">I", target)
        self.outbox.append(element(ASK, metadata + self.object(ASK_LABEL, stream.nonces[-1], metadata)))

    def open_object(self, label, data, metadata=b""):
        """(SSRC, KID, counter, plaintext)"""
        if len(data) < 4 + 1 + SFrameKey.TAG:
            raise Dropped("truncated")
        ssrc = int.from_bytes(data[:4], "big")
        kid, counter, length = read_sframe_header(data[4:])
        if ssrc == self.ssrc:
            raise Dropped("own_stream")
        if not 0x01000000 <= kid <= 0xFFFFFFFF or not 1 <= counter or sframe_header(kid, counter) != data[4 : 4 + length]:
            raise Dropped("bad_element")
        return ssrc, kid, counter, self.key(label, ssrc, kid).open(counter, metadata, data[4 + length :])

    def on_ask(self, body, _now):
        target = body[:4]
        if target != struct.pack(">I", self.ssrc):
            raise Dropped("bad_element")
        asker, _, _, nonce = self.open_object(ASK_LABEL, body[4:], metadata=target)
        if len(nonce) != 16:
            raise Dropped("bad_element")
        says = struct.pack(">II", self.kid, self.ctr - 1) + self.named() + bytes([1]) + nonce
        self.outbox.append(element(ECHO, bytes([1]) + struct.pack(">I", asker) + self.object(ECHO_LABEL, says)))
        self.echoes_sent += 1

    def on_echo(self, body, _now):
        if not body or len(body) < 1 + 4 * body[0]:
            raise Dropped("truncated")
        ssrc, sealed_kid, _, says = self.open_object(ECHO_LABEL, body[1 + 4 * body[0] :])
        if len(says) < 10 or len(says) < 10 + says[8] or len(says) != 10 + says[8] + 16 * says[9 + says[8]]:
            raise Dropped("bad_element")
        kid, ctr = struct.unpack_from(">II", says)
        name, nonces = says[9 : 9 + says[8]], says[10 + says[8] :]
        stream = self.streams.get((ssrc, kid))
        answered = {nonces[i : i + 16] for i in range(0, len(nonces), 16)}
        if kid != sealed_kid or stream is None or stream.floor is not None or answered.isdisjoint(stream.nonces):
            return
        stream.floor, stream.name, stream.nonces = ctr - LIVE_MARGIN, utf8(name), []
        stream.heard = [packet for _, packet in stream.held if packet.ctr > stream.floor]
        stream.held.clear()

    def on_text(self, body, _now):
        ssrc, kid, counter, says = self.open_object(TEXT_LABEL, body)
        window = self._text_windows[ssrc, kid]
        window.check(counter)
        window.add(counter)
        if not says or len(says) < 1 + says[0]:
            raise Dropped("bad_element")
        self.texts.append(Line(utf8(says[1 : 1 + says[0]]), utf8(says[1 + says[0] :]).removesuffix("\n"), ssrc))

    def on_nack(self, body, _now):
        if len(body) < 8 or len(body) % 4 or int.from_bytes(body[:4], "big") != self.ssrc:
            raise Dropped("bad_element")
        wanted = set()
        for first, others in struct.iter_unpack(">HH", body[4:]):
            wanted |= {first} | {(first + i + 1) & 0xFFFF for i in range(16) if others >> i & 1}
        self.outbox += [frame for sequence, frame in self.sent_frames if sequence in wanted]


def utf8(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Dropped("not_utf8") from None


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

    def __init__(self, link, name="stranger", token=None, passphrase=None, version=VERSION):
        self.link, self.name, self.token, self.passphrase = Link(link), name, token, passphrase
        self.version = version
        self.relay_key, self.psk, self.room_id, self.member = None, None, None, None
        self.handshake, self.key_question = None, None
        self.session, self.joining, self.old_session, self.old_until_s = None, None, None, 0.0
        self.join_repeat, self.rekeying, self.rekey_repeat = None, None, None
        self.ping_token, self.ping_asked_s, self.next_ping_s = None, 0.0, 0.0
        self.next_handshake_s, self.left = 0.0, False
        self.voice, self.next_frame_s, self.spurt = collections.deque(), time.monotonic(), False
        # What was seen, for whoever asks.
        self.welcomes, self.pongs, self.challenges, self.resets, self.rekeyed = 0, 0, 0, 0, 0
        self.members, self.refusals, self.turned_away, self.goodbyes = 0, [], [], []
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
        self.member = self.member or Member(room_prk, self.name)
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

    def say(self, text):
        self.send(self.member.text(text))

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
        if self.joining is not None and self.join_repeat.is_due(now):
            presence, name_tag = b"", bytes(16)
            self.send(element(JOIN, self.room_id + name_tag + struct.pack(">I", self.member.ssrc) + presence), self.joining)
        if self.session is None:
            return
        if self.rekeying is not None and self.rekey_repeat.is_due(now):
            self.send(element(REKEY, self.rekey_message))
        if now >= self.next_ping_s:
            self.ping(now)
        self.send_voice(now)
        outbox, self.member.outbox = self.member.outbox, []
        for item in outbox:
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
            self.ping_token, self.ping_asked_s = os.urandom(8), now
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
            self.member.receive([e for e in elements_of(data[1:]) if e[0] in SEALED_END_TO_END], now)
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
        end_to_end = []
        for kind, body in elements_of(session.open(data)):
            if kind in SEALED_END_TO_END or kind == NACK:
                end_to_end.append((kind, body))
            elif kind in self.HANDLERS:
                length, handler = self.HANDLERS[kind]
                if len(body) != length:
                    raise Dropped("bad_element")
                handler(self, session, body, now)
        self.member.receive(end_to_end, now)

    def on_pong(self, _session, body, now):
        token, _phase, self.members = struct.unpack_from(">8sII", body)
        if token == self.ping_token:
            self.ping_token, self.next_ping_s = None, now + PING_EVERY_S
            self.pongs += 1

    def on_welcome(self, session, body, now):
        ssrc, members = struct.unpack_from(">II", body)
        if session is not self.joining or ssrc != self.member.ssrc:
            return
        self.session, self.joining, self.members = session, None, members
        self.ping_token, self.next_ping_s = None, now
        self.rekeying = None  # it was for the session before
        self.welcomes += 1

    def on_turned_away(self, session, body, _now):
        ssrc, reason = struct.unpack_from(">IB", body)
        self.turned_away.append(reason)
        if session is self.joining and ssrc == self.member.ssrc and reason == 2:
            self.member.ssrc = random32()
            self.join_repeat = Repeat()

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

    HANDLERS = {  # what only a relay says, with its length
        PONG: (32, on_pong),
        WELCOME: (24, on_welcome),
        TURNED_AWAY: (5, on_turned_away),
        PATH_CHALLENGE: (8, on_path_challenge),
        GOODBYE: (1, on_goodbye),
        REKEYED: (72, on_rekeyed),
    }
