#include "compose/explain.hpp"

#include "tests/compose/load_text.hpp"

namespace stack::compose {
namespace {

class Explain : public testing::Test {
protected:
  std::string explained(const std::string& subject) { return project.shown(explain(project.load(), project.options, subject)); }

  ProjectDirectory project;
};

TEST_F(Explain, NamesEveryFileThatSetAKeyTheOneThatCountsFirst) {
  project.file("compose.yaml", "name: t\nservices:\n  a:\n    image: x\n    user: one\n")
      .file("compose.override.yaml", "services:\n  a:\n    user: two\n");
  EXPECT_EQ(explained("services.a.user"),
            "services.a.user = \"two\"\n"
            "  compose.override.yaml:3:11  user: two  <- counts\n"
            "  compose.yaml:5:11           user: one\n");
}

TEST_F(Explain, ShowsTheTextBeforeInterpolationAndWhereTheVariableIsFrom) {
  project.file("compose.yaml", "name: t\nservices:\n  a:\n    image: x:${TAG}\n").file(".env", "# c\nTAG=1\nTAG=2\n");
  EXPECT_EQ(explained("services.a.image"),
            "services.a.image = \"x:2\"\n"
            "  compose.yaml:4:12  image: x:${TAG}  <- counts\n"
            "  TAG = \"2\"\n"
            "    .env:3  TAG=2  <- counts\n"
            "    .env:2  TAG=1\n");
}

TEST_F(Explain, TellsTheSourcesOfAVariableAndItsUses) {
  project.options.environment = {{"TAG", "outer"}};
  project.file("compose.yaml", "name: t\nservices:\n  a:\n    image: x\n    command: |\n      run\n      --tag ${TAG:-none}\n")
      .file(".env", "TAG=file\n");
  EXPECT_EQ(explained("TAG"),
            "TAG = \"outer\"\n"
            "  the environment  TAG=outer  <- counts\n"
            "  .env:1           TAG=file\n"
            "used in\n"
            "  compose.yaml:7:13  --tag ${TAG:-none}\n");
}

TEST_F(Explain, ExplainsEveryKeyBelow) {
  project.file("compose.yaml", "name: t\nservices:\n  a:\n    image: x\n    environment: [A=1, B=2]\n");
  EXPECT_EQ(explained("services.a.environment"),
            "services.a.environment.A = \"1\"\n"
            "  compose.yaml:5:19  environment: [A=1, B=2]  <- counts\n"
            "services.a.environment.B = \"2\"\n"
            "  compose.yaml:5:24  environment: [A=1, B=2]  <- counts\n");
}

TEST_F(Explain, FindsVariablesOfEnvFiles) {
  project.file("compose.yaml", "name: t\nservices:\n  a:\n    image: x\n    env_file: a.env\n")
      .file("a.env", "A=1\n\nexport A=2\n");
  EXPECT_EQ(explained("services.a.environment.A"),
            "services.a.environment.A = \"2\"\n"
            "  a.env:3  export A=2  <- counts\n"
            "  a.env:1  A=1\n");
}

TEST_F(Explain, FilesOfVariablesLieBelowWhatTheServiceSaysItself) {
  project.file("compose.yaml", "name: t\nservices:\n  a:\n    image: x\n    env_file: a.env\n    environment: [B=$V, A=own]\n")
      .file("a.env", "A=file\n");
  EXPECT_EQ(explained("services.a.environment.A"),
            "services.a.environment.A = \"own\"\n"
            "  compose.yaml:6:25  environment: [B=$V, A=own]  <- counts\n"
            "  a.env:1            A=file\n");
}

TEST_F(Explain, SaysWhatIsADefault) {
  project.file("compose.yaml", "name: t\nservices:\n  a:\n    image: x\n");
  EXPECT_EQ(explained("networks.default.name"),
            "networks.default.name = \"t_default\"\n  by default  no file says it  <- counts\n");
  project.file("compose.yaml", "name: t\nservices:\n  a:\n    build: {dockerfile: D}\n");
  EXPECT_EQ(explained("services.a.build.context"),
            "services.a.build.context = \"DIR\"\n  by default  no file says it  <- counts\n");
}

TEST_F(Explain, FindsKeysWithDotsInThem) {
  project.file("compose.yaml", "name: t\nservices:\n  a:\n    image: x\n    labels: {com.example.a: b}\n");
  EXPECT_EQ(explained("services.a.labels.com.example.a"),
            "services.a.labels.com.example.a = \"b\"\n  compose.yaml:5:29  labels: {com.example.a: b}  <- counts\n");
}

TEST_F(Explain, SuggestsWhatWasProbablyMeant) {
  project.file("compose.yaml", "name: t\nservices:\n  a:\n    image: x\n");
  try {
    explained("services.a.imge");
    FAIL() << "explained";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "services.a.imge is neither a key of the project nor a variable; did you mean services.a.image?");
  }
}

}  // namespace
}  // namespace stack::compose
