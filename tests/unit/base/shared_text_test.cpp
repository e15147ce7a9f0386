// SPDX-License-Identifier: Apache-2.0
#include "base/shared_text.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>
#include <vector>

namespace fgx {
namespace {

TEST(SharedText, EqualTextsAreOneStringWhileOneLives) {
  SharedText first("stable.cpu.add of a length that is not stored in place");
  const SharedText second(first.text());
  EXPECT_EQ(&first.text(), &second.text());
  first = "other";
  EXPECT_EQ(SharedText(second.text()).text().data(), second.text().data());
  EXPECT_NE(first, second);
}

TEST(SharedText, ComparesAsItsText) {
  const SharedText b("b");
  EXPECT_EQ(SharedText(), "");
  EXPECT_EQ(b, std::string("b"));
  EXPECT_LT(SharedText("a"), b);
  EXPECT_GT(b, std::string_view("a"));
  std::map<SharedText, int, std::less<>> numbers;
  numbers["b"] = 2;
  EXPECT_EQ(numbers.find(std::string("b"))->second, 2);
  EXPECT_EQ(numbers.find("c"), numbers.end());
}

TEST(SharedText, ThreadsMakeAndDropTheSameTexts) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 20'000; ++i) {
        const SharedText text("text " + std::to_string(i % 3));
        ASSERT_EQ(text, "text " + std::to_string(i % 3));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace fgx
