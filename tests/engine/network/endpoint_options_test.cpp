#include "engine/network/endpoint_options.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::network {
namespace {

template <class F>
std::string refusal(F function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return error.what();
  }
  return "accepted";
}

TEST(EndpointOptions, SysctlsOfAnInterfaceBecomePaths) {
  const auto sysctls = parse_interface_sysctls("net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.neigh.IFNAME.a.b=x=y");
  ASSERT_EQ(sysctls.size(), 2U);
  EXPECT_EQ(sysctls[0].before + "eth0" + sysctls[0].after, "/proc/sys/net/ipv4/conf/eth0/log_martians");
  EXPECT_EQ(sysctls[0].value, "1");
  EXPECT_EQ(sysctls[1].before + "eth0" + sysctls[1].after, "/proc/sys/net/ipv6/neigh/eth0/a/b");
  EXPECT_EQ(sysctls[1].value, "x=y");
  EXPECT_TRUE(parse_interface_sysctls("").empty());
}

TEST(EndpointOptions, OtherSysctlsAreRefused) {
  for (const char* text :
       {"kernel.foo=1", "net.ipv4.conf.eth0.log_martians=1", "net.ipv4.conf.IFNAME.x", "net.core.IFNAME.a.b=1",
        "net.ipv4.conf.IFNAME=1", "net.ipv4.conf.IFNAME..=1", "net.ipv4.conf.IFNAME.a/../../x=1", ","})
    EXPECT_NE(refusal([&] { parse_interface_sysctls(text); }).find("unrecognised network interface sysctl '"),
              std::string::npos)
        << text;
}

TEST(EndpointOptions, InterfacesWithoutANameGetTheNextFreeOne) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(interface_names({"", "", ""}), (Names{"eth0", "eth1", "eth2"}));
  EXPECT_EQ(interface_names({"eth1", "", ""}), (Names{"eth1", "eth0", "eth2"}));
  EXPECT_EQ(interface_names({"", "foo0"}), (Names{"eth0", "foo0"}));
  EXPECT_EQ(interface_names({""}, {"eth0", "eth2"}), (Names{"eth1"}));
  EXPECT_NE(refusal([] { interface_names({"foo0", "foo0"}); }).find("asked for twice"), std::string::npos);
  EXPECT_NE(refusal([] { interface_names({"eth0"}, {"eth0"}); }).find("asked for twice"), std::string::npos);
}

TEST(EndpointOptions, NamesTheKernelDoesNotTakeAreRefused) {
  for (const char* name : {"", "lo", "a/b", "a b", ".", "sixteen_letters_"})
    EXPECT_NE(refusal([&] { check_interface_name(name); }).find("invalid interface name"), std::string::npos) << name;
  EXPECT_EQ(refusal([] { check_interface_name("fifteen_letters"); }), "accepted");
}

TEST(EndpointOptions, LinkLocalAddressesAreInTheirBlock) {
  EXPECT_EQ(parse_link_local("169.254.8.8").to_string(), "169.254.8.8");
  EXPECT_EQ(refusal([] { parse_link_local("foo"); }), "invalid link-local IP address: foo");
  EXPECT_NE(refusal([] { parse_link_local("10.2.3.4"); }).find("invalid link local IP address: 10.2.3.4"), std::string::npos);
  EXPECT_NE(refusal([] { parse_link_local("fe80::1"); }).find("IPv6"), std::string::npos);
}

TEST(EndpointOptions, LinksAreAliasesOfContainers) {
  const auto links = parse_links({"db-1:db", "db-2:db", "cache"});
  EXPECT_EQ(links.count("db"), 2U);
  EXPECT_EQ(links.find("cache")->second, "cache");
  for (const char* text : {"", ":a", "a:", "a:b:c"})
    EXPECT_NE(refusal([&] { parse_links({text}); }).find("bad format for links: "), std::string::npos) << text;
}

}  // namespace
}  // namespace stack::engine::network
