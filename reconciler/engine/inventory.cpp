#include "reconciler/engine/inventory.hpp"

#include <algorithm>
#include <limits>

#include "core/json_text/json_text.hpp"
#include "reconciler/engine/fields.hpp"
#include "reconciler/engine/fields_json.hpp"

namespace mailstack::engine {

namespace {

namespace dom = simdjson::dom;

// The members of a row, each spelled once. Short, because there is a line a record in zones of ten
// thousand.
namespace member {
constexpr char const* version = "mailstack_inventory";
constexpr char const* address = "address";
constexpr char const* applied = "spec";
constexpr char const* lane = "lane";
constexpr char const* group = "group";
constexpr char const* of_domain = "of_domain";
constexpr char const* reason = "reason";
constexpr char const* file = "file";
constexpr char const* line = "line";
constexpr char const* column = "column";
constexpr char const* applied_at = "applied_at";
constexpr char const* same_since = "same_since";
constexpr char const* orphaned_since = "orphaned_since";
constexpr char const* departure = "departure";
constexpr char const* neighbours = "neighbours";
constexpr char const* on_remove = "on_remove";
constexpr char const* retirement = "retirement";
constexpr char const* heads = "heads";
constexpr char const* schedule = "schedule";
}  // namespace member

void set_time(json_text::Object& json, char const* name, std::optional<TimePoint> const& time) {
  if (time) json.add(name, std::int64_t{time->time_since_epoch().count()});
}

/// `name`: a list of words, unless it is empty.
template <class T, class Word>
void add_list(std::string& out, json_text::Object& json, char const* name,
              std::vector<T> const& all, Word word) {
  if (all.empty()) return;
  json.key(name);
  out += '[';
  for (auto const& one : all) {
    if (&one != &all.front()) out += ',';
    json_text::append_string(out, word(one));
  }
  out += ']';
}

/// What stands there, where it is of this sort.
std::string text_of(dom::element const& json) {
  std::string_view text;
  return json.get(text) == simdjson::SUCCESS ? std::string(text) : std::string{};
}

std::optional<std::int64_t> number_of(dom::element const& json) {
  std::int64_t number = 0;
  return json.get(number) == simdjson::SUCCESS ? std::optional(number) : std::nullopt;
}

std::optional<TimePoint> time_of(dom::element const& json) {
  auto const seconds = number_of(json);
  return seconds ? std::optional(TimePoint(std::chrono::seconds(*seconds))) : std::nullopt;
}

bool flag_of(dom::element const& json) { return json.is_bool() && bool(json); }

unsigned place_of(dom::element const& json) {
  auto const number = number_of(json).value_or(0);
  return number > 0 && number <= std::numeric_limits<unsigned>::max()
             ? static_cast<unsigned>(number)
             : 0;
}

/// The words of a list.
std::vector<std::string> words_of(dom::element const& json) {
  std::vector<std::string> all;
  dom::array list;
  if (json.get(list) != simdjson::SUCCESS) return all;
  for (auto const& word : list) all.push_back(text_of(word));
  return all;
}

std::vector<Address> addresses_of(dom::element const& json) {
  std::vector<Address> all;
  for (auto const& word : words_of(json))
    if (auto address = parse_address(word)) all.push_back(*std::move(address));
  return all;
}

void append_departure(std::string& out, Departure const& departure) {
  json_text::Object json(out);
  set_time(json, "seen", departure.seen);
  set_time(json, "missed", departure.missed);
  json.key("state");
  append_json(out, departure.state);
  add_list(out, json, "replacements", departure.replacements,
           [](Address const& address) { return address.text(); });
  json.end();
}

void append_row(std::string& out, Row const& row) {
  json_text::Object json(out);
  json.add(member::address, row.address.text());
  json.key(member::applied);
  append_json(out, row.applied);
  json.add(member::lane, row.lane);
  json.add(member::group, row.group);
  if (row.of_domain) {
    json.key(member::of_domain);
    out += "true";
  }
  json.add(member::reason, row.reason);
  if (!row.source.file.empty()) {
    json.add(member::file, row.source.file);
    json.add(member::line, std::int64_t{row.source.line});
    json.add(member::column, std::int64_t{row.source.column});
  }
  set_time(json, member::applied_at, row.applied_at);
  set_time(json, member::same_since, row.same_since);
  set_time(json, member::orphaned_since, row.orphaned_since);
  if (row.departure) {
    json.key(member::departure);
    append_departure(out, *row.departure);
  }
  add_list(out, json, member::neighbours, row.neighbours,
           [](Address const& address) { return address.text(); });
  add_list(out, json, member::on_remove, row.on_remove,
           [](Hazard hazard) { return format(hazard); });
  if (row.retirement) {
    json.key(member::retirement);
    json_text::Object retirement(out);
    retirement.add("lineage", row.retirement->lineage);
    retirement.add("after", std::int64_t{row.retirement->after.count()});
    retirement.end();
  }
  if (!row.heads.empty()) json.add(member::heads, row.heads);
  if (!row.schedule.empty()) json.add(member::schedule, row.schedule);
  json.end();
  out += '\n';
}

std::optional<Departure> departure_of(dom::element const& json) {
  dom::object object;
  if (json.get(object) != simdjson::SUCCESS) return std::nullopt;
  Departure departure;
  for (auto const& [name, value] : object) {
    if (name == "seen") departure.seen = time_of(value).value_or(TimePoint{});
    if (name == "missed") departure.missed = time_of(value).value_or(TimePoint{});
    if (name == "replacements") departure.replacements = addresses_of(value);
    if (name != "state") continue;
    if (auto fields = read_fields(value)) departure.state = *std::move(fields);
  }
  return departure;
}

std::optional<Retirement> retirement_of(dom::element const& json) {
  dom::object object;
  if (json.get(object) != simdjson::SUCCESS) return std::nullopt;
  Retirement retirement;
  for (auto const& [name, value] : object) {
    if (name == "lineage") retirement.lineage = text_of(value);
    if (name == "after") retirement.after = Duration(number_of(value).value_or(0));
  }
  return retirement;
}

void read_hazards(dom::element const& json, Row& row) {
  for (auto const& word : words_of(json))
    if (auto hazard = parse_hazard(word)) row.on_remove.push_back(*hazard);
}

/// Any member of a row but address and spec; what has another name is left out.
void read_member(std::string_view name, dom::element const& value, Row& row) {
  if (name == member::lane) {
    row.lane = text_of(value);
  } else if (name == member::group) {
    row.group = text_of(value);
  } else if (name == member::of_domain) {
    row.of_domain = flag_of(value);
  } else if (name == member::reason) {
    row.reason = text_of(value);
  } else if (name == member::file) {
    row.source.file = text_of(value);
  } else if (name == member::line) {
    row.source.line = place_of(value);
  } else if (name == member::column) {
    row.source.column = place_of(value);
  } else if (name == member::applied_at) {
    row.applied_at = time_of(value).value_or(TimePoint{});
  } else if (name == member::same_since) {
    row.same_since = time_of(value);
  } else if (name == member::orphaned_since) {
    row.orphaned_since = time_of(value);
  } else if (name == member::departure) {
    row.departure = departure_of(value);
  } else if (name == member::neighbours) {
    row.neighbours = addresses_of(value);
  } else if (name == member::on_remove) {
    read_hazards(value, row);
  } else if (name == member::retirement) {
    row.retirement = retirement_of(value);
  } else if (name == member::heads) {
    row.heads = text_of(value);
  } else if (name == member::schedule) {
    row.schedule = text_of(value);
  }
}

/// The object on one line.
Result<dom::object> parse_object(dom::parser& parser, std::string_view line) {
  dom::object object;
  if (parser.parse(line.data(), line.size()).get(object) != simdjson::SUCCESS)
    return fail(ErrorCode::invalid, "not a JSON object");
  return object;
}

Result<Row> parse_row(dom::parser& parser, std::string_view line) {
  auto const object = parse_object(parser, line);
  if (!object) return fail(object.error());
  Row row;
  std::optional<Address> address;
  auto fields = Result<Fields>(fail(ErrorCode::invalid, "no spec"));
  for (auto const& [name, value] : *object) {
    if (name == member::address)
      address = parse_address(text_of(value));
    else if (name == member::applied)
      fields = read_fields(value);
    else
      read_member(name, value, row);
  }
  if (!address) return fail(ErrorCode::invalid, "no address");
  if (!fields) return fail(fields.error());
  row.address = *std::move(address);
  row.applied = *std::move(fields);
  return row;
}

Result<> parse_header(dom::parser& parser, std::string_view line, Inventory& inventory) {
  auto const object = parse_object(parser, line);
  std::int64_t version = 0;
  if (object)
    for (auto const& [name, value] : *object) {
      if (name == member::version) version = number_of(value).value_or(0);
      if (name == "manifest") inventory.manifest_digest = text_of(value);
      if (name == "path") inventory.manifest_path = text_of(value);
      if (name == "file") inventory.manifest_file = text_of(value);
      if (name == "revision") inventory.revision = text_of(value);
      if (name == "modified") inventory.modified = flag_of(value);
      if (name == "applied_at") inventory.applied_at = time_of(value);
      if (name == "looked_at") inventory.looked_at = time_of(value);
    }
  if (version != 1) return fail(ErrorCode::invalid, "line 1: not an inventory of version 1");
  return {};
}

}  // namespace

Row const* Inventory::find(Address const& address) const {
  auto const found = index_.find(address);
  return found == index_.end() ? nullptr : &*rows_[found->second];
}

Row* Inventory::find(Address const& address) {
  auto const found = index_.find(address);
  return found == index_.end() ? nullptr : &*rows_[found->second];
}

void Inventory::put(Row row) {
  if (auto* old = find(row.address)) {
    *old = std::move(row);
    return;
  }
  index_.emplace(row.address, rows_.size());
  rows_.emplace_back(std::move(row));
}

void Inventory::share(std::vector<Resource> const& resources) {
  for (auto const& resource : resources)
    if (auto* row = find(resource.address); row != nullptr && row->applied == resource.spec)
      row->applied = resource.spec;
}

void Inventory::erase(Address const& address) {
  auto const found = index_.find(address);
  if (found == index_.end()) return;
  rows_[found->second].reset();
  index_.erase(found);
}

std::vector<Row const*> Inventory::rows() const {
  std::vector<Row const*> all;
  all.reserve(index_.size());
  for (auto const& row : rows_)
    if (row) all.push_back(&*row);
  return all;
}

std::string format_inventory(Inventory const& inventory) {
  std::string text;
  json_text::Object header(text);
  header.add(member::version, 1);
  header.add("manifest", inventory.manifest_digest);
  if (!inventory.manifest_path.empty()) header.add("path", inventory.manifest_path);
  if (!inventory.manifest_file.empty()) header.add("file", inventory.manifest_file);
  if (!inventory.revision.empty()) header.add("revision", inventory.revision);
  if (inventory.modified) {
    header.key("modified");
    text += "true";
  }
  set_time(header, "applied_at", inventory.applied_at);
  set_time(header, "looked_at", inventory.looked_at);
  header.end();
  text += '\n';
  auto rows = inventory.rows();
  std::sort(rows.begin(), rows.end(),
            [](Row const* a, Row const* b) { return a->address < b->address; });
  for (auto const* row : rows) append_row(text, *row);
  return text;
}

Result<Inventory> parse_inventory(std::string_view text) {
  Inventory inventory;
  std::size_t number = 0;
  dom::parser parser;
  if (parser.allocate(4096, deepest_json) != simdjson::SUCCESS)
    return fail(ErrorCode::unavailable, "there is no memory to read it with");
  while (!text.empty()) {
    auto const end = text.find('\n');
    auto const line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (++number == 1) {
      if (auto header = parse_header(parser, line, inventory); !header) return fail(header.error());
      continue;
    }
    auto row = parse_row(parser, line);
    if (!row) return fail(within(row.error(), "line " + std::to_string(number)));
    inventory.put(*std::move(row));
  }
  if (number == 0) return fail(ErrorCode::invalid, "line 1: empty file");
  return inventory;
}

Result<Inventory> load_inventory(files::Files& files, std::string const& path) {
  auto text = files.read(path);
  if (!text) {
    if (text.error().code == ErrorCode::not_found) return Inventory{};
    return fail(within(text.error(), "inventory"));
  }
  auto inventory = parse_inventory(*text);
  if (!inventory)
    return fail(ErrorCode::invalid,
                "inventory " + path + ": " + inventory.error().what +
                    "; move the file away to go on without it: what is equal is then adopted, and "
                    "what is not asks for --adopt");
  return inventory;
}

Result<> store_inventory(files::Files& files, std::string const& path, Inventory const& inventory) {
  auto written =
      files.write(path, format_inventory(inventory), {.mode = 0600, .owner = {}, .group = {}});
  if (!written) return fail(within(written.error(), "inventory " + path));
  return {};
}

}  // namespace mailstack::engine
