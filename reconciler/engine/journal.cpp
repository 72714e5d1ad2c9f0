#include "reconciler/engine/journal.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace mailstack::engine {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view first_member = "mailstack_journal";
constexpr std::string_view sum_member = ",\"sum\":\"";

/// CRC-32C (Castagnoli, RFC 3720 B.4), reflected, bit by bit from a table of 256.
std::uint32_t crc32c(std::string_view octets) {
  static auto const table = [] {
    std::array<std::uint32_t, 256> all{};
    for (std::uint32_t i = 0; i < all.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit)
        value = (value >> 1) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
      all[i] = value;
    }
    return all;
  }();
  std::uint32_t sum = 0xFFFFFFFFU;
  for (char const c : octets)
    sum = (sum >> 8) ^ table[(sum ^ static_cast<unsigned char>(c)) & 0xFFU];
  return ~sum;
}

std::string hex(std::uint32_t value) {
  std::string text(8, '0');
  for (std::size_t i = 8; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15U];
  return text;
}

std::string seal(std::string json) {
  json.pop_back();  // the closing brace: the sum is the last member
  auto const sum = crc32c(json);
  json += sum_member;
  json += hex(sum);
  json += "\"}\n";
  return json;
}

void add(Json& json, char const* name, std::string const& text) {
  if (!text.empty()) json[name] = text;
}

/// Nothing of ours is nested deeper; the library copies and prints by recursion, and a line of
/// brackets alone would end the process.
constexpr int deepest = 16;

/// Discarded where `text` is not JSON, or nested too deeply.
Json parse_json(std::string_view text) {
  bool deep = false;
  auto json = Json::parse(
      text,
      [&](int depth, Json::parse_event_t, Json const&) {
        deep = deep || depth > deepest;
        return depth <= deepest;
      },
      false);
  return deep ? Json(Json::value_t::discarded) : json;
}

void add_fields(Json& json, char const* name, std::string const& fields) {
  if (fields.empty()) return;
  auto parsed = parse_json(fields);
  // Text that is no object stays as it is: `"5"` must not come back as `5`.
  json[name] = parsed.is_object() ? std::move(parsed) : Json(fields);
}

std::string text_of(Json const& json, char const* name) {
  auto const found = json.find(name);
  if (found == json.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

Result<Json> open_seal(std::string_view line) {
  auto const end = line.rfind(sum_member);
  if (end == std::string_view::npos || line.size() != end + sum_member.size() + 10 ||
      !line.ends_with("\"}"))
    return fail(ErrorCode::invalid, "the line is cut short: its sum is missing");
  if (line.substr(end + sum_member.size(), 8) != hex(crc32c(line.substr(0, end))))
    return fail(ErrorCode::invalid, "the line's sum does not fit");
  auto json = parse_json(line);
  if (!json.is_object()) return fail(ErrorCode::invalid, "not a JSON object, or nested too deeply");
  return json;
}

std::string first_line() { return seal(Json{{std::string(first_member), 1}}.dump()); }

}  // namespace

std::string format_record(Record const& record) {
  Json json;
  json["event"] = record.event;
  json["run"] = record.run;
  json["at"] = mailstack::format(record.at);
  add(json, "command", record.command);
  add(json, "manifest", record.manifest);
  add(json, "revision", record.revision);
  add(json, "address", record.address);
  add(json, "action", record.action);
  add(json, "cause", record.cause);
  add(json, "description", record.description);
  add_fields(json, "before", record.before);
  add_fields(json, "after", record.after);
  add(json, "lane", record.lane);
  add(json, "error", record.error);
  add(json, "note", record.note);
  if (record.event == "end") json["exit"] = record.exit_code;
  return seal(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<Record> parse_record(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  auto json = open_seal(line);
  if (!json) return fail(json.error());
  Record record;
  record.event = text_of(*json, "event");
  if (record.event.empty()) return fail(ErrorCode::invalid, "no event");
  record.run = text_of(*json, "run");
  auto at = parse_time(text_of(*json, "at"));
  if (!at) return fail(within(at.error(), "at"));
  record.at = *at;
  record.command = text_of(*json, "command");
  record.manifest = text_of(*json, "manifest");
  record.revision = text_of(*json, "revision");
  record.address = text_of(*json, "address");
  record.action = text_of(*json, "action");
  record.cause = text_of(*json, "cause");
  record.description = text_of(*json, "description");
  record.before = text_of(*json, "before");
  record.after = text_of(*json, "after");
  record.lane = text_of(*json, "lane");
  record.error = text_of(*json, "error");
  record.note = text_of(*json, "note");
  auto const exit = json->find("exit");
  if (exit != json->end() && exit->is_number_integer()) record.exit_code = exit->get<int>();
  return record;
}

JournalContents parse_journal(std::string_view text) {
  JournalContents contents;
  std::size_t number = 0;
  while (!text.empty()) {
    auto const end = text.find('\n');
    auto const line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.empty()) continue;
    // A line that a crash cut short is skipped: the next append began on a line of its own.
    if (auto opened = open_seal(line); opened && opened->contains(first_member)) continue;
    if (auto record = parse_record(line)) {
      contents.records.push_back(*std::move(record));
    } else if (contents.damage.empty()) {
      contents.damage = "line " + std::to_string(number) + ": " + record.error().what;
    }
  }
  return contents;
}

Result<Journal> Journal::open(files::Files& files, std::string path) {
  Journal journal;
  journal.files_ = &files;
  journal.path_ = std::move(path);
  auto const stat = files.stat(journal.path_);
  if (!stat && stat.error().code != ErrorCode::not_found)
    return fail(within(stat.error(), "journal"));
  // A file that a crash left without its final newline gets one, so that the next record is whole.
  std::string opening;
  if (!stat || stat->size == 0) {
    opening = first_line();
  } else {
    auto const text = files.read(journal.path_);
    if (!text) return fail(within(text.error(), "journal"));
    if (!text->ends_with('\n')) opening = "\n";
  }
  if (!opening.empty())
    if (auto appended = files.append(journal.path_, opening); !appended)
      return fail(within(appended.error(), "journal"));
  return journal;
}

Result<> Journal::append(std::vector<Record> const& records) {
  if (files_ == nullptr || records.empty()) return {};
  std::string text;
  for (auto const& record : records) text += format_record(record);
  auto appended = files_->append(path_, text);
  if (!appended) return fail(within(appended.error(), "journal"));
  return {};
}

}  // namespace mailstack::engine
