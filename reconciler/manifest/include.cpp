#include "reconciler/manifest/include.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <set>
#include <utility>

#include "reconciler/engine/fields.hpp"
#include "reconciler/manifest/glob.hpp"
#include "reconciler/manifest/yaml.hpp"

namespace mailstack::manifest {

namespace {

/// Together with the limit of one file: what a manifest may cost in memory.
constexpr std::size_t most_files = 20'000;
constexpr std::size_t most_octets = std::size_t{64} << 20;

std::string working_directory() {
  std::array<char, PATH_MAX> buffer{};
  return getcwd(buffer.data(), buffer.size()) ? std::string(buffer.data()) : std::string("/");
}

bool has_wildcard(std::string_view text) { return text.find_first_of("*?") != std::string::npos; }

std::string under(std::string const& directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return directory.ends_with('/') ? directory + std::string(name)
                                  : directory + "/" + std::string(name);
}

/// The paths that `pattern` matches below `directory`, relative to it, sorted.
std::vector<std::string> expand(files::Files& files, std::string const& directory,
                                std::string_view pattern) {
  std::vector<std::string> found{pattern.starts_with('/') ? "/" : ""};
  while (!pattern.empty()) {
    std::size_t const slash = std::min(pattern.find('/'), pattern.size());
    std::string_view const part = pattern.substr(0, slash);
    pattern.remove_prefix(std::min(slash + 1, pattern.size()));
    if (part.empty() || part == ".") continue;
    std::vector<std::string> next;
    for (std::string const& start : found) {
      if (!has_wildcard(part)) {
        next.push_back(under(start, part));
        continue;
      }
      auto const names = files.list(absolute(directory, start));
      if (!names) continue;
      for (std::string const& name : *names) {
        // As a shell does it: a hidden file is meant only by a pattern that starts with its dot.
        if (name.starts_with('.') && !part.starts_with('.')) continue;
        if (glob_matches(part, name)) next.push_back(under(start, name));
      }
    }
    found = std::move(next);
  }
  std::erase_if(found, [&](std::string const& path) {
    auto const stat = files.stat(absolute(directory, path));
    return !stat || stat->directory;
  });
  std::sort(found.begin(), found.end());
  return found;
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
    if (Node const* patterns = out_.root.find("include")) {
      Node const copy = *patterns;  // Joining moves the tree's entries.
      if (copy.shape == Node::Shape::scalar) include(copy);
      for (Node const& item : copy.items)
        if (item.shape == Node::Shape::scalar) include(item);
    }
    if (broken_) return std::nullopt;
    return std::move(out_);
  }

 private:
  std::optional<Node> parse(SourceFile file) {
    auto root = parse_yaml(file.name, file.text, diagnostics_);
    octets_ += file.text.size();
    out_.files.push_back(std::move(file));
    if (!root) broken_ = true;
    return root;
  }

  void include(Node const& pattern) {
    // Diagnostics show lines of what is included: whoever writes a manifest must not read other
    // files that way.
    if (pattern.scalar.starts_with('/') ||
        ("/" + pattern.scalar + "/").find("/../") != std::string::npos) {
      auto& error = diagnostics_.error("include-outside", pattern.place,
                                       "`" + pattern.scalar + "` leaves the manifest's directory");
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
    for (std::string const& match : matches) add(pattern, match);
  }

  void add(Node const& pattern, std::string const& relative) {
    std::string const path = absolute(out_.directory, relative);
    if (!read_.insert(path).second) return;
    std::string const name =
        relative.starts_with('/') ? relative : under(shown_directory_, relative);
    auto text = files_.read(path);
    if (!text) {
      auto& error =
          diagnostics_.error("manifest-unreadable", pattern.place, "`" + name + "` cannot be read");
      error.cause = text.error().what;
      broken_ = true;
      return;
    }
    if (out_.files.size() >= most_files || octets_ + text->size() > most_octets) {
      if (!std::exchange(too_much_, true))
        diagnostics_.error("yaml-too-large", pattern.place,
                           "the included files are more than 20,000 or larger than 64 MiB");
      broken_ = true;
      return;
    }
    auto root = parse({name, path, std::move(*text)});
    if (!root || root->shape == Node::Shape::null) return;
    if (root->shape != Node::Shape::mapping) {
      diagnostics_.error("wrong-type", root->place, "an included file is a mapping").remedy =
          "start with `domains:`";
      return;
    }
    if (Node::Entry const* nested = root->entry("include"))
      diagnostics_.error("include-nested", nested->key_place, "only the main file includes others")
          .remedy = "move the glob to " + out_.files.front().name;
    merge(out_.root, std::move(*root), "");
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
  std::size_t octets_ = 0;
  bool broken_ = false;
  bool too_much_ = false;
};

}  // namespace

std::string directory_of(std::string const& path) {
  std::size_t const slash = path.rfind('/');
  std::string const directory = slash == std::string::npos ? "" : path.substr(0, slash);
  if (path.starts_with('/')) return directory.empty() ? "/" : directory;
  return absolute(working_directory(), directory == "." ? "" : directory);
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
  auto text = files.read(full);
  if (!text) {
    auto& error = diagnostics.error("manifest-unreadable", {{path, 0, 0}, 0},
                                    "`" + path + "` cannot be read");
    error.cause = text.error().what;
    error.remedy = "`mailstack init DOMAIN` writes one, `--manifest FILE` names another";
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
  for (SourceFile const& file : files) {
    content.emplace_back(file.name);
    content.emplace_back(file.text);
  }
  return engine::digest({{"files", std::move(content)}});
}

}  // namespace mailstack::manifest
