// Any bytes as a Dockerfile: parsed, and every metadata instruction applied.
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "engine/build/metadata.hpp"
#include "engine/build/parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::engine::build;
  using Kind = Instruction::Kind;
  try {
    const Dockerfile file = parse_dockerfile({reinterpret_cast<const char*>(data), size});
    for (const Stage& stage : file.stages) {
      StageState state;
      for (const Instruction& instruction : stage.instructions) {
        if (instruction.kind == Kind::run || instruction.kind == Kind::copy || instruction.kind == Kind::add ||
            instruction.kind == Kind::workdir) {
          for (const auto& word : instruction.words) expand_word(word, variables_of(state), file.escape);
          continue;
        }
        apply_metadata(instruction, state, {}, file.escape);
      }
    }
  } catch (const stack::Error&) {
  }
  return 0;
}
