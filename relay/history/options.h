// What a history is told and what it tells: its settings, its counters, and the two kinds of error it throws.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>

#include "codec/wire/units.h"

namespace hubbub::relay {

inline constexpr std::int64_t kDefaultHistoryDays = 30;
inline constexpr std::int64_t kMaxHistoryDays = 36'500;
inline constexpr std::int64_t kDefaultHistoryMessages = 10'000;
inline constexpr std::int64_t kMaxHistoryMessages = 1'000'000'000;

// What waits in memory while the file cannot be written: enough for some hours of a busy relay.
inline constexpr std::size_t kMaxWaitingBytes = std::size_t{64} << 20U;

inline std::int64_t wall_clock() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct HistoryOptions {
  std::filesystem::path file;
  std::int64_t days = kDefaultHistoryDays;          // 0: for ever
  std::int64_t messages = kDefaultHistoryMessages;  // of each room
  std::size_t max_waiting_bytes = kMaxWaitingBytes;
  Duration prune_every = std::chrono::minutes(1);
  std::function<std::int64_t()> unix_now =
      wall_clock;  // seconds; ages outlive the process, so no steady clock
};

struct HistoryCounters {
  std::uint64_t stored = 0;    // entries committed and synced
  std::uint64_t given_up = 0;  // entries that were handed over and never will be
  std::size_t waiting = 0;
  std::size_t waiting_bytes = 0;
  std::uint64_t commits = 0;
  std::string last_error;  // empty where there was none
};

// There can be no history with these settings: a sentence for the operator, at start-up.
class HistoryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What is wrong with the file now, by what helps.
enum class Fault : std::uint8_t {
  kBusy,     // waiting: another program has it locked
  kFull,     // room on the disk
  kDamaged,  // another file
  kRefused,  // the operator: it is not ours to open, or not a history
  kOther     // trying again, and the operator
};

class StoreError : public std::runtime_error {
 public:
  StoreError(Fault fault, const std::string& what) : std::runtime_error(what), fault_(fault) {}
  [[nodiscard]] Fault fault() const noexcept { return fault_; }

 private:
  Fault fault_;
};

}  // namespace hubbub::relay
