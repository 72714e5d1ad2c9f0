#include "yaml/diagnostic.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace mailstack::yaml {

namespace {

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1.
/// Words are keys and names, so the quadratic table is small.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

Diagnostic& Diagnostics::add(Severity severity, std::string code, Place place,
                             std::string message) {
  all_.push_back({severity, std::move(code), std::move(message), std::move(place), {}, {}, {}});
  return all_.back();
}

Diagnostic& Diagnostics::error(std::string code, Place place, std::string message) {
  return add(Severity::error, std::move(code), std::move(place), std::move(message));
}

Diagnostic& Diagnostics::warning(std::string code, Place place, std::string message) {
  return add(Severity::warning, std::move(code), std::move(place), std::move(message));
}

Diagnostic& Diagnostics::information(std::string code, Place place, std::string message) {
  return add(Severity::information, std::move(code), std::move(place), std::move(message));
}

bool Diagnostics::failed() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](Diagnostic const& one) { return one.severity == Severity::error; });
}

void Diagnostics::sort() {
  // Stable: two findings at one place stay in the order of the rules that made them.
  std::stable_sort(all_.begin(), all_.end(), [](Diagnostic const& a, Diagnostic const& b) {
    return std::tie(a.place.at.file, a.place.at.line, a.place.at.column) <
           std::tie(b.place.at.file, b.place.at.line, b.place.at.column);
  });
}

std::string_view nearest(std::string_view word, std::vector<std::string_view> const& candidates) {
  // Short words get one error: `mz` is meant to be `mx`, though 2 / 3 is 0.
  std::size_t best = std::max<std::size_t>(word.size() / 3, 1) + 1;
  std::string_view found;
  if (word.size() < 2 || word.size() > 64) return found;
  for (std::string_view candidate : candidates) {
    std::size_t const distance = edit_distance(word, candidate);
    if (distance >= best) continue;
    best = distance;
    found = candidate;
  }
  return found;
}

}  // namespace mailstack::yaml
