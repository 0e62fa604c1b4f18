#include "codec/repair/encoder.h"

#include <algorithm>

#include "codec/repair/coefficients.h"
#include "codec/repair/gf256.h"

namespace hubbub::repair {

void Encoder::begin(std::size_t symbol_size) {
  symbol_size_ = symbol_size;
  newest_ = kNoEsi;
  esis_.fill(kNoEsi);
  ring_.assign(kMaxWindow * padded(symbol_size), std::byte{});
  combined_.assign(padded(symbol_size), std::byte{});
}

std::span<std::byte> Encoder::row(std::uint32_t esi) {
  return std::span(ring_).subspan(esi % kMaxWindow * combined_.size(), combined_.size());
}

bool Encoder::add(std::uint32_t esi, std::span<const std::byte> symbol) {
  if (symbol.empty() || symbol.size() > kMaxSymbolBytes || esi > kLastEsi) return false;
  if (symbol.size() != symbol_size_) begin(symbol.size());
  if (newest_ != kNoEsi && esi < newest_ && newest_ - esi >= kMaxWindow) return false;
  if (newest_ == kNoEsi || esi > newest_) newest_ = esi;
  esis_[esi % kMaxWindow] = esi;
  std::ranges::copy(symbol, row(esi).begin());
  return true;
}

// How many of the newest frames follow one another, up to `most`.
std::size_t Encoder::unbroken(std::size_t most) const {
  std::size_t count = 0;
  while (count < most && count <= newest_ && esis_[(newest_ - count) % kMaxWindow] == newest_ - count)
    ++count;
  return count;
}

std::optional<RepairWindow> Encoder::make(std::size_t window, std::uint16_t repair_key,
                                          std::span<std::byte> out, std::uint8_t density_threshold) {
  if (newest_ == kNoEsi || out.size() < symbol_size_ || density_threshold > kDensest) return std::nullopt;
  const std::size_t count = unbroken(std::min(window, kMaxWindow));
  if (count == 0) return std::nullopt;
  const auto first = newest_ - static_cast<std::uint32_t>(count - 1);

  std::array<std::uint8_t, kMaxWindow> coefficients{};
  coding_coefficients(repair_key, density_threshold, std::span(coefficients).first(count));
  std::array<const std::byte*, kMaxWindow> rows{};
  for (std::uint32_t i = 0; i < count; ++i) rows[i] = row(first + i).data();
  combine(std::span(coefficients).first(count), std::span(rows).first(count), combined_);
  std::copy_n(combined_.begin(), symbol_size_, out.begin());
  return RepairWindow{.first = first,
                      .count = static_cast<std::uint16_t>(count),
                      .repair_key = repair_key,
                      .density_threshold = density_threshold};
}

}  // namespace hubbub::repair
