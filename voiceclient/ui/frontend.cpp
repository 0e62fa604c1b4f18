#include "voiceclient/ui/frontend.h"

#include <cstdio>

#include <fmt/format.h>

namespace hubbub::client {

std::string label_of(std::uint32_t ssrc, const std::string& name) {
  return name.empty() ? fmt::format("speaker {:08x}", ssrc) : name;
}

void LineWriter::write(const std::string& bytes) {
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  if (!written || std::fflush(stdout) != 0) alive_ = false;
}

}  // namespace hubbub::client
