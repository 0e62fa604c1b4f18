// What an operator can set, by flag or by file, validated. A flag wins over the file.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "codec/wire/endpoint.h"
#include "codec/wire/limits.h"
#include "codec/wire/units.h"
#include "relay/core/open_room.h"

namespace hubbub::relay {

struct Config {
  std::vector<std::uint16_t> open_ports = {kDefaultOpenPort};  // 0 lets the system choose
  IpAddress bind;                                              // unspecified: every address, IPv4 and IPv6
  OpenRoomOptions room;
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

// What the command line asks for: to run, or to print something and end well.
struct CommandLine {
  Config config;
  std::optional<std::string> print_and_exit;  // --help, --version
};

// Throws ConfigError.
CommandLine read_command_line(int argc, const char* const* argv);

}  // namespace hubbub::relay
