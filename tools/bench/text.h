// What text in a sealed room costs: messages a second through one relay, a member who catches up with a whole
// log, members who do nothing, and a roster when many come at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/bench/interrupt.h"
#include "tools/bench/text_catch_up.h"
#include "tools/bench/text_roster.h"

namespace hubbub::bench {

struct TextOptions {
  std::vector<std::string> parts = {"throughput", "catch-up", "idle", "roster"};
  int runs = 3;  // of throughput and catch-up, each with new processes
  std::size_t members = 100;
  std::size_t senders = 10;
  double seconds = 5;             // of writing
  double paced = 200;             // messages a second, beside as many as are acknowledged
  std::size_t messages = 10'000;  // that are caught up with
  std::vector<std::size_t> idle_members = {100, 1'000};
  double idle_seconds = 30;
  RosterOptions roster;
  std::string relay_path;  // hubbub-relay
};

struct ThroughputRun {
  double numbered_a_second = 0;
  double delivered_a_second = 0;
  double us_per_message = 0;  // of the relay's CPU, until the last member has the last message
  double us_per_copy = 0;     // of those that were delivered
  double busy_share = 0;      // of one processor, by the relay; far below 1, the load was the slower one
  double live_share = 0;      // of all copies due: those that came live
  double asked_share = 0;     // and those that came in answers; what came both ways is in both
  double behind_ms = 0;       // from the last acknowledgement until everybody had everything
  std::uint64_t undelivered = 0;
  std::uint64_t overrun = 0;  // datagrams that the load itself had no room for
};
struct Throughput {
  double paced = 0;  // messages a second; 0: as fast as they are acknowledged
  std::vector<ThroughputRun> runs;
};

struct Idle {
  std::size_t members = 0;
  double seconds = 0;
  // Of one member in an hour, IP's and UDP's headers included.
  double up_bytes = 0;
  double down_bytes = 0;
  double client_up_bytes = 0;  // of the one among them that is a whole client
  double client_down_bytes = 0;
  double relay_cpu_s = 0;
  double rss_bytes = 0;  // the relay's memory for each member
};

struct TextFigures {
  std::vector<Throughput> throughput;
  std::vector<CatchUp> catch_up;
  std::vector<Idle> idle;
  std::vector<RosterFigures> roster;  // one, or none
};

// Throws std::system_error or std::runtime_error where the relay cannot be run, and Interrupted.
TextFigures measure_text(const TextOptions& options, const Interrupt& interrupt);

}  // namespace hubbub::bench
