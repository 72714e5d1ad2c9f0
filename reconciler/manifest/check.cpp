#include "reconciler/manifest/check.hpp"

#include <algorithm>

#include "core/text/listed.hpp"
#include "reconciler/manifest/values.hpp"

namespace mailstack::manifest {

namespace {

constexpr std::string_view provider_path = "dns.providers.*";

std::string joined(std::string_view path, std::string_view key) {
  std::string all(path);
  if (!all.empty()) all += '.';
  all += key;
  return all;
}

std::string quoted(std::string_view word) { return "`" + std::string(word) + "`"; }

class Checker {
 public:
  Checker(KeyTable const& table, Diagnostics& diagnostics)
      : table_(table), diagnostics_(diagnostics) {}

  /// `place` is that of the mapping's key: where a missing key is reported.
  void mapping(Node& node, Place const& place, std::string const& path, std::string_view type) {
    std::vector<bool> wrong_ones(node.entries.size());
    bool any = false;
    for (std::size_t i = 0; i < node.entries.size(); ++i) {
      TableRow const* row = table_.child(path, node.entries[i].key, type);
      wrong_ones[i] =
          row ? !value(node.entries[i], *row, type) : (unknown(node.entries[i], path, type), true);
      any = any || wrong_ones[i];
    }
    required(node, place, path, type);
    node.lost = any;
    node.incomplete = any || std::any_of(node.entries.begin(), node.entries.end(),
                                         [](auto const& one) { return one.value.incomplete; });
    if (any) node.drop_entries(wrong_ones);
  }

 private:
  void required(Node const& node, Place const& place, std::string const& path,
                std::string_view type) {
    for (std::string_view name : table_.children(path, type)) {
      TableRow const* row = table_.child(path, name, type);
      if (!row || !row->key->required || name == "*" || node.find(name)) continue;
      // Nothing is required of a default: it may be said by each domain.
      if (path.starts_with("defaults.")) continue;
      auto& error = diagnostics_.error("missing-key", place, quoted(name) + " is missing");
      error.cause = row->key->summary;
      error.remedy = "add " + quoted(std::string(name) + ": " + std::string(row->key->example));
    }
  }

  /// Whether the value can be read; what is wrong deeper down has been taken out there.
  bool value(Node::Entry& entry, TableRow const& row, std::string_view type) {
    if (row.key->type == keys::Type::mapping) return below(entry, row, type);
    std::size_t const before = diagnostics_.all().size();
    Node const& node = entry.value;
    if (row.key->type == keys::Type::secret || row.key->type == keys::Type::password) {
      secret(entry, row);
    } else if (node.shape == Node::Shape::mapping && planned(node, row)) {
      return false;
    } else if (node.shape == Node::Shape::sequence && row.key->list) {
      for (Node const& item : node.items) scalar(entry, item, row);
    } else {
      scalar(entry, node, row);
    }
    return diagnostics_.all().size() == before;
  }

  /// `ptr: {provider: …}`: the key is known, this form of it is planned.
  bool planned(Node const& node, TableRow const& row) {
    for (auto const& entry : node.entries) {
      if (!KeyTable::planned(joined(row.path, entry.key))) continue;
      not_supported(entry.key_place,
                    quoted(std::string(last_part(row.path)) + ": {" + entry.key + ": …}"));
      return true;
    }
    return false;
  }

  bool below(Node::Entry& entry, TableRow const& row, std::string_view type) {
    Node& node = entry.value;
    auto const words = words_of(row.key->choices);
    if (node.shape == Node::Shape::scalar &&
        std::find(words.begin(), words.end(), node.scalar) != words.end())
      return true;
    if (node.shape != Node::Shape::mapping && node.shape != Node::Shape::null) {
      auto& error =
          wrong(entry, node, "expected a mapping, found " + std::string(describe(node.shape)));
      auto const names = table_.children(row.path, type);
      error.cause = row.key->summary;
      error.remedy = !names.empty() && names.front() != "*" ? "its keys: " + listed(names)
                                                            : "write `NAME: …` below it";
      return false;
    }
    if (row.path == provider_path) return provider(entry);
    mapping(node, entry.key_place, row.path, type);
    return true;
  }

  /// The account's `type` selects the rows that its other keys are checked against.
  bool provider(Node::Entry& entry) {
    Node const* type = entry.value.find("type");
    std::vector<std::string_view> known;
    for (auto const& [name, summary] : table_.provider_types()) known.push_back(name);
    if (!type) {
      auto& error = diagnostics_.error("missing-key", entry.key_place, "`type` is missing");
      error.cause = "it says which sort of DNS host this is";
      error.remedy = "one of " + listed(known);
      hide_secrets(entry.value);
      return false;
    }
    if (type->shape != Node::Shape::scalar) {
      auto& error = diagnostics_.error("wrong-type", type->place, "`type` is one word");
      error.cause = "it says which sort of DNS host this is";
      error.remedy = "one of " + listed(known);
      hide_secrets(entry.value);
      return false;
    }
    if (std::find(known.begin(), known.end(), type->scalar) == known.end()) {
      if (KeyTable::planned_choice("dns.providers.*.type", type->scalar)) {
        not_supported(type->place, "the provider type " + quoted(type->scalar)).cause =
            "built in: " + listed(known);
        hide_secrets(entry.value);
        return false;
      }
      unknown_choice(type->place, "type", type->scalar, known);
      hide_secrets(entry.value);
      return false;
    }
    // A copy: the mapping may take entries out, and the node of `type` moves with them.
    std::string const word = type->scalar;
    mapping(entry.value, entry.key_place, std::string(provider_path), word);
    return true;
  }

  /// Of a type that is not known neither are the keys: what sounds like a secret is taken for one,
  /// so that it is not shown with its line.
  void hide_secrets(Node const& account) {
    for (auto const& entry : account.entries)
      for (std::string_view word : {"token", "key", "secret", "pass"})
        if (entry.value.shape == Node::Shape::scalar && entry.key.find(word) != std::string::npos) {
          literal_secret(entry.value.place, entry.key, false);
          break;
        }
  }

  void scalar(Node::Entry const& entry, Node const& node, TableRow const& row) {
    keys::Key const& key = *row.key;
    if (node.shape != Node::Shape::scalar) {
      auto& error = wrong(
          entry, node,
          "expected " + full_expectation(key) + ", found " + std::string(describe(node.shape)));
      error.cause = key.summary;
      error.remedy = key.example.empty()
                         ? "write " + full_expectation(key)
                         : "for example " + quoted(entry.key + ": " + std::string(key.example));
      return;
    }
    if (key.type == keys::Type::recipient && node.scalar.starts_with('|')) {
      not_supported(node.place, "an alias that runs a program").cause =
          "who can write the manifest must not thereby run commands";
      return;
    }
    auto const bad = wrong_value(key, node);
    if (!bad) return;
    if (bad->code == "unknown-choice") {
      if (KeyTable::planned_choice(row.path, node.scalar)) {
        not_supported(node.place, quoted(entry.key + ": " + node.scalar));
      } else {
        unknown_choice(node.place, entry.key, node.scalar, words_of(key.choices));
      }
      return;
    }
    if (bad->code == "literal-secret") {
      // Masked wherever it is shown, as a literal key is: neither quoted here nor in the excerpt.
      auto& secret =
          diagnostics_.error(bad->code, node.place, "a user or password does not stand in a URL");
      secret.cause = bad->why;
      secret.remedy =
          "write the URL without it; a secret stands beside it as a reference, for "
          "example `key: {credential: NAME}`";
      return;
    }
    auto& error = diagnostics_.error(bad->code, node.place,
                                     quoted(node.scalar) + " is no value for " + quoted(entry.key));
    error.cause = bad->why;
    error.remedy = "expected " + full_expectation(key);
    if (!key.example.empty() && key.type != keys::Type::text)
      error.remedy += ", for example " + quoted(entry.key + ": " + std::string(key.example));
  }

  void secret(Node::Entry const& entry, TableRow const& row) {
    bool const password = row.key->type == keys::Type::password;
    Node const& node = entry.value;
    if (node.shape != Node::Shape::mapping) {
      literal_secret(node.shape == Node::Shape::null ? entry.key_place : node.place, entry.key,
                     password);
      return;
    }
    std::vector<std::string_view> forms{"credential", "file", "env", "exec"};
    if (password) forms.insert(forms.end(), {"hash", "hash_file"});
    bool plain = node.entries.size() == 1;
    for (auto const& form : node.entries) {
      if (std::find(forms.begin(), forms.end(), form.key) == forms.end()) {
        auto& error = diagnostics_.error("unknown-key", form.key_place,
                                         quoted(form.key) + " is no way to say where a secret is");
        error.cause = "a secret stands elsewhere, and the manifest says where";
        error.remedy = "one of " + listed(forms);
        auto const meant = suggest(error, form.key, forms);
        // A misspelt way names a place as the right one does; anything else may be the secret.
        if (meant.empty() || meant == "hash") hide_secret(form.value, entry.key, password);
        plain = true;
      } else if (form.key == "exec") {
        not_supported(form.key_place, "a secret from a program (`exec`)").cause =
            "who can write the manifest must not thereby run commands";
      } else if (form.value.shape != Node::Shape::scalar || form.value.scalar.empty()) {
        auto& error = wrong(form, form.value, quoted(form.key) + " takes one text");
        error.cause = "it names one place";
        error.remedy = "write `{" + form.key + ": NAME}`";
        hide_secret(form.value, entry.key, password);
      } else if (form.key == "hash" && node.entries.size() > 1 &&
                 !form.value.scalar.starts_with('$')) {
        hide_secret(form.value, entry.key, password);
      }
    }
    if (plain) return;
    std::erase(forms, "exec");
    auto& error = diagnostics_.error("secret-form", entry.key_place,
                                     quoted(entry.key) + " needs exactly one way to its secret");
    error.cause = "two could disagree, and none is no secret";
    error.remedy = "one of " + listed(forms);
  }

  /// What may be the secret itself is masked wherever its line is shown.
  void hide_secret(Node const& node, std::string_view key, bool password) {
    if (node.shape == Node::Shape::scalar) literal_secret(node.place, key, password);
    for (Node const& item : node.items) hide_secret(item, key, password);
    for (auto const& inner : node.entries) hide_secret(inner.value, key, password);
  }

  void literal_secret(Place const& place, std::string_view key, bool password) {
    auto& error =
        diagnostics_.error("literal-secret", place, "a secret does not stand in the manifest");
    error.cause = "the manifest is committed and read by many";
    std::string const name(key);
    error.remedy = password
                       ? "write `" + name +
                             ": {hash_file: PATH}` (`mailstack user passwd` "
                             "writes it), or {credential: NAME}, {file: PATH}, {env: NAME}"
                       : "write `" + name + ": {credential: NAME}`, {file: PATH} or {env: NAME}";
  }

  void unknown(Node::Entry const& entry, std::string const& path, std::string_view type) {
    if (KeyTable::planned(joined(path, entry.key))) {
      not_supported(entry.key_place, quoted(entry.key));
      return;
    }
    auto names = table_.children(path, type);
    auto& error = diagnostics_.error("unknown-key", entry.key_place,
                                     quoted(entry.key) + " is no key " +
                                         (path.empty() ? "of a manifest" : "of " + quoted(path)));
    error.cause = "what nobody reads would seem to hold, so it is never ignored";
    error.remedy = "its keys: " + listed(names);
    std::string_view const meant = suggest(error, entry.key, names);
    if (meant.empty()) return;
    // A misspelt `password: hunter2` must not be shown either.
    TableRow const* row = table_.child(path, meant, type);
    if (entry.value.shape == Node::Shape::scalar && row &&
        (row->key->type == keys::Type::secret || row->key->type == keys::Type::password))
      literal_secret(entry.value.place, meant, row->key->type == keys::Type::password);
  }

  static std::string_view suggest(Diagnostic& error, std::string_view word,
                                  std::vector<std::string_view> const& candidates) {
    std::string_view const meant = nearest(word, candidates);
    if (!meant.empty() && meant != "*") error.remedy = "did you mean " + quoted(meant) + "?";
    return meant;
  }

  void unknown_choice(Place const& place, std::string_view key, std::string_view word,
                      std::vector<std::string_view> const& words) {
    auto& error = diagnostics_.error("unknown-choice", place,
                                     quoted(word) + " is no value for " + quoted(key));
    error.cause = "it takes one of a few words";
    error.remedy = "one of " + listed(words);
    std::string_view const meant = nearest(word, words);
    if (!meant.empty()) error.remedy = "did you mean " + quoted(meant) + "? " + error.remedy;
  }

  Diagnostic& not_supported(Place const& place, std::string const& what) {
    auto& error = diagnostics_.error("not-supported-yet", place, what + " is not supported yet");
    error.cause = "to ignore it would leave you believing that it works";
    error.remedy = "remove it";
    return error;
  }

  Diagnostic& wrong(Node::Entry const& entry, Node const& node, std::string message) {
    Place const& place = node.shape == Node::Shape::null ? entry.key_place : node.place;
    return diagnostics_.error("wrong-type", place, quoted(entry.key) + ": " + std::move(message));
  }

  KeyTable const& table_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check(Node& root, KeyTable const& table, Diagnostics& diagnostics) {
  Place const start = root.place;
  if (root.shape != Node::Shape::mapping && root.shape != Node::Shape::null) {
    auto& error = diagnostics.error("wrong-type", start, "a manifest is a mapping");
    error.cause = "found " + std::string(describe(root.shape));
    error.remedy = "start with `version: 1`";
    return;
  }
  Place place = start;
  place.octets = 0;
  Checker(table, diagnostics).mapping(root, place, "", {});
}

}  // namespace mailstack::manifest
