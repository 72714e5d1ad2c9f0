#include "reconciler/cli/render_history.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "core/glob/glob.hpp"
#include "reconciler/cli/publication.hpp"
#include "reconciler/engine/fields.hpp"
#include "reconciler/manifest/diagnostic.hpp"

namespace mailstack::cli {

namespace {

bool speaks_of(engine::Record const& record, std::string_view object) {
  if (record.event != "result" && record.event != "look" && record.event != "edit") return false;
  if (object.empty()) return true;
  if (record.run == object) return true;
  return glob::matches(object, record.address) ||
         record.address.find(object) != std::string::npos ||
         record.description.find(object) != std::string::npos;
}

char sign(engine::Record const& record) {
  if (record.event == "look") return '!';
  if (record.event == "edit") return '*';
  if (record.action == "create") return '+';
  if (record.action == "remove") return '-';
  return '~';
}

/// What differs between two states, as far as it is fit to be shown.
std::string differences_text(engine::Fields const& before, engine::Fields const& after) {
  std::string text;
  for (auto const& [name, old, now] :
       engine::differences(publishable(before), publishable(after))) {
    // `needs` and the like are of the wish alone; what is seen has no such field.
    if (after.find(name) == nullptr || (before.find(name) == nullptr && name == "shared")) continue;
    auto const lines = [](std::string const& value) { return value.find('\n') != value.npos; };
    text += (text.empty() ? "" : "; ") + (name == "value" ? "" : name + " ");
    if (lines(old) || lines(now))
      text += "is another text";
    else
      text.append(old).append(" → ").append(now);
  }
  return text;
}

/// What a look found in place of ours. Values are shown as the journal has them, without what was
/// derived from a password.
std::string found(engine::Record const& record) {
  constexpr std::string_view instead = "; in its place ";
  if (auto at = record.note.find(instead); at != std::string::npos) {
    auto text = record.note.substr(at + instead.size());
    while ((at = text.find(instead)) != std::string::npos) text.replace(at, instead.size(), ", ");
    return "replaced by " + text;
  }
  constexpr std::string_view changed = "changed: ";
  if (record.note.starts_with(changed)) return record.note.substr(changed.size());
  auto const before = engine::parse_fields(record.before);
  auto const after = engine::parse_fields(record.after);
  if (record.note != "changed" || !before || !after) return record.note;
  if (auto text = differences_text(*before, *after); !text.empty()) return text;
  return *before == *after ? record.note : "another password";
}

}  // namespace

std::vector<engine::Record> select_history(std::vector<engine::Record> const& records,
                                           std::string_view object, std::size_t limit) {
  std::vector<engine::Record> shown;
  for (auto at = records.rbegin(); at != records.rend() && shown.size() < limit; ++at)
    if (speaks_of(*at, object)) shown.push_back(*at);
  std::reverse(shown.begin(), shown.end());
  return shown;
}

std::string matches_nothing(std::vector<engine::Record> const& records, std::string_view object) {
  std::string text = "nothing is recorded of `" + std::string(object) + "`";
  std::set<std::string, std::less<>> words;
  for (auto const& record : records) {
    if (!speaks_of(record, {})) continue;
    words.insert(record.run);
    std::string_view rest = record.description;
    while (!rest.empty()) {
      auto const end = std::min(rest.find(' '), rest.size());
      auto const word = rest.substr(0, end);
      if (word.find_first_of(".@") != word.npos && word.find('"') == word.npos) words.emplace(word);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  if (words.empty()) return text + ": the journal is empty";
  auto const near = manifest::nearest(object, {words.begin(), words.end()});
  if (!near.empty()) return text + ". Did you mean " + std::string(near) + "?";
  return text + "; `mailstack history` alone shows everything";
}

std::string render_history(std::vector<engine::Record> const& shown,
                           std::vector<engine::Record> const& all, Paper const& paper) {
  if (shown.empty()) return "Nothing is recorded.\n";
  std::unordered_map<std::string_view, engine::Record const*> runs;
  for (auto const& record : all)
    if (record.event == "begin") runs.emplace(record.run, &record);
  std::string text;
  for (auto const& record : shown) {
    auto const what = record.description.empty() ? record.address : record.description;
    text +=
        format(record.at) + "  " + sign(record) + ' ' + paper.fit(printable(what), paper.room(24));
    if (record.event == "look") text += "  was changed by hand: " + printable(found(record));
    if (!record.error.empty()) text += "  " + paper.paint(Ink::red, printable(record.error));
    text += '\n';
    auto const run = runs.find(record.run);
    if (run == runs.end()) continue;
    auto const& begun = *run->second;
    std::string by = begun.command;
    if (!begun.revision.empty()) by += " at " + begun.revision.substr(0, 12);
    if (!begun.note.empty()) by += " " + begun.note;
    by += ", run " + record.run;
    text += "                        " + paper.paint(Ink::dim, "by " + printable(by)) + '\n';
  }
  return text;
}

}  // namespace mailstack::cli
