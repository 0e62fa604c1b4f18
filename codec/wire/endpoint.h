// IP addresses and endpoints as values, canonical so that equal means same: an IPv4 address is always held
// v4-mapped.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hubbub {

class IpAddress {
 public:
  constexpr IpAddress() = default;  // `::`, the unspecified address
  constexpr explicit IpAddress(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}
  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return IpAddress({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d});
  }
  // Dotted quad or RFC 4291 text, without port or zone. `nullopt` when it is neither.
  static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] constexpr const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  [[nodiscard]] bool is_v4() const;  // held v4-mapped, ::ffff:a.b.c.d
  // The IPv4 address as a number, most significant byte first. Only of an address that `is_v4`.
  [[nodiscard]] std::uint32_t v4_number() const;

  [[nodiscard]] bool is_unspecified() const;        // 0.0.0.0 or ::
  [[nodiscard]] bool is_loopback() const;           // 127.0.0.0/8 or ::1
  [[nodiscard]] bool is_link_local() const;         // 169.254.0.0/16 or fe80::/10
  [[nodiscard]] bool is_multicast() const;          // 224.0.0.0/4 or ff00::/8
  [[nodiscard]] bool is_limited_broadcast() const;  // 255.255.255.255
  // Addresses the internet does not route to or from, so that a reply cannot hit a bystander there: loopback,
  // link-local, RFC 1918, RFC 4193 (fc00::/7), and RFC 6598's shared space, which overlay networks use.
  [[nodiscard]] bool is_private() const;

  [[nodiscard]] std::string to_string() const;  // v4 as a dotted quad

  // NOLINTNEXTLINE(modernize-use-nullptr): the check takes the 0 inside a defaulted comparison for a pointer
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::uint32_t zone = 0;  // interface index of a link-local IPv6 address; 0 everywhere else

  [[nodiscard]] std::string to_string() const;  // 192.0.2.1:5241, [2001:db8::1]:5241

  // NOLINTNEXTLINE(modernize-use-nullptr): the check takes the 0 inside a defaulted comparison for a pointer
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// A copy's way: to a peer, and from the address of ours that the peer itself talks to (or its NAT drops it).
struct Recipient {
  Endpoint to;
  IpAddress from;
};

// A host (name or address) and a port, as a person writes them: `host:port`, `[v6]:port`. The port may be
// left out where `default_port` is not zero.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  static std::optional<HostPort> parse(std::string_view text, std::uint16_t default_port = 0);
  [[nodiscard]] std::string to_string() const;
};

// A hash with a secret, so that nobody can choose addresses that collide.
struct EndpointHash {
  std::uint64_t secret = 0;
  std::size_t operator()(const Endpoint& endpoint) const noexcept;
};

}  // namespace hubbub
