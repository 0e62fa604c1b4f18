// What a run's network is like, read from a TOML file: a seed, and the settings of each direction.
//
//   seed = 7
//   [both]                 # applied first, to both directions
//   delay = "40ms"
//   [up]                   # from client to relay
//   loss = "5%"
//   [[up.outage]]          # or outage = ["10s+2s"]
//   start = "10s"
//   duration = "2s"
//   [down]                 # from relay to client
//   rate = "256kbit"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/wire/result.h"
#include "tools/impair/link_options.h"

namespace hubbub::impair {

struct Scenario {
  std::optional<std::uint64_t> seed;
  LinkOptions up;
  LinkOptions down;

  // What is wrong with either direction, naming it, or `nullopt`.
  [[nodiscard]] std::optional<std::string> validate() const;

  friend bool operator==(const Scenario&, const Scenario&) = default;
};

// The keys of a table are `settings()`' names. An error names the place (`name` and line), the key and what
// would do. Not validated yet: flags may still change it.
Result<Scenario, std::string> parse_scenario(std::string_view toml, const std::string& name);
Result<Scenario, std::string> load_scenario(const std::string& path);

}  // namespace hubbub::impair
