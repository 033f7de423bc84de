#pragma once
// The same thing done to each of the things a command line names: `container stop a b c`.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/session.hpp"

namespace stack::cli {

/// Returns the text to print for it.
using EachAction = std::function<boost::asio::awaitable<std::string>(std::string name)>;

/// All at once; their texts are printed in the order of the names, failures as lines on stderr. Returns the exit status: 1 when
/// something failed.
int do_each(Session& session, const std::vector<std::string>& names, const EachAction& action);

/// The text for a thing: its name as it was given.
inline std::string name_line(const std::string& name) { return name + "\n"; }

}  // namespace stack::cli
