#include "relay/core/source_policy.h"

#include "codec/wire/limits.h"

namespace hubbub::relay {

std::optional<DropReason> SourcePolicy::unanswerable(const Endpoint& source) const {
  const IpAddress& address = source.address;
  const bool this_network =
      address.is_v4() && address.v4_number() >> 24U == 0;  // 0.0.0.0/8, RFC 1122 section 3.2.1.3
  const bool reserved =
      address.is_v4() && address.v4_number() >> 28U == 0xF;  // 240.0.0.0/4 and limited broadcast
  if (address.is_unspecified() || this_network || reserved || address.is_multicast() ||
      own_.broadcasts.contains(address)) {
    return DropReason::kUnusableSource;
  }
  const bool own_address = address.is_loopback() || own_.addresses.contains(address);
  if (source.port == 0) return DropReason::kUnusableSource;
  if (own_address && own_.ports.contains(source.port)) return DropReason::kOwnAddress;
  return std::nullopt;
}

std::optional<DropReason> SourcePolicy::refuses(const Endpoint& source) const {
  if (const auto reason = unanswerable(source); reason == DropReason::kUnusableSource) return reason;
  if (source.port < kLowestSourcePort) return DropReason::kPrivilegedPort;
  if (const auto reason = unanswerable(source)) return reason;
  if (!allow_public_ && !source.address.is_private()) return DropReason::kPublicSource;
  return std::nullopt;
}

}  // namespace hubbub::relay
