#include "engine/build/run_mount.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/error.hpp"
#include "base/units.hpp"
#include "engine/build/text.hpp"

namespace stack::engine::build {

namespace {

using Type = RunMount::Type;

struct Field {
  std::string key;
  std::optional<std::string> value;
};

[[noreturn]] void invalid(const std::string& message) { throw Error(ErrorCode::invalid_argument, "RUN --mount: " + message); }

/// Keys that mean the same.
std::string canonical_key(const std::string& key) {
  if (key == "dst" || key == "destination") return "target";
  if (key == "src") return "source";
  if (key == "ro") return "readonly";
  if (key == "rw") return "readwrite";
  return key;
}

/// One line of CSV: a field in double quotes may hold commas.
std::vector<Field> split_fields(std::string_view text) {
  std::vector<Field> fields;
  std::string field;
  const auto close = [&] {
    const std::size_t equals = field.find('=');
    Field made;
    made.key = canonical_key(lower(trim(std::string_view(field).substr(0, equals))));
    if (equals != std::string::npos) made.value = field.substr(equals + 1);
    if (made.key.empty()) invalid("a field has no name in \"" + std::string(text) + "\"");
    fields.push_back(std::move(made));
    field.clear();
  };
  bool quoted = false;
  for (const char c : text) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      close();
    else
      field += c;
  }
  close();
  if (quoted) invalid("missing closing quote in \"" + std::string(text) + "\"");
  return fields;
}

Type type_of(const std::string& name) {
  if (name == "bind") return Type::bind;
  if (name == "cache") return Type::cache;
  if (name == "tmpfs") return Type::tmpfs;
  if (name == "secret") return Type::secret;
  if (name == "ssh") invalid("type=ssh is not supported: give the key as a secret, or fetch outside of the build");
  invalid("unsupported mount type \"" + name + "\" (bind, cache, tmpfs, secret)");
}

/// The keys each type takes beside "type" and "target".
const std::vector<std::string_view>& keys_of(Type type) {
  static const std::vector<std::string_view> bind{"source", "from", "readonly", "readwrite"};
  static const std::vector<std::string_view> cache{"id",  "source", "from",     "sharing",  "mode",
                                                   "uid", "gid",    "readonly", "readwrite"};
  static const std::vector<std::string_view> tmpfs{"size"};
  static const std::vector<std::string_view> secret{"id", "source", "env", "required", "mode", "uid", "gid"};
  switch (type) {
    case Type::bind: return bind;
    case Type::cache: return cache;
    case Type::tmpfs: return tmpfs;
    case Type::secret: break;
  }
  return secret;
}

void check_key(Type type, const std::string& key) {
  if (key == "type" || key == "target") return;
  const auto& allowed = keys_of(type);
  if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
    invalid("unexpected key '" + key + "' for this type of mount");
}

bool boolean_of(const Field& field) {
  if (!field.value || *field.value == "true" || *field.value == "1") return true;
  if (*field.value == "false" || *field.value == "0") return false;
  invalid("invalid value for " + field.key + ": " + *field.value);
}

std::uint32_t number_of(const Field& field, int base) {
  std::uint32_t number = 0;
  const std::string& text = *field.value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) invalid("invalid value for " + field.key + ": " + text);
  return number;
}

RunMount::Sharing sharing_of(const std::string& text) {
  if (text == "shared") return RunMount::Sharing::shared;
  if (text == "private") return RunMount::Sharing::private_;
  if (text == "locked") return RunMount::Sharing::locked;
  invalid("unsupported sharing value \"" + text + "\" (shared, private, locked)");
}

void set(RunMount& mount, const Field& field) {
  if (field.key == "readonly") {
    mount.read_only = boolean_of(field);
    return;
  }
  if (field.key == "readwrite") {
    mount.read_only = !boolean_of(field);
    return;
  }
  if (field.key == "required") {
    mount.required = boolean_of(field);
    return;
  }
  if (!field.value) invalid("the key '" + field.key + "' needs a value");
  if (field.key == "target") mount.target = *field.value;
  if (field.key == "source") mount.source = *field.value;
  if (field.key == "from") mount.from = *field.value;
  if (field.key == "id") mount.id = *field.value;
  if (field.key == "env") mount.env = *field.value;
  if (field.key == "mode") mount.mode = static_cast<mode_t>(number_of(field, 8) & 07777);
  if (field.key == "uid") mount.uid = number_of(field, 10);
  if (field.key == "gid") mount.gid = number_of(field, 10);
  if (field.key == "size") mount.size = parse_byte_size(*field.value);
  if (field.key == "sharing") mount.sharing = sharing_of(*field.value);
}

/// A secret's id, file and variable each follow from another one.
void complete_secret(RunMount& mount) {
  if (mount.id.empty()) mount.id = mount.source;
  if (mount.id.empty()) mount.id = mount.target.substr(mount.target.rfind('/') + 1);
  if (mount.id.empty()) invalid("a secret needs an id or a target");
  if (mount.target.empty() && mount.env.empty()) mount.target = "/run/secrets/" + mount.id.substr(mount.id.rfind('/') + 1);
}

}  // namespace

void check_run_mount(std::string_view text) {
  const std::vector<Field> fields = split_fields(text);
  Type type = Type::bind;
  for (const Field& field : fields)
    if (field.key == "type") {
      if (field.value.value_or("").find('$') != std::string::npos) return;  // known only when it runs
      type = type_of(field.value.value_or(""));
    }
  for (const Field& field : fields) check_key(type, field.key);
}

RunMount parse_run_mount(std::string_view text, const Variables& variables, char escape) {
  std::vector<Field> fields = split_fields(text);
  RunMount mount;
  for (Field& field : fields) {
    if (field.value) field.value = expand_word(*field.value, variables, escape);
    if (field.key == "type") mount.type = type_of(field.value.value_or(""));
  }
  mount.read_only = mount.type == Type::bind;
  for (const Field& field : fields) {
    check_key(mount.type, field.key);
    set(mount, field);
  }
  if (mount.type == Type::secret) complete_secret(mount);
  if (mount.target.empty() && mount.type != Type::secret) invalid("target is required");
  if (mount.type == Type::cache && mount.id.empty()) mount.id = mount.target;
  return mount;
}

std::string mount_source_of(std::string_view text) {
  for (const Field& field : split_fields(text))
    if (field.key == "from") return field.value.value_or("");
  return "";
}

}  // namespace stack::engine::build
