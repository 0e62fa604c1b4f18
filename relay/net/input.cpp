#include "relay/net/input.h"

#include <memory>
#include <utility>

namespace hubbub::net {

// A regular file (or /dev/null) cannot be polled: it is read in libuv's thread pool.
struct Input::FileReader {
  uv_fs_t request{};
  uv_loop_t* loop = nullptr;
  uv_file descriptor = 0;
  Input* owner = nullptr;  // cleared when the owner goes first
  std::array<char, 4096> buffer{};

  int start() {
    uv_buf_t target = uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
    request.data = this;
    return uv_fs_read(loop, &request, descriptor, &target, 1, -1, on_read);
  }
  static void on_read(uv_fs_t* request) noexcept {
    std::unique_ptr<FileReader> self(static_cast<FileReader*>(request->data));
    const ssize_t count = request->result;
    uv_fs_req_cleanup(request);
    if (self->owner == nullptr) return;
    if (count <= 0) {
      self->owner->file_ = nullptr;
      self->owner->deliver(UV_EOF);
      return;
    }
    FileReader* reader = self.release();
    reader->owner->read_({reader->buffer.data(), static_cast<std::size_t>(count)});  // may destroy the owner
    if (reader->owner == nullptr) {
      delete reader;
    } else if (reader->owner->paused_) {
      reader->owner->file_idle_ = true;
    } else if (reader->start() != 0) {
      reader->owner->file_ = nullptr;
      reader->owner->deliver(UV_EOF);
      delete reader;
    }
  }
};

Input::Input(Loop& loop, int descriptor, Terminal terminal, Read read) : read_(std::move(read)) {
  switch (uv_guess_handle(descriptor)) {
    case UV_TTY:
      tty_.open("opening the terminal", this,
                [&](uv_tty_t* tty) { return uv_tty_init(loop.raw(), tty, descriptor, 0); });
      if (terminal == Terminal::kRaw)
        checked(uv_tty_set_mode(tty_.raw(), UV_TTY_MODE_RAW), "putting the terminal into raw mode");
      read_stream(reinterpret_cast<uv_stream_t*>(tty_.raw()));
      return;
    case UV_NAMED_PIPE:
    case UV_TCP:
      pipe_.open("opening standard input", this,
                 [&](uv_pipe_t* pipe) { return uv_pipe_init(loop.raw(), pipe, 0); });
      checked(uv_pipe_open(pipe_.raw(), descriptor), "opening standard input");
      read_stream(reinterpret_cast<uv_stream_t*>(pipe_.raw()));
      return;
    default:
      break;
  }
  auto reader = std::make_unique<FileReader>();
  reader->loop = loop.raw();
  reader->descriptor = descriptor;
  reader->owner = this;
  checked(reader->start(), "reading standard input");
  file_ = reader.release();
}

Input::~Input() {
  if (tty_.is_open()) uv_tty_reset_mode();
  if (file_idle_) {
    delete file_;
  } else if (file_ != nullptr) {
    file_->owner = nullptr;
  }
}

void Input::pause(bool paused) {
  if (paused == std::exchange(paused_, paused) || ended_) return;
  for (auto* stream : {tty_.is_open() ? reinterpret_cast<uv_stream_t*>(tty_.raw()) : nullptr,
                       pipe_.is_open() ? reinterpret_cast<uv_stream_t*>(pipe_.raw()) : nullptr}) {
    if (stream == nullptr) continue;
    if (paused) {
      uv_read_stop(stream);
    } else {
      read_stream(stream);
    }
  }
  if (paused || !std::exchange(file_idle_, false)) return;
  if (file_->start() != 0) {
    delete std::exchange(file_, nullptr);
    deliver(UV_EOF);
  }
}

void Input::read_stream(uv_stream_t* stream) {
  const auto lend_buffer = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) noexcept {
    auto* self = static_cast<Input*>(handle->data);
    *buffer = uv_buf_init(self->buffer_.data(), static_cast<unsigned>(self->buffer_.size()));
  };
  checked(uv_read_start(stream, lend_buffer, on_read), "reading standard input");
}

void Input::on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t*) noexcept {
  auto* self = static_cast<Input*>(stream->data);
  if (self != nullptr && count != 0) self->deliver(count);
}

void Input::deliver(ssize_t count) {
  if (count > 0) {
    read_({buffer_.data(), static_cast<std::size_t>(count)});
  } else if (!ended_) {
    ended_ = true;
    if (tty_.is_open()) uv_read_stop(reinterpret_cast<uv_stream_t*>(tty_.raw()));
    if (pipe_.is_open()) uv_read_stop(reinterpret_cast<uv_stream_t*>(pipe_.raw()));
    read_({});
  }
}

}  // namespace hubbub::net
