#pragma once
// Which stages of a Dockerfile need which. Pure.
#include <optional>
#include <string>
#include <vector>

#include "engine/build/parser.hpp"

namespace stack::engine::build {

/// The stage that --from= or FROM means among the first `count`, by name (in any case) or number; empty: none, an image's name.
std::optional<std::size_t> find_stage(const Dockerfile& file, const std::string& name, std::size_t count);

/// Which stages the target needs, itself included. `bases` are the stages' FROM with variables replaced. A --from= that
/// holds a variable may mean any stage before its own: then all of them are needed.
std::vector<bool> needed_stages(const Dockerfile& file, const std::vector<std::string>& bases, std::size_t target);

}  // namespace stack::engine::build
