#pragma once
// Writing and reading the packed values of protocol.hpp and monitor_config.hpp: fixed-size values as they lie in memory,
// strings as u16 length and bytes, lists as u16 count and items.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace stack::engine::shim {

class Packer {
public:
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(const T& value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void put(std::string_view text) {
    put(static_cast<std::uint16_t>(text.size()));
    bytes_.append(text.substr(0, UINT16_MAX));
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  std::string take() { return std::move(bytes_); }

private:
  std::string bytes_;
};

/// Reads in the same order. Past the end every value is zero or empty and ok() is false.
class Unpacker {
public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  requires std::is_trivially_copyable_v<T> T get() {
    T value{};
    if (bytes_.size() < sizeof value) ok_ = false;
    if (!ok_) return value;
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    const auto length = get<std::uint16_t>();
    if (bytes_.size() < length) ok_ = false;
    if (!ok_) return {};
    std::string result(bytes_.substr(0, length));
    bytes_.remove_prefix(length);
    return result;
  }
  bool ok() const { return ok_; }

private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace stack::engine::shim
