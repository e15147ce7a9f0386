// SPDX-License-Identifier: Apache-2.0
// Tests of hashes and identifiers against published values.
#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>

#include "base/uuid.h"

namespace fgx {
namespace {

TEST(Sha256, PublishedValues) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, DoesNotDependOnHowTheTextIsCut) {
  const std::string text(1000, 'a');
  for (const size_t piece : {1u, 7u, 63u, 64u, 65u, 999u}) {
    Sha256 hash;
    for (size_t i = 0; i < text.size(); i += piece)
      hash.update(std::string_view(text).substr(i, piece));
    EXPECT_EQ(hash.finish_hex(), sha256_hex(text)) << piece;
  }
}

// RFC 3720, appendix B.4.
TEST(Crc32c, PublishedValues) {
  EXPECT_EQ(crc32c("123456789", 9), 0xe3069283u);
  const std::string zeros(32, '\0'), ones(32, '\xff');
  EXPECT_EQ(crc32c(zeros.data(), zeros.size()), 0x8a9136aau);
  EXPECT_EQ(crc32c(ones.data(), ones.size()), 0x62a8ab43u);
}

TEST(Crc32c, BothWaysAgreeAtEveryLengthAndCut) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(crc32c(text.data(), text.size()), crc32c_portable(text.data(), text.size()));
    const size_t cut = static_cast<size_t>(i) / 3;
    EXPECT_EQ(crc32c(text.data() + cut, text.size() - cut, crc32c(text.data(), cut)),
              crc32c_portable(text.data(), text.size()));
    text += static_cast<char>(i * 37);
  }
}

TEST(HashBytes, TellsLengthsSeedsAndBytesApart) {
  std::set<uint64_t> seen;
  std::string text;
  for (int i = 0; i < 64; ++i) {
    EXPECT_TRUE(seen.insert(hash_text(text)).second);
    EXPECT_TRUE(seen.insert(hash_text(text, 7)).second);
    text += '\0';
  }
  const uint64_t words[2] = {1, 2}, swapped[2] = {2, 1};
  EXPECT_NE(hash_words(words, 2), hash_words(swapped, 2));
  EXPECT_NE(hash_words(words, 1), hash_words(words, 2));
}

TEST(Uuid, HasItsFormAndIsNew) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = make_uuid();
    EXPECT_TRUE(is_uuid(id)) << id;
    EXPECT_EQ(id[14], '4');
    EXPECT_TRUE(seen.insert(id).second);
  }
  EXPECT_FALSE(is_uuid("550e8400-e29b-41d4-a716-44665544000"));
  EXPECT_FALSE(is_uuid("550e8400-e29b-41d4-a716-44665544000g"));
  EXPECT_FALSE(is_uuid("550e8400xe29b-41d4-a716-446655440000"));
}

}  // namespace
}  // namespace fgx
