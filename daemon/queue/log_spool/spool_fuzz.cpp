/// \file
/// Segments: of any octets, the scan makes only records whose checksums are right and that lie in
/// them; rewritten, they are found again and nothing is damaged. The first octet chooses whether
/// the checksums of what follows are put right first, so that the search gets past the heads. The
/// same octets as a list are read as a list says, or not at all.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/queue/log_spool/crc32c.hpp"
#include "daemon/queue/log_spool/listing.hpp"
#include "daemon/queue/log_spool/scan.hpp"

using namespace mailstack::queue;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

SegmentName const name{1, 0x1122334455667788};

/// Makes a head of the octets at `at`, with right place and checksums; where the next one may
/// stand.
std::size_t put_right(std::string& segment, std::size_t at) {
  auto const number = [&](std::size_t place) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(segment[at + place])) |
           static_cast<std::uint32_t>(static_cast<unsigned char>(segment[at + place + 1])) << 8U;
  };
  Head head;
  head.kind = static_cast<Kind>(1 + static_cast<unsigned char>(segment[at + 5]) % 5);
  head.apart = (segment[at + 6] & 1) != 0;
  head.damaged = (segment[at + 6] & 2) != 0;
  head.id = number(8);
  head.at = static_cast<std::uint32_t>(at);
  head.batch = number(20);
  auto const left = static_cast<std::uint32_t>(segment.size() - at - head_octets);
  head.state_octets = number(24) % (left + 1);
  head.content_octets = head.apart ? number(32) : number(32) % (left - head.state_octets + 1);
  // One in 16 keeps a wrong checksum.
  std::string_view const all = segment;
  head.state_crc = crc32c(all.substr(at + head_octets, head.state_octets));
  if (!head.apart) head.content_crc = crc32c(all.substr(content_at(head), head.content_octets));
  if (segment[at + 7] % 16 == 1) ++head.state_crc;
  if (segment[at + 7] % 16 == 2) ++head.content_crc;
  auto const octets = format_head(head, name);
  segment.replace(at, octets.size(), octets.data(), octets.size());
  return at + record_octets(head);
}

void check(std::string_view segment, Scan const& found) {
  std::size_t last = 0;
  for (auto const& record : found.records) {
    auto const& head = record.head;
    require(head.at >= head_octets && head.at >= last && head.at % 8 == 0);
    last = head.at + record_octets(head);
    require(last <= segment.size() && last <= found.end);
    require(crc32c(record.state) == head.state_crc);
    require(head.apart || !record.content_sound || crc32c(record.content) == head.content_crc);
    require(head.apart || record.content.size() == head.content_octets);
  }
  for (auto const& gap : found.gaps) require(gap.from < gap.to && gap.to <= found.end);
}

void check_list(std::string_view list) {
  auto const items = parse_list(list);
  if (!items) return;
  std::string again;
  for (auto const& item : *items) append(again, item);
  require(again == list);
}

/// As a file, whose end is looked at alone.
void check_end(std::string_view segment) {
  SegmentFile file;
  file.name = name;
  file.file = mailstack::files::Descriptor(::memfd_create("segment", 0));
  require(::pwrite(file.file.number(), segment.data(), segment.size(), 0) ==
          static_cast<ssize_t>(segment.size()));
  auto const list = read_list(file);
  if (!list) return;
  require(list->end == segment.size() && list->at + list->octets.size() < segment.size());
  for (auto const& item : list->items)
    require(item.state.empty() ||
            (item.state.data() > list->octets.data() &&
             item.state.data() + item.state.size() <= list->octets.data() + list->octets.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string segment(reinterpret_cast<char const*>(data) + 1, size - 1);
  if ((data[0] & 1) != 0) {
    segment.insert(0, format_segment_header(name, 7));
    for (std::size_t at = head_octets; at + head_octets <= segment.size();)
      at = put_right(segment, at);
  }
  check_list(std::string_view(segment).substr(std::min<std::size_t>(segment.size(), 4)));
  // What a list is behind: the whole, and its own end.
  check_end(segment);
  auto const aligned = static_cast<std::uint32_t>(segment.size() / 8 * 8);
  check_end(segment.substr(0, aligned) +
            format_end(name, aligned, std::string_view(segment).substr(aligned / 2), true, 7));
  auto const found = scan(segment, name);
  check(segment, found);
  auto const text = rewrite(found, name, 7);
  auto const again = scan(text, name);
  check(text, again);
  require(again.records.size() == found.records.size() && again.sealed && !again.damaged);
  require(again.ids_from == 7);
  for (std::size_t i = 0; i < again.records.size(); ++i)
    require(again.records[i].state == found.records[i].state &&
            again.records[i].content == found.records[i].content &&
            again.records[i].content_sound == found.records[i].content_sound);
  return 0;
}
