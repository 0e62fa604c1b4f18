#include "relay/net/secret_file.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/net/descriptor.h"
#include "relay/net/error_text.h"

namespace hubbub::net {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOwnersDirectory = 0700;
constexpr mode_t kOthers = 0077;
constexpr std::size_t kMaxSecretFileBytes = 4'096;
constexpr std::string_view kWhiteSpace = " \t\r\n";

std::string_view trimmed_first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  const auto begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

bool write_line(int descriptor, std::string_view line) {
  return ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
         ::write(descriptor, "\n", 1) == 1 && ::fsync(descriptor) == 0;
}

}  // namespace

Result<std::optional<std::string>, std::string> read_secret_file(const fs::path& file) {
  // A pipe without a writer would keep us waiting; it is refused below.
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.open()) {
    if (errno == ENOENT) return std::optional<std::string>();
    return error_text(errno);
  }
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) return error_text(errno);
  if (!S_ISREG(status.st_mode)) return std::string("is not a file");
  if ((status.st_mode & kOthers) != 0)
    return "can be read by others; make it your own with: chmod 600 " + file.string();
  std::array<char, kMaxSecretFileBytes> buffer{};
  const ssize_t size = ::read(descriptor.get(), buffer.data(), buffer.size());
  if (size < 0) return error_text(errno);
  std::string line(trimmed_first_line({buffer.data(), static_cast<std::size_t>(size)}));
  ::explicit_bzero(buffer.data(), buffer.size());
  return std::optional(std::move(line));
}

std::optional<std::string> create_secret_file(const fs::path& file, std::string_view line) {
  if (auto problem = make_private_directory(file.parent_path())) return problem;
  const std::string temporary = file.string() + ".new." + std::to_string(::getpid());
  ::unlink(temporary.c_str());  // of an earlier life with this number, cut off in the middle
  {
    const Descriptor descriptor(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
    if (!descriptor.open()) return "cannot be made (" + error_text(errno) + ")";
    if (!write_line(descriptor.get(), line)) {
      const std::string why = error_text(errno);
      ::unlink(temporary.c_str());
      return "cannot be written (" + why + ")";
    }
  }
  const int result = ::link(temporary.c_str(), file.c_str());
  const int why = errno;
  ::unlink(temporary.c_str());
  if (result != 0 && why != EEXIST) return "cannot be made (" + error_text(why) + ")";
  return std::nullopt;
}

std::optional<std::string> make_private_directory(const fs::path& directory) {
  std::error_code unknown;
  if (directory.empty() || fs::is_directory(directory, unknown)) return std::nullopt;
  if (auto problem = make_private_directory(directory.parent_path())) return problem;
  if (::mkdir(directory.c_str(), kOwnersDirectory) == 0 || errno == EEXIST) return std::nullopt;
  return "cannot make the directory " + directory.string() + " (" + error_text(errno) + ")";
}

}  // namespace hubbub::net
