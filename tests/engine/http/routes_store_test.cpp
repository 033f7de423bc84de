// The routes of images and volumes over real stores.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/thread_pool.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/http/routes.hpp"
#include "engine/image/pull.hpp"
#include "engine/image/store.hpp"
#include "engine/volume/manager.hpp"
#include "tests/engine/http/http_fixture.hpp"
#include "tests/engine/image/fixture.hpp"

namespace stack::engine::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpStores : public test::HttpFixture {
protected:
  HttpStores() {
    images_ = std::make_unique<image::Store>(directory_, image_table_, pool_);
    volumes_ = std::make_unique<volume::Manager>(directory_, volume_table_, pool_);
    images_->load();
    volumes_->load();
    puller_ = std::make_unique<image::Puller>(*images_, pull_table_, loop_.get_executor(), image::RegistryOptions());
    add_image_routes(router_, *images_, *puller_);
    add_image_transfer_routes(router_, *images_, *puller_);
    add_volume_routes(router_, *volumes_, pool_);
  }
  ~HttpStores() override {
    stop();
    images_->drain();
    volumes_->drain();
    pool_.join();
  }

  /// The answer's body as JSON; status before it.
  std::pair<int, nlohmann::json> call(const std::string& head, const std::string& body = {}) {
    const std::string answer = request(head, body);
    const auto text = answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4));
    return {std::stoi(answer.substr(9, 3)), text.empty() ? nlohmann::json() : nlohmann::json::parse(text, nullptr, false)};
  }
  /// Imports a small root filesystem under a name.
  std::string import(const std::string& repo) {
    const std::string tar = image::TarBuilder().dir("etc/").file("etc/name", repo).bytes();
    return request("POST /images/create?fromSrc=-&repo=" + repo + "&tag=1", tar);
  }

  MemoryTable image_table_, volume_table_, pull_table_;
  asio::thread_pool pool_{2};
  std::unique_ptr<image::Store> images_;
  std::unique_ptr<image::Puller> puller_;
  std::unique_ptr<volume::Manager> volumes_;
};

TEST_F(HttpStores, ImportsListsTagsAndRemovesImages) {
  start();
  EXPECT_EQ(call("GET /images/json").second, nlohmann::json::array());
  EXPECT_THAT(import("team/app"), HasSubstr(R"({"status":"sha256:)"));
  EXPECT_EQ(call("GET /v1.44/images/json").second[0]["RepoTags"][0], "team/app:1");
  EXPECT_EQ(call("GET /images/team/app:1/json").second["RepoTags"][0], "team/app:1");
  EXPECT_EQ(call("GET /images/team/app:1/history").second.size(), 1u);
  EXPECT_EQ(call("POST /images/team/app:1/tag?repo=other&tag=2").first, 201);
  EXPECT_EQ(call("DELETE /images/team/app:1").second[0]["Untagged"], "team/app:1");
  EXPECT_EQ(call("DELETE /images/other:2").second.back().contains("Deleted"), true);
  EXPECT_EQ(call("GET /images/json").second, nlohmann::json::array());
}

TEST_F(HttpStores, ImageErrorsAreDockers) {
  start();
  const auto [status, body] = call("GET /images/nothing/json");
  EXPECT_EQ(status, 404);
  EXPECT_EQ(body["message"], "No such image: nothing:latest");
  EXPECT_EQ(call("GET /images/json?filters=%7B%22zzz%22%3A%5B%22x%22%5D%7D").second["message"], "invalid filter 'zzz'");
  EXPECT_EQ(call("POST /images/create?fromImage=Busybox&tag=latest").first, 400);
  EXPECT_EQ(call("POST /images/create?fromImage=127.0.0.1:1/app&tag=latest").first, 500);
  EXPECT_GE(call("POST /images/create?fromSrc=-&repo=bad", "this is no archive").first, 400);
  EXPECT_EQ(call("GET /images/json").second, nlohmann::json::array());
}

TEST_F(HttpStores, PrunesDanglingImagesAndOnRequestUnusedOnes) {
  start();
  import("one");
  import("two");
  EXPECT_EQ(call("POST /images/prune").second["ImagesDeleted"], nullptr);
  images_->set_usage([&](const std::string& id) {
    const bool used = images_->find("one:1") && images_->find("one:1")->id == id;
    return used ? std::vector<image::ImageUse>{{"c1", true}} : std::vector<image::ImageUse>{};
  });
  const auto body = call("POST /images/prune?filters=%7B%22dangling%22%3A%5B%22false%22%5D%7D").second;
  EXPECT_EQ(body["ImagesDeleted"][0]["Untagged"], "two:1");
  EXPECT_GT(body["SpaceReclaimed"], 0);
  EXPECT_EQ(call("GET /images/json").second.size(), 1u);
}

TEST_F(HttpStores, CreatesListsAndRemovesVolumes) {
  start();
  const auto [status, created] = call("POST /volumes/create", R"({"Name":"data","Labels":{"app":"shop"}})");
  EXPECT_EQ(status, 201);
  EXPECT_EQ(created["Name"], "data");
  EXPECT_EQ(call("GET /volumes/data").second["Labels"]["app"], "shop");
  EXPECT_EQ(call("GET /volumes?filters=%7B%22label%22%3A%7B%22app%22%3Atrue%7D%7D").second["Volumes"].size(), 1u);
  EXPECT_EQ(call("GET /volumes?filters=%7B%22label%22%3A%5B%22app%3Dx%22%5D%7D").second["Volumes"], nlohmann::json::array());
  EXPECT_EQ(call("DELETE /volumes/data").first, 204);
  EXPECT_EQ(call("GET /volumes/data").second["message"], "get data: no such volume");
  EXPECT_EQ(call("POST /volumes/create", "{\"Name\":").first, 400);
  EXPECT_EQ(call("POST /volumes/create", R"({"Name":5})").first, 400);
}

TEST_F(HttpStores, PrunesAnonymousVolumesAndTellsWhatItFreed) {
  start();
  call("POST /volumes/create", R"({"Name":"kept"})");
  const auto anonymous = call("POST /volumes/create", "{}").second;
  std::ofstream(anonymous["Mountpoint"].get<std::string>() + "/file") << std::string(1000, 'x');
  const auto body = call("POST /volumes/prune").second;
  EXPECT_EQ(body["VolumesDeleted"], nlohmann::json::array({anonymous["Name"]}));
  EXPECT_EQ(body["SpaceReclaimed"], 1000);
  EXPECT_EQ(call("POST /volumes/prune?filters=%7B%22all%22%3A%5B%22true%22%5D%7D").second["VolumesDeleted"],
            nlohmann::json::array({"kept"}));
}

}  // namespace
}  // namespace stack::engine::http
