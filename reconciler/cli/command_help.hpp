#pragma once
/// \file
/// What `--help` knows, as data: for whoever shows it in another form.

#include <string>
#include <utility>
#include <vector>

namespace mailstack::cli {

/// An option or an argument.
struct OptionHelp {
  std::vector<std::string> names;  ///< `-y`, `--yes`; of an argument what stands for it: `DOMAIN`
  std::string value;               ///< `FILE`; empty: it takes none
  bool optional = false;           ///< the value, or the argument, may be left out
  bool many = false;               ///< an argument that may stand several times
  std::string what;
};

/// A command. Code in its texts stands between backticks.
struct CommandHelp {
  std::string name;  ///< in full, without the program's: `user add`
  std::string what;
  std::vector<OptionHelp> options = {};    ///< without those of every command
  std::vector<OptionHelp> arguments = {};  ///< in the order in which they are written
  std::string examples = {};               ///< lines as they stand
  std::string notes = {};                  ///< paragraphs with blank lines between them
};

struct ProgramHelp {
  std::string name;
  std::string what;
  std::vector<OptionHelp> options = {};    ///< of every command
  std::vector<CommandHelp> commands = {};  ///< those that can be run: `user add`, not `user`
  std::string first_steps = {};            ///< lines as they stand
  std::vector<std::pair<int, std::string>> exit_codes = {};
};

/// The same tables as `--help`'s, read from the parser itself.
ProgramHelp program_help();

}  // namespace mailstack::cli
