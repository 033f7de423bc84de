// The image, network, volume and system part of the client.
#include "engine/api/client_impl.hpp"
#include "engine/api/query.hpp"

namespace stack::engine::api {

namespace {

std::string image_path(std::string_view name, std::string_view action = {}) {
  return "/images/" + url_encode(name, true) + (action.empty() ? "" : "/") + std::string(action);
}

std::string network_path(std::string_view id, std::string_view action = {}) {
  return "/networks/" + url_encode(id) + (action.empty() ? "" : "/") + std::string(action);
}

/// "host:5000/app:1" → {"host:5000/app", "1"}; a digest stays with the name.
std::pair<std::string, std::string> split_tag(const std::string& reference) {
  const std::size_t colon = reference.rfind(':');
  if (colon == std::string::npos || reference.find('/', colon) != std::string::npos || reference.find('@') != std::string::npos)
    return {reference, ""};
  return {reference.substr(0, colon), reference.substr(colon + 1)};
}

std::string header_of(const Response& response, const std::string& name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? std::string() : found->second;
}

}  // namespace

asio::awaitable<std::vector<ImageSummary>> Client::list_images(Filters filters, bool all) {
  Query query("/images/json");
  query.add_flag("all", all).add_encoded("filters", filters_query(filters));
  const Response response = co_await request("GET", std::move(query).text());
  co_return response.as<std::vector<ImageSummary>>();
}

asio::awaitable<ImageInspect> Client::inspect_image(std::string name) {
  const Response response = co_await request("GET", image_path(name, "json"));
  co_return response.as<ImageInspect>();
}

asio::awaitable<std::optional<ImageInspect>> Client::find_image(std::string name) {
  try {
    co_return co_await inspect_image(std::move(name));
  } catch (const ApiError& error) {
    if (error.status() != 404) throw;
  }
  co_return std::nullopt;
}

asio::awaitable<std::vector<ImageDelete>> Client::remove_image(std::string name, bool force, bool no_prune,
                                                               std::string platform) {
  Query query(image_path(name));
  query.add_flag("force", force).add_flag("noprune", no_prune).add("platforms", platform_json(platform));
  const Response response = co_await request("DELETE", std::move(query).text());
  co_return response.as<std::vector<ImageDelete>>();
}

asio::awaitable<void> Client::tag_image(std::string name, std::string repository, std::string tag) {
  Query query(image_path(name, "tag"));
  query.add("repo", repository).add("tag", tag);
  co_await request("POST", std::move(query).text());
}

namespace {

/// ASCII JSON: fits a header whatever the secrets hold.
std::string secrets_header(const StringMap& secrets) {
  try {
    return nlohmann::json(secrets).dump(-1, ' ', true);
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorCode::invalid_argument, "a build secret is not UTF-8 text: encode it, e.g. by base64");
  }
}

}  // namespace

asio::awaitable<ProgressStream> Client::build_image(BuildOptions options, BodySource& context) {
  StringMap headers;
  if (!options.secrets.empty()) headers["X-Stack-Build-Secrets"] = secrets_header(options.secrets);
  if (impl_->options.registry_config) headers["X-Registry-Config"] = impl_->options.registry_config();
  co_return ProgressStream(
      co_await upload("POST", "/build?" + build_query(options), context, "application/x-tar", std::move(headers)));
}

namespace {

std::string import_target(const std::string& source, const ImportOptions& options) {
  Query query("/images/create");
  query.add("fromSrc", source).add("repo", options.repository).add("tag", options.tag).add("message", options.message);
  query.add("platform", options.platform);
  for (const std::string& change : options.changes) query.add("changes", change);
  return std::move(query).text();
}

}  // namespace

asio::awaitable<ProgressStream> Client::import_image(BodySource& tar, ImportOptions options) {
  co_return ProgressStream(co_await upload("POST", import_target("-", options), tar));
}

asio::awaitable<ProgressStream> Client::import_image_from(std::string url, ImportOptions options) {
  co_return ProgressStream(co_await stream("POST", import_target(url, options)));
}

asio::awaitable<ProgressStream> Client::push_image(std::string name, std::string tag, std::string platform) {
  Query query(image_path(name, "push"));
  query.add("tag", tag).add("platform", platform);
  StringMap headers;
  headers["X-Registry-Auth"] = "e30=";  // nobody is logged in; the header must be there
  if (impl_->options.registry_auth)
    if (std::string auth = impl_->options.registry_auth(name); !auth.empty()) headers["X-Registry-Auth"] = std::move(auth);
  co_return ProgressStream(co_await stream("POST", std::move(query).text(), {}, std::move(headers)));
}

asio::awaitable<ProgressStream> Client::pull_image(std::string reference, std::string platform) {
  const auto [name, tag] = split_tag(reference);
  Query query("/images/create");
  query.add("fromImage", name)
      .add("tag", tag.empty() && name.find('@') == std::string::npos ? "latest" : tag)
      .add("platform", platform);
  StringMap headers = impl_->registry_headers(reference);
  co_return ProgressStream(co_await stream("POST", std::move(query).text(), {}, std::move(headers)));
}

asio::awaitable<ProgressStream> Client::pull_all_tags(std::string repository, std::string platform) {
  Query query("/images/create");
  query.add("fromImage", repository).add("platform", platform);
  StringMap headers = impl_->registry_headers(repository);
  co_return ProgressStream(co_await stream("POST", std::move(query).text(), {}, std::move(headers)));
}

asio::awaitable<std::vector<ImageHistory>> Client::image_history(std::string name, std::string platform) {
  Query query(image_path(name, "history"));
  query.add("platform", platform_json(platform));
  const Response response = co_await request("GET", std::move(query).text());
  co_return response.as<std::vector<ImageHistory>>();
}

asio::awaitable<ProgressStream> Client::load_images(BodySource& tar, std::string platform) {
  Query query("/images/load");
  query.add_flag("quiet", true).add("platform", platform_json(platform));
  co_return ProgressStream(co_await upload("POST", std::move(query).text(), tar));
}

asio::awaitable<ResponseStream> Client::save_images(std::vector<std::string> names, std::string platform) {
  Query query("/images/get");
  query.add("platform", platform_json(platform));
  for (const std::string& name : names) query.add("names", name);
  co_return co_await stream("GET", std::move(query).text());
}

asio::awaitable<NetworkCreateResponse> Client::create_network(NetworkCreate body) {
  const Response response = co_await request("POST", "/networks/create", nlohmann::json(body));
  co_return response.as<NetworkCreateResponse>();
}

asio::awaitable<NetworkResource> Client::inspect_network(std::string id) {
  const Response response = co_await request("GET", network_path(id));
  co_return response.as<NetworkResource>();
}

asio::awaitable<std::vector<NetworkResource>> Client::list_networks(Filters filters) {
  Query query("/networks");
  query.add_encoded("filters", filters_query(filters));
  const Response response = co_await request("GET", std::move(query).text());
  co_return response.as<std::vector<NetworkResource>>();
}

asio::awaitable<void> Client::remove_network(std::string id) { co_await request("DELETE", network_path(id)); }

asio::awaitable<void> Client::connect_network(std::string id, NetworkConnect body) {
  co_await request("POST", network_path(id, "connect"), nlohmann::json(body));
}

asio::awaitable<void> Client::disconnect_network(std::string id, NetworkDisconnect body) {
  co_await request("POST", network_path(id, "disconnect"), nlohmann::json(body));
}

asio::awaitable<Volume> Client::create_volume(VolumeCreate body) {
  const Response response = co_await request("POST", "/volumes/create", nlohmann::json(body));
  co_return response.as<Volume>();
}

asio::awaitable<Volume> Client::inspect_volume(std::string name) {
  const Response response = co_await request("GET", "/volumes/" + url_encode(name));
  co_return response.as<Volume>();
}

asio::awaitable<VolumeList> Client::list_volumes(Filters filters) {
  Query query("/volumes");
  query.add_encoded("filters", filters_query(filters));
  const Response response = co_await request("GET", std::move(query).text());
  co_return response.as<VolumeList>();
}

asio::awaitable<void> Client::remove_volume(std::string name, bool force) {
  Query query("/volumes/" + url_encode(name));
  query.add_flag("force", force);
  co_await request("DELETE", std::move(query).text());
}

asio::awaitable<nlohmann::json> Client::prune(std::string what, Filters filters) {
  Query query("/" + what + "/prune");
  if (what == "build") query.add_flag("all", filters.erase("all") > 0);  // which is no filter there
  query.add_encoded("filters", filters_query(filters));
  const Response response = co_await request("POST", std::move(query).text());
  co_return parse_body(response.body);
}

asio::awaitable<nlohmann::json> Client::disk_usage() {
  const Response response = co_await request("GET", "/system/df");
  co_return parse_body(response.body);
}

asio::awaitable<PingInfo> Client::ping() {
  const Response response = co_await request("GET", "/_ping");
  PingInfo info;
  info.api_version = header_of(response, "api-version");
  info.os_type = header_of(response, "ostype");
  info.builder_version = header_of(response, "builder-version");
  info.server = header_of(response, "server");
  co_return info;
}

asio::awaitable<VersionInfo> Client::version() {
  const Response response = co_await request("GET", "/version");
  co_return response.as<VersionInfo>();
}

asio::awaitable<SystemInfo> Client::info() {
  const Response response = co_await request("GET", "/info");
  co_return response.as<SystemInfo>();
}

asio::awaitable<EventStream> Client::events(EventsOptions options) {
  Query query("/events");
  query.add("since", options.since).add("until", options.until).add_encoded("filters", filters_query(options.filters));
  co_return EventStream(co_await stream("GET", std::move(query).text()));
}

}  // namespace stack::engine::api
