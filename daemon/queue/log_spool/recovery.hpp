#pragma once
/// \file
/// Reads a log as a crash, a power loss or a damaged disk left it, and mends it.

#include <cstdint>

#include "daemon/queue/log_spool/index.hpp"
#include "daemon/queue/log_spool/options.hpp"

namespace mailstack::queue {

struct Recovery {
  std::uint32_t next_sequence = 1;
  ItemId ids_above = 0;  ///< no id above it was given
};

/// Reads all segments of `directory`, and leaves each sealed and without a gap; `index` knows them
/// and their items then. Of a segment with a list that is all it reads: what became of the contents
/// is found out when they are.
///
/// What a power loss left of the last batch is cut; its records that are whole are kept: nobody was
/// told that they are there, and nobody that they are not. What was synced and is damaged is told
/// to options.notice; what can be read of such a segment is kept, and the segment as it was goes to
/// `aside/`. Recovery that is cut short itself begins anew and ends the same.
/// Fails with unavailable, with nothing lost, where the disk is full or cannot be read.
Result<Recovery> recover(int directory, SpoolOptions const& options, Index& index);

}  // namespace mailstack::queue
