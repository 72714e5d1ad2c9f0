#pragma once
/// \file
/// A person who types commands, for tests.

#include <sstream>
#include <string>
#include <vector>

#include "core/files/disk_files.hpp"
#include "daemon/cli/run.hpp"
#include "daemon/control/operations_twin.hpp"
#include "daemon/control/requests.hpp"
#include "tests/support/source_tree.hpp"

namespace mailstack::daemon_cli {

/// A person at a terminal, with a daemon that answers.
struct Person {
  control::OperationsTwin daemon;
  files::DiskFiles files;
  std::ostringstream out, err;
  std::string input;
  std::string socket;
  std::vector<std::string> asked;
  std::chrono::seconds patience{0};  ///< with the last answer
  std::string served;
  bool running = true;

  int types(std::vector<std::string> const& words) {
    out.str("");
    err.str("");
    std::vector<char const*> argv{"mailstackd"};
    for (auto const& word : words) argv.push_back(word.c_str());
    std::istringstream lines(input);
    return run(static_cast<int>(argv.size()), argv.data(),
               {.out = out,
                .err = err,
                .version = "1.0.0",
                .files = files,
                .working_directory = support::in_source(""),
                .now = [] { return TimePoint(Duration(1'795'724'000)); },
                .serve =
                    [this](std::string const& directory) {
                      served = directory;
                      return 7;
                    },
                .ask = [this](std::string const& path, std::string const& line,
                              std::chrono::seconds limit) -> Result<std::string> {
                  socket = path;
                  patience = limit;
                  if (!running)
                    return fail(ErrorCode::not_found, path + ": no daemon listens here");
                  asked.push_back(line);
                  std::string text;
                  control::answer(line, daemon, [&](std::string one) { text = std::move(one); });
                  text.pop_back();
                  return text;
                },
                .read_input = [this](std::size_t) -> Result<std::string> { return input; },
                .read_line = [&lines]() -> std::optional<std::string> {
                  std::string line;
                  if (!std::getline(lines, line)) return std::nullopt;
                  return line;
                }});
  }
};

}  // namespace mailstack::daemon_cli
