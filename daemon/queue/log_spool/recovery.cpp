#include "daemon/queue/log_spool/recovery.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "daemon/queue/log_spool/apart.hpp"
#include "daemon/queue/log_spool/crc32c.hpp"
#include "daemon/queue/log_spool/listing.hpp"
#include "daemon/queue/log_spool/log.hpp"
#include "daemon/queue/log_spool/scan.hpp"

namespace mailstack::queue {

namespace {

constexpr char const* aside = "aside";
constexpr std::string_view repair_suffix = ".repair";

std::string reason() { return std::strerror(errno); }

struct Extent {
  std::uint64_t size = 0;
  std::uint64_t data = 0;  ///< where the last octets end that were ever written
};

/// What was only allocated is zeros, most of a segment often; where a file system does not tell,
/// all is data. To be asked before anything is read: what is in the system's cache counts as
/// written.
Result<Extent> extent_of(int file) {
  struct stat found {};
  if (::fstat(file, &found) != 0) return fail(ErrorCode::unavailable, reason());
  auto const size = static_cast<std::uint64_t>(found.st_size);
  off_t end = 0;
  for (;;) {
    auto const data = ::lseek(file, end, SEEK_DATA);
    if (data < 0) return Extent{size, errno == ENXIO ? static_cast<std::uint64_t>(end) : size};
    auto const hole = ::lseek(file, data, SEEK_HOLE);
    if (hole <= data) return Extent{size, size};
    end = hole;
  }
}

/// The first `size` octets of `file`. Blocks that the disk cannot read are zeros: to the scan they
/// are damage.
std::string read_what_can_be(int file, std::uint64_t size) {
  auto whole = read_at(file, 0, size);
  if (whole) return *std::move(whole);
  constexpr std::size_t block = 4096;
  std::string octets(size, '\0');
  for (std::uint64_t at = 0; at < size; at += block) {
    auto const some = read_at(file, at, std::min<std::uint64_t>(block, size - at));
    if (some) some->copy(octets.data() + at, some->size());
  }
  return octets;
}

/// A segment, by its list or whole.
struct Read {
  SegmentFilePtr file;
  std::optional<FoundList> list;
  std::string octets;  ///< without a list
  Scan scanned;        ///< of them
};

class Recoverer {
 public:
  Recoverer(int directory, SpoolOptions const& options, Index& index)
      : directory_(directory), options_(options), index_(index) {}

  Result<Recovery> run();

 private:
  Result<> list();
  Result<> drop_unborn();
  Result<SegmentFilePtr> open(SegmentName const& name) const;
  Result<Read> read(SegmentName const& name) const;
  Result<> take(std::size_t place);
  void take(SegmentFilePtr file, FoundList const& list);
  Result<> take(SegmentFilePtr file, Scan const& scanned);
  Result<> mend(SegmentName const& name, Read& segment, bool damaged);
  void report(SegmentName const& name, Scan const& scanned, bool damaged);
  Result<std::uint32_t> seal(SegmentFile const& file, std::uint32_t end);
  Result<> replace(SegmentName const& name, std::string_view octets, bool keep_old);
  Result<> put_aside(std::string const& leaf);
  void apply(FoundRecord const& record, SegmentName const& name);
  void report_order();

  int directory_;
  SpoolOptions const& options_;
  Index& index_;
  Recovery found_;
  std::vector<SegmentName> names_;
  std::size_t tail_ = 0;           ///< the place of the last segment with records: it may be torn
  std::optional<Read> read_tail_;  ///< so that it is not read twice
};

Result<> Recoverer::list() {
  auto const leaves = list_directory(directory_);
  if (!leaves) return fail(leaves.error());
  for (auto const& leaf : *leaves) {
    if (leaf.ends_with(repair_suffix)) options_.disk->remove(directory_, leaf.c_str(), 0);
    if (auto const name = parse_segment_name(leaf)) names_.push_back(*name);
  }
  std::sort(names_.begin(), names_.end(),
            [](auto const& a, auto const& b) { return a.sequence < b.sequence; });
  return {};
}

Result<SegmentFilePtr> Recoverer::open(SegmentName const& name) const {
  auto const leaf = format(name);
  auto file = std::make_shared<SegmentFile>();
  file->name = name;
  file->file = files::Descriptor(
      ::openat(directory_, leaf.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file->file.open()) return fail(ErrorCode::unavailable, leaf + ": " + reason());
  return SegmentFilePtr(std::move(file));
}

Result<Read> Recoverer::read(SegmentName const& name) const {
  Read segment;
  auto file = open(name);
  if (!file) return fail(file.error());
  segment.file = *std::move(file);
  auto const number = segment.file->file.number();
  auto const extent = extent_of(number);
  if (!extent) return fail(within(extent.error(), format(name)));
  if (extent->data == extent->size) segment.list = read_list(*segment.file);
  if (segment.list) return segment;
  // A record may end in zeros that are none of the data: a sparse copy leaves a hole there.
  auto const record_end = extent->data + options_.apart + head_octets;
  segment.octets = read_what_can_be(number, std::min(extent->size, record_end));
  segment.scanned = scan(segment.octets, name);
  return segment;
}

/// Finds the last segment with records. The newest ones may have none; one without even a header
/// was never used.
Result<> Recoverer::drop_unborn() {
  for (tail_ = names_.size(); tail_-- > 0;) {
    auto segment = read(names_[tail_]);
    if (!segment) return fail(segment.error());
    auto const& scanned = segment->scanned;
    if (segment->list || !scanned.records.empty() || !scanned.gaps.empty() || scanned.sealed) {
      read_tail_ = *std::move(segment);
      return {};
    }
    if (scanned.ids_from || tail_ + 1 != names_.size()) continue;
    options_.disk->remove(directory_, format(names_[tail_]).c_str(), 0);
    if (options_.disk->sync(directory_) != 0) return fail(ErrorCode::unavailable, reason());
    names_.pop_back();
  }
  tail_ = 0;
  return {};
}

void Recoverer::report_order() {
  for (std::size_t i = 1; i < names_.size(); ++i)
    if (names_[i].sequence != names_[i - 1].sequence + 1)
      options_.notice("a segment between " + format(names_[i - 1]) + " and " + format(names_[i]) +
                      " is missing, and what was in it is lost");
}

Result<Recovery> Recoverer::run() {
  if (auto listed = list(); !listed) return fail(listed.error());
  // What is not there now must not come back: a list may not speak of what only an older segment
  // would tell.
  if (options_.disk->sync(directory_) != 0) return fail(ErrorCode::unavailable, reason());
  if (auto dropped = drop_unborn(); !dropped) return fail(dropped.error());
  report_order();
  for (std::size_t place = 0; place < names_.size(); ++place)
    if (auto taken = take(place); !taken) return fail(taken.error());
  return std::move(found_);
}

Result<> Recoverer::take(std::size_t place) {
  auto const& name = names_[place];
  auto segment = place == tail_ && read_tail_ ? *std::exchange(read_tail_, {}) : read(name);
  if (!segment) return fail(segment.error());
  found_.next_sequence = name.sequence + 1;
  if (segment->list) {
    take(segment->file, *segment->list);
    return {};
  }
  auto const& scanned = segment->scanned;
  bool const tail = place >= tail_;
  bool const damaged =
      scanned.damaged || !scanned.ids_from || (!tail && (!scanned.sealed || !scanned.gaps.empty()));
  report(name, scanned, damaged);
  if (damaged || !scanned.gaps.empty())
    if (auto mended = mend(name, *segment, damaged); !mended) return mended;
  return take(segment->file, scanned);
}

/// In its place comes a segment without what cannot be read.
Result<> Recoverer::mend(SegmentName const& name, Read& segment, bool damaged) {
  auto& scanned = segment.scanned;
  // Of a torn batch, nobody was told that a message is there of which half is missing.
  if (!damaged)
    std::erase_if(scanned.records,
                  [](auto const& one) { return !one.content_sound && !one.head.damaged; });
  auto text = rewrite(scanned, name, scanned.ids_from.value_or(0));
  if (auto replaced = replace(name, text, damaged); !replaced)
    return fail(within(replaced.error(), format(name)));
  auto file = open(name);
  if (!file) return fail(file.error());
  segment.file = *std::move(file);
  segment.octets = std::move(text);
  scanned = scan(segment.octets, name);
  return {};
}

void Recoverer::take(SegmentFilePtr file, FoundList const& list) {
  auto const sequence = file->name.sequence;
  index_.add_segment(std::move(file));
  index_.set_used(sequence, list.end);
  for (auto const& one : list.items) {
    auto const place = static_cast<std::size_t>(one.state.data() - list.octets.data());
    Part const state{sequence, list.at + static_cast<std::uint32_t>(place),
                     static_cast<std::uint32_t>(one.state.size()), crc32c(one.state)};
    if (one.kind == Kind::put)
      index_.put(one.id, Places{{sequence, one.content_at, one.content_octets, one.content_crc},
                                state,
                                one.apart});
    else if (one.kind == Kind::state)
      index_.set_state(one.id, state);
    else
      index_.remove(one.id);
  }
  found_.ids_above = std::max({found_.ids_above, list.ids_from, list.highest});
}

Result<> Recoverer::take(SegmentFilePtr file, Scan const& scanned) {
  auto const& name = file->name;
  index_.add_segment(file);
  for (auto const& record : scanned.records) apply(record, name);
  found_.ids_above = std::max(found_.ids_above, scanned.ids_from.value_or(0));
  auto end = scanned.end;
  if (!scanned.sealed) {
    auto sealed = seal(*file, end);
    if (!sealed) return fail(within(sealed.error(), format(name)));
    end = *sealed;
  }
  index_.set_used(name.sequence, end);
  return {};
}

void Recoverer::report(SegmentName const& name, Scan const& scanned, bool damaged) {
  if (damaged) {
    std::uint64_t lost = 0;
    for (auto const& gap : scanned.gaps) lost += gap.to - gap.from;
    return options_.notice("segment " + format(name) +
                           " is damaged: " + std::to_string(scanned.gaps.size()) + " places with " +
                           std::to_string(lost) + " octets" +
                           (scanned.sealed ? "" : ", and its end is missing") +
                           "; what can be read is kept, and the segment as it was is in " + aside);
  }
  if (scanned.gaps.empty() && (scanned.sealed || !scanned.scraps)) return;
  options_.notice("segment " + format(name) + ": the last write was torn and is cut at " +
                  std::to_string(scanned.gaps.empty() ? scanned.end : scanned.gaps[0].from));
}

/// Where the segment ends then. Its list spares the next start what this one had to read.
Result<std::uint32_t> Recoverer::seal(SegmentFile const& file, std::uint32_t end) {
  auto octets = make_end(index_, file, end);
  iovec const part{octets.data(), octets.size()};
  auto& disk = *options_.disk;
  auto const behind = end + octets.size();
  if (disk.write_at(file.file.number(), &part, 1, end) != static_cast<ssize_t>(octets.size()) ||
      disk.truncate(file.file.number(), static_cast<off_t>(behind)) != 0 ||
      disk.sync(file.file.number()) != 0)
    return fail(ErrorCode::unavailable, reason());
  return static_cast<std::uint32_t>(behind);
}

/// The old segment stands there until the new one, whole and synced, takes its name.
Result<> Recoverer::replace(SegmentName const& name, std::string_view octets, bool keep_old) {
  auto& disk = *options_.disk;
  auto const leaf = format(name);
  auto const repaired = leaf + std::string(repair_suffix);
  files::Descriptor const file(disk.create(directory_, repaired.c_str(), O_WRONLY));
  if (!file.open()) return fail(ErrorCode::unavailable, reason());
  for (off_t at = 0; static_cast<std::size_t>(at) < octets.size();) {
    auto const rest = octets.substr(static_cast<std::size_t>(at));
    iovec const part{const_cast<char*>(rest.data()), rest.size()};
    auto const written = disk.write_at(file.number(), &part, 1, at);
    if (written <= 0) return fail(ErrorCode::unavailable, reason());
    at += written;
  }
  if (disk.sync(file.number()) != 0) return fail(ErrorCode::unavailable, reason());
  if (keep_old)
    if (auto kept = put_aside(leaf); !kept) return kept;
  if (disk.rename(directory_, repaired.c_str(), directory_, leaf.c_str()) != 0 ||
      disk.sync(directory_) != 0)
    return fail(ErrorCode::unavailable, reason());
  return {};
}

Result<> Recoverer::put_aside(std::string const& leaf) {
  auto& disk = *options_.disk;
  if (disk.make_directory(directory_, aside, 0700) != 0 && errno != EEXIST)
    return fail(ErrorCode::unavailable, std::string(aside) + ": " + reason());
  files::Descriptor const kept(
      ::openat(directory_, aside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!kept.open()) return fail(ErrorCode::unavailable, std::string(aside) + ": " + reason());
  if (disk.link(directory_, leaf.c_str(), kept.number(), leaf.c_str()) != 0 && errno != EEXIST)
    return fail(ErrorCode::unavailable, std::string(aside) + ": " + reason());
  if (disk.sync(kept.number()) != 0 || disk.sync(directory_) != 0)
    return fail(ErrorCode::unavailable, reason());
  return {};
}

void Recoverer::apply(FoundRecord const& record, SegmentName const& name) {
  auto const& head = record.head;
  Part const state{name.sequence, head.at + head_octets, head.state_octets, head.state_crc};
  switch (head.kind) {
    case Kind::put:
      found_.ids_above = std::max(found_.ids_above, head.id);
      index_.put(head.id,
                 Places{{name.sequence, content_at(head), head.content_octets, head.content_crc},
                        state,
                        head.apart});
      if (!record.content_sound)
        options_.notice("message " + format_id(head.id) + ": its content is damaged");
      return;
    case Kind::state: return index_.set_state(head.id, state);
    case Kind::remove: index_.remove(head.id); return;
    case Kind::list:
    case Kind::seal: return;
  }
}

}  // namespace

Result<Recovery> recover(int directory, SpoolOptions const& options, Index& index) {
  return Recoverer(directory, options, index).run();
}

}  // namespace mailstack::queue
