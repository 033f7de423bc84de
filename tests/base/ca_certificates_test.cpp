#include "base/ca_certificates.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/support/temp_dir.hpp"

namespace stack {
namespace {

class CaCertificatesTest : public testing::Test {
protected:
  void SetUp() override {
    ::unsetenv("SSL_CERT_FILE");
    ::unsetenv("SSL_CERT_DIR");
  }
  void TearDown() override { SetUp(); }
  void put(const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(root_.path() + path).parent_path());
    test::write_file(root_.path() + path, "");
  }
  test::TempDir root_;
};

TEST_F(CaCertificatesTest, AreFoundWhereTheDistributionKeepsThem) {
  EXPECT_EQ(find_ca_certificates(root_.path()).file, "");
  EXPECT_EQ(find_ca_certificates(root_.path()).directory, "");
  put("/etc/ssl/ca-bundle.pem");
  EXPECT_EQ(find_ca_certificates(root_.path()).file, root_ / "etc/ssl/ca-bundle.pem");
  put("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem");
  EXPECT_EQ(find_ca_certificates(root_.path()).file, root_ / "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem");
  put("/etc/ssl/certs/ca-certificates.crt");
  EXPECT_EQ(find_ca_certificates(root_.path()).file, root_ / "etc/ssl/certs/ca-certificates.crt");
  EXPECT_EQ(find_ca_certificates(root_.path()).directory, root_ / "etc/ssl/certs");
}

TEST_F(CaCertificatesTest, TheEnvironmentWins) {
  put("/etc/ssl/certs/ca-certificates.crt");
  ::setenv("SSL_CERT_FILE", "/own.pem", 1);
  EXPECT_EQ(find_ca_certificates(root_.path()).file, "/own.pem");
  EXPECT_EQ(find_ca_certificates(root_.path()).directory, root_ / "etc/ssl/certs");
  ::unsetenv("SSL_CERT_FILE");
  ::setenv("SSL_CERT_DIR", "/one:/two", 1);
  EXPECT_EQ(find_ca_certificates(root_.path()).directory, "/one:/two");
}

}  // namespace
}  // namespace stack
