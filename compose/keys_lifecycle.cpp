// The key tables of what happens around a container: hooks, watching files, providers, models.
#include <array>

#include "compose/codec.hpp"
#include "compose/key_types.hpp"

namespace stack::compose {

using namespace types;

namespace {

constexpr KeyOptions replaced{.merge = Merge::replace};

constexpr Type exec_hook_type{"a mapping", allow_mapping, sf::hook, nullptr, nullptr, &keys_of<Hook>};
constexpr Type trigger_type{"a mapping", allow_mapping, sf::watch_trigger, nullptr, nullptr, &keys_of<WatchTrigger>};
constexpr Type triggers_type{"a list of mappings", allow_list, nullptr, &trigger_type};

}  // namespace

const Type types::hooks_type{"a list of mappings", allow_list, nullptr, &exec_hook_type};

template <>
std::span<const Key> keys_of<Hook>() {
  static constexpr std::array rows{
      key<&Hook::command, AlwaysInJson>("command", command, "the command", replaced),
      key<&Hook::user>("user", string, "who runs it; the container's user by default"),
      key<&Hook::privileged>("privileged", boolean, "with all privileges"),
      key<&Hook::working_dir>("working_dir", string, "where it runs"),
      key<&Hook::environment>("environment", assignments, "variables beside the container's"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<WatchTrigger>() {
  static constexpr std::array rows{
      key<&WatchTrigger::path, Always>("path", path, "the file or directory to watch"),
      key<&WatchTrigger::action, Always>("action", watch_action, "what to do when it changes"),
      key<&WatchTrigger::target>("target", string, "where in the container the files go"),
      key<&WatchTrigger::exec, NotEmpty>("exec", exec_hook_type, "the command of sync+exec"),
      key<&WatchTrigger::include>("include", string_or_list, "patterns of what to watch"),
      key<&WatchTrigger::ignore>("ignore", string_or_list, "patterns of what not to watch"),
      key<&WatchTrigger::initial_sync>("initial_sync", boolean, "copy everything at the start"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<Develop>() {
  static constexpr std::array rows{key<&Develop::watch>("watch", triggers_type, "what to do when which files change")};
  return rows;
}

namespace {

constexpr Type option_values{"a string, number, boolean or a list of them",
                             allow_string | allow_number | allow_boolean | allow_list, sf::option_values};
constexpr Type provider_options_type{"a mapping", allow_mapping, nullptr, nullptr, &option_values};

/// A single value stays one until it is read: a later file's replaces it, while lists are appended.
constexpr Key provider_options_row() {
  Key row = key<&Provider::options>("options", provider_options_type, "the program's options");
  row.read = [](const Node& node, void* owner) {
    for (const Node::Member& member : node.members()) {
      std::vector<std::string>& values = static_cast<Provider*>(owner)->options[member.key];
      if (member.value.is_sequence())
        read(member.value, values);
      else
        values.push_back(member.value.text());
    }
  };
  return row;
}

}  // namespace

template <>
std::span<const Key> keys_of<Provider>() {
  static constexpr std::array rows{
      key<&Provider::type>("type", string, "the program's name"),
      provider_options_row(),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<ServiceModel>() {
  static constexpr std::array rows{
      key<&ServiceModel::endpoint_var>("endpoint_var", string, "the variable with the address of its server"),
      key<&ServiceModel::model_var>("model_var", string, "the variable with its name"),
  };
  return rows;
}

template <>
std::span<const Key> keys_of<Model>() {
  static constexpr std::array rows{
      key<&Model::name>("name", string, "its real name"),
      key<&Model::model>("model", string, "the OCI artifact it is in"),
      key<&Model::context_size>("context_size", integer, "tokens of its context, at most"),
      key<&Model::runtime_flags>("runtime_flags", strings, "flags of the program that serves it"),
  };
  return rows;
}

}  // namespace stack::compose
