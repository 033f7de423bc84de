#pragma once
// state.db: what the engine knows, in one SQLite file. Every kind of object has a table of documents, id → JSON, read whole at
// start and written one row at a time on the loop thread (WAL, synchronous=NORMAL: about 30 µs a write; a power loss may lose
// the last writes but never consistency). Intents are rows like any other.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
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
  /// Opens or creates the file and brings its schema up to date. Throws unavailable when another process has locked it,
  /// internal when a newer program wrote it or the disk fails (the message names the file).
  explicit Database(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void put(Table table, std::string_view id, const nlohmann::json& document);  ///< inserts or replaces
  void put_text(Table table, std::string_view id, std::string_view json);      ///< the same with JSON that is text already
  void erase(Table table, std::string_view id);                                ///< no error when absent
  /// Every row, by id. Rows whose JSON does not parse are left out and logged.
  std::vector<std::pair<std::string, nlohmann::json>> all(Table table) const;
  std::vector<std::pair<std::string, std::string>> all_text(Table table) const;

  /// Runs `steps` as one transaction; rolled back when it throws. Does not nest.
  void transaction(const std::function<void()>& steps);

  std::string setting(std::string_view name) const;  ///< empty when unset
  void set_setting(std::string_view name, std::string_view value);

  std::int64_t schema_version() const;

private:
  sqlite3_stmt* prepared(const std::string& sql) const;
  void run(const std::string& sql) const;
  void migrate();

  std::string path_;
  sqlite3* handle_ = nullptr;
  mutable std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

}  // namespace stack::engine
