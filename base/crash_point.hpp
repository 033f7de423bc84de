#pragma once
// Places where tests kill the engine, to prove that recovery works from each of them (tests/scenarios/crash_points_test.py).
// A point costs one comparison of a cached flag.
#include <array>
#include <string_view>

namespace stack {

/// Every point, in the order `up` and then `down` pass them. "before" a point: the intent is written, the kernel untouched;
/// "after": the kernel object exists, the row is not completed.
inline constexpr std::array crash_points{
    std::string_view{"network.create.intent"},    std::string_view{"network.create.done"},
    std::string_view{"volume.create.intent"},     std::string_view{"volume.create.done"},
    std::string_view{"container.create.intent"},  std::string_view{"container.create.done"},
    std::string_view{"container.start.intent"},   std::string_view{"container.start.snapshot"},
    std::string_view{"container.start.network"},  std::string_view{"container.start.launched"},
    std::string_view{"container.start.done"},     std::string_view{"container.exit.seen"},
    std::string_view{"container.exit.network"},   std::string_view{"container.exit.done"},
    std::string_view{"container.stop.signalled"}, std::string_view{"container.remove.intent"},
    std::string_view{"container.remove.files"},   std::string_view{"container.remove.done"},
    std::string_view{"network.remove.intent"},    std::string_view{"network.remove.done"},
    std::string_view{"volume.remove.intent"},     std::string_view{"volume.remove.done"},
};

/// Ends this process with SIGKILL when the environment variable STACK_CRASH_AT is `name`, or is `name:N` and this is the N-th
/// passage, after writing the name to the file STACK_CRASH_MARK. Names outside crash_points are a mistake of the caller
/// (checked in debug builds).
void crash_point(std::string_view name);

}  // namespace stack
