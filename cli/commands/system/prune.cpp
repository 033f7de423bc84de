// What nobody uses, removed: of one kind, or of all.
#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/listing.hpp"
#include "cli/output.hpp"
#include "cli/render/human.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

/// How the engine calls a kind of things and what it says it deleted.
struct Kind {
  const char* path;
  const char* key;
  const char* title;
};
constexpr Kind container_kind{"containers", "ContainersDeleted", "Deleted Containers:"};
constexpr Kind network_kind{"networks", "NetworksDeleted", "Deleted Networks:"};
constexpr Kind volume_kind{"volumes", "VolumesDeleted", "Deleted Volumes:"};
constexpr Kind image_kind{"images", "ImagesDeleted", "Deleted Images:"};
constexpr Kind cache_kind{"build", "CachesDeleted", "Deleted build cache objects:"};

struct PruneFlags {
  bool force = false, all = false;
  std::vector<std::string> filters;
};

void add_flags(Flags& flags, PruneFlags& options) {
  flags.values("--filter", options.filters, "NAME=VALUE", "Only what matches: label=NAME, label!=NAME, until=24h; repeatable");
  flags.flag("-f,--force", options.force, "Do not ask");
}

bool agreed(const std::string& warning) {
  write_all(STDOUT_FILENO, "WARNING! " + warning + "\nAre you sure you want to continue? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y";
}

std::string deleted_lines(const nlohmann::json& deleted) {
  std::string lines;
  for (const nlohmann::json& item : deleted) {
    if (item.is_string()) {
      lines += item.get<std::string>() + "\n";
      continue;
    }
    for (const auto& [what, name] : item.items()) {  // {"Untagged": "app:1"}
      std::string word = what;
      word.front() = static_cast<char>(std::tolower(word.front()));
      lines += fmt::format("{}: {}\n", word, name.get<std::string>());
    }
  }
  return lines;
}

struct Pruned {
  std::string text;
  std::int64_t space = 0;
};

asio::awaitable<Pruned> prune(api::Client& client, Kind kind, api::Filters filters) {
  const nlohmann::json answer = co_await client.prune(kind.path, std::move(filters));
  Pruned pruned;
  const auto deleted = answer.find(kind.key);
  if (deleted != answer.end() && deleted->is_array() && !deleted->empty())
    pruned.text = fmt::format("{}\n{}\n", kind.title, deleted_lines(*deleted));
  const auto space = answer.find("SpaceReclaimed");
  if (space != answer.end() && space->is_number()) pruned.space = space->get<std::int64_t>();
  co_return pruned;
}

int prune_one(const Invocation& invocation, Kind kind, const PruneFlags& options, const char* warning, api::Filters filters) {
  if (!options.force && !agreed(warning)) return 0;
  Session session(invocation.global);
  const Pruned pruned = session.run(prune(session.client(), kind, std::move(filters)));
  const bool with_space = std::string_view(kind.path) != network_kind.path;
  return write_all(1, pruned.text + (with_space ? "Total reclaimed space: " + render::finer_size(pruned.space) + "\n" : ""))
             ? 0
             : 1;
}

asio::awaitable<Pruned> prune_all(api::Client& client, std::vector<std::pair<Kind, api::Filters>> kinds) {
  Pruned all;
  for (auto& [kind, filters] : kinds) {
    Pruned pruned;
    try {
      pruned = co_await prune(client, kind, filters);
    } catch (const api::ApiError& error) {  // an engine without a build cache
      if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::not_implemented) throw;
    }
    all.text += pruned.text;
    all.space += pruned.space;
  }
  co_return all;
}

std::string warning_of(const PruneFlags& options, bool with_volumes) {
  std::string text = "This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n";
  if (with_volumes) text += "  - all anonymous volumes not used by at least one container\n";
  text += options.all ? "  - all images without at least one container associated to them\n  - all build cache\n"
                      : "  - all dangling images\n  - unused build cache\n";
  if (!options.filters.empty()) text += "\n  Items to be pruned will be filtered with:\n";
  for (const std::string& filter : options.filters) text += "  - " + filter + "\n";
  return text;
}

}  // namespace

int container_prune(const Invocation& invocation) {
  PruneFlags options;
  Flags flags("container prune [OPTIONS]", "Remove all stopped containers.");
  add_flags(flags, options);
  if (!flags.parse(invocation.arguments)) return 0;
  return prune_one(invocation, container_kind, options, "This will remove all stopped containers.",
                   parse_filters(options.filters));
}

int image_prune(const Invocation& invocation) {
  PruneFlags options;
  Flags flags("image prune [OPTIONS]", "Remove images that nothing uses.");
  flags.flag("-a,--all", options.all, "Also those that have a name");
  add_flags(flags, options);
  if (!flags.parse(invocation.arguments)) return 0;
  api::Filters filters = parse_filters(options.filters);
  filters["dangling"] = {options.all ? "false" : "true"};
  const char* warning = options.all ? "This will remove all images without at least one container associated to them."
                                    : "This will remove all dangling images.";
  return prune_one(invocation, image_kind, options, warning, std::move(filters));
}

int network_prune(const Invocation& invocation) {
  PruneFlags options;
  Flags flags("network prune [OPTIONS]", "Remove all networks that no container uses.");
  add_flags(flags, options);
  if (!flags.parse(invocation.arguments)) return 0;
  return prune_one(invocation, network_kind, options,
                   "This will remove all custom networks not used by at least one container.", parse_filters(options.filters));
}

int volume_prune(const Invocation& invocation) {
  PruneFlags options;
  Flags flags("volume prune [OPTIONS]", "Remove volumes that no container uses.");
  flags.flag("-a,--all", options.all, "Also those that have a name");
  add_flags(flags, options);
  if (!flags.parse(invocation.arguments)) return 0;
  api::Filters filters = parse_filters(options.filters);
  if (options.all) filters["all"] = {"true"};
  const char* warning = options.all ? "This will remove all local volumes not used by at least one container."
                                    : "This will remove anonymous local volumes not used by at least one container.";
  return prune_one(invocation, volume_kind, options, warning, std::move(filters));
}

int system_prune(const Invocation& invocation) {
  PruneFlags options;
  bool with_volumes = false;
  Flags flags("system prune [OPTIONS]", "Remove what nothing uses: containers, networks, images, build cache.");
  flags.flag("-a,--all", options.all, "Also images that have a name");
  add_flags(flags, options);
  flags.flag("--volumes", with_volumes, "Also anonymous volumes");
  if (!flags.parse(invocation.arguments)) return 0;
  const api::Filters filters = parse_filters(options.filters);
  if (with_volumes && filters.contains("until")) throw UsageError("the \"until\" filter is not supported with \"--volumes\"");
  if (!options.force && !agreed(warning_of(options, with_volumes))) return 0;
  std::vector<std::pair<Kind, api::Filters>> kinds{{container_kind, filters}, {network_kind, filters}};
  if (with_volumes) kinds.emplace_back(volume_kind, filters);
  kinds.emplace_back(image_kind, filters).second["dangling"] = {options.all ? "false" : "true"};
  kinds.emplace_back(cache_kind, filters);
  if (options.all) kinds.back().second["all"] = {"true"};
  Session session(invocation.global);
  const Pruned all = session.run(prune_all(session.client(), kinds));
  return write_all(1, all.text + "Total reclaimed space: " + render::finer_size(all.space) + "\n") ? 0 : 1;
}

}  // namespace stack::cli
