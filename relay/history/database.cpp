#include "relay/history/database.h"

#include <cerrno>
#include <system_error>

#include "codec/wire/check.h"

namespace hubbub::relay {
namespace {

// A passing lock, as of somebody who looks into the file, is waited for and is no trouble.
constexpr int kBusyTimeoutMs = 250;

Fault fault_of(int code, int system_error) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Fault::kFull;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Fault::kBusy;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Fault::kDamaged;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      // A quota and a limit on a file's size are a full disk to whoever writes.
      if (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG) return Fault::kFull;
      return (code & 0xff) == SQLITE_IOERR ? Fault::kOther : Fault::kRefused;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Fault::kRefused;
    default:
      return Fault::kOther;
  }
}

// The system's word on an error of the file or of its log; sqlite3_system_errno knows those of opening only.
int system_error_of(sqlite3* connection) {
  if (connection == nullptr) return 0;
  int error = 0;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
  if (log != nullptr && log->pMethods != nullptr)
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
  if (error == 0) sqlite3_file_control(connection, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
  return error == 0 ? sqlite3_system_errno(connection) : error;
}

[[noreturn]] void fail(sqlite3* connection, int code) {
  std::string what = connection == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection);
  const bool is_of_the_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  // Asked after the message, which asking replaces.
  const int system_error = is_of_the_system ? system_error_of(connection) : 0;
  if (system_error != 0)
    what += " (" + std::error_code(system_error, std::generic_category()).message() + ")";
  throw StoreError(fault_of(code, system_error), what);
}

}  // namespace

Database::Database(const std::filesystem::path& file) {
  const int code = sqlite3_open_v2(
      file.c_str(), &connection_,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE,
      nullptr);
  if (code != SQLITE_OK) {
    try {
      fail(connection_, code);
    } catch (...) {
      sqlite3_close(connection_);
      throw;
    }
  }
  sqlite3_busy_timeout(connection_, kBusyTimeoutMs);
}

Database::~Database() {
  CHECK(sqlite3_close(connection_) == SQLITE_OK);  // anything else: a statement outlived its database
}

void Database::check(int code) const {
  if (code != SQLITE_OK) fail(connection_, code);
}

void Database::run(const char* sql) {
  check(sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr));
}

std::int64_t Database::number(const char* sql) {
  Statement statement(*this, sql);
  CHECK(statement.step());
  return statement.number(0);
}

std::string Database::text(const char* sql) {
  Statement statement(*this, sql);
  CHECK(statement.step());
  return statement.text(0);
}

void Database::keep_log_on_close() noexcept {
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
  database.check(sqlite3_prepare_v2(database.connection_, sql, -1, &statement_, nullptr));
}

Statement& Statement::bind(int place, std::int64_t number) {
  database_.check(sqlite3_bind_int64(statement_, place, number));
  return *this;
}

Statement& Statement::bind(int place, std::span<const std::byte> bytes) {
  // An empty span's null would be NULL, not an empty blob.
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  database_.check(sqlite3_bind_blob64(statement_, place, data, bytes.size(), SQLITE_STATIC));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(database_.connection_, code);
  sqlite3_reset(statement_);
  return false;
}

void Statement::finish() {
  CHECK(!step());
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::span<const std::byte> Statement::blob(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string Statement::text(int column) const {
  const auto bytes = blob(column);
  std::string text;
  for (const std::byte byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!database_.in_transaction()) return;
  try {
    database_.run("ROLLBACK");
  } catch (const StoreError&) {
    // SQLite rolls back by itself what it could not: the connection is closed next.
    return;
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
}

}  // namespace hubbub::relay
