#include "core/mail/dkim/canonical.hpp"

namespace mailstack::mail::dkim {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view white = " \t";

/// Adds `text` without white space at its end, runs of it as one space.
void append_reduced(std::string& out, std::string_view text) {
  text = text.substr(0, text.find_last_not_of(white) + 1);
  while (!text.empty()) {
    auto const run = text.find_first_of(white);
    out.append(text.substr(0, run));
    if (run == text.npos) return;
    out += ' ';
    text.remove_prefix(text.find_first_not_of(white, run));
  }
}

std::string unfolded(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (;;) {
    auto const fold = value.find(line_end);
    text.append(value.substr(0, fold));
    if (fold == value.npos) return text;
    value.remove_prefix(fold + line_end.size());
  }
}

}  // namespace

std::string relaxed_field(std::string_view name, std::string_view value) {
  auto text = lower_field_name(name) + ":";
  auto const line = unfolded(value);
  auto const start = line.find_first_not_of(white);
  if (start != line.npos) append_reduced(text, std::string_view(line).substr(start));
  return text.append(line_end);
}

std::string relaxed_body(std::string_view body) {
  std::string text;
  text.reserve(body.size() + line_end.size());
  std::size_t content = 0;  // behind the last line that is not empty
  while (!body.empty()) {
    auto const end = body.find(line_end);
    auto const before = text.size();
    append_reduced(text, body.substr(0, end));
    bool const empty = text.size() == before;
    text.append(line_end);
    if (!empty) content = text.size();
    body.remove_prefix(end == body.npos ? body.size() : end + line_end.size());
  }
  text.resize(content);
  return text;
}

std::string simple_field(HeaderField const& field) {
  // Both are views of one text: between them stand the colon and white space in front of it.
  auto const* const end = field.value.data() + field.value.size();
  return std::string(field.name.data(), end).append(line_end);
}

std::string simple_body(std::string_view body) {
  while (body.ends_with(line_end)) body.remove_suffix(line_end.size());
  return std::string(body).append(line_end);
}

}  // namespace mailstack::mail::dkim
