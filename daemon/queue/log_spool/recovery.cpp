#include "daemon/queue/log_spool/recovery.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "daemon/queue/log_spool/apart.hpp"
#include "daemon/queue/log_spool/log.hpp"
#include "daemon/queue/log_spool/scan.hpp"

namespace mailstack::queue {

namespace {

constexpr char const* aside = "aside";
constexpr std::string_view repair_suffix = ".repair";

std::string reason() { return std::strerror(errno); }

/// All octets of `file`. Blocks that the disk cannot read are zeros: to the scan they are damage.
Result<std::string> read_what_can_be(int file) {
  struct stat found {};
  if (::fstat(file, &found) != 0) return fail(ErrorCode::unavailable, reason());
  auto const size = static_cast<std::uint64_t>(found.st_size);
  auto whole = read_at(file, 0, size);
  if (whole) return whole;
  constexpr std::size_t block = 4096;
  std::string octets(size, '\0');
  for (std::uint64_t at = 0; at < size; at += block) {
    auto const some = read_at(file, at, std::min<std::uint64_t>(block, size - at));
    if (some) some->copy(octets.data() + at, some->size());
  }
  return octets;
}

class Recoverer {
 public:
  Recoverer(int directory, SpoolOptions const& options, Index& index)
      : directory_(directory), options_(options), index_(index) {}

  Result<Recovery> run();

 private:
  Result<> list();
  Result<> drop_unborn();
  Result<SegmentFilePtr> open(SegmentName const& name);
  Result<> take(std::size_t place);
  void report(SegmentName const& name, Scan const& scanned, bool damaged, std::size_t rest);
  Result<> seal(SegmentFile const& file, std::uint32_t end);
  Result<> replace(SegmentName const& name, std::string_view octets, bool keep_old);
  Result<> put_aside(std::string const& leaf);
  void apply(FoundRecord const& record, SegmentName const& name);
  void report_order();

  int directory_;
  SpoolOptions const& options_;
  Index& index_;
  Recovery found_;
  std::vector<SegmentName> names_;
  std::size_t tail_ = 0;  ///< the place of the last segment with records: it may be torn
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

Result<SegmentFilePtr> Recoverer::open(SegmentName const& name) {
  auto const leaf = format(name);
  auto file = std::make_shared<SegmentFile>();
  file->name = name;
  file->file = files::Descriptor(
      ::openat(directory_, leaf.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file->file.open()) return fail(ErrorCode::unavailable, leaf + ": " + reason());
  return SegmentFilePtr(std::move(file));
}

/// Finds the last segment with records. The newest ones may have none; one without even a header
/// was never used.
Result<> Recoverer::drop_unborn() {
  for (tail_ = names_.size(); tail_-- > 0;) {
    auto const file = open(names_[tail_]);
    if (!file) return fail(file.error());
    auto const octets = read_what_can_be((*file)->file.number());
    if (!octets) return fail(octets.error());
    auto const scanned = scan(*octets, names_[tail_]);
    if (!scanned.records.empty() || !scanned.gaps.empty() || scanned.sealed) return {};
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
  if (auto dropped = drop_unborn(); !dropped) return fail(dropped.error());
  report_order();
  for (std::size_t place = 0; place < names_.size(); ++place)
    if (auto taken = take(place); !taken) return fail(taken.error());
  return std::move(found_);
}

Result<> Recoverer::take(std::size_t place) {
  auto const& name = names_[place];
  auto file = open(name);
  if (!file) return fail(file.error());
  auto octets = read_what_can_be((*file)->file.number());
  if (!octets) return fail(within(octets.error(), format(name)));
  auto scanned = scan(*octets, name);
  bool const tail = place >= tail_;
  bool const damaged =
      scanned.damaged || !scanned.ids_from || (!tail && (!scanned.sealed || !scanned.gaps.empty()));
  report(name, scanned, damaged, octets->find_first_not_of('\0', scanned.end));
  if (damaged || !scanned.gaps.empty()) {
    // Of a torn batch, nobody was told that a message is there of which half is missing.
    if (!damaged)
      std::erase_if(scanned.records,
                    [](auto const& one) { return !one.content_sound && !one.head.damaged; });
    auto text = rewrite(scanned, name, scanned.ids_from.value_or(0));
    if (auto replaced = replace(name, text, damaged); !replaced)
      return fail(within(replaced.error(), format(name)));
    file = open(name);
    if (!file) return fail(file.error());
    *octets = std::move(text);
    scanned = scan(*octets, name);
  } else if (!scanned.sealed) {
    if (auto sealed = seal(**file, scanned.end); !sealed)
      return fail(within(sealed.error(), format(name)));
  }
  index_.add_segment(*file);
  index_.set_used(name.sequence, scanned.end);
  for (auto const& record : scanned.records) apply(record, name);
  found_.ids_above = std::max(found_.ids_above, scanned.ids_from.value_or(0));
  found_.next_sequence = name.sequence + 1;
  return {};
}

/// `rest` is where something that is not zero follows the last record.
void Recoverer::report(SegmentName const& name, Scan const& scanned, bool damaged,
                       std::size_t rest) {
  if (damaged) {
    std::uint64_t lost = 0;
    for (auto const& gap : scanned.gaps) lost += gap.to - gap.from;
    return options_.notice("segment " + format(name) +
                           " is damaged: " + std::to_string(scanned.gaps.size()) + " places with " +
                           std::to_string(lost) + " octets" +
                           (scanned.sealed ? "" : ", and its end is missing") +
                           "; what can be read is kept, and the segment as it was is in " + aside);
  }
  if (scanned.gaps.empty() && (scanned.sealed || rest == std::string::npos)) return;
  options_.notice("segment " + format(name) + ": the last write was torn and is cut at " +
                  std::to_string(scanned.gaps.empty() ? scanned.end : scanned.gaps[0].from));
}

Result<> Recoverer::seal(SegmentFile const& file, std::uint32_t end) {
  auto octets = format_head(Head{.kind = Kind::seal, .at = end, .batch = end}, file.name);
  iovec const part{octets.data(), octets.size()};
  auto& disk = *options_.disk;
  if (disk.write_at(file.file.number(), &part, 1, end) != head_octets ||
      disk.truncate(file.file.number(), static_cast<off_t>(end) + head_octets) != 0 ||
      disk.sync(file.file.number()) != 0)
    return fail(ErrorCode::unavailable, reason());
  return {};
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
      found_.items[head.id] = {
          {{name.sequence, content_at(head), head.content_octets, head.content_crc},
           state,
           head.apart},
          std::string(record.state)};
      if (!record.content_sound)
        options_.notice("message " + format_id(head.id) + ": its content is damaged");
      return;
    case Kind::state:
      if (auto const item = found_.items.find(head.id); item != found_.items.end()) {
        item->second.item.state = state;
        item->second.state = record.state;
      }
      return;
    case Kind::remove: found_.items.erase(head.id); return;
    case Kind::seal: return;
  }
}

}  // namespace

Result<Recovery> recover(int directory, SpoolOptions const& options, Index& index) {
  return Recoverer(directory, options, index).run();
}

}  // namespace mailstack::queue
