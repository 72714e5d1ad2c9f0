#pragma once
/// \file
/// CRC32C (Castagnoli, RFC 3720 B.4): finds what a disk or a crash did to octets, and proves
/// nothing against somebody who means it.

#include <cstdint>
#include <string_view>

namespace mailstack::queue {

/// Of `octets`, going on from `before`: the checksum of what stood in front of them, 0 for none.
/// By the processor's own instruction where it has one.
std::uint32_t crc32c(std::string_view octets, std::uint32_t before = 0);

/// The same from tables, for other processors; a test compares the two.
std::uint32_t crc32c_by_table(std::string_view octets, std::uint32_t before = 0);

}  // namespace mailstack::queue
