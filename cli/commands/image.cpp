#include <fcntl.h>
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"
#include "cli/render/human.hpp"
#include "cli/render/image_name.hpp"
#include "cli/render/table.hpp"
#include "cli/session.hpp"

namespace stack::cli {
namespace {

using render::ImageName;
using render::short_id;
using render::split_name;

std::string age(std::int64_t created) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return render::human_duration(std::chrono::seconds(std::max<std::int64_t>(0, now - created))) + " ago";
}

struct ImageRow {
  ImageName name;
  const api::ImageSummary* image;
};

/// A row for every name of every image; images without a name have one row of "<none>".
std::vector<ImageRow> rows_of(const std::vector<api::ImageSummary>& images, const std::string& wanted) {
  std::vector<ImageRow> rows;
  const ImageName filter = split_name(wanted, "");
  for (const api::ImageSummary& image : images) {
    std::vector<std::string> tags = image.repo_tags;
    if (tags.empty()) tags.emplace_back("<none>:<none>");
    for (const std::string& tag : tags) {
      const ImageName name = split_name(tag, "latest");
      if (!wanted.empty() && (name.repository != filter.repository || (!filter.tag.empty() && name.tag != filter.tag)))
        continue;
      rows.push_back({.name = name, .image = &image});
    }
  }
  return rows;
}

std::string render_rows(const std::vector<ImageRow>& rows, const std::string& format, bool full) {
  std::string lines;
  render::Table table({"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"});
  for (const auto& [name, image] : rows) {
    const std::string id = full ? image->id : short_id(image->id);
    const std::string size = render::human_size(image->size);
    table.add({name.repository, name.tag, id, age(image->created), size});
    const nlohmann::json object{
        {"Repository", name.repository},       {"Tag", name.tag}, {"ID", id}, {"CreatedAt", render::local_time(image->created)},
        {"CreatedSince", age(image->created)}, {"Size", size}};
    lines += object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  return format == "json" ? lines : table.text();
}

asio::awaitable<void> import(api::Client& client, std::string file, ImageName name, std::string message) {
  UniqueFd input(file == "-" ? ::fcntl(0, F_DUPFD_CLOEXEC, 3) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!input) throw errno_error("open " + file);
  api::FdSource source(client.executor(), std::move(input));
  api::ProgressStream progress = co_await client.import_image(source, name.repository, name.tag, std::move(message));
  std::string last;
  while (true) {
    std::optional<api::ProgressMessage> line = co_await progress.next();
    if (!line) break;
    if (!line->status.empty()) last = line->status;
  }
  write_all(1, last + "\n");
}

asio::awaitable<bool> remove(api::Client& client, std::vector<std::string> names, bool force) {
  bool all_removed = true;
  for (const std::string& name : names) {
    std::string failure;
    try {
      const std::vector<api::ImageDelete> steps = co_await client.remove_image(name, force);
      for (const api::ImageDelete& step : steps)
        write_all(1, step.untagged.empty() ? "Deleted: " + step.deleted + "\n" : "Untagged: " + step.untagged + "\n");
    } catch (const api::ApiError& error) {
      failure = error.what();
    }
    if (failure.empty()) continue;
    write_all(2, failure + "\n");
    all_removed = false;
  }
  co_return all_removed;
}

}  // namespace

int image_list(const Invocation& invocation) {
  bool quiet = false;
  bool full = false;
  bool all = false;
  std::string format = "table";
  std::vector<std::string> names;
  Flags flags("image ls [OPTIONS] [NAME[:TAG]]", "List images.");
  flags.flag("-a,--all", all, "Also intermediate ones");
  flags.flag("-q,--quiet", quiet, "Only ids");
  flags.flag("--no-trunc", full, "Whole ids");
  flags.value("--format", format, "FORMAT", "table or json (one object a line)");
  flags.arguments(names, 0, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  if (format != "table" && format != "json") throw UsageError(fmt::format("unsupported format \"{}\": table or json", format));
  Session session(invocation.global);
  const std::vector<api::ImageSummary> images = session.run(session.client().list_images({}, all));
  const std::vector<ImageRow> rows = rows_of(images, names.empty() ? "" : names.front());
  std::string out;
  if (quiet)
    for (const ImageRow& row : rows) out += (full ? row.image->id : short_id(row.image->id)) + "\n";
  else
    out = render_rows(rows, format, full);
  return write_all(1, out) ? 0 : 1;
}

int image_import(const Invocation& invocation) {
  std::string message;
  std::vector<std::string> arguments;
  Flags flags("image import [OPTIONS] FILE|- NAME[:TAG]",
              "Make an image of the tar archive of a root file system (plain, gzip or zstd), read from FILE or from stdin.");
  flags.value("-m,--message", message, "TEXT", "Comment kept with the image");
  flags.arguments(arguments, 2, 2);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  session.run(import(session.client(), arguments[0], split_name(arguments[1], "latest"), message));
  return 0;
}

int image_remove(const Invocation& invocation) {
  bool force = false;
  std::vector<std::string> names;
  Flags flags("image rm [OPTIONS] IMAGE...", "Remove images, by name or id.");
  flags.flag("-f,--force", force, "Also when stopped containers use it");
  flags.arguments(names, 1);
  if (!flags.parse(invocation.arguments)) return 0;
  Session session(invocation.global);
  return session.run(remove(session.client(), names, force)) ? 0 : 1;
}

}  // namespace stack::cli
