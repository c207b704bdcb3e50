// SPDX-License-Identifier: MIT
//
// The code books as encoders see them: entries and lists of near ones are those that ggml computes.
#include "formats/encode/code_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace {

using namespace qn::portable;

// FNV-1a of 16-bit words, low byte first.
uint64_t hash(const std::vector<uint32_t>& words) {
  uint64_t value = 0xcbf29ce484222325u;
  for (const uint32_t word : words)
    for (const uint32_t byte : {word & 255, word >> 8})
      value = (value ^ byte) * 0x100000001b3u;
  return value;
}

// For each code: itself, how many entries it may become, and which.
template <class Book, int kLanes>
std::vector<uint32_t> written_out(int& chunks) {
  using Codes = CodeBook<Book, kLanes>;
  const Codes& book = Codes::get();
  std::vector<uint32_t> words;
  for (uint32_t code = 0; code < 1u << Book::kElements * Book::kBits; code++) {
    const auto has_level = [&](int k) { return Codes::level(code, k) < Book::kLevels; };
    bool is_code = true;
    for (int k = 0; k < Book::kElements; k++)
      is_code &= has_level(k);
    if (!is_code) continue;
    words.push_back(code);
    if (book.has(code)) {
      words.insert(words.end(), {1, book.entry(code)});
      continue;
    }
    const auto list = book.near(code);
    chunks += list.count;
    std::vector<uint32_t> near;
    for (int i = 0; i < list.count * kLanes; i++)
      near.push_back(book.entry(list.chunks[i / kLanes].codes[i % kLanes]));
    const auto filling = std::find(near.begin() + 1, near.end(), near[0]);
    EXPECT_EQ(near.end() - filling, std::count(filling, near.end(), near[0])) << "code " << code;
    EXPECT_GT(kLanes, near.end() - filling) << "code " << code;
    words.push_back(static_cast<uint32_t>(filling - near.begin()));
    words.insert(words.end(), near.begin(), filling);
  }
  return words;
}

// The hashes are of what ggml computes at start (iq2xs_init_impl, iq3xs_init_impl), written out in the same way.
template <class Book>
void expect_book(uint64_t expected, const char* name) {
  int chunks_of_8 = 0, chunks_of_16 = 0;
  EXPECT_EQ(expected, hash((written_out<Book, 8>(chunks_of_8)))) << name;
  EXPECT_EQ(expected, hash((written_out<Book, 16>(chunks_of_16)))) << name;
  EXPECT_EQ(chunks_of_8, Book::kChunksOf8) << name;
  EXPECT_EQ(chunks_of_16, Book::kChunksOf16) << name;
}

TEST(CodeBook, ListsTheEntriesThatTheReferenceDoes) {
  expect_book<BookIQ2_XXS>(0x337b358684e59d2e, "IQ2_XXS");
  expect_book<BookIQ2_XS>(0xfcd2b7af8ad58d5d, "IQ2_XS");
  expect_book<BookIQ2_S>(0xc9ec87bd87becb6a, "IQ2_S");
  expect_book<BookIQ1>(0xf81d9bbb8c4c5f1b, "IQ1_S and IQ1_M");
  expect_book<BookIQ3_XXS>(0xa2a06d759fa4c065, "IQ3_XXS");
  expect_book<BookIQ3_S>(0x85ee20cdf5495226, "IQ3_S");
}

}  // namespace
