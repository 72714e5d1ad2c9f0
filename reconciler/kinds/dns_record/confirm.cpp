#include "reconciler/kinds/dns_record/confirm.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "reconciler/kinds/name_servers.hpp"

namespace mailstack::kinds::dns_record {

namespace {

using engine::Action;
using engine::Confirmation;
using engine::Step;
using world::DnsAnswer;
using world::DnsQuestion;

constexpr std::chrono::milliseconds first_pause{100}, longest_pause{2000};

/// One value that must be there, or must not.
struct Expectation {
  std::size_t step;
  std::string value;
  bool present;
};

struct Asked {
  DnsQuestion question;
  std::vector<Expectation> expectations;
};

bool satisfied(Result<DnsAnswer> const& answer, Expectation const& expectation) {
  if (!answer || (answer->rcode != 0 && answer->rcode != 3)) return false;
  bool const there = std::find(answer->values.begin(), answer->values.end(), expectation.value) !=
                     answer->values.end();
  return there == expectation.present;
}

/// The questions of a zone's steps, one an RRset.
std::vector<Asked> questions_of(ZoneView const& view, std::span<Step const> steps,
                                std::vector<Confirmation>& result) {
  std::vector<Asked> all;
  std::map<std::pair<dns::Name, dns::Type>, std::size_t> index;
  auto const add = [&](std::size_t step, Step const& what, bool present) {
    auto const place = parse(what.address);
    if (!place) return;
    if (view.delegated(place->name, place->type)) {
      result[step].standing = Confirmation::Standing::unknown;
      result[step].answers = {"not asked: below a delegation"};
      return;
    }
    auto const [entry, fresh] = index.emplace(std::pair(place->name, place->type), all.size());
    if (fresh) all.push_back({{place->name, place->type}, {}});
    all[entry->second].expectations.push_back({step, what.spec.text("value"), present});
  };
  for (std::size_t i = 0; i < steps.size(); ++i) {
    add(i, steps[i], steps[i].action != Action::remove);
    for (auto const& displaced : steps[i].displaces) add(i, displaced, false);
  }
  return all;
}

/// Rounds of one server, until everything fits or the time is over.
class Server {
 public:
  Server(std::string address, std::vector<Asked> const& asked)
      : address_(std::move(address)), asked_(asked), answers_(asked.size()) {
    for (std::size_t i = 0; i < asked.size(); ++i) open_.push_back(i);
  }

  /// True when nothing is open any more.
  bool round(world::DnsQuery& dns) {
    std::vector<DnsQuestion> questions;
    questions.reserve(open_.size());
    for (auto const index : open_) questions.push_back(asked_[index].question);
    auto answers = dns.ask(address_, questions, false, query_timeout);
    std::vector<std::size_t> still;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      auto const index = open_[i];
      answers_[index] = std::move(answers[i]);
      auto const& all = asked_[index].expectations;
      if (!std::all_of(all.begin(), all.end(), [&](Expectation const& expectation) {
            return satisfied(*answers_[index], expectation);
          }))
        still.push_back(index);
    }
    open_ = std::move(still);
    return open_.empty();
  }

  void report(std::vector<Confirmation>& result) const {
    for (std::size_t i = 0; i < asked_.size(); ++i)
      for (auto const& expectation : asked_[i].expectations) {
        auto& confirmation = result[expectation.step];
        confirmation.answers.push_back(address_ + " answers " + answer_text(*answers_[i]));
        if (satisfied(*answers_[i], expectation)) continue;
        // No answer at all is a blind check, a warning; another answer is a laggard.
        bool const heard = answers_[i]->has_value();
        if (heard)
          confirmation.standing = Confirmation::Standing::pending;
        else if (confirmation.standing == Confirmation::Standing::confirmed)
          confirmation.standing = Confirmation::Standing::unknown;
      }
  }

 private:
  std::string address_;
  std::vector<Asked> const& asked_;
  std::vector<std::optional<Result<DnsAnswer>>> answers_;
  std::vector<std::size_t> open_;
};

}  // namespace

std::vector<Confirmation> confirm_steps(dns::Name const& zone, ZoneAccess const& access,
                                        ZoneView const& view, std::span<Step const> steps,
                                        Doors const& doors, Duration wait) {
  std::vector<Confirmation> result(steps.size());
  if (access.provider->limits().written_is_served) return result;
  auto const asked = questions_of(view, steps, result);
  auto const [servers, problems] = name_servers(access, view.find(zone, dns::type::ns), doors.dns);
  std::vector<Server> all;
  all.reserve(servers.size());
  for (auto const& server : servers) all.emplace_back(server, asked);
  auto const deadline = doors.clock.now() + wait;
  auto pause = first_pause;
  std::vector<Server*> open;
  open.reserve(all.size());
  for (auto& server : all) open.push_back(&server);
  while (!asked.empty()) {
    std::erase_if(open, [&](Server* server) { return server->round(doors.dns); });
    if (open.empty() || doors.clock.now() >= deadline) break;
    doors.clock.sleep(pause);
    pause = std::min(pause * 2, longest_pause);
  }
  if (!asked.empty())
    for (auto const& server : all) server.report(result);
  for (auto& confirmation : result) {
    for (auto const& problem : problems) confirmation.answers.push_back(problem);
    if ((servers.empty() || !problems.empty()) &&
        confirmation.standing == Confirmation::Standing::confirmed)
      confirmation.standing = Confirmation::Standing::unknown;
  }
  return result;
}

}  // namespace mailstack::kinds::dns_record
