#pragma once
/// \file
/// What text is printed on: how wide it is, whether it takes colour, and how much the reader wants.

#include <cstddef>
#include <string>
#include <string_view>

namespace mailstack::cli {

enum class Ink { plain, green, yellow, red, cyan, bold, dim };

/// Everything that rendering may know about the reader. The default (no colour, endless width) is
/// what a file or a pipe gets.
struct Paper {
  bool colour = false;
  std::size_t width = 0;  ///< columns; 0: endless
  bool verbose = false;   ///< `-v`
  bool quiet = false;     ///< `-q`

  /// `text` in that colour, or as it is on paper without colour.
  [[nodiscard]] std::string paint(Ink ink, std::string_view text) const;
  /// `text` cut to `columns` with `…` in its middle, so that both ends stay readable. 0: uncut.
  /// `-v` cuts nothing.
  [[nodiscard]] std::string fit(std::string_view text, std::size_t columns) const;
  /// Columns that are left beside `indent`; 0 on endless paper.
  [[nodiscard]] std::size_t room(std::size_t indent) const;
};

/// Columns that `text` (UTF-8) takes on a terminal: wide characters two, combining ones none.
std::size_t columns(std::string_view text);

/// Replaces what could steer a terminal (C0, DEL, C1, bytes that are not UTF-8) with `\xNN`: values
/// of a foreign zone are printed, and none of them may move the cursor or change the colour. A
/// newline stays where `lines` is true.
std::string printable(std::string_view text, bool lines = false);

/// `1 record`, `3 records`.
std::string count(std::size_t number, std::string_view noun);

}  // namespace mailstack::cli
