#pragma once
// The managers' own persistence interfaces on the state database.
#include <string>
#include <vector>

#include "engine/network/store.hpp"
#include "engine/state/database.hpp"
#include "engine/state/document_table.hpp"

namespace stack::engine {

class DatabaseTable : public DocumentTable {
public:
  DatabaseTable(Database& database, Table table) : database_(database), table_(table) {}
  std::vector<Document> load_all() override;
  void apply(const std::vector<Document>& put, const std::vector<std::string>& remove) override;

private:
  Database& database_;
  Table table_;
};

class DatabaseNetworkStore : public network::NetworkStore {
public:
  explicit DatabaseNetworkStore(Database& database) : database_(database) {}
  void save_network(const std::string& id, const std::string& json) override { database_.put_text(Table::networks, id, json); }
  void remove_network(const std::string& id) override { database_.erase(Table::networks, id); }
  std::vector<std::string> load_networks() override { return texts(Table::networks); }
  void save_attachment(const std::string& id, const std::string& json) override {
    database_.put_text(Table::endpoints, id, json);
  }
  void remove_attachment(const std::string& id) override { database_.erase(Table::endpoints, id); }
  std::vector<std::string> load_attachments() override { return texts(Table::endpoints); }

  void record_network(const std::string& id, const std::string& json) override {
    database_.record_text(Table::networks, id, json);
  }
  void record_attachment(const std::string& id, const std::string& json) override {
    database_.record_text(Table::endpoints, id, json);
  }

private:
  std::vector<std::string> texts(Table table) const;
  Database& database_;
};

}  // namespace stack::engine
