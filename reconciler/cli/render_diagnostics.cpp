#include "reconciler/cli/render_diagnostics.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "reconciler/manifest/include.hpp"

namespace mailstack::cli {

namespace {

using manifest::Diagnostic;
using manifest::Diagnostics;
using manifest::Place;
using manifest::Severity;

constexpr std::string_view mask = "‹secret›";

/// Columns of a quoted line, and of a message, on paper without an end.
constexpr std::size_t longest_line = 200;
constexpr std::size_t longest_message = 1000;

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::information: return "information";
  }
  return "error";
}

Ink ink_of(Severity severity) {
  switch (severity) {
    case Severity::error: return Ink::red;
    case Severity::warning: return Ink::yellow;
    case Severity::information: return Ink::cyan;
  }
  return Ink::plain;
}

/// The lines of the files, read once each.
class Lines {
 public:
  explicit Lines(SourceReader const& read) : read_(read) {}

  /// Without its end; nothing where there is no such line.
  std::optional<std::string_view> line(std::string const& file, unsigned number) {
    auto const& text = text_of(file);
    auto const& starts = starts_[file];
    if (!text || number == 0 || number > starts.size()) return std::nullopt;
    std::size_t const start = starts[number - 1];
    std::size_t const end = std::min(text->find('\n', start), text->size());
    std::string_view found = std::string_view(*text).substr(start, end - start);
    if (found.ends_with('\r')) found.remove_suffix(1);
    return found;
  }

 private:
  std::optional<std::string> const& text_of(std::string const& file) {
    auto const [at, fresh] = texts_.try_emplace(file);
    if (!fresh) return at->second;
    at->second = read_(file);
    if (!at->second) return at->second;
    if (at->second->starts_with("\xef\xbb\xbf")) at->second->erase(0, 3);
    auto& starts = starts_[file];
    starts.push_back(0);
    for (std::size_t i = at->second->find('\n'); i != std::string::npos;
         i = at->second->find('\n', i + 1))
      starts.push_back(i + 1);
    return at->second;
  }

  SourceReader const& read_;
  std::map<std::string, std::optional<std::string>> texts_;
  std::map<std::string, std::vector<std::size_t>> starts_;
};

/// One character of a line as it is shown.
struct Cell {
  std::string shown;
  std::size_t from = 0;  ///< octet of the line that it starts at
  std::size_t width = 0;
};

struct Range {
  std::size_t from = 0;
  std::size_t to = 0;
};

std::size_t character_length(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  return end - at;
}

std::vector<Cell> cells_of(std::string_view line, std::vector<Range> const& secrets) {
  std::vector<Cell> cells;
  for (std::size_t at = 0; at < line.size();) {
    auto const secret = std::find_if(secrets.begin(), secrets.end(), [&](Range const& range) {
      return range.from <= at && at < range.to;
    });
    if (secret != secrets.end()) {
      cells.push_back({std::string(mask), at, columns(mask)});
      at = std::max(secret->to, at + 1);
      continue;
    }
    std::size_t const length = character_length(line, at);
    std::string shown = line[at] == '\t' ? std::string(" ") : printable(line.substr(at, length));
    std::size_t const width = columns(shown);
    cells.push_back({std::move(shown), at, width});
    at += length;
  }
  return cells;
}

/// The cells [first, last) that are shown, so that the mark lies within `room` columns.
std::pair<std::size_t, std::size_t> window(std::vector<Cell> const& cells, std::size_t mark,
                                           std::size_t room) {
  std::size_t total = 0;
  for (Cell const& cell : cells) total += cell.width;
  if (room == 0 || total <= room) return {0, cells.size()};
  std::size_t first = std::min(mark, cells.empty() ? 0 : cells.size() - 1);
  std::size_t used = 0;
  // A third of the room before the mark, the rest behind it.
  while (first > 0 && used + cells[first - 1].width <= room / 3) used += cells[--first].width;
  std::size_t last = first;
  used = 0;
  while (last < cells.size() && used + cells[last].width + 2 <= room) used += cells[last++].width;
  return {first, last};
}

class Renderer {
 public:
  Renderer(Diagnostics const& all, SourceReader const& read, Paper const& paper)
      : lines_(read), paper_(paper) {
    for (Diagnostic const& one : all.all())
      if (one.code == "literal-secret" || one.code == "hash-form")
        secrets_[{one.place.at.file, one.place.at.line}].push_back(range_of(one.place));
  }

  void add(Diagnostic const& one) {
    out_ +=
        paper_.paint(Ink::bold, where(one.place)) + ": " +
        paper_.paint(ink_of(one.severity), std::string(word(one.severity)) + "[" + one.code + "]") +
        ": " + words(one.message) + "\n";
    excerpt(one.place, 2, ink_of(one.severity));
    if (!one.cause.empty()) out_ += "  why: " + words(one.cause) + "\n";
    if (!one.remedy.empty()) out_ += "  fix: " + words(one.remedy) + "\n";
    for (auto const& [place, text] : one.related) {
      out_ += "  " + where(place) + ": " + printable(text) + "\n";
      excerpt(place, 4, Ink::cyan);
    }
  }

  std::string take() { return std::move(out_); }

 private:
  static Range range_of(Place const& place) {
    std::size_t const from = place.at.column == 0 ? 0 : place.at.column - 1;
    return {from, from + std::max(place.octets, 1U)};
  }

  static std::string where(Place const& place) {
    std::string text = printable(place.at.file);
    if (place.at.line == 0) return text;
    return text + ":" + std::to_string(place.at.line) + ":" + std::to_string(place.at.column);
  }

  void excerpt(Place const& place, std::size_t indent, Ink ink) {
    auto const line = lines_.line(place.at.file, place.at.line);
    if (!line) return;
    std::string const margin(indent, ' ');
    std::string const number = std::to_string(place.at.line);
    auto const found = secrets_.find({place.at.file, place.at.line});
    static std::vector<Range> const none;
    auto const cells = cells_of(*line, found == secrets_.end() ? none : found->second);
    Range const marked = range_of(place);
    std::size_t mark = 0;
    while (mark < cells.size() && end_of(cells, mark, line->size()) <= marked.from) ++mark;
    auto const [first, last] = window(cells, mark, room(indent + number.size() + 3));

    std::string text = first > 0 ? "…" : "";
    std::string caret = first > 0 ? " " : "";
    std::string run;
    for (std::size_t i = first; i < last; ++i) {
      text += cells[i].shown;
      if (i < mark) caret += std::string(cells[i].width, ' ');
      if (i >= mark && cells[i].from < marked.to) run += std::string(cells[i].width, '^');
    }
    if (last < cells.size()) text += "…";
    if (run.empty()) run = "^";
    out_ += margin + paper_.paint(Ink::dim, number + " | ") + text + "\n";
    out_ += margin + paper_.paint(Ink::dim, std::string(number.size(), ' ') + " | ") + caret +
            paper_.paint(ink, run) + "\n";
  }

  /// Of a quoted line. One of a machine's making can be endless; on paper without an end it is cut
  /// too.
  [[nodiscard]] std::size_t room(std::size_t indent) const {
    if (paper_.verbose) return 0;
    return paper_.width == 0 ? longest_line : paper_.room(indent);
  }

  /// A message may hold a value of the manifest, of any length.
  [[nodiscard]] std::string words(std::string const& text) const {
    return paper_.fit(printable(text), longest_message);
  }

  static std::size_t end_of(std::vector<Cell> const& cells, std::size_t at, std::size_t size) {
    return at + 1 < cells.size() ? cells[at + 1].from : size;
  }

  Lines lines_;
  Paper const& paper_;
  std::map<std::pair<std::string, unsigned>, std::vector<Range>> secrets_;
  std::string out_;
};

std::size_t number_of(Diagnostics const& diagnostics, Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(diagnostics.all().begin(), diagnostics.all().end(),
                    [&](Diagnostic const& one) { return one.severity == severity; }));
}

nlohmann::ordered_json json_of(Place const& place) {
  return {{"file", place.at.file},
          {"line", place.at.line},
          {"column", place.at.column},
          {"length", place.octets}};
}

}  // namespace

SourceReader source_reader(files::Files& files) {
  return [&files](std::string const& file) -> std::optional<std::string> {
    std::size_t const slash = file.rfind('/');
    auto text = files.read(manifest::absolute(
        manifest::directory_of(file), slash == std::string::npos ? file : file.substr(slash + 1)));
    if (!text) return std::nullopt;
    return std::move(*text);
  };
}

std::string render_diagnostics(Diagnostics const& diagnostics, SourceReader const& read,
                               Paper const& paper) {
  Renderer renderer(diagnostics, read, paper);
  for (Diagnostic const& one : diagnostics.all())
    if (!paper.quiet || one.severity == Severity::error) renderer.add(one);
  std::string text = renderer.take();
  if (text.empty()) return text;
  std::size_t const errors = number_of(diagnostics, Severity::error);
  std::size_t const warnings = number_of(diagnostics, Severity::warning);
  std::string summary;
  if (errors > 0) summary = count(errors, "error");
  if (warnings > 0 && !paper.quiet)
    summary += (summary.empty() ? "" : ", ") + count(warnings, "warning");
  if (!summary.empty()) text += summary + "\n";
  return text;
}

std::string diagnostics_json(Diagnostics const& diagnostics) {
  auto list = nlohmann::ordered_json::array();
  for (Diagnostic const& one : diagnostics.all()) {
    nlohmann::ordered_json entry{
        {"severity", word(one.severity)}, {"code", one.code}, {"message", one.message}};
    entry.update(json_of(one.place));
    entry["cause"] = one.cause;
    entry["remedy"] = one.remedy;
    entry["related"] = nlohmann::ordered_json::array();
    for (auto const& [place, text] : one.related) {
      auto related = json_of(place);
      related["message"] = text;
      entry["related"].push_back(std::move(related));
    }
    list.push_back(std::move(entry));
  }
  nlohmann::ordered_json const document{{"version", 1},
                                        {"errors", number_of(diagnostics, Severity::error)},
                                        {"warnings", number_of(diagnostics, Severity::warning)},
                                        {"diagnostics", std::move(list)}};
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace mailstack::cli
