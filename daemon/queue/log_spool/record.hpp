#pragma once
/// \file
/// The octets of a segment: its header, and the head of each record (docs/queue.md has the
/// grammar). Pure.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

/// The place of a segment in the log, and a number by chance that seeds the checksums of its heads:
/// no octets of another segment, and none that a stranger wrote into a message, pass for its
/// record.
struct SegmentName {
  std::uint32_t sequence = 0;
  std::uint64_t salt = 0;
  bool operator==(SegmentName const&) const = default;
};
/// `00000000000000f1-5c3b64bf0f11cd54.log`. The header says the same; whichever is whole serves.
std::string format(SegmentName const& name);
/// Nothing where `leaf` is not what format() writes.
std::optional<SegmentName> parse_segment_name(std::string_view leaf);

constexpr std::uint32_t head_octets = 40;

/// The first head_octets of a segment. Ids below `ids_from` were given in earlier lives.
std::string format_segment_header(SegmentName const& name, ItemId ids_from);
/// `ids_from`; nothing where it is damaged or of another segment.
std::optional<ItemId> parse_segment_header(std::string_view octets, SegmentName const& name);

enum class Kind : std::uint8_t {
  put = 1,     ///< state and content
  state = 2,   ///< a new state of an item
  remove = 3,  ///< the item is done with
  seal = 4,    ///< the last of its segment
  list = 5,    ///< what the segment comes to (listing.hpp), before its seal
};

/// What stands in front of a record's state and content.
struct Head {
  Kind kind = Kind::put;
  bool apart = false;    ///< the content is a file of its own
  bool damaged = false;  ///< the content is known not to fit its checksum
  ItemId id = 0;
  std::uint32_t at = 0;     ///< where in the segment the record begins
  std::uint32_t batch = 0;  ///< where the batch begins of which it is: all before that was synced
  std::uint32_t state_octets = 0;
  std::uint32_t state_crc = 0;
  std::uint32_t content_octets = 0;
  std::uint32_t content_crc = 0;
  bool operator==(Head const&) const = default;
};

/// Of the whole record, with the octets that fill it up to a multiple of 8.
std::uint64_t record_octets(Head const& head);
/// Where its content begins in the segment.
inline std::uint32_t content_at(Head const& head) {
  return head.at + head_octets + head.state_octets;
}

using HeadOctets = std::array<char, head_octets>;
HeadOctets format_head(Head const& head, SegmentName const& name);
/// The head at `at` of `segment`; nothing where there is none of this segment and this place, or
/// where the record would not end within the segment.
std::optional<Head> parse_head(std::string_view segment, std::size_t at, SegmentName const& name);
/// The same of a segment of `segment_octets` of which `octets` are at hand, those of the head.
std::optional<Head> parse_head(HeadOctets const& octets, std::uint32_t at,
                               std::uint64_t segment_octets, SegmentName const& name);

/// Little-endian whatever the processor is.
template <class Number>
void store(char* to, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i)
    to[i] = static_cast<char>(static_cast<unsigned char>(std::uint64_t{number} >> (8 * i)));
}
template <class Number>
Number load(char const* from) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    number |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
  return static_cast<Number>(number);
}

}  // namespace mailstack::queue
