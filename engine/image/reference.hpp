#pragma once
// Image names as Docker reads and prints them: docker.io/library/busybox:latest is familiar as busybox:latest.
#include <compare>
#include <string>
#include <string_view>

namespace stack::engine::image {

/// A normalised name. Equal names compare equal however they were written.
struct Reference {
  std::string domain;  ///< "docker.io", "localhost:5000"
  std::string path;    ///< "library/busybox"
  std::string tag;     ///< empty: none given
  std::string digest;  ///< "sha256:…"; empty: none given

  auto operator<=>(const Reference&) const = default;

  std::string repository() const;           ///< "docker.io/library/busybox"
  std::string familiar_repository() const;  ///< "busybox", as users see it
  std::string familiar() const;             ///< "busybox:latest", "busybox@sha256:…"
  std::string full() const;                 ///< "docker.io/library/busybox:latest"
};

/// Parses and normalises; adds no tag. Throws invalid_argument with Docker's texts ("invalid reference format", "… repository
/// name (library/Foo) must be lowercase").
Reference parse_reference(std::string_view text);
/// The same with ":latest" when neither tag nor digest is given.
Reference parse_tagged_reference(std::string_view text);
/// From the two parameters of the API (repo=, tag=); tag may be empty ("latest") or a digest.
Reference parse_repo_and_tag(std::string_view repo, std::string_view tag);

/// Does a pattern of `docker images` (reference=…, with * ? [] per path part) match this name?
bool matches_pattern(const Reference& reference, std::string_view pattern);

}  // namespace stack::engine::image
