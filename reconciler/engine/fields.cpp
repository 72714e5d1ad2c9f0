#include "reconciler/engine/fields.hpp"

#include "core/digest/digest.hpp"
#include "core/json_text/json_text.hpp"
#include "reconciler/engine/fields_json.hpp"

namespace mailstack::engine {

namespace {

namespace dom = simdjson::dom;

void append_reference(std::string& out, Reference const& reference) {
  json_text::Object object(out);
  object.add("ref", reference.of.text());
  object.add("output", reference.output);
  object.end();
}

void append_list(std::string& out, std::vector<Item> const& items) {
  out += '[';
  for (auto const& item : items) {
    if (&item != &items.front()) out += ',';
    if (auto const* reference = std::get_if<Reference>(&item))
      append_reference(out, *reference);
    else
      json_text::append_string(out, std::get<std::string>(item));
  }
  out += ']';
}

void append_value(std::string& out, Value const& value) {
  if (auto const* text = std::get_if<std::string>(&value))
    json_text::append_string(out, *text);
  else if (auto const* number = std::get_if<std::int64_t>(&value))
    out += std::to_string(*number);
  else if (auto const* flag = std::get_if<bool>(&value))
    out += *flag ? "true" : "false";
  else if (auto const* reference = std::get_if<Reference>(&value))
    append_reference(out, *reference);
  else
    append_list(out, std::get<std::vector<Item>>(value));
}

/// An object with the two members of a reference, and no other.
std::optional<Reference> read_reference(dom::object const& json) {
  std::optional<std::string> of, output;
  for (auto const& [name, value] : json) {
    std::string_view text;
    if ((name != "ref" && name != "output") || value.get(text) != simdjson::SUCCESS)
      return std::nullopt;
    (name == "ref" ? of : output) = text;
  }
  auto address = of ? parse_address(*of) : std::nullopt;
  if (!output || !address) return std::nullopt;
  return Reference{*std::move(address), *std::move(output)};
}

std::optional<std::vector<Item>> read_list(dom::array const& json) {
  std::vector<Item> items;
  for (auto const& value : json) {
    if (value.is_string()) {
      items.emplace_back(std::string(std::string_view(value)));
      continue;
    }
    auto reference =
        value.is_object() ? read_reference(dom::object(value)) : std::optional<Reference>{};
    if (!reference) return std::nullopt;
    items.emplace_back(*std::move(reference));
  }
  return items;
}

/// Nothing where the value is of no sort that fields can hold.
std::optional<Value> read_value(dom::element const& json) {
  switch (json.type()) {
    case dom::element_type::STRING: return std::string(std::string_view(json));
    case dom::element_type::BOOL: return bool(json);
    case dom::element_type::INT64: return std::int64_t(json);
    case dom::element_type::OBJECT: return read_reference(dom::object(json));
    case dom::element_type::ARRAY: return read_list(dom::array(json));
    default: return std::nullopt;
  }
}

std::string text_of(Value const& value) {
  if (auto const* text = std::get_if<std::string>(&value)) return *text;
  if (auto const* reference = std::get_if<Reference>(&value))
    return "(" + reference->output + " of " + reference->of.text() + ")";
  if (auto const* items = std::get_if<std::vector<Item>>(&value)) {
    std::string joined;
    for (auto const& item : *items) {
      if (!joined.empty()) joined += ", ";
      auto const* text = std::get_if<std::string>(&item);
      joined += text ? *text : text_of(Value(std::get<Reference>(item)));
    }
    return joined;
  }
  std::string text;
  append_value(text, value);
  return text;
}

}  // namespace

std::vector<Reference> references(Fields const& fields) {
  std::vector<Reference> all;
  for (auto const& [name, value] : fields.entries()) {
    if (auto const* reference = std::get_if<Reference>(&value)) all.push_back(*reference);
    if (auto const* items = std::get_if<std::vector<Item>>(&value))
      for (auto const& item : *items)
        if (auto const* reference = std::get_if<Reference>(&item)) all.push_back(*reference);
  }
  return all;
}

void append_json(std::string& out, Fields const& fields) {
  json_text::Object object(out);
  for (auto const& [name, value] : fields.entries()) {
    object.key(name);
    append_value(out, value);
  }
  object.end();
}

std::string format_json(Fields const& fields) {
  std::string text;
  append_json(text, fields);
  return text;
}

Result<Fields> read_fields(dom::element const& json) {
  dom::object object;
  if (json.get(object) != simdjson::SUCCESS)
    return fail(ErrorCode::invalid, "fields are not a JSON object");
  Fields fields;
  for (auto const& [name, value] : object) {
    auto read = read_value(value);
    if (!read)
      return fail(ErrorCode::invalid,
                  "field " + std::string(name) + " is neither text, number nor list");
    fields.set(std::string(name), *std::move(read));
  }
  return fields;
}

Result<Fields> parse_fields(std::string_view json) {
  dom::parser parser;
  dom::element document;
  if (parser.allocate(json.size(), deepest_json) != simdjson::SUCCESS ||
      parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS)
    return fail(ErrorCode::invalid, "fields are not a JSON object");
  return read_fields(document);
}

std::string digest(Fields const& fields) { return mailstack::digest::sha256(format_json(fields)); }

Fields resolve(Fields const& fields,
               std::function<std::optional<std::string>(Reference const&)> const& lookup) {
  Fields resolved = fields;
  for (auto const& [name, value] : fields.entries()) {
    if (auto const* reference = std::get_if<Reference>(&value)) {
      if (auto text = lookup(*reference)) resolved.set(name, *std::move(text));
    } else if (auto const* items = std::get_if<std::vector<Item>>(&value)) {
      auto copy = *items;
      for (auto& item : copy)
        if (auto const* inner = std::get_if<Reference>(&item))
          if (auto text = lookup(*inner)) item = *std::move(text);
      resolved.set(name, std::move(copy));
    }
  }
  return resolved;
}

bool takes_softly(Fields const& spec, Address const& upstream) {
  bool softly = false;
  for (auto const& [name, value] : spec.entries()) {
    if (auto const* one = std::get_if<Reference>(&value); one != nullptr && one->of == upstream)
      return false;
    auto const* items = std::get_if<std::vector<Item>>(&value);
    if (items == nullptr) continue;
    for (auto const& item : *items)
      if (auto const* one = std::get_if<Reference>(&item); one != nullptr && one->of == upstream) {
        if (name == "needs") return false;
        softly = true;
      }
  }
  return softly;
}

std::vector<FieldDifference> differences(Fields const& before, Fields const& after) {
  std::vector<FieldDifference> all;
  for (auto const& [name, value] : after.entries()) {
    auto const* old = before.find(name);
    if (old && *old == value) continue;
    all.push_back({name, old ? text_of(*old) : std::string{}, text_of(value)});
  }
  for (auto const& [name, value] : before.entries())
    if (!after.find(name)) all.push_back({name, text_of(value), {}});
  return all;
}

namespace {

bool only_orders(Value const& value) {
  auto const* items = std::get_if<std::vector<Item>>(&value);
  return items != nullptr && std::all_of(items->begin(), items->end(), [](Item const& item) {
           return std::holds_alternative<Reference>(item);
         });
}

}  // namespace

bool same_wish(Fields const& a, Fields const& b) {
  if (a == b) return true;
  auto const holds = [](Fields const& all, Fields const& some) {
    return std::all_of(some.entries().begin(), some.entries().end(), [&](auto const& entry) {
      if (only_orders(entry.second)) return true;
      auto const* other = all.find(entry.first);
      return other != nullptr && *other == entry.second;
    });
  };
  return holds(a, b) && holds(b, a);
}

}  // namespace mailstack::engine
