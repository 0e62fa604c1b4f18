// The datagrams of a sealed port: whatever arrives, what is taken for one is written back byte for byte, and
// a sealed frame gives the symbol that gives it back.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/wire/check.h"
#include "codec/wire/sealed.h"
#include "codec/wire/sealed_frame.h"

namespace {

using namespace hubbub;

template <class Message>
void check_message(std::span<const std::byte> datagram) {
  const auto parsed = Message::parse(datagram);
  if (!parsed.ok()) {
    CHECK(parsed.error() == DropReason::kTruncated || parsed.error() == DropReason::kTrailingBytes ||
          parsed.error() == DropReason::kUnknownKind);
    return;
  }
  CHECK(datagram.size() == Message::kBytes);
  std::array<std::byte, Message::kBytes> again{};
  ByteWriter writer(again);
  parsed->serialize(writer);
  CHECK(writer.ok() && writer.size() == again.size());
  // The first byte says which of them it is, and is not the parser's to judge.
  CHECK(std::ranges::equal(std::span(again).subspan(1), datagram.subspan(1)));
}

void check_hello(std::span<const std::byte> datagram) {
  const auto parsed = Hello::parse(datagram);
  CHECK(parsed.ok() == (datagram.size() == Hello::kBytes));
  if (!parsed.ok()) return;
  std::array<std::byte, Hello::kBytes> again{};
  parsed->serialize(again);
  CHECK(std::ranges::equal(std::span(again).first(74), datagram.first(74)));
  CHECK(std::ranges::equal(parsed->key_mac, datagram.subspan(Hello::kMac1At, 16)));
  CHECK(std::ranges::equal(parsed->token_mac, datagram.subspan(Hello::kMac2At)));
}

void check_envelope(std::span<const std::byte> datagram) {
  const auto parsed = Envelope::parse(datagram);
  CHECK(parsed.ok() ==
        (datagram.size() >= Envelope::kOverheadBytes && datagram.size() <= kMaxSealedDatagramBytes));
  if (!parsed.ok()) return;
  CHECK(parsed->header.size() + parsed->sealed.size() == datagram.size());
  std::array<std::byte, Envelope::kHeaderBytes> again{};
  ByteWriter writer(again);
  Envelope::serialize_header(parsed->session_id, parsed->counter_low, writer);
  CHECK(std::ranges::equal(std::span(again).subspan(1), parsed->header.subspan(1)));
  // The bytes behind the header stand for any number of envelopes before.
  ByteReader reader(parsed->sealed);
  const std::uint64_t newest = reader.u64() >> 1U;
  const std::uint64_t extended = Envelope::extend(parsed->counter_low, newest);
  CHECK((extended & 0xFF'FFFFU) == parsed->counter_low);
  const std::uint64_t off = extended > newest + 1 ? extended - (newest + 1) : newest + 1 - extended;
  CHECK(off <= 0x80'0000 || extended < 0x100'0000);
}

void check_frame(std::span<const std::byte> datagram) {
  const auto parsed = SealedFrame::parse(datagram);
  if (!parsed.ok()) return;
  std::array<std::byte, SealedFrame::kMaxBytes> out{};
  ByteWriter writer(out);
  SealedFrame::serialize_headers(parsed->header, parsed->kid, parsed->ctr, writer);
  writer.bytes(parsed->sealed);
  CHECK(writer.ok() && std::ranges::equal(writer.written(), datagram));
  std::vector<std::byte> symbol(parsed->symbol_bytes());
  ByteWriter symbol_writer(symbol);
  parsed->write_symbol(symbol_writer);
  CHECK(symbol_writer.ok() && symbol_writer.size() == symbol.size());
  const auto restored = SealedFrame::from_symbol(symbol, parsed->header.ssrc, parsed->kid, parsed->ctr, out);
  CHECK(restored && std::ranges::equal(*restored, datagram));
  for (const int distance : {1, 127}) {
    const Sibling sibling{.distance = static_cast<std::uint8_t>(distance), .sealed = parsed->sealed};
    const auto earlier = SealedFrame::from_sibling(sibling, *parsed, out);
    if (earlier)
      CHECK(SealedFrame::parse(*earlier)->ctr + static_cast<std::uint32_t>(distance) == parsed->ctr);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto datagram = std::as_bytes(std::span(data, size));
  static_cast<void>(sealed_kind_of(datagram));
  check_hello(datagram);
  check_message<Retry>(datagram);
  check_message<Reply>(datagram);
  check_message<Refusal>(datagram);
  check_message<KeyAnswer>(datagram);
  check_message<Reset>(datagram);
  check_envelope(datagram);
  check_frame(datagram);
  // As a symbol of anything, too: a repair symbol may be forged.
  std::array<std::byte, SealedFrame::kMaxBytes> out{};
  if (const auto frame = SealedFrame::from_symbol(datagram, 1, SealedFrame::kLeast, SealedFrame::kLeast, out))
    CHECK(SealedFrame::parse(*frame).ok());
  return 0;
}
