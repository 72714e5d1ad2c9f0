#include <algorithm>

#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/session.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"

namespace mailstack::cli {

namespace {

struct Line {
  dns::Name name;
  std::string type;
  std::string text;
};

/// One record as a zone file has it. A value that is made by the first apply (a key) is a comment.
Line line_of(engine::PlanItem const& item, kinds::dns_record::Place const& place) {
  auto const ttl = item.wish.number("ttl").value_or(300);
  auto const& value = item.wish.text("value");
  std::string text = place.name.text() + " " + std::to_string(ttl) + " IN " + place.type.text();
  if (value.empty())
    text = "; " + text + "   (its value is made by the first apply)";
  else
    text += " " + value;
  return {place.name, place.type.text(), text};
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
  std::vector<Line> lines;
  for (auto const& item : session.plan().items) {
    auto const place = kinds::dns_record::parse(item.address);
    if (!place || item.resource == engine::PlanItem::npos) continue;
    if (place->zone == *wanted || place->name.within(*wanted))
      lines.push_back(line_of(item, *place));
  }
  if (lines.empty()) {
    talk.error(wanted->display() + ": the manifest asks for no record there");
    return ExitCode::invalid;
  }
  std::stable_sort(lines.begin(), lines.end(), [](Line const& a, Line const& b) {
    return std::pair(a.name, a.type) < std::pair(b.name, b.type);
  });
  for (auto const& line : lines) talk.result(line.text + "\n");
  // What this host cannot see of its own keys is a comment above, not a failure of the listing.
  session.happened.blind = false;
  return exit_code(session.happened);
}

}  // namespace mailstack::cli
