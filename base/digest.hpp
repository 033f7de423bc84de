#pragma once
// SHA-256 as content addresses use it.
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace stack {

/// Hash of a stream: update() any number of times, then one hex().
class Sha256 {
public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  std::array<std::uint8_t, 32> finish();  ///< once
  std::string hex();                      ///< once; 64 lower-case hex digits

private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);     ///< 64 hex digits
std::string sha256_digest(std::string_view bytes);  ///< "sha256:" + 64 hex digits
std::string to_hex(std::span<const std::uint8_t> bytes);
std::string random_id();                         ///< 64 random hex digits, as container and network ids
std::string random_hex(std::size_t hex_digits);  ///< from getrandom(2)

}  // namespace stack
