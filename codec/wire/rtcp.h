// The part of RTCP an open room uses: who a stream is (SDES) and that it ended (BYE), behind the sender
// report that RFC 3550 section 6.1 wants first. Reception reports of others are skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/wire/byte_io.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"
#include "codec/wire/sequence.h"
#include "codec/wire/units.h"

namespace hubbub {

// What a compound packet says that we use. Names are as they came: bytes of a stranger, not yet validated as
// text.
struct RtcpSummary {
  struct Description {
    std::uint32_t ssrc = 0;
    std::string name;  // SDES NAME, or CNAME where no NAME is given
  };
  std::vector<Description> descriptions;
  std::vector<std::uint32_t> leaving;  // SSRCs that said BYE

  static Result<RtcpSummary, DropReason> parse(std::span<const std::byte> datagram);
};

// A sender's own compound packet: SR, SDES (CNAME, NAME), and BYE when it leaves.
struct RtcpReport {
  static constexpr std::size_t kMaxBytes = 28 + 8 + 2 * (2 + 255) + 4 + 8;

  std::uint32_t ssrc = 0;
  Duration sender_clock{};  // any steady clock: RFC 3550 section 6.4.1 allows uptime as the NTP timestamp
  RtpTime timestamp;        // the same instant, in the media clock
  std::uint32_t packets_sent = 0;
  std::uint32_t payload_bytes_sent = 0;
  std::string_view cname;  // at most 255 bytes
  std::string_view name;   // at most 255 bytes; left out when empty
  bool leaving = false;

  void serialize(ByteWriter& writer) const;
};

}  // namespace hubbub
