#include "voiceclient/core/player_stream.h"

#include <algorithm>

#include "codec/voice/opus_codec.h"
#include "codec/wire/byte_io.h"
#include "codec/wire/check.h"
#include "codec/wire/open_room.h"
#include "codec/wire/rtcp.h"

namespace hubbub::client {

PlayerStream::PlayerStream(std::mt19937_64 random)
    : ssrc_(static_cast<std::uint32_t>(random())),
      newest_sequence_{static_cast<std::uint16_t>(random())},
      newest_timestamp_{static_cast<std::uint32_t>(random())} {}

std::optional<std::span<const std::byte>> PlayerStream::hand_on(TimePoint now,
                                                                std::span<const std::byte> datagram) {
  // Parse: what our own ears take for voice, and a goodbye of who has the floor.
  const OpenKind kind = kind_of(datagram);
  if (kind == OpenKind::kRtcp) hear_goodbye(datagram);
  if (kind != OpenKind::kRtp) return std::nullopt;
  const auto packet = RtpPacket::parse(datagram);
  if (!packet || packet->header.payload_type < kFirstDynamicPayloadType) return std::nullopt;
  if (!voice::packet_samples(packet->payload)) return std::nullopt;

  // Choose.
  const RtpHeader& header = packet->header;
  const bool changes = !floor_ || floor_->ssrc != header.ssrc;
  if (changes) {
    if (floor_ && !floor_->left && now - floor_->last_voice < kFloorKept) return std::nullopt;
    give_floor(now, header);
  }
  floor_->last_voice = now;

  // Rewrite. Losses and reordering stay what they are: the player is to know of them.
  const RtpHeader rewritten{
      .marker = header.marker || changes,
      .payload_type = kOpusPayloadType,
      .sequence = floor_->player_sequence + (header.sequence - floor_->first_sequence),
      .timestamp = floor_->player_timestamp + (header.timestamp - floor_->first_timestamp),
      .ssrc = ssrc_,
  };
  if (rewritten.sequence - newest_sequence_ > 0) {
    newest_sequence_ = rewritten.sequence;
    newest_timestamp_ = rewritten.timestamp;
  }
  ByteWriter writer(packet_);
  rewritten.serialize(writer);
  writer.bytes(packet->payload);
  CHECK(writer.ok());
  return writer.written();
}

// The stream goes on where the last speaker's ended, as much later as the silence between was long, or
// longer.
void PlayerStream::give_floor(TimePoint now, const RtpHeader& header) {
  const Duration since = floor_ ? now - floor_->last_voice : Duration::zero();
  const std::int64_t silence =
      samples_in(std::max(since, kMaxOpusPacketDuration));  // never into the last packet
  floor_ = Floor{
      .ssrc = header.ssrc,
      .first_sequence = header.sequence,
      .first_timestamp = header.timestamp,
      .player_sequence = newest_sequence_ + 1,
      .player_timestamp = newest_timestamp_ + silence,
      .last_voice = now,
  };
}

void PlayerStream::hear_goodbye(std::span<const std::byte> datagram) {
  const auto report = RtcpSummary::parse(datagram);
  if (!report || !floor_) return;
  const auto& leaving = report->leaving;
  if (std::find(leaving.begin(), leaving.end(), floor_->ssrc) != leaving.end()) floor_->left = true;
}

}  // namespace hubbub::client
