#include "relay/net/loop.h"

#include "codec/wire/check.h"
#include "relay/net/clock.h"

namespace hubbub::net {
namespace {

std::uint64_t whole_milliseconds(Duration duration) {
  CHECK(duration >= Duration::zero());
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

}  // namespace

SystemError::SystemError(const std::string& what, int code)
    : std::runtime_error(what + ": " + uv_strerror(code)), code_(code) {}

int checked(int code, const std::string& what) {
  if (code < 0) throw SystemError(what, code);
  return code;
}

Loop::Loop() {
  checked(uv_loop_init(&loop_), "starting the event loop");
}

Loop::~Loop() {
  uv_run(&loop_, UV_RUN_DEFAULT);
  CHECK(uv_loop_close(&loop_) == 0);
}

void Loop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
}

Timer::Timer(Loop& loop, Callback callback) : callback_(std::move(callback)) {
  handle_.open("creating a timer", this, [&](uv_timer_t* timer) { return uv_timer_init(loop.raw(), timer); });
  hurry_.open("creating a timer", this, [&](uv_idle_t* idle) { return uv_idle_init(loop.raw(), idle); });
  after_.open("creating a timer", this, [&](uv_check_t* check) { return uv_check_init(loop.raw(), check); });
}

void Timer::start(Duration first, Duration period) {
  const auto trampoline = [](uv_timer_t* timer) noexcept {
    if (auto* self = static_cast<Timer*>(timer->data)) self->due();
  };
  CHECK(uv_timer_start(handle_.raw(), trampoline, whole_milliseconds(first), whole_milliseconds(period)) ==
        0);
}

void Timer::due() {
  const auto trampoline = [](uv_check_t* check) noexcept {
    if (auto* self = static_cast<Timer*>(check->data)) self->fire();
  };
  CHECK(uv_idle_start(hurry_.raw(), [](uv_idle_t*) noexcept {}) == 0);
  CHECK(uv_check_start(after_.raw(), trampoline) == 0);
}

void Timer::fire() {
  uv_idle_stop(hurry_.raw());
  uv_check_stop(after_.raw());
  callback_(now());
}

void Timer::stop() {
  uv_timer_stop(handle_.raw());
  uv_idle_stop(hurry_.raw());
  uv_check_stop(after_.raw());
}

Signal::Signal(Loop& loop, int number, std::function<void()> callback) : callback_(std::move(callback)) {
  handle_.open("watching a signal", this,
               [&](uv_signal_t* signal) { return uv_signal_init(loop.raw(), signal); });
  const auto trampoline = [](uv_signal_t* signal, int) noexcept {
    if (auto* self = static_cast<Signal*>(signal->data)) self->callback_();
  };
  checked(uv_signal_start(handle_.raw(), trampoline, number), "watching signal " + std::to_string(number));
}

Async::Async(Loop& loop, std::function<void()> callback) : callback_(std::move(callback)) {
  const auto trampoline = [](uv_async_t* async) noexcept {
    if (auto* self = static_cast<Async*>(async->data)) self->callback_();
  };
  handle_.open("making a way to wake the loop", this,
               [&](uv_async_t* async) { return uv_async_init(loop.raw(), async, trampoline); });
}

void Async::wake() noexcept {
  CHECK(uv_async_send(handle_.raw()) == 0);
}

}  // namespace hubbub::net
