// Standard input and output as the room's console: a terminal with a line being typed below what scrolls by,
// or plain lines where either is no terminal.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "relay/net/input.h"
#include "relay/net/loop.h"
#include "voiceclient/ui/frontend.h"
#include "voiceclient/ui/line_editor.h"
#include "voiceclient/ui/screen.h"

namespace hubbub::client {

class Console {
 public:
  struct Callbacks {
    std::function<void(const std::string& line)> typed;
    std::function<void()> leave;  // Ctrl-C, Ctrl-D, a terminal that went away
  };

  struct Options {
    bool json = false;         // events instead of sentences
    bool listen_only = false;  // nothing is typed
  };
  // Restores the terminal on destruction.
  Console(net::Loop& loop, const Options& options, TimePoint started, Callbacks callbacks);
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  ~Console();

  Frontend& frontend() { return *frontend_; }
  // Somebody sits in front of it, and can answer.
  [[nodiscard]] bool interactive() const { return terminal_; }

 private:
  void read(std::string_view bytes);
  void read_keys(std::string_view bytes);
  void read_lines(std::string_view bytes);
  void resize();

  Callbacks callbacks_;
  LineWriter out_;
  bool terminal_;  // both ends are one
  LineEditor editor_;
  std::optional<Screen> screen_;
  std::unique_ptr<Frontend> frontend_;
  std::string partial_line_;
  std::unique_ptr<net::Input> input_;
  std::unique_ptr<net::Signal> resized_;
};

}  // namespace hubbub::client
