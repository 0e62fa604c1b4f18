#include "codec/session/sealed_channel.h"

#include "codec/seal/aead.h"
#include "codec/wire/check.h"

namespace hubbub::session {

SealedChannel::SealedChannel(std::uint32_t session_id, const seal::TransportKeys& keys, seal::Role own_role)
    : session_id_(session_id),
      send_key_(own_role == seal::Role::kInitiator ? keys.initiator_to_responder
                                                   : keys.responder_to_initiator),
      receive_key_(own_role == seal::Role::kInitiator ? keys.responder_to_initiator
                                                      : keys.initiator_to_responder) {}

std::size_t SealedChannel::seal(std::span<const std::byte> elements, std::span<std::byte> out) {
  const std::size_t size = elements.size() + Envelope::kOverheadBytes;
  CHECK(elements.size() <= Envelope::kMaxPlaintextBytes && out.size() >= size);
  ByteWriter writer(out);
  Envelope::serialize_header(session_id_, next_counter_, writer);
  seal::aead_seal(send_key_, next_counter_, writer.written(), elements,
                  out.subspan(Envelope::kHeaderBytes, elements.size() + seal::kTagBytes));
  ++next_counter_;
  return size;
}

// Order is a security rule: the window, the tag, and only then does anything change.
Result<SealedChannel::Opened, DropReason> SealedChannel::open(const Envelope& envelope,
                                                              std::span<std::byte> out) {
  // Before the first, the newest is "minus one"; the low bits then say it all.
  const std::uint64_t counter =
      received_any_ ? Envelope::extend(envelope.counter_low, window_.newest()) : envelope.counter_low;
  if (!window_.fresh(counter)) return DropReason::kReplayed;
  if (!seal::aead_open(receive_key_, counter, envelope.header, envelope.sealed, out))
    return DropReason::kBadTag;
  const bool newest = !received_any_ || counter > window_.newest();
  window_.accept(counter);
  received_any_ = true;
  return Opened{.elements = out.first(envelope.sealed.size() - seal::kTagBytes), .newest = newest};
}

}  // namespace hubbub::session
