#pragma once
// The finished document becomes the Project.
#include "compose/node.hpp"
#include "compose/types.hpp"

namespace stack::compose {

/// Trusts the document: canonical, merged, without nulls where none may be.
Project decode(const std::shared_ptr<const Node>& document);

}  // namespace stack::compose
