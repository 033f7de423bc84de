#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/build/builder.hpp"
#include "engine/container/until.hpp"
#include "engine/http/filters.hpp"
#include "engine/http/routes.hpp"
#include "engine/image/pull.hpp"

namespace stack::engine::http {

namespace {

using build::BuildOptions;

/// A JSON object of strings; null values (build arguments that are to come from nowhere) are left out.
std::map<std::string, std::string> string_map(std::string_view text, const char* name) {
  std::map<std::string, std::string> map;
  if (text.empty()) return map;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto refuse = [&] {
    return Error(ErrorCode::invalid_argument, std::string(name) + " must be a JSON object of strings");
  };
  if (json.is_null()) return map;
  if (!json.is_object()) throw refuse();
  for (const auto& [key, value] : json.items()) {
    if (value.is_null()) continue;
    if (!value.is_string()) throw refuse();
    map[key] = value.get<std::string>();
  }
  return map;
}

/// [{"Name":"nofile","Hard":2,"Soft":1}]
std::vector<build::Ulimit> ulimits_of(const std::string& text) {
  std::vector<build::Ulimit> limits;
  if (text.empty()) return limits;
  try {
    for (const auto& item : nlohmann::json::parse(text))
      limits.push_back(
          {item.at("Name").get<std::string>(), item.at("Soft").get<std::int64_t>(), item.at("Hard").get<std::int64_t>()});
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::invalid_argument, std::string("ulimits must be a JSON array of limits: ") + error.what());
  }
  return limits;
}

BuildOptions read_options(const Request& request) {
  const Query& query = request.query;
  if (!query.get("remote").empty())
    throw Error(ErrorCode::not_implemented,
                "building from a remote context is not supported yet: send the context in the body");
  if (query.get("version") == "2")
    throw Error(ErrorCode::not_implemented, "this engine builds without BuildKit: set DOCKER_BUILDKIT=0");
  BuildOptions options;
  options.tags = query.all("t");
  if (const std::string file = query.get("dockerfile"); !file.empty()) options.dockerfile = file;
  options.build_args = string_map(query.get("buildargs"), "buildargs");
  options.labels = string_map(query.get("labels"), "labels");
  // a header of our own: a query is logged too easily, and BuildKit's way needs its session protocol
  options.secrets = string_map(request.header("x-stack-build-secrets"), "X-Stack-Build-Secrets");
  options.target = query.get("target");
  options.no_cache = query.flag("nocache");
  options.pull = query.flag("pull");
  options.quiet = query.flag("q");
  options.remove_intermediate = query.flag("rm", true);
  options.network_mode = query.get("networkmode");
  options.extra_hosts = query.all("extrahosts");
  options.memory = query.integer("memory").value_or(0);
  options.memory_swap = query.integer("memswap").value_or(0);
  options.cpu_shares = query.integer("cpushares").value_or(0);
  options.cpu_period = query.integer("cpuperiod").value_or(0);
  options.cpu_quota = query.integer("cpuquota").value_or(0);
  options.cpuset_cpus = query.get("cpusetcpus");
  options.shm_size = query.integer("shmsize").value_or(0);
  options.ulimits = ulimits_of(query.get("ulimits"));
  options.platform = query.get("platform");
  return options;
}

asio::awaitable<void> write_line(ResponseWriter& response, std::string line) {
  if (!response.started()) co_await response.begin_stream("application/json");
  co_await response.write(line);
}

asio::awaitable<void> fetch(image::Puller& puller, image::PullRequest pull, image::Output output) {
  co_await puller.pull(std::move(pull), std::move(output));
}

/// Credentials for the registry of an image, out of those the client has sent for all registries.
image::Credentials credentials_for(const std::map<std::string, image::Credentials>& all, const image::Reference& name) {
  for (const auto& [server, credentials] : all)
    if (image::registry_domain(server) == name.domain) return credentials;
  return {};
}

asio::awaitable<void> build_image(build::Builder& builder, image::Puller& puller, Request& request, ResponseWriter& response) {
  BuildOptions options = read_options(request);
  const auto all_credentials = image::parse_registry_config(request.header("X-Registry-Config"));
  options.fetch_image = [&](const std::string& name) {
    image::PullRequest pull;
    pull.name = image::parse_tagged_reference(name);
    pull.credentials = credentials_for(all_credentials, pull.name);
    image::Output lines = [&response](std::string line) { return write_line(response, std::move(line)); };
    return fetch(puller, std::move(pull), std::move(lines));
  };
  BodyReader* body = request.body;
  image::BodyReader context = [body](std::span<char> buffer) { return body->read_some(buffer); };
  build::Output output = [&response](std::string line) { return write_line(response, std::move(line)); };
  co_await builder.build(std::move(options), std::move(context), std::move(output));
  if (!response.started()) co_await response.begin_stream("application/json");
}

/// What the filters of a prune choose; empty: there are none.
std::function<bool(const build::CacheStep&)> chosen_steps(const Filters& filters) {
  constexpr std::array known{"description", "id", "inuse", "private", "shared", "type", "until", "unused-for"};
  for (const auto& [filter, values] : filters)
    if (std::find(known.begin(), known.end(), filter) == known.end())
      throw Error(ErrorCode::invalid_argument, "failed to prune build cache: invalid filter '" + filter + "'");
  if (filters.empty()) return {};
  Filters period = filters;
  if (auto older_name = period.extract("unused-for")) {
    older_name.key() = "until";
    period.insert(std::move(older_name));
  }
  std::optional<std::int64_t> until;
  try {
    until = container::parse_until(period);
  } catch (const Error& error) {
    throw Error(error.code(), std::string("failed to prune build cache: ") + error.what());
  }
  return [filters, until](const build::CacheStep& step) {
    constexpr std::int64_t second = 1'000'000'000;
    return (!until || step.used < *until / second) &&
           matches_any(filters, "id", [&](const std::string& value) { return step.key.starts_with(value); }) &&
           matches_any(filters, "type", [](const std::string& value) { return value == "regular"; }) &&
           matches_any(filters, "description",
                       [&](const std::string& value) { return step.description.find(value) != std::string::npos; }) &&
           !filters.contains("inuse") && (!filters.contains("shared") || step.shared) &&
           (!filters.contains("private") || !step.shared);
  };
}

asio::awaitable<void> prune_cache(build::Builder& builder, Request& request, ResponseWriter& response) {
  nlohmann::json body;
  body["CachesDeleted"] = nullptr;
  const Filters filters = container::parse_filters(request.query.get("filters"));
  body["SpaceReclaimed"] = builder.prune(request.query.flag("all"), chosen_steps(filters));
  co_await response.json(200, body);
}

}  // namespace

void add_build_routes(Router& router, build::Builder& builder, image::Puller& puller) {
  router.add(Method::post, "/build", [&builder, &puller](Request& request, ResponseWriter& response) {
    return build_image(builder, puller, request, response);
  });
  router.add(Method::post, "/build/prune",
             [&builder](Request& request, ResponseWriter& response) { return prune_cache(builder, request, response); });
}

}  // namespace stack::engine::http
