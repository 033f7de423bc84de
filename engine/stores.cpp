#include "engine/stores.hpp"

namespace stack::engine {

std::vector<Document> DatabaseTable::load_all() {
  std::vector<Document> documents;
  for (auto& [key, json] : database_.all_text(table_)) documents.push_back({std::move(key), std::move(json)});
  return documents;
}

void DatabaseTable::apply(const std::vector<Document>& put, const std::vector<std::string>& remove) {
  const auto steps = [&] {
    for (const auto& key : remove) database_.erase(table_, key);
    for (const auto& document : put) database_.put_text(table_, document.key, document.json);
  };
  if (!put.empty() && put.size() + remove.size() > 1)
    database_.transaction(steps);
  else
    steps();  // removals alone need not be one: they go through, now or later, even on a full disk
}

std::vector<std::string> DatabaseNetworkStore::texts(Table table) const {
  std::vector<std::string> result;
  for (auto& [key, json] : database_.all_text(table)) result.push_back(std::move(json));
  return result;
}

}  // namespace stack::engine
