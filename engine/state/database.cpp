#include "engine/state/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/unique_fd.hpp"

namespace stack::engine {

namespace {

constexpr const char* name_of(Table table) {
  switch (table) {
    case Table::containers: return "containers";
    case Table::images: return "images";
    case Table::networks: return "networks";
    case Table::endpoints: return "endpoints";
    case Table::volumes: return "volumes";
    case Table::build_cache: return "build_cache";
    case Table::projects: return "projects";
    case Table::intents: return "intents";
  }
  return "";
}

// Step N brings version N to N+1. Never change one that was released: append.
constexpr std::array migrations = {
    "CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE containers(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE images(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE networks(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE endpoints(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE volumes(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE build_cache(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE projects(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE intents(id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;",
};

// Blocks the write-ahead log keeps for good. Checkpoints come four times as often as needed to stay below it, so a row can be
// written on a full disk, too; the database itself grows in steps, and what is removed leaves free pages in it.
constexpr off_t log_reserve = 4 << 20;
constexpr int growth_step = 512 << 10;

/// SQLite keeps no errno for the caller; what the last call left says at least why a disk fails.
[[noreturn]] void fail(sqlite3* handle, const std::string& path, const char* doing) {
  const int system_error = errno;
  const int code = handle ? sqlite3_errcode(handle) : SQLITE_NOMEM;
  std::string text = handle ? sqlite3_errmsg(handle) : "out of memory";
  if ((code & 0xff) == SQLITE_IOERR && system_error != 0) text += std::string(" (") + std::strerror(system_error) + ")";
  throw Error(code == SQLITE_BUSY || code == SQLITE_FULL ? ErrorCode::unavailable : ErrorCode::internal,
              path + ": " + doing + ": " + text);
}

/// A prepared statement in use: reset when done, so that it can be used again.
class Use {
public:
  Use(sqlite3* handle, sqlite3_stmt* statement, const std::string& path)
      : handle_(handle), statement_(statement), path_(path) {}
  ~Use() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Use& bind(int index, std::string_view text) {
    if (sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC) != SQLITE_OK)
      fail(handle_, path_, "bind");
    return *this;
  }
  bool step() {
    errno = 0;
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) fail(handle_, path_, "write");
    return false;
  }
  std::string_view text(int column) const {
    const auto* data = sqlite3_column_text(statement_, column);
    return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }

private:
  sqlite3* handle_;
  sqlite3_stmt* statement_;
  const std::string& path_;
};

}  // namespace

Database::Database(const std::string& path) : path_(path) {
  // one thread uses it, so no mutexes
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr) != SQLITE_OK) {
    const std::string text = handle_ ? sqlite3_errmsg(handle_) : "out of memory";
    sqlite3_close_v2(handle_);
    throw Error(ErrorCode::internal, path + ": open: " + text);
  }
  try {
    int step = growth_step;
    sqlite3_file_control(handle_, "main", SQLITE_FCNTL_CHUNK_SIZE, &step);
    // The instance lock keeps other engines out; exclusive mode also spares the shared-memory file. A killed engine may not
    // have let go of its files yet: that is waited for.
    sqlite3_busy_timeout(handle_, 5000);
    run("PRAGMA locking_mode=EXCLUSIVE");
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=NORMAL");
    run("PRAGMA cache_size=-512");
    run("PRAGMA wal_autocheckpoint=256");  // pages
    run("PRAGMA journal_size_limit=" + std::to_string(log_reserve));
    migrate();
    reserve_room();
  } catch (...) {
    for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close_v2(handle_);
    throw;
  }
}

Database::~Database() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

/// A log that is longer than its content is none the worse: SQLite reads up to the first frame that does not belong to it.
void Database::reserve_room() {
  const UniqueFd log_file(::open((path_ + "-wal").c_str(), O_WRONLY | O_CLOEXEC));
  const int error = log_file ? ::posix_fallocate(log_file.get(), 0, log_reserve) : errno;
  reserved_ = error == 0;
  if (!reserved_ && !told_) log::warning("{}: no room can be set aside for removals: {}", path_, std::strerror(error));
}

void Database::run(const std::string& sql) const {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(handle_, path_, sql.c_str());
}

sqlite3_stmt* Database::prepared(const std::string& sql) const {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    fail(handle_, path_, sql.c_str());
  statements_.emplace(sql, statement);
  return statement;
}

std::int64_t Database::schema_version() const {
  Use use(handle_, prepared("PRAGMA user_version"), path_);
  return use.step() ? use.number(0) : 0;
}

void Database::migrate() {
  const auto version = static_cast<std::size_t>(schema_version());
  if (version > migrations.size())
    throw Error(ErrorCode::internal, path_ + " was written by a newer version of this program (schema " +
                                         std::to_string(version) + ", this one knows " + std::to_string(migrations.size()) +
                                         ")");
  for (std::size_t step = version; step < migrations.size(); ++step) {
    transaction([&] {
      run(migrations[step]);
      run("PRAGMA user_version=" + std::to_string(step + 1));
    });
  }
}

void Database::transaction(const std::function<void()>& steps) {
  catch_up();
  run("BEGIN IMMEDIATE");
  in_transaction_ = true;
  try {
    steps();
    run("COMMIT");
  } catch (...) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    in_transaction_ = false;
    throw;
  }
  in_transaction_ = false;
}

namespace {

/// Bytes that are no UTF-8 (an argument, a label) must not lose the whole row.
std::string text_of(const nlohmann::json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void Database::put(Table table, std::string_view id, const nlohmann::json& document) { put_text(table, id, text_of(document)); }

void Database::put_text(Table table, std::string_view id, std::string_view json) {
  if (!in_transaction_) catch_up();
  if (!reserved_) reserve_room();
  write_row(table, id, std::string(json));
  unwritten_.erase({table, std::string(id)});
}

void Database::record(Table table, std::string_view id, const nlohmann::json& document) { keep(table, id, text_of(document)); }

void Database::record_text(Table table, std::string_view id, std::string json) { keep(table, id, std::move(json)); }

void Database::erase(Table table, std::string_view id) { keep(table, id, std::nullopt); }

void Database::keep(Table table, std::string_view id, std::optional<std::string> json) {
  if (in_transaction_) {
    write_row(table, id, json);
    unwritten_.erase({table, std::string(id)});
    return;
  }
  unwritten_[{table, std::string(id)}] = std::move(json);
  catch_up();
}

void Database::catch_up() {
  try {
    while (!unwritten_.empty()) {
      const auto& [row, json] = *unwritten_.begin();
      write_row(row.first, row.second, json);
      unwritten_.erase(unwritten_.begin());
    }
    if (std::exchange(told_, false)) log::info("{} is written again, and complete", path_);
  } catch (const Error& error) {
    if (std::exchange(told_, true)) return;
    log::error("{}; what happens is kept in memory until it can be written", error.what());
    if (on_behind_) on_behind_();
  }
}

void Database::write_row(Table table, std::string_view id, const std::optional<std::string>& json) {
  if (json) {
    Use use(handle_, prepared(std::string("INSERT OR REPLACE INTO ") + name_of(table) + "(id,body) VALUES(?1,?2)"), path_);
    use.bind(1, id).bind(2, *json).step();
  } else {
    Use use(handle_, prepared(std::string("DELETE FROM ") + name_of(table) + " WHERE id=?1"), path_);
    use.bind(1, id).step();
  }
}

std::vector<std::pair<std::string, std::string>> Database::all_text(Table table) const {
  std::vector<std::pair<std::string, std::string>> rows;
  Use use(handle_, prepared(std::string("SELECT id,body FROM ") + name_of(table) + " ORDER BY id"), path_);
  while (use.step()) rows.emplace_back(std::string(use.text(0)), std::string(use.text(1)));
  return rows;
}

std::vector<std::pair<std::string, nlohmann::json>> Database::all(Table table) const {
  std::vector<std::pair<std::string, nlohmann::json>> rows;
  for (auto& [id, text] : all_text(table)) {
    nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (document.is_discarded())
      log::error("{}: row {} of table {} is no JSON and is ignored", path_, id, name_of(table));
    else
      rows.emplace_back(std::move(id), std::move(document));
  }
  return rows;
}

std::string Database::setting(std::string_view name) const {
  Use use(handle_, prepared("SELECT value FROM settings WHERE name=?1"), path_);
  return use.bind(1, name).step() ? std::string(use.text(0)) : std::string();
}

void Database::set_setting(std::string_view name, std::string_view value) {
  Use use(handle_, prepared("INSERT OR REPLACE INTO settings(name,value) VALUES(?1,?2)"), path_);
  use.bind(1, name).bind(2, value).step();
}

}  // namespace stack::engine
