#pragma once
// What managers that keep whole JSON documents need of the database: load all at start, change some in one transaction.
#include <map>
#include <string>
#include <vector>

namespace stack::engine {

struct Document {
  std::string key;   ///< primary key
  std::string json;  ///< the value, opaque to the database
};

/// One table of documents. Used on the loop thread only.
class DocumentTable {
public:
  virtual ~DocumentTable() = default;
  virtual std::vector<Document> load_all() = 0;
  /// Inserts or replaces `put` and deletes `remove` (missing keys are fine), all in one transaction. Throws when the disk does
  /// not take it, but never when there is only something to delete.
  virtual void apply(const std::vector<Document>& put, const std::vector<std::string>& remove) = 0;
};

/// A table in memory, for tests and tools.
class MemoryTable : public DocumentTable {
public:
  std::vector<Document> load_all() override {
    std::vector<Document> all;
    for (const auto& [key, json] : rows_) all.push_back({key, json});
    return all;
  }
  void apply(const std::vector<Document>& put, const std::vector<std::string>& remove) override {
    for (const auto& key : remove) rows_.erase(key);
    for (const auto& document : put) rows_[document.key] = document.json;
  }

private:
  std::map<std::string, std::string> rows_;
};

}  // namespace stack::engine
