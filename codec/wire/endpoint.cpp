#include "codec/wire/endpoint.h"

#include <charconv>
#include <cstring>

#include <arpa/inet.h>

#include "codec/wire/check.h"

namespace hubbub {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool in_v4(std::uint32_t address, std::uint32_t network, int prefix_bits) {
  return ((address ^ network) >> (32 - prefix_bits)) == 0;
}

std::uint64_t mix(std::uint64_t value) {  // splitmix64's finaliser
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string owned(text);
  if (owned.find('\0') != std::string::npos) return std::nullopt;  // inet_pton would stop reading there
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, owned.c_str(), four.data()) == 1) return v4(four[0], four[1], four[2], four[3]);
  std::array<std::uint8_t, 16> sixteen{};
  if (inet_pton(AF_INET6, owned.c_str(), sixteen.data()) == 1) return IpAddress(sixteen);
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  return std::memcmp(bytes_.data(), kMappedPrefix.data(), kMappedPrefix.size()) == 0;
}

std::uint32_t IpAddress::v4_number() const {
  CHECK(is_v4());
  std::uint32_t number = 0;
  for (std::size_t i = 12; i < 16; ++i) number = (number << 8U) | bytes_[i];
  return number;
}

bool IpAddress::is_unspecified() const {
  return *this == IpAddress() || *this == v4(0, 0, 0, 0);
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return in_v4(v4_number(), 0x7F000000, 8);
  return *this == IpAddress({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return in_v4(v4_number(), 0xA9FE0000, 16);
  return bytes_[0] == 0xFE && (bytes_[1] & 0xC0U) == 0x80;
}

bool IpAddress::is_multicast() const {
  if (is_v4()) return in_v4(v4_number(), 0xE0000000, 4);
  return bytes_[0] == 0xFF;
}

bool IpAddress::is_limited_broadcast() const {
  return *this == v4(255, 255, 255, 255);
}

bool IpAddress::is_private() const {
  if (is_loopback() || is_link_local()) return true;
  if (!is_v4()) return (bytes_[0] & 0xFEU) == 0xFC;
  const std::uint32_t number = v4_number();
  return in_v4(number, 0x0A000000, 8) || in_v4(number, 0xAC100000, 12) || in_v4(number, 0xC0A80000, 16) ||
         in_v4(number, 0x64400000, 10);
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    CHECK(inet_ntop(AF_INET, bytes_.data() + 12, text.data(), text.size()) != nullptr);
  } else {
    CHECK(inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size()) != nullptr);
  }
  return text.data();
}

std::string Endpoint::to_string() const {
  const std::string host = address.to_string();
  const std::string scope = zone == 0 ? "" : "%" + std::to_string(zone);
  return address.is_v4() ? host + ":" + std::to_string(port)
                         : "[" + host + scope + "]:" + std::to_string(port);
}

std::optional<HostPort> HostPort::parse(std::string_view text, std::uint16_t default_port) {
  HostPort result;
  std::string_view port_text;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    result.host = text.substr(1, close - 1);
    if (!IpAddress::parse(std::string_view(result.host).substr(0, result.host.find('%'))))
      return std::nullopt;
    port_text = text.substr(close + 1);
    if (!port_text.empty() && !port_text.starts_with(':')) return std::nullopt;
  } else {
    const std::size_t colon = text.find(':');
    if (colon != text.rfind(':')) return std::nullopt;  // a bare IPv6 address: ambiguous without brackets
    result.host = text.substr(0, colon);
    port_text = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  for (const char c : result.host) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '@' || c == '#' || c == '?' || c == 0x7F)
      return std::nullopt;
  }
  if (result.host.empty()) return std::nullopt;
  if (port_text.empty()) {
    if (default_port == 0) return std::nullopt;
    result.port = default_port;
    return result;
  }
  port_text.remove_prefix(1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc() || end != port_text.data() + port_text.size() || port == 0 || port > 65'535)
    return std::nullopt;
  result.port = static_cast<std::uint16_t>(port);
  return result;
}

std::string HostPort::to_string() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::size_t EndpointHash::operator()(const Endpoint& endpoint) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, endpoint.address.bytes().data(), 8);
  std::memcpy(&low, endpoint.address.bytes().data() + 8, 8);
  std::uint64_t hash = mix(secret ^ high);
  hash = mix(hash ^ low);
  return mix(hash ^ (static_cast<std::uint64_t>(endpoint.zone) << 16U) ^ endpoint.port);
}

}  // namespace hubbub
