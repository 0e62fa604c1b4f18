#include "tools/bench/history.h"

#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include <spdlog/fmt/fmt.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay/history/sqlite_history.h"
#include "relay/net/clock.h"
#include "tools/bench/statistics.h"

namespace hubbub::bench {
namespace {

constexpr std::size_t kObjectBytes = 200;
// Of the file to recover: one room with a full log among many others.
constexpr std::size_t kRooms = 1'000;
constexpr std::uint64_t kWanted = 10'000;
constexpr std::uint64_t kInARow = 100;  // of one room, so that filling a file takes minutes, not hours
constexpr std::size_t kSingles = 200;
// What waits at most, so that what is measured is the disk and not the memory.
constexpr std::size_t kAhead = 20'000;
constexpr Duration kReadingPatience = 10min;

seal::RoomId room_of(std::size_t number) {
  seal::RoomId room{};
  for (std::size_t i = 0; i < 4; ++i) room[i] = static_cast<std::byte>(number >> (8 * i));
  return room;
}

relay::LogEntry entry_of(std::uint64_t number) {
  relay::LogEntry entry;
  entry.number = number;
  for (std::size_t i = 0; i < 8; ++i) entry.id[i] = static_cast<std::byte>(number >> (8 * i));
  entry.object.assign(kObjectBytes, static_cast<std::byte>(number));
  return entry;
}

// A history on a loop, in this thread.
class Bench {
 public:
  explicit Bench(const std::filesystem::path& file)
      : history_(loop_, options(file),
                 {.loaded =
                      [this](const seal::RoomId&, const std::vector<relay::LogEntry>& entries) {
                        loaded_ = entries.size();
                        has_loaded_ = true;
                      },
                  .stored =
                      [this](const seal::RoomId& room, std::uint64_t through) {
                        if (room == room_of(0)) stored_ = through;
                      },
                  .notice = [](const std::string& sentence) { throw_at_once(sentence); }}) {}

  relay::SqliteHistory& history() { return history_; }
  [[nodiscard]] std::uint64_t stored() const { return stored_; }

  void until(const std::function<bool()>& condition) {
    const TimePoint deadline = net::now() + kReadingPatience;
    while (!condition()) {
      if (net::now() > deadline) throw std::runtime_error("the history does not answer");
      uv_run(loop_.raw(), UV_RUN_NOWAIT);
      ::usleep(kNapUs);
    }
  }
  void let_it_catch_up() {
    until([this] { return history_.counters().waiting < kAhead; });
  }
  std::size_t load(const seal::RoomId& room) {
    has_loaded_ = false;
    history_.load(room);
    until([this] { return has_loaded_; });
    return loaded_;
  }

 private:
  static constexpr useconds_t kNapUs = 50;

  static relay::HistoryOptions options(const std::filesystem::path& file) {
    relay::HistoryOptions options;
    options.file = file;
    options.messages = relay::kMaxHistoryMessages;
    return options;
  }
  [[noreturn]] static void throw_at_once(const std::string& sentence) {
    std::fprintf(stderr, "hubbub-bench: %s\n", sentence.c_str());
    std::_Exit(EXIT_FAILURE);  // through a C callback nothing can be thrown
  }

  net::Loop loop_;
  std::size_t loaded_ = 0;
  bool has_loaded_ = false;
  std::uint64_t stored_ = 0;
  relay::SqliteHistory history_;
};

// A place of its own, gone at the end.
class Place {
 public:
  explicit Place(const std::filesystem::path& directory)
      : path_(directory / ("hubbub-bench-history." + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

double megabytes(const std::filesystem::path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  return error ? 0.0 : static_cast<double>(bytes) / 1e6;
}

// Entries stored a second when they are handed over as fast as they are taken.
double rate_of_writing(Bench& bench, std::size_t rooms, double seconds, const Interrupt& interrupt) {
  const auto before = bench.history().counters();
  const TimePoint began = net::now();
  // Beyond what was handed over before, so that nothing is there already.
  std::uint64_t number = before.stored + before.waiting;
  while (to_seconds(net::now() - began) < seconds) {
    interrupt.check();
    for (int i = 0; i < 1'000; ++i) {
      ++number;
      bench.history().append(room_of(number % rooms), entry_of(number));
    }
    bench.let_it_catch_up();
  }
  const double took = to_seconds(net::now() - began);
  return static_cast<double>(bench.history().counters().stored - before.stored) / took;
}

void measure_writing(const std::filesystem::path& file, double seconds, const Interrupt& interrupt,
                     HistoryFigures& figures) {
  Bench bench(file);
  std::vector<double> singles_ms;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < kSingles; ++i) {
    const TimePoint began = net::now();
    bench.history().append(room_of(0), entry_of(++number));
    bench.until([&] { return bench.stored() == number; });
    singles_ms.push_back(to_ms(net::now() - began));
  }
  figures.one_at_a_time_ms = spread_of(singles_ms).median;

  figures.one_room_a_second = rate_of_writing(bench, 1, seconds, interrupt);
  figures.many_rooms_a_second = rate_of_writing(bench, kRooms, seconds, interrupt);
}

// Writes without end; tells through shared memory how far it is stored.
struct Stored {
  std::uint64_t stored = 0;       // entries of all rooms
  std::uint64_t room_stored = 0;  // the first room's last
};

[[noreturn]] void write_until_killed(const std::filesystem::path& file, volatile Stored& progress) {
  try {
    Bench bench(file);
    for (std::uint64_t number = 1;; ++number) {
      bench.history().append(room_of(1 + number / kInARow % (kRooms - 1)), entry_of(number));
      // The room that is looked for has its full log in the midst of the others.
      if (number <= kWanted + kWanted / 2) bench.history().append(room_of(0), entry_of(number));
      if (number % 1'000 != 0) continue;
      bench.let_it_catch_up();
      progress.room_stored = bench.stored();
      progress.stored = bench.history().counters().stored;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hubbub-bench: %s\n", error.what());
  }
  std::_Exit(EXIT_FAILURE);
}

Stored fill_and_kill(const std::filesystem::path& file, double size_mb, const Interrupt& interrupt) {
  void* shared = ::mmap(nullptr, sizeof(Stored), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::runtime_error("no memory to share with the writer");
  const std::unique_ptr<void, void (*)(void*)> mapped(shared, [](void* at) { ::munmap(at, sizeof(Stored)); });
  auto* progress = new (shared) Stored{};
  const pid_t writer = ::fork();
  if (writer < 0) throw std::runtime_error("the writer cannot be started");
  if (writer == 0) write_until_killed(file, *progress);
  const auto kill_it = [](const pid_t* pid) {
    ::kill(*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
  };
  std::unique_ptr<const pid_t, decltype(kill_it)> killer(&writer, kill_it);
  while (megabytes(file) < size_mb) {
    interrupt.check();
    if (::waitpid(writer, nullptr, WNOHANG) != 0) {
      static_cast<void>(killer.release());
      throw std::runtime_error("the writer ended by itself");
    }
    ::usleep(10'000);
  }
  killer.reset();
  return *progress;
}

void measure_recovery(const std::filesystem::path& file, const Stored& before, HistoryFigures& figures) {
  figures.log_mb = megabytes(file.string() + "-wal");
  TimePoint began = net::now();
  Bench bench(file);
  figures.open_ms = to_ms(net::now() - began);
  began = net::now();
  figures.loaded = bench.load(room_of(0));
  figures.load_ms = to_ms(net::now() - began);
  if (figures.loaded != kWanted) throw std::runtime_error("a room's messages are not all there");
  figures.file_mb = megabytes(file);
  figures.file_rooms = kRooms;
  figures.file_entries = before.stored;
}

void check_nothing_lost(const std::filesystem::path& file, const Stored& before) {
  relay::Database database(file);
  relay::Statement newest(
      database, "SELECT max(number) FROM messages WHERE room = (SELECT id FROM rooms WHERE room_id = ?1)");
  const seal::RoomId room = room_of(0);
  newest.bind(1, room);
  while (newest.step()) {
    if (static_cast<std::uint64_t>(newest.number(0)) < before.room_stored)
      throw std::runtime_error("messages that were said to be stored are lost");
  }
  if (static_cast<std::uint64_t>(database.number("SELECT count(*) FROM messages")) < before.stored)
    throw std::runtime_error("messages that were counted as stored are lost");
}

}  // namespace

HistoryFigures measure_history(const HistoryBenchOptions& options, const Interrupt& interrupt) {
  const Place place(options.directory);
  HistoryFigures figures;
  measure_writing(place.file("writing.db"), options.seconds, interrupt, figures);
  const auto file = place.file("recovery.db");
  const Stored before = fill_and_kill(file, static_cast<double>(options.size_mb), interrupt);
  measure_recovery(file, before, figures);
  check_nothing_lost(file, before);
  return figures;
}

std::string history_text(const HistoryFigures& f) {
  return fmt::format(
      "writing: entries of {} bytes stored a second: {:.0f} in one room, {:.0f} in {} rooms by turns; one "
      "alone "
      "takes {:.2f} ms\n"
      "recovery: {:.0f} MB, {} entries of {} rooms, {:.1f} MB of log; the writer was killed: open {:.1f} ms, "
      "load of {} entries {:.1f} ms\n",
      kObjectBytes, f.one_room_a_second, f.many_rooms_a_second, kRooms, f.one_at_a_time_ms, f.file_mb,
      f.file_entries, f.file_rooms, f.log_mb, f.open_ms, f.loaded, f.load_ms);
}

}  // namespace hubbub::bench
