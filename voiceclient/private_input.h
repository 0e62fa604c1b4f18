// What a person gives the client and nobody else should see: links, passphrases, access tokens. They come
// from a terminal with its echo off, a pipe, a file or the environment; from the first of them on, this
// process's memory is kept private.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "codec/seal/secret.h"

namespace hubbub::client {

// A text that is wiped when its owner goes. A move is a copy, as with seal::Secret.
class PrivateText {
 public:
  PrivateText() = default;
  explicit PrivateText(std::string_view text) : text_(text) {}
  PrivateText(const PrivateText&) = default;
  PrivateText& operator=(const PrivateText& other) {
    if (this == &other) return *this;
    wipe();
    text_ = other.text_;
    return *this;
  }
  ~PrivateText() { wipe(); }

  [[nodiscard]] std::string_view view() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  void wipe() { seal::wipe(std::as_writable_bytes(std::span(text_))); }

  std::string text_;
};

// The next line, without its end. Not a byte more is read: what follows is for somebody else. A terminal is
// asked with `prompt` on standard error, and shows nothing of the answer. Throws std::runtime_error where
// there is no line, or one longer than any of these can be.
PrivateText read_private_line(int descriptor, const std::string& prompt);
// A file's first line. Throws std::runtime_error.
PrivateText read_private_file(const std::filesystem::path& file);
// A variable's value, which then is gone from our environment. Nothing where it is not set, or empty.
std::optional<PrivateText> take_private_variable(const char* name);

// Overwrites what stands behind the '#' of links among the arguments, where the system still shows them to
// every user (ps). Whoever looked in the instant before has seen them.
void hide_arguments(std::span<char*> arguments);

}  // namespace hubbub::client
