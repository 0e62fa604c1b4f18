// Result: a value, or the reason there is none. What parsing a peer's bytes returns; nothing throws there.
#pragma once

#include <utility>
#include <variant>

#include "codec/wire/check.h"

namespace hubbub {

template <class T, class E>
class [[nodiscard]] Result {
 public:
  // Both implicit, so that a function returns a value or a reason as it is.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  // The value. Asking a failed result is our own bug.
  [[nodiscard]] const T& value() const {
    CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T& value() {
    CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  const T& operator*() const { return value(); }
  T& operator*() { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  [[nodiscard]] const E& error() const {
    CHECK(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, E> state_;
};

}  // namespace hubbub
