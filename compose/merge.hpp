#pragma once
// Several files into one. Works on canonical documents, by the merge rules of the key table.
#include "compose/keys.hpp"

namespace stack::compose {

/// Lays `later` over `base`. `!reset` removes, `!override` replaces, null keeps what was there, except for
/// commands and variables.
void merge_documents(Node& base, Node later);
void merge_services(Node& base, Node later);

/// What the last merge leaves: `!reset` members go, and list items that mean the same thing become one (the later one, at
/// the earlier place).
void finish_merge(Node& document);

}  // namespace stack::compose
