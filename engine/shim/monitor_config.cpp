#include "engine/shim/monitor_config.hpp"

#include "engine/shim/bytes.hpp"

namespace stack::engine::shim {

namespace {

/// One list of the fields for both directions, so that they cannot differ.
template <class Config, class Visitor>
void visit(Config& config, Visitor&& field) {
  field(config.shim_dir);
  field(config.exit_file);
  field(config.end_command);
  field(config.cgroup);
  field(config.log_directory);
  field(config.log_max_size);
  field(config.log_max_files);
  field(config.log_file_name);
  field(config.log_format);
  field(config.log_attributes);
  field(config.log_compress);
  field(config.log_shipping);
  field(config.engine_lock);
  field(config.engine_argv);
  field(config.engine_environment);
  field(config.stdin_once);
  field(config.terminal);
  field(config.container_pid);
  field(config.started_at);
  field(config.listen_fd);
  field(config.pid_fd);
  field(config.stdin_fd);
  field(config.stdout_fd);
  field(config.stderr_fd);
  field(config.rootfs_fd);
  field(config.netns_fd);
  field(config.held);
  field(config.attached);
}

struct Write {
  Packer& out;
  template <class T>
  void operator()(const T& value) {
    out.put(value);
  }
  void operator()(const Held& held) {
    out.put(held.name);
    out.put(held.fd);
    out.put(held.relay_address);
    out.put(held.relay_port);
    out.put(held.relay_from_netns);
  }
  void operator()(const std::pair<std::int32_t, std::uint8_t>& item) {
    out.put(item.first);
    out.put(item.second);
  }
  template <class T>
  void operator()(const std::vector<T>& items) {
    out.put(static_cast<std::uint16_t>(items.size()));
    for (const auto& item : items) (*this)(item);
  }
};

struct Read {
  Unpacker& in;
  template <class T>
  void operator()(T& value) {
    value = in.get<T>();
  }
  void operator()(std::string& value) { value = in.text(); }
  void operator()(Held& held) {
    held.name = in.text();
    held.fd = in.get<std::int32_t>();
    held.relay_address = in.text();
    held.relay_port = in.get<std::uint16_t>();
    held.relay_from_netns = in.get<std::uint8_t>();
  }
  void operator()(std::pair<std::int32_t, std::uint8_t>& item) {
    item.first = in.get<std::int32_t>();
    item.second = in.get<std::uint8_t>();
  }
  template <class T>
  void operator()(std::vector<T>& items) {
    items.resize(in.get<std::uint16_t>());
    for (auto& item : items) (*this)(item);
  }
};

}  // namespace

std::string pack(const MonitorConfig& config) {
  Packer out;
  visit(config, Write{out});
  return out.take();
}

MonitorConfig unpack_monitor_config(std::string_view bytes) {
  Unpacker in(bytes);
  MonitorConfig config;
  visit(config, Read{in});
  return config;
}

}  // namespace stack::engine::shim
