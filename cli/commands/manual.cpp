#include "cli/manual.hpp"

#include "cli/commands.hpp"
#include "cli/flags.hpp"
#include "cli/output.hpp"

namespace stack::cli {

int manual(const Invocation& invocation) {
  Flags flags("manual", "Print the manual page in roff, for packages.");
  if (!flags.parse(invocation.arguments)) return 0;
  return write_all(1, manual_page(STACK_VERSION)) ? 0 : 1;
}

}  // namespace stack::cli
