// The libuv loop and its handles as owners: what is destroyed is closed, and the loop's end proves that
// nothing leaked. Every C callback is a noexcept trampoline into a std::function the owner gave.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include <uv.h>

#include "codec/wire/units.h"

namespace hubbub::net {

// The environment refused something: the call, what it was about, and the system's reason. Thrown at start-up
// only.
class SystemError : public std::runtime_error {
 public:
  // `code` is a libuv error (negative errno).
  SystemError(const std::string& what, int code);
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

// Throws SystemError when `code` is negative; returns it otherwise.
int checked(int code, const std::string& what);

class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  // Drains what is closing. Every handle must have been destroyed before.
  ~Loop();

  // Runs until `stop` or until nothing is left to wait for.
  void run();
  void stop() { uv_stop(&loop_); }
  uv_loop_t* raw() noexcept { return &loop_; }

 private:
  uv_loop_t loop_{};
};

// Unique ownership of one libuv handle: `data` is cleared before uv_close, the memory freed in the close
// callback, and it is wrapped only after its uv_*_init succeeded. Nothing else calls uv_close.
template <class UvHandle>
class Handle {
 public:
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { close(); }

  // `init(UvHandle*)` returns a libuv code.
  template <class Init>
  void open(const std::string& what, void* owner, Init init) {
    close();
    auto* handle = new UvHandle{};
    if (const int code = init(handle); code < 0) {
      delete handle;
      throw SystemError(what, code);
    }
    handle->data = owner;
    handle_ = handle;
  }
  void close() noexcept {
    if (handle_ == nullptr) return;
    handle_->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle_),
             [](uv_handle_t* closed) { delete reinterpret_cast<UvHandle*>(closed); });
    handle_ = nullptr;
  }
  [[nodiscard]] UvHandle* raw() const noexcept { return handle_; }
  [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }

 private:
  UvHandle* handle_ = nullptr;
};

// Fires when what had arrived by then has been read, also where the process, or the machine, stood still for
// a while: nobody is called silent, and no frame late, who only was not listened to. (libuv before 1.45 runs
// its timers first.)
class Timer {
 public:
  using Callback = std::function<void(TimePoint now)>;

  Timer(Loop& loop, Callback callback);
  // Fires after `first`, then every `period` (never again when zero). libuv counts whole milliseconds: both
  // are rounded up.
  void start(Duration first, Duration period = Duration::zero());
  void stop();

 private:
  void due();
  void fire();

  Callback callback_;
  Handle<uv_timer_t> handle_;
  Handle<uv_idle_t> hurry_;   // while due: the loop looks for what has arrived, and does not wait for it
  Handle<uv_check_t> after_;  // while due: when it has looked
};

class Signal {
 public:
  Signal(Loop& loop, int number, std::function<void()> callback);

 private:
  std::function<void()> callback_;
  Handle<uv_signal_t> handle_;
};

// Wakes the loop from another thread. Several wakes before the loop comes to it are one.
class Async {
 public:
  Async(Loop& loop, std::function<void()> callback);
  // From any thread, for as long as this lives: the caller sees to that.
  void wake() noexcept;

 private:
  std::function<void()> callback_;
  Handle<uv_async_t> handle_;
};

}  // namespace hubbub::net
