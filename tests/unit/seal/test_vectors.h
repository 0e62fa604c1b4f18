// Published vectors and repeatable randomness, as the tests of this room want them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "codec/seal/random.h"
#include "codec/seal/secret.h"
#include "tests/unit/wire/test_bytes.h"

namespace hubbub::seal {

inline Bytes from_hex(std::string_view hex) {
  const auto digit = [](char c) -> unsigned {
    const std::size_t value = std::string_view("0123456789abcdef").find(c);
    if (value == std::string_view::npos) throw std::runtime_error("not a lower-case hexadecimal digit");
    return static_cast<unsigned>(value);
  };
  if (hex.size() % 2 != 0) throw std::runtime_error("half a byte");
  Bytes bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

inline std::string to_hex(std::span<const std::byte> bytes) {
  std::string hex;
  for (const std::byte b : bytes) {
    hex += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4U];
    hex += "0123456789abcdef"[std::to_integer<unsigned>(b) & 0xFU];
  }
  return hex;
}

template <std::size_t N>
std::array<std::byte, N> array_from_hex(std::string_view hex) {
  const Bytes bytes = from_hex(hex);
  std::array<std::byte, N> array{};
  if (bytes.size() != N) throw std::runtime_error("a vector of another length");
  std::ranges::copy(bytes, array.begin());
  return array;
}
inline Key key_from_hex(std::string_view hex) {
  return Key::from(array_from_hex<32>(hex));
}
inline PublicKey public_key_from_hex(std::string_view hex) {
  return array_from_hex<32>(hex);
}

// A file of tests/vectors.
inline nlohmann::json load_vectors(std::string_view file) {
  const std::filesystem::path here(__FILE__);
  const std::filesystem::path path = here.parent_path().parent_path().parent_path() / "vectors" / file;
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return nlohmann::json::parse(in);
}

// Calls `use` with every one-bit change of `bytes`.
template <class Use>
void for_each_flipped_bit(const Bytes& bytes, Use use) {
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    use(flipped, bit);
  }
}

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::byte> out) override {
    for (std::byte& b : out) b = static_cast<std::byte>(engine_() & 0xFFU);
  }

 private:
  std::mt19937_64 engine_;
};

// Gives the bytes it was given, and then none.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<std::byte> out) override {
    if (out.size() > bytes_.size() - at_) throw std::runtime_error("more randomness than the script has");
    for (std::byte& b : out) b = bytes_[at_++];
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

}  // namespace hubbub::seal
