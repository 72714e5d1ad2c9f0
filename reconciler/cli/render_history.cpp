#include "reconciler/cli/render_history.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/glob/glob.hpp"

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

}  // namespace

std::vector<engine::Record> select_history(std::vector<engine::Record> const& records,
                                           std::string_view object, std::size_t limit) {
  std::vector<engine::Record> shown;
  for (auto at = records.rbegin(); at != records.rend() && shown.size() < limit; ++at)
    if (speaks_of(*at, object)) shown.push_back(*at);
  std::reverse(shown.begin(), shown.end());
  return shown;
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
    if (record.event == "look") text += "  was changed by hand: " + printable(record.note);
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
