// What a relay's history costs: messages stored a second, and the time to come back to a large file whose
// writer was killed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tools/bench/interrupt.h"

namespace hubbub::bench {

struct HistoryBenchOptions {
  double seconds = 10;
  std::int64_t size_mb = 1'024;
  std::filesystem::path directory = ".";
};

struct HistoryFigures {
  double one_room_a_second = 0;    // entries, all of one room
  double many_rooms_a_second = 0;  // entries, each of another room than the one before
  double one_at_a_time_ms = 0;     // from handing over a single entry to its being stored, the median
  double file_mb = 0;
  std::uint64_t file_entries = 0;
  std::size_t file_rooms = 0;
  double log_mb = 0;  // what the killed writer left in the write-ahead log
  double open_ms = 0;
  double load_ms = 0;
  std::size_t loaded = 0;
};

// Throws std::runtime_error where something that was stored is not there again.
HistoryFigures measure_history(const HistoryBenchOptions& options, const Interrupt& interrupt);
std::string history_text(const HistoryFigures& figures);

}  // namespace hubbub::bench
