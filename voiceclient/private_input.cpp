#include "voiceclient/private_input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "codec/seal/hardening.h"
#include "codec/wire/limits.h"
#include "codec/wire/text.h"
#include "relay/net/error_text.h"

namespace hubbub::client {
namespace {

// The longest is a link.
constexpr std::size_t kMaxLineBytes = kMaxLinkBytes;
// What would end us with the terminal's echo still off.
constexpr std::array kEndingSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

volatile std::sig_atomic_t caught_signal = 0;  // a handler can write nothing else

// A terminal that shows nothing of what is typed, until the end of this object. Ctrl-C and its like end the
// read instead of the program, so that the terminal is put right first.
class QuietTerminal {
 public:
  explicit QuietTerminal(int descriptor) : descriptor_(descriptor) {
    if (isatty(descriptor_) != 1 || tcgetattr(descriptor_, &before_) != 0) return;
    caught_signal = 0;
    struct sigaction note {};
    note.sa_handler = [](int number) { caught_signal = number; };
    sigemptyset(&note.sa_mask);  // and no SA_RESTART: the read is to end
    for (std::size_t i = 0; i < kEndingSignals.size(); ++i)
      sigaction(kEndingSignals[i], &note, &actions_before_[i]);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    quiet.c_cc[VSUSP] = _POSIX_VDISABLE;  // a shell that takes over would have no echo
    tcsetattr(descriptor_, TCSAFLUSH, &quiet);
    active_ = true;
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() {
    if (!active_) return;
    tcsetattr(descriptor_, TCSANOW, &before_);
    for (std::size_t i = 0; i < kEndingSignals.size(); ++i)
      sigaction(kEndingSignals[i], &actions_before_[i], nullptr);
    if (caught_signal != 0) raise(caught_signal);
  }
  [[nodiscard]] bool active() const { return active_; }

 private:
  int descriptor_;
  bool active_ = false;
  termios before_{};
  std::array<struct sigaction, kEndingSignals.size()> actions_before_{};
};

// The bytes of one line, wiped when done with.
class LineBuffer {
 public:
  LineBuffer() = default;
  LineBuffer(const LineBuffer&) = delete;
  LineBuffer& operator=(const LineBuffer&) = delete;
  ~LineBuffer() { seal::wipe(std::as_writable_bytes(std::span(bytes_))); }

  // False where a line has more than a line can have.
  bool add(char c) {
    if (size_ == bytes_.size()) return false;
    bytes_[size_++] = c;
    return true;
  }
  [[nodiscard]] PrivateText text() const {
    std::string_view line(bytes_.data(), size_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return PrivateText(line);
  }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::array<char, kMaxLineBytes + 1> bytes_{};
  std::size_t size_ = 0;
};

// `what` is read from, in the sentence that says what is wrong.
PrivateText read_line(int descriptor, const std::string& what) {
  seal::keep_memory_private();
  LineBuffer line;
  while (true) {
    char c = 0;
    const ssize_t count = read(descriptor, &c, 1);
    if (count < 0 && errno == EINTR && caught_signal == 0) continue;
    if (count < 0) throw std::runtime_error("cannot read " + what + ": " + net::error_text());
    if (count == 0 && line.empty()) throw std::runtime_error(what + " ended before a line came");
    if (count == 0 || c == '\n') return line.text();
    if (!line.add(c))
      throw std::runtime_error("the line in " + what + " is longer than " + std::to_string(kMaxLineBytes) +
                               " bytes");
  }
}

}  // namespace

PrivateText read_private_line(int descriptor, const std::string& prompt) {
  const QuietTerminal terminal(descriptor);
  if (terminal.active()) std::fprintf(stderr, "%s (not shown): ", prompt.c_str());
  return read_line(descriptor, "standard input");
}

PrivateText read_private_file(const std::filesystem::path& file) {
  const std::string name = printable(file.string());
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw std::runtime_error("cannot read " + name + ": " + net::error_text());
  struct Closer {
    int descriptor;
    explicit Closer(int its) : descriptor(its) {}
    Closer(const Closer&) = delete;
    Closer& operator=(const Closer&) = delete;
    ~Closer() { close(descriptor); }
  } const closer(descriptor);
  PrivateText line = read_line(descriptor, name);
  if (line.empty()) throw std::runtime_error("the first line of " + name + " is empty");
  return line;
}

std::optional<PrivateText> take_private_variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before there is a second thread
  char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  seal::keep_memory_private();
  const PrivateText text{std::string_view(value)};
  // unsetenv forgets where it stands, and leaves it standing there.
  seal::wipe(std::as_writable_bytes(std::span(value, std::strlen(value))));
  unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  if (text.empty()) return std::nullopt;
  return text;
}

void hide_arguments(std::span<char*> arguments) {
  for (char* argument : arguments) {
    const std::string_view text(argument);
    const std::size_t scheme = text.find("://");
    if (scheme == std::string_view::npos) continue;
    const std::size_t hash = text.find('#', scheme);
    if (hash == std::string_view::npos) continue;
    std::fill(argument + hash + 1, argument + text.size(), '*');
  }
}

}  // namespace hubbub::client
