// Any bytes as a Dockerfile: parsed, every metadata instruction applied, and what RUN, COPY and ADD say taken apart.
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "engine/build/file_mode.hpp"
#include "engine/build/metadata.hpp"
#include "engine/build/parser.hpp"
#include "engine/build/run_mount.hpp"
#include "engine/build/stage_graph.hpp"

namespace {

using namespace stack::engine::build;

void take_apart(const Instruction& instruction, const StageState& state, char escape) {
  const Variables variables = variables_of(state);
  for (const auto& word : instruction.words) expand_word(word, variables, escape);
  for (const auto& document : instruction.heredocs) expand_document(document.content, variables, escape);
  for (const auto& flag : instruction.flags) {
    if (flag.name == "mount") parse_run_mount(flag.value, variables, escape);
    if (flag.name == "chmod") FileMode::parse(flag.value).apply(0644, false);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Kind = Instruction::Kind;
  try {
    const Dockerfile file = parse_dockerfile({reinterpret_cast<const char*>(data), size});
    std::vector<std::string> bases;
    for (const Stage& stage : file.stages) bases.push_back(stage.base);
    if (!file.stages.empty()) needed_stages(file, bases, file.stages.size() - 1);
    for (const Stage& stage : file.stages) {
      StageState state;
      for (const Instruction& instruction : stage.instructions) {
        if (instruction.kind == Kind::run || instruction.kind == Kind::copy || instruction.kind == Kind::add ||
            instruction.kind == Kind::workdir) {
          take_apart(instruction, state, file.escape);
          continue;
        }
        apply_metadata(instruction, state, {}, file.escape);
      }
    }
  } catch (const stack::Error&) {
  }
  return 0;
}
