#include "daemon/serve/hook.hpp"

#include <chrono>
#include <cstdlib>
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

}  // namespace

std::variant<std::string, smtp::Reply> run_hook(Live const& live, policy::Client const& client,
                                                Incoming const& incoming,
                                                std::string const& message,
                                                std::shared_ptr<delivery::Curfew const> curfew) {
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
  if (auto* refusal = std::get_if<smtp::Reply>(&judged)) return std::move(*refusal);
  return std::get<policy::HookHeaders>(std::move(judged)).fields;
}

}  // namespace mailstack::serve
