#include "base/digest.hpp"

#include <gtest/gtest.h>

namespace stack {

TEST(Digest, HashesTheStandardVector) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, RandomIdsAreLongAndDiffer) {
  EXPECT_EQ(random_id().size(), 64U);
  EXPECT_NE(random_id(), random_id());
  EXPECT_EQ(random_hex(7).size(), 7U);
}

}  // namespace stack
