#pragma once
// Names and ids of images as lists show them.
#include <string>

namespace stack::cli::render {

struct ImageName {
  std::string repository, tag;
};

/// "host:5000/name:tag" → both parts; the colon of a port stands before a slash.
ImageName split_name(const std::string& name, const std::string& default_tag);

/// Twelve digits, without "sha256:".
std::string short_id(const std::string& id);

}  // namespace stack::cli::render
