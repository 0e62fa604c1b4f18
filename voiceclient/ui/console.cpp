#include "voiceclient/ui/console.h"

#include <csignal>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "codec/wire/limits.h"
#include "voiceclient/ui/json_frontend.h"
#include "voiceclient/ui/text_frontend.h"

namespace hubbub::client {
namespace {

// A line of a pipe longer than this is cut off: far more than can be sent, so the sender is told all the
// same.
constexpr std::size_t kMaxPipedLine = 4 * kMaxTextBytes;

int terminal_columns() {
  constexpr int kUsualColumns = 80;
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsualColumns;
}

std::string environment(const char* name) {
  const char* value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
  return value == nullptr ? "" : value;
}

// Whether rows that are too long are wrapped anew when the terminal gets narrower: most do.
bool terminal_rewraps() {
  const std::string term = environment("TERM");
  const bool screen = term.starts_with("screen") && environment("TMUX").empty();
  return environment("XTERM_VERSION").empty() && term != "linux" && !screen;
}

}  // namespace

Console::Console(net::Loop& loop, const Options& options, TimePoint started, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      terminal_(!options.json && !options.listen_only && isatty(STDIN_FILENO) == 1 &&
                isatty(STDOUT_FILENO) == 1 && environment("TERM") != "dumb") {
  if (options.json) {
    frontend_ = make_json_frontend(started);
  } else if (terminal_) {
    screen_.emplace(ScreenOptions{.columns = terminal_columns(),
                                  .prompt = "> ",
                                  .colour = environment("NO_COLOR").empty(),
                                  .rewraps = terminal_rewraps()});
    frontend_ =
        std::make_unique<TextFrontend>([this](const auto& message) { out_.write(screen_->print(message)); },
                                       true, [this] { return out_.alive(); });
    resized_ = std::make_unique<net::Signal>(loop, SIGWINCH, [this] { resize(); });
  } else {
    frontend_ =
        std::make_unique<TextFrontend>([this](const auto& message) { out_.write(plain_line(message)); },
                                       options.listen_only, [this] { return out_.alive(); });
  }
  // Without a screen of ours, a terminal keeps its own line editing.
  if (!options.listen_only && fcntl(STDIN_FILENO, F_GETFD) >= 0) {
    input_ = std::make_unique<net::Input>(
        loop, STDIN_FILENO, terminal_ ? net::Input::Terminal::kRaw : net::Input::Terminal::kLines,
        [this](std::string_view bytes) { read(bytes); });
  }
  if (screen_) out_.write(screen_->start());
}

Console::~Console() {
  if (screen_) out_.write(screen_->finish());
}

void Console::read(std::string_view bytes) {
  if (terminal_) {
    bytes.empty() ? callbacks_.leave() : read_keys(bytes);  // the end of a terminal is its going away
  } else {
    read_lines(bytes);
  }
}

void Console::read_keys(std::string_view bytes) {
  for (const EditorEvent& event : editor_.feed(bytes)) {
    switch (event.kind) {
      case EditorEvent::Kind::kSubmitted:
        out_.write(screen_->show_input("", 0));
        callbacks_.typed(event.text);
        break;
      case EditorEvent::Kind::kInterrupt:
      case EditorEvent::Kind::kEndOfInput:
        return callbacks_.leave();
      case EditorEvent::Kind::kRedraw:
        out_.write(screen_->redraw());
        break;
      case EditorEvent::Kind::kBell:
        out_.write("\a");
        break;
    }
  }
  out_.write(screen_->show_input(editor_.text(), editor_.cursor()));
}

// The end of a pipe or file is the end of what is typed, no more: a bot listens on.
void Console::read_lines(std::string_view bytes) {
  const bool end = bytes.empty();
  for (const char c : bytes) {
    if (c == '\n') {
      if (!partial_line_.empty()) callbacks_.typed(partial_line_);
      partial_line_.clear();
    } else if (partial_line_.size() < kMaxPipedLine) {
      partial_line_ += c;
    }
  }
  if (end && !partial_line_.empty()) callbacks_.typed(std::exchange(partial_line_, {}));
}

void Console::resize() {
  out_.write(screen_->resize(terminal_columns()));
}

}  // namespace hubbub::client
