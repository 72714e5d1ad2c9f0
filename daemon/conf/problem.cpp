#include "daemon/conf/problem.hpp"

#include <algorithm>
#include <charconv>

#include "core/json_text/json_text.hpp"

namespace mailstack::conf {

namespace {

/// Takes `word` and a number off the front of `text`; 0 and nothing taken where they are not there.
unsigned take_number(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return 0;
  auto const rest = text.substr(word.size());
  unsigned number = 0;
  auto const [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) return 0;
  text = rest.substr(static_cast<std::size_t>(end - rest.data()));
  return number;
}

void append_json(std::string& out, Problem const& problem) {
  json_text::Object object(out);
  object.add("path", problem.path);
  if (problem.line != 0) object.add("line", problem.line);
  if (problem.column != 0) object.add("column", problem.column);
  object.add("severity", severity(problem));
  object.add("what", problem.what);
  if (!problem.remedy.empty()) object.add("remedy", problem.remedy);
  if (problem.restart) {
    object.key("restart");
    out += "true";
  }
  object.end();
}

}  // namespace

std::string_view severity(Problem const& problem) { return problem.warning ? "warning" : "error"; }

std::string format(Place const& place) {
  std::string text = place.path;
  if (place.line != 0) text += ":" + std::to_string(place.line);
  if (place.column != 0) text += ":" + std::to_string(place.column);
  return text;
}

std::string format(Problem const& problem) {
  auto text = format(Place{problem.path, problem.line, problem.column});
  text.append(": ").append(severity(problem)).append(": ").append(problem.what);
  if (!problem.remedy.empty()) text += "; " + problem.remedy;
  // Names of files may hold anything; a log line ends where we end it.
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return text;
}

std::string format(Problems const& problems) {
  std::string text;
  for (auto const& problem : problems) text += format(problem) + "\n";
  return text;
}

std::string format_json(Problems const& problems) {
  std::string out = "[";
  for (auto const& problem : problems) {
    if (out.size() > 1) out += ',';
    append_json(out, problem);
  }
  return out + "]";
}

Problem problem_at(Place const& place, std::string what, std::string remedy, bool warning) {
  return {place.path, std::move(what), place.line, place.column, std::move(remedy), warning};
}

bool failed(Problems const& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](auto const& one) { return !one.warning; });
}

void note_kept(Problem& problem, std::string_view what) {
  if (problem.warning) return;
  problem.remedy.append(problem.remedy.empty() ? "" : "; ").append(what);
}

Problem located(std::string const& path, std::string_view error) {
  Problem problem{path, {}};
  auto rest = error;
  problem.line = take_number(rest, "line ");
  if (problem.line != 0) problem.column = take_number(rest, ", column ");
  if (problem.line != 0 && rest.starts_with(": ")) {
    problem.what = rest.substr(2);
  } else {
    problem.what = error;
    problem.line = problem.column = 0;
  }
  return problem;
}

}  // namespace mailstack::conf
