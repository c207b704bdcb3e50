// SPDX-License-Identifier: MIT
//
// The code books of the IQ formats as their encoders see them: a run of 8 or 4 numbers is rounded to levels one by one,
// and the code that makes is looked up. It is in the book, or the entries nearest to it are listed, and the encoder
// chooses between them by the numbers themselves.
// Source: ggml, ggml-quants.c (iq2xs_init_impl, iq3xs_init_impl), which computes the same lists.
#pragma once

#include "../codebooks.h"

namespace qn::QN_TARGET {

// How an entry becomes a code: its levels, kBits each, the first lowest.
struct RunsOf8 {
  static constexpr int kElements = 8, kLevels = 3, kBits = 2;
};
struct RunsOf4 {
  static constexpr int kElements = 4, kLevels = 8, kBits = 3;
};

// The books. kRings: how many of the distances that occur around a code are near; kChunksOf8, kChunksOf16: how many
// chunks all lists have, which are of 8 or of 16 codes (see CodeBook).
struct BookIQ2_XXS : RunsOf8 {
  static constexpr int kEntries = 256, kRings = 2, kChunksOf8 = 16920, kChunksOf16 = 10071;
  static int level(int entry, int k) { return static_cast<int>(kGridIQ2_XXS[entry] >> 8 * k & 255) >> 4; }
};
struct BookIQ2_XS : RunsOf8 {
  static constexpr int kEntries = 512, kRings = 2, kChunksOf8 = 25422, kChunksOf16 = 14410;
  static int level(int entry, int k) { return static_cast<int>(kGridIQ2_XS[entry] >> 8 * k & 255) >> 4; }
};
struct BookIQ2_S : RunsOf8 {
  static constexpr int kEntries = 1024, kRings = 1, kChunksOf8 = 8633, kChunksOf16 = 6286;
  static int level(int entry, int k) { return static_cast<int>(kGridIQ2_S[entry] >> 8 * k & 255) >> 4; }
};
struct BookIQ1 : RunsOf8 {
  static constexpr int kEntries = 2048, kRings = 3, kChunksOf8 = 42913, kChunksOf16 = 22647;
  static int level(int entry, int k) { return static_cast<int8_t>(kGridIQ1[entry] >> 8 * k & 255) + 1; }
};
struct BookIQ3_XXS : RunsOf4 {
  static constexpr int kEntries = 256, kRings = 2, kChunksOf8 = 4288, kChunksOf16 = 3902;
  static int level(int entry, int k) { return static_cast<int>(kGridIQ3_XXS[entry] >> 8 * k & 255) >> 3; }
};
struct BookIQ3_S : RunsOf4 {
  static constexpr int kEntries = 512, kRings = 3, kChunksOf8 = 4557, kChunksOf16 = 3706;
  static int level(int entry, int k) { return static_cast<int>(kGridIQ3_S[entry] >> 8 * k & 255) >> 1; }
};

// How many codes are compared at once: the lanes of a vector.
#if defined(__AVX512F__)
inline constexpr int kCodeLanes = 16;
#else
inline constexpr int kCodeLanes = 8;
#endif

// Computed when a format is encoded for the first time, which takes milliseconds, and kept.
template <class Book, int kLanes = kCodeLanes>
class CodeBook {
 public:
  static constexpr int kElements = Book::kElements, kLevels = Book::kLevels, kBits = Book::kBits;

  // The codes of a list are in chunks; the first code fills up the last chunk.
  struct Chunk {
    uint16_t codes[kLanes];
  };

  struct List {
    const Chunk* chunks;
    int count;  // of chunks
  };

  static const CodeBook& get() {
    static const CodeBook book;
    return book;
  }

  static constexpr int level(uint32_t code, int k) { return static_cast<int>(code >> kBits * k & ((1u << kBits) - 1)); }

  bool has(uint32_t code) const { return places_[code] >= 0; }

  // By code; negative for those that are not in the book.
  const int32_t* places() const { return places_; }

  // Of a code that is in the book.
  uint32_t entry(uint32_t code) const { return static_cast<uint32_t>(places_[code]); }

  // The nearest entries to a code that is not in the book, by distance and then by number.
  List near(uint32_t code) const {
    const uint32_t place = ~static_cast<uint32_t>(places_[code]);
    return {chunks_ + (place >> kCountBits), static_cast<int>(place & ((1u << kCountBits) - 1))};
  }

 private:
  static constexpr int kEntries = Book::kEntries;
  static constexpr int kCountBits = 8;

  // One more than the code with the highest level everywhere.
  static constexpr int kCodes = (kLevels - 1) * (((1 << kElements * kBits) - 1) / ((1 << kBits) - 1)) + 1;

  struct Builder;

  CodeBook() { Builder().fill(*this); }

  int32_t places_[kCodes];  // by code: its entry, or where its list is
  Chunk chunks_[kLanes == 8 ? Book::kChunksOf8 : Book::kChunksOf16];
};

template <class Book, int kLanes>
struct CodeBook<Book, kLanes>::Builder {
  uint8_t distances_of[kElements][kLevels][kEntries];  // squares, of one element of each entry to a level
  uint8_t distances[kEntries];
  uint16_t codes[kEntries];
  int used = 0;

  Builder() {
    for (int entry = 0; entry < kEntries; entry++) {
      codes[entry] = 0;
      for (int k = 0; k < kElements; k++) {
        const int level = Book::level(entry, k);
        codes[entry] = static_cast<uint16_t>(codes[entry] | level << kBits * k);
        for (int other = 0; other < kLevels; other++)
          distances_of[k][other][entry] = static_cast<uint8_t>((level - other) * (level - other));
      }
    }
  }

  void fill(CodeBook& book) {
    for (int32_t& place : book.places_)
      place = -1;
    for (int entry = 0; entry < kEntries; entry++)
      book.places_[codes[entry]] = entry;
    for (uint32_t code = 0; code < kCodes; code++)
      if (!book.has(code) && is_code(code)) book.places_[code] = static_cast<int32_t>(~add_list(code, book.chunks_));
  }

  static bool is_code(uint32_t code) {
    for (int k = 0; k < kElements; k++)
      if (level(code, k) >= kLevels) return false;
    return true;
  }

  // Returns its place: the first of its chunks, and how many there are.
  uint32_t add_list(uint32_t code, Chunk* chunks) {
    measure(code);
    uint16_t* const first = chunks[used].codes;
    int count = 0;
    uint8_t ring = 0;  // no entry is at this distance: the code is not in the book
    for (int i = 0; i < Book::kRings; i++) {
      ring = next_distance(ring);
      for (int entry = 0; entry < kEntries; entry += 8) {
        if (!any_at(ring, entry)) continue;
        for (int at = entry; at < entry + 8; at++)
          if (distances[at] == ring) first[count++] = codes[at];
      }
    }
    while (count % kLanes != 0)
      first[count++] = first[0];
    const uint32_t place = static_cast<uint32_t>(used << kCountBits | count / kLanes);
    used += count / kLanes;
    return place;
  }

  void measure(uint32_t code) {
    memset(distances, 0, sizeof distances);
    for (int k = 0; k < kElements; k++) {
      const uint8_t* const of = distances_of[k][level(code, k)];
      for (int entry = 0; entry < kEntries; entry++)
        distances[entry] = static_cast<uint8_t>(distances[entry] + of[entry]);
    }
  }

  // Is one of eight entries at a distance? Most are not, and this finds out at once.
  bool any_at(uint8_t distance, int entry) const {
    constexpr uint64_t kOnes = 0x0101010101010101u;
    uint64_t eight;
    memcpy(&eight, distances + entry, 8);
    eight ^= distance * kOnes;
    return ((eight - kOnes) & ~eight & 0x80 * kOnes) != 0;
  }

  // The smallest distance beyond `last`. Those that are not beyond wrap, and become larger than all others.
  uint8_t next_distance(uint8_t last) const {
    const uint8_t low = static_cast<uint8_t>(last + 1);
    uint8_t smallest = 255;
    for (int entry = 0; entry < kEntries; entry++) {
      const uint8_t above = static_cast<uint8_t>(distances[entry] - low);
      smallest = above < smallest ? above : smallest;
    }
    return static_cast<uint8_t>(smallest + low);
  }
};

}  // namespace qn::QN_TARGET
