#include "codec/repair/decoder.h"

#include <algorithm>

#include "codec/repair/coefficients.h"
#include "codec/repair/gf256.h"
#include "codec/wire/check.h"

namespace hubbub::repair {
namespace {

constexpr std::uint32_t kNoEsi = 0xFFFF'FFFFU;

}  // namespace

void Decoder::begin(std::size_t symbol_size) {
  symbol_size_ = symbol_size;
  newest_ = -1;
  esis_.fill(kNoEsi);
  sources_.assign(kRemembered * padded(symbol_size), std::byte{});
  scratch_.assign(padded(symbol_size), std::byte{});
  rows_.clear();
  forget_equations();
}

std::span<std::byte> Decoder::source(std::uint32_t esi) noexcept {
  return std::span(sources_).subspan(esi % kRemembered * scratch_.size(), scratch_.size());
}

std::span<std::byte> Decoder::row(std::size_t index) noexcept {
  const std::size_t size = kColumns + scratch_.size();
  return std::span(rows_).subspan(index * size, size);
}

std::uint8_t Decoder::coefficient(std::size_t index, std::uint32_t esi) noexcept {
  return std::to_integer<std::uint8_t>(row(index)[esi % kColumns]);
}

bool Decoder::known(std::uint32_t esi) const noexcept {
  return esis_[esi % kRemembered] == esi;
}

Decoder::Verdict Decoder::add_source(std::uint32_t esi, std::span<const std::byte> symbol) {
  if (symbol.empty() || symbol.size() > kMaxSymbolBytes || esi > kLastEsi) return Verdict::kRefused;
  if (symbol.size() != symbol_size_) begin(symbol.size());
  if (newest_ - esi >= static_cast<std::int64_t>(kRemembered)) return Verdict::kRefused;
  if (known(esi)) return Verdict::kRedundant;

  esis_[esi % kRemembered] = esi;
  std::ranges::copy(symbol, source(esi).begin());
  if (esi > newest_) {
    newest_ = esi;
    expire();
  }
  return substitute(esi);
}

Decoder::Verdict Decoder::add_repair(const RepairWindow& window, std::span<const std::byte> symbol) {
  if (newest_ < 0 || symbol.size() != symbol_size_) return Verdict::kRefused;
  if (window.count == 0 || window.count > kMaxWindowTaken) return Verdict::kRefused;
  if (window.density_threshold > kDensest) return Verdict::kRefused;
  const std::int64_t end = static_cast<std::int64_t>(window.first) + window.count;
  if (newest_ - window.first >= static_cast<std::int64_t>(kRemembered)) return Verdict::kRefused;
  if (end - 1 > newest_ + static_cast<std::int64_t>(kAhead) || end - 1 > kLastEsi) return Verdict::kRefused;

  // Nothing is lost, or the lost frames are not in it: done before anything is computed.
  bool all_known = true;
  for (std::uint32_t i = 0; i < window.count; ++i) all_known = all_known && known(window.first + i);
  if (all_known) return Verdict::kRedundant;

  if (rows_.empty()) rows_.assign(kRows * (kColumns + scratch_.size()), std::byte{});
  std::array<std::uint8_t, kMaxWindowTaken> coefficients{};
  coding_coefficients(window.repair_key, window.density_threshold,
                      std::span(coefficients).first(window.count));

  const std::size_t index = free_row();
  std::ranges::fill(row(index).first(kColumns), std::byte{});
  std::array<std::uint8_t, kMaxTerms> factors{};
  std::array<const std::byte*, kMaxTerms> terms{};
  std::size_t count = 0;
  const auto add_term = [&](std::uint8_t factor, std::span<const std::byte> term) {
    factors[count] = factor;
    terms[count++] = term.data();
  };
  std::ranges::copy(symbol, scratch_.begin());
  add_term(1, scratch_);
  for (std::uint32_t i = 0; i < window.count; ++i) {
    const std::uint32_t esi = window.first + i;
    if (known(esi)) {
      add_term(coefficients[i], source(esi));
    } else {
      row(index)[esi % kColumns] = std::byte{coefficients[i]};
    }
  }
  combine(std::span(factors).first(count), std::span(terms).first(count), row(index).subspan(kColumns));
  return settle(index);
}

// A frame is no longer unknown: it leaves the equations. If it led one, that one needs another place.
Decoder::Verdict Decoder::substitute(std::uint32_t esi) {
  if (active_ == 0) return Verdict::kKept;
  std::optional<std::size_t> leaderless;
  for (std::size_t i = 0; i < kRows; ++i) {
    if (!equations_[i].active) continue;
    const std::uint8_t factor = coefficient(i, esi);
    if (factor == 0) continue;
    add_multiple(row(i).subspan(kColumns), factor, source(esi));
    row(i)[esi % kColumns] = std::byte{};
    --equations_[i].unknowns;
    if (equations_[i].leading == esi) leaderless = i;
  }
  if (!leaderless) return Verdict::kKept;
  drop(*leaderless);
  return settle(*leaderless) == Verdict::kContradictory ? Verdict::kContradictory : Verdict::kKept;
}

// One step of the elimination: takes the equation in a row that is not active in among the others.
Decoder::Verdict Decoder::settle(std::size_t index) {
  // The unknowns that lead others leave it...
  for (std::size_t i = 0; i < kRows; ++i) {
    if (!equations_[i].active) continue;
    const std::uint32_t leading = equations_[i].leading;
    const std::uint8_t factor = coefficient(index, leading);
    if (factor != 0) add_multiple(row(index), divide(factor, coefficient(i, leading)), row(i));
  }
  const auto leading = oldest_unknown(index);
  if (!leading) {
    if (std::ranges::all_of(row(index), [](std::byte b) { return b == std::byte{}; }))
      return Verdict::kRedundant;
    forget_equations();
    return Verdict::kContradictory;
  }
  // ... and the one that leads it leaves the others.
  equations_[index] = {.active = true, .leading = *leading, .unknowns = 0};
  ++active_;
  for (std::size_t i = 0; i < kRows; ++i) {
    if (!equations_[i].active) continue;
    const std::uint8_t factor = coefficient(i, *leading);
    if (factor == 0) continue;
    if (i != index) add_multiple(row(i), divide(factor, coefficient(index, *leading)), row(index));
    const auto zeros = std::ranges::count(row(i).first(kColumns), std::byte{});
    equations_[i].unknowns = kColumns - static_cast<std::size_t>(zeros);
  }
  if (active_ > kMaxEquations) drop_oldest();
  return Verdict::kKept;
}

std::optional<std::uint32_t> Decoder::oldest_unknown(std::size_t index) noexcept {
  const std::int64_t first = std::max<std::int64_t>(0, newest_ - static_cast<std::int64_t>(kRemembered) + 1);
  const std::int64_t last = newest_ + static_cast<std::int64_t>(kAhead);
  for (std::int64_t esi = first; esi <= last; ++esi) {
    if (coefficient(index, static_cast<std::uint32_t>(esi)) != 0) return static_cast<std::uint32_t>(esi);
  }
  return std::nullopt;
}

std::optional<Decoder::Recovered> Decoder::next_recovered() {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; active_ > 0 && i < kRows; ++i) {
    const Equation& equation = equations_[i];
    if (!equation.active || equation.unknowns != 1) continue;
    if (!found || equation.leading < equations_[*found].leading) found = i;
  }
  if (!found) return std::nullopt;
  const std::uint32_t esi = equations_[*found].leading;
  const std::array factors{divide(1, coefficient(*found, esi))};
  const std::array<const std::byte*, 1> terms{row(*found).subspan(kColumns).data()};
  combine(factors, terms, scratch_);
  drop(*found);
  return Recovered{.esi = esi, .symbol = std::span<const std::byte>(scratch_).first(symbol_size_)};
}

void Decoder::forget_equations() noexcept {
  equations_.fill({});
  active_ = 0;
}

// An unknown that is no longer remembered takes along the one equation that leads with it.
void Decoder::expire() noexcept {
  if (active_ == 0) return;
  for (std::size_t i = 0; i < kRows; ++i) {
    if (equations_[i].active && newest_ - equations_[i].leading >= static_cast<std::int64_t>(kRemembered))
      drop(i);
  }
}

void Decoder::drop(std::size_t index) noexcept {
  equations_[index].active = false;
  --active_;
}

void Decoder::drop_oldest() noexcept {
  std::optional<std::size_t> oldest;
  for (std::size_t i = 0; i < kRows; ++i) {
    if (!equations_[i].active) continue;
    if (!oldest || equations_[i].leading < equations_[*oldest].leading) oldest = i;
  }
  if (oldest) drop(*oldest);
}

std::size_t Decoder::free_row() const noexcept {
  const auto found = std::ranges::find(equations_, false, &Equation::active);
  CHECK(found != equations_.end());
  return static_cast<std::size_t>(found - equations_.begin());
}

}  // namespace hubbub::repair
