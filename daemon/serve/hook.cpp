#include "daemon/serve/hook.hpp"

#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "daemon/delivery/program.hpp"
#include "daemon/policy/hook.hpp"
#include "daemon/policy/program_output.hpp"

namespace mailstack::serve {

namespace {

constexpr std::chrono::seconds limit{60};  // chasquid's
constexpr std::size_t most_output = 1024UL * 1024;

/// What of our own environment the hook is given (chasquid passes these four).
std::vector<std::string> inherited() {
  std::vector<std::string> all;
  for (auto const* name : {"USER", "PWD", "SHELL", "PATH"})
    if (auto const* value = std::getenv(name)) all.push_back(std::string(name) + "=" + value);
  return all;
}

constexpr auto no_section = "what the hook wrote is no header section, and was dropped";
constexpr auto header_lines = "it may write whole header lines, and nothing else";
constexpr auto deferred = "the message was answered with 451, and its client brings it again";

/// Nothing where the hook has had its say.
std::optional<std::string> wrong_with(delivery::Ran const& ran) {
  using How = policy::ProgramEnd::How;
  switch (ran.end.how) {
    case How::not_begun: return "the hook cannot be run: " + ran.output;
    case How::signalled: return "the hook was ended by signal " + std::to_string(ran.end.code);
    case How::timed_out:
      return "the hook took longer than " + std::to_string(limit.count()) + " s, and was killed";
    case How::exited:
    case How::cut: break;
  }
  return std::nullopt;
}

/// What it wrote on standard error is the best reason there is.
std::string with_errors(std::string const& what, std::string const& errors) {
  return errors.empty() ? what : what + "; it wrote on standard error: " + errors;
}

}  // namespace

std::variant<std::string, smtp::Reply> run_hook(
    Live const& live, policy::Client const& client, Incoming const& incoming,
    std::string const& message, std::shared_ptr<delivery::Curfew const> curfew,
    std::function<void(conf::Problem const&)> const& trouble) {
  delivery::Program program;
  program.argv = {live.hook};
  program.environment = policy::hook_environment(inherited(), *live.rules, client,
                                                 incoming.transaction, incoming.client.greeted_as);
  program.directory = live.snapshot->settings.directory;
  program.input = message;
  program.limit = limit;
  program.curfew = std::move(curfew);
  program.most_output = most_output;
  program.errors_apart = true;
  auto const ran = delivery::run_program(program);
  auto judged = policy::judge_hook(ran.end, ran.output);
  auto const* headers = std::get_if<policy::HookHeaders>(&judged);
  auto const errors = policy::first_line(ran.errors);
  if (auto const wrong = wrong_with(ran))
    trouble({live.hook, with_errors(*wrong, errors), 0, 0, deferred, false});
  else if (headers != nullptr && headers->dropped)
    trouble({live.hook, with_errors(no_section, errors), 0, 0, header_lines, true});
  else if (!errors.empty())
    trouble({live.hook, "the hook wrote on standard error: " + errors, 0, 0, {}, true});
  if (headers == nullptr) return std::get<smtp::Reply>(std::move(judged));
  return headers->fields;
}

}  // namespace mailstack::serve
