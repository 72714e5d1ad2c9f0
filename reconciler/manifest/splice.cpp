#include "reconciler/manifest/splice.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "reconciler/manifest/layout.hpp"
#include "reconciler/manifest/yaml.hpp"

namespace mailstack::manifest {

namespace {

constexpr std::size_t nowhere = std::string_view::npos;
constexpr std::string_view by_hand = "; make this change by hand, then run `mailstack validate`";

Result<Node> parse(std::string_view text) {
  Diagnostics diagnostics;
  auto root = parse_yaml("", text, diagnostics);
  if (root && !diagnostics.failed()) return std::move(*root);
  return fail(ErrorCode::invalid, diagnostics.all().empty()
                                      ? std::string("not YAML")
                                      : "line " +
                                            std::to_string(diagnostics.all()[0].place.at.line) +
                                            ": " + diagnostics.all()[0].message);
}

std::string replaced(std::string_view text, std::size_t from, std::size_t to,
                     std::string_view with) {
  std::string out(text.substr(0, from));
  out += with;
  out += text.substr(to);
  return out;
}

/// `key: {next: {… : value}}` for the keys that do not exist yet.
std::string nested(std::span<std::string const> keys, std::string_view value) {
  std::string out = scalar_text(keys.front()) + ": ";
  return out + (keys.size() == 1 ? std::string(value) : "{" + nested(keys.subspan(1), value) + "}");
}

/// A new line with `content` behind the line `after`.
std::string with_line(Layout const& layout, std::size_t after, std::size_t indent,
                      std::string_view content) {
  std::string const text = std::string(indent, ' ') + std::string(content);
  std::size_t const at = layout.line_start(after + 1);
  bool const ended = at > 0 && layout.text()[at - 1] == '\n';
  return replaced(layout.text(), at, at,
                  ended ? text + layout.line_end() : layout.line_end() + text);
}

std::string add_to_flow(Layout const& layout, Node const& mapping, std::string_view content) {
  auto const brackets = layout.brackets(layout.offset(mapping.place));
  std::size_t const at = brackets.last + 1;
  char const last = layout.text()[brackets.last];
  std::string_view const before = last == '{' || last == '[' ? "" : last == ',' ? " " : ", ";
  return replaced(layout.text(), at, at, std::string(before) + std::string(content));
}

/// Where `key:` has nothing behind it, or only `~` or `null`.
std::string fill_null(Layout const& layout, Node::Entry const& entry, bool in_flow,
                      std::string_view content) {
  std::size_t const at = layout.behind_key(entry);
  std::string_view const rest = layout.text().substr(at);
  std::size_t const word = std::min(rest.find_first_not_of(" \t"), rest.size());
  for (std::string_view null : {"~", "null", "Null", "NULL"})
    if (rest.substr(word).starts_with(null))
      return replaced(layout.text(), at + word, at + word + null.size(),
                      "{" + std::string(content) + "}");
  if (in_flow) {
    bool const colon = at > 0 && layout.text()[at - 1] == ':';
    return replaced(layout.text(), at, at,
                    std::string(colon ? " {" : ": {") + std::string(content) + "}");
  }
  return with_line(layout, layout.line_of(at), entry.key_place.at.column - 1 + 2, content);
}

/// The new text where `content` (`key: value`) stands last in the mapping at `entry`.
std::string add_to(Layout const& layout, Node const& parent, Node::Entry const& entry,
                   std::string_view content) {
  Node const& mapping = entry.value;
  if (mapping.style == Node::Style::flow) return add_to_flow(layout, mapping, content);
  if (mapping.shape == Node::Shape::null)
    return fill_null(layout, entry, parent.style == Node::Style::flow, content);
  Node::Entry const& last = mapping.entries.back();
  return with_line(layout, layout.last_line(last), mapping.entries.front().key_place.at.column - 1,
                   content);
}

/// Conservative: a `#` in quotes counts too, and the edit is then refused.
bool holds_comment(std::string_view text) {
  for (std::size_t at = text.find('#'); at != nowhere; at = text.find('#', at + 1))
    if (at == 0 || std::string_view(" \t\r\n").find(text[at - 1]) != nowhere) return true;
  return false;
}

/// Empty where a comment would be lost.
std::string replaced_value(Layout const& layout, std::size_t from, std::size_t to,
                           std::string_view with) {
  if (holds_comment(layout.text().substr(from, to - from))) return {};
  return replaced(layout.text(), from, to, with);
}

std::string replace_value(Layout const& layout, Node const& parent, Node::Entry const& entry,
                          std::string_view value) {
  if (entry.value.shape == Node::Shape::null) {
    std::size_t const at = layout.behind_key(entry);
    bool const colon = at > 0 && layout.text()[at - 1] == ':';
    return replaced(layout.text(), at, at, std::string(colon ? " " : ": ") + std::string(value));
  }
  if (auto const end = layout.behind(entry.value))
    return replaced_value(layout, layout.offset(entry.value.place), *end, value);
  if (parent.style == Node::Style::flow) return {};
  // A block: from behind the `:` to the end of its last line.
  std::size_t const last = layout.last_line(entry);
  std::size_t const end = layout.line_start(last) + layout.line(last).size();
  return replaced_value(layout, layout.behind_key(entry), end, " " + std::string(value));
}

std::string remove_from_flow(Layout const& layout, Node const& mapping, std::size_t index) {
  std::string_view const text = layout.text();
  auto const& entries = mapping.entries;
  std::size_t const from = layout.offset(entries[index].key_place);
  auto const end = entries[index].value.shape == Node::Shape::null
                       ? std::optional(layout.behind_key(entries[index]))
                       : layout.behind(entries[index].value);
  if (!end) return {};
  if (index + 1 < entries.size()) {
    std::size_t const comma = text.find(',', *end);
    if (comma == nowhere) return {};
    std::size_t to = std::min(text.find_first_not_of(" \t", comma + 1), text.size());
    std::size_t start = from;
    // The entry was alone on its line: the line goes with it.
    std::size_t const line_start = layout.line_start(layout.line_of(from));
    bool const alone =
        text.substr(line_start, from - line_start).find_first_not_of(" \t") == nowhere;
    if (alone && to < text.size() && (text[to] == '\n' || text[to] == '\r')) {
      start = line_start;
      to = layout.line_start(layout.line_of(to) + 1);
    }
    return replaced(text, start, to, "");
  }
  if (index == 0) return replaced(text, from, *end, "");
  auto const& before = entries[index - 1];
  auto const keep = before.value.shape == Node::Shape::null
                        ? std::optional(layout.behind_key(before))
                        : layout.behind(before.value);
  if (!keep) return {};
  // Only the comma before it goes; a comment between the two stays.
  std::size_t const comma = text.find(',', *keep);
  if (comma == nowhere || comma >= from) return {};
  std::string out = replaced(text, from, *end, "");
  std::size_t blank = from;
  while (blank > comma + 1 && (out[blank - 1] == ' ' || out[blank - 1] == '\t')) --blank;
  out.erase(blank, from - blank);
  return out.erase(comma, 1);
}

/// The way down `path`: each mapping with the entry taken. Shorter than the path where it ends.
struct Step {
  Node const* mapping;
  std::size_t index;

  [[nodiscard]] Node::Entry const& entry() const { return mapping->entries[index]; }
};

Result<std::vector<Step>> walk(Node const& root, KeyPath const& path) {
  std::vector<Step> steps;
  Node const* at = &root;
  for (std::string const& key : path) {
    if (at->shape == Node::Shape::null) break;
    if (at->shape != Node::Shape::mapping)
      return fail(ErrorCode::invalid,
                  "above `" + key + "` stands " + std::string(describe(at->shape)));
    if (at->aliased)
      return fail(ErrorCode::invalid,
                  "`" + key + "` stands in a value that is repeated by `*`" + std::string(by_hand));
    Node::Entry const* found = at->entry(key);
    if (!found) break;
    steps.push_back({at, static_cast<std::size_t>(found - at->entries.data())});
    at = &found->value;
  }
  return steps;
}

/// What the tree should be afterwards. `value` nullptr: the key is gone.
Node expected(Node root, KeyPath const& path, Node const* value) {
  Node* at = &root;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (at->shape == Node::Shape::null) at->shape = Node::Shape::mapping;
    bool const last = i + 1 == path.size();
    auto const found = std::find_if(at->entries.begin(), at->entries.end(),
                                    [&](auto const& entry) { return entry.key == path[i]; });
    if (found == at->entries.end()) {
      if (!value) return root;
      at->entries.push_back({path[i], {}, {}});
      at = &at->entries.back().value;
    } else if (last && !value) {
      at->entries.erase(found);
      return root;
    } else {
      at = &found->value;
    }
    if (last && value) *at = *value;
  }
  return root;
}

/// Empty and absent are the same to whoever reads a mapping.
bool equal(Node const& a, Node const& b) {
  auto const empty = [](Node const& node) {
    return node.shape == Node::Shape::null ||
           (node.shape == Node::Shape::mapping && node.entries.empty());
  };
  if (empty(a) && empty(b)) return true;
  return a.shape == b.shape && a.quoted == b.quoted && a.scalar == b.scalar &&
         std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), equal) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), b.entries.end(),
                    [](auto const& x, auto const& y) {
                      return x.key == y.key && equal(x.value, y.value);
                    });
}

/// Lets only a text pass that holds exactly what it should.
Result<std::string> proven(std::string text, Node const& wanted, KeyPath const& path) {
  auto const made = parse(text);
  if (!text.empty() && made && equal(*made, wanted)) return text;
  return fail(ErrorCode::invalid, "`" + path.back() +
                                      "` cannot be changed in place in the form that it has" +
                                      std::string(by_hand));
}

std::string_view without_mark(std::string_view text, std::string& mark) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (!text.starts_with(byte_order_mark)) return text;
  mark = byte_order_mark;
  return text.substr(byte_order_mark.size());
}

std::string put(Layout const& layout, Node const& root, std::vector<Step> const& steps,
                KeyPath const& path, std::string_view value) {
  if (steps.size() == path.size())
    return replace_value(layout, *steps.back().mapping, steps.back().entry(), value);
  std::string const content = nested(std::span(path).subspan(steps.size()), value);
  if (!steps.empty()) return add_to(layout, *steps.back().mapping, steps.back().entry(), content);
  if (root.style == Node::Style::flow) return add_to_flow(layout, root, content);
  std::string out(layout.text());
  if (!out.empty() && !out.ends_with('\n')) out += layout.line_end();
  return out + content + layout.line_end();
}

std::string cut(Layout const& layout, Step const& step) {
  if (step.mapping->style == Node::Style::flow)
    return remove_from_flow(layout, *step.mapping, step.index);
  Node::Entry const& entry = step.entry();
  std::size_t const from = layout.line_start(entry.key_place.at.line - 1);
  return replaced(layout.text(), from, layout.line_start(layout.last_line(entry) + 1), "");
}

}  // namespace

Result<std::string> set_value(std::string_view text, KeyPath const& path, std::string_view value) {
  std::string mark;
  text = without_mark(text, mark);
  auto const root = parse(text);
  if (!root) return fail(root.error());
  auto const node = parse(value);
  if (!node) return fail(within(node.error(), "the new value"));
  auto const steps = walk(*root, path);
  if (!steps) return fail(steps.error());
  Layout const layout(text);
  auto made = proven(put(layout, *root, *steps, path, value), expected(*root, path, &*node), path);
  if (!made) return made;
  return mark + *made;
}

Result<std::string> append_item(std::string_view text, KeyPath const& path,
                                std::string_view value) {
  std::string mark;
  text = without_mark(text, mark);
  auto const root = parse(text);
  if (!root) return fail(root.error());
  auto const node = parse(value);
  if (!node) return fail(within(node.error(), "the new value"));
  auto const steps = walk(*root, path);
  if (!steps) return fail(steps.error());
  if (steps->size() != path.size() || steps->back().entry().value.items.empty())
    return fail(ErrorCode::not_found, "there is no list `" + path.back() + "`");
  Layout const layout(text);
  Node::Entry const& entry = steps->back().entry();
  Node wanted = entry.value;
  wanted.items.push_back(*node);
  std::string made;
  if (entry.value.style == Node::Style::flow) {
    made = add_to_flow(layout, entry.value, value);
  } else {
    auto const first = layout.line_of(layout.offset(entry.value.items.front().place));
    std::size_t const dash = layout.line(first).find_first_not_of(' ');
    made = with_line(layout, layout.last_line(entry), dash, "- " + std::string(value));
  }
  auto safe = proven(std::move(made), expected(*root, path, &wanted), path);
  if (!safe) return safe;
  return mark + *safe;
}

Result<std::string> remove_value(std::string_view text, KeyPath const& path) {
  std::string mark;
  text = without_mark(text, mark);
  auto const root = parse(text);
  if (!root) return fail(root.error());
  auto const steps = walk(*root, path);
  if (!steps) return fail(steps.error());
  if (steps->size() != path.size())
    return fail(ErrorCode::not_found, "there is no `" + path.back() + "`");
  Layout const layout(text);
  auto made = proven(cut(layout, steps->back()), expected(*root, path, nullptr), path);
  if (!made) return made;
  return mark + *made;
}

std::string scalar_text(std::string_view text) {
  auto const plain = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '+' || c == '/' || c == '-' || c == '@';
  };
  // Words and numbers that another YAML program takes for something else than text.
  constexpr std::array<std::string_view, 10> words{"y",   "n",    "yes",   "no",   "on",
                                                   "off", "true", "false", "null", "~"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  bool const letter = !text.empty() && ((lower[0] >= 'a' && lower[0] <= 'z') || lower[0] == '_');
  if (letter && std::all_of(text.begin(), text.end(), plain) &&
      std::find(words.begin(), words.end(), lower) == words.end())
    return std::string(text);
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace mailstack::manifest
