#include "relay/key_file.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/seal/base64url.h"
#include "codec/wire/byte_io.h"
#include "relay/config.h"

namespace hubbub::relay {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOthers = 0077;
constexpr std::size_t kMaxSecretFileBytes = 4'096;
constexpr std::string_view kWhiteSpace = " \t\r\n";

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& file, const std::string& why) {
  throw ConfigError(what + " " + file.string() + ": " + why);
}

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// The first line of a file of a secret; nothing where there is no such file.
std::optional<std::string> read_secret(const std::string& what, const std::filesystem::path& file) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    fail(what, file, reason(errno));
  }
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) fail(what, file, reason(errno));
  if (!S_ISREG(status.st_mode)) fail(what, file, "is not a file");
  if ((status.st_mode & kOthers) != 0)
    fail(what, file, "can be read by others; make it your own with: chmod 600 " + file.string());
  std::string text(kMaxSecretFileBytes, '\0');
  const ssize_t size = ::read(descriptor.get(), text.data(), text.size());
  if (size < 0) fail(what, file, reason(errno));
  text.resize(static_cast<std::size_t>(size));
  text = text.substr(0, text.find('\n'));
  const auto begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string::npos) return std::string();
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

// Whole or not at all: a relay that is stopped while it writes leaves no half of a key.
void write_key(const std::filesystem::path& file, const seal::Key& key) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  const std::string text = seal::base64url_encode(key.view()) + "\n";
  const std::string temporary = file.string() + ".new." + std::to_string(::getpid());
  ::unlink(temporary.c_str());  // of an earlier life with this number, cut off in the middle
  {
    const Descriptor descriptor(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
    if (descriptor.get() < 0)
      fail("key file", file, "cannot be made (" + reason(errno) + "); choose another with --key");
    const bool written =
        ::write(descriptor.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(descriptor.get()) == 0;
    if (!written) {
      const std::string why = reason(errno);
      ::unlink(temporary.c_str());
      fail("key file", file, "cannot be written (" + why + ")");
    }
  }
  // Never over a key that another relay made meanwhile.
  const int result = ::link(temporary.c_str(), file.c_str());
  const int why = errno;
  ::unlink(temporary.c_str());
  if (result != 0 && why != EEXIST) fail("key file", file, "cannot be made (" + reason(why) + ")");
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before anything else runs
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace

std::filesystem::path default_key_file() {
  if (const auto state = environment("STATE_DIRECTORY")) return std::filesystem::path(*state) / "relay.key";
  if (const auto state = environment("XDG_STATE_HOME"))
    return std::filesystem::path(*state) / "hubbub" / "relay.key";
  if (const auto home = environment("HOME"))
    return std::filesystem::path(*home) / ".local" / "state" / "hubbub" / "relay.key";
  throw ConfigError("there is no HOME to keep the relay's key in; say where with --key FILE");
}

Identity load_or_create_identity(const std::filesystem::path& file, seal::Random& random) {
  bool created = false;
  auto text = read_secret("key file", file);
  if (!text) {
    write_key(file, random.secret<32>());
    created = true;
    text = read_secret("key file", file);
    if (!text) fail("key file", file, "is gone again");
  }
  const auto bytes = seal::base64url_decode(*text);
  seal::wipe(std::as_writable_bytes(std::span(*text)));
  if (!bytes || bytes->size() != seal::Key::kBytes)
    fail("key file", file,
         "is not a relay's key (43 characters of base64url); restore it, or move it away to get a new one");
  return {.keys = seal::KeyPair::from_private(seal::Key::from(std::span<const std::byte, 32>(*bytes))),
          .created = created};
}

std::string load_access_token(const std::filesystem::path& file) {
  const auto text = read_secret("access token file", file);
  if (!text) fail("access token file", file, "is not there");
  if (text->empty()) fail("access token file", file, "is empty; its first line is the token");
  return *text;
}

}  // namespace hubbub::relay
