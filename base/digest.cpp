#include "base/digest.hpp"

#include <openssl/evp.h>
#include <sys/random.h>

#include "base/error.hpp"

namespace stack {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1)
    throw Error(ErrorCode::internal, "SHA-256 is not available");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

std::array<std::uint8_t, 32> Sha256::finish() {
  std::array<std::uint8_t, 32> result{};
  EVP_DigestFinal_ex(state_->context, result.data(), nullptr);
  return result;
}

std::string Sha256::hex() { return to_hex(finish()); }

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_digest(std::string_view bytes) { return "sha256:" + sha256_hex(bytes); }

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string random_id() { return random_hex(64); }

std::string random_hex(std::size_t hex_digits) {
  std::string bytes((hex_digits + 1) / 2, '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got = ::getrandom(bytes.data() + done, bytes.size() - done, 0);
    if (got < 0 && errno != EINTR) throw errno_error("getrandom");
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  std::string text = to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  text.resize(hex_digits);
  return text;
}

}  // namespace stack
