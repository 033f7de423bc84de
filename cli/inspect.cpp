#include "cli/inspect.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/flags.hpp"
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

asio::awaitable<Found> find(api::Client& client, std::vector<std::string> targets) {
  Found found;
  for (const std::string& target : targets) {
    try {
      const api::Response answer = co_await client.request("GET", target);
      found.things.push_back(nlohmann::ordered_json::parse(answer.body));
    } catch (const api::ApiError& error) {
      found.failures += std::string(error.what()) + "\n";
    }
  }
  co_return found;
}

}  // namespace

int inspect_command(const Invocation& invocation, const Inspected& kind) {
  std::string format;
  bool size = false;
  std::vector<std::string> names;
  Flags flags{std::string(kind.usage), std::string(kind.about)};
  flags.value("-f,--format", format, "FORMAT", "json, or a template: '{{.Id}} {{json .Labels}}'");
  if (kind.has_size) flags.flag("-s,--size", size, "Also the sizes of the files");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  if (!format.empty() && format != "json") text_template::Template{format};  // wrong ones are found before anything is asked
  std::vector<std::string> targets;
  for (const std::string& name : names) targets.push_back(kind.path(name) + (size ? "?size=1" : ""));
  Session session(invocation.global);
  const Found found = session.run(find(session.client(), std::move(targets)));
  const bool written = write_all(STDOUT_FILENO, render::format_inspected(found.things, format));
  write_all(STDERR_FILENO, found.failures);
  return written && found.failures.empty() ? 0 : 1;
}

}  // namespace stack::cli
