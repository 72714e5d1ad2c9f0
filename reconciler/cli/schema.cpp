#include "reconciler/cli/schema.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "reconciler/manifest/values.hpp"

namespace mailstack::cli {

namespace {

using Json = nlohmann::ordered_json;
using manifest::KeyTable;
using manifest::TableRow;

constexpr std::string_view provider_path = "dns.providers.*";

/// True where a YAML program without our table takes the plain word for a number.
bool reads_as_number(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isdigit(c) != 0 || c == '.';
  });
}

Json number_of(std::string_view word) {
  return word.find('.') == std::string_view::npos ? Json(std::stoll(std::string(word)))
                                                  : Json(std::stod(std::string(word)));
}

Json choices(keys::Key const& key) {
  Json words = Json::array();
  for (std::string_view word : manifest::words_of(key.choices)) {
    words.push_back(word);
    // Without quotes it is a number to an editor, and still the word to us.
    if (reads_as_number(word)) words.push_back(number_of(word));
  }
  return {{"enum", std::move(words)}};
}

Json text(std::string_view pattern = {}) {
  Json made{{"type", "string"}};
  if (!pattern.empty()) made["pattern"] = pattern;
  return made;
}

/// What an editor may take for a number is text to us: `owner: 5`.
Json free_text(std::string_view pattern = {}) {
  Json made{{"type", {"string", "number"}}};
  if (!pattern.empty()) made["pattern"] = pattern;
  return made;
}

Json reference(bool password) {
  Json forms;
  for (char const* form : {"credential", "file", "env"}) forms[form] = free_text("^.");
  if (password)
    for (char const* form : {"hash", "hash_file"}) forms[form] = free_text("^.");
  return {{"type", "object"},
          {"properties", std::move(forms)},
          {"additionalProperties", false},
          {"minProperties", 1},
          {"maxProperties", 1}};
}

/// One value. Never stricter than the parser: an editor must not call a good manifest wrong.
Json value(keys::Key const& key) {
  switch (key.type) {
    case keys::Type::integer: {
      Json made{{"type", "integer"}, {"minimum", key.minimum}};
      if (key.maximum < 9'000'000'000'000'000) made["maximum"] = key.maximum;
      return made;
    }
    case keys::Type::boolean: return {{"type", "boolean"}};
    case keys::Type::choice: return choices(key);
    case keys::Type::duration: return text("^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$");
    case keys::Type::size:
      return {{"type", {"string", "integer"}}, {"pattern", "^(0|[1-9][0-9]*)[KMG]?$"}};
    case keys::Type::ipv4: return text("^[0-9]{1,3}(\\.[0-9]{1,3}){3}$");
    case keys::Type::ipv6: return text("^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$");
    case keys::Type::address: return text("^.+@.+$");
    case keys::Type::recipient: return free_text("^[^|]");
    case keys::Type::url: return text("^https?://[^/]");
    case keys::Type::secret: return reference(false);
    case keys::Type::password: return reference(true);
    case keys::Type::name:
    case keys::Type::text: return text();
    case keys::Type::string: return free_text();
    case keys::Type::endpoint:
    case keys::Type::path: return free_text("^.");
    case keys::Type::mapping: break;
  }
  return Json::object();
}

Json fallback_json(keys::Key const& key) {
  auto const values = manifest::fallback_values(key.fallback);
  if (key.list) return values;
  std::string const word = values.empty() ? std::string() : values.front();
  if (key.type == keys::Type::integer) return number_of(word);
  if (key.type == keys::Type::boolean) return word == "true";
  return word;
}

std::string description(keys::Key const& key) {
  std::string out(key.summary);
  if (!key.fallback.empty()) {
    out += (out.empty() ? "" : " ") + std::string("Default: ") + std::string(key.fallback) + ".";
  } else if (!key.derived.empty()) {
    out += (out.empty() ? "" : " ") + std::string("When absent: ") + std::string(key.derived) + ".";
  }
  return out;
}

class Generator {
 public:
  explicit Generator(KeyTable const& table) : table_(table) {}

  Json root() {
    Json made{{"$schema", "http://json-schema.org/draft-07/schema#"},
              {"title", "mailstack manifest"},
              {"description",
               "Generated from the key table by `mailstack schema`; docs/manifest.md is its "
               "reference."}};
    Json body = mapping("", {});
    body["type"] = "object";
    made.update(body);
    return made;
  }

 private:
  Json row(TableRow const& found, std::string_view type) {
    keys::Key const& key = *found.key;
    Json made = key.type == keys::Type::mapping ? below(found.path, type) : value(key);
    if (key.type == keys::Type::mapping && !key.choices.empty())
      made = {{"anyOf", {made, {{"enum", manifest::words_of(key.choices)}}}}};
    if (key.list) {
      Json one = made;
      made = {{"anyOf", {one, {{"type", "array"}, {"items", one}}}}};
    }
    Json described = Json::object();
    if (std::string const words = description(key); !words.empty())
      described["description"] = words;
    described.update(made);
    if (!key.fallback.empty()) described["default"] = fallback_json(key);
    return described;
  }

  Json below(std::string const& path, std::string_view type) {
    return path == provider_path ? providers() : mapping(path, type);
  }

  /// A mapping whose value may be left out (`users:`), which is an empty one.
  Json mapping(std::string const& path, std::string_view type) {
    Json properties = Json::object();
    Json required = Json::array();
    Json others = false;
    for (std::string_view name : table_.children(path, type)) {
      TableRow const& found = *table_.child(path, name, type);
      if (name == "*") {
        others = row(found, type);
        continue;
      }
      properties[std::string(name)] = row(found, type);
      if (found.key->required && !path.starts_with("defaults.")) required.push_back(name);
    }
    Json made{{"type", required.empty() ? Json{"object", "null"} : Json("object")}};
    if (!properties.empty()) made["properties"] = std::move(properties);
    if (!required.empty()) made["required"] = std::move(required);
    made["additionalProperties"] = std::move(others);
    return made;
  }

  /// The keys of an account follow from its `type`.
  Json providers() {
    Json types = Json::array();
    Json rules = Json::array();
    for (auto const& [type, summary] : table_.provider_types()) {
      types.push_back(type);
      Json one = mapping(std::string(provider_path), type);
      one["properties"]["type"] = {{"const", type}, {"description", summary}};
      rules.push_back(
          {{"if", {{"properties", {{"type", {{"const", type}}}}}}}, {"then", std::move(one)}});
    }
    return {{"type", "object"},
            {"properties", {{"type", {{"enum", std::move(types)}}}}},
            {"required", {"type"}},
            {"allOf", std::move(rules)}};
  }

  KeyTable const& table_;
};

}  // namespace

std::string manifest_schema(KeyTable const& table) {
  return Generator(table).root().dump(2) + "\n";
}

}  // namespace mailstack::cli
