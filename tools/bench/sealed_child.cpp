#include "tools/bench/sealed_child.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace hubbub::bench {

TemporaryDirectory::TemporaryDirectory()
    : path_((std::filesystem::temp_directory_path() / "hubbub-bench-XXXXXX").string()) {
  if (mkdtemp(path_.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), "making a directory for a relay's key");
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> relay_command(const std::string& relay_path, std::size_t members,
                                       const std::vector<std::string>& port) {
  std::vector<std::string> arguments = {relay_path,
                                        "--bind",
                                        "127.0.0.1",
                                        "--peer-rate",
                                        "0",
                                        "--max-peers",
                                        std::to_string(members),
                                        "--timeout",
                                        "24h",
                                        "--stats-format",
                                        "json",
                                        "--log-level",
                                        "off"};
  arguments.insert(arguments.end(), port.begin(), port.end());
  return arguments;
}

SealedChild::SealedChild(const std::string& relay_path, std::size_t members, std::size_t sessions)
    : child(relay_command(relay_path, members,
                          {"--sealed", "0", "--key", directory.file("relay.key"), "--join-rate", "0",
                           "--max-sessions", std::to_string(sessions)}),
            kSealedRoomsOn) {
  auto parsed = seal::Invite::parse(child.take_first_line());
  if (!parsed) throw std::runtime_error("the relay's invite is none: " + parsed.error());
  invite = *std::move(parsed);
  if (!invite.relay_key || !invite.room_secret) throw std::runtime_error("the relay's invite names no room");
}

}  // namespace hubbub::bench
