#include "reconciler/cli/word_diff.hpp"

#include <algorithm>

namespace mailstack::cli {

namespace {

constexpr std::size_t context = 28;

bool ends_word(char c) {
  return std::string_view(" \t.,;:=/\"'()@").find(c) != std::string_view::npos;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  auto const [end, ignored] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  auto length = static_cast<std::size_t>(end - a.begin());
  while (length > 0 && !ends_word(a[length - 1])) --length;
  return length;
}

/// True where a word may begin at `at`; the beginning of the text is such a place.
bool begins_word(std::string_view text, std::size_t at) {
  return at == 0 || at == text.size() || ends_word(text[at - 1]) || ends_word(text[at]);
}

std::size_t common_suffix(std::string_view a, std::string_view b) {
  auto const [end, ignored] = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  auto length = static_cast<std::size_t>(end - a.rbegin());
  while (length > 0 && !(begins_word(a, a.size() - length) && begins_word(b, b.size() - length)))
    --length;
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

}  // namespace mailstack::cli
