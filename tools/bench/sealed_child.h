// hubbub-relay with a sealed port, as a child process: its key in a place of its own, its invite as it tells
// it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "codec/seal/invite.h"
#include "tools/bench/child.h"

namespace hubbub::bench {

// A place for a relay's key, and gone with it.
class TemporaryDirectory {
 public:
  // Throws std::system_error.
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// What every relay that is measured is told, and its `port` beside it. A member that hears no more than the
// load is not forgotten, and no member is held to a rate.
[[nodiscard]] std::vector<std::string> relay_command(const std::string& relay_path, std::size_t members,
                                                     const std::vector<std::string>& port);

struct SealedChild {
  // Throws std::system_error or std::runtime_error where the relay cannot be run.
  SealedChild(const std::string& relay_path, std::size_t members, std::size_t sessions);

  TemporaryDirectory directory;
  Child child;
  seal::Invite invite;
};

}  // namespace hubbub::bench
