#include "daemon/queue/log_spool/log.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daemon/queue/log_spool/crc32c.hpp"
#include "daemon/queue/log_spool/listing.hpp"

namespace mailstack::queue {

namespace {

/// IOV_MAX.
constexpr std::size_t most_parts = 1024;
/// So that one batch does not keep the next waiting for long.
constexpr std::uint64_t most_batch = 16U << 20U;
constexpr std::uint64_t most_batch_when_full = 1024;
/// What one step of cleaning copies.
constexpr std::uint64_t clean_step = 1U << 20U;
constexpr char zeros[8] = {};

std::string reason() { return std::strerror(errno); }
bool is_full(int error) { return error == ENOSPC || error == EDQUOT; }

Head head_of(Operation const& operation, std::uint32_t batch) {
  return {operation.kind,
          operation.apart,
          operation.damaged,
          operation.id,
          operation.at,
          batch,
          static_cast<std::uint32_t>(operation.state.size()),
          operation.state_crc,
          operation.content_octets,
          operation.content_crc};
}

std::uint64_t octets_of(Operation const& operation) { return record_octets(head_of(operation, 0)); }

iovec part(void const* octets, std::size_t size) { return {const_cast<void*>(octets), size}; }

}  // namespace

Result<std::string> read_at(int file, std::uint64_t at, std::size_t size) {
  std::string octets(size, '\0');
  for (std::size_t done = 0; done < size;) {
    auto const got =
        ::pread(file, octets.data() + done, size - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::unavailable, reason());
    if (got == 0) return fail(ErrorCode::invalid, "the file ends too early");
    done += static_cast<std::size_t>(got);
  }
  return octets;
}

std::uint64_t new_salt() {
  std::uint64_t salt = 0;
  while (::getrandom(&salt, sizeof salt, 0) < 0 && errno == EINTR) {
  }
  return salt;
}

Result<> Log::begin(std::uint32_t sequence, ItemId ids_from) {
  ids_from_ = ids_from;
  auto made = make_segment(sequence, options_.segment);
  if (!made) return fail(std::move(made.error()));
  begin_segment(std::move(*made), options_.segment);
  return {};
}

void Log::begin_segment(SegmentFilePtr segment, std::uint32_t limit) {
  active_ = std::move(segment);
  limit_ = limit;
  index_.add_segment(active_);
  set_used(head_octets);
}

void Log::set_used(std::uint32_t octets) {
  used_ = octets;
  ahead_ = active_->allocated ? limit_ - used_ : 0;
  index_.set_used(active_->name.sequence, used_);
}

Result<SegmentFilePtr> Log::make_segment(std::uint32_t sequence, std::uint32_t octets) {
  auto& disk = *options_.disk;
  SegmentName const name{sequence, new_salt()};
  auto const leaf = format(name);
  auto file = std::make_shared<SegmentFile>();
  file->name = name;
  file->file = files::Descriptor(disk.create(directory_, leaf.c_str(), O_RDWR));
  if (!file->file.open()) return fail(ErrorCode::unavailable, "segment " + leaf + ": " + reason());
  // Where there is no room for the whole, or the file system cannot, it grows as it is written.
  file->allocated = disk.allocate(file->file.number(), octets) == 0;
  auto const header = format_segment_header(name, ids_from_);
  auto const header_part = part(header.data(), header.size());
  if (disk.write_at(file->file.number(), &header_part, 1, 0) != head_octets) {
    auto const why = reason();
    disk.remove(directory_, leaf.c_str(), 0);
    return fail(ErrorCode::unavailable, "segment " + leaf + ": " + why);
  }
  if (disk.sync(file->file.number()) != 0) die(options_, "sync of " + leaf + ": " + reason());
  sync_directory();
  return SegmentFilePtr(std::move(file));
}

void Log::sync_directory() {
  if (options_.disk->sync(directory_) != 0) die(options_, "sync of the directory: " + reason());
}

void Log::sync() {
  if (options_.disk->sync_content(active_->file.number()) != 0)
    die(options_, "sync of " + format(active_->name) + ": " + reason());
  ++syncs_;
}

/// The new segment comes first: when there is no room for it, nothing has changed. A newest segment
/// without a record tells recovery that the one before may lack its seal.
Result<> Log::turn(std::uint64_t octets) {
  auto const needed = static_cast<std::uint32_t>(octets + std::uint64_t{2} * head_octets);
  auto const limit = std::max(options_.segment, needed);
  auto made = make_segment(active_->name.sequence + 1, limit);
  if (!made) return fail(std::move(made.error()));
  if (auto sealed = seal(); !sealed) {
    options_.disk->remove(directory_, format((*made)->name).c_str(), 0);
    sync_directory();
    return sealed;
  }
  begin_segment(std::move(*made), limit);
  return {};
}

Result<> Log::seal() {
  auto end = make_end(index_, *active_, used_);
  auto const write_end = [&] {
    std::vector<iovec> parts{part(end.data(), end.size())};
    return write_all(parts, used_);
  };
  auto written = write_end();
  if (!written && end.size() > head_octets) {  // no room for a list
    end = format_seal(active_->name, used_);
    written = write_end();
  }
  if (!written) return written;
  used_ += static_cast<std::uint32_t>(end.size());
  index_.set_used(active_->name.sequence, used_);
  sync();
  // What was allocated behind the end; where this is lost, zeros follow the seal, and do no harm.
  (void)options_.disk->truncate(active_->file.number(), used_);
  return {};
}

void Log::close() {
  if (active_) (void)seal();
  active_.reset();
}

Result<> Log::write_all(std::vector<iovec>& parts, std::uint32_t at) {
  std::size_t first = 0;
  auto place = static_cast<off_t>(at);
  while (first < parts.size()) {
    auto const count = static_cast<int>(std::min(parts.size() - first, most_parts));
    auto written =
        options_.disk->write_at(active_->file.number(), parts.data() + first, count, place);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && is_full(errno)) {
      auto const why = reason();
      cut();
      return fail(ErrorCode::unavailable, why);
    }
    if (written < 0) die(options_, "write to " + format(active_->name) + ": " + reason());
    place += written;
    for (; first < parts.size() && static_cast<std::size_t>(written) >= parts[first].iov_len;
         ++first)
      written -= static_cast<ssize_t>(parts[first].iov_len);
    if (written == 0) continue;
    parts[first].iov_base = static_cast<char*>(parts[first].iov_base) + written;
    parts[first].iov_len -= static_cast<std::size_t>(written);
  }
  return {};
}

/// Takes back what a failed write left behind the last batch.
void Log::cut() {
  if (options_.disk->truncate(active_->file.number(), used_) != 0)
    die(options_, "cannot cut " + format(active_->name) + ": " + reason());
}

Result<> Log::write(std::span<Operation> batch) {
  std::vector<HeadOctets> heads(batch.size());
  std::vector<iovec> parts;
  parts.reserve(4 * batch.size());
  std::uint32_t at = used_;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto& operation = batch[i];
    operation.at = at;
    heads[i] = format_head(head_of(operation, used_), active_->name);
    parts.push_back(part(heads[i].data(), heads[i].size()));
    auto size = head_octets + operation.state.size();
    if (!operation.state.empty())
      parts.push_back(part(operation.state.data(), operation.state.size()));
    if (operation.content && !operation.content->empty()) {
      parts.push_back(part(operation.content->data(), operation.content->size()));
      size += operation.content->size();
    }
    if (size % 8 != 0) parts.push_back(part(zeros, 8 - size % 8));
    at += static_cast<std::uint32_t>(octets_of(operation));
  }
  if (auto written = write_all(parts, used_); !written) return written;
  sync();
  set_used(at);
  return {};
}

void Log::append(std::vector<Operation>& operations) {
  std::size_t first = 0;
  auto const room = [&](std::uint64_t octets) {
    return octets + used_ + head_octets <= limit_;  // a seal must still fit
  };
  // On a full disk in small steps: a few removals fit somewhere, and make room for the next.
  auto const most = full_ ? most_batch_when_full : most_batch;
  while (first < operations.size()) {
    auto octets = octets_of(operations[first]);
    if (!room(octets))
      if (auto turned = turn(octets); !turned) return refuse(operations, first, turned.error());
    std::size_t last = first + 1;
    for (; last < operations.size() && octets < most; ++last) {
      auto const more = octets_of(operations[last]);
      if (!room(octets + more)) break;
      octets += more;
    }
    std::span const batch(operations.data() + first, last - first);
    if (auto written = write(batch); !written) return refuse(operations, first, written.error());
    apply(batch);
    first = last;
    if (full_) drop_dead_segments();
  }
  full_ = false;
  operations.clear();
}

void Log::refuse(std::vector<Operation>& operations, std::size_t first, Error const& error) {
  full_ = true;
  std::vector<Operation> later;
  for (; first < operations.size(); ++first) {
    auto& operation = operations[first];
    if (operation.kind != Kind::put)
      later.push_back(std::move(operation));
    else if (operation.done)
      operation.done(fail(within(error, "spool")));
  }
  operations = std::move(later);
}

void Log::apply(std::span<Operation> batch) {
  auto const segment = active_->name.sequence;
  for (auto& operation : batch) {
    auto const head = head_of(operation, 0);
    Part const state{segment, head.at + head_octets, head.state_octets, head.state_crc};
    std::optional<Places> removed;
    if (operation.kind == Kind::put)
      index_.put(operation.id,
                 Places{{segment, content_at(head), head.content_octets, head.content_crc},
                        state,
                        operation.apart});
    else if (operation.kind == Kind::state)
      index_.set_state(operation.id, state);
    else
      removed = index_.remove(operation.id);
    applied_(operation, removed);
  }
}

void Log::drop_dead_segments() {
  while (!stuck_) {
    auto const [oldest, live] = index_.oldest();
    if (live != 0 || oldest == active_) return;
    auto const leaf = format(oldest->name);
    if (options_.disk->remove(directory_, leaf.c_str(), 0) != 0 && errno != ENOENT) {
      options_.notice("segment " + leaf + " cannot be removed: " + reason());
      stuck_ = true;
      return;
    }
    // Before the next one goes: were a younger one gone and an older one back after a crash, what
    // the younger one removed would be back too.
    sync_directory();
    index_.drop_segment(oldest->name.sequence);
  }
}

bool Log::clean() {
  drop_dead_segments();
  auto const totals = index_.totals();
  if (full_ || stuck_) return false;
  if (totals.used_octets <= 2 * totals.live_octets + std::uint64_t{2} * options_.segment)
    return false;
  auto const oldest = index_.oldest().first;
  if (oldest == active_) return false;
  auto const sequence = oldest->name.sequence;
  auto const ids = index_.some_of(sequence, clean_step);
  std::vector<Operation> copies;
  for (auto const id : ids) {
    auto copy = copy_of(id, *index_.find(id));
    if (!copy) {
      options_.notice("segment " + format(oldest->name) + " stays: message " + format_id(id) +
                      " cannot be read: " + copy.error().what);
      stuck_ = true;
      index_.give_back(sequence, ids);
      return false;
    }
    copies.push_back(*std::move(copy));
  }
  append(copies);
  if (full_) index_.give_back(sequence, ids);
  drop_dead_segments();
  return !full_ && !ids.empty();
}

/// Verbatim, with the checksums of old: a damaged content stays known as one. A damaged state
/// cannot move, for its record would be none any more.
Result<Operation> Log::copy_of(ItemId id, Index::Found const& found) const {
  auto const& item = found.item;
  Operation copy{.kind = Kind::put, .id = id};
  auto state = read_at(found.state->file.number(), item.state.at, item.state.octets);
  if (!state) return fail(std::move(state.error()));
  if (crc32c(*state) != item.state.crc) return fail(ErrorCode::invalid, "its state is damaged");
  copy.state = *std::move(state);
  copy.state_crc = item.state.crc;
  copy.content_octets = item.content.octets;
  copy.content_crc = item.content.crc;
  copy.apart = item.apart;
  copy.copied = true;
  if (item.apart) return copy;
  auto content = read_at(found.content->file.number(), item.content.at, item.content.octets);
  if (!content) return fail(std::move(content.error()));
  copy.damaged = crc32c(*content) != item.content.crc;
  copy.content = std::make_shared<std::string const>(*std::move(content));
  return copy;
}

}  // namespace mailstack::queue
