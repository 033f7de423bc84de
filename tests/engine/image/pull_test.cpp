#include "engine/image/pull.hpp"

#include <gmock/gmock.h>
#include <unistd.h>
#include <zlib.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "tests/engine/image/fake_registry.hpp"
#include "tests/engine/image/fixture.hpp"

namespace stack::engine::image {
namespace {

using nlohmann::json;
using test::FakeRegistry;
using testing::HasSubstr;
using Type = archive::Member::Type;

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  ::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(::deflateBound(&stream, bytes.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

json descriptor(const std::string& blob, const std::string& type) {
  return {{"mediaType", type}, {"digest", sha256_digest(blob)}, {"size", blob.size()}};
}

class PullTest : public StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    server_.emplace([this](const FakeRegistry::Request& request) { return answer(request); });
    open_puller();
  }
  void TearDown() override {
    puller_.reset();
    server_.reset();
    StoreTest::TearDown();
  }
  void open_puller() {
    RegistryOptions options;
    options.first_delay = std::chrono::milliseconds(1);
    options.attempts = 2;
    puller_.emplace(*store, unfinished_, loop.get_executor(), options);
    puller_->load();
    store->remove_unused_layers();
  }
  void restart() {
    puller_.reset();
    open_store();
    open_puller();
  }

  /// Puts an image on the registry; its manifest's digest.
  std::string publish(const std::vector<std::string>& tars, const std::string& tag, std::vector<std::string> diff_ids = {},
                      const std::string& architecture = "amd64") {
    json config{{"architecture", architecture}, {"os", "linux"}, {"rootfs", {{"type", "layers"}, {"diff_ids", json::array()}}}};
    json manifest{{"schemaVersion", 2}, {"mediaType", media::oci_manifest}, {"layers", json::array()}};
    for (std::size_t i = 0; i < tars.size(); ++i) {
      config["rootfs"]["diff_ids"].push_back(i < diff_ids.size() ? diff_ids[i] : sha256_digest(tars[i]));
      const std::string blob = gzip(tars[i]);
      blobs_[sha256_digest(blob)] = blob;
      manifest["layers"].push_back(descriptor(blob, "application/vnd.oci.image.layer.v1.tar+gzip"));
    }
    config_ = config.dump();
    blobs_[sha256_digest(config_)] = config_;
    manifest["config"] = descriptor(config_, media::oci_config);
    const std::string text = manifest.dump();
    manifests_[tag] = manifests_[sha256_digest(text)] = text;
    return sha256_digest(text);
  }

  FakeRegistry::Answer answer(const FakeRegistry::Request& request) {
    FakeRegistry::Answer answer;
    const std::string name = request.target.substr(request.target.rfind('/') + 1);
    const auto& from = request.target.find("/manifests/") != std::string::npos ? manifests_ : blobs_;
    const auto found = from.find(name);
    answer.status = found == from.end() ? 404 : 200;
    if (found != from.end()) answer.body = found->second;
    if (&from == &manifests_) answer.headers.emplace_back("Docker-Content-Digest", sha256_digest(answer.body));
    const std::lock_guard lock(stalling_);
    if (name == stalled_) answer.silent = true;
    if (name == truncated_) answer.cut = answer.body.size() / 2;
    return answer;
  }

  std::string blob_request(const std::string& tar) const { return "GET /v2/app/blobs/" + sha256_digest(gzip(tar)); }

  ImagePtr pull(const std::string& tag, const std::string& platform = {}) {
    PullRequest request;
    request.name =
        parse_tagged_reference(server_->authority() + "/app" + (tag.find(':') == std::string::npos ? ":" : "@") + tag);
    request.platform = platform;
    output_.clear();
    return run(loop, puller_->pull(std::move(request), [this](std::string line) { return write(this, std::move(line)); }));
  }
  static asio::awaitable<void> write(PullTest* self, std::string line) {
    self->output_ += line;
    co_return;
  }
  std::string failure(const std::string& tag) {
    try {
      pull(tag);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::optional<FakeRegistry> server_;
  std::map<std::string, std::string> blobs_, manifests_;
  std::string config_, output_, stalled_, truncated_;
  std::mutex stalling_;  // the registry answers in threads of its own
  MemoryTable unfinished_;
  std::optional<Puller> puller_;
};

std::string simple_tar(const std::string& name) { return TarBuilder().dir("etc/").file("etc/" + name, name).bytes(); }

TEST_F(PullTest, AnImageArrivesUnderItsNamesAndDigests) {
  const std::string one = simple_tar("one");
  const std::string two = simple_tar("two");
  const std::string digest = publish({one, two}, "1");
  const ImagePtr image = pull("1");
  EXPECT_EQ(image->id, sha256_digest(config_));
  EXPECT_EQ(image->repo_tags(), std::vector<std::string>{server_->authority() + "/app:1"});
  EXPECT_EQ(image->repo_digests(), std::vector<std::string>{server_->authority() + "/app@" + digest});
  EXPECT_EQ(RootDir(store->layer_dir(sha256_digest(two))).read_file("etc/two"), "two");
  EXPECT_THAT(output_, HasSubstr(R"({"status":"Pulling from app","id":"1"})"));
  EXPECT_THAT(output_,
              HasSubstr(R"({"status":"Pulling fs layer","progressDetail":{},"id":")" + sha256_digest(gzip(one)).substr(7, 12)));
  EXPECT_THAT(output_, HasSubstr(R"({"status":"Pull complete",)"));
  EXPECT_THAT(output_, HasSubstr(R"({"status":"Digest: )" + digest + "\"}"));
  EXPECT_THAT(output_, HasSubstr(R"({"status":"Status: Downloaded newer image for )"));
  EXPECT_TRUE(unfinished_.load_all().empty());
  pull("1");
  EXPECT_THAT(output_, HasSubstr("Image is up to date"));
  EXPECT_EQ(server_->count(blob_request(one)), 1U);
  EXPECT_EQ(server_->count("GET /v2/app/manifests/1"), 1U) << "registries count fetches of manifests";
  publish({one}, "1");
  pull("1");
  EXPECT_THAT(output_, HasSubstr("Downloaded newer image"));
}

TEST_F(PullTest, AnImageOfALaterStartIsTheSame) {
  publish({simple_tar("one")}, "1");
  const std::string id = pull("1")->id;
  restart();
  EXPECT_EQ(store->get(server_->authority() + "/app:1")->id, id);
}

TEST_F(PullTest, ByDigest) {
  const std::string digest = publish({simple_tar("one")}, "1");
  const ImagePtr image = pull(digest);
  EXPECT_TRUE(image->repo_tags().empty());
  EXPECT_EQ(store->find(server_->authority() + "/app@" + digest), image);
}

TEST_F(PullTest, TheManifestOfThePlatformIsChosen) {
  const std::string amd = publish({simple_tar("amd")}, "amd");
  const std::string arm = publish({simple_tar("arm")}, "arm", {}, "arm64");
  json index{{"schemaVersion", 2}, {"mediaType", media::docker_list}, {"manifests", json::array()}};
  for (const auto& [digest, architecture] : std::map<std::string, std::string>{{amd, "amd64"}, {arm, "arm64"}}) {
    json entry = descriptor(manifests_[digest], media::oci_manifest);
    entry["platform"] = {{"os", "linux"}, {"architecture", architecture}};
    index["manifests"].push_back(entry);
  }
  manifests_["both"] = index.dump();
  const ImagePtr image = pull("both", "linux/arm64");
  EXPECT_EQ(image->config.diff_ids, std::vector<std::string>{sha256_digest(simple_tar("arm"))});
  EXPECT_EQ(image->repo_digests(), std::vector<std::string>{server_->authority() + "/app@" + sha256_digest(index.dump())});
  EXPECT_EQ(pull("both", "linux/amd64")->config.diff_ids.front(), sha256_digest(simple_tar("amd")));
  PullRequest request;
  request.name = parse_tagged_reference(server_->authority() + "/app:both");
  EXPECT_EQ(run(loop, puller_->inspect(std::move(request))).platforms.size(), 2U);
  try {
    pull("both", "linux/s390x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
    EXPECT_STREQ(error.what(), "no matching manifest for linux/s390x in the manifest list entries");
  }
}

TEST_F(PullTest, WhatHasNotItsDigestIsRefused) {
  publish({simple_tar("one")}, "content", {sha256_digest("something else")});
  EXPECT_THAT(failure("content"), HasSubstr("its content should have the digest"));
  publish({simple_tar("two")}, "blob");
  for (auto& [digest, blob] : blobs_)
    if (blob == gzip(simple_tar("two"))) blob = gzip(simple_tar("tww"));
  EXPECT_THAT(failure("blob"), HasSubstr("is refused: its compressed data should have"));
  EXPECT_EQ(store->count(), 0U);
  EXPECT_TRUE(store->layer_ids().empty());
}

TEST_F(PullTest, ATruncatedLayerIsRefused) {
  publish({simple_tar("one")}, "1");
  truncated_ = sha256_digest(gzip(simple_tar("one")));
  EXPECT_THAT(failure("1"), HasSubstr("closed in the middle of the answer"));
  EXPECT_TRUE(store->layer_ids().empty());
}

TEST_F(PullTest, NoLayerWritesOutsideItself) {
  const std::string outside = dir.path() + "/outside";
  ::mkdir(outside.c_str(), 0700);
  std::ofstream(outside + "/kept") << "kept";
  const std::string up = "../../../../../../../../../../../..";
  int number = 0;
  for (const std::string& tar : {
           TarBuilder().file(up + outside + "/a", "x").bytes(),
           TarBuilder().file(outside + "/b", "x").bytes(),
           TarBuilder().link("link", outside).file("link/c", "x").bytes(),
           TarBuilder().link("up", up + outside).file("up/d", "x").bytes(),
           TarBuilder().link("kept", outside + "/kept").file("kept", "overwritten").bytes(),
           TarBuilder().add(Type::hard_link, "hard", outside + "/kept").file("hard", "overwritten").bytes(),
           TarBuilder().add(Type::hard_link, "hard", up + outside + "/kept").bytes(),
           TarBuilder().link("link", outside).file("link/.wh.kept", "").bytes(),
           TarBuilder().link("link", outside).file("link/.wh..wh..opq", "").bytes(),
       }) {
    const std::string tag = "evil" + std::to_string(++number);
    publish({tar}, tag);
    failure(tag);  // some are harmless once they are taken inside the layer, others are errors
  }
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(outside)) names.push_back(entry.path().filename());
  EXPECT_EQ(names, std::vector<std::string>{"kept"});
  EXPECT_EQ(RootDir(outside).read_file("kept"), "kept");
}

TEST_F(PullTest, ALayerOfAnInterruptedPullIsKeptForTheNextOne) {
  const std::string one = simple_tar("one");
  const std::string two = simple_tar("two");
  publish({one, two}, "1");
  stalled_ = sha256_digest(gzip(two));
  asio::cancellation_signal cancel;
  PullRequest request;
  request.name = parse_tagged_reference(server_->authority() + "/app:1");
  std::exception_ptr ended;
  Output output = [&](std::string line) {
    if (line.find("Pull complete") != std::string::npos)
      asio::post(loop, [&] { cancel.emit(asio::cancellation_type::terminal); });
    return write(this, std::move(line));
  };
  asio::co_spawn(
      loop, puller_->pull(std::move(request), std::move(output)),
      asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error, const ImagePtr&) { ended = error; }));
  loop.restart();
  loop.run();
  EXPECT_TRUE(ended != nullptr);
  EXPECT_EQ(store->count(), 0U);
  restart();
  EXPECT_EQ(store->layer_ids(), std::set<std::string>{sha256_digest(one)});
  {
    const std::lock_guard lock(stalling_);
    stalled_.clear();
  }
  pull("1");
  EXPECT_EQ(server_->count(blob_request(one)), 1U);
  EXPECT_TRUE(unfinished_.load_all().empty());
}

TEST_F(PullTest, WhatAnInterruptedPullHasGotIsForgottenInTime) {
  const std::string one = simple_tar("one");
  unfinished_.apply({{"x linux/amd64", json{{"layers", {sha256_digest(one)}}, {"time", 0}}.dump()}}, {});
  import(one, "app:1");
  restart();
  EXPECT_TRUE(unfinished_.load_all().empty());
}

TEST_F(PullTest, TwoPullsAtATimeTransferALayerOnce) {
  const std::string one = simple_tar("one");
  publish({one}, "1");
  publish({one, simple_tar("two")}, "2");
  int ended = 0;
  for (const char* tag : {"1", "2"}) {
    PullRequest request;
    request.name = parse_tagged_reference(server_->authority() + "/app:" + tag);
    asio::co_spawn(loop, puller_->pull(std::move(request), [this](std::string line) { return write(this, std::move(line)); }),
                   [&](std::exception_ptr error, const ImagePtr&) { ended += error ? 0 : 1; });
  }
  loop.restart();
  loop.run();
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(server_->count(blob_request(one)), 1U);
}

TEST_F(PullTest, ManifestAndConfigurationMustAgree) {
  publish({simple_tar("one")}, "1");
  json manifest = json::parse(manifests_["1"]);
  manifest["layers"].push_back(manifest["layers"][0]);
  manifests_["1"] = manifest.dump();
  EXPECT_EQ(failure("1"), "the manifest has 2 layers, the image's configuration 1");
}

TEST(RegistryDomain, IsThatOfReferences) {
  EXPECT_EQ(registry_domain("https://index.docker.io/v1/"), "docker.io");
  EXPECT_EQ(registry_domain(""), "docker.io");
  EXPECT_EQ(registry_domain("localhost:5000"), "localhost:5000");
  EXPECT_EQ(registry_domain("https://host/v2/"), "host");
}

}  // namespace
}  // namespace stack::engine::image
