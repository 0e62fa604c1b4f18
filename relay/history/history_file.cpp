#include "relay/history/history_file.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/net/clock.h"

namespace hubbub::relay {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr Duration kLookAtFileEvery = 1s;
// A disk that damages whatever is written must not be filled with damaged files.
constexpr Duration kSetAsideEvery = 1min;

constexpr const char* kLog = "-wal";
constexpr const char* kIndex = "-shm";

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

// A link is followed once: what is moved aside is the file, not the link.
HistoryOptions with_settled_path(HistoryOptions options) {
  std::error_code error;
  const auto whole = std::filesystem::weakly_canonical(std::filesystem::absolute(options.file, error), error);
  if (!error) options.file = whole;
  return options;
}

std::string timestamp(std::int64_t unix_now) {
  const std::time_t time = unix_now;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%d-%H%M%S", &parts)};
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& history) {
  const std::string file = history.string() + ".lock";
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (descriptor_ < 0)
    throw HistoryError("history " + history.string() + ": " + file + " cannot be made (" + reason(errno) +
                       "); choose another file with --history");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int why = errno;
  ::close(descriptor_);
  throw HistoryError("history " + history.string() + ": " +
                     (why == EWOULDBLOCK
                          ? "another relay keeps its history there; give each a file of its own"
                          : file + " cannot be locked (" + reason(why) + ")"));
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

HistoryFile::HistoryFile(HistoryOptions options, Tell tell)
    : options_(with_settled_path(std::move(options))), tell_(std::move(tell)), lock_(options_.file) {
  try {
    open();
  } catch (const StoreError& error) {
    if (error.fault() == Fault::kRefused)
      throw HistoryError("history " + path().string() + ": " + error.what() +
                         "; choose another file with --history");
    // The rest may pass, and the rooms need not wait for it: whoever calls next finds out, and tells.
  }
}

void HistoryFile::open() {
  if (store_) return;
  create_where_missing();
  store_ = std::make_unique<Store>(path(), options_.days, options_.messages);
  make_private();
  database_file_ = which(path());
  log_file_ = which(beside(kLog));
  looked_ = net::now();
}

std::vector<std::size_t> HistoryFile::save(std::span<const Kept> batch) {
  notice_removal();
  open();
  return store_->save(batch, options_.unix_now());
}

std::vector<LogEntry> HistoryFile::load(const seal::RoomId& room) {
  open();
  return store_->load(room);
}

void HistoryFile::begin_pruning() {
  if (store_) store_->begin_pruning();  // one that is opened later begins by itself
}

bool HistoryFile::prune() {
  open();
  return store_->prune(options_.unix_now());
}

bool HistoryFile::mend(Fault fault) {
  switch (fault) {
    case Fault::kBusy:
    case Fault::kFull:
      return false;
    case Fault::kRefused:
    case Fault::kOther:
      close();  // so that the next attempt trusts nothing that was read or written before
      return false;
    case Fault::kDamaged:
      if (set_aside_ != TimePoint{} && net::now() - set_aside_ < kSetAsideEvery) return false;
      set_aside();
      return true;
  }
  return false;
}

HistoryFile::Which HistoryFile::which(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {.device = status.st_dev, .node = status.st_ino};
}

std::filesystem::path HistoryFile::beside(const char* ending) const {
  return path().string() + ending;
}

// By ourselves, since SQLite would let others read it; its log and index take their modes from it.
void HistoryFile::create_where_missing() {
  const int descriptor = ::open(path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (descriptor < 0) {
    const bool is_full = errno == ENOSPC || errno == EDQUOT;
    throw StoreError(is_full ? Fault::kFull : Fault::kRefused, "cannot be opened (" + reason(errno) + ")");
  }
  ::close(descriptor);  // before SQLite has any lock on it
}

// One that was brought here, as from a copy, may have come readable. Not being allowed to is no reason not to
// serve.
void HistoryFile::make_private() const {
  for (const char* ending : {"", kLog, kIndex}) {
    if (::chmod(beside(ending).c_str(), kOwnerOnly) != 0) return;
  }
}

// SQLite would write on into files that nobody can open any more.
void HistoryFile::notice_removal() {
  if (!store_ || net::now() - looked_ < kLookAtFileEvery) return;
  looked_ = net::now();
  const bool same_database = which(path()) == database_file_;
  if (same_database && which(beside(kLog)) == log_file_) return;
  leave_removed();
  tell_("history " + path().string() + ": " +
        (same_database ? "its -wal file was removed while in use; what was in it is in the file now"
                       : "the file was removed or replaced while in use; what is there now is gone on with, "
                         "stop the relay before moving it"));
}

// Whoever moved it away gets it whole; and whatever stands in its place is no match for our log.
void HistoryFile::leave_removed() {
  try {
    store_->checkpoint();
  } catch (const StoreError& error) {
    if (error.fault() == Fault::kFull) {
      looked_ = {};  // again at the next attempt, when there may be room
      throw;
    }
    // It was taken from us: as much of it as there is.
    store_->keep_log_on_close();
  }
  close();
  if (which(path()) == database_file_) return;
  for (const char* ending : {kLog, kIndex}) ::unlink(beside(ending).c_str());
}

// With its log, so that tools can recover what they can.
void HistoryFile::set_aside() {
  if (store_) store_->keep_log_on_close();
  close();
  const std::string stem = path().string() + ".damaged-" + timestamp(options_.unix_now());
  std::string target = stem;
  for (int i = 2; which(target) != Which{}; ++i) target = stem + "-" + std::to_string(i);
  // The log first: cut off in between, both are still found, and neither is applied to what is not its own.
  for (const char* ending : {kLog, kIndex, ""}) {
    if (::rename(beside(ending).c_str(), (target + ending).c_str()) == 0 || errno == ENOENT) continue;
    throw StoreError(Fault::kOther, "is damaged, and cannot be moved aside (" + reason(errno) + ")");
  }
  set_aside_ = net::now();
  tell_("history " + path().string() + ": was damaged; it is " + target +
        " now (`sqlite3 FILE .recover` may bring some of it back), and a new one is begun");
}

}  // namespace hubbub::relay
