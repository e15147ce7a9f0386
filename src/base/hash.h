// SPDX-License-Identifier: Apache-2.0
// Hashes: a fast one for tables in memory, CRC-32C for files, SHA-256 for content identity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace fgx {

// Mixes two words by a folded 64x64 -> 128 bit multiplication.
inline uint64_t hash_mix(uint64_t a, uint64_t b) noexcept {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Fast hash of 64-bit words, for tables in memory only: its value may differ between versions and
// is never stored. Keys that an adversary chooses must still be compared in full.
inline uint64_t hash_words(const uint64_t* words, size_t count, uint64_t seed = 0) noexcept {
  constexpr uint64_t kOdd1 = 0x9e3779b97f4a7c15ull, kOdd2 = 0xd1342543de82ef95ull;
  uint64_t state = hash_mix(seed ^ kOdd2, kOdd1 ^ count);
  for (size_t i = 0; i < count; ++i) state = hash_mix(state ^ words[i] ^ kOdd2, kOdd1 ^ state >> 7);
  return hash_mix(state ^ kOdd2, kOdd1);
}

// The same for bytes.
inline uint64_t hash_bytes(const void* data, size_t size, uint64_t seed = 0) noexcept {
  constexpr uint64_t kOdd1 = 0x9e3779b97f4a7c15ull, kOdd2 = 0xd1342543de82ef95ull;
  const char* bytes = static_cast<const char*>(data);
  uint64_t state = hash_mix(seed ^ kOdd2, kOdd1 ^ size);
  while (size >= 8) {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    state = hash_mix(state ^ word ^ kOdd2, kOdd1 ^ state >> 7);
    bytes += 8;
    size -= 8;
  }
  if (size > 0) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, size);
    state = hash_mix(state ^ word ^ kOdd2, kOdd1 ^ state >> 7);
  }
  return hash_mix(state ^ kOdd2, kOdd1);
}
inline uint64_t hash_text(std::string_view text, uint64_t seed = 0) noexcept {
  return hash_bytes(text.data(), text.size(), seed);
}

// CRC-32C (Castagnoli polynomial, RFC 3720); pass the result of one piece as `crc` of the next.
uint32_t crc32c(const void* data, size_t size, uint32_t crc = 0) noexcept;
// The same without the processor's instruction.
uint32_t crc32c_portable(const void* data, size_t size, uint32_t crc = 0) noexcept;

// SHA-256 (FIPS 180-4), incremental.
class Sha256 {
 public:
  Sha256() noexcept;
  void update(const void* data, size_t size) noexcept;
  void update(std::string_view text) noexcept { update(text.data(), text.size()); }
  // Ends the computation: 64 lower-case hexadecimal digits.
  std::string finish_hex();

 private:
  void block(const unsigned char* bytes) noexcept;

  uint32_t state_[8];
  unsigned char buffer_[64];
  uint64_t size_ = 0;
};

std::string sha256_hex(std::string_view text);

}  // namespace fgx
