// Addresses and durations as people write them (a link from a chat, a flag): what is understood is written
// and understood again as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/wire/byte_io.h"
#include "codec/wire/check.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hubbub;
  const std::string_view text = as_text(std::as_bytes(std::span(data, size)));
  if (const auto address = IpAddress::parse(text)) {
    CHECK(IpAddress::parse(address->to_string()) == address);
    const int kinds = (address->is_unspecified() ? 1 : 0) + (address->is_multicast() ? 1 : 0) +
                      (address->is_private() ? 1 : 0);
    CHECK(kinds <= 1);
  }
  if (const auto where = HostPort::parse(text, 5241)) {
    CHECK(!where->host.empty() && where->port != 0);
    CHECK(where->host.find_first_of(" \t\r\n\x1b/@#?") == std::string_view::npos);
    const auto again = HostPort::parse(where->to_string());
    CHECK(again.has_value());
    CHECK(again->host == where->host && again->port == where->port);
  }
  if (const auto duration = parse_duration(text)) {
    CHECK(*duration >= Duration::zero());
    CHECK(parse_duration(duration_text(*duration)).has_value());
  }
  return 0;
}
