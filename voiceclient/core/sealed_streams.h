// The voices of a sealed room as they arrive: opened, each frame once, whatever way it came; and heard only
// once their stream has shown that it is of now, since a relay could otherwise play an old recording to
// someone new (PROTOCOL.md, section 2.7).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/repair/decoder.h"
#include "codec/seal/random.h"
#include "codec/seal/room_keys.h"
#include "codec/session/stream_seal.h"
#include "codec/wire/limits.h"
#include "codec/wire/rtp.h"
#include "codec/wire/sealed_frame.h"
#include "codec/wire/units.h"
#include "codec/wire/voice_elements.h"

namespace hubbub::client {

using LiveNonce = std::array<std::byte, 16>;

class SealedStreams {
 public:
  // Gets each packet that may be heard, with the time it came at.
  using Deliver = std::function<void(TimePoint arrived, const RtpPacket& packet)>;

  // `room` and `random` outlive the streams.
  SealedStreams(const seal::RoomKeys& room, seal::Random& random, Deliver deliver);

  // Our own SSRC: what comes under it is nobody's, whoever sends it back to us.
  void set_own_ssrc(std::uint32_t ssrc) { own_ssrc_ = ssrc; }

  // Why the frame was of no use; `nullopt` where it was heard, or is held.
  std::optional<DropReason> receive(TimePoint now, std::span<const std::byte> frame);
  // What came beside a frame of the same datagram.
  std::optional<DropReason> receive_sibling(TimePoint now, const Sibling& sibling,
                                            std::span<const std::byte> beside);
  std::optional<DropReason> receive_repair(TimePoint now, const RepairSymbol& symbol);

  // Whom to ask for a sign of life now, one at a time.
  struct Question {
    std::uint32_t ssrc = 0;
    LiveNonce nonce{};
  };
  std::optional<Question> next_question(TimePoint now);
  // Whether a stream's answer is to what we asked it: one of the nonces is ours, and it was waited for.
  [[nodiscard]] bool answers(TimePoint now, const session::StreamId& stream,
                             std::span<const LiveNonce> nonces) const;
  // The stream is of now, and has come to `ctr`: what is held of it is heard.
  void prove(TimePoint now, const session::StreamId& stream, std::uint32_t ctr);

  // Forgets streams of which nothing came for long.
  void tick(TimePoint now);
  [[nodiscard]] std::size_t size() const { return streams_.size(); }

 private:
  struct Held {
    TimePoint arrived;
    RtpHeader header;
    std::uint32_t ctr = 0;
    std::vector<std::byte> opus;
  };
  struct Stream {
    Stream(const seal::RoomKeys& room, const session::StreamId& its_id) : id(its_id), opener(room, its_id) {}
    session::StreamId id;
    session::FrameOpener opener;
    TimePoint last_frame;
    bool live = false;
    std::uint32_t least_ctr = 0;  // of what may be heard, once live
    std::deque<Held> held;        // until then
    LiveNonce nonce{};
    std::optional<TimePoint> asked;  // with this nonce, for the first time
    std::optional<TimePoint> last_asked;
    std::vector<std::vector<std::byte>> recent;  // the last frames, for repair symbols
    std::unique_ptr<repair::Decoder> decoder;
  };

  [[nodiscard]] Stream* find(const session::StreamId& id) const;
  Stream* admit(TimePoint now, const session::StreamId& id);
  void feed_decoder(Stream& stream, const SealedFrame& frame, std::span<const std::byte> bytes);

  const seal::RoomKeys& room_;
  seal::Random& random_;
  Deliver deliver_;
  std::optional<std::uint32_t> own_ssrc_;
  std::vector<std::unique_ptr<Stream>> streams_;  // at most kMaxStreams
  std::array<std::byte, SealedFrame::kMaxOpusBytes> opus_{};
  std::array<std::byte, SealedFrame::kMaxBytes> restored_{};
};

}  // namespace hubbub::client
