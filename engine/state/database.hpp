#pragma once
// state.db: what the engine knows, in one SQLite file. Every kind of object has a table of documents, id → JSON, read whole at
// start and written one row at a time on the loop thread (WAL, synchronous=NORMAL: about 30 µs a write; a power loss may lose
// the last writes but never consistency). Intents are rows like any other.
//
// On a full disk: the write-ahead log has its blocks from the start and is written in circles, so that what exists can still be
// ended and removed (docs/adr/0013-room-for-removals.md). Where even that does not help (a file system that copies on write,
// one that became read-only), record() and erase() keep their rows in memory until they can be written.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace stack::engine {

/// The tables of documents. A new one is a new migration.
enum class Table { containers, images, networks, endpoints, volumes, build_cache, projects, intents };

class Database {
public:
  /// Opens or creates the file and brings its schema up to date. Throws unavailable when another process has locked it or
  /// the disk is full, internal when a newer program wrote it or the disk fails (the message names the file).
  explicit Database(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void put(Table table, std::string_view id,
           const nlohmann::json& document);                                ///< inserts or replaces; throws when the disk fails
  void put_text(Table table, std::string_view id, std::string_view json);  ///< the same with JSON that is text already
  /// The same for what has happened, or must go on, whether it can be written down or not: what cannot be is kept and written
  /// by a later call or by catch_up(). Throws nothing but what the document's conversion to text throws.
  void record(Table table, std::string_view id, const nlohmann::json& document);
  void record_text(Table table, std::string_view id, std::string json);
  void erase(Table table, std::string_view id);  ///< no error when absent; does not fail either

  /// Rows that record() and erase() could not write yet; lost when the process ends before they are.
  bool behind() const { return !unwritten_.empty(); }
  void catch_up();
  /// Called when behind() becomes true; whoever is told calls catch_up() from time to time.
  void on_behind(std::function<void()> handler) { on_behind_ = std::move(handler); }

  /// Every row, by id. Rows whose JSON does not parse are left out and logged.
  std::vector<std::pair<std::string, nlohmann::json>> all(Table table) const;
  std::vector<std::pair<std::string, std::string>> all_text(Table table) const;

  /// Runs `steps` as one transaction; rolled back when it throws. Does not nest. Inside, record() and erase() throw as put()
  /// does.
  void transaction(const std::function<void()>& steps);

  std::string setting(std::string_view name) const;  ///< empty when unset
  void set_setting(std::string_view name, std::string_view value);

  std::int64_t schema_version() const;

private:
  sqlite3_stmt* prepared(const std::string& sql) const;
  void run(const std::string& sql) const;
  void migrate();
  void reserve_room();
  void write_row(Table table, std::string_view id, const std::optional<std::string>& json);  ///< no JSON: deletes it
  void keep(Table table, std::string_view id, std::optional<std::string> json);

  std::string path_;
  sqlite3* handle_ = nullptr;
  mutable std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
  bool in_transaction_ = false;
  bool reserved_ = false;
  bool told_ = false;                                                              // that we are behind
  std::map<std::pair<Table, std::string>, std::optional<std::string>> unwritten_;  // no JSON: to be deleted
  std::function<void()> on_behind_;
};

}  // namespace stack::engine
