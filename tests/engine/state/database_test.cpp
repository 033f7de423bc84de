#include "engine/state/database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace stack::engine {
namespace {

class DatabaseTest : public testing::Test {
protected:
  DatabaseTest() { std::filesystem::create_directories(directory_); }
  ~DatabaseTest() override { std::filesystem::remove_all(directory_); }
  std::string file() const { return directory_ + "/state.db"; }
  std::string directory_ = testing::TempDir() + "stack-db-" + random_hex(8);
};

TEST_F(DatabaseTest, KeepsDocumentsAcrossReopening) {
  {
    Database database(file());
    database.put(Table::containers, "b", {{"name", "web"}});
    database.put(Table::containers, "a", {{"name", "db"}});
    database.put(Table::networks, "a", {{"driver", "bridge"}});
    database.set_setting("boot", "x");
  }
  Database database(file());
  const auto rows = database.all(Table::containers);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].first, "a");
  EXPECT_EQ(rows[0].second.at("name"), "db");
  EXPECT_EQ(rows[1].second.at("name"), "web");
  EXPECT_EQ(database.all(Table::networks).size(), 1U);
  EXPECT_EQ(database.setting("boot"), "x");
  EXPECT_EQ(database.setting("other"), "");
}

TEST_F(DatabaseTest, PutReplacesAndEraseRemovesOneRow) {
  Database database(file());
  database.put(Table::volumes, "v", {{"n", 1}});
  database.put(Table::volumes, "v", {{"n", 2}});
  database.put(Table::volumes, "w", {{"n", 3}});
  database.erase(Table::volumes, "w");
  database.erase(Table::volumes, "never there");
  const auto rows = database.all(Table::volumes);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].second.at("n"), 2);
}

TEST_F(DatabaseTest, ATransactionThatThrowsLeavesNothing) {
  Database database(file());
  EXPECT_THROW(database.transaction([&] {
    database.put(Table::images, "i", {{"n", 1}});
    throw Error(ErrorCode::internal, "no");
  }),
               Error);
  EXPECT_TRUE(database.all(Table::images).empty());
  database.transaction([&] { database.put(Table::images, "i", {{"n", 1}}); });
  EXPECT_EQ(database.all(Table::images).size(), 1U);
}

TEST_F(DatabaseTest, ARowThatIsNoJsonDoesNotHideTheOthers) {
  { Database database(file()); }
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "INSERT INTO images VALUES('bad','{'),('good','{}')", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(handle);
  Database database(file());
  const auto rows = database.all(Table::images);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].first, "good");
}

/// While it lives no write of this process succeeds, as on a disk that is full and has no blocks set aside.
class NoRoom {
public:
  NoRoom() {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NoRoom() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  NoRoom(const NoRoom&) = delete;
  NoRoom& operator=(const NoRoom&) = delete;

private:
  rlimit before_{};
};

TEST_F(DatabaseTest, WhatHasHappenedIsWrittenWhenThereIsRoomAgain) {
  int told = 0;
  {
    Database database(file());
    database.on_behind([&] { ++told; });
    database.put(Table::containers, "gone", {{"n", 1}});
    database.put(Table::containers, "ended", {{"n", 1}});
    {
      const NoRoom full;
      EXPECT_THROW(database.put(Table::containers, "new", {{"n", 1}}), Error);
      database.erase(Table::containers, "gone");
      database.record(Table::containers, "ended", {{"n", 2}});
      database.record(Table::containers, "ended", {{"n", 3}});
      database.catch_up();
      EXPECT_TRUE(database.behind());
      EXPECT_EQ(told, 1);
    }
    database.catch_up();
    EXPECT_FALSE(database.behind());
  }
  Database database(file());
  const auto rows = database.all(Table::containers);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].first, "ended");
  EXPECT_EQ(rows[0].second.at("n"), 3);
}

TEST_F(DatabaseTest, ANewerRowIsNotOverwrittenByOneThatWasKept) {
  Database database(file());
  database.put(Table::volumes, "v", {{"n", 1}});
  {
    const NoRoom full;
    database.erase(Table::volumes, "v");
  }
  database.put(Table::volumes, "v", {{"n", 2}});
  database.catch_up();
  EXPECT_FALSE(database.behind());
  EXPECT_EQ(database.all(Table::volumes).at(0).second.at("n"), 2);
}

TEST_F(DatabaseTest, TheLogHasItsBlocksFromTheStartAndKeepsThem) {
  Database database(file());
  const auto log_bytes = [&] {
    struct stat info {};
    EXPECT_EQ(::stat((file() + "-wal").c_str(), &info), 0);
    return info.st_blocks * 512;
  };
  EXPECT_GE(log_bytes(), 4 << 20);
  for (int i = 0; i < 1000; ++i) database.put(Table::volumes, "v", {{"text", std::string(5000, 'x')}});  // several circles
  EXPECT_GE(log_bytes(), 4 << 20);
}

TEST_F(DatabaseTest, RefusesAFileOfANewerProgram) {
  std::int64_t version = 0;
  {
    Database database(file());
    version = database.schema_version();
    EXPECT_GE(version, 1);
  }
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, ("PRAGMA user_version=" + std::to_string(version + 1)).c_str(), nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(handle);
  try {
    Database database(file());
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_THAT(std::string(error.what()), testing::HasSubstr("newer version"));
  }
}

TEST_F(DatabaseTest, BytesThatAreNoUtf8DoNotLoseTheRow) {
  Database database(file());
  database.put(Table::containers, "c",
               {{"arg",
                 "a\xff"
                 "b"}});
  ASSERT_EQ(database.all(Table::containers).size(), 1U);
}

}  // namespace
}  // namespace stack::engine
