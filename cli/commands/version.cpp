#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"

namespace stack::cli {

int version(const Invocation& invocation) {
  bool only_number = false;
  std::string format = "pretty";
  Flags flags("version [OPTIONS]", "Show the version of this program.");
  flags.value("-f,--format", format, "FORMAT", "pretty or json");
  flags.flag("--short", only_number, "Only the number");
  if (!flags.parse(invocation.arguments)) return 0;
  if (format != "pretty" && format != "json")
    throw UsageError(fmt::format("unsupported format \"{}\": pretty or json", format));
  std::string text = fmt::format("stack version {}\n", STACK_VERSION);
  if (only_number) text = STACK_VERSION "\n";
  if (format == "json") text = "{\"version\":\"" STACK_VERSION "\"}\n";
  return write_all(1, text) ? 0 : 1;
}

}  // namespace stack::cli
