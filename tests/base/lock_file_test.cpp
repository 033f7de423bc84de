#include "base/lock_file.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/digest.hpp"

namespace stack {
namespace {

class LockFile : public testing::Test {
protected:
  LockFile() { std::filesystem::create_directories(directory_); }
  ~LockFile() override { std::filesystem::remove_all(directory_); }
  std::string directory_ = testing::TempDir() + "stack-lock-" + random_hex(8);
  std::string path_ = directory_ + "/lock";
};

TEST_F(LockFile, IsHeldByOneAtATime) {
  UniqueFd first = try_lock_file(path_);
  ASSERT_TRUE(first);
  EXPECT_FALSE(try_lock_file(path_));
  EXPECT_EQ(errno, EWOULDBLOCK);
  first.reset();
  EXPECT_TRUE(try_lock_file(path_));
}

TEST_F(LockFile, SaysThatTheDirectoryIsGone) {
  EXPECT_FALSE(try_lock_file(directory_ + "/none/lock"));
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(LockFile, AFileThatItsHolderRemovedLocksNobodyOut) {
  const UniqueFd old = try_lock_file(path_);
  std::filesystem::remove(path_);
  const UniqueFd current = try_lock_file(path_);
  EXPECT_TRUE(current);
  EXPECT_FALSE(try_lock_file(path_));
}

TEST_F(LockFile, HasOneHolderThoughEachRemovesItAtItsEnd) {
  std::atomic<int> holders = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int taken = 0; taken < 200;) {
        const UniqueFd lock = try_lock_file(path_);
        if (!lock) continue;
        most = std::max(most.load(), ++holders);
        --holders;
        std::filesystem::remove(path_);  // the lock ends with the file
        ++taken;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
}

}  // namespace
}  // namespace stack
