#pragma once
// Answers what the backend knows. Synchronous, no allocation after warm-up.
#include <vector>

#include "dns/backend.hpp"
#include "dns/encode.hpp"

namespace stack::dns {

class Resolver {
public:
  explicit Resolver(std::uint64_t seed) : random_(seed | 1) {}

  /// Writes the answer to `query` and returns its size; 0: not a name of ours, ask upstream.
  std::size_t answer(const Query& query, const View& view, std::span<std::uint8_t> out, std::size_t limit);

private:
  std::size_t answer_addresses(const Query& query, std::span<std::uint8_t> out, std::size_t limit);
  std::uint64_t next_random();

  std::vector<Address> addresses_;  // reused
  std::uint64_t random_;
};

}  // namespace stack::dns
