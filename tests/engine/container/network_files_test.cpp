#include "engine/container/network_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/temp_dir.hpp"

namespace stack::engine::container {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::int64_t written_at(const std::string& path) {
  struct stat info {};
  ::stat(path.c_str(), &info);
  return info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec;
}

TEST(NetworkFiles, AnAddressComesAndGoesAndTheRestOfTheHostsStays) {
  const test::TempDir directory;
  const std::string path = directory / "hosts";
  write_in_place(path, "127.0.0.1\tlocalhost\n10.0.0.12\tmine # by hand\n");
  network::HostsFile names;
  names.hostname = "box";
  add_host(path, "10.0.0.1", names);
  EXPECT_EQ(text_of(path), "127.0.0.1\tlocalhost\n10.0.0.12\tmine # by hand\n10.0.0.1\tbox\n");
  remove_host(path, "10.0.0.1");
  EXPECT_EQ(text_of(path), "127.0.0.1\tlocalhost\n10.0.0.12\tmine # by hand\n");
}

TEST(NetworkFiles, TheBuiltInServerIsNamedWithTheContainersOwnOptions) {
  const test::TempDir directory;
  const std::string path = directory / "resolv.conf";
  write_in_place(path, "nameserver 9.9.9.9\n");
  network::ResolvConfRequest request;
  request.dns = {"9.9.9.9"};
  request.dns_search = {"example.org"};
  request.dns_options = {"ndots:2"};
  use_built_in_dns(path, request, written_at(path));
  EXPECT_EQ(text_of(path), "nameserver 127.0.0.11\nsearch example.org\noptions ndots:2\n");
}

TEST(NetworkFiles, WhatAProgramOfTheContainerHasWrittenStays) {
  const test::TempDir directory;
  const std::string path = directory / "resolv.conf";
  write_in_place(path, "nameserver 1.2.3.4\n");
  use_built_in_dns(path, {}, written_at(path) - 1);
  EXPECT_EQ(text_of(path), "nameserver 1.2.3.4\n");
}

}  // namespace
}  // namespace stack::engine::container
