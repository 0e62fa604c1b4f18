// Which sources the relay answers at all. An open room believes any source address, so this is what keeps a
// forged one from turning the relay against a bystander; in every room, against itself.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "codec/wire/drop_reason.h"
#include "codec/wire/endpoint.h"

namespace hubbub::relay {

// The relay's own side: every address of this machine, every port it listens on.
struct OwnEndpoints {
  std::set<IpAddress> addresses;
  std::set<IpAddress> broadcasts;  // of the networks this machine is in
  std::set<std::uint16_t> ports;
};

class SourcePolicy {
 public:
  // `allow_public`: the operator accepts that forged sources can aim a room's traffic at anybody on the
  // internet.
  explicit SourcePolicy(bool allow_public) : allow_public_(allow_public) {}

  // The machine's addresses change while a relay runs; ports are those of all rooms.
  void set_own(OwnEndpoints own) { own_ = std::move(own); }

  // Why nobody could be answered at `source`: no address of a peer, or the relay itself.
  [[nodiscard]] std::optional<DropReason> unanswerable(const Endpoint& source) const;
  // Why an open room refuses a datagram from `source`; `nullopt` where it is welcome.
  [[nodiscard]] std::optional<DropReason> refuses(const Endpoint& source) const;

 private:
  bool allow_public_;
  OwnEndpoints own_;
};

}  // namespace hubbub::relay
