// WWW-Authenticate headers, token answers, X-Registry-Auth, and the addresses a registry redirects to.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "engine/image/credentials.hpp"
#include "engine/image/http_client.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::engine::image;
  const std::string text(reinterpret_cast<const char*>(data), size);
  parse_challenges(text);
  for (const std::function<void()>& parse :
       {std::function<void()>([&] { parse_token_answer(text); }), std::function<void()>([&] { parse_registry_auth(text); }),
        std::function<void()>([&] { parse_registry_config(text); }),
        std::function<void()>([&] { Url::parse("https://host/a").resolve(text); })}) {
    try {
      parse();
    } catch (const stack::Error&) {
    }
  }
  return 0;
}
