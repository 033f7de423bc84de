#pragma once
// Which key of a service an engine's error message is about: engines name the cause, the files have the place. Private to the
// scheduler.
#include <string_view>
#include <vector>

#include "compose/types.hpp"
#include "scheduler/plan.hpp"

namespace stack::scheduler {

/// Of all keys in the files that an engine may complain about when it creates or starts a container of the service.
std::vector<KeyPlace> key_places(const compose::Project& project, const compose::Service& service);

/// Of the keys that decide whether a container comes up, stays up and ends well.
std::vector<KeyPlace> health_places(const compose::Service& service);

/// The key the message is about; null: none, as far as can be told without guessing.
const KeyPlace* find_place(const std::vector<KeyPlace>& places, std::string_view message);

}  // namespace stack::scheduler
