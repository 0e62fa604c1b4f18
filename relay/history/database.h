// SQLite as owners: a connection, a statement and a transaction, whose errors are StoreErrors. Knows nothing
// of what is kept. Used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include <sqlite3.h>

#include "relay/history/options.h"

namespace hubbub::relay {

class Database {
 public:
  // The file must exist. Throws StoreError.
  explicit Database(const std::filesystem::path& file);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  void run(const char* sql);
  // The one value of a query that gives one.
  std::int64_t number(const char* sql);
  std::string text(const char* sql);
  // Leaves the write-ahead log where it is when this is closed, for who looks into a damaged file.
  void keep_log_on_close() noexcept;
  // Rows that the last INSERT or DELETE changed.
  [[nodiscard]] int changes() const { return sqlite3_changes(connection_); }
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

 private:
  friend class Statement;
  void check(int code) const;

  sqlite3* connection_ = nullptr;
};

class Statement {
 public:
  Statement(Database& database, const char* sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  // Places count from 1. Bytes are not copied: they must outlive the steps.
  Statement& bind(int place, std::int64_t number);
  Statement& bind(int place, std::span<const std::byte> bytes);
  // True: there is a row to read. False: done, and ready to be bound anew.
  bool step();
  // For a statement that gives no rows.
  void finish();

  // Columns count from 0. A blob is good until the next step.
  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::span<const std::byte> blob(int column) const;
  [[nodiscard]] std::string text(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

// Rolled back unless it was committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Database& database_;
};

}  // namespace hubbub::relay
