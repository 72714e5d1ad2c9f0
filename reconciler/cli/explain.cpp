#include "reconciler/cli/explain.hpp"

#include <algorithm>

#include "reconciler/cli/all_keys.hpp"
#include "reconciler/manifest/values.hpp"

namespace mailstack::cli {

namespace {

using manifest::KeyTable;
using manifest::Manifest;
using manifest::Node;
using manifest::Section;
using manifest::TableRow;

/// A key as a person writes it, matched against the table.
struct Match {
  TableRow const* row = nullptr;
  std::vector<std::string> names;  ///< the parts as written; a domain is one part
  bool all_named = true;           ///< no `*` among them
};

/// The account's type, where the manifest says it; else every type is tried.
std::vector<std::string> types_at(std::vector<std::string> const& names, Manifest const* manifest) {
  std::vector<std::string> types;
  if (manifest && names.size() >= 3)
    if (auto const* provider = manifest->provider(names[2])) return {provider->type};
  for (auto const& [type, summary] : all_keys().provider_types()) types.push_back(type);
  return types;
}

/// `*.nosuch`, and `example.org.nosuch` where the manifest has example.org, are a name and a key
/// that there is none of, and no longer name.
bool swallows_a_key(std::string const& part, Manifest const* manifest) {
  if (part.starts_with("*.")) return true;
  auto const whole = dns::Name::parse(part);
  if (!manifest || (whole && manifest->domain(*whole))) return false;
  for (auto dot = part.rfind('.'); dot != part.npos && dot > 0; dot = part.rfind('.', dot - 1))
    if (auto const shorter = dns::Name::parse(part.substr(0, dot));
        shorter && manifest->domain(*shorter))
      return true;
  return false;
}

/// Only a chosen name may have dots in it.
bool stands_for(std::string const& part, TableRow const& row, Manifest const* manifest) {
  bool const chosen = manifest::last_part(row.path) == "*";
  return chosen ? !swallows_a_key(part, manifest) : part.find('.') == part.npos;
}

/// What each hazard of `--allow` is.
std::string_view hazard_text(std::string_view word) {
  if (word == "deletes")
    return "More things would be removed at once than safety.max_deletes says.";
  if (word == "purge")
    return "Something that mailstack did not put there would be removed (`purge: all`).";
  if (word == "mx")
    return "An MX would be removed: mail for the domain may find no way in any more.";
  if (word == "ns") return "An NS would be removed: a part of the zone may not be found any more.";
  if (word == "spf")
    return "An SPF record would be removed: receivers then do not know who may send.";
  if (word == "dkim") return "A DKIM record or key would be removed: signatures made with it fail.";
  if (word == "tlsa") return "A TLSA record would be removed: senders that check DANE may refuse.";
  if (word == "user") return "A user would be removed, who then cannot log in, nor receive mail.";
  if (word == "domain")
    return "A domain merely vanished from the manifest, without `state: absent`.";
  if (word == "clock")
    return "The clock stands before the last run, or far behind it; dates decide what is removed.";
  return {};
}

/// Keys whose last part is `word`: "`domains.*.dkim`, …".
std::string keys_called(std::string_view word) {
  std::string called;
  for (TableRow const& row : all_keys().rows())
    if (manifest::last_part(row.path) == word)
      called += (called.empty() ? "`" : ", `") + row.path + "`";
  return called;
}

/// Parts are separated by dots and domains contain dots, so a chosen name may take several parts.
bool match(std::string_view path, std::string_view rest, Manifest const* manifest, Match& out) {
  if (rest.empty()) return out.row != nullptr;
  KeyTable const& table = all_keys();
  std::vector<std::string> types{""};
  if (path == "dns.providers.*") types = types_at(out.names, manifest);
  for (std::size_t end = 0; end <= rest.size(); ++end) {
    end = std::min(rest.find('.', end), rest.size());
    std::string const part(rest.substr(0, end));
    std::string_view const behind = end < rest.size() ? rest.substr(end + 1) : std::string_view{};
    for (std::string const& type : types) {
      TableRow const* row = table.child(path, part, type);
      if (!row || !stands_for(part, *row, manifest)) continue;
      Match const before = out;
      out.row = row;
      out.names.push_back(part);
      out.all_named = out.all_named && part != "*";
      if (match(row->path, behind, manifest, out)) return true;
      out = before;
    }
  }
  return false;
}

std::string value_text(Node const& node) {
  switch (node.shape) {
    case Node::Shape::null: return "nothing";
    case Node::Shape::scalar: return node.scalar;
    case Node::Shape::sequence: {
      std::string out = "[";
      for (Node const& item : node.items) out += (out.size() > 1 ? ", " : "") + value_text(item);
      return out + "]";
    }
    case Node::Shape::mapping: {
      std::string out = "{";
      for (auto const& entry : node.entries)
        out += (out.size() > 1 ? ", " : "") + entry.key + ": " +
               (entry.value.shape == Node::Shape::mapping ? "{…}" : value_text(entry.value));
      return out + "}";
    }
  }
  return {};
}

/// A hash is no secret of the manifest, and still not for a screen that others see.
std::string shown(Node const& node, keys::Key const& key) {
  if (key.type == keys::Type::password && node.find("hash")) return "{hash: <scrypt>}";
  return value_text(node);
}

/// The section that holds the last part, or nothing where the manifest has no such thing.
std::optional<Section> section_of(Manifest const& manifest, Match const& found) {
  Section at = manifest.root;
  std::size_t next = 0;
  if (found.names.size() > 2 && found.names[0] == "domains") {
    auto const name = dns::Name::parse(found.names[1]);
    auto const* domain = name ? manifest.domain(*name) : nullptr;
    if (!domain) return std::nullopt;
    at = domain->section;
    next = 2;
  } else if (found.names.size() > 3 && found.names[0] == "dns" && found.names[1] == "providers") {
    auto const* provider = manifest.provider(found.names[2]);
    if (!provider) return std::nullopt;
    at = provider->settings;
    next = 3;
  }
  for (; next + 1 < found.names.size(); ++next) {
    TableRow const* row = all_keys().child(at.path(), found.names[next]);
    bool const chosen = row && manifest::last_part(row->path) == "*";
    if (chosen && !at.node(found.names[next])) return std::nullopt;
    at = at.section(found.names[next]);
  }
  return at;
}

std::string origin(Section const& section, std::string const& key, keys::Key const& row) {
  auto const place = section.place(key).at;
  std::string where = place.file + ":" + std::to_string(place.line);
  switch (section.origin(key)) {
    case manifest::Origin::manifest: return where;
    case manifest::Origin::defaults: return where + ", below `defaults:`";
    case manifest::Origin::fallback: return "the default";
    case manifest::Origin::derived:
      return row.derived.empty() ? "nothing says it" : "derived: " + std::string(row.derived);
  }
  return where;
}

std::string in_force(Manifest const& manifest, Match const& found) {
  keys::Key const& row = *found.row->key;
  if (!found.all_named || row.type == keys::Type::mapping) return {};
  auto const section = section_of(manifest, found);
  if (!section) return {};
  std::string const& key = found.names.back();
  // `text:` is a record as a whole; what stands beside it is not asked.
  constexpr auto const* whole = "text";
  if (key != whole && all_keys().child(section->path(), whole) != nullptr &&
      section->node(whole) != nullptr)
    return "\nin force: what `text` says instead\n    from: " + origin(*section, whole, row) + "\n";
  Node const* node = section->node(key);
  std::string const value = node                             ? shown(*node, row)
                            : section->fallback(key).empty() ? "absent"
                                                             : std::string(section->fallback(key));
  return "\nin force: " + value + "\n    from: " + origin(*section, key, row) + "\n";
}

std::string describe(Match const& found) {
  keys::Key const& key = *found.row->key;
  std::string out = found.row->path + "\n";
  if (!key.summary.empty()) out += "  " + std::string(key.summary) + "\n";
  out += "\n   value: " + manifest::full_expectation(key) + "\n";
  if (key.required) out += " default: none, it is required\n";
  if (!key.fallback.empty()) out += " default: " + std::string(key.fallback) + "\n";
  if (!key.formerly.empty()) out += "     was: " + std::string(key.formerly) + "\n";
  if (!key.derived.empty()) out += " default: derived (" + std::string(key.derived) + ")\n";
  if (key.type == keys::Type::mapping) {
    std::string names;
    for (std::string_view name : all_keys().children(found.row->path, found.row->provider_type))
      names +=
          (names.empty() ? "" : ", ") + (name == "*" ? "names of your choice" : std::string(name));
    if (!names.empty()) out += "    keys: " + names + "\n";
  }
  if (!key.example.empty()) {
    std::string const name(manifest::last_part(found.row->path));
    out += " example: " + (name == "*" ? "" : name + ": ") + std::string(key.example) + "\n";
  }
  return out;
}

/// `domains.example.org.mta_sts` is `domains.*.mta_sts`.
bool planned(std::string_view word) {
  if (KeyTable::planned(word)) return true;
  auto const first = word.find('.');
  auto const last = word.rfind('.');
  if (first == last) return false;
  return KeyTable::planned(
      std::string(word.substr(0, first)).append(".*").append(word.substr(last)));
}

Result<std::string> unknown(std::string_view word) {
  std::vector<std::string_view> candidates;
  for (auto const& code : all_codes()) candidates.push_back(code.code);
  for (TableRow const& row : all_keys().rows()) candidates.push_back(row.path);
  std::string_view const meant = manifest::nearest(word, candidates);
  std::string what = "there is no key and no code `" + std::string(word) + "`";
  // `dkim` alone: which keys are called so.
  auto const called = keys_called(word);
  if (!called.empty()) return fail(ErrorCode::not_found, what + ": did you mean " + called + "?");
  what += meant.empty() ? "; docs/manifest.md lists them"
                        : ": did you mean `" + std::string(meant) + "`?";
  return fail(ErrorCode::not_found, what);
}

}  // namespace

Result<std::string> explain(std::string_view word, Manifest const* manifest) {
  for (auto const& code : all_codes())
    if (code.code == word)
      return std::string(code.code) + ": " + std::string(code.title) + "\n\n" +
             std::string(code.text) + "\n";
  if (planned(word))
    return std::string(word) +
           "\n  Planned, and not supported yet: a manifest with it is refused.\n";
  Match found;
  if (match("", word, manifest, found))
    return describe(found) + (manifest ? in_force(*manifest, found) : std::string());
  if (auto const text = hazard_text(word); !text.empty()) {
    auto const keys = keys_called(word);
    return "hazard " + std::string(word) + "\n  " + std::string(text) + "\n\n`--allow " +
           std::string(word) + "` lets it happen once.\n" +
           (keys.empty() ? "" : "\nKeys of that name: " + keys + "\n");
  }
  return unknown(word);
}

}  // namespace mailstack::cli
