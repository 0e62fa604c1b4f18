// The relay as a whole: its rooms wired to a loop, signals, and the operator.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codec/seal/random.h"
#include "relay/config.h"
#include "relay/core/open_room.h"
#include "relay/core/sealed_relay.h"
#include "relay/core/source_policy.h"
#include "relay/history/sqlite_history.h"
#include "relay/key_file.h"
#include "relay/net/loop.h"
#include "relay/port.h"
#include "relay/stats.h"

namespace hubbub::relay {

// Who the relay is to those who join sealed rooms.
struct SealedIdentity {
  seal::KeyPair keys;
  std::optional<std::string> access_token{};
};

// A link to a new room on this relay: nobody but its reader ever had it.
std::string new_invite(const Config& config, const seal::PublicKey& key, std::uint16_t port);

class Service {
 public:
  // Binds everything. Throws net::SystemError or HistoryError, its text ready for the operator. `identity`
  // where there is a sealed port.
  Service(const Config& config, const std::optional<SealedIdentity>& identity);

  // Until SIGINT or SIGTERM.
  void run();
  // The port that the system chose, where the sealed one was left to it.
  [[nodiscard]] std::optional<std::uint16_t> sealed_port() const;

 private:
  struct OpenPort {
    OpenPort(net::Loop& loop, const Endpoint& local, const OpenRoomOptions& options,
             const SourcePolicy& policy);
    OpenRoom room;
    Port port;
  };
  struct SealedPort {
    SealedPort(net::Loop& loop, const Endpoint& local, const SealedOptions& options,
               const SourcePolicy& policy, seal::Random& random);
    SealedRelay relay;
    Port port;
  };
  // What has been said in the log about a port, so that each thing is said once a minute at most.
  struct Noted {
    std::array<std::uint64_t, kDropReasons> dropped{};
    std::uint64_t kernel_dropped = 0;
    std::uint64_t joined = 0;
    std::uint64_t left = 0;
  };

  void open_history(const HistoryOptions& options);
  void tick(TimePoint now);
  void learn_own_addresses();
  void note_changes();
  static void note(const std::string& port, const Noted& now, Noted& before);
  [[nodiscard]] Summary summary(TimePoint now) const;
  void print_summary(TimePoint now) const;
  void say_goodbye();
  [[nodiscard]] const Port& any_port() const;

  Config config_;
  TimePoint started_;
  net::Loop loop_;
  SourcePolicy policy_;
  seal::SystemRandom random_;
  std::unique_ptr<SealedPort> sealed_;
  std::unique_ptr<SqliteHistory> history_;  // after the relay that it answers to
  std::vector<std::unique_ptr<OpenPort>> rooms_;
  Noted noted_sealed_;
  std::vector<Noted> noted_;
  int ticks_ = 0;
  net::Timer ticker_;
  net::Timer roster_ticker_;
  net::Timer stats_;
  net::Signal interrupt_;
  net::Signal terminate_;
  net::Signal report_;
};

}  // namespace hubbub::relay
