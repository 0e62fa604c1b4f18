// The relay as a whole: its rooms wired to a loop, signals, and the operator.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "relay/config.h"
#include "relay/core/source_policy.h"
#include "relay/net/loop.h"
#include "relay/open_port.h"

namespace hubbub::relay {

class Service {
 public:
  // Binds everything. Throws net::SystemError, its text ready for the operator.
  explicit Service(const Config& config);

  // Until SIGINT or SIGTERM.
  void run();

 private:
  // What has been said in the log about a room, so that each thing is said once a minute at most.
  struct Noted {
    Books books;
    std::uint64_t kernel_dropped = 0;
  };

  void tick(TimePoint now);
  void learn_own_addresses();
  void note_changes();
  void print_summary(TimePoint now) const;

  Config config_;
  TimePoint started_;
  net::Loop loop_;
  SourcePolicy policy_;
  std::vector<std::unique_ptr<OpenPort>> rooms_;
  std::vector<Noted> noted_;
  int ticks_ = 0;
  net::Timer ticker_;
  net::Timer stats_;
  net::Signal interrupt_;
  net::Signal terminate_;
  net::Signal report_;
};

}  // namespace hubbub::relay
