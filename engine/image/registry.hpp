#pragma once
// One repository of one registry (OCI distribution specification): manifests and blobs, with authentication (Docker's bearer
// tokens, basic), redirects and bounded retries. Blocking, for worker threads; several may use one Registry.
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/image/credentials.hpp"
#include "engine/image/http_client.hpp"
#include "engine/image/reference.hpp"

namespace stack::engine::image {

struct RegistryOptions {
  HttpClientOptions http;
  int attempts = 4;                            ///< of each request; only what may succeed later is tried again
  std::chrono::milliseconds first_delay{500};  ///< between attempts; doubled each time
  std::chrono::seconds longest_delay{30};      ///< a longer Retry-After is not waited for
};

class Registry;

/// A blob's bytes as they arrive. A connection that breaks off is continued where it stopped.
class BlobStream {
public:
  ~BlobStream();
  /// 0: the end. Throws TransportError when it could not be continued, invalid_argument when more comes than `size`.
  std::size_t read(char* buffer, std::size_t size);

private:
  friend class Registry;
  BlobStream(Registry& registry, std::string digest, std::uint64_t size);
  void reopen();

  Registry& registry_;
  const std::string digest_;
  const std::uint64_t size_;
  std::uint64_t offset_ = 0;
  int failures_ = 0;  ///< since bytes came last
  std::unique_ptr<HttpResponse> response_;
};

class Registry {
public:
  /// Of the registry and repository that `name` names. docker.io is at registry-1.docker.io.
  Registry(const Reference& name, Credentials credentials, RegistryOptions options, std::shared_ptr<CancelToken> cancel);

  struct Document {
    std::string media_type, digest, body;
  };
  /// A manifest by tag or digest; its bytes have the digest. Throws not_found with Docker's texts, unauthorized, unavailable.
  Document manifest(const std::string& tag_or_digest);
  /// What manifest() would have as its digest, without fetching it (registries count fetches); empty: the registry does not
  /// say.
  std::string manifest_digest(const std::string& tag);
  /// A small blob whole, verified. Throws invalid_argument when it is not what its digest says.
  std::string blob(const std::string& digest, std::uint64_t size);
  /// A blob to be read (and verified) by the caller. The registry must outlive it.
  std::unique_ptr<BlobStream> open_blob(const std::string& digest, std::uint64_t size);
  /// All tags of the repository. Throws as manifest().
  std::vector<std::string> tags();
  /// Asks whether the credentials are accepted. Throws unauthorized.
  void check_login();

  const CancelToken& cancel() const { return client_.cancel(); }

private:
  friend class BlobStream;
  using Headers = std::vector<std::pair<std::string, std::string>>;

  struct Query {
    std::string path;
    Headers headers;
    std::string method = "GET";
  };
  /// With authentication, redirects and retries; only statuses that mean success come back.
  std::unique_ptr<HttpResponse> get(const Query& query);
  std::unique_ptr<HttpResponse> attempt(const Query& query);
  std::unique_ptr<HttpResponse> follow(Url url, Query query, std::unique_ptr<HttpResponse> response);
  /// Gets what the challenges of a 401 ask for. False: it was tried already.
  bool authenticate(const HttpResponse& response, const std::string& refused);
  std::string fetch_token(const Challenge& challenge);
  HttpRequest token_request(const Challenge& challenge) const;
  std::unique_ptr<HttpResponse> send(const Url& url, const Query& query);
  Url base();
  std::string authorization();
  [[noreturn]] void fail(HttpResponse& response) const;
  std::chrono::milliseconds delay(int failures, const std::string& retry_after) const;

  const std::string repository_;  ///< "library/busybox"
  const std::string familiar_;    ///< as users write it
  const Credentials credentials_;
  const RegistryOptions options_;
  HttpClient client_;
  std::mutex mutex_;
  Url base_;                   ///< scheme, host and port
  bool base_checked_ = false;  ///< whether a local registry speaks TLS is known
  std::string authorization_;  ///< header value that was accepted last
};

}  // namespace stack::engine::image
