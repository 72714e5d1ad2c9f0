#include "daemon/serve/hook.hpp"

#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "daemon/delivery/program.hpp"
#include "daemon/policy/hook.hpp"

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
  auto const ran = delivery::run_program(program);
  auto judged = policy::judge_hook(ran.end, ran.output);
  if (auto const wrong = wrong_with(ran)) trouble({live.hook, *wrong, 0, 0, deferred, false});
  if (auto* refusal = std::get_if<smtp::Reply>(&judged)) return std::move(*refusal);
  auto headers = std::get<policy::HookHeaders>(std::move(judged));
  if (headers.dropped)
    trouble({live.hook, "what the hook wrote is no header section, and was dropped", 0, 0,
             "it may write whole header lines, and nothing else", true});
  return std::move(headers.fields);
}

}  // namespace mailstack::serve
