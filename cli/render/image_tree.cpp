#include "cli/render/image_tree.hpp"

#include <fmt/format.h>

#include "cli/render/human.hpp"
#include "cli/render/image_name.hpp"
#include "cli/render/table.hpp"

namespace stack::cli::render {

std::string image_tree(const std::vector<engine::api::ImageSummary>& images, const std::set<std::string>& used) {
  Table table({"IMAGE", "ID", "DISK USAGE", "EXTRA"});
  for (const engine::api::ImageSummary& image : images) {
    std::vector<std::string> names = image.repo_tags;
    if (names.empty()) names.emplace_back("<untagged>");
    const std::string last = std::move(names.back());
    names.pop_back();
    for (std::string& name : names) table.add({std::move(name), "", "", ""});
    table.add({last, short_id(image.id), fmt::format("{:>10}", human_size(image.size)), used.contains(image.id) ? "U" : ""});
  }
  return "U: a container uses it\n\n" + table.text();
}

}  // namespace stack::cli::render
