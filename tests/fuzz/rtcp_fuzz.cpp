// RTCP: whatever arrives, what is taken from it is bounded by its length; a name that arrived can be sent on
// in a report of ours and is read back the same.
#include <array>
#include <cstddef>
#include <cstdint>

#include "codec/wire/check.h"
#include "codec/wire/rtcp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hubbub;
  const auto parsed = RtcpSummary::parse(std::as_bytes(std::span(data, size)));
  if (!parsed) {
    CHECK(parsed.error() == DropReason::kTruncated || parsed.error() == DropReason::kBadVersion);
    return 0;
  }
  CHECK(8 * parsed->descriptions.size() + 4 * parsed->leaving.size() <= size);
  for (const RtcpSummary::Description& description : parsed->descriptions) {
    CHECK(description.name.size() <= 255);
    const bool leaving = (description.ssrc & 1U) != 0;
    std::array<std::byte, RtcpReport::kMaxBytes> out{};
    ByteWriter writer(out);
    RtcpReport{.ssrc = description.ssrc,
               .timestamp = {},
               .cname = "cname",
               .name = description.name,
               .leaving = leaving}
        .serialize(writer);
    CHECK(writer.ok() && writer.size() % 4 == 0);
    const auto again = RtcpSummary::parse(writer.written());
    CHECK(again.ok() && again->descriptions.size() == 1 && again->leaving.size() == (leaving ? 1U : 0U));
    CHECK(again->descriptions[0].ssrc == description.ssrc);
    CHECK(again->descriptions[0].name == (description.name.empty() ? "cname" : description.name));
  }
  return 0;
}
