#include "voiceclient/known_relays.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/seal/base64url.h"
#include "codec/wire/byte_io.h"
#include "codec/wire/text.h"

namespace hubbub::client {
namespace {

namespace fs = std::filesystem;

// Thousands of relays: a larger file is not ours.
constexpr std::size_t kMaxFileBytes = 1U << 20U;
constexpr std::string_view kFirstLine =
    "# The keys of relays, each remembered when it was first met: HOST:PORT KEY\n";

[[noreturn]] void fail(const std::string& sentence) {
  throw std::runtime_error(sentence);
}

std::string cause() {
  return std::generic_category().message(errno);
}

std::string quoted(const fs::path& file) {
  return printable(file.string());
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  [[nodiscard]] bool open() const { return descriptor_ >= 0; }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// A file that is not there yet is an empty one.
std::string read_file(const fs::path& path) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open() && errno == ENOENT) return {};
  std::string text;
  ssize_t count = -1;
  if (file.open()) {
    std::string piece(4'096, '\0');
    while ((count = read(file.get(), piece.data(), piece.size())) > 0 && text.size() <= kMaxFileBytes)
      text.append(piece, 0, static_cast<std::size_t>(count));
  }
  if (count < 0) fail("cannot read " + quoted(path) + ": " + cause());
  if (text.size() > kMaxFileBytes) fail(quoted(path) + " is larger than a file of known relays can be");
  return text;
}

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
  const File file(mkostemp(temporary.data(), O_CLOEXEC));  // made with mode 0600
  if (!file.open()) fail("cannot write " + quoted(path) + ": " + cause());
  const bool written = write_all(file.get(), text) && fsync(file.get()) == 0 &&
                       rename(temporary.c_str(), path.c_str()) == 0 && fsync(directory) == 0;
  if (written) return;
  const std::string why = cause();
  unlink(temporary.c_str());
  fail("cannot write " + quoted(path) + ": " + why);
}

// The words of a line that is no comment.
std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos && line[at] != '#';
       at = line.find_first_not_of(kBlanks, at)) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::optional<seal::PublicKey> parse_key(std::string_view text) {
  const auto bytes = seal::base64url_decode(text);
  seal::PublicKey key{};
  if (!bytes || bytes->size() != key.size()) return std::nullopt;
  std::ranges::copy(*bytes, key.begin());
  return key;
}

std::vector<KnownRelays::Relay> parse_file(const fs::path& path, std::string_view text) {
  std::vector<KnownRelays::Relay> relays;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    const std::string where = quoted(path) + ", line " + std::to_string(number);
    const auto relay = HostPort::parse(words[0]);
    const auto key = words.size() == 2 ? parse_key(words[1]) : std::nullopt;
    if (!relay || !key)
      fail(where + ": this is not HOST:PORT and a relay's key of 43 characters; mend the line or remove it");
    const std::string host_port = relay->to_string();
    const auto same = [&](const auto& other) { return other.host_port == host_port; };
    if (std::ranges::any_of(relays, same))
      fail(where + ": " + printable(host_port) + " has a line above already; remove one of them");
    relays.push_back({.host_port = host_port, .key = *key, .line = number});
  }
  return relays;
}

std::optional<KnownRelays::Relay> find(const std::vector<KnownRelays::Relay>& relays, const HostPort& relay) {
  const std::string host_port = relay.to_string();
  for (const auto& known : relays) {
    if (known.host_port == host_port) return known;
  }
  return std::nullopt;
}

// Only its owner may look into it, as with ssh's.
void make_directory(const fs::path& directory) {
  if (directory.empty() || fs::is_directory(directory)) return;
  make_directory(directory.parent_path());
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    fail("cannot make the directory " + quoted(directory) + ": " + cause());
}

void add_line(const fs::path& file, const HostPort& relay, const seal::PublicKey& key) {
  // A link, as people who keep their settings elsewhere have, stays one.
  const fs::path path = fs::weakly_canonical(fs::absolute(file));
  make_directory(path.parent_path());
  const File directory(open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Two clients that meet two relays at once both add their line.
  if (!directory.open() || flock(directory.get(), LOCK_EX) != 0)
    fail("cannot use the directory " + quoted(path.parent_path()) + ": " + cause());
  std::string text = read_file(path);
  if (find(parse_file(path, text), relay)) return;
  if (text.empty()) text = kFirstLine;
  if (!text.ends_with('\n')) text += '\n';
  text += relay.to_string() + " " + seal::base64url_encode(key) + "\n";
  replace_file(path, text, directory.get());
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread changes the environment
  return value == nullptr ? "" : value;
}

}  // namespace

std::optional<fs::path> KnownRelays::default_file() {
  const fs::path config = environment("XDG_CONFIG_HOME");
  const fs::path within = fs::path("hubbub") / "known_relays";
  if (config.is_absolute()) return config / within;  // a relative one is void, says its specification
  const fs::path home = environment("HOME");
  if (home.empty()) return std::nullopt;
  return home / ".config" / within;
}

std::vector<KnownRelays::Relay> KnownRelays::list() const {
  if (!file_) return {};
  return parse_file(*file_, read_file(*file_));
}

std::optional<KnownRelays::Relay> KnownRelays::lookup(const HostPort& relay) const {
  return find(list(), relay);
}

Result<std::optional<seal::PublicKey>, std::string> KnownRelays::key_for(const seal::Invite& invite) const {
  const auto known = lookup(invite.relay);
  if (!invite.relay_key) return known ? std::optional(known->key) : std::nullopt;
  if (known && known->key != *invite.relay_key) {
    return "the link's key for " + printable(known->host_port) + " is not the one that " + quoted(*file_) +
           " remembers: the link is old or forged, or the relay has a new key. If the key is meant to have "
           "changed, remove line " +
           std::to_string(known->line) + " of that file";
  }
  return invite.relay_key;
}

std::optional<std::string> KnownRelays::problem_with(const HostPort& relay,
                                                     const seal::PublicKey& key) const {
  const auto known = lookup(relay);
  if (!known || known->key == key) return std::nullopt;
  return "the key of " + printable(known->host_port) +
         " has changed: somebody may stand between you and the " +
         "relay, or it was set up anew. If the change is expected, remove line " +
         std::to_string(known->line) + " of " + quoted(*file_);
}

std::optional<std::string> KnownRelays::pin(const HostPort& relay, const seal::PublicKey& key) const {
  if (!file_) return std::nullopt;
  try {
    add_line(*file_, relay, key);
  } catch (const std::exception& error) {
    return "the relay's key is not remembered: " + std::string(error.what());
  }
  return std::nullopt;
}

}  // namespace hubbub::client
