#include "codec/wire/voice_elements.h"

#include <algorithm>

#include "codec/wire/check.h"
#include "codec/wire/element.h"
#include "codec/wire/sealed_object.h"

namespace hubbub {

Result<FrameElement, DropReason> FrameElement::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  FrameElement element;
  element.level = AudioLevel::from(reader.u8());
  element.frame = reader.rest();
  return finished(reader, element);
}

bool FrameElement::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kFrame, 1 + frame.size(), [this](ByteWriter& out) {
    out.u8(level.byte());
    out.bytes(frame);
  });
}

Result<Sibling, DropReason> Sibling::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Sibling sibling;
  const std::uint8_t first = reader.u8();
  sibling.marker = (first & 0x80U) != 0;
  sibling.distance = first & 0x7FU;
  sibling.step = reader.u8();
  sibling.sealed = reader.rest();
  if (!reader.ok()) return DropReason::kTruncated;
  if (sibling.distance == 0 || sibling.step == 0) return DropReason::kBadElement;
  return sibling;
}

bool Sibling::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kSibling, 2 + sealed.size(), [this](ByteWriter& out) {
    out.u8(static_cast<std::uint8_t>((marker ? 0x80U : 0U) | distance));
    out.u8(step);
    out.bytes(sealed);
  });
}

Result<RepairSymbol, DropReason> RepairSymbol::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  RepairSymbol repair;
  repair.ssrc = reader.u32();
  repair.kid = reader.u32();
  repair.repair_key = reader.u16();
  const std::uint16_t density_and_window = reader.u16();
  repair.density_threshold = static_cast<std::uint8_t>(density_and_window >> 12U);
  repair.window = density_and_window & 0x0FFFU;
  repair.first = reader.u32();
  repair.symbol = reader.rest();
  if (!reader.ok() || repair.symbol.empty()) return DropReason::kTruncated;
  if (repair.window == 0 || repair.window > kMaxWindow) return DropReason::kBadElement;
  if (repair.first > UINT32_MAX - repair.window) return DropReason::kBadElement;
  return repair;
}

bool RepairSymbol::serialize(ByteWriter& writer) const {
  CHECK(window >= 1 && window <= kMaxWindow && density_threshold <= 15);
  return write_element(writer, ElementType::kRepair, kHeaderBytes + symbol.size(), [this](ByteWriter& out) {
    out.u32(ssrc);
    out.u32(kid);
    out.u16(repair_key);
    out.u16(static_cast<std::uint16_t>((density_threshold << 12U) | window));
    out.u32(first);
    out.bytes(symbol);
  });
}

Result<Nack, DropReason> Nack::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Nack nack;
  nack.ssrc = reader.u32();
  if (!reader.ok() || reader.remaining() == 0) return DropReason::kTruncated;
  if (reader.remaining() > 4 * kMaxItems) return DropReason::kBadElement;
  while (reader.ok() && reader.remaining() > 0) {
    Item item;
    item.pid = reader.u16();
    item.blp = reader.u16();
    nack.items.push_back(item);
  }
  return finished(reader, std::move(nack));
}

bool Nack::serialize(ByteWriter& writer) const {
  CHECK(!items.empty() && items.size() <= kMaxItems);
  return write_element(writer, ElementType::kNack, 4 + 4 * items.size(), [this](ByteWriter& out) {
    out.u32(ssrc);
    for (const Item& item : items) {
      out.u16(item.pid);
      out.u16(item.blp);
    }
  });
}

Result<Report, DropReason> Report::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Report report;
  report.ssrc = reader.u32();
  const std::uint32_t losses = reader.u32();
  report.fraction_lost = static_cast<std::uint8_t>(losses >> 24U);
  report.lost = losses & 0xFF'FFFFU;
  report.highest = reader.u32();
  report.jitter = reader.u32();
  report.mean_burst = reader.u8();
  return finished(reader, report);
}

bool Report::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kReport, kBytes, [this](ByteWriter& out) {
    out.u32(ssrc);
    out.u32((static_cast<std::uint32_t>(fraction_lost) << 24U) | std::min<std::uint32_t>(lost, 0xFF'FFFFU));
    out.u32(highest);
    out.u32(jitter);
    out.u8(mean_burst);
  });
}

// --- Whether a talker is really there

Result<Ask, DropReason> Ask::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Ask ask;
  ask.target = reader.u32();
  ask.object = reader.rest();
  if (!reader.ok() || ask.object.size() < SealedObject::kSmallestBytes) return DropReason::kTruncated;
  return ask;
}

bool Ask::serialize(ByteWriter& writer) const {
  return write_element(writer, ElementType::kAsk, 4 + object.size(), [this](ByteWriter& out) {
    out.u32(target);
    out.bytes(object);
  });
}

Result<Echo, DropReason> Echo::parse(std::span<const std::byte> body) {
  ByteReader reader(body);
  Echo echo;
  echo.asker_count = reader.u8();
  if (!reader.ok()) return DropReason::kTruncated;
  if (echo.asker_count > kMaxAskers) return DropReason::kBadElement;
  for (std::size_t i = 0; i < echo.asker_count; ++i) echo.askers[i] = reader.u32();
  echo.object = reader.rest();
  if (!reader.ok() || echo.object.size() < SealedObject::kSmallestBytes) return DropReason::kTruncated;
  return echo;
}

bool Echo::serialize(ByteWriter& writer) const {
  CHECK(asker_count <= kMaxAskers);
  return write_element(writer, ElementType::kEcho, 1 + 4 * asker_count + object.size(),
                       [this](ByteWriter& out) {
                         out.u8(static_cast<std::uint8_t>(asker_count));
                         for (std::size_t i = 0; i < asker_count; ++i) out.u32(askers[i]);
                         out.bytes(object);
                       });
}

}  // namespace hubbub
