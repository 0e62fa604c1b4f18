#include "voiceclient/settings_file.h"

#include <cerrno>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "codec/wire/text.h"
#include "relay/net/descriptor.h"
#include "relay/net/error_text.h"
#include "relay/net/secret_file.h"

namespace hubbub::client {
namespace {

namespace fs = std::filesystem;
using net::Descriptor;

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// Either the old text or the new one stands there, whenever the machine stops.
void replace_file(const fs::path& path, std::string_view text, int directory) {
  std::string temporary = path.string() + ".XXXXXX";
  const Descriptor file(mkostemp(temporary.data(), O_CLOEXEC));  // made with mode 0600
  if (!file.open()) throw std::runtime_error("cannot write " + shown(path) + ": " + net::error_text());
  const bool written = write_all(file.get(), text) && fsync(file.get()) == 0 &&
                       rename(temporary.c_str(), path.c_str()) == 0 && fsync(directory) == 0;
  if (written) return;
  const std::string why = net::error_text();
  unlink(temporary.c_str());
  throw std::runtime_error("cannot write " + shown(path) + ": " + why);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread changes the environment
  return value == nullptr ? "" : value;
}

}  // namespace

std::optional<fs::path> default_settings_file(std::string_view name) {
  const fs::path config = environment("XDG_CONFIG_HOME");
  const fs::path within = fs::path("hubbub") / name;
  if (config.is_absolute()) return config / within;  // a relative one is void, says its specification
  const fs::path home = environment("HOME");
  if (home.empty()) return std::nullopt;
  return home / ".config" / within;
}

std::string read_settings_file(const fs::path& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open() && errno == ENOENT) return {};
  std::string text;
  ssize_t count = -1;
  if (file.open()) {
    std::string piece(4'096, '\0');
    while ((count = read(file.get(), piece.data(), piece.size())) > 0 && text.size() <= kMaxSettingsFileBytes)
      text.append(piece, 0, static_cast<std::size_t>(count));
  }
  if (count < 0) throw std::runtime_error("cannot read " + shown(path) + ": " + net::error_text());
  if (text.size() > kMaxSettingsFileBytes)
    throw std::runtime_error(shown(path) +
                             " is larger than such a file can be; remove lines of it, or move it away");
  return text;
}

void update_settings_file(const fs::path& file,
                          const std::function<std::optional<std::string>(std::string text)>& change) {
  // A link, as people who keep their settings elsewhere have, stays one.
  const fs::path path = fs::weakly_canonical(fs::absolute(file));
  if (const auto problem = net::make_private_directory(path.parent_path()))
    throw std::runtime_error(printable(*problem));
  const Descriptor directory(open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Two clients that change two lines at once both have theirs changed.
  if (!directory.open() || flock(directory.get(), LOCK_EX) != 0)
    throw std::runtime_error("cannot use the directory " + shown(path.parent_path()) + ": " +
                             net::error_text());
  const auto text = change(read_settings_file(path));
  if (!text) return;
  if (text->size() > kMaxSettingsFileBytes)
    throw std::runtime_error(shown(path) + " is full; remove lines of it");
  replace_file(path, *text, directory.get());
}

std::string shown(const fs::path& file) {
  return printable(file.string());
}

}  // namespace hubbub::client
