/// \file
/// Segments: of any octets, the scan makes only records whose checksums are right and that lie in
/// them; rewritten, they are found again and nothing is damaged. The first octet chooses whether
/// the checksums of what follows are put right first, so that the search gets past the heads.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/queue/log_spool/crc32c.hpp"
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
  head.kind = static_cast<Kind>(1 + static_cast<unsigned char>(segment[at + 5]) % 4);
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string segment(reinterpret_cast<char const*>(data) + 1, size - 1);
  if ((data[0] & 1) != 0) {
    segment.insert(0, format_segment_header(name, 7));
    for (std::size_t at = head_octets; at + head_octets <= segment.size();)
      at = put_right(segment, at);
  }
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
