#pragma once
// A store in a temporary directory with a loop to run its coroutines on.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/archive.hpp"
#include "engine/image/store.hpp"
#include "tests/support/temp_dir.hpp"

namespace stack::engine::image {

/// Runs a coroutine to its end on a fresh run of the loop; throws what it throws.
template <class T>
T run(asio::io_context& loop, asio::awaitable<T> coroutine) {
  std::exception_ptr error;
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(loop, std::move(coroutine), [&](std::exception_ptr thrown) { error = thrown; });
    loop.restart();
    loop.run();
    if (error) std::rethrow_exception(error);
  } else {
    std::optional<T> result;
    asio::co_spawn(loop, std::move(coroutine), [&](std::exception_ptr thrown, T value) {
      error = thrown;
      result = std::move(value);
    });
    loop.restart();
    loop.run();
    if (error) std::rethrow_exception(error);
    return std::move(*result);
  }
}

class TarBuilder {
public:
  TarBuilder& add(archive::Member::Type type, const std::string& path, const std::string& content = {}, mode_t mode = 0644) {
    archive::Member member;
    member.type = type;
    member.path = path;
    member.mode = mode;
    if (type == archive::Member::Type::file)
      member.size = content.size();
    else
      member.link = content;
    return add(member, type == archive::Member::Type::file ? content : "");
  }
  TarBuilder& add(const archive::Member& member, const std::string& content) {
    writer_.add(member);
    if (!content.empty()) writer_.content(content);
    return *this;
  }
  TarBuilder& file(const std::string& path, const std::string& content, mode_t mode = 0644) {
    return add(archive::Member::Type::file, path, content, mode);
  }
  TarBuilder& dir(const std::string& path, mode_t mode = 0755) { return add(archive::Member::Type::directory, path, "", mode); }
  TarBuilder& link(const std::string& path, const std::string& target) {
    return add(archive::Member::Type::symlink, path, target);
  }
  std::string bytes() {
    writer_.finish();
    return bytes_;
  }

private:
  std::string bytes_;
  archive::Writer writer_{[this](std::string_view piece) { bytes_ += piece; }};
};

class StoreTest : public ::testing::Test {
protected:
  void SetUp() override { open_store(); }
  void TearDown() override {
    store.reset();
    pool.join();
  }
  /// As after a restart of the engine.
  void open_store() {
    store.reset();
    store.emplace(dir.path(), table, pool);
    store->set_usage([this](const std::string& id) { return id == used_image ? uses : std::vector<ImageUse>{}; });
    store->load();
  }
  ImagePtr import(const std::string& tar, const std::string& name = {}) {
    Store::ImportOptions options;
    if (!name.empty()) options.name = parse_tagged_reference(name);
    return run(loop, store->import_rootfs(options, body_from_memory(tar)));
  }

  test::TempDir dir;
  asio::io_context loop;
  asio::thread_pool pool{2};
  MemoryTable table;
  std::string used_image;
  std::vector<ImageUse> uses;
  std::optional<Store> store;
};

}  // namespace stack::engine::image
