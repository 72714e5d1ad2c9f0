#pragma once
/// \file
/// What can be read of a segment, whatever a crash or a disk did to it. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/queue/log_spool/record.hpp"

namespace mailstack::queue {

/// A record with a sound head and a sound state. The views are into the segment.
struct FoundRecord {
  Head head;
  std::string_view state;
  std::string_view content;   ///< empty where it is apart
  bool content_sound = true;  ///< its checksum is right (or it is apart)
};

/// Octets of which no record could be made.
struct Gap {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

struct Scan {
  std::optional<ItemId> ids_from;    ///< nothing: the header is damaged
  std::vector<FoundRecord> records;  ///< but list and seal
  std::vector<Gap> gaps;             ///< between records; what follows the last record is none
  std::uint32_t end = 0;             ///< of the last record, or of the header
  bool scraps = false;               ///< something that is not zero follows
  bool sealed = false;               ///< the last record is a seal
  /// Something that was synced is damaged. A gap is damage when a record of a later batch follows:
  /// that batch was only written after this one was synced. All others are what a power loss leaves
  /// of the last batch, for which nobody got an answer.
  bool damaged = false;
};

/// Reads `segment` to its end: after octets that are no record the search goes on.
Scan scan(std::string_view segment, SegmentName const& name);

/// A segment of the sound records of `found` and those whose content alone is damaged (verbatim and
/// marked, so that reading it still fails and is no news), in their order, sealed.
std::string rewrite(Scan const& found, SegmentName const& name, ItemId ids_from);

}  // namespace mailstack::queue
