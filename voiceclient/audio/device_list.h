// The sound devices of a machine as values, and which of them a person meant. Knows nothing of PortAudio.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hubbub::audio {

enum class Direction : std::uint8_t { kInput, kOutput };

struct DeviceInfo {
  int index = 0;
  std::string name;
  std::string host_api;
  int max_input_channels = 0;
  int max_output_channels = 0;
  double default_rate_hz = 0;
  bool default_input = false;
  bool default_output = false;

  [[nodiscard]] int channels(Direction direction) const {
    return direction == Direction::kInput ? max_input_channels : max_output_channels;
  }
  [[nodiscard]] bool is_default(Direction direction) const {
    return direction == Direction::kInput ? default_input : default_output;
  }
  // What a selector is compared with, and what tells two devices of one name apart: "JACK Audio Connection
  // Kit: system".
  [[nodiscard]] std::string label() const { return host_api + ": " + name; }
};

// The device that `selector` means: nothing for the system's default, a number for an index, otherwise a
// name. Letters' case does not matter; a device's whole name or label goes before a part of one, and a part
// must be of one device only. Throws std::runtime_error that lists the choices.
const DeviceInfo& select_device(const std::vector<DeviceInfo>& devices, Direction direction,
                                std::string_view selector);

}  // namespace hubbub::audio
