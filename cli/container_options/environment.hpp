#pragma once
// Variables and labels, from the command line and from files.
#include <map>
#include <string>
#include <vector>

namespace stack::cli::container_options {

/// "NAME=VALUE" of every line of the files, then of the texts. A bare name takes its value from this process; one that is not
/// set here is left out when it stands in a file, and else sent bare, which removes the image's. Throws UsageError naming file
/// and line.
std::vector<std::string> environment_of(const std::vector<std::string>& files, const std::vector<std::string>& texts);

/// The lines of a file of labels (bare names are left out), then the texts.
std::map<std::string, std::string> labels_of(const std::vector<std::string>& files, const std::vector<std::string>& texts);

}  // namespace stack::cli::container_options
