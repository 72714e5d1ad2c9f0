#include "daemon/queue/log_spool/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace mailstack::queue {

namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // reflected
using Table = std::array<std::array<std::uint32_t, 256>, 8>;

/// tables[n][octet]: what `octet` does to a checksum when n more octets follow.
constexpr Table make_tables() {
  Table tables{};
  for (std::uint32_t octet = 0; octet < 256; ++octet) {
    std::uint32_t value = octet;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? polynomial : 0);
    tables[0][octet] = value;
  }
  for (std::size_t octet = 0; octet < 256; ++octet)
    for (std::size_t n = 1; n < 8; ++n)
      tables[n][octet] = (tables[n - 1][octet] >> 8U) ^ tables[0][tables[n - 1][octet] & 0xffU];
  return tables;
}

constexpr Table tables = make_tables();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view octets,
                                                               std::uint32_t before) {
  std::uint64_t value = ~before;
  while (octets.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, octets.data(), 8);
    value = _mm_crc32_u64(value, word);
    octets.remove_prefix(8);
  }
  auto rest = static_cast<std::uint32_t>(value);
  for (char const octet : octets) rest = _mm_crc32_u8(rest, static_cast<unsigned char>(octet));
  return ~rest;
}
#endif

}  // namespace

std::uint32_t crc32c_by_table(std::string_view octets, std::uint32_t before) {
  std::uint32_t value = ~before;
  auto const octet = [&](std::size_t i) { return static_cast<unsigned char>(octets[i]); };
  while (octets.size() >= 8) {
    std::uint32_t const low =
        value ^ (octet(0) | std::uint32_t{octet(1)} << 8U | std::uint32_t{octet(2)} << 16U |
                 std::uint32_t{octet(3)} << 24U);
    value = tables[7][low & 0xffU] ^ tables[6][low >> 8U & 0xffU] ^ tables[5][low >> 16U & 0xffU] ^
            tables[4][low >> 24U] ^ tables[3][octet(4)] ^ tables[2][octet(5)] ^
            tables[1][octet(6)] ^ tables[0][octet(7)];
    octets.remove_prefix(8);
  }
  for (std::size_t i = 0; i < octets.size(); ++i)
    value = (value >> 8U) ^ tables[0][(value ^ octet(i)) & 0xffU];
  return ~value;
}

std::uint32_t crc32c(std::string_view octets, std::uint32_t before) {
#if defined(__x86_64__)
  static bool const has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return by_instruction(octets, before);
#endif
  return crc32c_by_table(octets, before);
}

}  // namespace mailstack::queue
