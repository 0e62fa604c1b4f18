#include "voiceclient/ui/frontend.h"

#include <cstdio>
#include <ctime>

#include <fmt/format.h>

namespace hubbub::client {

std::string label_of(std::uint32_t ssrc, const std::string& name) {
  return name.empty() ? fmt::format("speaker {:08x}", ssrc) : name;
}

std::string label_of(const Person& person) {
  return person.member.name.empty() ? "somebody (" + person.fingerprint + ")" : person.member.name;
}

std::string_view name_of(Trust trust) {
  switch (trust) {
    case Trust::kNone:
      return "none";
    case Trust::kSeen:
      return "seen";
    case Trust::kVerified:
      return "verified";
    case Trust::kChanged:
      break;
  }
  return "changed";
}

std::string clock_time(std::uint64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm local{};
  // What somebody else says the time is may be out of all calendars.
  if (::localtime_r(&seconds, &local) == nullptr) return "--:--";
  return fmt::format("{:02}:{:02}", local.tm_hour, local.tm_min);
}

void LineWriter::write(const std::string& bytes) {
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  if (!written || std::fflush(stdout) != 0) alive_ = false;
}

}  // namespace hubbub::client
