#include "codec/repair/gf256.h"

#include <array>

#include <isa-l/erasure_code.h>

#include "codec/wire/check.h"

// ISA-L's form of a factor differs between machines. Only a pair of calls that belongs together is portable:
// `ec_init_tables` and `ec_encode_data`, or `ec_encode_data_update`.

namespace hubbub::repair {
namespace {

constexpr std::size_t kTableBytes = 32;  // of ISA-L, for each factor

// ISA-L takes its sources without const, and leaves them as they are.
unsigned char* source(const std::byte* row) {
  return const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(row));
}
unsigned char* bytes(std::byte* row) {
  return reinterpret_cast<unsigned char*>(row);
}

}  // namespace

std::uint8_t divide(std::uint8_t dividend, std::uint8_t divisor) noexcept {
  return gf_mul(dividend, gf_inv(divisor));
}

void combine(std::span<const std::uint8_t> factors, std::span<const std::byte* const> rows,
             std::span<std::byte> out) noexcept {
  CHECK(!rows.empty() && rows.size() <= kMaxTerms && factors.size() == rows.size());
  CHECK(out.size() % kRowAlignment == 0);
  std::array<unsigned char, kTableBytes * kMaxTerms> tables;  // NOLINT(*-member-init): filled below
  std::array<unsigned char, kMaxTerms> scalars{};
  std::array<unsigned char*, kMaxTerms> sources{};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    scalars[i] = factors[i];
    sources[i] = source(rows[i]);
  }
  const int terms = static_cast<int>(rows.size());
  unsigned char* target = bytes(out.data());
  ec_init_tables(terms, 1, scalars.data(), tables.data());
  ec_encode_data(static_cast<int>(out.size()), terms, 1, tables.data(), sources.data(), &target);
}

void add_multiple(std::span<std::byte> row, std::uint8_t factor, std::span<const std::byte> other) noexcept {
  CHECK(row.size() % kRowAlignment == 0 && row.size() == other.size());
  std::array<unsigned char, kTableBytes> table;  // NOLINT(*-member-init): filled below
  unsigned char* target = bytes(row.data());
  ec_init_tables(1, 1, &factor, table.data());
  ec_encode_data_update(static_cast<int>(row.size()), 1, 1, 0, table.data(), source(other.data()), &target);
}

}  // namespace hubbub::repair
