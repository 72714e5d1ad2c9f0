#include "daemon/queue/log_spool/listing.hpp"

#include <sys/stat.h>

#include "daemon/queue/log_spool/crc32c.hpp"
#include "daemon/queue/log_spool/log.hpp"

namespace mailstack::queue {

namespace {

/// Of an item without its state.
constexpr std::size_t item_octets = 28;

std::optional<HeadOctets> read_head(int file, std::uint64_t at) {
  auto const octets = read_at(file, at, head_octets);
  if (!octets) return std::nullopt;
  HeadOctets head{};
  octets->copy(head.data(), head.size());
  return head;
}

bool append_with_state(std::string& list, ListedItem item, SegmentFile const& file,
                       Part const& place) {
  auto const state = read_at(file.file.number(), place.at, place.octets);
  if (!state || crc32c(*state) != place.crc) return false;
  item.state = *state;
  append(list, item);
  return true;
}

/// Nothing where a state cannot be read or the list becomes larger than `most`.
std::optional<std::string> list_of(Index::Outcome const& outcome, SegmentFile const& file,
                                   std::size_t most) {
  std::string list;
  for (auto const& [id, item] : outcome.puts) {
    ListedItem const put{Kind::put,           item.apart,       id, item.content.at,
                         item.content.octets, item.content.crc, {}};
    if (list.size() > most || !append_with_state(list, put, file, item.state)) return std::nullopt;
  }
  for (auto const& [id, item] : outcome.states) {
    ListedItem const state{.kind = Kind::state, .id = id};
    if (list.size() > most || !append_with_state(list, state, file, item.state))
      return std::nullopt;
  }
  for (auto const id : outcome.removed) append(list, {.kind = Kind::remove, .id = id});
  if (list.size() > most) return std::nullopt;
  return list;
}

}  // namespace

void append(std::string& list, ListedItem const& item) {
  auto const at = list.size();
  list.resize(at + item_octets);
  char* const to = list.data() + at;
  to[0] = static_cast<char>(item.kind);
  to[1] = item.apart ? 1 : 0;
  store(to + 4, static_cast<std::uint32_t>(item.state.size()));
  store(to + 8, item.id);
  store(to + 16, item.content_at);
  store(to + 20, item.content_octets);
  store(to + 24, item.content_crc);
  list.append(item.state);
}

std::optional<std::vector<ListedItem>> parse_list(std::string_view list) {
  std::vector<ListedItem> items;
  while (!list.empty()) {
    if (list.size() < item_octets) return std::nullopt;
    char const* const from = list.data();
    if (from[0] < 1 || from[0] > 3 || from[1] < 0 || from[1] > 1 || from[2] != 0 || from[3] != 0)
      return std::nullopt;
    auto const state_octets = load<std::uint32_t>(from + 4);
    list.remove_prefix(item_octets);
    if (state_octets > list.size()) return std::nullopt;
    items.push_back({static_cast<Kind>(from[0]), from[1] != 0, load<std::uint64_t>(from + 8),
                     load<std::uint32_t>(from + 16), load<std::uint32_t>(from + 20),
                     load<std::uint32_t>(from + 24), list.substr(0, state_octets)});
    list.remove_prefix(state_octets);
  }
  return items;
}

std::string format_end(SegmentName const& name, std::uint32_t at, std::string_view list,
                       bool has_list, ItemId highest) {
  std::string end;
  auto const add = [&](Head head) {
    head.at = at + static_cast<std::uint32_t>(end.size());
    head.batch = at;
    auto const octets = format_head(head, name);
    end.append(octets.data(), octets.size());
  };
  if (has_list) {
    end.reserve(list.size() + std::size_t{2} * head_octets + 8);
    add(Head{.kind = Kind::list,
             .id = highest,
             .state_octets = static_cast<std::uint32_t>(list.size()),
             .state_crc = crc32c(list)});
    end.append(list);
    end.resize((end.size() + 7) / 8 * 8);
  }
  add(Head{.kind = Kind::seal});
  return end;
}

std::string make_end(Index const& index, SegmentFile const& file, std::uint32_t at) {
  auto const most = at / 4;
  auto const outcome = index.outcome_of_newest();
  std::optional<std::string> list;
  if (head_octets <= most) list = list_of(outcome, file, most - head_octets);
  return format_end(file.name, at, list.value_or(""), list.has_value(), outcome.highest);
}

std::optional<FoundList> read_list(SegmentFile const& file) {
  auto const number = file.file.number();
  struct stat found {};
  if (::fstat(number, &found) != 0) return std::nullopt;
  auto const size = static_cast<std::uint64_t>(found.st_size);
  if (size < std::uint64_t{3} * head_octets || size > UINT32_MAX) return std::nullopt;
  auto const seal_at = static_cast<std::uint32_t>(size - head_octets);
  auto octets = read_head(number, seal_at);
  auto head = octets ? parse_head(*octets, seal_at, size, file.name) : std::nullopt;
  // Both are of one batch, which the list begins.
  if (!head || head->kind != Kind::seal || head->batch >= seal_at) return std::nullopt;
  FoundList list;
  list.end = static_cast<std::uint32_t>(size);
  list.at = head->batch + head_octets;
  octets = read_head(number, head->batch);
  head = octets ? parse_head(*octets, head->batch, size, file.name) : std::nullopt;
  if (!head || head->kind != Kind::list || head->at + record_octets(*head) != seal_at)
    return std::nullopt;
  list.highest = head->id;
  auto text = read_at(number, list.at, head->state_octets);
  if (!text || crc32c(*text) != head->state_crc) return std::nullopt;
  list.octets = *std::move(text);
  auto const header = read_at(number, 0, head_octets);
  auto const ids_from = header ? parse_segment_header(*header, file.name) : std::nullopt;
  if (!ids_from) return std::nullopt;
  list.ids_from = *ids_from;
  auto items = parse_list(list.octets);
  if (!items) return std::nullopt;
  list.items = *std::move(items);
  return list;
}

}  // namespace mailstack::queue
