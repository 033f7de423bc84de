#include "engine/launcher.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace stack::engine {
namespace {

/// A listening socket that appears complete, as the engine's does.
UniqueFd listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string temporary = path + ".new";
  std::strncpy(address.sun_path, temporary.c_str(), sizeof address.sun_path - 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(socket.get(), 16), 0);
  std::filesystem::rename(temporary, path);
  return socket;
}

class LauncherTest : public testing::Test {
protected:
  LauncherTest() {
    paths_.data_root = directory_ + "/data";
    paths_.run_root = directory_ + "/run";
    paths_.instance = "0";
    std::filesystem::create_directories(paths_.data_root);
  }
  ~LauncherTest() override { std::filesystem::remove_all(directory_); }

  /// A program that stands for `stack`: a shell script run in the engine's place, its arguments and descriptors as given to it.
  LauncherOptions options(const std::string& script) {
    const std::string program = directory_ + "/program";
    std::ofstream(program) << "#!/bin/sh\n" << script;
    ::chmod(program.c_str(), 0755);
    LauncherOptions result;
    result.paths = paths_;
    result.program = program;
    return result;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(directory_ + "/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string message_of(const LauncherOptions& launcher) {
    try {
      connect_or_start(launcher);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::string directory_ = testing::TempDir() + "stack-launcher-" + random_hex(8);
  Paths paths_;
};

TEST_F(LauncherTest, ConnectsToAnEngineThatListensAndStartsNone) {
  std::filesystem::create_directories(paths_.run_root);
  const UniqueFd engine = listen_at(paths_.socket());
  EXPECT_TRUE(connect_or_start(options("touch " + directory_ + "/started")));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/started"));
}

TEST_F(LauncherTest, SaysWhatTheEngineSaysWhenItCannotStart) {
  EXPECT_THAT(message_of(options("echo 'error the disk is full' >&4")), testing::HasSubstr("the disk is full"));
}

TEST_F(LauncherTest, SaysWhereToLookWhenTheEngineEndsWithoutAWord) {
  EXPECT_THAT(message_of(options("exit 7")), testing::HasSubstr(paths_.engine_log()));
}

TEST_F(LauncherTest, TheEngineGetsTheLockThePipeAndNothingElse) {
  const int leaked = ::open("/dev/null", O_RDONLY);  // inheritable on purpose
  message_of(options("ls /proc/self/fd >" + directory_ + "/fds; readlink /proc/self/fd/3 >" + directory_ +
                     "/lock; echo \"$@\" >" + directory_ + "/arguments; flock -n " + paths_.lock() + " true; echo $? >" +
                     directory_ + "/locked; echo 'error end' >&4"));
  ::close(leaked);
  EXPECT_EQ(read("lock"), paths_.lock() + "\n");
  EXPECT_EQ(read("locked"), "1\n");  // held by descriptor 3
  EXPECT_EQ(read("arguments"), "engine --root " + paths_.data_root + " --run " + paths_.run_root + " --on-demand\n");
  std::istringstream fds(read("fds"));
  int highest = 0;
  for (int fd = 0; fds >> fd;) highest = std::max(highest, fd);
  EXPECT_LE(highest, 10);  // the shell's own script, ls's directory
}

TEST_F(LauncherTest, AFailedStartLetsTheNextOneTry) {
  message_of(options("echo 'error first' >&4"));
  EXPECT_THAT(message_of(options("echo 'error second' >&4")), testing::HasSubstr("second"));
}

TEST_F(LauncherTest, WaitsForAnEngineThatSomebodyElseStarts) {
  std::filesystem::create_directories(paths_.run_root);
  const UniqueFd lock(::open(paths_.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  const LauncherOptions launcher = options("touch " + directory_ + "/started");
  UniqueFd connected;
  std::thread waiting([&] { connected = connect_or_start(launcher); });
  const UniqueFd engine = listen_at(paths_.socket());
  waiting.join();
  EXPECT_TRUE(connected);
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/started"));
}

TEST_F(LauncherTest, StartsAnEngineWhenTheOneThatEndsLetsGoOfTheLock) {
  std::filesystem::create_directories(paths_.run_root);
  UniqueFd lock(::open(paths_.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  const LauncherOptions launcher = options("echo 'error mine' >&4");
  std::string message;
  std::thread waiting([&] { message = message_of(launcher); });
  lock.reset();
  waiting.join();
  EXPECT_THAT(message, testing::HasSubstr("mine"));
}

TEST_F(LauncherTest, ASocketOfAnEngineThatWasKilledIsNoEngine) {
  std::filesystem::create_directories(paths_.run_root);
  { const UniqueFd dead = listen_at(paths_.socket()); }
  EXPECT_THAT(message_of(options("echo 'error started' >&4")), testing::HasSubstr("started"));
  EXPECT_THROW(connect_to_engine(paths_), Error);
}

TEST_F(LauncherTest, ReachesSocketsWhosePathIsLongerThanAnAddress) {
  const std::string deep = directory_ + "/" + std::string(90, 'd') + "/" + std::string(60, 'e');
  std::filesystem::create_directories(deep);
  std::filesystem::create_directories(paths_.run_root);
  const UniqueFd engine = listen_at(paths_.socket());
  std::filesystem::rename(paths_.socket(), deep + "/engine.sock");
  EXPECT_TRUE(connect_unix(deep + "/engine.sock"));
}

}  // namespace
}  // namespace stack::engine
