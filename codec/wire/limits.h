// Every limit of the protocol, in one place, with its unit and its reason. Each has a test at its edge.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/wire/units.h"

namespace hubbub {

// --- Ports
// -----------------------------------------------------------------------------------------------------------
inline constexpr int kDefaultOpenPort = 5241;
inline constexpr int kDefaultSealedPort = 5240;
// A datagram that claims to come from a system service's port is a reflection attack or a mistake.
inline constexpr int kLowestSourcePort = 1024;

// --- Datagrams
// -------------------------------------------------------------------------------------------------------
// Ethernet's largest unfragmented UDP payload is 1,472 bytes; some slack for loopback and jumbo frames, no
// more.
inline constexpr std::size_t kMaxOpenDatagramBytes = 2'048;

// --- Peers of an open room
// -------------------------------------------------------------------------------------------
inline constexpr Duration kDefaultPeerTimeout = 30s;
inline constexpr Duration kMinPeerTimeout = 1s;
inline constexpr Duration kMaxPeerTimeout = 24h;
inline constexpr std::size_t kDefaultMaxPeers = 1'000;
inline constexpr std::size_t kMaxPeersLimit = 65'535;
// Ten times what a talker of 20 ms frames needs; a ring of relays fed by a spoofed source stays inside it
// too.
inline constexpr double kDefaultPeerRate = 500.0;  // datagrams a second
inline constexpr double kMaxPeerRate = 1e9;

// --- Sealed rooms: what a stranger may cost a relay
// Handshakes a second from one IPv4 address, or one IPv6 /64; many people may stand behind one NAT.
inline constexpr double kDefaultJoinRate = 20.0;
inline constexpr double kMaxJoinRate = 1e6;
inline constexpr double kJoinBurstSeconds = 2.0;  // the burst is this many seconds' worth
// All handshakes: some 0.3 ms of a processor each, so a third of one core at most.
inline constexpr double kHandshakesASecond = 1'000.0;
inline constexpr double kResetsASecond = 100.0;
// Sessions whose Reply went out and from which nothing has come yet.
inline constexpr std::size_t kMaxPendingSessions = 1'024;
inline constexpr Duration kPendingSessionLasts = 5s;

// --- Sealed rooms: sessions and members
inline constexpr std::size_t kDefaultMaxSessions = 10'000;
inline constexpr std::size_t kMaxSessionsLimit = 1'000'000;
inline constexpr Duration kRekeyAfter = 15min;
inline constexpr std::uint64_t kRekeyAfterEnvelopes = std::uint64_t{1} << 32U;
inline constexpr Duration kOldKeysLast = 10s;
// Path checks: how often a new address is asked to prove itself, and how much it is sent meanwhile.
inline constexpr Duration kPathChallengeInterval = 250ms;
inline constexpr std::size_t kPathAmplification = 3;
// What a NACK can still bring back, and what a listener may ask for at once.
inline constexpr Duration kFrameCacheLasts = 250ms;
// How a member asks for signs of life.
inline constexpr double kAsksASecond = 50.0;

// --- The queue between receiving and broadcasting
// --------------------------------------------------------------------
inline constexpr std::size_t kVoiceQueueDatagrams = 1'024;
inline constexpr std::size_t kDataQueueDatagrams = 256;
// Voice that waited longer is past every sensible playout delay: sending it would only delay what is still of
// use.
inline constexpr Duration kVoiceUsefulFor = 500ms;
// Data goes first, but after this many in a row one waiting voice datagram goes: neither class starves the
// other.
inline constexpr int kDataBurst = 4;

// --- Sealed rooms: the text log
// A room's log in memory. What is older is dropped; a client that was away longer is told so.
inline constexpr std::size_t kMaxLogEntries = 10'000;
inline constexpr std::size_t kMaxLogBytes = std::size_t{4} << 20U;
// All logs of a relay together. Beyond it empty rooms go first, and then a room keeps no more than its floor.
inline constexpr std::size_t kMaxLogsBytes = std::size_t{256} << 20U;
inline constexpr std::size_t kLogFloorBytes = std::size_t{16} << 10U;
inline constexpr Duration kEmptyRoomLasts = 24h;
// What a newcomer is shown of what was said before.
inline constexpr std::uint16_t kEarlierTexts = 50;
// A name and a text together: with what makes a message out of them, one datagram.
inline constexpr std::size_t kMaxSealedTextBytes = 800;

// One question for messages or changes is answered with so many datagrams at most; the rest is asked for.
inline constexpr std::size_t kAnswerDatagrams = 8;
// How long a room may wait for its history before it begins without.
inline constexpr Duration kHistoryPatience = 3s;

// --- Sealed rooms: the roster
// Changes are told this often, one datagram a member, however many there are.
inline constexpr Duration kRosterTick = 250ms;
// Who left, for those who were away meanwhile; with more they are told everything anew.
inline constexpr std::size_t kMaxDepartures = 1'024;

// --- Links of sealed rooms
inline constexpr std::size_t kMaxRoomNameBytes = 64;
// Longer is no link: the longest host name is 253 bytes, and a room's name is percent-encoded at worst.
inline constexpr std::size_t kMaxLinkBytes = 1'024;

// --- Text
// ------------------------------------------------------------------------------------------------------------
inline constexpr std::size_t kMaxTextBytes = 1'000;
inline constexpr std::size_t kMaxNameCharacters = 32;
inline constexpr std::size_t kMaxNameBytes = 4 * kMaxNameCharacters;

// --- Voice
// -----------------------------------------------------------------------------------------------------------
// The largest Opus packet: 48 frames of 1,275 bytes do not fit a datagram; what fits is the limit.
inline constexpr std::size_t kMaxOpusPacketBytes = 1'275;
inline constexpr Duration kMaxOpusPacketDuration = 120ms;  // RFC 6716 section 3.2.5
// A receiver's memory is bounded by this, whatever SSRCs a stranger invents.
inline constexpr std::size_t kMaxStreams = 64;
inline constexpr Duration kStreamGivesWayAfter = 2s;  // of silence, to a new one

// --- The client's timers
// ---------------------------------------------------------------------------------------------
inline constexpr Duration kPingInterval = 5s;  // well inside the peer timeout, also with two losses in a row
inline constexpr Duration kPingFirstRetry =
    250ms;  // while a ping is unanswered: quickly at first, since a listener sends
inline constexpr Duration kPingRetryInterval =
    1s;  // nothing else and is not heard of before; then at leisure
inline constexpr Duration kPingHurry = 2s;
inline constexpr Duration kRelayAwayAfter = 4s;  // of unanswered pings
// In a sealed room the way through a NAT is a session's only way, and is mended when a ping finds it changed.
inline constexpr Duration kSealedPingInterval = 2s;
inline constexpr Duration kStallPing = 250ms;  // voice stopped: is it the speaker, or the way?
// What a client asks to be let in by: its Hello, its KeyRequest, its Join. Doubled from the first to the
// last.
inline constexpr Duration kEntryFirstRetry = 250ms;
inline constexpr Duration kEntrySlowestRetry = 1s;
inline constexpr Duration kRtcpInterval = 5s;  // RFC 3550 section 6.2's minimum
inline constexpr Duration kHeardLately = 60s;  // what `/who` lists

static_assert(kMaxTextBytes + kMaxNameBytes + 16 < kMaxOpenDatagramBytes);
static_assert(kMinPeerTimeout > 0s && kPingInterval + 3 * kPingRetryInterval < kDefaultPeerTimeout);
static_assert(kDefaultMaxPeers <= kMaxPeersLimit);
static_assert(253 + 3 * kMaxRoomNameBytes + 128 < kMaxLinkBytes);

}  // namespace hubbub
