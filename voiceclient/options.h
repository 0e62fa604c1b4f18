// The client's command line, validated: what a person or a script wants of this run.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "codec/voice/opus_codec.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"

namespace hubbub::client {

// Bad input: a sentence that says what is wrong and what would be right.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct JoinOptions {
  std::string link;  // as given
  HostPort relay;
  std::string name;
  voice::VoiceFormat format;
  Duration playout_delay = 60ms;
  bool muted = false;

  bool no_audio = false;
  std::optional<std::string> input_device;  // name or number
  std::optional<std::string> output_device;
  std::optional<std::string> input_file;
  std::optional<std::string> output_file;
  std::optional<std::string> output_dir;
  bool repeat_input = false;

  std::vector<std::string> texts;
  std::optional<Duration> exit_after;
  bool exit_at_end = false;  // of the input file
  bool json = false;
  std::optional<Endpoint> rtp_to;  // voice is handed on to this player, one speaker at a time

  // With files, a sound device is opened only where it is named.
  [[nodiscard]] bool uses_files() const { return input_file || output_file || output_dir; }
  [[nodiscard]] bool wants_input_device() const {
    return !no_audio && !input_file && (input_device || !uses_files());
  }
  [[nodiscard]] bool wants_output_device() const {
    return !no_audio && !output_file && (output_device || !uses_files());
  }
};

struct DevicesOptions {
  bool json = false;
};

struct SdpOptions {
  Endpoint player;
  Duration frame = 20ms;
};

// What to do, or a text to print before ending well (help, version).
using Request = std::variant<JoinOptions, DevicesOptions, SdpOptions, std::string>;

// Throws UsageError.
Request read_command_line(int argc, const char* const* argv);

// open://host:port, the port 5241 where left out. Throws UsageError.
HostPort parse_open_link(const std::string& link);

}  // namespace hubbub::client
