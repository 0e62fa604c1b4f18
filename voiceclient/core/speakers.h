// Those who are heard: their names, their talk spurts, their voices mixed into one. Shared by every kind of
// room; a packet comes in readable, so that nothing here knows of keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/voice/stream_player.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/limits.h"
#include "codec/wire/rtp.h"
#include "codec/wire/units.h"
#include "voiceclient/core/event_queue.h"
#include "voiceclient/core/session.h"

namespace hubbub::client {

class Speakers {
 public:
  explicit Speakers(Duration playout_delay) : playout_delay_(playout_delay) {}

  // A packet of Opus, from a new speaker too; why not, where it is of no use.
  [[nodiscard]] std::optional<DropReason> put(TimePoint now, const RtpPacket& packet, EventQueue& events);
  // Makes the speaker known before its first packet. False where the house is full.
  bool admit(TimePoint now, std::uint32_t ssrc, EventQueue& events);
  // What a known speaker is called from now on; nothing for a stranger.
  void rename(std::uint32_t ssrc, const std::string& name);
  // The speaker leaves: its talk spurt is over, and voice that the goodbye overtook begins none.
  void goodbye(TimePoint now, std::uint32_t ssrc, EventQueue& events);
  // Ends talk spurts, and forgets who was silent for kHeardLately.
  void tick(TimePoint now, EventQueue& events);

  // The next samples of everybody together, limited to [-1, 1].
  void mix(TimePoint now, std::span<float> out, const EachSpeaker& each);

  [[nodiscard]] bool knows(std::uint32_t ssrc) const { return find(ssrc) != nullptr; }
  [[nodiscard]] std::vector<SpeakerInfo> infos() const;

 private:
  struct Speaker {
    Speaker(std::uint32_t its_ssrc, Duration playout_delay) : ssrc(its_ssrc), player(playout_delay) {}
    std::uint32_t ssrc;
    std::string name;
    voice::StreamPlayer player;
    TimePoint last_voice;
    bool speaking = false;
    std::optional<TimePoint> said_goodbye;
  };

  [[nodiscard]] Speaker* find(std::uint32_t ssrc) const;
  // The speaker, known or new; nothing where the house is full.
  Speaker* find_or_admit(TimePoint now, std::uint32_t ssrc, EventQueue& events);
  static void begin_speaking(TimePoint now, Speaker& speaker, EventQueue& events);
  static void end_speaking(Speaker& speaker, EventQueue& events);

  Duration playout_delay_;
  std::vector<std::unique_ptr<Speaker>> speakers_;  // at most kMaxStreams
  std::vector<float> voice_;                        // one speaker's samples, while mixing
};

}  // namespace hubbub::client
