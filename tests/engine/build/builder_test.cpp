#include "engine/build/builder.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "base/error.hpp"
#include "engine/image/overlay_view.hpp"
#include "tests/engine/image/fixture.hpp"

namespace stack::engine::build {

namespace fs = std::filesystem;
using image::ImagePtr;
using image::TarBuilder;

namespace {

/// Understands "write PATH TEXT", "say TEXT" and "exit N" as the last word of the command, and remembers what it was asked.
class FakeRun : public RunStep {
public:
  asio::awaitable<int> run(RunRequest request, RunOutput output) override {
    requests.push_back(request);
    for (const RunRequest::Mount& mount : request.mounts) {
      if (fs::is_regular_file(mount.source)) mounted[mount.target] = test::read_file(mount.source);
      make_mount_point(request, mount);
    }
    const std::string& command = request.argv.back();
    std::smatch match;
    if (std::regex_match(command, match, std::regex("write (\\S+) (.*)"))) {
      const RootDir view = image::open_overlay(request.lower_dirs, request.upper, request.work);
      const UniqueFd fd = view.open(match[1].str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      if (::write(fd.get(), match[2].str().data(), match[2].str().size()) < 0) co_return 1;
    } else if (std::regex_match(command, match, std::regex("say (.*)"))) {
      std::string text = match[1].str() + "\n";
      co_await output(text.substr(0, 1));
      co_await output(text.substr(1));
    } else if (std::regex_match(command, match, std::regex("exit (.*)"))) {
      co_return std::stoi(match[1].str());
    }
    co_return 0;
  }

  std::vector<RunRequest> requests;
  std::map<std::string, std::string> mounted;  ///< target -> content, of files

private:
  /// As the runtime does.
  static void make_mount_point(const RunRequest& request, const RunRequest::Mount& mount) {
    const RootDir view = image::open_overlay(request.lower_dirs, request.upper, request.work);
    if (!fs::is_regular_file(mount.source)) {
      view.make_directories(mount.target, 0755, {});
      return;
    }
    const RootDir::Entry entry = view.make_parent_of(mount.target, 0755, {});
    UniqueFd(::openat(entry.parent.get(), entry.name.c_str(), O_WRONLY | O_CREAT, 0644));
  }
};

std::string from_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2)
    bytes += static_cast<char>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16));
  return bytes;
}

class BuildTest : public image::StoreTest {
protected:
  void SetUp() override {
    StoreTest::SetUp();
    builder.emplace(*store, cache, runner, pool, BuilderPlaces{dir / "build-cache", dir / "secrets"});
    builder->load();
    base = import(TarBuilder()
                      .dir("bin/")
                      .file("bin/sh", "shell", 0755)
                      .dir("etc/")
                      .file("etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\n")
                      .file("etc/group", "web:x:34:\n")
                      .link("lib", "usr/lib")
                      .dir("usr/lib/")
                      .bytes(),
                  "base:1");
  }
  void TearDown() override {
    builder.reset();
    StoreTest::TearDown();
  }
  void restart() {
    builder.reset();
    open_store();
    builder.emplace(*store, cache, runner, pool, BuilderPlaces{dir / "build-cache", dir / "secrets"});
    builder->load();
  }
  /// The output as text, ids replaced; the image in `built`.
  std::string build(const std::string& tar, BuildOptions options = {}) {
    std::string text;
    error_detail = nlohmann::json();
    Output output = [this, &text](std::string line) -> asio::awaitable<void> {
      collect(line, text);
      co_return;
    };
    const auto id = image::run(loop, builder->build(options, image::body_from_memory(tar), output));
    built = id ? store->get(*id) : nullptr;
    return std::regex_replace(text, std::regex("[0-9a-f]{12}"), "ID");
  }
  void collect(const std::string& line, std::string& text) {
    const nlohmann::json value = nlohmann::json::parse(line);
    if (value.contains("stream")) text += value["stream"].get<std::string>();
    if (value.contains("error")) text += "ERROR " + value["error"].get<std::string>();
    if (value.contains("errorDetail")) error_detail = value["errorDetail"];
  }
  std::string build_file(const std::string& dockerfile, BuildOptions options = {}) {
    return build(TarBuilder().file("Dockerfile", dockerfile).file("a.txt", "a").dir("d/").file("d/b.txt", "b").bytes(),
                 std::move(options));
  }
  std::string refusal(const std::string& dockerfile, const BuildOptions& options = {}) {
    try {
      return "accepted: " + build_file(dockerfile, options);
    } catch (const Error& error) {
      return error.what();
    }
  }
  RootDir view() {
    if (!built) throw std::runtime_error("the build failed: " + error_detail.dump());
    return image::open_overlay(store->lower_dirs(built->config));
  }

  MemoryTable cache;
  FakeRun runner;
  std::optional<Builder> builder;
  ImagePtr base;
  ImagePtr built;
  nlohmann::json error_detail;
};

}  // namespace

TEST_F(BuildTest, BuildsStepByStepAndPrintsAsTheClassicBuilder) {
  BuildOptions options;
  options.tags = {"app", "app:2"};
  const std::string output = build_file(
      "ARG V=1\nFROM base:$V\nENV X=1 Y=\"two words\"\nCOPY a.txt /data/\nRUN write /out hi\nCMD [\"/bin/sh\"]\n", options);
  EXPECT_EQ(output,
            "Step 1/6 : ARG V=1\n"
            "Step 2/6 : FROM base:$V\n ---> ID\n"
            "Step 3/6 : ENV X=1 Y=\"two words\"\n ---> ID\n"
            "Step 4/6 : COPY a.txt /data/\n ---> ID\n"
            "Step 5/6 : RUN write /out hi\n ---> Running in ID\n ---> Removed intermediate container ID\n ---> ID\n"
            "Step 6/6 : CMD [\"/bin/sh\"]\n ---> ID\n"
            "Successfully built ID\nSuccessfully tagged app:latest\nSuccessfully tagged app:2\n");
  EXPECT_EQ(store->get("app:2"), built);
  EXPECT_EQ(view().read_file("data/a.txt"), "a");
  EXPECT_EQ(view().read_file("out"), "hi");
  EXPECT_EQ(view().read_file("bin/sh"), "shell");
  EXPECT_EQ(
      built->config.config.env,
      (std::vector<std::string>{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "X=1", "Y=two words"}));
  EXPECT_EQ(built->config.diff_ids.size(), 3U);
  EXPECT_EQ(built->config.history.back().created_by, "/bin/sh -c #(nop)  CMD [\"/bin/sh\"]");
  EXPECT_EQ(runner.requests.at(0).argv, (std::vector<std::string>{"/bin/sh", "-c", "write /out hi"}));
  EXPECT_EQ(runner.requests.at(0).working_dir, "/");
  store->drain();
  EXPECT_TRUE(fs::is_empty(dir / "tmp"));
  EXPECT_TRUE(fs::is_empty(dir / "snapshots"));
}

TEST_F(BuildTest, ASecondBuildUsesTheCacheAlsoAfterARestart) {
  const std::string dockerfile = "FROM base:1\nWORKDIR /w\nCOPY a.txt d ./\nRUN write /out hi\nLABEL k=v\n";
  build_file(dockerfile);
  const std::string first = built->id;
  restart();
  const std::string output = build_file(dockerfile);
  EXPECT_EQ(built->id, first);
  EXPECT_EQ(runner.requests.size(), 1U);
  EXPECT_EQ(output,
            "Step 1/5 : FROM base:1\n ---> ID\nStep 2/5 : WORKDIR /w\n ---> Using cache\n ---> ID\nStep 3/5 : COPY a.txt d "
            "./\n ---> Using cache\n ---> ID\n"
            "Step 4/5 : RUN write /out hi\n ---> Using cache\n ---> ID\nStep 5/5 : LABEL k=v\n ---> Using cache\n ---> "
            "ID\nSuccessfully built ID\n");
}

TEST_F(BuildTest, OnlyAChangedFileInvalidates) {
  const std::string dockerfile = "FROM base:1\nCOPY d /d/\nRUN write /out hi\n";
  const auto context = [&](const std::string& b, const std::string& other, time_t mtime, mode_t mode, bool reversed) {
    archive::Member file;
    file.path = "d/b.txt";
    file.size = b.size();
    file.mode = mode;
    file.mtime.tv_sec = mtime;
    TarBuilder tar;
    if (reversed)
      tar.file("other", other).file("Dockerfile", dockerfile).dir("d").add(file, b);
    else
      tar.dir("d").add(file, b).file("Dockerfile", dockerfile).file("other", other);
    return tar.bytes();
  };
  build(context("b", "1", 1000, 0644, false));
  EXPECT_EQ(runner.requests.size(), 1U);
  build(context("b", "2", 2000, 0644, true));  // another file, another time, another order
  EXPECT_EQ(runner.requests.size(), 1U);
  build(context("c", "2", 2000, 0644, false));
  EXPECT_EQ(runner.requests.size(), 2U);
  build(context("c", "2", 2000, 0755, false));
  EXPECT_EQ(runner.requests.size(), 3U);
  build(context("b", "1", 3000, 0644, false));  // as the first one
  EXPECT_EQ(runner.requests.size(), 3U);
}

TEST_F(BuildTest, BuildArgumentsReachTheStepsThatAskForThem) {
  const std::string dockerfile = "FROM base:1\nARG V=def\nARG W\nRUN say $V\n";
  BuildOptions options;
  options.build_args = {{"V", "given"}, {"UNUSED", "1"}};
  const std::string output = build_file(dockerfile, options);
  EXPECT_NE(output.find("[Warning] One or more build-args [UNUSED] were not consumed\n"), std::string::npos);
  EXPECT_EQ(runner.requests.at(0).env.back(), "V=given");
  EXPECT_EQ(built->config.history.back().created_by, "|1 V=given /bin/sh -c say $V");
  build_file(dockerfile, options);
  EXPECT_EQ(runner.requests.size(), 1U);
  options.build_args["V"] = "other";
  build_file(dockerfile, options);
  EXPECT_EQ(runner.requests.size(), 2U);
  EXPECT_TRUE(built->config.config.env.size() == 1);  // arguments do not stay
}

TEST_F(BuildTest, CopiesOwnersModesAndThroughLinksOfTheImage) {
  build_file("FROM base:1\nCOPY --chown=web a.txt /lib/\nCOPY --chown=7:web --chmod=0600 a.txt /x\nCOPY a.txt /lib/renamed\n");
  EXPECT_EQ(view().lstat("usr/lib/a.txt")->st_uid, 33U);
  EXPECT_EQ(view().lstat("usr/lib/a.txt")->st_gid, 34U);
  EXPECT_TRUE(S_ISLNK(view().lstat("lib")->st_mode));
  EXPECT_EQ(view().lstat("usr/lib/renamed")->st_uid, 0U);
  EXPECT_EQ(view().lstat("x")->st_mode & 07777, 0600U);
  EXPECT_EQ(view().lstat("x")->st_gid, 34U);
  EXPECT_TRUE(error_detail.is_null());
}

TEST_F(BuildTest, AnUnknownGroupIsAnError) {
  EXPECT_NE(build_file("FROM base:1\nCOPY --chown=7:nobody a.txt /x\n").find("can't find gid for group nobody"),
            std::string::npos);
}

TEST_F(BuildTest, CopiesBetweenStages) {
  const std::string dockerfile =
      "FROM base:1 AS one\nRUN write /out hi\nFROM scratch\nCOPY --from=one /out /x\nCOPY --from=0 /etc /etc/\nCOPY "
      "--from=base:1 /bin/sh /sh\n";
  build_file(dockerfile);
  EXPECT_EQ(view().read_file("x"), "hi");
  EXPECT_EQ(view().read_file("sh"), "shell");
  EXPECT_FALSE(image::open_overlay(store->content_dirs(built->config)).lstat("etc/hosts"));
  EXPECT_EQ(view().lstat("bin"), std::nullopt);
  const std::string first = built->id;
  build_file(dockerfile);
  EXPECT_EQ(built->id, first);
}

TEST_F(BuildTest, AStageWhoseCopiedFileIsTheSameKeepsTheCacheOfTheNext) {
  const std::string next = "FROM base:1\nCOPY --from=one /out /x\nRUN say done\n";
  build_file("FROM base:1 AS one\nRUN write /out same\nRUN write /noise 1\n" + next);
  const std::size_t before = runner.requests.size();
  build_file("FROM base:1 AS one\nRUN write /out same\nRUN write /noise 2\n" + next);
  EXPECT_EQ(runner.requests.size(), before + 1);
}

TEST_F(BuildTest, AFailingCommandIsReportedInBandWithItsStatus) {
  const std::string output = build_file("FROM base:1\nRUN exit 3\n");
  EXPECT_NE(output.find("ERROR The command '/bin/sh -c exit 3' returned a non-zero code: 3"), std::string::npos);
  EXPECT_EQ(error_detail["code"], 3);
  EXPECT_EQ(built, nullptr);
  store->drain();
  EXPECT_TRUE(fs::is_empty(dir / "snapshots"));
  EXPECT_TRUE(fs::is_empty(dir / "tmp"));
  build_file("FROM base:1\nRUN exit 3\n");
  EXPECT_EQ(runner.requests.size(), 2U);  // a failure is not remembered
}

TEST_F(BuildTest, StepsThatFailNameTheLine) {
  EXPECT_NE(build_file("FROM base:1\n\nCOPY nope /x\n")
                .find("ERROR COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does "
                      "not exist (Dockerfile:3)"),
            std::string::npos);
  EXPECT_NE(build_file("FROM base:1\nCOPY ../x /\n").find("COPY failed: forbidden path outside the build context: ../x ()"),
            std::string::npos);
  EXPECT_NE(build_file("FROM base:1\nCOPY a.txt d /x\n")
                .find("When using COPY with more than one source file, the destination must be a directory and end with a /"),
            std::string::npos);
  EXPECT_NE(build_file("FROM base:1\nCOPY a.txt /etc\nCOPY d /etc/passwd\n").find("ERROR"), std::string::npos);
  EXPECT_NE(build_file("FROM nosuch:1\n").find("ERROR No such image: nosuch:1"), std::string::npos);
  EXPECT_NE(build_file("FROM base:1\nSTOPSIGNAL XX\n").find("ERROR invalid signal: XX (Dockerfile:2)"), std::string::npos);
  EXPECT_NE(build_file("FROM base:1\nADD https://x.invalid/y /\n").find("is not supported yet"), std::string::npos);
}

TEST_F(BuildTest, MistakesFoundBeforeTheFirstStepAreRefused) {
  EXPECT_EQ(refusal(" \n"), "the Dockerfile (Dockerfile) cannot be empty");
  EXPECT_EQ(refusal("FROM x\nBOGUS\n"), "dockerfile parse error on line 2: unknown instruction: BOGUS");
  EXPECT_EQ(refusal("FROM x\n", {.dockerfile = "other"}), "Cannot locate specified Dockerfile: other");
  EXPECT_EQ(refusal("FROM x\n", {.target = "zz"}), "target stage \"zz\" could not be found");
  EXPECT_EQ(refusal("FROM x\n", {.tags = {"Bad"}}),
            "invalid reference format: repository name (library/Bad) must be lowercase");
  store->drain();
  EXPECT_TRUE(fs::is_empty(dir / "tmp"));
}

TEST_F(BuildTest, HonoursDockerignore) {
  const auto context = [](const std::string& rules) {
    return TarBuilder()
        .file(".dockerignore", rules)
        .dir("d")
        .file("d/keep", "k")
        .file("d/drop", "d")
        .file("top", "t")
        .file("Dockerfile", "FROM base:1\nCOPY . /c/\n")
        .bytes();
  };
  build(context("d\n!d/keep\nDockerfile\n.dockerignore\n"));
  EXPECT_TRUE(view().lstat("c/d/keep"));
  EXPECT_TRUE(view().lstat("c/top"));
  EXPECT_FALSE(view().lstat("c/d/drop"));
  EXPECT_FALSE(view().lstat("c/Dockerfile"));
  EXPECT_FALSE(view().lstat("c/.dockerignore"));
}

TEST_F(BuildTest, TheContextCannotReachOutside) {
  test::write_file(dir / "secret", "s");
  const std::string output = build(TarBuilder()
                                       .link("l", dir / "secret")
                                       .link("up", "../../secret")
                                       .file("Dockerfile", "FROM base:1\nCOPY up /x\n")
                                       .bytes());
  EXPECT_NE(output.find("ERROR COPY failed: file not found"), std::string::npos);
  EXPECT_NE(build(TarBuilder().link("Dockerfile2", dir / "secret").file("Dockerfile", "FROM base:1\nCOPY . /c\n").bytes())
                .find("Successfully"),
            std::string::npos);
  EXPECT_TRUE(S_ISLNK(view().lstat("c/Dockerfile2")->st_mode));
}

TEST_F(BuildTest, ConfiguresTheImage) {
  build_file(
      "FROM base:1\nUSER 5:6\nEXPOSE 80 81-82/udp\nVOLUME /data [\"x\"]\nSTOPSIGNAL SIGINT\nHEALTHCHECK --interval=5s CMD "
      "true\nSHELL [\"/bin/sh\",\"-ec\"]\n"
      "WORKDIR /a\nWORKDIR b\nCMD run me\nENTRYPOINT [\"/e\"]\nONBUILD RUN say triggered\nENV A=${B:-none} C=$A\nENV D=$A\n",
      {.tags = {"child:1"}, .labels = {{"l", "$v 'q'"}}});
  const image::RunConfig& config = built->config.config;
  EXPECT_EQ(config.user, "5:6");
  EXPECT_EQ(config.exposed_ports, (std::set<std::string>{"80/tcp", "81/udp", "82/udp"}));
  EXPECT_EQ(config.stop_signal, "SIGINT");
  EXPECT_EQ(config.healthcheck->interval, std::chrono::seconds(5));
  EXPECT_EQ(config.working_dir, "/a/b");
  EXPECT_EQ(config.cmd, (std::vector<std::string>{"/bin/sh", "-ec", "run me"}));
  EXPECT_EQ(config.entrypoint, (std::vector<std::string>{"/e"}));
  EXPECT_EQ(config.env.back(), "D=none");
  EXPECT_EQ(config.labels.at("l"), "$v 'q'");
  EXPECT_TRUE(S_ISDIR(view().stat("a/b")->st_mode));
  const std::string output = build_file("FROM child:1\nUSER x\n");
  EXPECT_NE(output.find("# Executing 1 build trigger\n"), std::string::npos);
  EXPECT_NE(output.find("triggered\n"), std::string::npos);
  EXPECT_TRUE(built->config.config.on_build.empty());
}

TEST_F(BuildTest, AnEntryPointDropsTheCommandOfTheBase) {
  build_file("FROM base:1\nCMD a\n", {.tags = {"child:1"}});
  build_file("FROM child:1\nENTRYPOINT [\"/e\"]\n");
  EXPECT_TRUE(built->config.config.cmd.empty());
}

TEST_F(BuildTest, TargetStopsAtItsStageAndNoCacheRunsAgain) {
  const std::string dockerfile = "FROM base:1 AS one\nRUN write /one 1\nFROM one\nRUN write /two 2\n";
  build_file(dockerfile, {.target = "one"});
  EXPECT_FALSE(view().lstat("two"));
  build_file(dockerfile, {.no_cache = true});
  EXPECT_EQ(runner.requests.size(), 3U);
  EXPECT_EQ(view().read_file("one"), "1");
}

TEST_F(BuildTest, PruningTakesOnlyTheStepsThatAreChosen) {
  build_file("FROM base:1\nRUN write /out 12345\nRUN write /other 123\n");
  store->remove(built->id, true);
  EXPECT_EQ(builder->prune(true, [](const CacheStep&) { return false; }), 0U);
  EXPECT_EQ(builder->prune(true, [](const CacheStep& step) { return step.size == 3; }), 3U);
  EXPECT_EQ(builder->cached_steps().size(), 1U);
  EXPECT_EQ(builder->prune(true), 5U);
}

TEST_F(BuildTest, AddUnpacksArchives) {
  const std::string inner = TarBuilder().dir("in").file("in/side", "s").bytes();
  build(TarBuilder()
            .file("x.tar", inner)
            .file("plain", "p")
            .file("Dockerfile", "FROM scratch\nADD x.tar plain /dst/\nCOPY x.tar /\n")
            .bytes());
  EXPECT_EQ(view().read_file("dst/in/side"), "s");
  EXPECT_EQ(view().read_file("dst/plain"), "p");
  EXPECT_TRUE(S_ISREG(view().lstat("x.tar")->st_mode));
}

TEST_F(BuildTest, PruningFreesTheLayersOfTheCache) {
  build_file("FROM base:1\nRUN write /out 12345\n");
  const std::string layer = built->config.diff_ids.back();
  store->remove(built->id, true);
  EXPECT_TRUE(store->has_layer(layer));
  EXPECT_EQ(builder->prune(false), 5U);
  EXPECT_FALSE(store->has_layer(layer));
  EXPECT_TRUE(cache.load_all().empty() || builder->prune(true) == 0U);
}

TEST_F(BuildTest, QuietPrintsOnlyTheId) {
  std::string raw;
  Output output = [&raw](std::string line) -> asio::awaitable<void> {
    raw += line;
    co_return;
  };
  BuildOptions options;
  options.quiet = true;
  const auto id = image::run(
      loop, builder->build(options, image::body_from_memory(TarBuilder().file("Dockerfile", "FROM base:1\nUSER a\n").bytes()),
                           output));
  EXPECT_EQ(raw, "{\"aux\":{\"ID\":\"" + *id + "\"}}\r\n{\"stream\":\"" + *id + "\\n\"}\r\n");
}

TEST_F(BuildTest, AClientThatLeavesEndsTheBuildCleanly) {
  Output output = [](std::string) -> asio::awaitable<void> {
    throw Error(ErrorCode::unavailable, "client gone");
    co_return;
  };
  EXPECT_THROW(
      image::run(
          loop,
          builder->build({}, image::body_from_memory(TarBuilder().file("Dockerfile", "FROM base:1\nRUN write /x 1\n").bytes()),
                         output)),
      Error);
  store->drain();
  EXPECT_TRUE(fs::is_empty(dir / "tmp"));
  EXPECT_TRUE(fs::is_empty(dir / "snapshots"));
}

// ── what BuildKit's Dockerfiles have beyond the classic builder's ──

TEST_F(BuildTest, APatternThatMatchesNothingAddsNothing) {
  build_file("FROM base:1\nCOPY a.txt nope* /x/\n");
  EXPECT_TRUE(view().lstat("x/a.txt"));
  build_file("FROM base:1\nCOPY nope* /y/\n");
  EXPECT_FALSE(view().lstat("y"));
}

TEST_F(BuildTest, BuildsOnlyTheStagesThatTheTargetNeeds) {
  const std::string output = build_file(
      "FROM base:1 AS unused\nRUN exit 1\nFROM base:1 AS tools\nRUN write /t tool\nFROM base:1\nCOPY --from=tools /t /t\n");
  EXPECT_NE(output.find("Step 4/4 : COPY"), std::string::npos) << output;
  EXPECT_EQ(view().read_file("t"), "tool");
  EXPECT_EQ(runner.requests.size(), 1U);
}

TEST_F(BuildTest, CopiesHereDocuments) {
  build_file(
      "FROM base:1\nARG WHO=me\nCOPY <<EOF /x/expanded\n'$WHO' \\$WHO\nEOF\nCOPY --chown=web --chmod=640 <<\"a\" <<b a.txt "
      "/several/\n$WHO\na\nsecond\nb\n");
  EXPECT_EQ(view().read_file("x/expanded"), "'me' $WHO\n");
  EXPECT_EQ(view().read_file("several/a"), "$WHO\n");
  EXPECT_EQ(view().read_file("several/b"), "second\n");
  EXPECT_EQ(view().lstat("several/b")->st_mode & 07777, 0640U);
  EXPECT_EQ(view().lstat("several/a.txt")->st_uid, 33U);
  const std::string first = built->id;
  build_file("FROM base:1\nARG WHO=me\nCOPY <<EOF /x/expanded\nother\nEOF\n");
  EXPECT_EQ(view().read_file("x/expanded"), "other\n");
  EXPECT_NE(built->id, first);
}

TEST_F(BuildTest, RunsHereDocumentsAsScripts) {
  build_file("FROM base:1\nRUN <<EOF\nsay hello\nEOF\nRUN <<SCRIPT\n#!/bin/x\nsay more\nSCRIPT\n");
  EXPECT_EQ(runner.requests.at(0).argv.back(), "say hello\n");
  EXPECT_EQ(runner.requests.at(1).argv.back(), "/dev/pipes/SCRIPT");
  ASSERT_EQ(runner.requests.at(1).mounts.size(), 1U);
  EXPECT_EQ(runner.requests.at(1).mounts.at(0).target, "/dev/pipes/SCRIPT");
  EXPECT_EQ(runner.mounted.at("/dev/pipes/SCRIPT"), "#!/bin/x\nsay more\n");
  build_file("FROM base:1\nRUN <<EOF\nsay hello\nEOF\nRUN <<SCRIPT\n#!/bin/x\nsay less\nSCRIPT\n");
  EXPECT_EQ(runner.requests.size(), 3U);  // another script is another step
}

TEST_F(BuildTest, KeepsParentsAndLeavesOutWhatIsExcluded) {
  const std::string tar = TarBuilder()
                              .file("Dockerfile",
                                    "FROM base:1\nCOPY --parents p/a.txt p/**/deep.txt p/./q /kept/\n"
                                    "COPY --exclude=*.md --exclude=q/r p /some/\n")
                              .dir("p")
                              .file("p/a.txt", "a")
                              .file("p/x.md", "m")
                              .dir("p/q")
                              .file("p/q/y.md", "m")
                              .dir("p/q/r")
                              .file("p/q/r/deep.txt", "d")
                              .bytes();
  build(tar);
  EXPECT_EQ(view().read_file("kept/p/a.txt"), "a");
  EXPECT_EQ(view().read_file("kept/p/q/r/deep.txt"), "d");
  EXPECT_EQ(view().read_file("kept/q/y.md"), "m");
  EXPECT_TRUE(view().lstat("some/a.txt"));
  EXPECT_FALSE(view().lstat("some/x.md"));
  EXPECT_TRUE(view().lstat("some/q/y.md"));
  EXPECT_FALSE(view().lstat("some/q/r"));
}

TEST_F(BuildTest, SymbolicModesAndTheUsersWorkingDirectory) {
  build_file("FROM base:1\nCOPY --chmod=u=rwX,go=rX d /d\nUSER web\nWORKDIR /home/web\n");
  EXPECT_EQ(view().lstat("d")->st_mode & 07777, 0755U);
  EXPECT_EQ(view().lstat("d/b.txt")->st_mode & 07777, 0644U);
  EXPECT_EQ(view().lstat("home/web")->st_uid, 33U);
  EXPECT_EQ(view().lstat("home/web")->st_gid, 34U);
}

TEST_F(BuildTest, PlatformsAreAskedForAsOtherArguments) {
  build_file("FROM --platform=$BUILDPLATFORM base:1\nRUN say none\nARG TARGETARCH\nARG TARGETPLATFORM\nRUN say $TARGETARCH\n");
  EXPECT_EQ(runner.requests.at(0).env.back().substr(0, 5), "PATH=");
  const auto& env = runner.requests.at(1).env;
  EXPECT_NE(std::find(env.begin(), env.end(), "TARGETARCH=amd64"), env.end());
  EXPECT_NE(std::find(env.begin(), env.end(), "TARGETPLATFORM=linux/amd64"), env.end());
  EXPECT_NE(build_file("FROM --platform=linux/arm64 base:1\n").find("linux/arm64 cannot be built here"), std::string::npos);
}

TEST_F(BuildTest, AddUnpacksWhatIsCompressed) {
  // "hello\n" as x in a tar archive, by bzip2 -9 and xz -9
  const std::string bz2 = from_hex(
      "425a6839314159265359ef840d360000727b80c990000440006d000000e2449e400808200054428c06821834f541253506269903269a63"
      "e88c840fcd0844ad3814945e810e0b314c84ce11cb22ede9ea33c73cd7436a4a000866645f8bb9229c284877c2069b00");
  const std::string xz = from_hex(
      "fd377a585a000004e6d6b4460200210116000000742fe5a3e027ff005a5d003c0033501868898301dce26e47675026da3188ce4196f053"
      "472439b28b19470cce0ae8d7e307d1803500de50f0bb8caad4bc27f8403ca0372bb7d1a6d57bac068afe7c060af124601d58f403c2cd1a"
      "8523e7a41549464f3ed8000000008166d48f3a11feb200017680500000003185c564b1c467fb020000000004595a");
  build(TarBuilder()
            .file("x.tbz", bz2)
            .file("x.txz", xz)
            .file("broken.gz", std::string("\x1f\x8b\x08") + "no")
            .file("Dockerfile", "FROM scratch\nADD x.tbz /b/\nADD x.txz /z/\nADD broken.gz /n/\n")
            .bytes());
  EXPECT_EQ(view().read_file("b/x"), "hello\n");
  EXPECT_EQ(view().read_file("z/x"), "hello\n");
  EXPECT_TRUE(view().lstat("n/broken.gz"));
}

TEST_F(BuildTest, MountsAreThereForOneStepAndLeaveNothing) {
  BuildOptions options;
  options.secrets = {{"token", "sesame"}};
  build_file(
      "FROM base:1 AS tools\nRUN write /tool t\nFROM base:1\nWORKDIR /w\n"
      "RUN --mount=type=cache,target=cache,uid=33 --mount=type=secret,id=token,mode=0444 --mount=target=/src "
      "--mount=from=tools,source=/tool,target=/mnt/deep/tool --mount=type=tmpfs,target=/t,size=1m "
      "--mount=type=secret,id=token,env=TOKEN write /out x\n",
      options);
  const RunRequest& request = runner.requests.at(1);
  ASSERT_EQ(request.mounts.size(), 5U);
  EXPECT_EQ(request.mounts[0].target, "/w/cache");
  EXPECT_FALSE(request.mounts[0].read_only);
  EXPECT_EQ(runner.mounted.at("/run/secrets/token"), "sesame");
  EXPECT_EQ(request.mounts[2].target, "/src");
  EXPECT_TRUE(request.mounts[2].read_only);
  EXPECT_EQ(runner.mounted.at("/mnt/deep/tool"), "t");
  EXPECT_EQ(request.mounts[4].size, 1 << 20);
  EXPECT_EQ(request.env.back(), "TOKEN=sesame");
  for (const char* path : {"w/cache", "run", "src", "mnt", "t"}) EXPECT_FALSE(view().lstat(path)) << path;
  EXPECT_EQ(view().read_file("out"), "x");
  EXPECT_TRUE(fs::is_empty(dir / "secrets"));
  struct stat cache_status {};
  ASSERT_EQ(::stat(request.mounts[0].source.c_str(), &cache_status), 0);
  EXPECT_EQ(cache_status.st_uid, 33U);
  store->drain();
  EXPECT_TRUE(fs::is_empty(dir / "tmp"));
  EXPECT_EQ(built->config.history.back().created_by.find("sesame"), std::string::npos);
}

TEST_F(BuildTest, ACacheMountStaysUntilItIsPruned) {
  const std::string mount = "RUN --mount=type=cache,target=/c ";
  build_file("FROM base:1\n" + mount + "say 1\n");
  const std::string source = runner.requests.at(0).mounts.at(0).source;
  test::write_file(fs::path(source) / "kept", "12345");
  build_file("FROM base:1\n" + mount + "say 2\n");
  EXPECT_EQ(runner.requests.at(1).mounts.at(0).source, source);
  EXPECT_EQ(builder->prune(false), 0U);
  EXPECT_TRUE(fs::exists(fs::path(source) / "kept"));
  EXPECT_GE(builder->prune(true), 5U);
  EXPECT_FALSE(fs::exists(source));
}

TEST_F(BuildTest, AChangedFileOfABindMountRunsTheStepAgain) {
  const auto context = [](const std::string& text) {
    return TarBuilder()
        .file("Dockerfile", "FROM base:1\nRUN --mount=source=d,target=/src say x\n")
        .dir("d")
        .file("d/f", text)
        .file("other", text)
        .bytes();
  };
  build(context("1"));
  build(context("1"));
  EXPECT_EQ(runner.requests.size(), 1U);
  build(context("2"));
  EXPECT_EQ(runner.requests.size(), 2U);
}

TEST_F(BuildTest, MountsThatCannotBeMadeNameTheLine) {
  EXPECT_NE(build_file("FROM base:1\nRUN --mount=source=nope,target=/x true\n")
                .find("ERROR RUN --mount: there is no nope in the build context (Dockerfile:2)"),
            std::string::npos);
  EXPECT_NE(build_file("FROM base:1\nRUN --mount=type=secret,id=s,required true\n")
                .find("ERROR RUN --mount: the secret s is required and was not given (Dockerfile:2)"),
            std::string::npos);
  EXPECT_NE(build_file("FROM base:1\n\nRUN exit 3\n").find("returned a non-zero code: 3 (Dockerfile:3)"), std::string::npos);
}

}  // namespace stack::engine::build
