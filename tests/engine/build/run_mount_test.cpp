#include "engine/build/run_mount.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::build {

namespace {

RunMount parse(const std::string& text) {
  const Variables variables = [](const std::string& name) -> std::optional<std::string> {
    return name == "DIR" ? std::optional<std::string>("/var/dir") : std::nullopt;
  };
  return parse_run_mount(text, variables, '\\');
}

std::string refusal(const std::string& text) {
  try {
    check_run_mount(text);
    parse(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST(RunMount, ReadsEveryType) {
  const RunMount cache = parse("type=cache,target=$DIR,sharing=locked,uid=5,gid=6,mode=0700");
  EXPECT_EQ(cache.target, "/var/dir");
  EXPECT_EQ(cache.id, "/var/dir");
  EXPECT_EQ(cache.sharing, RunMount::Sharing::locked);
  EXPECT_EQ(cache.mode, 0700U);
  EXPECT_FALSE(cache.read_only);
  const RunMount bind = parse("from=tools,src=/a,dst=/b");
  EXPECT_EQ(bind.type, RunMount::Type::bind);
  EXPECT_EQ(bind.source, "/a");
  EXPECT_TRUE(bind.read_only);
  EXPECT_FALSE(parse("type=bind,target=/b,rw").read_only);
  EXPECT_EQ(parse("type=tmpfs,target=/t,size=64m").size, 64 << 20);
  EXPECT_EQ(parse("type=bind,\"target=/a,b\"").target, "/a,b");
}

TEST(RunMount, ASecretNeedsOnlyOneOfItsNames) {
  EXPECT_EQ(parse("type=secret,id=a").target, "/run/secrets/a");
  EXPECT_EQ(parse("type=secret,target=/root/.npmrc").id, ".npmrc");
  EXPECT_EQ(parse("type=secret,id=a,env=A").target, "");
  EXPECT_TRUE(parse("type=secret,id=a,required").required);
  EXPECT_FALSE(parse("type=secret,id=a,required=false").required);
}

TEST(RunMount, SaysWhatIsWrong) {
  EXPECT_EQ(refusal("type=ssh"),
            "RUN --mount: type=ssh is not supported: give the key as a secret, or fetch outside of the build");
  EXPECT_EQ(refusal("type=nfs,target=/x"), "RUN --mount: unsupported mount type \"nfs\" (bind, cache, tmpfs, secret)");
  EXPECT_EQ(refusal("type=tmpfs,target=/x,id=a"), "RUN --mount: unexpected key 'id' for this type of mount");
  EXPECT_EQ(refusal("type=cache"), "RUN --mount: target is required");
  EXPECT_EQ(refusal("type=cache,target=/x,sharing=maybe"),
            "RUN --mount: unsupported sharing value \"maybe\" (shared, private, locked)");
  EXPECT_EQ(refusal("type=cache,target=/x,mode=rw"), "RUN --mount: invalid value for mode: rw");
  EXPECT_EQ(refusal("type=cache,target"), "RUN --mount: the key 'target' needs a value");
  EXPECT_EQ(refusal("type=secret"), "RUN --mount: a secret needs an id or a target");
  EXPECT_EQ(refusal("type=bind,\"target=/x"), "RUN --mount: missing closing quote in \"type=bind,\"target=/x\"");
  EXPECT_EQ(refusal("type=bind,,target=/x"), "RUN --mount: a field has no name in \"type=bind,,target=/x\"");
}

}  // namespace stack::engine::build
