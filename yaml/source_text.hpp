#pragma once
/// \file
/// The text of a YAML file with its lines, and where values end in it: yaml-cpp says only where
/// they start.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/diagnostic.hpp"

namespace mailstack::yaml {

/// The text with the offsets of its lines.
class SourceText {
 public:
  SourceText(std::string const& file, std::string_view text) : file_(file), text_(text) {
    starts_.push_back(0);
    for (std::size_t at = text.find('\n'); at != std::string_view::npos;
         at = text.find('\n', at + 1))
      starts_.push_back(at + 1);
  }

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::size_t line_count() const { return starts_.size(); }

  /// Without the line end; `line` counts from 0 and may lie behind the end.
  [[nodiscard]] std::string_view line(std::size_t line) const {
    if (line >= starts_.size()) return {};
    std::size_t const end = line + 1 < starts_.size() ? starts_[line + 1] - 1 : text_.size();
    std::string_view found = text_.substr(starts_[line], end - starts_[line]);
    if (found.ends_with('\r')) found.remove_suffix(1);
    return found;
  }

  [[nodiscard]] std::size_t offset(std::size_t line, std::size_t column) const {
    return starts_[line] + column;
  }

  [[nodiscard]] Place place(std::size_t line, std::size_t column, std::size_t octets) const {
    return {{file_, static_cast<unsigned>(line + 1), static_cast<unsigned>(column + 1)},
            static_cast<unsigned>(octets)};
  }

  [[nodiscard]] Place place_of(std::size_t offset, std::size_t octets) const {
    auto const after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    auto const index = static_cast<std::size_t>(after - starts_.begin()) - 1;
    return place(index, offset - starts_[index], octets);
  }

 private:
  std::string const& file_;
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

/// Skips `&anchor` and `!tag` at `column`: yaml-cpp marks a value with properties at the first of
/// them.
inline std::size_t skip_properties(std::string_view line, std::size_t column) {
  while (column < line.size() && (line[column] == '&' || line[column] == '!')) {
    std::size_t const end = line.find_first_of(" \t", column);
    if (end == std::string_view::npos) return column;
    std::size_t const next = line.find_first_not_of(" \t", end);
    if (next == std::string_view::npos) return column;
    column = next;
  }
  return column;
}

/// Behind the quote that closes the scalar which starts at `start`; npos where none does. yaml-cpp
/// takes the end of the file for one.
inline std::size_t quote_end(std::string_view text, std::size_t start) {
  char const quote = text[start];
  for (std::size_t at = start + 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return std::string_view::npos;
}

inline std::size_t plain_length(std::string_view line, std::size_t column, std::string_view value) {
  if (line.substr(column, value.size()) == value) return value.size();
  // A plain scalar over several lines: what stands on the first one.
  std::string_view rest = line.substr(column);
  while (rest.ends_with(' ') || rest.ends_with('\t')) rest.remove_suffix(1);
  return rest.size();
}

}  // namespace mailstack::yaml
