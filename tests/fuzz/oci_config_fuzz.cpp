// config.json of a bundle as the runc command line takes it: everything that looks at it before a container is made.
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "engine/shim/oci/bundle.hpp"
#include "engine/shim/oci/check.hpp"

namespace oci = stack::engine::shim::oci;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const stack::engine::runtime::Spec spec = oci::complete_spec(text, "/", "id");
    oci::ignored_fields(nlohmann::json::parse(text));
    oci::filter_flags(spec);
    oci::compile_filter(spec);
    for (const bool unified : {false, true}) oci::check_resources(spec.linux_.resources, unified);
  } catch (const stack::Error&) {
  }
  return 0;
}
