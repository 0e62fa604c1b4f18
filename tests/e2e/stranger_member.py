"""What the members of a sealed room say to each other, end to end: voice, words, who they are. Written from codec/wire/PROTOCOL.md alone, as
all of the stranger: it shares no code with the project. Knows nothing of relays; stranger.py is the way to one.

Standard library and Debian's python3-cryptography.
"""

import base64
import collections
import hashlib
import hmac
import os
import struct
import time
import unicodedata

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PADDING, FRAME_ELEMENT, SIBLING, REPAIR, NACK, REPORT = 0x00, 0x01, 0x02, 0x03, 0x04, 0x05
ASK, ECHO, TEXT, LOG_ENTRY, TEXT_ACK, TEXT_ASK, TEXT_RANGE, ROSTER_CHANGE, ROSTER_ASK, ROSTER_RANGE = range(0x20, 0x2A)

VOICE, ASK_LABEL, ECHO_LABEL, TEXT_LABEL = b"hubbub voice v1", b"hubbub ask v1", b"hubbub echo v1", b"hubbub text v1"
PRESENCE_LABEL = b"hubbub presence v1"
PAYLOAD_TYPE = 111
SAID, DONE, DIRECT = 0, 1, 2
MAX_TEXT, MAX_TEXT_OBJECT = 800, 1110

MAX_HELD, HOLD_S, ASK_EVERY_S, LIVE_MARGIN = 64, 1.0, 0.25, 50
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


def public_of(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


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


# --- rooms and people (2.1) -------------------------------------------------------------------------------------------------------


def room_keys(relay_key, room_secret):
    """(room_prk, room_id)"""
    prk = hkdf_extract(hashlib.sha256(relay_key).digest(), room_secret)
    return prk, hkdf_expand(prk, b"hubbub room-id v1", 16)


def base_key(room_prk, label, ssrc, kid):
    return hkdf_expand(room_prk, label + struct.pack(">II", ssrc, kid), 32)


def folded(name):
    """What of a name counts: two that differ in case, or in how their characters are put together, are one."""
    return unicodedata.normalize("NFC", name.casefold())


def name_tag(room_prk, name):
    return hkdf_expand(room_prk, b"hubbub name v1" + folded(name).encode(), 16) if name else bytes(16)


def random32():
    return int.from_bytes(os.urandom(4), "big")


def random_kid():
    while (kid := random32()) < 0x01000000:
        pass
    return kid


def now_ms():
    return int(time.time() * 1000)


class Identity:
    """Who somebody is, from one seed."""

    def __init__(self, seed=None):
        seed = seed or os.urandom(32)
        self._signing = Ed25519PrivateKey.from_private_bytes(seed)
        self._prk = hkdf_extract(b"hubbub identity v1", seed)
        self.direct = X25519PrivateKey.from_private_bytes(hkdf_expand(self._prk, b"hubbub direct key v1", 32))
        self.public, self.direct_key = public_of(self._signing), public_of(self.direct)

    def owner(self, room_id):
        return hkdf_expand(self._prk, b"hubbub owner v1" + room_id, 16)

    def sign(self, context, data):
        """The data with the signature behind it."""
        return data + self._signing.sign(context + data)


def without_signature(identity, context, data):
    signed, signature = data[:-64], data[-64:]
    try:
        Ed25519PublicKey.from_public_bytes(identity).verify(signature, context + signed)
    except (InvalidSignature, ValueError):
        raise Dropped("bad_signature") from None
    return signed


def fingerprint(identity):
    digits = base64.b32encode(hashlib.sha256(b"hubbub fingerprint v1" + identity).digest()).decode().lower()
    return f"{digits[:4]}-{digits[4:8]}"


def code_of_two(one, other):
    words = struct.unpack(">4Q", hashlib.sha256(b"hubbub verify v1" + min(one, other) + max(one, other)).digest())
    return " ".join(f"{word % 100_000:05}" for word in words)


# --- HPKE (RFC 9180): base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305 ----------------------------------------------


KEM_SUITE = b"KEM" + struct.pack(">H", 0x20)
HPKE_SUITE = b"HPKE" + struct.pack(">HHH", 0x20, 0x01, 0x03)


def labeled_extract(suite, salt, label, secret):
    return hkdf_extract(salt, b"HPKE-v1" + suite + label + secret)


def labeled_expand(suite, prk, label, info, length):
    return hkdf_expand(prk, struct.pack(">H", length) + b"HPKE-v1" + suite + label + info, length)


def hpke_cipher(shared_point, enc, recipient_key, info):
    """(AEAD, nonce) of the first and only message: sections 4.1 and 5.1."""
    prk = labeled_extract(KEM_SUITE, b"", b"eae_prk", shared_point)
    shared = labeled_expand(KEM_SUITE, prk, b"shared_secret", enc + recipient_key, 32)
    context = b"\0" + labeled_extract(HPKE_SUITE, b"", b"psk_id_hash", b"") + labeled_extract(HPKE_SUITE, b"", b"info_hash", info)
    secret = labeled_extract(HPKE_SUITE, shared, b"secret", b"")
    return ChaCha20Poly1305(labeled_expand(HPKE_SUITE, secret, b"key", context, 32)), labeled_expand(HPKE_SUITE, secret, b"base_nonce", context, 12)


def hpke_seal(recipient_key, info, aad, plaintext, ephemeral=None):
    ephemeral = ephemeral or X25519PrivateKey.generate()
    enc = public_of(ephemeral)
    cipher, nonce = hpke_cipher(ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient_key)), enc, recipient_key, info)
    return enc + cipher.encrypt(nonce, plaintext, aad)


def hpke_open(private, info, aad, sealed):
    """None where it is not for this key."""
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
        cipher, nonce = hpke_cipher(shared, sealed[:32], public_of(private), info)
        return cipher.decrypt(nonce, sealed[32:], aad)
    except (InvalidTag, ValueError):  # ValueError: a point of low order
        return None


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


# --- end to end (2.6 to 2.8) ------------------------------------------------------------------------------------------------------


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
Line = collections.namedtuple("Line", "name text identity own direct done earlier number")
Person = collections.namedtuple("Person", "name identity direct_key since_ms muted kid")


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

    def __init__(self, room_prk, room_id, identity, name):
        self.room_prk, self.room_id, self.identity, self.name = room_prk, room_id, identity, name
        self.muted, self.since_ms = False, now_ms()
        self.draw()
        self.text_ssrc, self.text_kid = random32(), random_kid()  # kept: a message may be sent again long after
        self.run, self.count = int.from_bytes(os.urandom(8), "big"), 0
        self.ctr = 0x01000000 + (random32() & 0xFFFF)  # of the next frame
        self.timestamp = random32()
        self.object_counters = collections.Counter()
        self.sent_frames = collections.deque(maxlen=FRAMES_KEPT)
        self.streams, self.echoes_sent = {}, 0
        self._keys = {}
        self.outbox = []  # elements to be sent on
        self.last_frame, self.dropped = None, collections.Counter()
        # What was written, in its order, and who is here, by SSRC.
        self.lines, self.people = [], {}
        self.doubts = []  # what the relay, or an author, must explain: ("count" | "seen" | "digest", line)
        self.digests, self.newest_seen = {}, 0
        self._shown, self._own, self._counts = set(), {}, {}

    def draw(self):
        """Another SSRC and KID of the voice; the keys are then other ones, and every counter may begin anew."""
        self.ssrc, self.kid = random32(), random_kid()

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

    def object(self, label, plaintext, metadata=b"", whose=None):
        ssrc, kid = whose or (self.ssrc, self.kid)
        self.object_counters[label] += 1
        counter = self.object_counters[label]
        sealed = self.key(label, ssrc, kid).seal(counter, metadata, plaintext)
        return struct.pack(">I", ssrc) + sframe_header(kid, counter) + sealed

    def text(self, text, done=False):
        """(id, object) of a message to the room."""
        self.count += 1
        seen = self.newest_seen
        says = bytes([DONE if done else SAID]) + self.identity.public
        says += struct.pack(">QQIQ16s", now_ms(), self.run, self.count, seen, self.digests.get(seen, bytes(16)))
        return self.written(text, done, False, lambda id: self.identity.sign(b"hubbub message v1" + self.room_id + id, says + self.named() + text.encode()))

    def direct(self, person, text, done=False):
        """(id, object) of a message to one of the people."""
        says = bytes([DONE if done else SAID]) + self.identity.public + person.identity + struct.pack(">Q", now_ms())

        def sealed(id):
            context = b"hubbub direct v1" + self.room_id
            return bytes([DIRECT]) + hpke_seal(person.direct_key, context, id, self.identity.sign(context + id, says + self.named() + text.encode()))

        return self.written(text, done, True, sealed)

    def written(self, text, done, direct, plaintext_of):
        assert len(self.name.encode() + text.encode()) <= MAX_TEXT
        id = os.urandom(16)
        self._own[id] = Line(self.name, text, self.identity.public, True, direct, done, False, 0)
        sealed = self.object(TEXT_LABEL, plaintext_of(id), metadata=id, whose=(self.text_ssrc, self.text_kid))
        assert len(sealed) <= MAX_TEXT_OBJECT
        return id, sealed

    def presence(self):
        """The object that shows this member to the others."""
        says = self.identity.public + self.identity.direct_key + struct.pack(">QB", self.since_ms, self.muted) + self.named()
        return self.object(PRESENCE_LABEL, self.identity.sign(self.presence_context(self.ssrc, self.kid), says))

    def presence_context(self, ssrc, kid):
        return b"hubbub presence v1" + self.room_id + struct.pack(">II", ssrc, kid)

    def named(self):
        name = self.name.encode()
        return bytes([len(name)]) + name

    # What comes.

    def receive(self, elements, now):
        """All end-to-end elements of one datagram, in order."""
        self.last_frame = None  # what a Sibling leans on
        handlers = {FRAME_ELEMENT: self.on_frame, SIBLING: self.on_sibling, ASK: self.on_ask, ECHO: self.on_echo, NACK: self.on_nack}
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
        if not 0x01000000 <= kid <= 0xFFFFFFFF or not 1 <= counter or sframe_header(kid, counter) != data[4 : 4 + length]:
            raise Dropped("bad_element")
        return ssrc, kid, counter, self.key(label, ssrc, kid).open(counter, metadata, data[4 + length :])

    def on_ask(self, body, _now):
        target = body[:4]
        if target != struct.pack(">I", self.ssrc):
            raise Dropped("bad_element")
        asker, _, _, nonce = self.open_object(ASK_LABEL, body[4:], metadata=target)
        if asker == self.ssrc:
            raise Dropped("own_stream")
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

    def on_nack(self, body, _now):
        if len(body) < 8 or len(body) % 4 or int.from_bytes(body[:4], "big") != self.ssrc:
            raise Dropped("bad_element")
        wanted = set()
        for first, others in struct.iter_unpack(">HH", body[4:]):
            wanted |= {first} | {(first + i + 1) & 0xFFFF for i in range(16) if others >> i & 1}
        self.outbox += [frame for sequence, frame in self.sent_frames if sequence in wanted]

    # What was written (2.8).

    def open_message(self, id, data):
        """The line, and its (run, count, seen, digest of that) if it has them; None where it is for somebody else."""
        says = self.open_object(TEXT_LABEL, data, metadata=id)[3]
        if not says or says[0] not in (SAID, DONE, DIRECT):
            raise Dropped("bad_element")
        if says[0] != DIRECT:
            body, name, text = self.signed_words(b"hubbub message v1" + self.room_id + id, says, 77)
            return Line(name, text, body[1:33], False, False, body[0] == DONE, False, 0), struct.unpack(">QIQ16s", body[41:])
        context = b"hubbub direct v1" + self.room_id
        says = hpke_open(self.identity.direct, context, id, says[1:])
        if says is None:
            return None
        body, name, text = self.signed_words(context + id, says, 73)
        if body[0] not in (SAID, DONE) or body[33:65] != self.identity.public:
            raise Dropped("bad_signature")
        return Line(name, text, body[1:33], False, True, body[0] == DONE, False, 0), None

    def signed_words(self, context, says, length):
        """(the fields of this length, name, text) of what its author signed; the author stands at 1."""
        if len(says) < length + 1 + 64:
            raise Dropped("truncated")
        says = without_signature(says[1:33], context, says)
        end = length + 1 + says[length]
        if len(says) < end:
            raise Dropped("truncated")
        return says[:length], utf8(says[length + 1 : end]), utf8(says[end:])

    def can_open(self, id, data):
        try:
            self.open_message(id, data)
        except Dropped:
            return False
        return True

    def read(self, number, id, data, earlier):
        """An entry of the log, in its place. What is there already came again from a relay that began anew."""
        self.digests[number], self.newest_seen = hashlib.sha256(id + data).digest()[:16], number
        if id in self._shown:
            return
        try:
            message = (self._own[id], None) if id in self._own else self.open_message(id, data)
        except Dropped as why:
            self.dropped[why.args[0]] += 1
            return
        self._shown.add(id)
        if message is None:
            return
        line, order = message
        line = line._replace(number=number, earlier=earlier)
        self.lines.append(line)
        if order is None:
            return
        run, count, seen, digest = order
        before = self._counts.get((line.identity, run))
        self._counts[line.identity, run] = count
        if before is not None and count != before + 1:
            self.doubts.append(("count", line))
        if seen >= number:
            self.doubts.append(("seen", line))
        if self.digests.get(seen, digest) != digest:
            self.doubts.append(("digest", line))

    # Who is here.

    def meet(self, ssrc, data):
        """One more member, or one as they are now; with nothing, one less."""
        if not data:
            self.people.pop(ssrc, None)
            return
        whose, kid, _, says = self.open_object(PRESENCE_LABEL, data)
        if whose != ssrc or len(says) < 74 + 64:
            raise Dropped("bad_element")
        says = without_signature(says[:32], self.presence_context(ssrc, kid), says)
        if len(says) != 74 + says[73]:
            raise Dropped("bad_element")
        (since_ms,) = struct.unpack_from(">Q", says, 64)
        self.people[ssrc] = Person(utf8(says[74:]), says[:32], says[32:64], since_ms, says[72] & 1 == 1, kid)

    def others(self):
        return [person for ssrc, person in self.people.items() if ssrc != self.ssrc]

    def heard_words(self):
        """(name, text) of all that others wrote."""
        return [(line.name, line.text) for line in self.lines if not line.own]


def utf8(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Dropped("not_utf8") from None
