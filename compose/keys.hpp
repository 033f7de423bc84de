#pragma once
// The one table of what a compose file may say. A row is a key: its type (which values are allowed, how short forms become
// long ones, what lies below), its merge rule, how it is read into the Project's types and written back, and what it means.
// The passes canonical, resolve_paths, merge, decode and print all walk this table; none of them names a key.
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "compose/mistakes.hpp"
#include "compose/node.hpp"
#include "compose/types.hpp"

namespace stack::compose {

struct Key;

/// Which kinds of YAML values a type takes.
enum Allowed : unsigned {
  allow_null = 1U << 0,
  allow_boolean = 1U << 1,
  allow_number = 1U << 2,
  allow_string = 1U << 3,
  allow_list = 1U << 4,
  allow_mapping = 1U << 5,
};

struct PathBase {
  std::string directory;  ///< absolute
  std::string home;       ///< what ~ stands for; empty: ~ stays
};

struct LongForm {
  std::string path;
  Mistakes& mistakes;
};

struct Type {
  std::string_view expected;  ///< for messages: "a list of strings"
  unsigned allowed = 0;
  /// Turns whatever is allowed into the long form; reports what is wrong with it.
  void (*to_long)(Node& node, LongForm& form) = nullptr;
  const Type* item = nullptr;                ///< of a list's items, in long form
  const Type* value = nullptr;               ///< of the values of a mapping with free keys
  std::span<const Key> (*keys)() = nullptr;  ///< of a mapping with fixed keys
  /// Makes a relative path in it absolute; paths are relative to the directory of the file that says them.
  void (*resolve)(Node& node, const PathBase& base) = nullptr;
};

/// How a later file's value combines with an earlier one's. Mappings always merge key by key below a `deep` one.
enum class Merge : std::uint8_t {
  deep,           ///< mappings by key, lists appended, scalars replaced
  replace,        ///< the later value as a whole; null clears
  append_unique,  ///< lists appended, equal items once
  append_new,     ///< lists appended, also those of a mapping, but for items that are there already
  by_identity,    ///< lists; an item with the same identity (Key::identity) replaces in place
  refine,         ///< lists; the later one stands, its items laid over earlier ones of the same identity
  logging,        ///< deep, but another driver drops the options
};

enum class Support : std::uint8_t {
  yes,
  deprecated,  ///< read, with a warning, and otherwise ignored
};

struct Key {
  std::string_view name;
  const Type* type;
  std::string_view doc;
  void (*read)(const Node& node, void* owner) = nullptr;
  void (*write)(const void* owner, std::string_view name, Node& out, bool json) = nullptr;
  Merge merge = Merge::deep;
  std::string (*identity)(const Node& item) = nullptr;
  Support support = Support::yes;
};

/// The table of a structure. Order is the order of printing.
template <class T>
std::span<const Key> keys_of();
template <>
std::span<const Key> keys_of<Project>();
template <>
std::span<const Key> keys_of<Service>();
template <>
std::span<const Key> keys_of<Build>();
template <>
std::span<const Key> keys_of<Deploy>();
template <>
std::span<const Key> keys_of<ResourceLimits>();
template <>
std::span<const Key> keys_of<RestartPolicy>();
template <>
std::span<const Key> keys_of<UpdateConfig>();
template <>
std::span<const Key> keys_of<PlacementPreference>();
template <>
std::span<const Key> keys_of<Placement>();
template <>
std::span<const Key> keys_of<Dependency>();
template <>
std::span<const Key> keys_of<Hook>();
template <>
std::span<const Key> keys_of<Schedule>();
template <>
std::span<const Key> keys_of<Triggers>();
template <>
std::span<const Key> keys_of<WatchTrigger>();
template <>
std::span<const Key> keys_of<Develop>();
template <>
std::span<const Key> keys_of<Provider>();
template <>
std::span<const Key> keys_of<ServiceModel>();
template <>
std::span<const Key> keys_of<Healthcheck>();
template <>
std::span<const Key> keys_of<EnvFile>();
template <>
std::span<const Key> keys_of<WeightDevice>();
template <>
std::span<const Key> keys_of<ThrottleDevice>();
template <>
std::span<const Key> keys_of<BlkioConfig>();
template <>
std::span<const Key> keys_of<CredentialSpec>();
template <>
std::span<const Key> keys_of<DeviceRequest>();
template <>
std::span<const Key> keys_of<DiscreteResource>();
template <>
std::span<const Key> keys_of<GenericResource>();
template <>
std::span<const Key> keys_of<Logging>();
template <>
std::span<const Key> keys_of<Port>();
template <>
std::span<const Key> keys_of<Device>();
template <>
std::span<const Key> keys_of<ServiceNetwork>();
template <>
std::span<const Key> keys_of<FileReference>();
template <>
std::span<const Key> keys_of<Mount>();
template <>
std::span<const Key> keys_of<Mount::Bind>();
template <>
std::span<const Key> keys_of<Mount::Volume>();
template <>
std::span<const Key> keys_of<Mount::Tmpfs>();
template <>
std::span<const Key> keys_of<Mount::Image>();
template <>
std::span<const Key> keys_of<IpamPool>();
template <>
std::span<const Key> keys_of<Network>();
template <>
std::span<const Key> keys_of<Volume>();
template <>
std::span<const Key> keys_of<FileObject>();
template <>
std::span<const Key> keys_of<Model>();

/// Of one of `jobs`, and of one of a service's `pre_start`: each is read into a Service.
std::span<const Key> job_keys();
std::span<const Key> pre_start_keys();

const Key* find_key(std::span<const Key> keys, std::string_view name);

extern const Type document_type;  ///< a whole compose file
extern const Type service_type;   ///< one of `services`

/// For messages: "a string, not a list".
std::string wrong_type(const Type& type, const Node& found);

}  // namespace stack::compose
