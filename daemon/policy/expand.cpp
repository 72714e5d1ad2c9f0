#include "daemon/policy/expand.hpp"

#include <set>
#include <tuple>
#include <utility>

#include "core/text/listed.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::policy {

namespace {

/// Puts ends into the envelope of their sender, each once.
class Sorter {
 public:
  Sorter(Rules const& rules, Client const& client, smtp::Transaction const& transaction,
         TimePoint now)
      : rules_(rules), transaction_(transaction), now_(now) {
    blank_.created = now;
    blank_.user = client.user;
    blank_.utf8 = transaction.utf8;
    blank_.eight_bit = transaction.eight_bit;
  }

  void add(mail::Path const& from, Destination destination) {
    // Of a domain that is ours we say what is the same (RFC 5321 2.4): the case of a name is not
    // heeded anywhere.
    auto const same_address = userdb::fold_user(from.local) + '@' + from.domain;
    for (auto& end : destination.ends) {
      auto const& recipient = end.recipient;
      // A program is no mailbox: it may do something else for each address that leads to it.
      auto const& whose = recipient.way == queue::Way::pipe ? same_address : nobody_;
      if (!seen_.emplace(recipient.way, recipient.address, listed(recipient.via, "/"), whose)
               .second)
        continue;
      auto const sender =
          end.forwarded ? rewritten(destination.forwarder) : transaction_.sender.text();
      if (end.forwarded && transaction_.recipients.size() == 1)
        expansion_.forwarded_for = transaction_.recipients.front().text();
      envelope_of(sender).recipients.push_back(std::move(end.recipient));
    }
  }

  void add_lost(std::vector<queue::Recipient> lost) {
    for (auto& one : lost)
      if (lost_.insert(one.address).second) expansion_.lost.push_back(std::move(one));
  }

  [[nodiscard]] std::size_t size() const { return seen_.size(); }
  Expansion take() { return std::move(expansion_); }

 private:
  [[nodiscard]] std::string rewritten(std::string const& forwarder) const {
    auto const& sender = transaction_.sender;
    if (rules_.local_domain(sender.domain) != nullptr) return sender.text();
    auto const path = mail::srs::forward(sender, forwarder, rules_.srs(), now_);
    return path ? path->text() : sender.text();
  }

  queue::Envelope& envelope_of(std::string const& sender) {
    for (auto& envelope : expansion_.envelopes)
      if (envelope.sender == sender) return envelope;
    auto& envelope = expansion_.envelopes.emplace_back(blank_);
    envelope.sender = sender;
    return envelope;
  }

  Rules const& rules_;
  smtp::Transaction const& transaction_;
  TimePoint now_;
  queue::Envelope blank_;
  std::set<std::tuple<queue::Way, std::string, std::string, std::string>> seen_;
  std::set<std::string> lost_;
  std::string const nobody_;
  Expansion expansion_;
};

}  // namespace

std::variant<Expansion, smtp::Reply> expand(Rules const& rules, Client const& client,
                                            smtp::Transaction const& transaction, TimePoint now) {
  Sorter sorter(rules, client, transaction, now);
  for (auto const& recipient : transaction.recipients) {
    auto destination = find_destination(rules, client, transaction.sender, recipient, now);
    if (destination.refusal && transaction.recipients.size() == 1)
      return std::move(*destination.refusal);
    if (destination.refusal)
      return smtp::Reply{451, "4.3.0", "the configuration has changed: please try again"};
    sorter.add_lost(std::move(destination.lost));
    sorter.add(recipient, std::move(destination));
    if (sorter.size() > most_expanded)
      return smtp::Reply{452, "4.5.3", "too many recipients behind the aliases"};
  }
  return sorter.take();
}

}  // namespace mailstack::policy
