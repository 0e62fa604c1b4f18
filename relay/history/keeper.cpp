#include "relay/history/keeper.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "codec/wire/check.h"
#include "relay/net/clock.h"

namespace hubbub::relay {
namespace {

// One commit's worth: large enough that a sync is cheap for each, small enough to be done in a moment.
constexpr std::size_t kMaxBatch = 1'000;
constexpr Duration kRetryEvery = 1s;
constexpr Duration kRetryWhileStopping = 100ms;
// Beyond its time to finish: one operation that is under way.
constexpr Duration kGrace = 1s;
constexpr std::size_t kMaxFailedLoads = 10'000;

const char* advice_for(Fault fault) {
  switch (fault) {
    case Fault::kBusy:
      return "another program has it locked; texts wait in memory until it lets go: find it with fuser";
    case Fault::kFull:
      return "there is no room for it; texts wait in memory until there is: free some of the disk";
    default:
      return "texts wait in memory, and it is tried again every second: look at the disk, and at who may "
             "write";
  }
}

// The process's signals are the loop's.
std::thread thread_without_signals(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
  std::thread thread(std::move(body));
  CHECK(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
  return thread;
}

}  // namespace

Keeper::Keeper(HistoryOptions options, std::function<void()> wake)
    : prune_at_(net::now() + options.prune_every),
      prune_every_(options.prune_every),
      wake_(std::move(wake)),
      backlog_(options.max_waiting_bytes),
      file_(std::move(options), [this](std::string sentence) { tell(std::move(sentence)); }) {
  thread_ = thread_without_signals([this] { run(); });
}

Keeper::~Keeper() {
  CHECK(has_ended_);
  thread_.join();
}

void Keeper::append(const seal::RoomId& room, const LogEntry& entry) {
  Kept kept{.room = room, .entry = entry};
  const std::lock_guard lock(mutex_);
  backlog_.add(std::move(kept));
  wanted_.notify_one();
}

void Keeper::load(const seal::RoomId& room) {
  const std::lock_guard lock(mutex_);
  loads_.push_back(room);
  wanted_.notify_one();
}

std::vector<HistoryEvent> Keeper::take_events() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

HistoryCounters Keeper::counters() const {
  const std::lock_guard lock(mutex_);
  return {.stored = stored_,
          .given_up = backlog_.given_up(),
          .waiting = backlog_.waiting(),
          .waiting_bytes = backlog_.waiting_bytes(),
          .commits = commits_,
          .last_error = last_error_};
}

bool Keeper::finish(Duration most) {
  std::unique_lock lock(mutex_);
  if (!stopping_) {
    stopping_ = true;
    stop_by_ = net::now() + most;
  }
  wanted_.notify_one();
  const bool has_ended = ended_.wait_until(lock, stop_by_ + kGrace, [this] { return has_ended_; });
  wake_ = nullptr;
  if (!has_ended && thread_.joinable()) thread_.detach();
  return has_ended;
}

// --- The thread
// ---------------------------------------------------------------------------------------------------------

void Keeper::run() {
  for (Work work = wait_for_work(); !work.over; work = wait_for_work()) do_work(work);
  finish_up();
  file_.close();
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  ended_.notify_all();
}

Keeper::Work Keeper::wait_for_work() {
  std::unique_lock lock(mutex_);
  Work work;
  wanted_.wait_until(lock, in_trouble_ ? retry_at_ : prune_at_, [&] {
    const TimePoint now = net::now();
    work.due = !in_trouble_ || now >= retry_at_;
    const bool has_due = in_trouble_ || pruning_ || now >= prune_at_ || !is_settled();
    return stopping_ || !loads_.empty() || (work.due && has_due);
  });
  work.over = stopping_;
  work.was_tried = loads_.empty();
  std::deque<seal::RoomId>& from = loads_.empty() ? failed_loads_ : loads_;
  if (!from.empty() && (work.due || !work.was_tried)) {
    work.room = from.front();
    from.pop_front();
  }
  return work;
}

// What waits is stored first, so that a load finds it; one load between two commits, and one step of pruning.
void Keeper::do_work(const Work& work) {
  bool well = true;
  if (work.due) well = attempt([this] { file_.open(); }) && commit();
  if (work.room && !answer(*work.room)) {
    well = false;
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(failed_loads_, *work.room) == failed_loads_.end())
      failed_loads_.push_back(*work.room);
    if (failed_loads_.size() > kMaxFailedLoads) failed_loads_.pop_front();
  }
  if (!work.due) return;
  well = well && prune();
  if (well && in_trouble_) end_trouble();
}

// What `attempt` throws, and what mending does.
template <class Attempt>
std::optional<StoreError> Keeper::failure_of(const Attempt& attempt) {
  try {
    attempt();
    return std::nullopt;
  } catch (const StoreError& error) {
    return error;
  }
}

template <class Attempt>
bool Keeper::attempt(const Attempt& attempt) {
  auto failure = failure_of(attempt);
  if (!failure) return true;
  bool again = false;
  const Fault fault = failure->fault();
  if (auto worse = failure_of([&] { again = file_.mend(fault); })) failure = worse;
  if (again) failure = failure_of(attempt);
  if (!failure) return true;
  begin_trouble(*failure);
  return false;
}

bool Keeper::commit() {
  std::vector<Kept> batch;
  {
    const std::lock_guard lock(mutex_);
    batch = backlog_.take(kMaxBatch);
  }
  if (batch.empty()) return true;
  std::vector<std::size_t> refused;
  const bool is_stored = attempt([&] { refused = file_.save(batch); });
  const std::lock_guard lock(mutex_);
  if (!is_stored) {
    backlog_.put_back(std::move(batch));
    return false;
  }
  stored_ += batch.size() - refused.size();
  ++commits_;
  for (const auto& [room, through] : backlog_.settle(batch, refused))
    add_event(Stored{.room = room, .through = through});
  return true;
}

bool Keeper::answer(const seal::RoomId& room) {
  Loaded loaded{.room = room};
  if (!attempt([&] { loaded.entries = file_.load(room); })) return false;
  const std::lock_guard lock(mutex_);
  const std::uint64_t through = backlog_.stored_through(room, loaded.entries);
  // What is not in the file yet belongs to it: while the file is in trouble the room may have been forgotten.
  const auto waiting = backlog_.entries_of(room);
  loaded.entries.insert(loaded.entries.end(), waiting.begin(), waiting.end());
  trim_to_log(loaded.entries);
  add_event(std::move(loaded));
  if (through > 0) add_event(Stored{.room = room, .through = through});
  return true;
}

bool Keeper::prune() {
  if (net::now() >= prune_at_) {
    pruning_ = true;
    prune_at_ = net::now() + prune_every_;
    file_.begin_pruning();
  }
  return !pruning_ || attempt([this] { pruning_ = file_.prune(); });
}

void Keeper::begin_trouble(const StoreError& error) {
  {
    const std::lock_guard lock(mutex_);
    last_error_ = error.what();
    if (!in_trouble_) given_up_before_ = backlog_.given_up();
  }
  // A load that comes meanwhile is tried at once, and must not put off the others.
  const TimePoint now = net::now();
  if (!in_trouble_ || now >= retry_at_) retry_at_ = now + kRetryEvery;
  if (std::exchange(in_trouble_, true)) return;
  tell("history " + file_.path().string() + ": " + error.what() + "; " + advice_for(error.fault()));
}

// Not before everything that waited is done: a disk with room for a little would be told of over and over.
void Keeper::end_trouble() {
  std::uint64_t given_up = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!is_settled()) {
      retry_at_ = net::now();
      return;
    }
    given_up = backlog_.given_up() - given_up_before_;
  }
  in_trouble_ = false;
  tell("history " + file_.path().string() + ": works again, and " +
       (given_up == 0 ? "everything that waited is stored"
                      : std::to_string(given_up) + " texts were given up meanwhile"));
}

// Everything that was handed over, while there is time.
void Keeper::finish_up() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (backlog_.empty()) return;
      if (net::now() >= stop_by_) {
        add_event(Notice{"history " + file_.path().string() + ": the relay stops, and " +
                         std::to_string(backlog_.waiting()) + " texts could not be stored"});
        return;
      }
    }
    if (!commit()) std::this_thread::sleep_for(kRetryWhileStopping);
  }
}

void Keeper::tell(std::string sentence) {
  const std::lock_guard lock(mutex_);
  add_event(Notice{std::move(sentence)});
}

void Keeper::add_event(HistoryEvent event) {
  events_.push_back(std::move(event));
  if (wake_) wake_();
}

}  // namespace hubbub::relay
