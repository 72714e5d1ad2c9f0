#include "reconciler/engine/inventory.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reconciler/engine/fields.hpp"

namespace mailstack::engine {

namespace {

using Json = nlohmann::ordered_json;

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

void set_time(Json& json, char const* name, std::optional<TimePoint> const& time) {
  if (time) json[name] = time->time_since_epoch().count();
}

std::optional<TimePoint> time_of(Json const& json, char const* name) {
  auto const found = json.find(name);
  if (found == json.end() || !found->is_number_integer()) return std::nullopt;
  return TimePoint(std::chrono::seconds(found->get<std::int64_t>()));
}

unsigned number_of(Json const& json, char const* name) {
  auto const found = json.find(name);
  return found != json.end() && found->is_number_unsigned() ? found->get<unsigned>() : 0;
}

std::string text_of(Json const& json, char const* name) {
  auto const found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

bool flag_of(Json const& json, char const* name) {
  auto const found = json.find(name);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

Json addresses(std::vector<Address> const& all) {
  Json list = Json::array();
  for (auto const& address : all) list.push_back(address.text());
  return list;
}

std::vector<Address> addresses_of(Json const& json, char const* name) {
  std::vector<Address> all;
  auto const found = json.find(name);
  if (found == json.end() || !found->is_array()) return all;
  for (auto const& one : *found)
    if (one.is_string())
      if (auto address = parse_address(one.get_ref<std::string const&>()))
        all.push_back(*std::move(address));
  return all;
}

Json to_json(Departure const& departure) {
  Json json;
  set_time(json, "seen", departure.seen);
  set_time(json, "missed", departure.missed);
  json["state"] = Json::parse(format_json(departure.state));
  if (!departure.replacements.empty()) json["replacements"] = addresses(departure.replacements);
  return json;
}

std::string format_row(Row const& row) {
  Json json;
  json[member::address] = row.address.text();
  json[member::applied] = Json::parse(format_json(row.applied));
  json[member::lane] = row.lane;
  json[member::group] = row.group;
  if (row.of_domain) json[member::of_domain] = true;
  json[member::reason] = row.reason;
  if (!row.source.file.empty()) {
    json[member::file] = row.source.file;
    json[member::line] = row.source.line;
    json[member::column] = row.source.column;
  }
  set_time(json, member::applied_at, row.applied_at);
  set_time(json, member::same_since, row.same_since);
  set_time(json, member::orphaned_since, row.orphaned_since);
  if (row.departure) json[member::departure] = to_json(*row.departure);
  if (!row.neighbours.empty()) json[member::neighbours] = addresses(row.neighbours);
  if (!row.on_remove.empty()) {
    Json list = Json::array();
    for (auto hazard : row.on_remove) list.push_back(format(hazard));
    json[member::on_remove] = std::move(list);
  }
  if (row.retirement)
    json[member::retirement] = {{"lineage", row.retirement->lineage},
                                {"after", row.retirement->after.count()}};
  if (!row.heads.empty()) json[member::heads] = row.heads;
  if (!row.schedule.empty()) json[member::schedule] = row.schedule;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Departure> departure_of(Json const& json) {
  auto const found = json.find(member::departure);
  if (found == json.end() || !found->is_object()) return std::nullopt;
  Departure departure;
  departure.seen = time_of(*found, "seen").value_or(TimePoint{});
  departure.missed = time_of(*found, "missed").value_or(TimePoint{});
  departure.replacements = addresses_of(*found, "replacements");
  if (auto const state = found->find("state"); state != found->end())
    if (auto fields = parse_fields(state->dump())) departure.state = *std::move(fields);
  return departure;
}

void read_hazards(Json const& json, Row& row) {
  auto const found = json.find(member::on_remove);
  if (found == json.end() || !found->is_array()) return;
  for (auto const& word : *found)
    if (word.is_string())
      if (auto hazard = parse_hazard(word.get_ref<std::string const&>()))
        row.on_remove.push_back(*hazard);
}

void read_retirement(Json const& json, Row& row) {
  auto const found = json.find(member::retirement);
  if (found == json.end() || !found->is_object()) return;
  auto const after = found->find("after");
  row.retirement = Retirement{
      text_of(*found, "lineage"),
      Duration(after != found->end() && after->is_number_integer() ? after->get<std::int64_t>()
                                                                   : 0)};
}

Result<Row> parse_row(std::string_view line) {
  auto const json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::invalid, "not a JSON object");
  Row row;
  auto address = parse_address(text_of(json, member::address));
  if (!address) return fail(ErrorCode::invalid, "no address");
  row.address = *std::move(address);
  auto const spec = json.find(member::applied);
  if (spec == json.end()) return fail(ErrorCode::invalid, "no spec");
  auto fields = parse_fields(spec->dump());
  if (!fields) return fail(fields.error());
  row.applied = *std::move(fields);
  row.lane = text_of(json, member::lane);
  row.group = text_of(json, member::group);
  row.of_domain = flag_of(json, member::of_domain);
  row.reason = text_of(json, member::reason);
  row.source.file = text_of(json, member::file);
  row.source.line = number_of(json, member::line);
  row.source.column = number_of(json, member::column);
  row.applied_at = time_of(json, member::applied_at).value_or(TimePoint{});
  row.same_since = time_of(json, member::same_since);
  row.orphaned_since = time_of(json, member::orphaned_since);
  row.departure = departure_of(json);
  row.neighbours = addresses_of(json, member::neighbours);
  read_hazards(json, row);
  read_retirement(json, row);
  row.heads = text_of(json, member::heads);
  row.schedule = text_of(json, member::schedule);
  return row;
}

Result<> parse_header(std::string_view line, Inventory& inventory) {
  auto const json = Json::parse(line, nullptr, false);
  if (!json.is_object() || number_of(json, member::version) != 1)
    return fail(ErrorCode::invalid, "line 1: not an inventory of version 1");
  inventory.manifest_digest = text_of(json, "manifest");
  inventory.manifest_file = text_of(json, "file");
  inventory.revision = text_of(json, "revision");
  inventory.modified = json.value("modified", false);
  inventory.applied_at = time_of(json, "applied_at");
  inventory.looked_at = time_of(json, "looked_at");
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
  Json header;
  header[member::version] = 1;
  header["manifest"] = inventory.manifest_digest;
  if (!inventory.manifest_file.empty()) header["file"] = inventory.manifest_file;
  if (!inventory.revision.empty()) header["revision"] = inventory.revision;
  if (inventory.modified) header["modified"] = true;
  set_time(header, "applied_at", inventory.applied_at);
  set_time(header, "looked_at", inventory.looked_at);
  auto rows = inventory.rows();
  std::sort(rows.begin(), rows.end(),
            [](Row const* a, Row const* b) { return a->address < b->address; });
  auto text = header.dump() + "\n";
  for (auto const* row : rows) text += format_row(*row) + "\n";
  return text;
}

Result<Inventory> parse_inventory(std::string_view text) {
  Inventory inventory;
  std::size_t number = 0;
  while (!text.empty()) {
    auto const end = text.find('\n');
    auto const line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (++number == 1) {
      if (auto header = parse_header(line, inventory); !header) return fail(header.error());
      continue;
    }
    auto row = parse_row(line);
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
