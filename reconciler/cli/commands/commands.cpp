#include "reconciler/cli/commands/commands.hpp"

#include <array>
#include <ostream>

#include "reconciler/cli/command_line.hpp"

namespace mailstack::cli {

namespace {

constexpr std::array<Command, 14> table{{{"init", commands_of::init},
                                         {"validate", commands_of::validate},
                                         {"plan", commands_of::plan},
                                         {"apply", commands_of::apply},
                                         {"reconcile", commands_of::reconcile},
                                         {"drift", commands_of::drift},
                                         {"status", commands_of::status},
                                         {"records", commands_of::records},
                                         {"history", commands_of::history},
                                         {"user", commands_of::user},
                                         {"alias", commands_of::alias},
                                         {"explain", commands_of::explain},
                                         {"schema", commands_of::schema},
                                         {"version", commands_of::version}}};

}  // namespace

std::span<Command const> commands() { return table; }

int run(int argc, char const* const* argv, Doors& doors) {
  auto const parsed = parse_command_line(argc, argv);
  doors.out << parsed.out << std::flush;
  doors.err << parsed.err << std::flush;
  if (parsed.ended) return static_cast<int>(*parsed.ended);
  std::string_view const typed = parsed.options.command;
  for (auto const& command : table)
    if (command.name == typed.substr(0, typed.find(' ')))
      return static_cast<int>(command.run(parsed.options, doors));
  doors.err << "mailstack " << typed << ": not supported yet\n" << std::flush;
  return static_cast<int>(ExitCode::invalid);
}

}  // namespace mailstack::cli
