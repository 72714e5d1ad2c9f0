#pragma once
/// \file
/// The list at the end of a sealed segment: what a start must know of the segment, so that it does
/// not read the messages (docs/queue.md has the grammar).
///
/// It repeats what the records before it come to, and nothing is lost with it: a segment whose list
/// is missing or damaged is scanned.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/queue/log_spool/index.hpp"
#include "daemon/queue/log_spool/record.hpp"

namespace mailstack::queue {

struct ListedItem {
  Kind kind =
      Kind::put;  ///< put: needed, and stands here; state: its put is older; remove: as well
  bool apart = false;
  ItemId id = 0;
  std::uint32_t content_at = 0;  ///< in the segment; this and what follows of a put alone
  std::uint32_t content_octets = 0;
  std::uint32_t content_crc = 0;
  std::string_view state{};  ///< of a put or a state
  bool operator==(ListedItem const&) const = default;
};

void append(std::string& list, ListedItem const& item);
/// The views are into `list`. Nothing for what append() does not write.
std::optional<std::vector<ListedItem>> parse_list(std::string_view list);

/// What ends a segment at `at`: the seal, behind a list where it `has_list`.
std::string format_end(SegmentName const& name, std::uint32_t at, std::string_view list,
                       bool has_list, ItemId highest);
inline std::string format_seal(SegmentName const& name, std::uint32_t at) {
  return format_end(name, at, {}, false, 0);
}

/// The end of the newest segment of `index`, whose records end at `at`: with a list, unless that
/// would be more than a quarter of what a scan reads, or a state cannot be read.
std::string make_end(Index const& index, SegmentFile const& file, std::uint32_t at);

/// A list as it was found.
struct FoundList {
  ItemId ids_from = 0;
  ItemId highest = 0;    ///< no higher id was put in the segment
  std::uint32_t at = 0;  ///< where in the segment `octets` stand
  std::string octets;
  std::vector<ListedItem> items;  ///< into `octets`, which is empty or too long to be moved itself
  std::uint32_t end = 0;          ///< of the segment
};
/// Nothing where the segment has no sound header, list and seal at its end. Never fails otherwise:
/// the scan finds out why.
std::optional<FoundList> read_list(SegmentFile const& file);

}  // namespace mailstack::queue
