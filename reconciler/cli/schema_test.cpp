#include "reconciler/cli/schema.hpp"

#include <regex.h>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/files/memory_files.hpp"
#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/explain.hpp"
#include "reconciler/manifest/check.hpp"
#include "reconciler/manifest/load.hpp"
#include "reconciler/manifest/template.hpp"
#include "reconciler/manifest/yaml.hpp"
#include "tests/support/committed.hpp"

using namespace mailstack;
using nlohmann::json;

namespace {

/// As much of draft-07 as the generator uses.
class Draft07 {
 public:
  static bool accepts(json const& schema, json const& value) {
    if (schema.is_boolean()) return schema.get<bool>();
    return type(schema, value) && scalar(schema, value) && object(schema, value) &&
           array(schema, value) && combined(schema, value);
  }

 private:
  static bool is(std::string const& name, json const& value) {
    if (name == "object") return value.is_object();
    if (name == "array") return value.is_array();
    if (name == "string") return value.is_string();
    if (name == "null") return value.is_null();
    if (name == "boolean") return value.is_boolean();
    if (name == "integer") return value.is_number_integer();
    return name == "number" && value.is_number();
  }

  static bool type(json const& schema, json const& value) {
    if (!schema.contains("type")) return true;
    json const& wanted = schema["type"];
    if (wanted.is_string()) return is(wanted.get<std::string>(), value);
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](json const& one) { return is(one.get<std::string>(), value); });
  }

  static bool scalar(json const& schema, json const& value) {
    if (schema.contains("const") && schema["const"] != value) return false;
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
      return false;
    if (value.is_number()) {
      if (schema.contains("minimum") && value < schema["minimum"]) return false;
      if (schema.contains("maximum") && value > schema["maximum"]) return false;
    }
    if (!value.is_string() || !schema.contains("pattern")) return true;
    regex_t compiled;
    REQUIRE(regcomp(&compiled, schema["pattern"].get<std::string>().c_str(),
                    REG_EXTENDED | REG_NOSUB) == 0);
    bool const found = regexec(&compiled, value.get<std::string>().c_str(), 0, nullptr, 0) == 0;
    regfree(&compiled);
    return found;
  }

  static bool object(json const& schema, json const& value) {
    if (!value.is_object()) return true;
    if (schema.contains("minProperties") && value.size() < schema["minProperties"]) return false;
    if (schema.contains("maxProperties") && value.size() > schema["maxProperties"]) return false;
    for (auto const& name : schema.value("required", json::array()))
      if (!value.contains(name.get<std::string>())) return false;
    json const properties = schema.value("properties", json::object());
    for (auto const& [key, one] : value.items()) {
      if (properties.contains(key)) {
        if (!accepts(properties[key], one)) return false;
      } else if (schema.contains("additionalProperties") &&
                 !accepts(schema["additionalProperties"], one)) {
        return false;
      }
    }
    return true;
  }

  static bool array(json const& schema, json const& value) {
    if (!value.is_array() || !schema.contains("items")) return true;
    return std::all_of(value.begin(), value.end(),
                       [&](json const& one) { return accepts(schema["items"], one); });
  }

  static bool combined(json const& schema, json const& value) {
    auto const holds = [&](json const& one) { return accepts(one, value); };
    if (schema.contains("anyOf") &&
        std::none_of(schema["anyOf"].begin(), schema["anyOf"].end(), holds))
      return false;
    if (schema.contains("allOf") &&
        !std::all_of(schema["allOf"].begin(), schema["allOf"].end(), holds))
      return false;
    return !schema.contains("if") || !accepts(schema["if"], value) ||
           accepts(schema["then"], value);
  }
};

/// What an editor's YAML program makes of our tree (YAML 1.2, the core schema).
json json_of(manifest::Node const& node) {
  using Shape = manifest::Node::Shape;
  if (node.shape == Shape::null) return nullptr;
  if (node.shape == Shape::sequence) {
    json all = json::array();
    for (auto const& item : node.items) all.push_back(json_of(item));
    return all;
  }
  if (node.shape == Shape::mapping) {
    json all = json::object();
    for (auto const& entry : node.entries) all[entry.key] = json_of(entry.value);
    return all;
  }
  if (node.quoted) return node.scalar;
  if (node.scalar == "true" || node.scalar == "false") return node.scalar == "true";
  char* end = nullptr;
  std::string const& text = node.scalar;
  bool const numeric =
      !text.empty() && text.find_first_not_of("+-0123456789.eE") == std::string::npos;
  if (numeric && text.find_first_not_of("+-0123456789") == std::string::npos) {
    long long const whole = std::strtoll(text.c_str(), &end, 10);
    if (*end == '\0') return whole;
  }
  if (numeric) {
    double const number = std::strtod(text.c_str(), &end);
    if (*end == '\0') return number;
  }
  return text;
}

struct Verdicts {
  bool parser = false;
  bool schema = false;
};

Verdicts verdicts(std::string const& text) {
  static json const schema = json::parse(cli::manifest_schema(cli::all_keys()));
  manifest::Diagnostics diagnostics;
  auto root = manifest::parse_yaml("m.yaml", text, diagnostics);
  REQUIRE(root);
  Verdicts both;
  both.schema = Draft07::accepts(schema, json_of(*root));
  manifest::check(*root, cli::all_keys(), diagnostics);
  both.parser = !diagnostics.failed();
  return both;
}

/// A value that the form of the key allows, in YAML.
std::string good_value(keys::Key const& key) {
  if (!key.example.empty()) return std::string(key.example);
  if (!key.fallback.empty()) return std::string(key.fallback);
  switch (key.type) {
    case keys::Type::integer: return std::to_string(std::max(key.minimum, 0LL));
    case keys::Type::boolean: return "true";
    case keys::Type::duration: return "1d";
    case keys::Type::size: return "1M";
    case keys::Type::name: return "example.org";
    case keys::Type::ipv4: return "192.0.2.1";
    case keys::Type::ipv6: return "\"2001:db8::1\"";
    case keys::Type::address:
    case keys::Type::recipient: return "a@example.org";
    case keys::Type::endpoint: return "\"192.0.2.1:53\"";
    case keys::Type::url: return "https://example.org";
    case keys::Type::secret:
    case keys::Type::password: return "{env: A}";
    case keys::Type::choice: return std::string(manifest::words_of(key.choices).front());
    default: return "a";
  }
}

std::string indented(std::string const& text, std::size_t by) {
  std::string out;
  for (char c : text) {
    out += c;
    if (c == '\n') out += std::string(by, ' ');
  }
  return out;
}

/// The line of a key that must stand beside the one that is shown.
std::string required_line(std::string_view name, keys::Key const& key,
                          std::string const& provider_type, std::size_t pad) {
  bool const type = !provider_type.empty() && name == "type";
  return std::string(pad, ' ') + std::string(name) + ": " +
         (type ? provider_type : good_value(key)) + "\n";
}

/// A manifest in which the row's key has `value`, and what is required around it.
std::string manifest_with(manifest::TableRow const& row, std::string const& value) {
  std::string out = row.path == "version" ? "" : "version: 1\n";
  std::string prefix;
  std::string rest = row.path;
  std::size_t depth = 0;
  while (true) {
    std::size_t const dot = std::min(rest.find('.'), rest.size());
    std::string const part = rest.substr(0, dot);
    bool const last = dot == rest.size();
    prefix += (prefix.empty() ? "" : ".") + part;
    std::string const pad(2 * depth, ' ');
    out += pad + (part == "*" ? "name.example" : part) + ":" +
           (last ? " " + indented(value, 2 * depth + 2) + "\n" : "\n");
    if (last) return out;
    ++depth;
    std::string const next = rest.substr(dot + 1);
    for (auto const& name : cli::all_keys().children(prefix, row.provider_type)) {
      auto const* sibling = cli::all_keys().child(prefix, name, row.provider_type);
      bool const own = next == name || next.starts_with(std::string(name) + ".");
      if (name == "*" || own || !sibling->key->required || prefix.starts_with("defaults")) continue;
      out += required_line(name, *sibling->key, row.provider_type, 2 * depth);
    }
    rest = next;
  }
}

bool leaf(manifest::TableRow const& row) { return row.key->type != keys::Type::mapping; }

}  // namespace

TEST_CASE("schema: the committed schema and reference are those of the key table", "[cli]") {
  compare_committed("schemas/manifest.schema.json", cli::manifest_schema(cli::all_keys()));
  compare_committed("docs/manifest.md", cli::manifest_reference(cli::all_keys()));
}

TEST_CASE("schema: each row's example passes the parser and the schema", "[cli]") {
  for (auto const& row : cli::all_keys().rows()) {
    if (!leaf(row) || (row.path == "dns.providers.*.applier")) continue;
    bool const type_row = row.path == "dns.providers.*.type";
    std::string const text =
        manifest_with(row, type_row ? row.provider_type : good_value(*row.key));
    // A general row of a provider needs some type around it.
    INFO(text);
    auto const both = verdicts(text);
    CHECK(both.parser);
    CHECK(both.schema);
  }
}

TEST_CASE("schema: what has the wrong shape fails in the parser and the schema", "[cli]") {
  for (auto const& row : cli::all_keys().rows()) {
    bool const text_key = row.key->type == keys::Type::mapping;
    // A list of lists fits no row, one word fits no mapping.
    std::string const text = manifest_with(row, text_key ? "word" : "[[a]]");
    INFO(text);
    auto const both = verdicts(text);
    CHECK_FALSE(both.parser);
    CHECK_FALSE(both.schema);
  }
}

TEST_CASE("schema: bounds, words and unknown keys are those of the parser", "[cli]") {
  for (auto const& row : cli::all_keys().rows()) {
    std::string bad;
    if (row.key->type == keys::Type::mapping &&
        cli::all_keys().child(row.path, "no-such-key", row.provider_type) == nullptr &&
        row.path != "dns.providers.*")
      bad = "{no-such-key: 1}";
    if (row.key->type == keys::Type::choice) bad = "no-such-word";
    if (row.key->type == keys::Type::boolean) bad = "\"yes\"";
    if (row.key->type == keys::Type::integer) bad = std::to_string(row.key->minimum - 1);
    if (row.key->type == keys::Type::secret) bad = "literal";
    if (row.key->type == keys::Type::duration || row.key->type == keys::Type::ipv4 ||
        row.key->type == keys::Type::url || row.key->type == keys::Type::ipv6)
      bad = "\"x y\"";
    if (bad.empty()) continue;
    std::string const text = manifest_with(row, bad);
    INFO(text);
    auto const both = verdicts(text);
    CHECK_FALSE(both.parser);
    CHECK_FALSE(both.schema);
  }
}

TEST_CASE("schema: a missing key fails in both", "[cli]") {
  for (char const* text : {"hosts: {}\n", "version: 1\nhosts: {a: {ipv4: 192.0.2.1}}\n",
                           "version: 1\ndns: {providers: {a: {}}}\n", "version: 2\n",
                           "version: 1\ndns: {providers: {a: {type: nope}}}\n"}) {
    INFO(text);
    auto const both = verdicts(text);
    CHECK_FALSE(both.parser);
    CHECK_FALSE(both.schema);
  }
}

TEST_CASE("schema: every row stands in the reference and is explained", "[cli]") {
  std::string const reference = cli::manifest_reference(cli::all_keys());
  for (auto const& row : cli::all_keys().rows()) {
    INFO(row.path);
    auto const explained = cli::explain(row.path, nullptr);
    REQUIRE(explained);
    CHECK(explained->starts_with(row.path));
    bool const mirrored = row.path.starts_with("defaults.domain.");
    CHECK((mirrored || reference.find("`" + row.path + "`") != std::string::npos));
    CHECK((mirrored || row.key->summary.empty() ||
           explained->find(std::string(row.key->summary)) != std::string::npos));
    CHECK(explained->find(std::string(row.key->fallback)) != std::string::npos);
  }
}

TEST_CASE("schema: the manifest that init writes passes parser, schema and rules", "[cli]") {
  auto const text = manifest::starting_manifest("Bücher.example");
  REQUIRE(text);
  auto const both = verdicts(*text);
  CHECK(both.schema);
  CHECK(both.parser);
  files::MemoryFiles files;
  manifest::Diagnostics diagnostics;
  auto const made =
      manifest::load_text(files, "mailstack.yaml", *text, cli::all_keys(), diagnostics);
  CHECK(diagnostics.all().empty());
  REQUIRE(made);
  CHECK(made->domains.front().unicode == "bücher.example");
  CHECK(text->find('@' + std::string("DOMAIN")) == std::string::npos);
  CHECK_FALSE(manifest::starting_manifest("nodots"));
  CHECK_FALSE(manifest::starting_manifest("a b.example"));
  CHECK_FALSE(manifest::starting_manifest("203.0.113.1"));
}

TEST_CASE("regression: explain says of what is no key that it is none", "[cli]") {
  auto const nothing = cli::explain("domains.*.nosuch", nullptr);
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().what.find("no key and no code") != std::string::npos);
  auto const spf = cli::explain("spf", nullptr);
  REQUIRE(spf);
  CHECK(spf->starts_with("hazard spf\n"));
  CHECK(spf->find("`domains.*.spf`") != std::string::npos);
  auto const dmarc = cli::explain("dmarc", nullptr);
  REQUIRE_FALSE(dmarc);
  CHECK(dmarc.error().what.find("`domains.*.dmarc`") != std::string::npos);
  for (auto const* hazard :
       {"deletes", "purge", "mx", "ns", "spf", "dkim", "tlsa", "user", "domain", "clock"})
    CHECK(cli::explain(hazard, nullptr));
}

TEST_CASE("regression: explain does not say a default where the whole record is written", "[cli]") {
  files::MemoryFiles files;
  manifest::Diagnostics diagnostics;
  auto const made = manifest::load_text(files, "m.yaml",
                                        "version: 1\n"
                                        "domains:\n"
                                        "  a.example:\n"
                                        "    dmarc: {text: \"v=DMARC1; p=quarantine\"}\n",
                                        cli::all_keys(), diagnostics);
  REQUIRE(made);
  auto const said = cli::explain("domains.a.example.dmarc.policy", &*made);
  REQUIRE(said);
  CHECK(said->find("in force: what `text` says instead\n    from: m.yaml:4") != std::string::npos);
  auto const text = cli::explain("domains.a.example.dmarc.text", &*made);
  REQUIRE(text);
  CHECK(text->find("in force: v=DMARC1; p=quarantine") != std::string::npos);
}
