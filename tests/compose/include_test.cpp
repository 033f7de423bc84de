// `include`, seen through whole loads.
#include "compose/include.hpp"

#include <gtest/gtest.h>

#include "load_text.hpp"

namespace stack::compose {
namespace {

TEST(Include, AFileHasItsOwnDirectoryAndVariablesBelowThoseOutside) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\ninclude: [sub/c.yaml]\nservices: {a: {image: \"x:$TAG\"}}\n")
      .file(".env", "TAG=outer\n")
      .file("sub/c.yaml",
            "name: other\nx-top: 1\nservices: {b: {image: \"y:$TAG-$ONLY\", build: ., env_file: b.env, volumes: [./d:/d]}}\n")
      .file("sub/.env", "TAG=inner\nONLY=only\n")
      .file("sub/b.env", "K=v\n");
  const Project project = directory.load().project;
  const Service& b = project.services.at("b");
  EXPECT_EQ(project.name, "t");
  EXPECT_TRUE(project.extensions.empty());
  EXPECT_EQ(b.image, "y:outer-only");
  EXPECT_EQ(directory.shown(b.build->context), "DIR/sub");
  EXPECT_EQ(directory.shown(b.volumes[0].source), "DIR/sub/d");
  EXPECT_EQ(b.environment, (OptionalStringMap{{"K", "v"}}));
}

TEST(Include, ABuildWithoutAContextHasTheDirectoryOfItsInclude) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\ninclude: [sub/c.yaml]\nservices: {a: {build: {dockerfile: D}}}\n")
      .file("sub/c.yaml", "services: {b: {build: {dockerfile: D}}}\n");
  Project project = directory.load().project;
  EXPECT_EQ(directory.shown(project.services.at("a").build->context), "DIR");
  EXPECT_EQ(directory.shown(project.services.at("b").build->context), "DIR/sub");
  directory.options.resolve_paths = false;
  project = directory.load().project;
  EXPECT_EQ(project.services.at("a").build->context, ".");
  EXPECT_EQ(project.services.at("b").build->context, "sub");
}

TEST(Include, AnEntryMayNameSeveralFilesADirectoryAndFilesOfVariables) {
  ProjectDirectory directory;
  directory
      .file(
          "compose.yaml",
          "name: t\ninclude:\n  - path: [sub/c.yaml, sub/over.yaml]\n    project_directory: .\n    env_file: [1.env, 2.env]\n")
      .file("1.env", "A=1\nB=1\n")
      .file("2.env", "B=2\n")
      .file("sub/c.yaml", "services: {b: {image: \"y:$A$B$C\", volumes: [./d:/d]}}\n")
      .file("sub/over.yaml", "services: {b: {hostname: h}}\n")
      .file(".env", "")
      .file("sub/.env", "C=unread\n");
  const Service b = directory.load().project.services.at("b");
  EXPECT_EQ(b.image, "y:12");
  EXPECT_EQ(b.hostname, "h");
  EXPECT_EQ(directory.shown(b.volumes[0].source), "DIR/d");
}

TEST(Include, GoesOnInIncludedFiles) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\ninclude: [\"${SUB}/one.yaml\"]\nservices: {a: {image: x, depends_on: [c]}}\n")
      .file(".env", "SUB=sub\n")
      .file("sub/one.yaml", "include: [deep/two.yaml]\nservices: {b: {image: x}}\n")
      .file("sub/.env", "K=sub\n")
      .file("sub/deep/two.yaml", "services: {c: {image: \"x:$K\", extends: {file: base.yaml, service: s}}}\n")
      .file("sub/deep/.env", "K=deep\n")
      .file("sub/deep/base.yaml", "services: {s: {volumes: [./v:/v]}}\n");
  const Project project = directory.load().project;
  EXPECT_EQ(project.services.at("c").image, "x:sub");
  EXPECT_EQ(directory.shown(project.services.at("c").volumes[0].source), "DIR/sub/deep/v");
}

TEST(Include, WhatTheIncludingFileSaysOfTheSameServiceIsLaidOverIt) {
  ProjectDirectory directory;
  directory
      .file("compose.yaml",
            "name: t\ninclude: [sub/c.yaml]\nservices: {b: {hostname: over, ports: !reset [], dns: [\"2.2.2.2\"]}}\n"
            "volumes: {v: {labels: {b: c}}}\n")
      .file("sub/c.yaml",
            "services: {b: {image: y, hostname: h, ports: [80], dns: [\"1.1.1.1\"], volumes: [\"vv:/v\"]}}\n"
            "volumes: {vv: {labels: {a: b}}, v: {driver: d}}\n");
  const Service b = directory.load().project.services.at("b");
  EXPECT_EQ(b.image, "y");
  EXPECT_EQ(b.hostname, "over");
  EXPECT_TRUE(b.ports.empty());
  EXPECT_EQ(b.dns, (std::vector<std::string>{"1.1.1.1", "2.2.2.2"}));
}

TEST(Include, AnOverrideFileReachesWhatTheFirstFileIncludes) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\ninclude: [c.yaml]\n")
      .file("compose.override.yaml", "services: {b: {hostname: h, expose: !reset []}}\n")
      .file("c.yaml", "services: {b: {image: y, expose: [80]}}\n");
  const Service b = directory.load().project.services.at("b");
  EXPECT_EQ(b.image + b.hostname, "yh");
  EXPECT_TRUE(b.expose.empty());
}

TEST(Include, AResetInAFileThatIncludesReachesEarlierFilesToo) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\nservices: {b: {image: x, expose: [1]}}\n")
      .file("compose.override.yaml", "include: [c.yaml]\nservices: {b: {expose: !reset []}}\n")
      .file("c.yaml", "services: {b: {hostname: h, expose: [2]}}\n");
  const Service b = directory.load().project.services.at("b");
  EXPECT_EQ(b.image + b.hostname, "xh");
  EXPECT_TRUE(b.expose.empty());
}

TEST(Include, AFileReachedInTwoWaysIsThereOnce) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\ninclude: [one.yaml, two.yaml]\n")
      .file("one.yaml", "include: [base.yaml]\nservices: {b: {image: x}}\n")
      .file("two.yaml", "include: [base.yaml]\nservices: {c: {image: x}}\n")
      .file("base.yaml", "services: {base: {image: x, command: [a], group_add: [g], cap_add: [A]}}\n");
  const Project project = directory.load().project;
  EXPECT_EQ(project.services.size(), 3U);
  EXPECT_EQ(project.services.at("base").group_add, std::vector<std::string>{"g"});
}

TEST(Include, VariablesWithoutAValueAndSecretsComeFromTheIncludedEnvironment) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\ninclude: [sub/c.yaml]\nservices: {a: {image: x, environment: [K]}}\n")
      .file("sub/c.yaml",
            "services: {b: {image: x, environment: [K, L], build: {context: ., args: [K]}, secrets: [s]}}\n"
            "secrets: {s: {environment: K}}\n")
      .file("sub/.env", "K=sub\n");
  const Project project = directory.load().project;
  EXPECT_EQ(project.services.at("a").environment, (OptionalStringMap{{"K", std::nullopt}}));
  EXPECT_EQ(project.services.at("b").environment, (OptionalStringMap{{"K", "sub"}, {"L", std::nullopt}}));
  EXPECT_TRUE(project.services.at("b").build->args.empty());  // as docker compose: those are the project's
  EXPECT_EQ(project.secrets.at("s").content, "sub");
}

TEST(Include, PathsStayRelativeToTheProjectWhereTheyAreNotResolved) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\ninclude: [sub/c.yaml]\nservices: {a: {image: x, volumes: [./a:/a]}}\n")
      .file("sub/c.yaml", "services: {b: {image: x, build: ., volumes: [\"./b:/b\", \"../c:/c\", \"../../d:/d\"]}}\n");
  directory.options.resolve_paths = false;
  const Project project = directory.load().project;
  EXPECT_EQ(project.services.at("a").volumes[0].source, "./a");
  EXPECT_EQ(project.services.at("b").build->context, "sub");
  EXPECT_EQ(project.services.at("b").volumes[0].source, "sub/b");
  EXPECT_EQ(project.services.at("b").volumes[1].source, "c");
  EXPECT_EQ(project.services.at("b").volumes[2].source, "../d");
}

TEST(Include, ACircleIsShownWhole) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "include: [one.yaml]\n")
      .file("one.yaml", "include: [sub/two.yaml]\n")
      .file("sub/two.yaml", "include: [../compose.yaml]\n");
  EXPECT_EQ(directory.error(),
            "sub/two.yaml:1:11: include[0]: a circle: compose.yaml -> one.yaml -> sub/two.yaml -> compose.yaml");
  directory.file("compose.yaml", "include: [compose.yaml]\n");
  EXPECT_EQ(directory.error(), "compose.yaml:1:11: include[0]: a circle: compose.yaml -> compose.yaml");
}

TEST(Include, AllMistakesOfAllFilesAreReportedTogether) {
  ProjectDirectory directory;
  directory
      .file("compose.yaml",
            "include:\n  - nope.yaml\n  - {path: c.yaml, env_file: nope.env}\n  - \"\"\n  - git@example.org:x.git\n  - 5\n"
            "services: {a: {imge: x}}\n")
      .file("c.yaml", "services:\n  b:\n    prts: []\n");
  EXPECT_EQ(directory.error(),
            "compose.yaml:6:5: include[4]: expected a path or a mapping, found an integer (5)\n"
            "compose.yaml:7:16: services.a: unknown key 'imge'; did you mean 'image'?\n"
            "compose.yaml:4:5: include[2]: the path is empty\n"
            "compose.yaml:5:5: include[3]: 'git@example.org:x.git': including from git or a registry is not supported yet; "
            "include a copy of it\n"
            "compose.yaml:2:5: include[0]: open DIR/nope.yaml: No such file or directory\n"
            "compose.yaml:3:5: include[1].env_file: open DIR/nope.env: No such file or directory\n"
            "c.yaml:3:5: services.b: unknown key 'prts'; did you mean 'ports'?");
}

TEST(Include, WhatIsNoListOrHasNoPathIsRefused) {
  EXPECT_EQ(error_of("include: x.yaml\n"),
            "compose.yaml:1:10: include: expected a list of paths or mappings, found a string (x.yaml)");
  EXPECT_EQ(error_of("include: [{env_file: x}]\n"), "compose.yaml:1:11: include[0]: 'path' is missing");
}

TEST(Include, AnUnknownKeyOfAnEntryIsIgnoredWithAWarning) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "name: t\ninclude: [{path: c.yaml, env_fil: x}]\n")
      .file("c.yaml", "services: {b: {image: x}}\n");
  EXPECT_EQ(
      directory.load().warnings,
      std::vector<std::string>{"compose.yaml:2:26: include[0]: 'env_fil' is unknown and ignored; did you mean 'env_file'?"});
}

TEST(Include, TheNumberOfFilesIsBounded) {
  ProjectDirectory directory;
  directory.file("compose.yaml", "include: [0.yaml]\n");
  for (int i = 0; i < 12; ++i) {
    const std::string next = std::to_string(i + 1) + ".yaml";
    directory.file(std::to_string(i) + ".yaml", "include: [" + next + ", " + next + "]\n");
  }
  directory.file("12.yaml", "services: {a: {image: x}}\n");
  EXPECT_EQ(directory.error(), "11.yaml:1:20: include[1]: more than 1000 files are included");
}

}  // namespace
}  // namespace stack::compose
