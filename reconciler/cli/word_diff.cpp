#include "reconciler/cli/word_diff.hpp"

#include <algorithm>
#include <vector>

namespace mailstack::cli {

namespace {

constexpr std::size_t context = 28;
constexpr std::size_t lines_shown = 12;
/// Above this many cells the comparison of lines is not worth its time; the middle is then shown
/// as replaced.
constexpr std::size_t table_limit = 4'000'000;

bool ends_word(char c) {
  return std::string_view(" \t.,;:=/\"'()@").find(c) != std::string_view::npos;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  auto const [end, ignored] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  auto length = static_cast<std::size_t>(end - a.begin());
  while (length > 0 && !ends_word(a[length - 1])) --length;
  return length;
}

std::size_t common_suffix(std::string_view a, std::string_view b) {
  auto const [end, ignored] = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  auto length = static_cast<std::size_t>(end - a.rbegin());
  while (length > 0 && !ends_word(a[a.size() - length])) --length;
  return length;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string last(std::string_view text, bool whole) {
  if (whole || text.size() <= context + 4) return std::string(text);
  std::size_t from = text.size() - context;
  while (from < text.size() && continues(text[from])) ++from;
  return "…" + std::string(text.substr(from));
}

std::string first(std::string_view text, bool whole) {
  if (whole || text.size() <= context + 4) return std::string(text);
  std::size_t to = context;
  while (to < text.size() && continues(text[to])) ++to;
  return std::string(text.substr(0, to)) + "…";
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    auto const end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

struct Line {
  char sign;
  std::string_view text;
};

/// The longest common subsequence of lines, walked from the front.
std::vector<Line> compare(std::vector<std::string_view> const& a,
                          std::vector<std::string_view> const& b) {
  std::vector<Line> out;
  if ((a.size() + 1) * (b.size() + 1) > table_limit) {
    for (auto line : a) out.push_back({'-', line});
    for (auto line : b) out.push_back({'+', line});
    return out;
  }
  std::size_t const row = b.size() + 1;
  std::vector<unsigned> length((a.size() + 1) * row, 0);
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      length[i * row + j] = a[i] == b[j]
                                ? length[(i + 1) * row + j + 1] + 1
                                : std::max(length[(i + 1) * row + j], length[i * row + j + 1]);
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      out.push_back({' ', a[i]}), ++i, ++j;
    } else if (i < a.size() &&
               (j == b.size() || length[(i + 1) * row + j] >= length[i * row + j + 1])) {
      out.push_back({'-', a[i++]});
    } else {
      out.push_back({'+', b[j++]});
    }
  }
  return out;
}

}  // namespace

std::string mark_change(std::string_view before, std::string_view after, Paper const& paper) {
  auto const start = common_prefix(before, after);
  auto const end = common_suffix(before.substr(start), after.substr(start));
  auto const old_part = before.substr(start, before.size() - start - end);
  auto const new_part = after.substr(start, after.size() - start - end);
  if (start + end == 0)
    return paper.paint(Ink::red, printable(before)) + " → " +
           paper.paint(Ink::green, printable(after));
  std::string text = printable(last(before.substr(0, start), paper.verbose));
  if (!old_part.empty())
    text += paper.colour ? paper.paint(Ink::red, printable(old_part))
                         : "[-" + printable(old_part) + "-]";
  if (!new_part.empty())
    text += paper.colour ? paper.paint(Ink::green, printable(new_part))
                         : "{+" + printable(new_part) + "+}";
  return text + printable(first(before.substr(before.size() - end), paper.verbose));
}

std::string mark_lines(std::string_view before, std::string_view after, std::size_t indent,
                       Paper const& paper) {
  auto const lines = compare(split_lines(before), split_lines(after));
  auto const differs = [&](std::size_t i) { return i < lines.size() && lines[i].sign != ' '; };
  std::string text;
  std::size_t shown = 0, left_out = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    bool const near = differs(i) || differs(i + 1) || (i > 0 && differs(i - 1));
    if (!near) continue;
    if (shown == lines_shown && !paper.verbose) {
      left_out += differs(i);
      continue;
    }
    ++shown;
    std::string line(1, lines[i].sign);
    line += ' ';
    line += paper.fit(printable(lines[i].text), paper.room(indent + 2));
    Ink const ink = lines[i].sign == '-' ? Ink::red : lines[i].sign == '+' ? Ink::green : Ink::dim;
    text += std::string(indent, ' ') + paper.paint(ink, line) + '\n';
  }
  if (left_out > 0)
    text += std::string(indent, ' ') + "… " + count(left_out, "more line") + " (-v shows all)\n";
  return text;
}

}  // namespace mailstack::cli
