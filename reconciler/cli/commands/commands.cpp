#include "reconciler/cli/commands/commands.hpp"

#include <array>
#include <ostream>

#include "reconciler/cli/command_line.hpp"
#include "reconciler/cli/render_diagnostics.hpp"

namespace mailstack::cli {

namespace {

constexpr std::array<Command, 18> table{{{"init", commands_of::init},
                                         {"validate", commands_of::validate},
                                         {"plan", commands_of::plan},
                                         {"apply", commands_of::apply},
                                         {"reconcile", commands_of::reconcile},
                                         {"drift", commands_of::drift},
                                         {"doctor", commands_of::doctor},
                                         {"check", commands_of::check},
                                         {"guide", commands_of::guide},
                                         {"status", commands_of::status},
                                         {"records", commands_of::records},
                                         {"history", commands_of::history},
                                         {"user", commands_of::user},
                                         {"alias", commands_of::alias},
                                         {"explain", commands_of::explain},
                                         {"schema", commands_of::schema},
                                         {"dkim-sign", commands_of::dkim_sign},
                                         {"version", commands_of::version}}};

}  // namespace

std::span<Command const> commands() { return table; }

namespace {

/// Whether JSON is asked for, on a command line that may be wrong elsewhere.
bool wants_json(int argc, char const* const* argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view const word = argv[i];
    if (word == "--format=json") return true;
    if (word == "--format" && i + 1 < argc && std::string_view(argv[i + 1]) == "json") return true;
  }
  return false;
}

ExitCode run_command(int argc, char const* const* argv, Doors& doors) {
  auto const parsed = parse_command_line(argc, argv);
  doors.out << parsed.out << std::flush;
  doors.err << parsed.err << std::flush;
  if (parsed.ended == ExitCode::invalid && wants_json(argc, argv)) {
    manifest::Diagnostics wrong;
    wrong.error("usage", {}, parsed.err.substr(0, parsed.err.find_last_not_of('\n') + 1));
    doors.out << diagnostics_json(wrong) << std::flush;
  }
  if (parsed.ended) return *parsed.ended;
  std::string_view const typed = parsed.options.command;
  for (auto const& command : table)
    if (command.name == typed.substr(0, typed.find(' '))) return command.run(parsed.options, doors);
  doors.err << "mailstack " << typed << ": not supported yet\n" << std::flush;
  return ExitCode::invalid;
}

}  // namespace

int run(int argc, char const* const* argv, Doors& doors) {
  auto const code = run_command(argc, argv, doors);
  if (doors.out.flush()) return static_cast<int>(code);
  // A full disk behind `> plan.json`: whoever reads it later must not take it for the whole.
  doors.err << "error: standard output cannot be written, so what it holds is not everything\n"
            << std::flush;
  bool const harmless = code == ExitCode::done || code == ExitCode::pending;
  return static_cast<int>(harmless ? ExitCode::error : code);
}

}  // namespace mailstack::cli
