#include <algorithm>

#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/session.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"

namespace mailstack::cli {

namespace {

/// One record as a zone file has it. A value that is made by the first apply (a key) is a comment.
std::string zone_line(RecordLine const& line) {
  auto const head = line.name.text() + " " + std::to_string(line.ttl) + " IN " + line.type;
  if (line.value.empty()) return "; " + head + "   (its value is made by the first apply)\n";
  return head + " " + line.value + "\n";
}

}  // namespace

ExitCode commands_of::records(Options const& options, Doors& doors) {
  Talk talk(options, doors);
  Session session(options, doors, talk);
  if (!session.load() || !session.open_state()) return exit_code(session.happened);
  auto const wanted = dns::Name::parse(options.words.front());
  if (!wanted) {
    talk.error(options.words.front() + ": " + wanted.error().what);
    return ExitCode::invalid;
  }
  // Keys of this host are looked at, since records hold their public halves; no provider is asked.
  std::set<std::string> here;
  for (auto const& lane : session.applier().lanes)
    if (lane.starts_with("host/")) here.insert(lane);
  if (!session.look(engine::Mode::apply, here)) return exit_code(session.happened);
  std::vector<RecordLine> lines;
  for (auto const& item : session.plan().items) {
    auto const place = kinds::dns_record::parse(item.address);
    if (!place || item.resource == engine::PlanItem::npos) continue;
    if (place->zone == *wanted || place->name.within(*wanted))
      lines.push_back({place->name, item.wish.number("ttl").value_or(300), place->type.text(),
                       item.wish.text("value")});
  }
  if (lines.empty()) {
    talk.error(wanted->display() + ": the manifest asks for no record there");
    return ExitCode::invalid;
  }
  std::stable_sort(lines.begin(), lines.end(), [](auto const& a, auto const& b) {
    return std::pair(a.name, a.type) < std::pair(b.name, b.type);
  });
  if (options.json)
    talk.document(records_json(wanted->display(), lines));
  else
    for (auto const& line : lines) talk.result(zone_line(line));
  // What this host cannot see of its own keys is a comment above, not a failure of the listing.
  session.happened.blind = false;
  return exit_code(session.happened);
}

}  // namespace mailstack::cli
