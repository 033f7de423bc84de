// Every byte sequence a container or an upstream may send, through decoding, answering and the cache.
#include <cstdlib>

#include "dns/cache.hpp"
#include "dns/decode.hpp"
#include "dns/name.hpp"
#include "dns/resolver.hpp"

namespace {

using namespace stack::dns;

class EveryName : public View {
public:
  bool find(std::string_view name, std::vector<Address>& addresses) const override {
    if (name.size() % 2 == 0) return false;
    addresses.assign(name.size() * 2, Address{});
    return true;
  }
  std::string_view reverse(const Address& address) const override { return address.v6 ? "six.net" : "four.net"; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes packet(data, size);
  static std::array<std::uint8_t, 2048> out;
  Query query;
  const QueryStatus status = decode_query(packet, query);
  if (status == QueryStatus::ok) {
    static Resolver resolver(1);
    const std::size_t limit = udp_limit(query);
    if (resolver.answer(query, EveryName{}, out, limit) > limit) std::abort();
    write_error(out, query, Rcode::server_failure);
    Cache cache(4);
    std::vector<std::uint8_t> reply(data, data + size);
    reply[2] |= 0x80;
    const auto now = Cache::Clock::now();
    if (const auto decoded = decode_reply(reply, query.id, query.question)) cache.store(query, reply, *decoded, now);
    cache.find(query, out, now + std::chrono::seconds(5));
  } else if (status != QueryStatus::ignored) {
    write_header_error(out, query, Rcode::format_error);
  }
  NameText name;
  for (std::size_t at = 0; at < size; at += 7) {
    read_name(packet, at, name);
    skip_name(packet, at);
  }
  return 0;
}
