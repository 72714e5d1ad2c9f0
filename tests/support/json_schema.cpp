#include "tests/support/json_schema.hpp"

#include <regex.h>

#include <nlohmann/json.hpp>
#include <set>

namespace mailstack::support {

namespace {

using Json = nlohmann::json;

class Checker {
 public:
  explicit Checker(Json const& root) : root_(root) {}

  void check(Json const& schema, Json const& value, std::string const& at) {
    static std::set<std::string> const known{"$schema",
                                             "title",
                                             "description",
                                             "definitions",
                                             "$ref",
                                             "type",
                                             "const",
                                             "enum",
                                             "items",
                                             "required",
                                             "additionalProperties",
                                             "properties",
                                             "minimum",
                                             "pattern"};
    for (auto const& [key, ignored] : schema.items())
      if (!known.contains(key)) say(at, "the schema says " + key + ", which is not checked");
    if (schema.contains("$ref"))
      check(root_.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1))), value, at);
    if (schema.contains("type") && !has_type(schema["type"], value))
      say(at, "is " + std::string(value.type_name()) + ", not " + schema["type"].dump());
    if (schema.contains("const") && schema["const"] != value) say(at, "is not the constant");
    if (schema.contains("enum") && !among(schema["enum"], value))
      say(at, value.dump() + " is none of " + schema["enum"].dump());
    if (schema.contains("minimum") && value.is_number() && value < schema["minimum"])
      say(at, value.dump() + " is too small");
    if (schema.contains("pattern") && value.is_string())
      match(schema["pattern"].get<std::string>(), value.get<std::string>(), at);
    if (value.is_object()) check_object(schema, value, at);
    if (value.is_array() && schema.contains("items"))
      for (std::size_t i = 0; i < value.size(); ++i)
        check(schema["items"], value[i], at + "/" + std::to_string(i));
  }

  std::vector<std::string> violations;

 private:
  void say(std::string const& at, std::string const& what) {
    violations.push_back(at + ": " + what);
  }

  static bool among(Json const& all, Json const& value) {
    return std::find(all.begin(), all.end(), value) != all.end();
  }

  static bool has_type(Json const& type, Json const& value) {
    if (type.is_array())
      return std::any_of(type.begin(), type.end(),
                         [&](Json const& one) { return has_type(one, value); });
    if (type == "integer") return value.is_number_integer();
    return type == value.type_name();
  }

  void match(std::string const& pattern, std::string const& text, std::string const& at) {
    regex_t compiled{};
    if (::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
      return say(at, "the pattern does not compile: " + pattern);
    if (::regexec(&compiled, text.c_str(), 0, nullptr, 0) != 0)
      say(at, text + " does not match " + pattern);
    ::regfree(&compiled);
  }

  void check_object(Json const& schema, Json const& value, std::string const& at) {
    for (auto const& name : schema.value("required", Json::array()))
      if (!value.contains(name.get<std::string>())) say(at, name.dump() + " is missing");
    auto const properties = schema.value("properties", Json::object());
    for (auto const& [key, member] : value.items()) {
      if (properties.contains(key))
        check(properties[key], member, std::string(at).append("/").append(key));
      else if (schema.value("additionalProperties", Json(true)) == false)
        say(at, key + " is no property");
    }
  }

  Json const& root_;
};

}  // namespace

std::vector<std::string> schema_violations(std::string_view schema, std::string_view document) {
  auto const rules = Json::parse(schema, nullptr, false);
  auto const value = Json::parse(document, nullptr, false);
  if (rules.is_discarded()) return {"the schema is not JSON"};
  if (value.is_discarded()) return {"the document is not JSON"};
  Checker checker(rules);
  checker.check(rules, value, "");
  return checker.violations;
}

}  // namespace mailstack::support
