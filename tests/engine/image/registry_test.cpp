#include "engine/image/registry.hpp"

#include <gtest/gtest.h>

#include <boost/system/system_error.hpp>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "tests/engine/image/fake_registry.hpp"

namespace stack::engine::image {
namespace {

using test::FakeRegistry;
using Answer = FakeRegistry::Answer;
using Request = FakeRegistry::Request;

const std::string blob_text(300'000, 'b');
const std::string blob_digest = sha256_digest(blob_text);
const std::string blob_path = "/v2/team/app/blobs/" + blob_digest;
const std::string manifest_text = R"({"schemaVersion":2})";

Answer answer_of(int status, std::string body = "") {
  Answer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

class RegistryTest : public ::testing::Test {
protected:
  void serve(FakeRegistry::Handler handler) { server_.emplace(std::move(handler)); }
  Registry registry(Credentials credentials = {}) {
    RegistryOptions options;
    options.first_delay = std::chrono::milliseconds(1);
    options.http.idle_timeout = idle_timeout_;
    return Registry(parse_reference(server_->authority() + "/team/app"), std::move(credentials), options, cancel_);
  }
  static std::string read(BlobStream& stream) {
    std::string all;
    std::string piece(10'000, '\0');
    while (const std::size_t got = stream.read(piece.data(), piece.size())) all.append(piece, 0, got);
    return all;
  }
  static std::string failure(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::chrono::milliseconds idle_timeout_{20'000};
  std::shared_ptr<CancelToken> cancel_ = std::make_shared<CancelToken>();
  std::optional<FakeRegistry> server_;
};

TEST_F(RegistryTest, ALocalRegistryIsSpokenToWithoutTls) {
  serve([](const Request& request) {
    Answer answer = answer_of(request.target == "/v2/team/app/manifests/1" ? 200 : 404, manifest_text);
    answer.headers = {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"}};
    return answer;
  });
  const Registry::Document document = registry().manifest("1");
  EXPECT_EQ(document.body, manifest_text);
  EXPECT_EQ(document.digest, sha256_digest(manifest_text));
  EXPECT_EQ(document.media_type, "application/vnd.oci.image.manifest.v1+json");
}

TEST_F(RegistryTest, AnotherHostIsNeverSpokenToWithoutTls) {
  HttpClient client({}, cancel_);
  HttpRequest request;
  request.url = Url::parse("http://192.0.2.1/v2/");
  EXPECT_NE(failure([&] { client.send(request); }).find("without TLS"), std::string::npos);
}

TEST_F(RegistryTest, TheTokenServerIsAskedWithTheCredentials) {
  std::string basic;
  serve([&](const Request& request) {
    if (request.target.starts_with("/token")) {
      basic = request.header("authorization");
      EXPECT_EQ(request.target, "/token?service=test&scope=repository%3Ateam%2Fapp%3Apull&account=joe");
      return answer_of(200, R"({"token":"abc"})");
    }
    if (request.header("authorization") == "Bearer abc") return answer_of(200, manifest_text);
    Answer refusal = answer_of(401);
    refusal.headers = {{"WWW-Authenticate", "Bearer realm=\"http://" + server_->authority() +
                                                "/token\",service=\"test\",scope=\"repository:team/app:pull\""}};
    return refusal;
  });
  Registry reg = registry({.username = "joe", .password = "secret"});
  EXPECT_EQ(reg.manifest("1").body, manifest_text);
  EXPECT_EQ(basic, "Basic " + base64_encode("joe:secret"));
  reg.manifest("1");
  EXPECT_EQ(server_->count("GET /token?service=test&scope=repository%3Ateam%2Fapp%3Apull&account=joe"), 1U);
}

TEST_F(RegistryTest, AnIdentityTokenIsExchanged) {
  std::string form;
  serve([&](const Request& request) {
    if (request.method == "POST") {
      form = request.body;
      return answer_of(200, R"({"access_token":"xyz"})");
    }
    if (request.header("authorization") == "Bearer xyz") return answer_of(200, manifest_text);
    Answer refusal = answer_of(401);
    refusal.headers = {{"WWW-Authenticate", "Bearer realm=\"http://" + server_->authority() + "/token\",service=\"s\""}};
    return refusal;
  });
  EXPECT_EQ(registry({.identity_token = "refresh/me"}).manifest("1").body, manifest_text);
  EXPECT_EQ(form, "grant_type=refresh_token&client_id=stack&service=s&scope=&refresh_token=refresh%2Fme");
}

TEST_F(RegistryTest, BasicAuthentication) {
  serve([](const Request& request) {
    if (request.header("authorization") == "Basic " + base64_encode("joe:secret")) return answer_of(200, manifest_text);
    Answer refusal = answer_of(401, R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]})");
    refusal.headers = {{"WWW-Authenticate", "Basic realm=\"r\""}};
    return refusal;
  });
  EXPECT_EQ(registry({.username = "joe", .password = "secret"}).manifest("1").body, manifest_text);
  EXPECT_EQ(failure([&] { registry().manifest("1"); }), "no basic auth credentials");
  EXPECT_EQ(failure([&] { registry({.username = "joe", .password = "wrong"}).manifest("1"); }),
            "unauthorized: authentication required");
}

TEST_F(RegistryTest, CredentialsStayWithTheRegistryThatRedirects) {
  std::string seen = "nothing came";
  FakeRegistry storage([&](const Request& request) {
    seen = request.header("authorization");
    return answer_of(200, blob_text);
  });
  serve([&](const Request& request) {
    if (request.header("authorization").empty()) {
      Answer refusal = answer_of(401);
      refusal.headers = {{"WWW-Authenticate", "Basic realm=\"r\""}};
      return refusal;
    }
    Answer redirect = answer_of(307);
    redirect.headers = {{"Location", "http://" + storage.authority() + "/blob?signed=1"}};
    return redirect;
  });
  EXPECT_EQ(registry({.username = "joe", .password = "secret"}).blob(blob_digest, blob_text.size()), blob_text);
  EXPECT_EQ(seen, "");
}

TEST_F(RegistryTest, WhatMayWorkLaterIsTriedAgainABoundedNumberOfTimes) {
  std::atomic<int> asked = 0;
  serve([&](const Request&) {
    if (++asked > 2) return answer_of(200, manifest_text);
    Answer busy = answer_of(503);
    busy.headers = {{"Retry-After", "0"}};
    return busy;
  });
  EXPECT_EQ(registry().manifest("1").body, manifest_text);
  serve([&](const Request&) {
    ++asked;
    return answer_of(502);
  });
  asked = 0;
  EXPECT_NE(failure([&] { registry().manifest("1"); }).find("HTTP status 502"), std::string::npos);
  EXPECT_EQ(asked, 4);
}

TEST_F(RegistryTest, ABlobThatBreaksOffIsContinuedWhereItStopped) {
  std::vector<std::string> ranges;
  serve([&](const Request& request) {
    ranges.push_back(request.header("range"));
    Answer answer = answer_of(200, blob_text);
    if (ranges.size() == 1) answer.cut = 100'000;
    if (ranges.size() > 1) {
      answer.status = 206;
      answer.body = blob_text.substr(100'000);
    }
    return answer;
  });
  Registry reg = registry();
  EXPECT_EQ(read(*reg.open_blob(blob_digest, blob_text.size())), blob_text);
  EXPECT_EQ(ranges, (std::vector<std::string>{"", "bytes=100000-"}));
}

TEST_F(RegistryTest, ARegistryWithoutRangesSendsTheBlobAgain) {
  std::atomic<int> asked = 0;
  serve([&](const Request&) {
    Answer answer = answer_of(200, blob_text);
    if (++asked == 1) answer.cut = 7;
    return answer;
  });
  Registry reg = registry();
  EXPECT_EQ(read(*reg.open_blob(blob_digest, blob_text.size())), blob_text);
}

TEST_F(RegistryTest, ABlobIsAsLongAsTheManifestSays) {
  serve([](const Request&) { return answer_of(200, blob_text); });
  Registry reg = registry();
  EXPECT_NE(failure([&] { read(*reg.open_blob(blob_digest, blob_text.size() + 1)); }).find("truncated"), std::string::npos);
  EXPECT_NE(failure([&] { read(*reg.open_blob(blob_digest, blob_text.size() - 1)); }).find("longer than"), std::string::npos);
  EXPECT_NE(failure([&] { reg.blob(sha256_digest("other"), blob_text.size()); }).find("not what its digest says"),
            std::string::npos);
}

TEST_F(RegistryTest, AManifestIsWhatItsDigestSays) {
  serve([](const Request&) { return answer_of(200, manifest_text); });
  EXPECT_EQ(registry().manifest(sha256_digest(manifest_text)).body, manifest_text);
  EXPECT_NE(failure([&] { registry().manifest(blob_digest); }).find("not what its digest says"), std::string::npos);
}

TEST_F(RegistryTest, WhatIsNotThereIsNotFoundWithDockersWords) {
  serve([](const Request& request) {
    if (request.target.ends_with("/1"))
      return answer_of(404, R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})");
    return answer_of(403, R"({"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]})");
  });
  EXPECT_EQ(failure([&] { registry().manifest("1"); }),
            "manifest for " + server_->authority() + "/team/app:1 not found: manifest unknown: manifest unknown");
  EXPECT_EQ(
      failure([&] { registry().manifest("2"); }),
      "pull access denied for " + server_->authority() +
          "/team/app, repository does not exist or may require 'docker login': denied: requested access to the resource is "
          "denied");
}

TEST_F(RegistryTest, ASilentServerIsGivenUp) {
  idle_timeout_ = std::chrono::milliseconds(30);
  serve([](const Request&) {
    Answer answer;
    answer.silent = true;
    return answer;
  });
  EXPECT_NE(failure([&] { registry().manifest("1"); }).find("no answer within"), std::string::npos);
}

TEST_F(RegistryTest, CancellingEndsAWait) {
  serve([&](const Request&) {
    cancel_->cancel();
    Answer answer;
    answer.silent = true;
    return answer;
  });
  EXPECT_THROW(registry().manifest("1"), boost::system::system_error);
}

TEST(UrlTest, ReadsAndResolvesAddresses) {
  const Url url = Url::parse("https://host:5000/a/b?c=d#e");
  EXPECT_EQ(url.text(), "https://host:5000/a/b?c=d");
  EXPECT_EQ(url.resolve("/x").text(), "https://host:5000/x");
  EXPECT_EQ(url.resolve("x").text(), "https://host:5000/a/x");
  EXPECT_EQ(url.resolve("//cdn/x").text(), "https://cdn/x");
  EXPECT_EQ(Url::parse("http://[::1]:80").text(), "http://[::1]/");
  for (const char* bad : {"ftp://x/", "https://", "https://a:b/", "https://u:p@h/", "https://h/a b", "https://[::1/"})
    EXPECT_THROW(Url::parse(bad), Error) << bad;
  EXPECT_TRUE(is_loopback_host("127.9.9.9"));
  EXPECT_TRUE(is_loopback_host("::1"));
  EXPECT_FALSE(is_loopback_host("128.0.0.1"));
  EXPECT_FALSE(is_loopback_host("localhost.example.com"));
}

}  // namespace
}  // namespace stack::engine::image
