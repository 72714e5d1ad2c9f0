#pragma once
/// \file
/// Where the parts of a manifest's tree stand in its text: what edits in place cut and paste by.
/// Inside manifest/ only.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/manifest/node.hpp"

namespace mailstack::manifest {

/// Of one text, which outlives it. All offsets are octets from its start; lines count from 0.
class Layout {
 public:
  explicit Layout(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1))
      starts_.push_back(at + 1);
    windows_ = text.find("\r\n") != std::string_view::npos;
  }

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::string line_end() const { return windows_ ? "\r\n" : "\n"; }

  [[nodiscard]] std::size_t offset(Place const& place) const {
    return std::min(
        starts_[std::min<std::size_t>(place.at.line, starts_.size()) - 1] + place.at.column - 1,
        text_.size());
  }

  /// The line (from 0) that holds `at`.
  [[nodiscard]] std::size_t line_of(std::size_t at) const {
    return static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), at) -
                                    starts_.begin() - 1);
  }

  [[nodiscard]] std::size_t line_start(std::size_t line) const {
    return line < starts_.size() ? starts_[line] : text_.size();
  }

  [[nodiscard]] std::string_view line(std::size_t line) const {
    std::string_view found =
        text_.substr(line_start(line), line_start(line + 1) - line_start(line));
    while (found.ends_with('\n') || found.ends_with('\r')) found.remove_suffix(1);
    return found;
  }

  [[nodiscard]] std::size_t line_count() const { return starts_.size(); }

  /// Behind the quoted scalar that starts at `at`.
  [[nodiscard]] std::size_t behind_quotes(std::size_t at) const {
    char const quote = text_[at];
    for (++at; at < text_.size(); ++at) {
      if (quote == '"' && text_[at] == '\\') {
        ++at;
      } else if (text_[at] == quote) {
        if (quote == '\'' && at + 1 < text_.size() && text_[at + 1] == quote) {
          ++at;
        } else {
          return at + 1;
        }
      }
    }
    return text_.size();
  }

  /// Of the brackets that open at `at`: where the closing one stands, and the last octet before it
  /// that is neither blank nor comment.
  struct Brackets {
    std::size_t close = 0;
    std::size_t last = 0;
  };
  [[nodiscard]] Brackets brackets(std::size_t at) const {
    Brackets found;
    std::size_t depth = 0;
    std::size_t last = at;
    while (at < text_.size()) {
      char const c = text_[at];
      bool const after_blank =
          at > 0 && std::string_view(" \t\r\n").find(text_[at - 1]) != std::string_view::npos;
      bool const starts_value =
          at > 0 && std::string_view(" \t\r\n{[,:").find(text_[at - 1]) != std::string_view::npos;
      if (c == '#' && after_blank) {
        at = std::min(text_.find('\n', at), text_.size());
        continue;
      }
      if ((c == '"' || c == '\'') && starts_value) {
        at = behind_quotes(at);
        last = at - 1;
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) {
        found.close = at;
        found.last = last;
        return found;
      }
      if (std::string_view(" \t\r\n").find(c) == std::string_view::npos) last = at;
      ++at;
    }
    return {text_.size(), last};
  }

  /// Behind a value that is no block: scalars on one line, and what stands in brackets.
  [[nodiscard]] std::optional<std::size_t> behind(Node const& value) const {
    std::size_t const at = offset(value.place);
    if (value.style == Node::Style::flow) return brackets(at).close + 1;
    if (value.style == Node::Style::quoted) return behind_quotes(at);
    if (value.shape == Node::Shape::scalar && value.style == Node::Style::plain &&
        text_.substr(at, value.scalar.size()) == value.scalar)
      return at + value.scalar.size();
    return std::nullopt;
  }

  /// Behind the key and its `:`, or behind the key alone where a flow mapping leaves the `:` out.
  [[nodiscard]] std::size_t behind_key(Node::Entry const& entry) const {
    std::size_t at = offset(entry.key_place);
    at = text_[at] == '"' || text_[at] == '\'' ? behind_quotes(at) : at + entry.key.size();
    std::size_t const colon = text_.find_first_not_of(" \t", at);
    return colon != std::string_view::npos && text_[colon] == ':' ? colon + 1 : at;
  }

  /// The last line of a block entry: everything that is indented deeper than its key (comments
  /// too), the items of a list at the key's own indentation, and the line of a closing bracket.
  [[nodiscard]] std::size_t last_line(Node::Entry const& entry) const {
    std::size_t const column = entry.key_place.at.column - 1;
    std::size_t const first = entry.key_place.at.line - 1;
    std::size_t last = std::max(first, line_of(bracket_end(entry.value)));
    for (std::size_t at = last + 1; at < line_count(); ++at) {
      std::string_view const found = line(at);
      std::size_t const indent = found.find_first_not_of(" \t");
      if (indent == std::string_view::npos) continue;
      bool const item = indent == column &&
                        (found.substr(indent) == "-" || found.substr(indent).starts_with("- "));
      if (indent <= column && !item) break;
      last = at;
    }
    return last;
  }

 private:
  /// The furthest closing bracket inside; 0 where there is none.
  [[nodiscard]] std::size_t bracket_end(Node const& value) const {
    if (value.aliased) return 0;
    if (value.style == Node::Style::flow) return brackets(offset(value.place)).close;
    std::size_t end = 0;
    for (Node const& item : value.items) end = std::max(end, bracket_end(item));
    for (auto const& entry : value.entries) end = std::max(end, bracket_end(entry.value));
    return end;
  }

  std::string_view text_;
  std::vector<std::size_t> starts_;
  bool windows_ = false;
};

}  // namespace mailstack::manifest
