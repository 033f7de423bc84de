// Removing a name or an image by Docker's rules, its texts included (scripts read them).
#include <unistd.h>

#include "base/error.hpp"
#include "base/log.hpp"
#include "engine/image/store_impl.hpp"

namespace stack::engine::image {

namespace {

constexpr std::size_t digest_prefix = 7;  // "sha256:"
constexpr std::size_t short_digits = 12;

std::string short_id(const std::string& id) { return id.substr(id.starts_with("sha256:") ? digest_prefix : 0, short_digits); }

bool is_prefix_of_id(const std::string& text, const std::string& id) {
  return id.starts_with(text) || id.substr(digest_prefix).starts_with(text);
}

[[noreturn]] void refuse(const std::string& id, bool hard, const std::string& reason) {
  throw Error(ErrorCode::conflict, "conflict: unable to delete " + short_id(id) +
                                       (hard ? " (cannot be forced) - " : " (must be forced) - ") + reason);
}

/// Who prevents deletion: running containers always, stopped ones unless forced.
void check_uses(const std::string& id, const std::vector<ImageUse>& uses, bool force) {
  for (const ImageUse& use : uses)
    if (use.running) refuse(id, true, "image is being used by running container " + short_id(use.container_id));
  if (!force && !uses.empty())
    refuse(id, false, "image is being used by stopped container " + short_id(uses.front().container_id));
}

/// One tag at most, all names in one repository.
bool is_single_reference(const Image& image) {
  std::size_t tags = 0;
  for (const auto& name : image.names) {
    if (name.repository() != image.names.front().repository()) return false;
    if (!name.tag.empty()) ++tags;
  }
  return tags <= 1;
}

}  // namespace

void Store::Impl::untag(const ImagePtr& image, const Reference& name, nlohmann::json& answer) {
  Image changed = *image;
  std::erase(changed.names, name);
  rows.apply({row_of(changed)}, {});
  by_name.erase(name.full());
  replace(std::move(changed));
  answer.push_back({{"Untagged", name.familiar()}});
  emit("untag", image->id, name.familiar());
}

void Store::Impl::erase(const ImagePtr& image, nlohmann::json& answer) {
  rows.apply({}, {image->id});
  for (const auto& name : image->names) by_name.erase(name.full());
  images.erase(image->id);
  if (::unlink(blob_path(image->id).c_str()) != 0) log::warning("blob of {} was missing", image->id);
  for (const auto& diff_id : image->config.diff_ids) layers.release(diff_id);
  answer.push_back({{"Deleted", image->id}});
  emit("delete", image->id, image->id);
}

nlohmann::json Store::Impl::remove(const std::string& text, bool force) {
  ImagePtr image = find(text);
  nlohmann::json answer = nlohmann::json::array();
  const bool by_id = image && is_prefix_of_id(text, image->id);
  if (!image) {
    const bool is_id = text.starts_with("sha256:");
    throw Error(ErrorCode::not_found, "No such image: " + (is_id ? text : parse_tagged_reference(text).familiar()));
  }
  const std::vector<ImageUse> used_by = uses(image->id);
  if (by_id) {
    if (!force && !is_single_reference(*image)) {
      check_uses(image->id, used_by, force);
      refuse(image->id, false, "image is referenced in multiple repositories");
    }
    check_uses(image->id, used_by, force);
    while (!image->names.empty()) {
      untag(image, image->names.front(), answer);
      image = images.at(image->id);
    }
    erase(image, answer);
    return answer;
  }
  const Reference name = parse_tagged_reference(text);
  if (!force && is_single_reference(*image) && !used_by.empty())
    throw Error(ErrorCode::conflict, "conflict: unable to remove repository reference \"" + text +
                                         "\" (must force) - container " + short_id(used_by.front().container_id) +
                                         " is using its referenced image " + short_id(image->id));
  untag(image, name, answer);
  image = images.at(image->id);
  // digests say where a tag came from; without a tag of that repository they mean nothing
  const bool only_digests =
      std::none_of(image->names.begin(), image->names.end(), [&](const Reference& other) { return !other.tag.empty(); });
  while (only_digests && !image->names.empty()) {
    untag(image, image->names.front(), answer);
    image = images.at(image->id);
  }
  // an image that containers use stays, without a name
  if (image->names.empty() && used_by.empty()) erase(image, answer);
  return answer;
}

}  // namespace stack::engine::image
