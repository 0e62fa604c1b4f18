// The client's command line, validated: what a person or a script wants of this run.
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "codec/seal/invite.h"
#include "codec/voice/opus_codec.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"
#include "voiceclient/private_input.h"

namespace hubbub::client {

// Bad input: a sentence that says what is wrong and what would be right.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What a sealed room asks for beyond an open one.
struct SealedOptions {
  seal::Invite invite;       // names a room
  PrivateText passphrase;    // there where the invite needs one
  PrivateText access_token;  // empty: for a relay that asks for none
  // Nothing where the environment has no place for them.
  std::optional<std::filesystem::path> known_relays;
  std::optional<std::filesystem::path> known_people;
  std::optional<std::filesystem::path> identity;
};

struct JoinOptions {
  std::string link;  // as it may be shown, nothing secret in it
  HostPort relay;
  std::optional<SealedOptions> sealed;  // nothing for an open room
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

  bool listen_only = false;  // `hubbub tail`: nothing is read from standard input, and nothing is said
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

// Lines from standard input into a sealed room.
struct SendOptions {
  JoinOptions join;
  std::string to;  // a name: for them alone
  bool action = false;
  Duration patience = 30s;
};

struct DevicesOptions {
  bool json = false;
};

struct SdpOptions {
  Endpoint player;
  Duration frame = 20ms;
};

struct InviteOptions {
  std::optional<seal::Invite> link;  // to the relay: its room, if any, is not used
  std::optional<std::filesystem::path> known_relays;
};

// What to do, or a text to print before ending well (help, version).
using Request =
    std::variant<JoinOptions, SendOptions, InviteOptions, DevicesOptions, SdpOptions, std::string>;

// Takes the link, passphrase and access token from wherever the arguments say, standard input and the
// environment included. Throws UsageError, or std::runtime_error where a file cannot be read; neither repeats
// what is secret.
Request read_command_line(int argc, const char* const* argv);

}  // namespace hubbub::client
