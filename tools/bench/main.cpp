// hubbub-bench: reads what is to be measured, and measures it.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "codec/wire/limits.h"
#include "tools/bench/bare_relay.h"
#include "tools/bench/compare.h"
#include "tools/bench/crowd.h"
#include "tools/bench/history.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/naive_relay.h"
#include "tools/bench/report.h"
#include "tools/bench/sealed.h"
#include "tools/bench/sealed_report.h"
#include "tools/bench/soak.h"
#include "tools/bench/text.h"
#include "tools/bench/text_report.h"

namespace {

using namespace hubbub::bench;
using hubbub::kMaxLogEntries;
using hubbub::kMaxPendingSessions;

constexpr int kDoesNotHold = 1;
constexpr int kCannotRun = 2;
constexpr int kInterrupted = 130;  // as a shell says it of SIGINT

constexpr std::size_t kLeastPeers = 3;

constexpr const char* kAbout =
    "hubbub-bench: what hubbub-relay costs, and whether it holds. Everything stays on this machine's "
    "loopback.";

constexpr const char* kCompareAbout =
    "CPU for each copy that hubbub-relay forwards, against three other relays in the same run, which take\n"
    "short turns: a bare recvmmsg/sendmmsg loop (the floor), the same loop with hubbub-relay's duties, and "
    "a\n"
    "libuv program with one uv_udp_send a recipient.";

constexpr const char* kCompareNotes =
    "The price is user and system time of the relay's process as the scheduler bills it, divided by the\n"
    "copies that came back; on loopback this includes the kernel's delivery of each copy to its receiver.\n"
    "The bare loop is given what is fastest: one IPv4 socket, headers laid out once, the source address "
    "left\n"
    "to the system. \"Dutiful\" is that loop on one socket for IPv4 and IPv6, answering from the address "
    "that\n"
    "it was spoken to, as hubbub-relay does. Goals: at most 1.10 of the bare loop at any number of peers,\n"
    "below the naive relay from 100 up.";

constexpr const char* kSealedAbout =
    "What sealing costs: CPU for each copy that hubbub-relay forwards in a sealed room against an open one, "
    "in\n"
    "one run, taking short turns; memory for each member; a handshake, a join, and a frame on the wire.";

constexpr const char* kSealedNotes =
    "Both rooms are of the same hubbub-relay, each in a process of its own, with the same load: 80 bytes of\n"
    "Opus in a frame, sealed by members that joined through the real handshake. The price of a copy is made\n"
    "as by `hubbub-bench relay`. Aims: at most 1.05 of the open room and 1024 bytes a member from 100 "
    "members\n"
    "up; a join in 3 round trips.";

constexpr const char* kSoakAbout =
    "A room of which some speak 50 frames a second, for minutes. At the end the relay's books must equal "
    "what the room\n"
    "counted, to the datagram, and its memory must have stayed flat. Exit status 1 when anything does not "
    "hold.";

constexpr const char* kHistoryAbout =
    "What keeping rooms' text costs: messages of 200 bytes stored a second, each synced to the disk before "
    "it\n"
    "counts; and, of a file of some size whose writer was killed in the middle, how long it takes to open "
    "it\n"
    "and read one room's newest 10000 messages. Writes to --directory, and removes what it wrote.";

constexpr const char* kTextAbout =
    "What text in a sealed room costs: messages a second through one relay and the CPU for each copy; a "
    "member\n"
    "who catches up with a whole log; members who do nothing; a large room's roster when many join at once.";

constexpr const char* kTextNotes =
    "Members who write and read are light: a client's own link, outbox and log follower, which open "
    "envelopes and\n"
    "follow numbers, but verify no signature, so that the program that is measured is the relay. Who catches "
    "up is a\n"
    "whole client core, which does. The roster is measured at the relay's core, without sockets.";

std::string own_path() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

std::string relay_or_beside_us(const std::string& given) {
  std::string path =
      given.empty() ? (std::filesystem::path(own_path()).parent_path() / "hubbub-relay").string() : given;
  if (!std::filesystem::exists(path))
    throw std::runtime_error("there is no relay at " + path +
                             "; build hubbub-relay, or say where it is with --relay");
  return path;
}

struct Flags {
  CompareOptions compare;
  SealedOptions sealed;
  SoakOptions soak;
  HistoryBenchOptions history;
  TextOptions text;
  std::string relay;
  double minutes = 10;
  bool json = false;
  bool check = false;
};

void add_relay_command(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand("relay", kCompareAbout)->footer(kCompareNotes);
  CompareOptions& options = flags.compare;
  command
      ->add_option("--peers", options.peers,
                   "Rooms to measure, by their number of peers (default 10,100,1000,5000)")
      ->delimiter(',')
      ->type_name("N,...")
      ->check(CLI::Range(kLeastPeers, Crowd::kMaxPeers));
  command->add_option("--runs", options.runs, "Runs for each room, each with new processes (default 5)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  command->add_option("--seconds", options.seconds, "Load for each relay in each run (default 2)")
      ->type_name("S")
      ->check(CLI::Range(0.1, 3600.0));
  command->add_option("--rate", options.copies_per_second, "Copies due a second (default 100000)")
      ->type_name("N")
      ->check(CLI::Range(100.0, 10e6));
  command
      ->add_option("--relay", flags.relay,
                   "The hubbub-relay to measure (default: the one beside this program)")
      ->type_name("PATH");
  command->add_flag("--json", flags.json, "Report as JSON");
  command->add_flag("--check", flags.check, "Exit with 1 when a goal is not met");
}

void add_sealed_command(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand("sealed", kSealedAbout)->footer(kSealedNotes);
  SealedOptions& options = flags.sealed;
  command
      ->add_option("--members", options.members,
                   "Rooms to measure, by their number of members (default 10,100,1000)")
      ->delimiter(',')
      ->type_name("N,...")
      ->check(CLI::Range(kLeastPeers, Crowd::kMaxPeers));
  command->add_option("--runs", options.runs, "Runs for each room, each with new processes (default 5)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  command->add_option("--seconds", options.seconds, "Load for each of both rooms in each run (default 2)")
      ->type_name("S")
      ->check(CLI::Range(0.1, 3600.0));
  command->add_option("--rate", options.copies_per_second, "Copies due a second (default 100000)")
      ->type_name("N")
      ->check(CLI::Range(100.0, 10e6));
  command
      ->add_option("--relay", flags.relay,
                   "The hubbub-relay to measure (default: the one beside this program)")
      ->type_name("PATH");
  command->add_flag("--json", flags.json, "Report as JSON");
  command->add_flag("--check", flags.check, "Exit with 1 when an aim is not met");
}

void add_soak_command(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand("soak", kSoakAbout);
  command->add_option("--peers", flags.soak.peers, "Peers in the room (default 200)")
      ->type_name("N")
      ->check(CLI::Range(kLeastPeers, Crowd::kMaxPeers));
  command->add_option("--speakers", flags.soak.speakers, "How many of them speak (default 5)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, Crowd::kMaxPeers));
  command->add_option("--minutes", flags.minutes, "How long (default 10)")
      ->type_name("N")
      ->check(CLI::Range(0.05, 1440.0));
  command
      ->add_option("--relay", flags.relay, "The hubbub-relay to try (default: the one beside this program)")
      ->type_name("PATH");
}

void add_history_command(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand("history", kHistoryAbout);
  command->add_option("--seconds", flags.history.seconds, "How long to write (default 10)")
      ->type_name("S")
      ->check(CLI::Range(0.1, 3600.0));
  command->add_option("--size-mb", flags.history.size_mb, "The file to recover, in MB (default 1024)")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{16}, std::int64_t{1'000'000}));
  command->add_option("--directory", flags.history.directory, "Where to write (default: the current one)")
      ->type_name("PATH")
      ->check(CLI::ExistingDirectory);
}

void add_text_command(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand("text", kTextAbout)->footer(kTextNotes);
  TextOptions& options = flags.text;
  command
      ->add_option("--parts", options.parts, "What to measure (default all: throughput,catch-up,idle,roster)")
      ->delimiter(',')
      ->type_name("PART,...")
      ->check(CLI::IsMember({"throughput", "catch-up", "idle", "roster"}));
  command->add_option("--runs", options.runs, "Runs of throughput and catch-up (default 3)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  command->add_option("--members", options.members, "Members of the room that is written in (default 100)")
      ->type_name("N")
      ->check(CLI::Range(kLeastPeers, Crowd::kMaxPeers));
  command->add_option("--senders", options.senders, "How many of them write (default 10)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, Crowd::kMaxPeers));
  command->add_option("--seconds", options.seconds, "How long they write in each run (default 5)")
      ->type_name("S")
      ->check(CLI::Range(0.1, 3600.0));
  command->add_option("--rate", options.paced, "Messages a second, beside as many as go (default 200)")
      ->type_name("N")
      ->check(CLI::Range(1.0, 1e6));
  command->add_option("--messages", options.messages, "Messages to catch up with (default 10000)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{2}, kMaxLogEntries));
  command->add_option("--idle", options.idle_members, "Rooms in which nothing happens (default 100,1000)")
      ->delimiter(',')
      ->type_name("N,...")
      ->check(CLI::Range(std::size_t{10}, Crowd::kMaxPeers));
  command->add_option("--idle-seconds", options.idle_seconds, "How long nothing happens (default 30)")
      ->type_name("S")
      ->check(CLI::Range(1.0, 3600.0));
  command->add_option("--roster", options.roster.members, "Members of the large room (default 5000)")
      ->type_name("N")
      ->check(CLI::Range(kLeastPeers, Crowd::kMaxPeers));
  command->add_option("--joining", options.roster.joining, "How many join it at once (default 1000)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, kMaxPendingSessions));
  command
      ->add_option("--relay", flags.relay,
                   "The hubbub-relay to measure (default: the one beside this program)")
      ->type_name("PATH");
  command->add_flag("--json", flags.json, "Report as JSON");
}

// The relays that ours is compared with: this program again, as a child of itself, so not in --help.
void add_children(CLI::App& app, bool& dutiful) {
  app.add_subcommand("bare")->group("")->add_flag("--same-duties", dutiful);
  app.add_subcommand("naive")->group("");
}

int run_comparison(Flags& flags) {
  flags.compare.relay_path = relay_or_beside_us(flags.relay);
  flags.compare.own_path = own_path();
  const Interrupt interrupt;
  const auto counts = compare(flags.compare, interrupt);
  std::fputs((flags.json ? comparison_json(counts) : comparison_text(counts)).c_str(), stdout);
  return flags.check && !goals_met(counts) ? kDoesNotHold : EXIT_SUCCESS;
}

int run_sealed(Flags& flags) {
  flags.sealed.relay_path = relay_or_beside_us(flags.relay);
  const Interrupt interrupt;
  const auto figures = measure_sealed(flags.sealed, interrupt);
  std::fputs((flags.json ? sealed_json(figures) : sealed_text(figures)).c_str(), stdout);
  return flags.check && !aims_met(figures) ? kDoesNotHold : EXIT_SUCCESS;
}

int run_soak(Flags& flags) {
  if (flags.soak.speakers > flags.soak.peers) throw std::runtime_error("--speakers is more than --peers");
  flags.soak.relay_path = relay_or_beside_us(flags.relay);
  flags.soak.length = hubbub::Duration(static_cast<std::int64_t>(flags.minutes * 60e9));
  const Interrupt interrupt;
  return soak(flags.soak, interrupt) ? EXIT_SUCCESS : kDoesNotHold;
}

int run_history(Flags& flags) {
  const Interrupt interrupt;
  std::fputs(history_text(measure_history(flags.history, interrupt)).c_str(), stdout);
  return EXIT_SUCCESS;
}

int run_text(Flags& flags) {
  if (flags.text.senders > flags.text.members) throw std::runtime_error("--senders is more than --members");
  flags.text.relay_path = relay_or_beside_us(flags.relay);
  const Interrupt interrupt;
  const auto figures = measure_text(flags.text, interrupt);
  std::fputs((flags.json ? text_json(flags.text, figures) : text_text(flags.text, figures)).c_str(), stdout);
  return EXIT_SUCCESS;
}

int run(int argc, const char* const* argv) {
  CLI::App app(kAbout, "hubbub-bench");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  app.set_version_flag("--version", "hubbub-bench " HUBBUB_VERSION);
  Flags flags;
  bool dutiful = false;
  add_relay_command(app, flags);
  add_sealed_command(app, flags);
  add_soak_command(app, flags);
  add_history_command(app, flags);
  add_text_command(app, flags);
  add_children(app, dutiful);
  try {
    app.parse(argc, argv);
    if (app.got_subcommand("bare")) run_bare_relay(dutiful ? BareDuties::kSameAsOurs : BareDuties::kFewest);
    if (app.got_subcommand("naive")) run_naive_relay();
    if (app.got_subcommand("sealed")) return run_sealed(flags);
    if (app.got_subcommand("history")) return run_history(flags);
    if (app.got_subcommand("text")) return run_text(flags);
    return app.got_subcommand("soak") ? run_soak(flags) : run_comparison(flags);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "hubbub-bench: %s; `hubbub-bench --help` lists what can be set\n", error.what());
    return kCannotRun;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Interrupted&) {
    std::fprintf(stderr, "\nhubbub-bench: interrupted; the relays are stopped\n");
    return kInterrupted;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hubbub-bench: %s\n", error.what());
  }
  return kCannotRun;
}
