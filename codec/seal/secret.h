// Secrets: bytes that are wiped when their owner goes, and compared without saying where they differ. Nothing
// here prints them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace hubbub::seal {

// Overwrites in a way that no optimiser leaves out.
void wipe(std::span<std::byte> bytes) noexcept;

// Takes as long wherever the first difference is. Lengths are not secret: different ones are simply unequal.
[[nodiscard]] bool equal(std::span<const std::byte> a, std::span<const std::byte> b) noexcept;

// A move is a copy: what it leaves behind is wiped by its own destructor.
template <std::size_t N>
class Secret {
 public:
  static constexpr std::size_t kBytes = N;

  Secret() = default;
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { wipe(bytes_); }

  static Secret from(std::span<const std::byte, N> bytes) {
    Secret secret;
    std::ranges::copy(bytes, secret.bytes_.begin());
    return secret;
  }

  [[nodiscard]] std::span<const std::byte, N> view() const noexcept { return bytes_; }
  [[nodiscard]] std::span<std::byte, N> view() noexcept { return bytes_; }

  friend bool operator==(const Secret& a, const Secret& b) noexcept { return equal(a.bytes_, b.bytes_); }

 private:
  std::array<std::byte, N> bytes_{};
};

using Key = Secret<32>;
using PublicKey = std::array<std::byte, 32>;

}  // namespace hubbub::seal
