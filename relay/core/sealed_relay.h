// A sealed port: any number of rooms behind one socket. A state machine without I/O. A datagram's way is
// receive, parse, open, admit, route, broadcast, and can be read so from top to bottom.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "codec/seal/random.h"
#include "codec/seal/room_keys.h"
#include "codec/wire/element.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/limits.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/sealed.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/units.h"
#include "relay/core/broadcast_queue.h"
#include "relay/core/datagram_core.h"
#include "relay/core/doorman.h"
#include "relay/core/history.h"
#include "relay/core/roster_teller.h"
#include "relay/core/sealed_books.h"
#include "relay/core/sealed_room.h"
#include "relay/core/sealed_rooms.h"
#include "relay/core/sealed_session.h"
#include "relay/core/source_policy.h"

namespace hubbub::relay {

struct SealedOptions {
  DoorOptions door;
  Duration timeout = kDefaultPeerTimeout;
  std::size_t max_sessions = kDefaultMaxSessions;
  std::size_t max_members = kDefaultMaxPeers;  // of one room
  double peer_rate = kDefaultPeerRate;         // envelopes a second; 0 for no limit
  std::size_t max_logs_bytes = kMaxLogsBytes;  // of all rooms together
  std::uint64_t started_unix_ms = 0;           // the time of day when the relay begins
};

class SealedRelay final : public DatagramCore {
 public:
  // `policy` and `random` outlive the relay.
  SealedRelay(const SealedOptions& options, const SourcePolicy& policy, TimePoint now, seal::Random& random);
  // Who keeps the rooms' text over restarts, from before anybody joins; nobody any more, at the end.
  void keep_history_in(History* history) { rooms_.keep_history_in(history); }

  void receive(TimePoint now, const Endpoint& from, const IpAddress& to, std::span<const std::byte> bytes,
               bool truncated) override;
  std::optional<Outgoing> next(TimePoint now) override;
  void settle(std::size_t done, std::size_t unsent, UnsentReason reason) override;
  void expire(TimePoint now) override;
  void say_goodbye(TimePoint now) override;
  void shut_down() override;

  // What the history answers: a room's newest entries, ascending, none where there are none; and that all
  // entries of a room up to this number outlive the relay.
  void history_loaded(const seal::RoomId& id, std::vector<LogEntry> entries) {
    rooms_.history_loaded(id, std::move(entries));
  }
  void history_stored(const seal::RoomId& id, std::uint64_t through) { rooms_.history_stored(id, through); }

  [[nodiscard]] const SealedBooks& books() const { return books_; }
  [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }
  [[nodiscard]] std::size_t members() const { return rooms_.members(); }
  [[nodiscard]] std::size_t rooms() const { return rooms_.occupied(); }  // with anybody in them
  [[nodiscard]] std::size_t log_bytes() const { return rooms_.log_bytes(); }
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  [[nodiscard]] std::uint64_t unsettled() const { return answers_.size() + (end_ - cursor_); }
  [[nodiscard]] bool books_balance() const { return books_.balance(waiting(), unsettled()); }

 private:
  // Answers that may wait: the shell sends after every batch it reads. One more is not made.
  static constexpr std::size_t kMaxAnswers = 1'024;
  // Whose an element is that waits to be sent on: everybody else in the room gets it.
  struct Origin {
    std::uint64_t room = 0;
    std::uint32_t ssrc = 0;
  };
  using Queue = BasicBroadcastQueue<Origin>;
  struct Answer {
    Recipient recipient;
    std::vector<std::byte> bytes;
  };
  // What is known of the datagram whose elements are being worked through.
  struct Arrival {
    TimePoint now;
    Session& session;
    session::SealedChannel& channel;
    Recipient from;
  };

  // Strangers.
  void meet(TimePoint now, const Recipient& stranger, std::span<const std::byte> datagram);
  void let_in(TimePoint now, const Recipient& stranger, const Hello& hello);
  [[nodiscard]] std::uint32_t draw_session_id();
  // Sessions.
  void open_envelope(TimePoint now, const Recipient& from, std::span<const std::byte> datagram);
  session::SealedChannel* channel_of(Session& session, std::uint32_t session_id);
  void confirm(TimePoint now, Session& session, const session::SealedChannel& channel);
  void check_path(TimePoint now, Session& session, const Recipient& from, std::size_t bytes, bool newest);
  void challenge(TimePoint now, Session& session);
  void end_session(TimePoint now, Session& session);
  void end_leaving(TimePoint now);
  // Elements.
  [[nodiscard]] bool pay(const Arrival& arrival) const;
  void act_on(const Arrival& arrival, std::span<const std::byte> elements);
  std::optional<DropReason> act_on_session_element(const Arrival& arrival, const Element& element);
  std::optional<DropReason> act_on_member_element(const Arrival& arrival, const Element& element,
                                                  std::span<const std::byte>& last_frame);
  std::optional<DropReason> join(const Arrival& arrival, const Element& element);
  [[nodiscard]] std::optional<TurnedAway::Reason> objection(const SealedRoom& room, const Session& session,
                                                            const Join& wish) const;
  static void begin_membership(Session& session);
  void leave_room(TimePoint now, Session& session);
  std::optional<DropReason> rekey(const Arrival& arrival, const Element& element);
  std::optional<DropReason> path_response(const Arrival& arrival, const Element& element);
  std::optional<DropReason> frame(const Arrival& arrival, std::span<const std::byte> bytes);
  std::optional<DropReason> sibling(const Arrival& arrival, const Element& element,
                                    std::span<const std::byte> last_frame);
  std::optional<DropReason> repair(const Arrival& arrival, const Element& element);
  std::optional<DropReason> nack(const Arrival& arrival, const Element& element);
  std::optional<DropReason> text(const Arrival& arrival, const Element& element);
  std::optional<DropReason> text_ask(const Arrival& arrival, const Element& element);
  std::optional<DropReason> roster_ask(const Arrival& arrival, const Element& element);
  void acknowledge(std::uint32_t sequence, const TextLog& log, std::size_t index);
  void send_acks(const Arrival& arrival);
  std::optional<DropReason> ask(const Arrival& arrival, const Element& element);
  std::optional<DropReason> echo(const Arrival& arrival, const Element& element);
  // Out.
  void broadcast(const Arrival& arrival, Queue::Class kind, std::span<const std::byte> payload);
  void answer(const Recipient& recipient, std::span<const std::byte> bytes);
  void answer_sealed(session::SealedChannel& channel, const Recipient& recipient,
                     std::span<const std::byte> elements);
  void start_broadcast();
  bool tell_next(TimePoint now);

  SealedOptions options_;
  const SourcePolicy& policy_;
  seal::Random& random_;
  Doorman doorman_;
  SealedBooks books_;

  std::vector<std::unique_ptr<Session>> sessions_;
  std::unordered_map<std::uint32_t, Session*> by_id_;  // of all keys of a session: in use, new and old
  std::deque<std::uint32_t> pending_;                  // sessions in which nothing had come, oldest first
  SealedRooms rooms_;
  RosterTeller teller_{rooms_};
  int told_in_a_row_ = 0;
  std::vector<TextAck> acks_;  // of the envelope at hand

  Queue queue_;
  std::deque<Answer> answers_;  // at most kMaxAnswers, sent before anything else

  // The broadcast under way: recipients [cursor_, end_) of the room are still due.
  Queue::Datagram current_;
  SealedRoom* broadcasting_ = nullptr;
  std::size_t cursor_ = 0;
  std::size_t end_ = 0;
  std::vector<Session*> leaving_;

  std::array<std::byte, Envelope::kMaxPlaintextBytes> plaintext_{};
};

}  // namespace hubbub::relay
