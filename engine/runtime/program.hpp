#pragma once
// Finding the command inside the container as the shell would, with Docker's words when it is not there.
#include <string>
#include <vector>

namespace stack::engine::runtime {

struct Program {
  std::string path;
  int error = 0;      ///< errno; 0: found
  int exit_code = 0;  ///< 127 not found, 126 not executable
  std::string message;
};

Program find_program(const std::vector<std::string>& args, const std::vector<std::string>& environment);
std::string describe_exec_error(int error);  ///< "no such file or directory": lower case, as Docker prints it

}  // namespace stack::engine::runtime
