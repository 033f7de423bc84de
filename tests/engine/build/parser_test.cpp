#include "engine/build/parser.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::build {

namespace {

std::string failure(const std::string& text) {
  try {
    parse_dockerfile(text);
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

Instruction only(const std::string& line) { return parse_dockerfile("FROM x\n" + line).stages.at(0).instructions.at(0); }
using Words = std::vector<std::string>;

}  // namespace

TEST(DockerfileParser, ReadsStagesAndArgsBeforeThem) {
  const Dockerfile file = parse_dockerfile(
      "# syntax=docker/dockerfile:1\n\nARG V=1\nFROM base:$V AS Build\nrun x\nFROM scratch\nCOPY --from=build a b\n");
  ASSERT_EQ(file.meta_args.size(), 1U);
  ASSERT_EQ(file.stages.size(), 2U);
  EXPECT_EQ(file.stages[0].name, "build");
  EXPECT_EQ(file.stages[0].base, "base:$V");
  EXPECT_EQ(file.stages[0].instructions[0].original, "run x");
  EXPECT_EQ(file.stages[1].instructions[0].flag("from"), "build");
  EXPECT_EQ(file.stages[1].instructions[0].line, 7);
}

TEST(DockerfileParser, JoinsContinuedLines) {
  const Instruction run = only("RUN a \\\n# comment\n\n  b \\  \n  c\nUSER x");
  EXPECT_EQ(run.rest, "a   b   c");
  EXPECT_EQ(run.line, 2);
  const Dockerfile file = parse_dockerfile("# escape=`\nFROM x\nRUN a `\n b\nCOPY c:\\x d\n");
  EXPECT_EQ(file.stages[0].instructions[0].rest, "a  b");
  EXPECT_EQ(file.stages[0].instructions[1].words, (Words{"c:\\x", "d"}));
}

TEST(DockerfileParser, TellsTheExecFromTheShellForm) {
  EXPECT_TRUE(only("CMD [\"a\", \"b c\"]").is_json);
  EXPECT_EQ(only("CMD [\"a\", \"b c\"]").words, (Words{"a", "b c"}));
  EXPECT_FALSE(only("CMD [\"a\", b]").is_json);
  EXPECT_FALSE(only("CMD [ -f x ]").is_json);
  EXPECT_EQ(only("COPY [\"a b\", \"c\"]").words, (Words{"a b", "c"}));
}

TEST(DockerfileParser, ReadsPairs) {
  EXPECT_EQ(only("ENV A=1 B=\"two words\" C=x\\ y").words, (Words{"A", "1", "B", "\"two words\"", "C", "x\\ y"}));
  EXPECT_EQ(only("ENV OLD old style value").words, (Words{"OLD", "old style value"}));
  EXPECT_EQ(only("LABEL \"a b\"='c d'").words, (Words{"\"a b\"", "'c d'"}));
}

TEST(DockerfileParser, ReadsHealthChecks) {
  const Instruction check = only("HEALTHCHECK --interval=5s --retries=2 CMD curl x");
  EXPECT_EQ(check.words, (Words{"CMD-SHELL", "curl x"}));
  EXPECT_EQ(check.flag("interval"), "5s");
  EXPECT_EQ(only("HEALTHCHECK cmd [\"a\"]").words, (Words{"CMD", "a"}));
  EXPECT_EQ(only("HEALTHCHECK NONE").words, (Words{"NONE"}));
}

TEST(DockerfileParser, ReadsHereDocumentsOfRun) {
  EXPECT_EQ(only("RUN <<EOF\necho a\n# kept\nEOF\nUSER x").heredoc, "echo a\n# kept\n");
  EXPECT_EQ(only("RUN <<-'EOF'\n\techo a\n\tEOF\n").heredoc, "echo a\n");
  EXPECT_EQ(only("RUN cat <<EOF > /x\na\nEOF\n").rest, "cat <<EOF > /x\na\nEOF");
  EXPECT_EQ(failure("FROM x\nRUN <<EOF\necho\n"), "dockerfile parse error on line 2: unterminated heredoc");
}

TEST(DockerfileParser, NamesTheLineOfAMistake) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"BOGUS x", "unknown instruction: BOGUS"},
      {"WORKDIR", "WORKDIR requires exactly one argument"},
      {"COPY a", "COPY requires at least two arguments, but only one was provided. Destination could not be determined"},
      {"COPY --bad=1 a b", "unknown flag: --bad"},
      {"ENV", "ENV requires at least one argument"},
      {"ENV a", "ENV must have two arguments"},
      {"ENV a=b c", "Syntax error - can't find = in \"c\". Must be of the form: name=value"},
      {"HEALTHCHECK BAD", "Unknown type \"BAD\" in HEALTHCHECK (try CMD)"},
      {"SHELL bash", "SHELL requires the arguments to be in JSON form"},
      {"RUN", "RUN requires at least one argument"},
      {"RUN --mount=type=cache,target=/x true", "the --mount option of RUN is not supported yet"},
      {"ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"},
      {"FROM", "FROM requires either one or three arguments"},
      {"FROM a AS 1b", "invalid name for build stage: \"1b\", name can't start with a number or contain symbols"},
      {"COPY <<EOF /x\nEOF", "here-documents are not supported in COPY: put the file into the context"},
  };
  for (const auto& [line, message] : cases)
    EXPECT_EQ(failure("FROM x\n\n" + line + "\n"), "dockerfile parse error on line 3: " + message) << line;
  EXPECT_EQ(failure("\n# only a comment\n"), "the Dockerfile cannot be empty");
  EXPECT_EQ(failure("RUN x"),
            "dockerfile parse error on line 1: no build stage in current context: RUN comes before the first FROM");
}

}  // namespace stack::engine::build
