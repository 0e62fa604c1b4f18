// The decoder of repair symbols, told anything: it stays within its bounds and ends. Told only the truth, it
// never gives back anything else.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "codec/repair/decoder.h"
#include "codec/repair/encoder.h"
#include "codec/wire/check.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace hubbub;
using repair::Decoder;

constexpr std::size_t kSymbolBytes = 24;
using Symbol = std::array<std::byte, kSymbolBytes>;

// What the frame with this number is, for as long as nobody lies.
Symbol frame(std::uint32_t esi) {
  Symbol symbol;
  std::uint32_t state = esi * 2'654'435'761U + 1;
  for (std::byte& b : symbol) {
    state = state * 1'664'525U + 1'013'904'223U;
    b = static_cast<std::byte>(state >> 24U);
  }
  return symbol;
}

class Driver {
 public:
  Driver(FuzzInput& input, bool honest) : input_(input), honest_(honest) {}

  void run() {
    for (int step = 0; step < 400 && !input_.empty(); ++step) {
      const std::uint8_t what = input_.byte();
      switch (what % 4) {
        case 0:
          newest_ += what / 16;
          add_source(newest_);
          break;
        case 1:
          add_source(newest_ - input_.byte() % 80);
          break;
        case 2:
          add_repair();
          break;
        default:
          if (honest_) {
            add_repair();
          } else {
            lie();
          }
          break;
      }
      CHECK(decoder_.equations() <= Decoder::kMaxEquations);
      take();
    }
  }

 private:
  void add_source(std::uint32_t esi) {
    const Symbol symbol = frame(esi);
    decoder_.add_source(esi, symbol);
    CHECK(decoder_.symbol_size() == kSymbolBytes || !honest_);
  }

  void add_repair() {
    const std::uint8_t shape = input_.byte();
    const auto count = static_cast<std::uint16_t>(1 + shape % repair::kMaxWindow);
    const std::uint32_t first = newest_ + 40 - input_.byte() % 128;
    repair::Encoder encoder;
    for (std::uint32_t esi = first; esi < first + count; ++esi) CHECK(encoder.add(esi, frame(esi)));
    Symbol symbol{};
    const auto window =
        encoder.make(count, input_.word(), symbol, static_cast<std::uint8_t>(shape >= 128 ? 15 : shape % 16));
    CHECK(window && window->first == first && window->count == count);
    const auto verdict = decoder_.add_repair(*window, symbol);
    CHECK(verdict != Decoder::Verdict::kContradictory || !honest_);
  }

  void lie() {
    const repair::RepairWindow window{.first = newest_ + 64 - input_.byte(),
                                      .count = static_cast<std::uint16_t>(input_.byte() % 80),
                                      .repair_key = input_.word(),
                                      .density_threshold = static_cast<std::uint8_t>(input_.byte() % 18)};
    const std::uint8_t size = input_.byte();
    Symbol symbol{};
    std::ranges::copy(input_.bytes(std::min<std::size_t>(size, kSymbolBytes)), symbol.begin());
    if (size < 200) {
      decoder_.add_repair(window, symbol);
    } else if (size < 220) {
      decoder_.add_repair({.first = input_.word() * 65'536U + input_.word(), .count = window.count}, symbol);
    } else if (size < 240) {
      decoder_.add_repair(window, std::span(symbol).first(size % kSymbolBytes));
    } else {
      // A member may lie of its own frames too, and number or size them as it likes.
      decoder_.add_source(size == 255 ? input_.word() * 65'537U : window.first,
                          std::span(symbol).first(size % 25));
    }
  }

  void take() {
    for (int i = 0;; ++i) {
      CHECK(i <= 200);  // it ends
      const auto recovered = decoder_.next_recovered();
      if (!recovered) return;
      CHECK(recovered->symbol.size() == decoder_.symbol_size());
      const Symbol truth = frame(recovered->esi);
      const bool genuine = std::ranges::equal(recovered->symbol, truth);
      CHECK(genuine || !honest_);
      if (genuine) {
        decoder_.add_source(recovered->esi, truth);
      } else {
        decoder_.forget_equations();
        CHECK(decoder_.equations() == 0);
      }
    }
  }

  FuzzInput& input_;
  bool honest_;
  Decoder decoder_;
  std::uint32_t newest_ = 0x0100'1000;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  const bool honest = (input.byte() & 1U) != 0;
  Driver(input, honest).run();
  return 0;
}
