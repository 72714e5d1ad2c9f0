#include "reconciler/world/dns_query/batch.hpp"

#include <sys/random.h>

#include <array>

namespace mailstack::world {

std::string Batch::packet(std::size_t index, std::uint16_t id) const {
  auto const& question = questions_[index];
  return dns::format_query(id, question.name, question.type, recursive_);
}

Batch::Fit Batch::take(std::size_t index, std::string_view packet) {
  auto const& question = questions_[index];
  auto reply = dns::parse_reply(packet);
  if (!reply) {
    results_[index] =
        fail(within(reply.error(), "an answer of " + server_ + " to " + question.name.display() +
                                       " " + question.type.text()));
    return Fit::answers;
  }
  bool const same = reply->question == question.name && reply->question_type == question.type;
  // Who cannot read a question does not repeat it (RFC 1035 4.1.1, FORMERR; some with REFUSED).
  bool const none = reply->question_type == dns::Type() && reply->rcode != 0;
  if (!same && !none) return Fit::stranger;
  if (reply->truncated) return Fit::truncated;
  DnsAnswer answer;
  answer.rcode = reply->rcode;
  answer.authoritative = reply->authoritative;
  answer.values = reply->values(question.name, question.type);
  for (auto const& record : reply->answers)
    if (record.name == question.name && record.type == question.type) answer.ttl = record.ttl;
  results_[index] = std::move(answer);
  return Fit::answers;
}

void Batch::give_up(std::size_t index, std::string_view why) {
  auto const& question = questions_[index];
  results_[index] =
      fail(ErrorCode::unavailable, question.name.display() + " " + question.type.text() + " at " +
                                       server_ + ": " + std::string(why));
}

std::vector<Result<DnsAnswer>> Batch::finish() {
  std::vector<Result<DnsAnswer>> results;
  results.reserve(results_.size());
  for (std::size_t i = 0; i < results_.size(); ++i) {
    if (!results_[i]) give_up(i, "no answer");
    results.push_back(std::move(*results_[i]));
  }
  return results;
}

std::uint16_t fresh_id(std::function<bool(std::uint16_t)> const& taken) {
  thread_local std::array<std::uint16_t, 128> pool;
  thread_local std::size_t left = 0;
  for (;;) {
    if (left == 0) {
      while (::getrandom(pool.data(), sizeof pool, 0) != static_cast<ssize_t>(sizeof pool)) {
      }
      left = pool.size();
    }
    auto const id = pool[--left];
    if (!taken(id)) return id;
  }
}

}  // namespace mailstack::world
