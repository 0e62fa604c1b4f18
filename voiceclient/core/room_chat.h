// What is written in a sealed room, and by whom: our messages on their way, everybody's in their order, who
// is here under which name. What a relay or a member could make up is checked here, and what does not fit is
// shown or refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/seal/random.h"
#include "codec/seal/room_keys.h"
#include "codec/session/client_link.h"
#include "codec/session/identity.h"
#include "codec/session/message.h"
#include "codec/session/stream_seal.h"
#include "voiceclient/core/company.h"
#include "voiceclient/core/event_queue.h"
#include "voiceclient/core/log_follower.h"
#include "voiceclient/core/message_order.h"
#include "voiceclient/core/outbox.h"
#include "voiceclient/core/session.h"
#include "voiceclient/core/suspicions.h"

namespace hubbub::client {

class RoomChat {
 public:
  // All outlive the chat. `identity_seed`: whose words ours are.
  RoomChat(const SessionOptions& options, const seal::Key& identity_seed, const seal::RoomKeys& room,
           session::ClientLink& link, seal::Random& random, EventQueue& events);

  // --- Ourselves
  // Our voice is another stream from now on.
  void set_stream(TimePoint now, const session::StreamId& stream);
  void set_muted(TimePoint now, bool muted);
  // Asks for another name; whether it is to be had comes as an event.
  void set_name(TimePoint now, const std::string& name);
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const seal::IdentityKey& identity() const { return identity_.public_key(); }

  // --- Out
  std::optional<DropReason> say(TimePoint now, session::Message::Kind kind, std::string_view typed);
  // For the one with this name alone; a sentence where that cannot be.
  std::optional<std::string> tell(TimePoint now, std::string_view name, std::string_view typed);
  [[nodiscard]] TextsWaiting waiting() const;

  // --- In
  void welcome(TimePoint now);
  void name_taken(TimePoint now);
  void tick(TimePoint now, std::optional<Duration> round_trip);
  // Before a ping goes out, and when its answer came.
  void asking() { known_at_ping_ = log_.known(); }
  void pong(TimePoint now, const Pong& pong);
  // An element of the log or the roster; why it was of no use. `sealed`: by the relay.
  std::optional<DropReason> receive(TimePoint now, const Element& element, bool sealed);
  // Reasons of messages that were refused when their turn came, for the statistics.
  std::optional<DropReason> next_refusal();

  // --- Who is here
  [[nodiscard]] const Company& company() const { return company_; }
  void ignore(const seal::IdentityKey& identity, bool ignored) { company_.ignore(identity, ignored); }
  [[nodiscard]] std::uint64_t texts_sent() const { return sent_; }
  [[nodiscard]] std::uint64_t texts_received() const { return received_; }

 private:
  struct OwnDirect {
    std::string to;
    std::string text;
  };
  static constexpr std::size_t kMaxRemembered = 20'000;  // ids of messages: twice a room's log

  [[nodiscard]] session::Message new_message(session::Message::Kind kind, const TextLine& line) const;
  void post(TimePoint now, const session::MessageId& id, std::vector<std::byte> object);
  void tell_membership(TimePoint now);
  void deliver(TimePoint now);
  void deliver(TimePoint now, const LogFollower::Entry& entry);
  void pass(std::uint64_t number, const session::EntryDigest& digest);
  void show(const LogFollower::Entry& entry, const session::Message& message, bool earlier);
  void show_own_direct(const LogFollower::Entry& entry, const OwnDirect& direct);
  [[nodiscard]] std::string suggestion() const;
  bool first_sight(const session::MessageId& id);

  std::function<std::uint64_t()> unix_ms_;
  const seal::RoomKeys& room_;
  session::ClientLink& link_;
  seal::Random& random_;
  EventQueue& events_;
  session::Identity identity_;
  session::StreamId text_stream_;  // of our own: not our voice's, so that it outlives that
  session::ObjectSealer text_sealer_;

  std::string name_;
  std::optional<std::string> name_before_;  // while the relay has not agreed to another
  bool muted_;
  std::uint64_t since_unix_ms_;
  session::StreamId voice_stream_;
  std::optional<session::ObjectSealer> presence_sealer_;
  std::uint64_t run_;
  std::uint32_t count_ = 0;

  Outbox outbox_;
  LogFollower log_;
  MessageOrder order_;
  Suspicions suspicions_;
  std::uint64_t known_at_ping_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t epoch_met_unix_ms_ = 0;
  bool keeps_history_ = false;
  std::set<session::MessageId> seen_;
  std::deque<session::MessageId> seen_order_;
  std::map<session::MessageId, OwnDirect> own_directs_;
  std::deque<DropReason> refusals_;

  Company company_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace hubbub::client
