#include "engine/network/hosts_file.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::network {

constexpr const char* fixed_lines =
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\n"
    "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";

TEST(HostsFile, LinkedContainersComeBeforeItself) {
  HostsFile hosts;
  hosts.hostname = "own";
  hosts.addresses = {"172.17.0.3"};
  hosts.links = {"172.17.0.2\tdb 0123456789ab shop-db-1"};
  const std::string text = hosts_file(hosts);
  EXPECT_NE(text.find("172.17.0.2\tdb 0123456789ab shop-db-1\n172.17.0.3\town\n"), std::string::npos) << text;
}

TEST(HostsFile, EndsWithTheContainersOwnAddresses) {
  HostsFile hosts;
  hosts.hostname = "web";
  hosts.addresses = {"172.18.0.2", "172.19.0.2"};
  EXPECT_EQ(hosts_file(hosts), std::string(fixed_lines) + "172.18.0.2\tweb\n172.19.0.2\tweb\n");
  hosts.domainname = "example.org";
  hosts.addresses = {"172.18.0.2"};
  EXPECT_EQ(hosts_file(hosts), std::string(fixed_lines) + "172.18.0.2\tweb.example.org web\n");
  hosts.hostname = "lowly.example.com";
  hosts.domainname.clear();
  EXPECT_EQ(hosts_file(hosts), std::string(fixed_lines) + "172.18.0.2\tlowly.example.com lowly\n");
}

TEST(HostsFile, TakesExtraHostsInBothForms) {
  HostsFile hosts;
  hosts.extra_hosts = {"db:10.0.0.9", "six:2001:db8::1", "seven=[2001:db8::2]", "gw:host-gateway"};
  hosts.host_gateway = "172.18.0.1";
  EXPECT_EQ(hosts_file(hosts),
            std::string(fixed_lines) + "10.0.0.9\tdb\n2001:db8::1\tsix\n2001:db8::2\tseven\n172.18.0.1\tgw\n");
}

TEST(HostsFile, RefusesExtraHostsWithoutAddress) {
  HostsFile hosts;
  for (const char* text : {"db", "db:", ":1.2.3.4", "gw:host-gateway"}) {
    hosts.extra_hosts = {text};
    EXPECT_THROW(hosts_file(hosts), Error) << text;
  }
}

TEST(ResolvConf, IsReadTolerantly) {
  const ResolvConf conf = parse_resolv_conf_file(
      "# a comment\nnameserver 10.0.0.1 # first\nnameserver\t10.0.0.2\nsearch a b\ndomain c\noptions ndots:2 rotate\noptions "
      "edns0\n");
  EXPECT_EQ(conf.nameservers, (std::vector<std::string>{"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(conf.search, std::vector<std::string>{"c"});
  EXPECT_EQ(conf.options, (std::vector<std::string>{"ndots:2", "rotate", "edns0"}));
}

TEST(ResolvConf, PointsToOurServerOnUserDefinedNetworks) {
  ResolvConfRequest request;
  request.has_dns = true;
  const ResolvConf host{{"10.0.0.1"}, {"corp"}, {}};
  EXPECT_EQ(resolv_conf(request, host), "nameserver 127.0.0.11\nsearch corp\noptions ndots:0\n");
  request.dns_options = {"ndots:3"};
  request.dns_search = {"."};
  EXPECT_EQ(resolv_conf(request, host), "nameserver 127.0.0.11\noptions ndots:3\n");
}

TEST(ResolvConf, NamesTheHostsServersElsewhereUnlessTheContainerHasItsOwn) {
  ResolvConfRequest request;
  const ResolvConf host{{"10.0.0.1"}, {}, {"rotate"}};
  EXPECT_EQ(resolv_conf(request, host), "nameserver 10.0.0.1\noptions rotate\n");
  request.dns = {"9.9.9.9"};
  EXPECT_EQ(resolv_conf(request, host), "nameserver 9.9.9.9\noptions rotate\n");
}

}  // namespace stack::engine::network
