// Microphones and loudspeakers. The .cpp beside this is the only file that knows PortAudio. A callback of the
// sound system does nothing but move samples between the device and a lock-free ring; everything else happens
// on the reader's side.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "voiceclient/audio/device_list.h"
#include "voiceclient/audio/stream.h"

namespace hubbub::audio {

// The sound system, with the devices it had when this was made. When one is lost (`lost()` of its stream),
// destroy both streams and this, and make it anew: only then does the list of devices become true again.
//
// One at a time in a process. Any thread may make it, open and destroy streams and destroy it, one thread at
// a time; each of these takes 10 to some 100 ms, longer than a loop in the middle of a call should wait.
class PortAudio {
 public:
  // Throws std::runtime_error.
  PortAudio();
  ~PortAudio();  // after its streams
  PortAudio(const PortAudio&) = delete;
  PortAudio& operator=(const PortAudio&) = delete;
  PortAudio(PortAudio&&) = delete;
  PortAudio& operator=(PortAudio&&) = delete;

  [[nodiscard]] const std::vector<DeviceInfo>& devices() const { return devices_; }

  // The device that `select_device` finds. Capture and playback start at once. Throws std::runtime_error.
  std::unique_ptr<Source> open_input(std::string_view selector = {});
  std::unique_ptr<Sink> open_output(std::string_view selector = {});

 private:
  std::vector<DeviceInfo> devices_;
  int open_streams_ = 0;
};

}  // namespace hubbub::audio
