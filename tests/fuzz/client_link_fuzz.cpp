// A client's session in a sealed room, and its link: any datagrams, and any elements that the relay or
// another member sealed, at any times. It must stay within its bounds, and whatever it shows or plays must be
// fit for it.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "codec/session/handshake.h"
#include "codec/session/hello_keys.h"
#include "codec/wire/check.h"
#include "codec/wire/element.h"
#include "codec/wire/limits.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/text.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/fuzz_random.h"
#include "voiceclient/core/sealed_session.h"

namespace {

using namespace hubbub;

constexpr session::StreamId kFriend{.ssrc = 77, .kid = SealedFrame::kLeast + 77};

// A session that is in its room, which one input leaves to the next: Diffie-Hellman is dear.
class World {
 public:
  explicit World() {
    for (int i = 0; i < 3 && !session_->link().has_session(); ++i) {
      now_ += 6s;
      tick();
      reply();
    }
    CHECK(session_->link().has_session());
    welcome();
    CHECK(session_->link().joined());
  }

  [[nodiscard]] bool usable() const { return session_->link().has_session() && channel_; }

  void run(FuzzInput& input) {
    now_ += 1s;
    welcome();
    for (int step = 0; step < 200 && !input.empty(); ++step) {
      act(input);
      check();
    }
  }

 private:
  void act(FuzzInput& input) {
    const std::uint8_t what = input.byte();
    switch (what % 10) {
      case 0:
        now_ += 1ms * (what / 10) * 10;
        tick();
        break;
      case 1:
        hear(input.bytes(input.byte()));
        break;
      case 2:
        seal(input.bytes(input.word() % Envelope::kMaxPlaintextBytes));
        break;
      case 3:
        element(static_cast<ElementType>(input.byte() % 0x2B), input.bytes(input.byte()), what >= 128);
        break;
      case 4:
        frame(input);
        break;
      case 5:
        object(input, what >= 128);
        break;
      case 6:
        echo(input);
        break;
      case 7:
        if (what >= 128) {
          retry(input.byte());
        } else if (input.byte() % 16 == 0) {
          reply();
        } else {
          welcome();
        }
        break;
      case 8:
        say(input);
        break;
      default:
        if (++sounds_ % 4 == 0) listen();
        break;
    }
  }

  // --- What the relay does

  void hear(std::span<const std::byte> datagram) {
    session_->receive(now_, datagram);
    drain();
  }
  void tick() {
    session_->tick(now_);
    drain();
  }
  void seal(std::span<const std::byte> elements) {
    if (!channel_) return;
    std::array<std::byte, kMaxSealedDatagramBytes> datagram{};
    const std::size_t size = channel_->seal(elements, datagram);
    hear(std::span(datagram).first(size));
  }
  void bundle(std::span<const std::byte> elements) {
    std::vector<std::byte> datagram = {std::byte{0x08}};
    datagram.insert(datagram.end(), elements.begin(), elements.end());
    hear(datagram);
  }
  void element(ElementType type, std::span<const std::byte> body, bool sealed) {
    std::array<std::byte, 1'100> bytes{};
    ByteWriter writer(bytes);
    CHECK(write_element(writer, type, body));
    sealed ? seal(writer.written()) : bundle(writer.written());
  }
  void welcome() {
    std::array<std::byte, 64> bytes{};
    ByteWriter writer(bytes);
    CHECK((Welcome{.ssrc = session_->ssrc(), .revision = revision_, .members = 2, .newest_text = number_}
               .serialize(writer)));
    seal(writer.written());
  }
  void retry(std::uint8_t cookie) {
    if (!hello_) return;
    Retry retry{.preamble = {.kind = SealedKind::kRetry, .nonce = hello_->preamble.nonce}};
    retry.cookie.fill(std::byte{cookie});
    std::array<std::byte, Retry::kBytes> bytes{};
    ByteWriter writer(bytes);
    retry.serialize(writer);
    keys_.sign_answer(bytes);
    hear(bytes);
  }
  void reply() {
    if (!hello_) return;
    Reply reply{.preamble = {.kind = SealedKind::kReply, .nonce = hello_->preamble.nonce}};
    const auto established =
        session::respond(relay_, {}, {}, hello_->noise,
                         {.session_id = ++session_id_, .idle_timeout_ms = 30'000}, random_, reply.noise);
    hello_.reset();
    if (!established) return;
    std::array<std::byte, Reply::kBytes> bytes{};
    ByteWriter writer(bytes);
    reply.serialize(writer);
    channel_.emplace(session_id_, established->keys, seal::Role::kResponder);
    hear(bytes);
  }

  // --- What another member does

  void frame(FuzzInput& input) {
    const std::uint8_t how = input.byte();
    const auto opus = input.bytes(how % 64);
    std::array<std::byte, SealedFrame::kMaxBytes> out{};
    const std::uint32_t ctr = voice_.next_ctr();
    const auto bytes = voice_.seal(
        {.sequence = {static_cast<std::uint16_t>(ctr)}, .timestamp = {960 * ctr}, .ssrc = kFriend.ssrc}, opus,
        out);
    last_ctr_ = ctr;
    if (how < 200) hear(bytes);  // otherwise it is lost
  }
  void object(FuzzInput& input, bool sealed) {
    const std::uint8_t which = input.byte();
    const auto plaintext = input.bytes(input.byte());
    std::array<std::byte, 400> out{};
    std::array<std::byte, 4> target{};
    ByteWriter target_writer(target);
    target_writer.u32(session_->ssrc());
    if (which % 3 == 0) return entry(input, which, plaintext, sealed);
    std::vector<std::byte> body(which % 3 == 1 ? 1 : 4);
    if (which % 3 == 2) std::ranges::copy(target, body.begin());
    const auto object =
        which % 3 == 1 ? echo_.seal({}, plaintext, out)
                       : ask_.seal(target, plaintext.first(std::min<std::size_t>(plaintext.size(), 16)), out);
    body.insert(body.end(), object.begin(), object.end());
    element(which % 3 == 1 ? ElementType::kEcho : ElementType::kAsk, body, sealed);
  }
  // An entry of the log: a good one, one that only says that it is somebody's, or the one before once more.
  void entry(FuzzInput& input, std::uint8_t which, std::span<const std::byte> plaintext, bool sealed) {
    LogEntryElement entry;
    entry.previous = number_;
    number_ += 1 + (which % 16 == 3 ? input.byte() : 0U);
    entry.number = number_;
    if (which % 8 != 6) {
      random_.fill(id_);
      std::array<std::byte, 400> out{};
      session::Message message;
      message.author = friend_.public_key();
      message.name = "friend";
      message.text = printable(as_text(plaintext));
      message.count = ++count_;
      message.seen = input.byte();
      object_ = which % 8 < 4 ? session::seal_message(room_keys_, friend_, text_, id_, message)
                              : std::vector<std::byte>();
      if (object_.empty()) {
        const auto raw = text_.seal(id_, plaintext, out);
        object_.assign(raw.begin(), raw.end());
      }
    }
    if (object_.empty()) return;
    entry.id = id_;
    entry.object = object_;
    std::array<std::byte, 1'200> bytes{};
    ByteWriter writer(bytes);
    CHECK(entry.serialize(writer));
    sealed ? seal(writer.written()) : bundle(writer.written());
  }
  // A true one, to what was asked last.
  void echo(FuzzInput& input) {
    std::array<std::byte, 128> plaintext{};
    ByteWriter writer(plaintext);
    writer.u32(kFriend.kid);
    writer.u32(last_ctr_ - input.byte());
    const auto name = input.bytes(input.byte() % 40);
    writer.u8(static_cast<std::uint8_t>(name.size()));
    writer.bytes(name);
    writer.u8(1);
    writer.bytes(asked_);
    std::array<std::byte, 400> out{};
    const auto object = echo_.seal({}, writer.written(), out);
    std::vector<std::byte> body(1);
    body.insert(body.end(), object.begin(), object.end());
    element(ElementType::kEcho, body, false);
  }

  // --- What the person does

  void say(FuzzInput& input) {
    const auto problem = session_->say(now_, as_text(input.bytes(input.byte())));
    CHECK(!problem || *problem == DropReason::kNotUtf8 || *problem == DropReason::kTextTooLong ||
          *problem == DropReason::kEmptyText || *problem == DropReason::kQueueFull);
    drain();
  }
  void listen() {
    session_->capture(now_, mix_);
    session_->hear(now_, mix_);
    for (const float sample : mix_) CHECK(std::isfinite(sample) && std::abs(sample) <= 1.0F);
    drain();
  }

  // --- What the client does

  void drain() {
    for (int count = 0;; ++count) {
      const auto datagram = session_->next_datagram();
      if (!datagram) return;
      CHECK(count < 64 && datagram->size() <= kMaxSealedDatagramBytes);
      const auto kind = sealed_kind_of(*datagram);
      CHECK(kind == SealedKind::kHello || kind == SealedKind::kKeyRequest || kind == SealedKind::kEnvelope);
      if (kind == SealedKind::kHello) {
        const auto hello = Hello::parse(*datagram);
        CHECK(hello.ok());
        CHECK(keys_.knows_key(datagram->first<Hello::kBytes>()));
        hello_ = *hello;
      } else if (kind == SealedKind::kEnvelope) {
        open(*datagram);
      }
    }
  }
  void open(std::span<const std::byte> datagram) {
    const auto envelope = Envelope::parse(datagram);
    CHECK(envelope.ok());
    if (!channel_ || envelope->session_id != channel_->session_id()) return;  // of a session before
    std::array<std::byte, Envelope::kMaxPlaintextBytes> plaintext{};
    const auto opened = channel_->open(*envelope, plaintext);
    CHECK(opened.ok());
    ElementReader reader(opened->elements);
    while (const auto element = reader.next()) {
      if (element->type == ElementType::kJoin) revision_ = Join::parse(element->body)->revision;
      if (element->type == ElementType::kText) CHECK(TextElement::parse(element->body).ok());
      if (element->type != ElementType::kAsk) continue;
      const auto ask = Ask::parse(element->body);
      CHECK(ask.ok());
      std::array<std::byte, 256> out{};
      const auto question =
          session::open_object(room_keys_, session::kAskLabel, ask->object, element->body.first(4), out);
      CHECK(question.ok() && question->plaintext.size() == asked_.size());
      std::ranges::copy(question->plaintext, asked_.begin());
    }
    CHECK(!reader.problem());
  }
  void check() {
    while (const auto event = session_->next_event()) {
      if (const auto* heard = std::get_if<client::TextHeard>(&*event)) {
        CHECK(printable(heard->line.text) == heard->line.text && !heard->line.text.empty());
        CHECK(heard->line.author.empty() || checked_name(heard->line.author));
      } else if (const auto* speaking = std::get_if<client::Speaking>(&*event)) {
        CHECK(speaking->name.empty() || checked_name(speaking->name));
      }
    }
    CHECK(session_->speakers().size() <= kMaxStreams);
  }

  client::SealedRoom make_room() {
    client::SealedRoom room;
    room.relay_key = relay_.public_key;
    return room;
  }
  static client::SessionOptions make_options() {
    client::SessionOptions options;
    options.name = "fuzz";
    options.format.complexity = 0;
    return options;
  }

  FuzzRandom random_;
  seal::KeyPair relay_ = seal::KeyPair::generate(random_);
  session::HelloKeys keys_{relay_.public_key, {}};
  client::SealedRoom room_ = make_room();
  seal::RoomKeys room_keys_{room_.relay_key, room_.room_secret};
  session::FrameSealer voice_{room_keys_, kFriend, {}};
  session::ObjectSealer ask_{room_keys_, session::kAskLabel, kFriend};
  session::ObjectSealer echo_{room_keys_, session::kEchoLabel, kFriend};
  session::ObjectSealer text_{room_keys_, session::kTextLabel, kFriend};
  session::Identity friend_{random_.secret<32>()};
  std::uint64_t number_ = 0;  // of the log's newest entry
  std::uint32_t count_ = 0;
  session::MessageId id_{};
  std::vector<std::byte> object_;
  std::uint32_t revision_ = 0;  // of the last Join
  std::uint32_t last_ctr_ = SealedFrame::kLeast;
  TimePoint now_{1h};
  std::unique_ptr<client::SealedSession> session_ =
      std::make_unique<client::SealedSession>(make_options(), room_, random_);
  std::optional<Hello> hello_;  // the last, unanswered
  std::optional<session::SealedChannel> channel_;
  std::uint32_t session_id_ = 0;
  std::array<std::byte, 16> asked_{};
  std::vector<float> mix_ = std::vector<float>(480);
  int sounds_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<World> world;
  static int runs = 0;
  if (runs++ % 500 == 0 || !world->usable()) world = std::make_unique<World>();
  FuzzInput input(data, size);
  world->run(input);
  return 0;
}
