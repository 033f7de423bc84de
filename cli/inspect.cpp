#include "cli/inspect.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/output.hpp"
#include "cli/render/format.hpp"
#include "cli/session.hpp"
#include "cli/text_template/text_template.hpp"

namespace stack::cli {
namespace {

struct Found {
  std::vector<nlohmann::ordered_json> things;
  std::string failures;  ///< a line each
};

/// Null when none of the kinds has it: `failure` then says why.
asio::awaitable<nlohmann::ordered_json> find_one(api::Client& client, std::string name, const std::vector<InspectPath>& kinds,
                                                 std::string& failure) {
  for (const InspectPath& path : kinds) {
    try {
      const api::Response answer = co_await client.request("GET", path(name));
      co_return nlohmann::ordered_json::parse(answer.body);
    } catch (const api::ApiError& error) {
      failure = error.what();
      if (error.status() != 404) break;
      if (kinds.size() > 1) failure = "No such object: " + name;
    }
  }
  co_return nullptr;
}

asio::awaitable<Found> find(api::Client& client, std::vector<std::string> names, std::vector<InspectPath> kinds) {
  Found found;
  for (const std::string& name : names) {
    std::string failure;
    nlohmann::ordered_json thing = co_await find_one(client, name, kinds, failure);
    if (thing.is_null())
      found.failures += failure + "\n";
    else
      found.things.push_back(std::move(thing));
  }
  co_return found;
}

}  // namespace

void add_inspect_flags(Flags& flags, InspectRequest& request) {
  flags.value("-f,--format", request.format, "FORMAT", "json, or a template: '{{.Id}} {{json .Labels}}'");
  flags.arguments(request.names, 1);
}

InspectPath container_path(bool size) {
  return [size](const std::string& name) { return "/containers/" + api::url_encode(name) + "/json" + (size ? "?size=1" : ""); };
}

InspectPath image_path(const std::string& platform) {
  const std::string query = platform.empty() ? "" : "?platform=" + api::url_encode(api::platform_json(platform));
  return [query](const std::string& name) { return "/images/" + api::url_encode(name, true) + "/json" + query; };
}

InspectPath network_path(bool verbose) {
  return [verbose](const std::string& name) { return "/networks/" + api::url_encode(name) + (verbose ? "?verbose=1" : ""); };
}

InspectPath volume_path() {
  return [](const std::string& name) { return "/volumes/" + api::url_encode(name); };
}

int show_inspected(const Invocation& invocation, const InspectRequest& request, const std::vector<InspectPath>& kinds) {
  const std::string& format = request.format;
  if (!format.empty() && format != "json") text_template::Template{format};  // wrong ones are found before anything is asked
  Session session(invocation.global);
  const Found found = session.run(find(session.client(), request.names, kinds));
  const bool written = write_all(STDOUT_FILENO, render::format_inspected(found.things, format));
  write_all(STDERR_FILENO, found.failures);
  return written && found.failures.empty() ? 0 : 1;
}

}  // namespace stack::cli
