// What an operator can set, by flag or by file, validated. A flag wins over the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "codec/wire/endpoint.h"
#include "codec/wire/limits.h"
#include "codec/wire/units.h"
#include "relay/core/open_room.h"
#include "relay/history/options.h"

namespace hubbub::relay {

struct Config {
  std::optional<std::uint16_t> sealed_port = kDefaultSealedPort;  // 0 lets the system choose
  std::vector<std::uint16_t> open_ports;
  IpAddress bind;  // unspecified: every address, IPv4 and IPv6
  OpenRoomOptions room;
  std::optional<std::filesystem::path> key_file;  // where left out, `default_key_file`
  std::optional<std::filesystem::path> access_token_file;
  std::optional<HistoryOptions> history;  // where left out, rooms' texts are kept in memory only
  std::optional<std::string> host;        // what invites call this machine
  bool tell_key = true;
  double join_rate = kDefaultJoinRate;
  std::size_t max_sessions = kDefaultMaxSessions;
  bool allow_public_reflection = false;
  std::optional<Duration> stats_every;
  bool stats_json = false;
  std::string log_level = "warn";
};

// A sentence for the operator: what is wrong and what would be right.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What the command line asks for: to serve, to make an invite, to show the key; or to print something and end
// well.
enum class Command : std::uint8_t { kServe, kInvite, kKey };

struct CommandLine {
  Command command = Command::kServe;
  Config config;
  std::optional<std::string> print_and_exit;  // --help, --version
};

// Throws ConfigError.
CommandLine read_command_line(int argc, const char* const* argv);

}  // namespace hubbub::relay
