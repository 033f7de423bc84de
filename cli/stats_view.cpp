#include "cli/stats_view.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/output.hpp"
#include "cli/render/format.hpp"
#include "cli/render/stats_row.hpp"
#include "cli/task_group.hpp"
#include "cli/terminal.hpp"
#include "engine/api/stats_types.hpp"

namespace stack::cli {

namespace asio = boost::asio;
namespace api = engine::api;

namespace {

constexpr std::chrono::seconds interval{1};  ///< over which the share of the processors is measured

using Samples = std::map<std::string, api::ContainerStats>;  ///< by container id

asio::awaitable<void> take_sample(api::Client& client, std::string id, api::ContainerStats& into) {
  try {
    const api::Response answer =
        co_await client.request("GET", "/containers/" + api::url_encode(id) + "/stats?stream=0&one-shot=1");
    into = answer.as<api::ContainerStats>();
  } catch (const api::ApiError& error) {
    if (error.code() != ErrorCode::not_found) throw;  // removed since the list was made
  }
}

/// Of all containers at the same time. The map's entries stay where they are.
asio::awaitable<Samples> take_samples(api::Client& client, const std::vector<StatsTarget>& targets) {
  Samples samples;
  TaskGroup tasks(client.executor());
  for (const StatsTarget& target : targets) tasks.spawn(take_sample(client, target.id, samples[target.id]));
  co_await tasks.join_or_cancel();
  if (tasks.failure()) std::rethrow_exception(tasks.failure());
  std::erase_if(samples, [](const auto& entry) { return entry.second.id.empty(); });
  co_return samples;
}

/// The samples' ids are whole ones, the targets' need not be.
std::string render_samples(const std::vector<StatsTarget>& targets, Samples& before, const Samples& now,
                           const StatsView& view) {
  std::vector<nlohmann::json> rows;
  for (const StatsTarget& target : targets) {
    const auto sample = now.find(target.id);
    if (sample == now.end()) continue;
    rows.push_back(render::stats_object(before[target.id], sample->second, view.full));
    rows.back()["Container"] = target.shown;
  }
  const bool own_look = view.format == "table" || view.format.empty();
  return render::format_rows(rows, own_look ? render::stats_table : view.format, render::stats_titles());
}

/// In a terminal the table is drawn over the last one.
std::string redrawn(std::string text) {
  if (!is_terminal(1)) return text;
  std::string out = "\x1b[H";
  for (const char c : text) out += c == '\n' ? std::string("\x1b[K\n") : std::string(1, c);
  return out + "\x1b[J";
}

}  // namespace

asio::awaitable<void> show_stats(api::Client& client, StatsView view) {
  std::vector<StatsTarget> targets = co_await view.targets();
  Samples before = co_await take_samples(client, targets);
  asio::steady_timer timer(client.executor());
  if (view.stream && is_terminal(1)) write_all(1, "\x1b[2J");
  while (true) {
    if (!before.empty() || view.stream) {
      timer.expires_after(interval);
      co_await timer.async_wait(asio::use_awaitable);
    }
    if (view.stream) targets = co_await view.targets();
    Samples now = co_await take_samples(client, targets);
    const std::string text = render_samples(targets, before, now, view);
    if (!write_all(1, view.stream ? redrawn(text) : text) || !view.stream) co_return;
    before = std::move(now);
  }
}

}  // namespace stack::cli
