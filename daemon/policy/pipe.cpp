#include "daemon/policy/pipe.hpp"

#include <algorithm>
#include <utility>

#include "daemon/policy/program_output.hpp"
#include "daemon/policy/rules.hpp"

namespace mailstack::policy {

namespace {

constexpr std::string_view usual_path = "PATH=/usr/local/bin:/usr/bin:/bin";

// sysexits.h; 126 and 127 are the shell's.
constexpr int no_user = 67;
constexpr int temporary[] = {71, 72, 73, 74, 75, 126, 127};

std::string extension_of(std::string_view recipient, std::string_view separators) {
  auto const name = split_address(recipient).name;
  auto const suffix = name.find_first_of(separators);
  return suffix == std::string::npos ? "" : name.substr(suffix + 1);
}

smtp::Reply with_output(int code, std::string enhanced, std::string what, std::string_view output) {
  auto const said = one_line_of(output);
  return {code, std::move(enhanced), said.empty() ? std::move(what) : what + ": " + said};
}

}  // namespace

std::vector<std::string> pipe_environment(std::vector<std::string> const& inherited,
                                          std::string_view sender, std::string_view recipient,
                                          std::string_view separators) {
  std::vector<std::string> environment{std::string(usual_path)};
  for (std::string_view const name : {"HOME=", "USER=", "LOGNAME=", "SHELL="})
    for (auto const& variable : inherited)
      if (variable.starts_with(name)) environment.push_back(variable);
  environment.push_back("SENDER=" + std::string(sender));
  environment.push_back("RECIPIENT=" + std::string(recipient));
  environment.push_back("EXTENSION=" + extension_of(recipient, separators));
  for (auto& variable : environment) std::erase(variable, '\0');
  return environment;
}

smtp::Reply pipe_reply(ProgramEnd const& end, std::string_view output) {
  auto const number = std::to_string(end.code);
  switch (end.how) {
    case ProgramEnd::How::timed_out:
      return with_output(451, "4.3.0", "the program took too long", output);
    case ProgramEnd::How::not_begun:
      return with_output(451, "4.3.5", "the program could not be started", output);
    case ProgramEnd::How::signalled:
      return with_output(451, "4.3.0", "the program was ended by signal " + number, output);
    case ProgramEnd::How::cut:
      return with_output(451, "4.3.2", "the program was ended, and so is the daemon", output);
    case ProgramEnd::How::exited: break;
  }
  if (end.code == 0) return {250, "2.0.0", "delivered to the program"};
  auto const what = "the program ended with status " + number;
  if (end.code == no_user) return with_output(550, "5.1.1", what, output);
  if (std::find(std::begin(temporary), std::end(temporary), end.code) != std::end(temporary))
    return with_output(451, "4.3.0", what, output);
  return with_output(554, "5.3.0", what, output);
}

}  // namespace mailstack::policy
