// Why bytes from a peer were not used. Each reason is one counter, and its name stands in PROTOCOL.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hubbub {

enum class DropReason : std::uint8_t {
  // What a relay's open room refuses on arrival.
  kOversize,        // longer than kMaxOpenDatagramBytes
  kPublicSource,    // a source the internet routes, without the operator's explicit leave
  kPrivilegedPort,  // a source port below 1024
  kOwnAddress,      // a source that is the relay itself: a loop
  kUnusableSource,  // multicast, broadcast or unspecified: nobody can be answered there
  kRoomFull,        // the room has its maximum of peers
  kRateLimited,     // the peer sends more than its share
  kQueueFull,       // pushed out of the bounded queue by newer datagrams
  kStale,           // voice that waited in the queue past its use
  kShutdown,        // still queued when the relay stopped
  // What a parser refuses.
  kTruncated,       // shorter than its own fields say
  kTrailingBytes,   // longer than its own fields say
  kBadVersion,      // not RTP version 2
  kBadPadding,      // RTP padding that exceeds the payload
  kBadPayloadType,  // not a dynamic payload type (96-127): not Opus in an open room
  kBadOpus,         // an Opus packet that RFC 6716 section 3.4 calls malformed
  kNotUtf8,         // text that is not well-formed UTF-8
  kTextTooLong,     // text of more than kMaxTextBytes
  kEmptyText,       // text with nothing to show
  kUnknownKind,     // a first byte that begins nothing this version knows
  // What a listener refuses.
  kOwnStream,       // our own SSRC, reflected
  kTooManyStreams,  // more simultaneous speakers than kMaxStreams
  // What a sealed port refuses.
  kBadMac,          // a Hello that does not know the relay's key
  kBadHandshake,    // a handshake message that does not verify
  kUnknownSession,  // an envelope of a session that is not, or no longer
  kBadTag,          // what was sealed does not verify
  kReplayed,        // a counter that was seen, or is too old to tell
  kBadElement,      // an element whose fields contradict themselves
  kBadFrame,        // a frame whose headers contradict each other or its stream
  kNotJoined,       // an element that only a member may send
  kForeignSsrc,     // an SSRC that is not the sender's own
  kDuplicate,       // a frame that came before, on whatever way
  kNoSuchMember,    // an element for a member who is not here
  kOverloaded,      // more handshakes than the relay has time for
  kNotLive,         // a stream that has not shown that it is of now
  // The text log and the roster.
  kAhead,         // a message before which others of its sender are missing
  kBadSignature,  // words that are not those of the one they are put into the mouth of
  kCount
};

inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(DropReason::kCount);

constexpr std::string_view name_of(DropReason reason) {
  constexpr std::array<std::string_view, kDropReasons> kNames = {
      "oversize",     "public_source",    "privileged_port", "own_address",   "unusable_source",
      "room_full",    "rate_limited",     "queue_full",      "stale",         "shutdown",
      "truncated",    "trailing_bytes",   "bad_version",     "bad_padding",   "bad_payload_type",
      "bad_opus",     "not_utf8",         "text_too_long",   "empty_text",    "unknown_kind",
      "own_stream",   "too_many_streams", "bad_mac",         "bad_handshake", "unknown_session",
      "bad_tag",      "replayed",         "bad_element",     "bad_frame",     "not_joined",
      "foreign_ssrc", "duplicate",        "no_such_member",  "overloaded",    "not_live",
      "ahead",        "bad_signature"};
  static_assert(!kNames.back().empty(), "every reason has a name");
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace hubbub
