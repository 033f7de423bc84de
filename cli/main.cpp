#include <csignal>
#include <string>
#include <vector>

#include "cli/dispatch.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of write(2), not the end of us
  return stack::cli::dispatch(std::vector<std::string>(argv + 1, argv + argc));
}
