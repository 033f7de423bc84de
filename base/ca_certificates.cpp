#include "base/ca_certificates.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>

namespace stack {

namespace {

constexpr std::array files{
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Gentoo, NixOS
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL and relatives
    "/etc/pki/tls/certs/ca-bundle.crt",                   // older ones of them
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/var/lib/ca-certificates/ca-bundle.pem",             // openSUSE, image based
    "/etc/ssl/cert.pem",                                  // Alpine, Void
};

constexpr std::array directories{
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted/pem/directory-hash",
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

template <std::size_t N>
std::string first_there(const std::string& root, const std::array<const char*, N>& candidates) {
  for (const char* candidate : candidates)
    if (::access((root + candidate).c_str(), R_OK) == 0) return root + candidate;
  return {};
}

}  // namespace

CaCertificates find_ca_certificates(const std::string& root) {
  CaCertificates found{.file = variable("SSL_CERT_FILE"), .directory = variable("SSL_CERT_DIR")};
  if (found.file.empty()) found.file = first_there(root, files);
  if (found.directory.empty()) found.directory = first_there(root, directories);
  return found;
}

}  // namespace stack
