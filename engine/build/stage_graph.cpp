#include "engine/build/stage_graph.hpp"

#include <charconv>

#include "engine/build/run_mount.hpp"
#include "engine/build/text.hpp"

namespace stack::engine::build {

namespace {

/// What an instruction takes files from.
std::vector<std::string> sources_of(const Instruction& instruction) {
  std::vector<std::string> sources;
  for (const Instruction::Flag& flag : instruction.flags) {
    if (flag.name == "from") sources.push_back(flag.value);
    if (flag.name == "mount") sources.push_back(mount_source_of(flag.value));
  }
  return sources;
}

}  // namespace

std::optional<std::size_t> find_stage(const Dockerfile& file, const std::string& name, std::size_t count) {
  const std::string wanted = lower(name);
  // the last of that name: a later stage hides an earlier one
  for (std::size_t i = count; i-- > 0;)
    if (!wanted.empty() && file.stages[i].name == wanted) return i;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size() && number < count) return number;
  return std::nullopt;
}

std::vector<bool> needed_stages(const Dockerfile& file, const std::vector<std::string>& bases, std::size_t target) {
  std::vector<bool> needed(file.stages.size(), false);
  needed[target] = true;
  // a stage only uses those before it
  for (std::size_t stage = target + 1; stage-- > 0;) {
    if (!needed[stage]) continue;
    const auto mark = [&](std::optional<std::size_t> found) {
      if (found) needed[*found] = true;
    };
    if (bases[stage].find_first_not_of("0123456789") != std::string::npos) mark(find_stage(file, bases[stage], stage));
    for (const Instruction& instruction : file.stages[stage].instructions)
      for (const std::string& source : sources_of(instruction)) {
        if (source.find('$') == std::string::npos)
          mark(find_stage(file, source, stage));
        else
          for (std::size_t i = 0; i < stage; ++i) needed[i] = true;
      }
  }
  return needed;
}

}  // namespace stack::engine::build
