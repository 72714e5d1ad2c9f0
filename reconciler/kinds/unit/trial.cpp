#include "reconciler/kinds/unit/trial.hpp"

#include <algorithm>

#include "core/userdb/utf8.hpp"

namespace mailstack::kinds::unit {

namespace {

constexpr std::size_t most_lines = 3;
constexpr std::size_t most_octets = 300;

/// The last lines of `text`, oldest first, ` | ` between them.
std::string last_lines(std::string_view text) {
  std::string all;
  for (std::size_t lines = 0; lines < most_lines && !text.empty();) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    auto const start = text.rfind('\n');
    auto const line = start == std::string_view::npos ? text : text.substr(start + 1);
    text = start == std::string_view::npos ? std::string_view{} : text.substr(0, start);
    if (line.empty()) continue;
    all = std::string(line.substr(0, most_octets)) + (all.empty() ? "" : " | ") + all;
    ++lines;
  }
  if (!userdb::is_utf8(all)) return "(no text)";
  std::replace_if(
      all.begin(), all.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return all;
}

}  // namespace

Result<> try_out(world::Process* process, engine::Fields const& spec, bool up) {
  auto const argv = spec.texts("trial");
  if (process == nullptr || argv.empty()) return {};
  world::Command command;
  command.argv = argv;
  command.run_as_owner_of = spec.text("trial_by");
  auto const done = process->run(command);
  if (!done) return fail(within(done.error(), "its configuration could not be tried out"));
  if (done->status == 0) return {};
  auto const words = last_lines(done->output + "\n" + done->errors);
  return fail(
      ErrorCode::invalid,
      std::string("its configuration was tried out first, and it does not start with it; ") +
          (up ? "what runs goes on with what it had loaded: " : "nothing was started: ") +
          (words.empty() ? "it says nothing" : words));
}

}  // namespace mailstack::kinds::unit
