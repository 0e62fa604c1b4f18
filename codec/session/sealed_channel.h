// The two directions of a session's envelopes: keys, counters, the replay window (PROTOCOL.md, section 2.4).
// Some 250 bytes, since a relay has one for each member.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/seal/noise.h"
#include "codec/seal/replay_window.h"
#include "codec/seal/secret.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"
#include "codec/wire/sealed.h"

namespace hubbub::session {

class SealedChannel {
 public:
  SealedChannel(std::uint32_t session_id, const seal::TransportKeys& keys, seal::Role own_role);

  [[nodiscard]] std::uint32_t session_id() const { return session_id_; }
  // Envelopes sealed so far: the counter of the next.
  [[nodiscard]] std::uint64_t sent() const { return next_counter_; }

  // Writes the envelope of these elements, at most Envelope::kMaxPlaintextBytes, and returns its size.
  [[nodiscard]] std::size_t seal(std::span<const std::byte> elements, std::span<std::byte> out);

  struct Opened {
    std::span<const std::byte> elements;  // into `out`
    bool newest = false;                  // of all that came so far
  };
  // Changes nothing unless the envelope is genuine and new. `out` holds Envelope::kMaxPlaintextBytes.
  Result<Opened, DropReason> open(const Envelope& envelope, std::span<std::byte> out);

 private:
  std::uint32_t session_id_;
  seal::Key send_key_;
  seal::Key receive_key_;
  std::uint64_t next_counter_ = 0;
  bool received_any_ = false;
  seal::ReplayWindow window_;
};

}  // namespace hubbub::session
