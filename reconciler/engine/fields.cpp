#include "reconciler/engine/fields.hpp"

#include <openssl/evp.h>

#include <array>
#include <nlohmann/json.hpp>

namespace mailstack::engine {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(Reference const& reference) {
  return Json{{"ref", reference.of.text()}, {"output", reference.output}};
}

Json to_json(Value const& value) {
  return std::visit(
      [](auto const& held) -> Json {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, Reference>) {
          return to_json(held);
        } else if constexpr (std::is_same_v<Held, std::vector<Item>>) {
          Json list = Json::array();
          for (auto const& item : held)
            list.push_back(std::visit(
                [](auto const& one) -> Json {
                  if constexpr (std::is_same_v<std::decay_t<decltype(one)>, Reference>)
                    return to_json(one);
                  else
                    return one;
                },
                item));
          return list;
        } else {
          return held;
        }
      },
      value);
}

std::optional<Reference> parse_reference(Json const& json) {
  auto const ref = json.find("ref"), output = json.find("output");
  if (json.size() != 2 || ref == json.end() || output == json.end() || !ref->is_string() ||
      !output->is_string())
    return std::nullopt;
  auto address = parse_address(ref->get_ref<std::string const&>());
  if (!address) return std::nullopt;
  return Reference{std::move(*address), output->get<std::string>()};
}

std::optional<Value> parse_value(Json const& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_object()) {
    if (auto reference = parse_reference(json)) return *std::move(reference);
    return std::nullopt;
  }
  if (!json.is_array()) return std::nullopt;
  std::vector<Item> items;
  for (auto const& one : json) {
    if (one.is_string()) {
      items.emplace_back(one.get<std::string>());
    } else if (auto reference = one.is_object() ? parse_reference(one) : std::nullopt) {
      items.emplace_back(*std::move(reference));
    } else {
      return std::nullopt;
    }
  }
  return items;
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
  return to_json(value).dump();
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

std::string format_json(Fields const& fields) {
  Json object = Json::object();
  for (auto const& [name, value] : fields.entries()) object[name] = to_json(value);
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Fields> parse_fields(std::string_view json) {
  auto const parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) return fail(ErrorCode::invalid, "fields are not a JSON object");
  Fields fields;
  for (auto const& [name, value] : parsed.items()) {
    auto known = parse_value(value);
    if (!known)
      return fail(ErrorCode::invalid, "field " + name + " is neither text, number nor list");
    fields.set(name, *std::move(known));
  }
  return fields;
}

std::string digest(Fields const& fields) {
  auto const json = format_json(fields);
  std::array<unsigned char, 32> hash{};
  unsigned length = 0;
  EVP_Digest(json.data(), json.size(), hash.data(), &length, EVP_sha256(), nullptr);
  static constexpr char const* digits = "0123456789abcdef";
  std::string hex;
  for (auto octet : hash) {
    hex += digits[octet >> 4];
    hex += digits[octet & 15];
  }
  return hex;
}

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

}  // namespace mailstack::engine
