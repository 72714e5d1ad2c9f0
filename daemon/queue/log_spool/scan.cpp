#include "daemon/queue/log_spool/scan.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "daemon/queue/log_spool/crc32c.hpp"

namespace mailstack::queue {

namespace {

constexpr std::array<char, 4096> zeros{};

/// The first place from `at` on, in steps of 8, behind which not all is zero. Most of a segment
/// that was not sealed is.
std::size_t skip_zeros(std::string_view segment, std::size_t at) {
  for (std::size_t const step : {zeros.size(), std::size_t{8}})
    while (at + step <= segment.size() && std::memcmp(segment.data() + at, zeros.data(), step) == 0)
      at += step;
  return at;
}

/// The next place from `at` on where a head stands; the segment's size for none.
std::size_t find_head(std::string_view segment, std::size_t at, SegmentName const& name) {
  for (at = skip_zeros(segment, at); at + head_octets <= segment.size();
       at = skip_zeros(segment, at + 8))
    if (parse_head(segment, at, name)) return at;
  return segment.size();
}

FoundRecord found_record(std::string_view segment, Head const& head) {
  FoundRecord record{head, segment.substr(head.at + head_octets, head.state_octets), {}, true};
  if (head.apart) return record;
  record.content = segment.substr(content_at(head), head.content_octets);
  record.content_sound = crc32c(record.content) == head.content_crc;
  return record;
}

}  // namespace

Scan scan(std::string_view segment, SegmentName const& name) {
  Scan all;
  all.ids_from = parse_segment_header(segment, name);
  // Places are 32 bits; no segment of ours is that long.
  segment = segment.substr(0, UINT32_MAX - 7);
  all.end = static_cast<std::uint32_t>(std::min<std::size_t>(segment.size(), head_octets));
  std::optional<std::uint32_t> first_gap;
  std::size_t at = head_octets;
  while (at < segment.size()) {
    auto const start = static_cast<std::uint32_t>(at);
    auto const head = parse_head(segment, at, name);
    if (!head) {
      at = find_head(segment, at + 8, name);
      if (at >= segment.size()) break;
      all.gaps.push_back({start, static_cast<std::uint32_t>(at)});
      if (!first_gap) first_gap = start;
      continue;
    }
    auto const record = found_record(segment, *head);
    bool const state_sound = crc32c(record.state) == head->state_crc;
    if (first_gap && head->batch > *first_gap) all.damaged = true;
    at += record_octets(*head);
    all.end = static_cast<std::uint32_t>(at);
    all.sealed = head->kind == Kind::seal;
    if (!state_sound || (!record.content_sound && !head->damaged)) {
      all.gaps.push_back({start, all.end});
      if (!first_gap) first_gap = start;
    }
    bool const of_the_end = head->kind == Kind::seal || head->kind == Kind::list;
    if (state_sound && !of_the_end) all.records.push_back(record);
  }
  auto const rest = segment.substr(skip_zeros(segment, all.end));
  all.scraps = rest.find_first_not_of('\0') != rest.npos;
  return all;
}

std::string rewrite(Scan const& found, SegmentName const& name, ItemId ids_from) {
  std::string segment = format_segment_header(name, ids_from);
  auto const add = [&](Head head, std::string_view state, std::string_view content) {
    head.at = static_cast<std::uint32_t>(segment.size());
    head.batch = head_octets;
    auto const octets = format_head(head, name);
    segment.append(octets.data(), octets.size()).append(state).append(content);
    segment.resize((segment.size() + 7) / 8 * 8);
  };
  for (auto const& record : found.records) {
    auto head = record.head;
    head.damaged = !record.content_sound;
    add(head, record.state, record.content);
  }
  add(Head{.kind = Kind::seal}, {}, {});
  return segment;
}

}  // namespace mailstack::queue
