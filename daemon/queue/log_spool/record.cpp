#include "daemon/queue/log_spool/record.hpp"

#include <cstring>

#include "daemon/queue/log_spool/crc32c.hpp"

namespace mailstack::queue {

namespace {

constexpr char version = 1;
constexpr unsigned apart_flag = 1;
constexpr unsigned damaged_flag = 2;
constexpr std::string_view magic = "MSSPOOL1";
constexpr std::string_view suffix = ".log";

std::string hex(std::uint64_t number) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4U) text[i] = "0123456789abcdef"[number & 15U];
  return text;
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t number = 0;
  for (char const digit : text) {
    auto const value = std::string_view("0123456789abcdef").find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    number = number << 4U | value;
  }
  return number;
}

std::uint32_t head_crc(char const* head, SegmentName const& name) {
  char seed[12];
  store(seed, name.salt);
  store(seed + 8, name.sequence);
  return crc32c({head + 4, head_octets - 4}, crc32c({seed, sizeof seed}));
}

}  // namespace

std::string format(SegmentName const& name) {
  return hex(name.sequence) + "-" + hex(name.salt) + std::string(suffix);
}

std::optional<SegmentName> parse_segment_name(std::string_view leaf) {
  if (leaf.size() != 33 + suffix.size() || leaf[16] != '-' || !leaf.ends_with(suffix))
    return std::nullopt;
  auto const sequence = parse_hex(leaf.substr(0, 16));
  auto const salt = parse_hex(leaf.substr(17, 16));
  if (!sequence || !salt || *sequence > UINT32_MAX) return std::nullopt;
  return SegmentName{static_cast<std::uint32_t>(*sequence), *salt};
}

std::string format_segment_header(SegmentName const& name, ItemId ids_from) {
  std::string octets(head_octets, '\0');
  magic.copy(octets.data(), magic.size());
  store(octets.data() + 8, std::uint64_t{name.sequence});
  store(octets.data() + 16, name.salt);
  store(octets.data() + 24, ids_from);
  store(octets.data() + 32, crc32c({octets.data(), 32}));
  return octets;
}

std::optional<ItemId> parse_segment_header(std::string_view octets, SegmentName const& name) {
  if (octets.size() < head_octets) return std::nullopt;
  auto const ids_from = load<std::uint64_t>(octets.data() + 24);
  if (octets.substr(0, head_octets) != format_segment_header(name, ids_from)) return std::nullopt;
  return ids_from;
}

std::uint64_t record_octets(Head const& head) {
  std::uint64_t const inside = head.apart ? 0 : head.content_octets;
  return (head_octets + std::uint64_t{head.state_octets} + inside + 7) / 8 * 8;
}

HeadOctets format_head(Head const& head, SegmentName const& name) {
  HeadOctets octets{};
  char* const to = octets.data();
  to[4] = version;
  to[5] = static_cast<char>(head.kind);
  to[6] = static_cast<char>((head.apart ? apart_flag : 0) | (head.damaged ? damaged_flag : 0));
  store(to + 8, head.id);
  store(to + 16, head.at);
  store(to + 20, head.batch);
  store(to + 24, head.state_octets);
  store(to + 28, head.state_crc);
  store(to + 32, head.content_octets);
  store(to + 36, head.content_crc);
  store(to, head_crc(to, name));
  return octets;
}

namespace {

std::optional<Head> head_of(char const* from, std::size_t at, std::uint64_t segment_octets,
                            SegmentName const& name) {
  // What a search over megabytes looks at first; the checksum says the rest.
  if (from[4] != version || load<std::uint32_t>(from + 16) != at) return std::nullopt;
  auto const kind = static_cast<unsigned char>(from[5]);
  auto const flags = static_cast<unsigned char>(from[6]);
  if (kind < 1 || kind > static_cast<unsigned char>(Kind::list) ||
      flags > (apart_flag | damaged_flag) || from[7] != 0)
    return std::nullopt;
  if (load<std::uint32_t>(from) != head_crc(from, name)) return std::nullopt;
  Head head{static_cast<Kind>(kind),        (flags & apart_flag) != 0,
            (flags & damaged_flag) != 0,    load<std::uint64_t>(from + 8),
            load<std::uint32_t>(from + 16), load<std::uint32_t>(from + 20),
            load<std::uint32_t>(from + 24), load<std::uint32_t>(from + 28),
            load<std::uint32_t>(from + 32), load<std::uint32_t>(from + 36)};
  if (record_octets(head) > segment_octets - at) return std::nullopt;
  return head;
}

}  // namespace

std::optional<Head> parse_head(std::string_view segment, std::size_t at, SegmentName const& name) {
  if (at > UINT32_MAX || segment.size() < head_octets || at > segment.size() - head_octets)
    return std::nullopt;
  return head_of(segment.data() + at, at, segment.size(), name);
}

std::optional<Head> parse_head(HeadOctets const& octets, std::uint32_t at,
                               std::uint64_t segment_octets, SegmentName const& name) {
  if (at + std::uint64_t{head_octets} > segment_octets) return std::nullopt;
  return head_of(octets.data(), at, segment_octets, name);
}

}  // namespace mailstack::queue
