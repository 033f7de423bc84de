#include "dns/resolver.hpp"

#include "dns/name.hpp"

namespace stack::dns {

std::uint64_t Resolver::next_random() {  // xorshift: spreads clients over replicas, nothing depends on it being unpredictable
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

std::size_t Resolver::answer(const Query& query, const View& view, std::span<std::uint8_t> out, std::size_t limit) {
  if (query.klass != class_in || !query.name.plain()) return 0;
  addresses_.clear();
  if (view.find(query.name.view(), addresses_)) return answer_addresses(query, out, limit);
  if (query.type != type::ptr && query.type != type::any) return 0;
  const auto address = reverse_address(query.name.view());
  if (!address) return 0;
  const std::string_view name = view.reverse(*address);
  if (name.empty()) return 0;
  AnswerWriter writer(out, query, limit);
  writer.pointer(name);
  return writer.finish();
}

/// A known name never goes upstream: another type gets "no error, no data", so that AAAA queries do not leak or fail.
std::size_t Resolver::answer_addresses(const Query& query, std::span<std::uint8_t> out, std::size_t limit) {
  AnswerWriter writer(out, query, limit);
  const bool v4 = query.type == type::a || query.type == type::any;
  const bool v6 = query.type == type::aaaa || query.type == type::any;
  const std::size_t count = addresses_.size();
  if (count > 1) {  // a fresh random order each time: the first address is what most clients use
    for (std::size_t i = count - 1; i > 0; --i) std::swap(addresses_[i], addresses_[next_random() % (i + 1)]);
  }
  for (const Address& address : addresses_)
    if (address.v6 ? v6 : v4) writer.address(address);
  return writer.finish();
}

}  // namespace stack::dns
