// Standard input as bytes, whatever it is: a terminal, a pipe, a file.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string_view>

#include "relay/net/loop.h"

namespace hubbub::net {

class Input {
 public:
  // `read` gets bytes as they come; an empty view is the end, and comes once.
  using Read = std::function<void(std::string_view bytes)>;
  // How a terminal is read: key by key, or in lines that it edits itself.
  enum class Terminal : bool { kLines, kRaw };

  // Reads `descriptor`; a pipe's is closed in the end. A terminal is put back into its mode on destruction.
  // Throws SystemError.
  Input(Loop& loop, int descriptor, Terminal terminal, Read read);
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input();

  // Reads no further for a while: what is there waits where it is. A piece under way still comes.
  void pause(bool paused);

 private:
  struct FileReader;

  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) noexcept;
  void read_stream(uv_stream_t* stream);
  void deliver(ssize_t count);

  Read read_;
  bool ended_ = false;
  bool paused_ = false;
  std::array<char, 4096> buffer_{};
  Handle<uv_tty_t> tty_;
  Handle<uv_pipe_t> pipe_;
  FileReader* file_ = nullptr;  // owned by libuv while a read is under way, and by us while paused
  bool file_idle_ = false;
};

}  // namespace hubbub::net
