#pragma once
// Where the certificates of the authorities are that this host trusts. A statically linked OpenSSL looks where Debian keeps
// them, which other distributions do not.
#include <string>

namespace stack {

struct CaCertificates {
  std::string file;       ///< one file with all of them (PEM); empty: none found
  std::string directory;  ///< a directory of hashed names, as OpenSSL's `-CApath`; empty: none found
};

/// Each by itself, as OpenSSL does it: $SSL_CERT_FILE, $SSL_CERT_DIR (several directories, parted by colons), else the first
/// that is there of the places where distributions keep them, below `root`. Both empty: no connection can be trusted, and the
/// error should name the package ca-certificates.
CaCertificates find_ca_certificates(const std::string& root = "");

}  // namespace stack
