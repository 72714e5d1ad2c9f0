#pragma once
/// \file
/// Where in the log each item stands, and how much of each segment is still needed.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/files/descriptor.hpp"
#include "daemon/queue/log_spool/record.hpp"

namespace mailstack::queue {

/// An open segment. Who holds it can read on after its file has lost its name.
struct SegmentFile {
  SegmentName name;
  files::Descriptor file;
  bool allocated = false;  ///< the disk has given it all that it may hold
};
using SegmentFilePtr = std::shared_ptr<SegmentFile const>;

/// Octets in a segment, with their checksum.
struct Part {
  std::uint32_t segment = 0;  ///< its sequence
  std::uint32_t at = 0;
  std::uint32_t octets = 0;
  std::uint32_t crc = 0;
};

/// Where an item stands. `content.segment` is where its put does, also where the content itself is
/// apart.
struct Places {
  Part content;
  Part state;
  bool apart = false;
  bool moved = false;  ///< it was put in an older segment before
};

/// Law: an item's state never stands in a segment older than its content's. So the oldest segment
/// can go as soon as no item's content is there, and nothing that was removed comes back: the
/// record of a removal is never older than what it removes.
///
/// Changed by the spool's thread alone, asked from any.
class Index {
 public:
  struct Found {
    Places item;
    SegmentFilePtr content;
    SegmentFilePtr state;
  };
  struct Totals {
    std::uint64_t items = 0;
    std::uint64_t live_octets = 0;   ///< of records that are needed, in segments
    std::uint64_t used_octets = 0;   ///< of all segments
    std::uint64_t apart_octets = 0;  ///< of contents that are files of their own
  };

  /// The newest from now on.
  void add_segment(SegmentFilePtr file);
  void set_used(std::uint32_t segment, std::uint32_t octets);
  /// An item with all its places; an item of this id moves there.
  void put(ItemId id, Places const& item);
  /// Without effect where there is no such item.
  void set_state(ItemId id, Part const& state);
  /// What it was; nothing where there was none.
  std::optional<Places> remove(ItemId id);
  void drop_segment(std::uint32_t segment);

  /// What the newest segment comes to: what a start must know of it.
  struct Outcome {
    using Items = std::vector<std::pair<ItemId, Places>>;
    Items puts;                   ///< that stand there and are needed, by id
    Items states;                 ///< items of older segments whose states stand there
    std::vector<ItemId> removed;  ///< that older segments may still hold
    ItemId highest = 0;           ///< of all that were ever put there
  };
  [[nodiscard]] Outcome outcome_of_newest() const;
  /// All items, by id.
  [[nodiscard]] Outcome::Items all() const;

  [[nodiscard]] std::optional<Found> find(ItemId id) const;
  [[nodiscard]] Totals totals() const;
  /// The oldest segment and how many items' contents stand there. There must be a segment.
  [[nodiscard]] std::pair<SegmentFilePtr, std::uint32_t> oldest() const;
  /// Takes items whose content stands in `segment`, of about `octets` together, off its list; at
  /// least one where there is any. Who does not move them gives them back.
  [[nodiscard]] std::vector<ItemId> some_of(std::uint32_t segment, std::uint64_t octets);
  void give_back(std::uint32_t segment, std::vector<ItemId> const& ids);

 private:
  struct Segment {
    SegmentFilePtr file;
    std::uint32_t used = 0;
    std::uint32_t live = 0;
    std::vector<ItemId> puts;  ///< of all that were ever put here
  };
  void count(Places const& item, bool present);

  mutable std::mutex mutex_;
  std::unordered_map<ItemId, Places> items_;
  std::map<std::uint32_t, Segment> segments_;
  /// Items of older segments whose states or removals stand in the newest; some more than once.
  std::vector<ItemId> changed_;
  Totals totals_;
};

}  // namespace mailstack::queue
