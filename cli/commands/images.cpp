#include <fmt/format.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/project_containers.hpp"
#include "cli/render/human.hpp"
#include "cli/render/image_name.hpp"
#include "cli/render/table.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

struct UsedImage {
  std::string container;
  render::ImageName name;
  std::string id, platform;
  std::int64_t size = 0;
  std::optional<api::Timestamp> tagged;
};

UsedImage used_image(const api::ContainerSummary& container, const api::ImageInspect& image) {
  UsedImage used;
  used.container = name_of(container);
  used.name =
      image.repo_tags.empty() ? render::ImageName{"<none>", "<none>"} : render::split_name(image.repo_tags.front(), "latest");
  used.id = image.id;
  used.platform = image.os + "/" + image.architecture + (image.variant.empty() ? "" : "/" + image.variant);
  used.size = image.size;
  used.tagged = image.last_tag_time ? image.last_tag_time : image.created;
  return used;
}

asio::awaitable<std::vector<UsedImage>> list_images(api::Client& client, const ProjectReference& reference,
                                                    ContainerSelection selection) {
  const std::vector<api::ContainerSummary> containers = co_await select_containers(client, reference, std::move(selection));
  std::map<std::string, api::ImageInspect> images;  // by id: most containers share theirs
  std::vector<UsedImage> used;
  for (const api::ContainerSummary& container : containers) {
    if (!images.contains(container.image_id)) {
      api::ImageInspect image = co_await client.inspect_image(container.image_id);
      images[container.image_id] = std::move(image);
    }
    used.push_back(used_image(container, images[container.image_id]));
  }
  co_return used;
}

std::string age(const UsedImage& image) {
  if (!image.tagged) return "N/A";
  const auto age = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - *image.tagged);
  return render::human_duration(std::max(age, std::chrono::seconds(0))) + " ago";
}

std::string as_table(const std::vector<UsedImage>& images) {
  render::Table table({"CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED"}, render::wide_layout);
  for (const UsedImage& image : images)
    table.add({image.container, image.name.repository, image.name.tag, image.platform, render::short_id(image.id),
               render::human_size(image.size), age(image)});
  return table.text();
}

std::string as_json(const std::vector<UsedImage>& images) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const UsedImage& image : images)
    list.push_back({{"ID", image.id},
                    {"ContainerName", image.container},
                    {"Repository", image.name.repository},
                    {"Tag", image.name.tag},
                    {"Platform", image.platform},
                    {"Size", image.size},
                    {"LastTagTime", api::format_timestamp(image.tagged)}});
  return list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string ids(const std::vector<UsedImage>& images) {
  std::vector<std::string> seen;
  for (const UsedImage& image : images)
    if (std::find(seen.begin(), seen.end(), image.id) == seen.end()) seen.push_back(image.id);
  std::string out;
  for (const std::string& id : seen) out += id.substr(id.find(':') + 1) + "\n";
  return out;
}

}  // namespace

int images(const Invocation& invocation) {
  ContainerSelection selection;
  std::string format = "table";
  bool quiet = false;
  Flags flags("images [OPTIONS] [SERVICE...]", "List the images that the project's containers were made from.");
  flags.value("--format", format, "FORMAT", "table or json (one array)");
  flags.flag("-q,--quiet", quiet, "Only ids");
  flags.arguments(selection.services);
  if (!flags.parse(invocation.arguments)) return 0;
  if (format != "table" && format != "json") throw UsageError(fmt::format("unsupported format \"{}\": table or json", format));
  selection.stopped = true;
  const ProjectReference reference = find_project(invocation.global);
  Session session(invocation.global);
  const std::vector<UsedImage> used = session.run(list_images(session.client(), reference, std::move(selection)));
  return write_all(1, quiet ? ids(used) : format == "json" ? as_json(used) : as_table(used)) ? 0 : 1;
}

}  // namespace stack::cli
