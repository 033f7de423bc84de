#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/render/container_row.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

asio::awaitable<nlohmann::ordered_json> inspect(api::Client& client, std::vector<std::string> names) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const std::string& name : names) {
    const api::Response answer = co_await client.request("GET", "/containers/" + api::url_encode(name) + "/json");
    all.push_back(nlohmann::ordered_json::parse(answer.body));
  }
  co_return all;
}

}  // namespace

int container_inspect(const Invocation& invocation) {
  std::vector<std::string> names;
  Flags flags("container inspect CONTAINER...",
              "Print all the engine knows about containers (names, ids or their beginnings) as JSON.");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  const nlohmann::ordered_json all = session.run(inspect(session.client(), names));
  return write_all(1, all.dump(4, ' ', false, nlohmann::json::error_handler_t::replace) + "\n") ? 0 : 1;
}

}  // namespace stack::cli
