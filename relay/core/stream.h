// A member's voice as the relay sees it: which frames have come, on whatever way; the last few of them, for
// those who missed one; and how the stream arrives. Made when a member first speaks. The frames are sealed:
// nothing here can be read, and nothing needs to be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "codec/repair/decoder.h"
#include "codec/seal/replay_window.h"
#include "codec/wire/sealed_frame.h"
#include "codec/wire/units.h"
#include "codec/wire/voice_elements.h"

namespace hubbub::relay {

class Stream {
 public:
  // 250 ms of the shortest frames, 10 ms.
  static constexpr std::size_t kCachedFrames = 32;

  // Why this frame of the stream is not sent on; `nullopt` where it is new, and remembered.
  std::optional<DropReason> take(TimePoint now, const SealedFrame& frame, std::span<const std::byte> bytes);

  // A frame that is still of use, by its sequence number; empty where there is none.
  [[nodiscard]] std::span<const std::byte> cached(TimePoint now, SequenceNumber sequence) const;

  // The frame that a sibling is, given the frame it came with. Valid until the next call.
  std::optional<std::span<const std::byte>> restore(const Sibling& sibling, const SealedFrame& beside);
  // A repair symbol; and then, one by one, the frames it brought back. Valid until the next call.
  std::optional<DropReason> repair(const RepairSymbol& symbol);
  std::optional<std::span<const std::byte>> next_recovered();

  // How it arrived since the last report; nothing where nothing came.
  std::optional<Report> report(std::uint32_t ssrc);

 private:
  struct Cached {
    std::uint32_t ctr = 0;
    TimePoint arrived;
    std::vector<std::byte> bytes;  // of one length all through a stream, so allocated once
  };
  struct Arrivals {
    std::uint32_t first = 0;  // one past the newest at the last report
    std::uint32_t received = 0;
    std::uint32_t bursts = 0;
  };

  void observe(TimePoint now, const SealedFrame& frame);
  void feed_decoder(const SealedFrame& frame);

  bool any_ = false;
  std::uint32_t kid_ = 0;
  std::uint32_t ssrc_ = 0;
  std::uint32_t newest_ = 0;
  seal::ReplayWindow window_;
  std::array<Cached, kCachedFrames> cache_;
  std::unique_ptr<repair::Decoder> decoder_;  // from the first repair symbol on
  std::vector<std::byte> scratch_;

  Arrivals arrivals_;
  std::uint64_t lost_ = 0;
  std::optional<Duration> last_transit_;
  double jitter_ = 0;  // samples
};

}  // namespace hubbub::relay
