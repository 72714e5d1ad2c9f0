#include "reconciler/engine/journal.hpp"

#include <array>
#include <utility>

#include "core/json_text/json_text.hpp"
#include "reconciler/engine/fields_json.hpp"

namespace mailstack::engine {

namespace {

namespace dom = simdjson::dom;

constexpr std::string_view first_member = "mailstack_journal";
constexpr std::string_view sum_member = ",\"sum\":\"";

/// Table 0 carries the sum over one octet, table k over k octets of zeros more.
constexpr std::size_t stride = 8;
constexpr auto crc_tables = [] {
  std::array<std::array<std::uint32_t, 256>, stride> all{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
    all[0][i] = value;
  }
  for (std::size_t k = 1; k < stride; ++k)
    for (std::size_t i = 0; i < 256; ++i)
      all[k][i] = (all[k - 1][i] >> 8) ^ all[0][all[k - 1][i] & 0xFFU];
  return all;
}();

/// CRC-32C (Castagnoli, RFC 3720 B.4), reflected; eight octets a step, since an apply of ten
/// thousand records sums up megabytes.
std::uint32_t crc32c(std::string_view octets) {
  std::uint32_t sum = 0xFFFFFFFFU;
  auto const octet = [&](std::size_t at) {
    return std::uint32_t{static_cast<unsigned char>(octets[at])};
  };
  for (; octets.size() >= stride; octets.remove_prefix(stride)) {
    sum ^= octet(0) | octet(1) << 8 | octet(2) << 16 | octet(3) << 24;
    sum = crc_tables[7][sum & 0xFFU] ^ crc_tables[6][(sum >> 8) & 0xFFU] ^
          crc_tables[5][(sum >> 16) & 0xFFU] ^ crc_tables[4][sum >> 24] ^ crc_tables[3][octet(4)] ^
          crc_tables[2][octet(5)] ^ crc_tables[1][octet(6)] ^ crc_tables[0][octet(7)];
  }
  for (char const c : octets)
    sum = (sum >> 8) ^ crc_tables[0][(sum ^ static_cast<unsigned char>(c)) & 0xFFU];
  return ~sum;
}

std::string hex(std::uint32_t value) {
  std::string text(8, '0');
  for (std::size_t i = 8; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15U];
  return text;
}

/// Ends the line that begins at `start` of `out` and still lacks its closing brace: the sum is the
/// last member.
void seal(std::string& out, std::size_t start) {
  auto const sum = crc32c(std::string_view(out).substr(start));
  out += sum_member;
  out += hex(sum);
  out += "\"}\n";
}

void add(json_text::Object& json, char const* name, std::string const& text) {
  if (!text.empty()) json.add(name, text);
}

/// A parser for one line at a time.
class LineParser {
 public:
  LineParser() { usable_ = parser_.allocate(4096, deepest_json) == simdjson::SUCCESS; }
  /// What it gives is valid until the next line.
  std::optional<dom::object> object(std::string_view text) {
    dom::object object;
    if (!usable_ || parser_.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS)
      return std::nullopt;
    return object;
  }

 private:
  dom::parser parser_;
  bool usable_ = false;
};

/// `fields` is an object already, on one line. Text that is none stays as it is: `"5"` must not
/// come back as `5`.
void add_fields(std::string& out, json_text::Object& json, LineParser& parser, char const* name,
                std::string const& fields) {
  if (fields.empty()) return;
  json.key(name);
  if (fields.find('\n') == std::string::npos && parser.object(fields))
    out += fields;
  else
    json_text::append_string(out, fields);
}

std::string text_of(dom::element const& json) {
  std::string_view text;
  return json.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(json);
}

Result<dom::object> open_seal(LineParser& parser, std::string_view line) {
  auto const end = line.rfind(sum_member);
  if (end == std::string_view::npos || line.size() != end + sum_member.size() + 10 ||
      !line.ends_with("\"}"))
    return fail(ErrorCode::invalid, "the line is cut short: its sum is missing");
  if (line.substr(end + sum_member.size(), 8) != hex(crc32c(line.substr(0, end))))
    return fail(ErrorCode::invalid, "the line's sum does not fit");
  auto const object = parser.object(line);
  if (!object) return fail(ErrorCode::invalid, "not a JSON object, or nested too deeply");
  return *object;
}

/// The members that are read as they stand.
constexpr std::pair<std::string_view, std::string Record::*> texts[] = {
    {"event", &Record::event},
    {"run", &Record::run},
    {"command", &Record::command},
    {"manifest", &Record::manifest},
    {"revision", &Record::revision},
    {"address", &Record::address},
    {"action", &Record::action},
    {"cause", &Record::cause},
    {"description", &Record::description},
    {"before", &Record::before},
    {"after", &Record::after},
    {"lane", &Record::lane},
    {"error", &Record::error},
    {"note", &Record::note},
};

Result<Record> record_of(dom::object const& json) {
  Record record;
  std::string at;
  for (auto const& [name, value] : json) {
    for (auto const& [member, text] : texts)
      if (name == member) record.*text = text_of(value);
    if (name == "at") at = text_of(value);
    if (std::int64_t exit = 0; name == "exit" && value.get(exit) == simdjson::SUCCESS)
      record.exit_code = static_cast<int>(exit);
  }
  if (record.event.empty()) return fail(ErrorCode::invalid, "no event");
  auto const time = parse_time(at);
  if (!time) return fail(within(time.error(), "at"));
  record.at = *time;
  return record;
}

std::string first_line() {
  std::string line;
  json_text::Object(line).add(first_member, 1);
  seal(line, 0);
  return line;
}

void append_record(std::string& out, LineParser& parser, Record const& record) {
  auto const start = out.size();
  json_text::Object json(out);
  json.add("event", record.event);
  json.add("run", record.run);
  json.add("at", mailstack::format(record.at));
  add(json, "command", record.command);
  add(json, "manifest", record.manifest);
  add(json, "revision", record.revision);
  add(json, "address", record.address);
  add(json, "action", record.action);
  add(json, "cause", record.cause);
  add(json, "description", record.description);
  add_fields(out, json, parser, "before", record.before);
  add_fields(out, json, parser, "after", record.after);
  add(json, "lane", record.lane);
  add(json, "error", record.error);
  add(json, "note", record.note);
  if (record.event == "end") json.add("exit", record.exit_code);
  seal(out, start);
}

}  // namespace

std::string format_record(Record const& record) {
  std::string line;
  LineParser parser;
  append_record(line, parser, record);
  return line;
}

Result<Record> parse_record(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  LineParser parser;
  auto const json = open_seal(parser, line);
  if (!json) return fail(json.error());
  return record_of(*json);
}

JournalContents parse_journal(std::string_view text) {
  JournalContents contents;
  std::size_t number = 0;
  LineParser parser;
  while (!text.empty()) {
    auto const end = text.find('\n');
    auto const line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.empty()) continue;
    // A line that a crash cut short is skipped: the next append began on a line of its own.
    auto const json = open_seal(parser, line);
    if (json && json->at_key(first_member).error() == simdjson::SUCCESS) continue;
    auto record = json ? record_of(*json) : fail(json.error());
    if (record) {
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
    auto const last = files.read_end(journal.path_, 1);
    if (!last) return fail(within(last.error(), "journal"));
    if (!last->ends_with('\n')) opening = "\n";
  }
  if (!opening.empty())
    if (auto appended = files.append(journal.path_, opening); !appended)
      return fail(within(appended.error(), "journal"));
  return journal;
}

Result<> Journal::append(std::vector<Record> const& records) {
  if (files_ == nullptr || records.empty()) return {};
  std::string text;
  LineParser parser;
  for (auto const& record : records) append_record(text, parser, record);
  auto appended = files_->append(path_, text);
  if (!appended) return fail(within(appended.error(), "journal"));
  return {};
}

}  // namespace mailstack::engine
