#include "engine/network/name_table.hpp"

#include <gtest/gtest.h>

namespace stack::engine::network {

Ipv4 address(const char* text) { return *Ipv4::parse(text); }

/// "10.0.0.2 10.0.0.3", "-" for a name that is not ours.
std::string lookup(const NameTable& table, const char* container, const char* name) {
  const auto view = table.view(container);
  std::vector<dns::Address> addresses;
  if (!view || !view->find(name, addresses)) return "-";
  std::string text;
  for (const dns::Address& found : addresses) text += (text.empty() ? "" : " ") + found.to_string();
  return text;
}

class NameTableTest : public ::testing::Test {
protected:
  void SetUp() override {
    table.add("n1", "shop_front", "c1", address("10.0.0.2"), {"shop-web-1", "web", "www", "c1"});
    table.add("n1", "shop_front", "c2", address("10.0.0.3"), {"shop-web-2", "web", "c2"});
    table.add("n2", "shop_back", "c2", address("10.1.0.2"), {"shop-web-2", "web", "c2"});
    table.add("n2", "shop_back", "c3", address("10.1.0.3"), {"shop-db-1", "db", "c3"});
    table.publish();
  }
  NameTable table;
};

TEST_F(NameTableTest, GivesEveryAddressOfAServicesReplicas) { EXPECT_EQ(lookup(table, "c1", "web"), "10.0.0.2 10.0.0.3"); }

TEST_F(NameTableTest, ShowsOnlyTheNetworksOfTheContainerThatAsks) {
  EXPECT_EQ(lookup(table, "c1", "db"), "-");
  EXPECT_EQ(lookup(table, "c2", "db"), "10.1.0.3");
  EXPECT_EQ(lookup(table, "c3", "www"), "-");
}

TEST_F(NameTableTest, KnowsNamesQualifiedByTheNetwork) {
  EXPECT_EQ(lookup(table, "c2", "web.shop_back"), "10.1.0.2");
  EXPECT_EQ(lookup(table, "c1", "web.shop_back"), "-");
  EXPECT_EQ(lookup(table, "c1", ".shop_front"), "-");
}

TEST_F(NameTableTest, AnswersReverseQueriesWithNameAndNetwork) {
  EXPECT_EQ(table.view("c1")->reverse(dns::Address::from_v4({10, 0, 0, 3})), "shop-web-2.shop_front");
  EXPECT_EQ(table.view("c1")->reverse(dns::Address::from_v4({10, 1, 0, 3})), "");
}

TEST_F(NameTableTest, ChangesShowWhenPublishedAndOldViewsStayAsTheyWere) {
  const auto before = table.view("c1");
  table.remove("n1", "c2");
  EXPECT_EQ(lookup(table, "c1", "web"), "10.0.0.2 10.0.0.3");
  table.publish();
  EXPECT_EQ(lookup(table, "c1", "web"), "10.0.0.2");
  EXPECT_EQ(lookup(table, "c2", "web"), "10.1.0.2");
  std::vector<dns::Address> addresses;
  EXPECT_TRUE(before->find("web", addresses));
  EXPECT_EQ(addresses.size(), 2u);
}

TEST_F(NameTableTest, LinksAreNamesForOneContainerAlone) {
  table.set_links("n1", "c1",
                  {{"Backend", "shop-web-2"},
                   {"www", "shop-web-2"},
                   {"gone", "shop-old-1"},
                   {"both", "shop-web-1"},
                   {"both", "shop-web-2"}});
  table.publish();
  EXPECT_EQ(lookup(table, "c1", "backend"), "10.0.0.3");
  EXPECT_EQ(lookup(table, "c1", "www"), "10.0.0.3") << "above the alias of that name";
  EXPECT_EQ(lookup(table, "c1", "both"), "10.0.0.2 10.0.0.3");
  EXPECT_EQ(lookup(table, "c1", "gone"), "-");
  EXPECT_EQ(lookup(table, "c2", "backend"), "-");
}

TEST_F(NameTableTest, ALinkFindsTheContainerWhenItComesBack) {
  table.set_links("n1", "c1", {{"backend", "shop-web-2"}});
  table.remove("n1", "c2");
  table.publish();
  EXPECT_EQ(lookup(table, "c1", "backend"), "-");
  table.add("n1", "shop_front", "c9", address("10.0.0.9"), {"shop-web-2", "web"});
  table.publish();
  EXPECT_EQ(lookup(table, "c1", "backend"), "10.0.0.9");
}

TEST_F(NameTableTest, ForgetsAContainerThatLeftAllNetworks) {
  table.remove("n1", "c1");
  table.publish();
  EXPECT_EQ(table.view("c1"), nullptr);
  EXPECT_EQ(table.view("nobody"), nullptr);
}

TEST_F(NameTableTest, NamesAreLowerCaseInside) {
  table.add("n1", "shop_front", "c4", address("10.0.0.4"), {"Shop-API", "API"});
  table.publish();
  EXPECT_EQ(lookup(table, "c1", "api"), "10.0.0.4");
}

}  // namespace stack::engine::network
