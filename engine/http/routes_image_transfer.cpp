// Images that come from elsewhere and go elsewhere: registries, archives, root file systems.
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "engine/build/metadata.hpp"
#include "engine/http/image_platform.hpp"
#include "engine/http/routes.hpp"
#include "engine/image/archive_load.hpp"
#include "engine/image/archive_save.hpp"
#include "engine/image/progress_line.hpp"
#include "engine/image/pull.hpp"

namespace stack::engine::http {

namespace {

using image::ImagePtr;
using image::Puller;
using image::Store;

/// Begins the stream with its first line, so that what fails before it has a status of its own.
asio::awaitable<void> write_line(ResponseWriter& response, std::string line) {
  if (!response.started()) co_await response.begin_stream("application/json");
  co_await response.write(line);
}

/// A registry's fault is no fault of the request: Docker's clients expect 500 for all of it but a missing image.
Error as_server_error(const Error& error) {
  const bool own = error.code() == ErrorCode::not_found || error.code() == ErrorCode::not_implemented;
  return own ? error : Error(ErrorCode::internal, error.what());
}

/// One image, or without a tag all of the repository.
asio::awaitable<void> pull_images(Puller& puller, image::PullRequest pull, image::Output output, bool all_tags) {
  if (!all_tags) {
    co_await puller.pull(std::move(pull), std::move(output));
    co_return;
  }
  image::PullRequest asked = pull;
  const std::vector<std::string> tags = co_await puller.tags(std::move(asked));
  if (tags.empty()) throw Error(ErrorCode::not_found, pull.name.familiar_repository() + " has no tags");
  for (const std::string& tag : tags) {
    image::PullRequest one = pull;
    one.name = image::parse_repo_and_tag(pull.name.familiar_repository(), tag);  // a registry may say anything
    image::Output lines = output;
    co_await puller.pull(std::move(one), std::move(lines));
  }
}

asio::awaitable<void> pull_image(Puller& puller, Request& request, ResponseWriter& response) {
  image::PullRequest pull;
  pull.name = image::parse_repo_and_tag(request.query.get("fromImage"), request.query.get("tag"));
  const image::Reference written = image::parse_reference(request.query.get("fromImage"));
  const bool all_tags = request.query.get("tag").empty() && written.tag.empty() && written.digest.empty();
  pull.platform = request.query.get("platform");
  image::parse_platform(pull.platform);  // the request's own mistakes have the status 400
  pull.credentials = image::parse_registry_auth(request.header("X-Registry-Auth"));
  image::Output output = [&response](std::string line) { return write_line(response, std::move(line)); };
  std::optional<Error> failure;
  try {
    co_await pull_images(puller, std::move(pull), std::move(output), all_tags);
  } catch (const Error& error) {
    failure = error;
  }
  if (!failure) co_return;
  if (!response.started()) throw as_server_error(*failure);
  std::string line = image::error_line(failure->what());
  co_await response.write(line);
}

/// With fromSrc a root filesystem comes in the body. The answer begins when the image is there, so that a bad tar gets a status
/// of its own.
asio::awaitable<void> import_image(Store& store, Request& request, ResponseWriter& response) {
  if (request.query.get("fromSrc") != "-")
    throw Error(ErrorCode::invalid_argument, "fromSrc must be \"-\": the archive comes in the body");
  Store::ImportOptions options;
  if (const auto changes = request.query.all("changes"); !changes.empty())
    build::apply_changes(options.config.emplace(), changes);
  options.message = request.query.get("message");
  if (const std::string repo = request.query.get("repo"); !repo.empty())
    options.name = image::parse_repo_and_tag(repo, request.query.get("tag"));
  BodyReader* body = request.body;
  image::BodyReader read = [body](std::span<char> buffer) { return body->read_some(buffer); };
  const ImagePtr image = co_await store.import_rootfs(std::move(options), std::move(read));
  co_await write_line(response, image::status_line(image->id));
}

asio::awaitable<void> create_image(Store& store, Puller& puller, Request& request, ResponseWriter& response) {
  if (request.query.get("fromImage").empty())
    co_await import_image(store, request, response);
  else
    co_await pull_image(puller, request, response);
}

asio::awaitable<void> load_images(Store& store, Puller&, Request& request, ResponseWriter& response) {
  BodyReader* body = request.body;
  image::BodyReader read = [body](std::span<char> buffer) { return body->read_some(buffer); };
  image::Output output = [&response](std::string line) { return write_line(response, std::move(line)); };
  const auto wanted = wanted_platform(request);
  std::string platform = wanted ? wanted->text() : "";
  co_await image::load_images(store, std::move(read), std::move(platform), std::move(output));
}

asio::awaitable<void> write_piece(ResponseWriter& response, std::string_view piece) {
  if (!response.started()) co_await response.begin_stream("application/x-tar");
  co_await response.write(piece);
}

asio::awaitable<void> save_images(Store& store, std::vector<std::string> names, Request& request, ResponseWriter& response) {
  if (const auto platform = wanted_platform(request))
    for (const std::string& name : names) check_platform(*store.get(name), name, platform);
  image::BodyWriter write = [&response](std::string_view piece) { return write_piece(response, piece); };
  co_await image::save_images(store, std::move(names), std::move(write));
}

asio::awaitable<void> save_several(Store& store, Puller&, Request& request, ResponseWriter& response) {
  std::vector<std::string> names = request.query.all("names");
  if (names.empty()) throw Error(ErrorCode::invalid_argument, "names= says which images to save");
  co_await save_images(store, std::move(names), request, response);
}

asio::awaitable<void> save_one(Store& store, Puller&, Request& request, ResponseWriter& response) {
  std::vector<std::string> names{request.parameter("name")};
  co_await save_images(store, std::move(names), request, response);
}

nlohmann::json to_json(const image::Distribution& found) {
  nlohmann::json platforms = nlohmann::json::array();
  for (const image::Platform& platform : found.platforms) {
    nlohmann::json item{{"architecture", platform.architecture}, {"os", platform.os}};
    if (!platform.variant.empty()) item["variant"] = platform.variant;
    platforms.push_back(std::move(item));
  }
  const image::Descriptor& descriptor = found.descriptor;
  return {{"Descriptor", {{"mediaType", descriptor.media_type}, {"digest", descriptor.digest}, {"size", descriptor.size}}},
          {"Platforms", std::move(platforms)}};
}

asio::awaitable<void> inspect_distribution(Store&, Puller& puller, Request& request, ResponseWriter& response) {
  image::PullRequest wanted;
  wanted.name = image::parse_tagged_reference(request.parameter("name"));
  wanted.credentials = image::parse_registry_auth(request.header("X-Registry-Auth"));
  std::optional<Error> failure;
  nlohmann::json body;
  try {
    const image::Distribution found = co_await puller.inspect(std::move(wanted));
    body = to_json(found);
  } catch (const Error& error) {
    failure = error.code() == ErrorCode::unauthorized ? error : as_server_error(error);
  }
  if (failure) throw *failure;
  co_await response.json(200, body);
}

asio::awaitable<void> log_in(Store&, Puller& puller, Request& request, ResponseWriter& response) {
  const nlohmann::json body = co_await request.required_json_body();
  if (!body.is_object()) throw Error(ErrorCode::invalid_argument, "a JSON object is expected");
  image::Credentials credentials = image::parse_registry_auth(base64_encode(body.dump()));
  const std::string server = body.value("serveraddress", "");
  std::optional<Error> failure;
  try {
    co_await puller.check_login(server, std::move(credentials));
  } catch (const Error& error) {
    failure = error.code() == ErrorCode::unauthorized ? error : as_server_error(error);
  }
  if (failure) throw *failure;
  const nlohmann::json answer{{"IdentityToken", ""}, {"Status", "Login Succeeded"}};
  co_await response.json(200, answer);
}

}  // namespace

void add_image_transfer_routes(Router& router, Store& store, Puller& puller) {
  using Function = asio::awaitable<void> (*)(Store&, Puller&, Request&, ResponseWriter&);
  const auto add = [&](Method method, const char* pattern, Function function) {
    router.add(method, pattern, [&store, &puller, function](Request& request, ResponseWriter& response) {
      return function(store, puller, request, response);
    });
  };
  add(Method::post, "/images/create", create_image);
  add(Method::post, "/images/load", load_images);
  add(Method::get, "/images/get", save_several);
  add(Method::get, "/images/{name...}/get", save_one);
  add(Method::get, "/distribution/{name...}/json", inspect_distribution);
  add(Method::post, "/auth", log_in);
}

}  // namespace stack::engine::http
