#include "reconciler/manifest/include.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/files/working_directory.hpp"
#include "core/glob/glob.hpp"
#include "reconciler/engine/fields.hpp"
#include "reconciler/manifest/yaml.hpp"

namespace mailstack::manifest {

namespace {

/// Together with the limit of one file: what a manifest may cost in memory.
constexpr std::size_t most_files = 20'000;
constexpr std::size_t most_octets = std::size_t{64} << 20;

bool has_wildcard(std::string_view text) { return text.find_first_of("*?") != std::string::npos; }

std::string under(std::string const& directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return directory.ends_with('/') ? directory + std::string(name)
                                  : directory + "/" + std::string(name);
}

/// Adds what is in `start`, below `directory`, and has a name that `part` of a pattern matches.
void match_names(files::Files& files, std::string const& directory, std::string const& start,
                 std::string_view part, std::vector<std::string>& matches) {
  auto const names = files.list(absolute(directory, start));
  if (!names) return;
  for (std::string const& name : *names) {
    // As a shell does it: a hidden file is meant only by a pattern that starts with its dot.
    if (name.starts_with('.') && !part.starts_with('.')) continue;
    if (glob::matches(part, name)) matches.push_back(under(start, name));
  }
}

/// The paths that `pattern` matches below `directory`, relative to it, sorted; each with whether it
/// is a regular file itself, and no link or device.
std::map<std::string, bool> expand(files::Files& files, std::string const& directory,
                                   std::string_view pattern) {
  std::vector<std::string> found{pattern.starts_with('/') ? "/" : ""};
  while (!pattern.empty()) {
    std::size_t const slash = std::min(pattern.find('/'), pattern.size());
    std::string_view const part = pattern.substr(0, slash);
    pattern.remove_prefix(std::min(slash + 1, pattern.size()));
    if (part.empty() || part == ".") continue;
    std::vector<std::string> next;
    for (std::string const& start : found) {
      if (has_wildcard(part))
        match_names(files, directory, start, part, next);
      else
        next.push_back(under(start, part));
    }
    found = std::move(next);
  }
  std::map<std::string, bool> matches;
  for (std::string const& path : found)
    if (auto const stat = files.stat(absolute(directory, path)); stat && !stat->directory)
      matches.emplace(path, stat->regular && !stat->link);
  return matches;
}

class Joiner {
 public:
  Joiner(files::Files& files, KeyTable const& table, Diagnostics& diagnostics)
      : files_(files), table_(table), diagnostics_(diagnostics) {}

  std::optional<Joined> run(SourceFile main) {
    out_.directory = directory_of(main.path);
    std::size_t const slash = main.name.rfind('/');
    shown_directory_ = slash == std::string::npos ? "" : main.name.substr(0, slash);
    read_.insert(main.path);
    auto root = parse(std::move(main));
    if (root) out_.root = std::move(*root);
    bool const broken = !root;
    if (Node const* patterns = out_.root.find("include")) {
      Node const copy = *patterns;  // Joining moves the tree's entries.
      if (copy.shape == Node::Shape::scalar) include(copy);
      for (Node const& item : copy.items)
        if (item.shape == Node::Shape::scalar) include(item);
    }
    if (broken) return std::nullopt;
    out_.lost = diagnostics_.failed();
    return std::move(out_);
  }

 private:
  std::optional<Node> parse(SourceFile file) {
    auto root = parse_yaml(file.name, file.text, diagnostics_);
    octets_ += file.text.size();
    out_.files.push_back(std::move(file));
    return root;
  }

  void include(Node const& pattern) {
    // Diagnostics show lines of what is included: whoever writes a manifest must not read other
    // files that way.
    if (pattern.scalar.starts_with('/') ||
        ("/" + pattern.scalar + "/").find("/../") != std::string::npos) {
      auto& error = diagnostics_.error("include-outside", pattern.place,
                                       "`" + pattern.scalar + "` leaves the manifest's directory");
      error.cause = "lines of it would be shown to whoever reads what is said about the manifest";
      error.remedy = "put the file below " + out_.directory;
      return;
    }
    auto const matches = expand(files_, out_.directory, pattern.scalar);
    if (matches.empty()) {
      auto& error = diagnostics_.error("include-no-match", pattern.place,
                                       "no file matches `" + pattern.scalar + "`");
      error.cause = "domains that merely vanish would be taken for removed ones";
      error.remedy =
          "globs start at " + out_.directory + "; remove the line where it is not needed";
    }
    for (auto const& [match, plain] : matches) add(pattern, match, plain);
  }

  void add(Node const& pattern, std::string const& relative, bool plain) {
    std::string const path = absolute(out_.directory, relative);
    if (!read_.insert(path).second) return;
    std::string const name =
        relative.starts_with('/') ? relative : under(shown_directory_, relative);
    if (!meant(pattern, relative, name, plain)) return;
    auto text = files_.read(path);
    if (!text) {
      auto& error =
          diagnostics_.error("manifest-unreadable", pattern.place, "`" + name + "` cannot be read");
      error.cause = text.error().what;
      error.remedy = "let whoever runs mailstack read it, or take it out of `include`";
      return;
    }
    if (out_.files.size() >= most_files || octets_ + text->size() > most_octets) {
      if (!std::exchange(too_much_, true)) too_much(pattern);
      return;
    }
    auto root = parse({name, path, std::move(*text)});
    if (!root || root->shape == Node::Shape::null) return;
    if (root->shape != Node::Shape::mapping) {
      auto& error = diagnostics_.error("wrong-type", root->place, "an included file is a mapping");
      error.cause = "found " + std::string(describe(root->shape));
      error.remedy = "start with `domains:`";
      return;
    }
    if (Node::Entry const* nested = root->entry("include")) {
      auto& error = diagnostics_.error("include-nested", nested->key_place,
                                       "only the main file includes others");
      error.cause = "one look at the main file shows everything that is read";
      error.remedy = "move the glob to " + out_.files.front().name;
    }
    merge(out_.root, std::move(*root), "");
  }

  void too_much(Node const& pattern) {
    auto& error =
        diagnostics_.error("yaml-too-large", pattern.place,
                           "the included files are more than 20,000 or larger than 64 MiB");
    error.cause = "no manifest that people write is so large";
    error.remedy = "look at what the glob matches, or split the stack over several manifests";
  }

  /// Whether `relative` may be read: lines of what is included are shown in diagnostics, so it must
  /// have been meant as a part of a manifest. Not so are other files that lie beside it, and what a
  /// symbolic link below the manifest leads to.
  bool meant(Node const& pattern, std::string const& relative, std::string const& name,
             bool plain) {
    if (!relative.ends_with(".yaml") && !relative.ends_with(".yml")) {
      auto& error =
          diagnostics_.error("include-not-yaml", pattern.place,
                             "`" + name + "` is not read: its name is that of no manifest");
      error.cause = "lines of it would be shown to whoever reads what is said about the manifest";
      error.remedy = pattern.scalar.ends_with("*") ? "write `" + pattern.scalar + ".yaml`"
                                                   : "include files that end in .yaml or .yml";
      return false;
    }
    std::string odd = plain ? "" : relative;
    for (std::size_t end = relative.find('/'); end != std::string::npos && odd.empty();
         end = relative.find('/', end + 1))
      if (!is_folder(relative.substr(0, end))) odd = relative.substr(0, end);
    if (odd.empty()) return true;
    auto& error = diagnostics_.error("include-outside", pattern.place,
                                     "`" + name + "` is not a file of the manifest's directory");
    error.cause = "`" + odd + "` is a symbolic link or a device";
    error.remedy = "put the file itself below " + out_.directory;
    return false;
  }

  bool is_folder(std::string const& relative) {
    if (folders_.contains(relative)) return true;
    auto const stat = files_.stat(absolute(out_.directory, relative));
    if (!stat || !stat->directory || stat->link) return false;
    folders_.insert(relative);
    return true;
  }

  void merge(Node& into, Node from, std::string const& path) {
    if (into.shape == Node::Shape::null) {
      into.shape = Node::Shape::mapping;
      into.place = from.place;
    }
    for (Node::Entry& entry : from.entries) {
      if (path.empty() && entry.key == "include") continue;
      auto* there = const_cast<Node::Entry*>(into.entry(entry.key));
      if (!there) {
        into.entries.push_back(std::move(entry));
        continue;
      }
      if (joins(*there, entry, path)) {
        std::string const below = path.empty() ? entry.key : path + "." + entry.key;
        if (entry.value.shape == Node::Shape::mapping)
          merge(there->value, std::move(entry.value), below);
        continue;
      }
      // Every file may say which version it is written for, as long as it is the same.
      if (path.empty() && entry.key == "version" && same_content(there->value, entry.value))
        continue;
      auto& error = diagnostics_.error("duplicate-key", entry.key_place,
                                       "`" + entry.key + "` stands in two files");
      error.cause = "each host, zone, provider and domain stands whole in one file";
      error.remedy = "keep one of the two";
      error.related.emplace_back(there->key_place, "first here");
    }
  }

  /// Mappings whose keys are the table's own, and collections of named things; the named things
  /// themselves stand in one file.
  [[nodiscard]] bool joins(Node::Entry const& a, Node::Entry const& b,
                           std::string const& path) const {
    auto const mapping = [](Node const& node) {
      return node.shape == Node::Shape::mapping || node.shape == Node::Shape::null;
    };
    if (!mapping(a.value) || !mapping(b.value)) return false;
    TableRow const* row = table_.child(path, a.key);
    return row && row->key->type == keys::Type::mapping && !row->path.ends_with("*");
  }

  files::Files& files_;
  KeyTable const& table_;
  Diagnostics& diagnostics_;
  Joined out_;
  std::string shown_directory_;
  std::set<std::string> read_;
  std::set<std::string> folders_;  ///< real ones, below the manifest
  std::size_t octets_ = 0;
  bool too_much_ = false;
};

}  // namespace

std::string directory_of(std::string const& path) {
  std::size_t const slash = path.rfind('/');
  std::string const directory = slash == std::string::npos ? "" : path.substr(0, slash);
  if (path.starts_with('/')) return directory.empty() ? "/" : directory;
  return files::from(files::working_directory(), directory);
}

std::string absolute(std::string const& directory, std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  if (path.starts_with('/')) return std::string(path);
  if (path.empty()) return directory;
  return under(directory, path);
}

std::optional<Joined> read_and_join(files::Files& files, std::string const& path,
                                    KeyTable const& table, Diagnostics& diagnostics) {
  std::size_t const slash = path.rfind('/');
  std::string const full =
      absolute(directory_of(path), slash == std::string::npos ? path : path.substr(slash + 1));
  if (auto const stat = files.stat(full); stat && stat->size > YamlLimits{}.octets) {
    too_large(path, YamlLimits{}, diagnostics);
    return std::nullopt;
  }
  auto text = files.read(full);
  if (!text) {
    auto& error = diagnostics.error("manifest-unreadable", {{path, 0, 0}, 0},
                                    "`" + path + "` cannot be read");
    error.cause = text.error().what;
    error.remedy = "`mailstack init DOMAIN` writes one, `--manifest FILE` names another";
    if (auto const stat = files.stat(full); stat && stat->directory)
      error.remedy = "name the file in it: `--manifest " + under(path, "mailstack.yaml") + "`";
    return std::nullopt;
  }
  return join(files, {path, full, std::move(*text)}, table, diagnostics);
}

std::optional<Joined> join(files::Files& files, SourceFile main, KeyTable const& table,
                           Diagnostics& diagnostics) {
  return Joiner(files, table, diagnostics).run(std::move(main));
}

std::string digest_of(std::vector<SourceFile> const& files) {
  std::vector<engine::Item> content;
  content.reserve(2 * files.size());
  for (SourceFile const& file : files) {
    content.emplace_back(file.name);
    content.emplace_back(file.text);
  }
  return engine::digest({{"files", std::move(content)}});
}

}  // namespace mailstack::manifest
