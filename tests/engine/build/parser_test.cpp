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
  EXPECT_TRUE(only("RUN <<EOF\necho a\n# kept\nEOF\nUSER x").script);
  EXPECT_EQ(only("RUN <<EOF\necho a\n# kept\nEOF\nUSER x").heredocs.at(0).content, "echo a\n# kept\n");
  EXPECT_EQ(only("RUN <<-'EOF'\n\techo a\n\tEOF\n").heredocs.at(0).content, "echo a\n");
  EXPECT_EQ(only("RUN cat <<EOF > /x\na\nEOF\n").rest, "cat <<EOF > /x\na\nEOF\n");
  EXPECT_EQ(only("RUN cat <<A >/x && cat <<B >>/x\n1\nA\n2\nB\n").rest, "cat <<A >/x && cat <<B >>/x\n1\nA\n2\nB\n");
  EXPECT_TRUE(only("RUN echo $((1<<2)) \"a <<EOF\" <<<word").heredocs.empty());
  EXPECT_EQ(failure("FROM x\nRUN <<EOF\necho\n"), "dockerfile parse error on line 2: unterminated heredoc: no line \"EOF\"");
}

TEST(DockerfileParser, NamesTheLineOfAMistake) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"BOGUS x", "unknown instruction: BOGUS"},
      {"WORKDIR", "WORKDIR requires exactly one argument"},
      {"COPY a", "COPY requires at least two arguments, but only one was provided. Destination could not be determined"},
      {"ENV", "ENV requires at least one argument"},
      {"ENV a", "ENV must have two arguments"},
      {"ENV a=b c", "Syntax error - can't find = in \"c\". Must be of the form: name=value"},
      {"HEALTHCHECK BAD", "Unknown type \"BAD\" in HEALTHCHECK (try CMD)"},
      {"SHELL bash", "SHELL requires the arguments to be in JSON form"},
      {"RUN", "RUN requires at least one argument"},
      {"ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"},
      {"FROM", "FROM requires either one or three arguments"},
      {"FROM a AS 1b", "invalid name for build stage: \"1b\", name can't start with a number or contain symbols"},
      {"COPY <<EOF\nEOF",
       "COPY requires at least two arguments, but only one was provided. Destination could not be determined"},
      {"COPY --from=a <<EOF /x\nEOF", "COPY: here-documents cannot be combined with --from"},
      {"ONBUILD RUN <<EOF\nEOF", "here-documents are not supported in ONBUILD"},
  };
  for (const auto& [line, message] : cases)
    EXPECT_EQ(failure("FROM x\n\n" + line + "\n"), "dockerfile parse error on line 3: " + message) << line;
  EXPECT_EQ(failure("\n# only a comment\n"), "the Dockerfile cannot be empty");
  EXPECT_EQ(failure("RUN x"),
            "dockerfile parse error on line 1: no build stage in current context: RUN comes before the first FROM");
}

TEST(DockerfileParser, NamesTheColumnOfAMistakeInAFlag) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"COPY --bad=1 a b",
       "line 3, column 6: unknown flag: --bad (known are --from, --chown, --chmod, --exclude, --link, --parents)"},
      {"COPY --chown=a \\\n# between\n   --bad a b", "line 5, column 4: unknown flag: --bad (known are"},
      {"  COPY --link=maybe a b", "line 3, column 8: expecting boolean value for flag --link, not: maybe"},
      {"COPY --chown a b", "line 3, column 6: missing a value on flag: --chown"},
      {"WORKDIR --x /a", "line 3, column 9: unknown flag: --x"},
      {"RUN --security=insecure true",
       "line 3, column 5: RUN --security is not supported: commands run with the usual privileges"},
      {"ADD --checksum=sha256:1 a b", "line 3, column 5: ADD --checksum is not supported: there are no downloads to check"},
      {"RUN --mount=type=ssh true", "line 3, column 5: RUN --mount: type=ssh is not supported: "},
      {"RUN true", "accepted"},
      {"RUN --network=none --mount=type=bind,bogus=1 true",
       "line 3, column 20: RUN --mount: unexpected key 'bogus' for this type of mount"},
      {"ONBUILD COPY --bad a b", "line 3, column 14: unknown flag: --bad"},
  };
  for (const auto& [line, message] : cases) {
    const std::string text = failure("FROM x\n\n" + line + "\n");
    EXPECT_TRUE(text.starts_with(message == "accepted" ? "accepted" : "dockerfile parse error on " + message)) << line << "\n"
                                                                                                               << text;
  }
}

TEST(DockerfileParser, ReadsDirectives) {
  EXPECT_EQ(failure("# syntax=docker/dockerfile:1.7-labs\n# check=skip=all\nFROM x\n"), "accepted");
  EXPECT_EQ(failure("# syntax = docker.io/docker/dockerfile-upstream:master\nFROM x\n"), "accepted");
  EXPECT_EQ(failure("# syntax=example.org/other:1\nFROM x\n"),
            "dockerfile parse error on line 1: the front end example.org/other:1 is not supported: only docker/dockerfile is");
  EXPECT_EQ(failure("# escape=`\n# escape=`\nFROM x\n"),
            "dockerfile parse error on line 2: only one escape parser directive can be used");
  EXPECT_EQ(failure("# a comment ends them\n# escape=x\nFROM x\n"), "accepted");
}

TEST(DockerfileParser, ReadsHereDocumentsOfCopy) {
  const Instruction copy = only("COPY --link a <<x.txt <<'Y' /dst/\n1\nx.txt\n$2\nY\nUSER u");
  EXPECT_EQ(copy.words, (Words{"a", "/dst/"}));
  ASSERT_EQ(copy.heredocs.size(), 2U);
  EXPECT_EQ(copy.heredocs[0].name, "x.txt");
  EXPECT_TRUE(copy.heredocs[0].expand);
  EXPECT_EQ(copy.heredocs[1].content, "$2\n");
  EXPECT_FALSE(copy.heredocs[1].expand);
  EXPECT_TRUE(copy.is_set("link"));
}

}  // namespace stack::engine::build
