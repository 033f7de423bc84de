#pragma once
// Checks a file's tree against the table (unknown keys, wrong types) and turns short syntax into long.
#include "compose/keys.hpp"

namespace stack::compose {

/// Which short forms become long ones.
enum class Forms {
  all,
  structures,  ///< those of ports, mounts and the like; scalars stay as they are written, and so does what holds a variable
};

/// Every mistake goes to `mistakes`, so the tree is usable only when there was none.
void canonicalize(Node& document, Forms forms, Mistakes& mistakes);

/// After the merge: reports every null that is left where the table allows none.
void refuse_nulls(const Node& document, Mistakes& mistakes);

}  // namespace stack::compose
