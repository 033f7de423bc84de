#pragma once
// What another OCI runtime writes to its --log in JSON, one line an entry (runc, youki) or several (crun).
#include <string>
#include <string_view>

namespace stack::engine::shim {

/// The message of the last entry; "it gave no reason" when there is none.
std::string last_message(std::string_view log);

/// As Docker tells a command that is missing (127) from one that cannot be executed (126) and from all else (`other`).
int exit_code_of(std::string_view message, int other);

}  // namespace stack::engine::shim
