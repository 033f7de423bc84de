#include "engine/image/registry.hpp"

#include <charconv>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "engine/image/manifest.hpp"

namespace stack::engine::image {

namespace {

constexpr std::size_t manifest_limit = 8 << 20;
constexpr std::size_t small_blob_limit = 16 << 20;
constexpr std::size_t error_limit = 64 * 1024;
constexpr std::size_t token_limit = 1 << 20;
constexpr int max_redirects = 10;
constexpr int max_tag_pages = 1000;

std::string registry_host(const std::string& domain) { return domain == "docker.io" ? "registry-1.docker.io" : domain; }

std::string form_encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
      continue;
    }
    constexpr char digits[] = "0123456789ABCDEF";
    encoded += '%';
    encoded += digits[static_cast<unsigned char>(c) >> 4];
    encoded += digits[static_cast<unsigned char>(c) & 15];
  }
  return encoded;
}

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

/// What may be different in a moment.
bool is_temporary(int status) { return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504); }

/// Where a list goes on: `</v2/app/tags/list?last=b&n=100>; rel="next"` (RFC 5988); empty: nowhere, or not in the same list.
std::string next_page(const std::string& link, const std::string& list) {
  const std::size_t query = link.find('?');
  const std::size_t end = link.find('>');
  if (link.find("rel=\"next\"") == std::string::npos || query == std::string::npos || end == std::string::npos || end < query)
    return "";
  return list + link.substr(query, end - query);
}

/// The registry's own words, {"errors": [{"code", "message"}]}: "code: message" as Docker prints them.
std::string error_text(const std::string& body, std::string* code) {
  const nlohmann::json value = nlohmann::json::parse(body, nullptr, false);
  if (!value.is_object() || !value.contains("errors") || !value["errors"].is_array() || value["errors"].empty()) return "";
  const nlohmann::json& first = value["errors"].front();
  if (!first.is_object()) return "";
  const auto text = [&](const char* key) {
    const auto found = first.find(key);
    return found != first.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  *code = text("code");
  std::string words = *code;
  for (char& c : words) c = c == '_' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::string message = text("message");
  return words + (message.empty() ? "" : ": " + message);
}

}  // namespace

Registry::Registry(const Reference& name, Credentials credentials, RegistryOptions options, std::shared_ptr<CancelToken> cancel)
    : repository_(name.path),
      familiar_(name.familiar_repository()),
      credentials_(std::move(credentials)),
      options_(std::move(options)),
      client_(options_.http, std::move(cancel)),
      base_(Url::parse("https://" + registry_host(name.domain))) {
  base_checked_ = !is_loopback_host(base_.host);
  if (!credentials_.registry_token.empty()) authorization_ = "Bearer " + credentials_.registry_token;
}

std::string Registry::authorization() {
  const std::lock_guard lock(mutex_);
  return authorization_;
}

/// Where the registry is. One on this host may do without TLS, which is found out once.
Url Registry::base() {
  const std::lock_guard lock(mutex_);
  if (base_checked_) return base_;
  HttpRequest probe;
  probe.url = base_;
  probe.url.target = "/v2/";
  try {
    client_.send(probe);
  } catch (const TransportError& error) {
    if (error.kind() == TransportError::Kind::untrusted) throw;  // it does speak TLS
    const std::string authority = base_.authority();             // without a port: 443 was tried, and 80 is next
    base_ = Url::parse("http://" + authority);
    if (error.kind() == TransportError::Kind::unreachable && base_.port != 80) throw;
  }
  base_checked_ = true;
  return base_;
}

std::unique_ptr<HttpResponse> Registry::send(const Url& url, const Query& query) {
  HttpRequest request;
  request.method = query.method;
  request.url = url;
  request.headers = query.headers;
  return client_.send(request);
}

/// Redirects lead to where the blobs are kept. The credentials are for the registry alone.
std::unique_ptr<HttpResponse> Registry::follow(Url url, Query query, std::unique_ptr<HttpResponse> response) {
  for (int count = 0; is_redirect(response->status()); ++count) {
    if (count == max_redirects) throw Error(ErrorCode::unavailable, url.authority() + " redirects without end");
    const Url next = url.resolve(response->header("Location"));
    if (!next.same_origin(url))
      std::erase_if(query.headers, [](const auto& header) { return header.first == "Authorization"; });
    if (url.tls && !next.tls)
      throw Error(ErrorCode::forbidden, url.authority() + " redirects to " + next.authority() + " without TLS: refused");
    url = next;
    response = send(url, query);
  }
  return response;
}

HttpRequest Registry::token_request(const Challenge& challenge) const {
  const auto parameter = [&](const char* name) {
    const auto found = challenge.parameters.find(name);
    return found == challenge.parameters.end() ? std::string() : found->second;
  };
  HttpRequest request;
  request.url = Url::parse(parameter("realm"));
  const std::string service = parameter("service");
  const std::string scope = parameter("scope");
  if (!credentials_.identity_token.empty()) {
    request.method = "POST";
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = "grant_type=refresh_token&client_id=stack&service=" + form_encode(service) + "&scope=" + form_encode(scope) +
                   "&refresh_token=" + form_encode(credentials_.identity_token);
    return request;
  }
  std::string query;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) query += (query.empty() ? "" : "&") + std::string(name) + "=" + form_encode(value);
  };
  add("service", service);
  for (std::string_view rest = scope; !rest.empty();) {
    const std::size_t blank = rest.find(' ');
    add("scope", std::string(rest.substr(0, blank)));
    rest = blank == std::string_view::npos ? std::string_view{} : rest.substr(blank + 1);
  }
  add("account", credentials_.username);
  const bool has_query = request.url.target.find('?') != std::string::npos;
  if (!query.empty()) request.url.target += (has_query ? "&" : "?") + query;
  if (!credentials_.username.empty())
    request.headers.emplace_back("Authorization",
                                 "Basic " + base64_encode(credentials_.username + ":" + credentials_.password));
  return request;
}

std::string Registry::fetch_token(const Challenge& challenge) {
  if (!challenge.parameters.contains("realm"))
    throw Error(ErrorCode::unavailable, "the registry asks for a token but names no server that gives one");
  const HttpRequest request = token_request(challenge);
  const std::unique_ptr<HttpResponse> response = client_.send(request);
  const std::string body = response->read_all(token_limit);
  if (response->status() == 401 || response->status() == 403)
    throw Error(ErrorCode::unauthorized, credentials_.empty() ? "authentication required" : "incorrect username or password");
  if (response->status() != 200)
    throw Error(ErrorCode::unavailable, "the token server " + request.url.authority() + " answers with HTTP status " +
                                            std::to_string(response->status()));
  return parse_token_answer(body);
}

bool Registry::authenticate(const HttpResponse& response, const std::string& refused) {
  std::vector<Challenge> challenges;
  for (const std::string& header : response.headers("WWW-Authenticate"))
    for (Challenge& challenge : parse_challenges(header)) challenges.push_back(std::move(challenge));
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme != "bearer") continue;
    const std::string token = "Bearer " + fetch_token(challenge);
    const std::lock_guard lock(mutex_);
    authorization_ = token;
    return token != refused;
  }
  for (const Challenge& challenge : challenges) {
    if (challenge.scheme != "basic") continue;
    if (credentials_.username.empty()) throw Error(ErrorCode::unauthorized, "no basic auth credentials");
    const std::string basic = "Basic " + base64_encode(credentials_.username + ":" + credentials_.password);
    const std::lock_guard lock(mutex_);
    authorization_ = basic;
    return basic != refused;
  }
  return false;
}

std::unique_ptr<HttpResponse> Registry::attempt(const Query& query) {
  Url url = base();
  url.target = query.path;
  bool renewed = false;
  for (;;) {
    Query signed_query = query;
    const std::string used = authorization();
    if (!used.empty()) signed_query.headers.emplace_back("Authorization", used);
    std::unique_ptr<HttpResponse> response = follow(url, signed_query, send(url, signed_query));
    if (response->status() != 401 || renewed) return response;
    renewed = true;
    if (const std::string now = authorization(); now != used) continue;  // another thread has a new token meanwhile
    if (!authenticate(*response, used)) return response;
  }
}

std::chrono::milliseconds Registry::delay(int failures, const std::string& retry_after) const {
  int seconds = -1;
  const char* end = retry_after.data() + retry_after.size();
  if (std::from_chars(retry_after.data(), end, seconds).ptr == end && seconds >= 0)
    return std::min(std::chrono::milliseconds(std::chrono::seconds(seconds)),
                    std::chrono::milliseconds(options_.longest_delay));
  return options_.first_delay * (1 << std::min(failures, 10));
}

void Registry::fail(HttpResponse& response) const {
  const int status = response.status();
  std::string code;
  std::string text;
  try {
    text = error_text(response.read_all(error_limit), &code);
  } catch (const Error&) {
    // the status says enough
  }
  if (status == 401 || status == 403 || code == "DENIED" || code == "UNAUTHORIZED") {
    if (!credentials_.empty() && status == 401) throw Error(ErrorCode::unauthorized, text.empty() ? "unauthorized" : text);
    throw Error(ErrorCode::not_found, "pull access denied for " + familiar_ +
                                          ", repository does not exist or may require 'docker login'" +
                                          (text.empty() ? "" : ": " + text));
  }
  if (status == 404) throw Error(ErrorCode::not_found, text.empty() ? "not found" : text);
  throw Error(ErrorCode::unavailable, "the registry " + base_.authority() + " answers with HTTP status " +
                                          std::to_string(status) + (text.empty() ? "" : ": " + text));
}

std::unique_ptr<HttpResponse> Registry::get(const Query& query) {
  for (int failures = 0;; ++failures) {
    const bool last = failures + 1 >= options_.attempts;
    std::string retry_after;
    try {
      std::unique_ptr<HttpResponse> response = attempt(query);
      const int status = response->status();
      if (status == 200 || status == 206) return response;
      if (last || !is_temporary(status)) fail(*response);
      retry_after = response->header("Retry-After");
    } catch (const TransportError& error) {
      if (last || error.kind() != TransportError::Kind::broken) throw;
    }
    cancel().sleep(static_cast<int>(delay(failures, retry_after).count()));
  }
}

Registry::Document Registry::manifest(const std::string& tag_or_digest) {
  const std::string path = "/v2/" + repository_ + "/manifests/" + tag_or_digest;
  const bool by_digest = tag_or_digest.find(':') != std::string::npos;
  std::unique_ptr<HttpResponse> response;
  try {
    response = get({.path = path, .headers = {{"Accept", media::accepted}}});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found || std::string_view(error.what()).starts_with("pull access")) throw;
    throw Error(ErrorCode::not_found,
                "manifest for " + familiar_ + (by_digest ? "@" : ":") + tag_or_digest + " not found: " + error.what());
  }
  Document document;
  document.media_type = response->header("Content-Type");
  document.body = response->read_all(manifest_limit);
  document.digest = sha256_digest(document.body);
  const std::string announced = by_digest ? tag_or_digest : response->header("Docker-Content-Digest");
  if (announced.starts_with("sha256:") && announced != document.digest)
    throw Error(ErrorCode::invalid_argument, "the manifest of " + familiar_ + " is not what its digest says: " + announced +
                                                 " expected, " + document.digest + " came");
  return document;
}

std::string Registry::manifest_digest(const std::string& tag) {
  const Query query{
      .path = "/v2/" + repository_ + "/manifests/" + tag, .headers = {{"Accept", media::accepted}}, .method = "HEAD"};
  try {
    return get(query)->header("Docker-Content-Digest");
  } catch (const TransportError&) {
    throw;
  } catch (const Error&) {
    return {};  // whoever fetches it is told why
  }
}

std::unique_ptr<BlobStream> Registry::open_blob(const std::string& digest, std::uint64_t size) {
  std::unique_ptr<BlobStream> stream(new BlobStream(*this, digest, size));
  stream->reopen();
  return stream;
}

std::string Registry::blob(const std::string& digest, std::uint64_t size) {
  if (size > small_blob_limit) throw Error(ErrorCode::invalid_argument, "the configuration " + digest + " is too large");
  const std::unique_ptr<BlobStream> stream = open_blob(digest, size);
  std::string whole;
  std::string piece(64 * 1024, '\0');
  while (const std::size_t got = stream->read(piece.data(), piece.size())) whole.append(piece, 0, got);
  if (sha256_digest(whole) != digest)
    throw Error(ErrorCode::invalid_argument,
                "blob " + digest + " is not what its digest says: " + sha256_digest(whole) + " came");
  return whole;
}

std::vector<std::string> Registry::tags() {
  std::vector<std::string> tags;
  const std::string list = "/v2/" + repository_ + "/tags/list";
  std::string path = list;
  for (int pages = 0; !path.empty() && pages < max_tag_pages; ++pages) {
    const std::unique_ptr<HttpResponse> response = get({.path = path});
    const nlohmann::json page = json::parse_object(response->read_all(manifest_limit), "the list of tags");
    std::vector<std::string> names;
    json::read(page, "tags", names, "the list of tags");
    tags.insert(tags.end(), names.begin(), names.end());
    path = next_page(response->header("Link"), list);
  }
  return tags;
}

void Registry::check_login() {
  try {
    get({.path = "/v2/"});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
    throw Error(ErrorCode::unauthorized, "login refused: incorrect username or password");
  }
}

// ── blobs ──

BlobStream::BlobStream(Registry& registry, std::string digest, std::uint64_t size)
    : registry_(registry), digest_(std::move(digest)), size_(size) {}
BlobStream::~BlobStream() = default;

void BlobStream::reopen() {
  Registry::Headers headers;
  if (offset_ > 0) headers.emplace_back("Range", "bytes=" + std::to_string(offset_) + "-");
  response_ = registry_.get({.path = "/v2/" + registry_.repository_ + "/blobs/" + digest_, .headers = std::move(headers)});
  if (offset_ == 0 || response_->status() == 206) return;
  std::string skipped(64 * 1024, '\0');  // it does not know ranges: from the start, then
  for (std::uint64_t left = offset_; left > 0;) {
    const std::size_t got = response_->read(skipped.data(), std::min<std::uint64_t>(left, skipped.size()));
    if (got == 0) throw TransportError(TransportError::Kind::broken, "blob " + digest_ + " ended too early");
    left -= got;
  }
}

std::size_t BlobStream::read(char* buffer, std::size_t size) {
  for (;;) {
    try {
      if (!response_) reopen();
      const std::size_t got = response_->read(buffer, size);
      offset_ += got;
      if (got > 0) failures_ = 0;
      if (offset_ > size_) throw Error(ErrorCode::invalid_argument, "blob " + digest_ + " is longer than the manifest says");
      if (got == 0 && offset_ < size_)
        throw Error(ErrorCode::invalid_argument, "blob " + digest_ + " is truncated: " + std::to_string(offset_) + " of " +
                                                     std::to_string(size_) + " bytes came");
      return got;
    } catch (const TransportError& error) {
      response_.reset();
      if (error.kind() != TransportError::Kind::broken || ++failures_ >= registry_.options_.attempts) throw;
      registry_.cancel().sleep(static_cast<int>(registry_.delay(failures_ - 1, "").count()));
    }
  }
}

}  // namespace stack::engine::image
