#include "engine/build/file_mode.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace stack::engine::build {

TEST(FileMode, ReadsOctalAndSymbolicModes) {
  struct Case {
    const char* text;
    mode_t before;
    bool is_directory;
    mode_t after;
  };
  const Case cases[] = {
      {"0755", 0644, false, 0755},        {"4755", 0, false, 04755},         {"u=rwX,go=rX", 0600, false, 0644},
      {"u=rwX,go=rX", 0700, false, 0755}, {"u=rwX,go=rX", 0600, true, 0755}, {"+x", 0644, false, 0755},
      {"a-w", 0666, false, 0444},         {"o=", 0777, false, 0770},         {"g+w,o-r", 0644, false, 0660},
      {"u+s", 0755, false, 04755},        {"+t", 0777, true, 01777},         {"u=r+x", 0, false, 0500},
      {"ug=rw,o=", 0777, false, 0660},
  };
  for (const Case& one : cases) EXPECT_EQ(FileMode::parse(one.text).apply(one.before, one.is_directory), one.after) << one.text;
}

TEST(FileMode, RefusesWhatIsNoMode) {
  for (const char* text : {"", "8", "10000", "u", "u=rwq", "rw", "u=r,", ",u=r", "0x1", "a b"})
    EXPECT_THROW(FileMode::parse(text), Error) << text;
}

}  // namespace stack::engine::build
