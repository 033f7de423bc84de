// The key table of a service's build section.
#include <array>

#include "compose/codec.hpp"
#include "compose/key_types.hpp"

namespace stack::compose {
namespace {

using namespace types;

constexpr KeyOptions unique{.merge = Merge::append_unique};
constexpr Type contexts{"a mapping or a list of NAME=CONTEXT", allow_mapping | allow_list, sf::assignments, nullptr, &context};

constexpr Type ssh_type{"a mapping or a list of ID=PATH", allow_mapping | allow_list, sf::ssh, &string};

}  // namespace

template <>
std::span<const Key> keys_of<Build>() {
  static constexpr std::array rows{
      key<&Build::context>("context", context, "directory or URL with what the build may copy"),
      key<&Build::dockerfile>("dockerfile", string, "relative to the context"),
      key<&Build::dockerfile_inline>("dockerfile_inline", string, "the Dockerfile's text itself"),
      key<&Build::entitlements>("entitlements", strings, "extra privileges of the build"),
      key<&Build::args>("args", assignments, "values of ARGs"),
      key<&Build::provenance>("provenance", scalar, "attestation"),
      key<&Build::sbom>("sbom", scalar, "attestation"),
      key<&Build::ssh>("ssh", ssh_type, "agents the build may use"),
      key<&Build::labels>("labels", labels, "of the image"),
      key<&Build::cache_from>("cache_from", strings, "sources of cached layers"),
      key<&Build::cache_to>("cache_to", strings, "where to export the cache"),
      key<&Build::no_cache>("no_cache", boolean, "build everything anew"),
      key<&Build::no_cache_filter>("no_cache_filter", string_or_list, "stages to build anew"),
      key<&Build::additional_contexts>("additional_contexts", contexts, "more named contexts"),
      key<&Build::pull>("pull", boolean, "look for newer base images"),
      key<&Build::extra_hosts, AsHosts>("extra_hosts", extra_hosts, "more lines of /etc/hosts in RUN",
                                        {.merge = Merge::append_new}),
      key<&Build::isolation>("isolation", string, "Windows only"),
      key<&Build::network>("network", string, "network of RUN"),
      key<&Build::target>("target", string, "the stage to build"),
      key<&Build::secrets>("secrets", file_references_type, "secrets RUN may mount"),
      key<&Build::shm_size, AsText>("shm_size", byte_size, "size of /dev/shm in RUN"),
      key<&Build::tags>("tags", strings, "more names of the image", unique),
      key<&Build::ulimits>("ulimits", ulimits_type, "limits of RUN"),
      key<&Build::platforms>("platforms", strings, "platforms to build for"),
      key<&Build::privileged>("privileged", boolean, "RUN with all privileges"),
  };
  return rows;
}

}  // namespace stack::compose
