#include "engine/api/json_fields.hpp"

namespace stack::engine::api {

using detail::Empty;

template <class V>
void fields(V& v, VolumeCreate& x) {
  v("Name", x.name);
  v("Driver", x.driver);
  v("DriverOpts", x.driver_opts);
  v("Labels", x.labels);
}

template <class V>
void fields(V& v, Volume::Usage& x) {
  v("Size", x.size);
  v("RefCount", x.ref_count);
}

template <class V>
void fields(V& v, Volume& x) {
  v("CreatedAt", x.created_at);
  v("Driver", x.driver);
  v("Labels", x.labels);
  v("Mountpoint", x.mountpoint);
  v("Name", x.name);
  v("Options", x.options);
  v("Scope", x.scope);
  v("UsageData", x.usage_data, Empty::omit);
}

template <class V>
void fields(V& v, VolumeList& x) {
  v("Volumes", x.volumes, Empty::keep);
  v("Warnings", x.warnings);
}

STACK_API_JSON(VolumeCreate)
STACK_API_JSON(Volume)
STACK_API_JSON(VolumeList)

}  // namespace stack::engine::api
