#include "cli/render/container_row.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace stack::cli::render {
namespace {

using engine::api::ContainerSummary;
using engine::api::PortSummary;

ContainerSummary web() {
  ContainerSummary container;
  container.id = "c1f204045e9fcedfeec6b68ac052546a27ccc2d13fc095a42ad44cb2dd960a6c";
  container.names = {"/p-web-1"};
  container.image = "bb:1";
  container.command = "sh -c 'while true; do echo hello; sleep 5; done'";
  container.created = 1000;
  container.labels = {{"com.docker.compose.project", "p"}, {"com.docker.compose.service", "web"}};
  container.state = "running";
  container.status = "Up 3 seconds (healthy)";
  container.ports = {{.ip = "0.0.0.0", .private_port = 80, .public_port = 8080, .type = "tcp"},
                     {.ip = "::", .private_port = 80, .public_port = 8080, .type = "tcp"}};
  return container;
}

TEST(PortList, MergesNeighboursAndPutsRemappedPortsLast) {
  EXPECT_EQ(port_list({{.ip = "0.0.0.0", .private_port = 80, .public_port = 8080, .type = "tcp"},
                       {.ip = "::", .private_port = 80, .public_port = 8080, .type = "tcp"},
                       {.ip = "127.0.0.1", .private_port = 9001, .public_port = 9001, .type = "udp"},
                       {.ip = "127.0.0.1", .private_port = 9000, .public_port = 9000, .type = "udp"},
                       {.ip = "127.0.0.1", .private_port = 9002, .public_port = 9002, .type = "udp"}}),
            "127.0.0.1:9000-9002->9000-9002/udp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp");
  EXPECT_EQ(port_list({{.ip = "", .private_port = 5432, .public_port = 0, .type = "tcp"}}), "5432/tcp");
  EXPECT_EQ(port_list({}), "");
}

TEST(ContainerCells, AreThoseOfDockerComposePs) {
  EXPECT_EQ(container_cells(web(), false, 1002),
            (std::vector<std::string>{"p-web-1", "bb:1", "\"sh -c 'while true; …\"", "web", "2 seconds ago",
                                      "Up 3 seconds (healthy)", "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"}));
}

TEST(ContainerObject, HasDockerComposesKeys) {
  const nlohmann::json object = container_object(web(), false, 1002);
  std::vector<std::string> keys;
  for (const auto& [key, _] : object.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"Command",      "CreatedAt",  "ExitCode", "Health", "ID",       "Image", "Labels",
                                            "LocalVolumes", "Mounts",     "Name",     "Names",  "Networks", "Ports", "Project",
                                            "Publishers",   "RunningFor", "Service",  "Size",   "State",    "Status"}));
  EXPECT_EQ(object["Health"], "healthy");
  EXPECT_EQ(object["ID"], "c1f204045e9f");
  EXPECT_EQ(object["Publishers"][1],
            (nlohmann::json{{"URL", "::"}, {"TargetPort", 80}, {"PublishedPort", 8080}, {"Protocol", "tcp"}}));
}

TEST(StatusText, TellsExitCodeAndHealth) {
  EXPECT_EQ(exit_code_in("Exited (137) 2 minutes ago"), 137);
  EXPECT_EQ(exit_code_in("Up 2 minutes (healthy)"), 0);
  EXPECT_EQ(health_in("Up 1 second (health: starting)"), "starting");
  EXPECT_EQ(health_in("Exited (1) 2 seconds ago"), "");
}

}  // namespace
}  // namespace stack::cli::render
