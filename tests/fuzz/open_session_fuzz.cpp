// A client's session, which keeps state of what strangers send: any datagrams at any times, heard in any
// portions. It must stay within its bounds, and whatever it shows or plays must be fit to be shown and
// played.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/wire/check.h"
#include "codec/wire/limits.h"
#include "codec/wire/text.h"
#include "tests/fuzz/fuzz_input.h"
#include "voiceclient/core/open_session.h"

namespace {

using namespace hubbub;

void check_events(client::OpenSession& session) {
  while (const auto event = session.next_event()) {
    if (const auto* heard = std::get_if<client::TextHeard>(&*event)) {
      CHECK(printable(heard->line.text) == heard->line.text && !heard->line.text.empty());
      CHECK(heard->line.author.empty() || checked_name(heard->line.author));
    } else if (const auto* speaking = std::get_if<client::Speaking>(&*event)) {
      CHECK(speaking->name.empty() || checked_name(speaking->name));
    }
  }
  CHECK(session.speakers().size() <= kMaxStreams);
}

void check_sound(std::span<const float> samples) {
  for (const float sample : samples) CHECK(std::isfinite(sample) && std::abs(sample) <= 1.0F);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  client::SessionOptions options;
  options.name = "fuzz";
  options.seed = 1;
  options.playout_delay = 20ms * input.below(4);
  client::OpenSession session(options);
  TimePoint now(1h);
  std::vector<float> mix(480);
  // Sound costs far more than parsing: a bounded number of turns keeps an input quick.
  for (int turn = 0; turn < 200 && !input.empty(); ++turn) {
    const std::uint8_t what = input.byte();
    now += 1ms * (what & 0x3FU);
    if ((what & 0x40U) != 0) {
      session.hear(now, mix);
      check_sound(mix);
    }
    if ((what & 0x80U) != 0) session.receive(now, input.bytes(input.byte()));
    session.tick(now);
    while (session.next_datagram()) {
    }
    check_events(session);
  }
  return 0;
}
