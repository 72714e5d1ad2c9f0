#include "daemon/policy/destination.hpp"

#include <algorithm>
#include <utility>

#include "core/userdb/utf8.hpp"

namespace mailstack::policy {

namespace {

using mail::Path;

constexpr std::string_view postmaster = "postmaster";
constexpr auto const* disabled_mailbox = "this mailbox is disabled";
constexpr auto const* sender_alone = "this user only sends, and gets no mail";

Destination refuse(int code, std::string enhanced, std::string text) {
  Destination destination;
  destination.refusal = smtp::Reply{code, std::move(enhanced), std::move(text)};
  return destination;
}

Destination no_such_user(Path const& recipient) {
  return refuse(550, "5.1.1", "no such user: " + recipient.text());
}

Destination uncertain() {
  return refuse(451, "4.3.0", "who gets mail in this domain cannot be told now: please try again");
}

/// One recipient on its way from the name that RCPT had to its ends.
class Finder {
 public:
  Finder(Rules const& rules, Path const& recipient)
      : rules_(rules), recipient_(recipient), original_(recipient.text()) {}

  Destination local(std::string const& name, std::string const& domain) {
    found_.forwarder = rules_.ascii_domain(domain);
    // Sender-specified routing is for names that somebody wrote down, not for a catch-all. Nobody
    // can write down one with an @: neither users nor aliases have any.
    bool const routing = name.find_first_of("@%!") != std::string::npos;
    if (routing && (name.find('@') != std::string::npos || !known(name, domain)))
      return no_such_user(recipient_);
    auto const resolution = rules_.resolve(name, domain);
    if (!resolution) return refuse(451, "4.3.5", "mail for this address loops here");
    for (auto const& end : resolution->recipients) add(end);
    if (uncertain_) return uncertain();
    if (!found_.ends.empty()) return std::move(found_);
    if (disabled_) return refuse(550, "5.2.1", disabled_mailbox);
    return only_sends_ ? refuse(550, "5.2.1", sender_alone) : no_such_user(recipient_);
  }

  Destination remote(Path const& path) {
    add_end(queue::Way::remote, path.text(), false);
    return std::move(found_);
  }

  Destination to_mailbox(Mailbox const& mailbox) {
    add_mailbox(mailbox);
    return std::move(found_);
  }

 private:
  [[nodiscard]] bool known(std::string const& name, std::string const& domain) const {
    return rules_.mailbox(name, domain) || rules_.has_alias(name, domain);
  }

  void add_end(queue::Way way, std::string address, bool forwarded,
               std::vector<std::string> via = {}) {
    End end;
    end.recipient.address = std::move(address);
    end.recipient.original = original_;
    end.recipient.way = way;
    end.recipient.via = std::move(via);
    end.forwarded = forwarded;
    found_.ends.push_back(std::move(end));
  }

  void add_mailbox(Mailbox const& mailbox) {
    add_end(queue::Way::local,
            Path{rules_.clean(mailbox.name), rules_.ascii_domain(mailbox.domain)}.text(), false);
  }

  /// Once each, for it is told.
  void lose(std::string const& address, std::string const& enhanced, std::string const& why) {
    for (auto const& one : found_.lost)
      if (one.address == address) return;
    queue::Recipient lost;
    lost.address = address;
    lost.original = original_;
    lost.way = queue::Way::local;
    lost.status = queue::RecipientStatus::failed;
    lost.last_reply = "550 " + enhanced + " " + why;
    found_.lost.push_back(std::move(lost));
  }

  void add(userdb::Recipient const& end) {
    using Form = userdb::Recipient::Form;
    if (end.form == Form::pipe) return add_end(queue::Way::pipe, end.text, false);
    auto const [name, domain] = split_address(end.text);
    if (end.form == Form::mail && rules_.conf().mail.domains.contains(domain))
      return add_local(name, domain);
    auto const path = mail::parse_path(end.text);
    if (!path || path->domain.empty()) return lose(end.text, "5.1.3", "no address: " + end.text);
    if (end.form == Form::forward) return add_end(queue::Way::via, path->text(), true, end.via);
    // A target in A-labels is of the domain that they spell.
    if (auto const* ours = rules_.local_domain(path->domain)) return add_local(path->local, *ours);
    add_end(queue::Way::remote, path->text(), true);
  }

  void add_local(std::string const& name, std::string const& domain) {
    auto const mailbox = rules_.mailbox(name, domain);
    uncertain_ = uncertain_ || (!mailbox && rules_.incomplete(domain));
    auto const address = name + "@" + domain;
    if (!mailbox) return lose(address, "5.1.1", "no such user: " + address);
    disabled_ = disabled_ || mailbox->disabled();
    if (mailbox->disabled()) return lose(address, "5.2.1", disabled_mailbox);
    only_sends_ = only_sends_ || !mailbox->receives();
    if (!mailbox->receives()) return lose(address, "5.2.1", sender_alone);
    add_mailbox(*mailbox);
  }

  Rules const& rules_;
  Path const& recipient_;
  std::string original_;
  Destination found_;
  bool disabled_ = false;
  bool only_sends_ = false;
  bool uncertain_ = false;
};

/// Domains in the order in which they stand in for each other's postmaster.
std::vector<std::string> postmaster_domains(Rules const& rules, std::string const* first) {
  std::vector<std::string> domains;
  auto const add = [&](std::string const& domain) {
    if (std::find(domains.begin(), domains.end(), domain) == domains.end())
      domains.push_back(domain);
  };
  if (first != nullptr) add(*first);
  if (auto const* main = rules.main_domain()) add(*main);
  for (auto const& [name, domain] : rules.conf().mail.domains) add(name);
  return domains;
}

Destination find_postmaster(Rules const& rules, Path const& recipient, std::string const* domain) {
  auto const domains = postmaster_domains(rules, domain);
  for (auto const& one : domains) {
    auto found = Finder(rules, recipient).local(std::string(postmaster), one);
    if (!found.refusal) return found;
  }
  for (auto const& one : domains)
    for (auto const& [name, scheme] : rules.conf().mail.domains.at(one).users)
      if (auto const mailbox = rules.mailbox(name, one); mailbox && mailbox->receives())
        return Finder(rules, recipient).to_mailbox(*mailbox);
  return refuse(451, "4.3.5", "nobody reads the mail of this host's postmaster yet");
}

/// A bounce to an address that a forward went out with.
Destination find_srs(Rules const& rules, Path const& sender, Path const& recipient, TimePoint now) {
  if (!sender.null())
    return refuse(550, "5.7.1", "only bounces (MAIL FROM:<>) come back through this address");
  auto const& lifetime = rules.conf().settings.srs_lifetime;
  auto path = mail::srs::reverse(recipient.local, rules.srs(), now, lifetime);
  // We may have guarded an SRS0 of a domain that is ours too.
  if (path && rules.local_domain(path->domain) != nullptr && mail::srs::is_rewritten(path->local))
    path = mail::srs::reverse(path->local, rules.srs(), now, lifetime);
  if (!path) return refuse(550, "5.7.1", "this SRS address is not valid: " + path.error().what);
  if (auto const* ours = rules.local_domain(path->domain))
    return Finder(rules, recipient).local(path->local, *ours);
  return Finder(rules, recipient).remote(*path);
}

}  // namespace

Destination find_destination(Rules const& rules, Client const& client, Path const& sender,
                             Path const& recipient, TimePoint now) {
  bool const to_postmaster = userdb::fold_user(recipient.local) == postmaster;
  // RFC 5321 4.1.1.3: `<Postmaster>` stands without a domain.
  if (recipient.domain.empty() && !to_postmaster)
    return refuse(550, "5.1.3", "the recipient has no domain");
  auto const* domain = rules.local_domain(recipient.domain);
  if (to_postmaster && (domain != nullptr || recipient.domain.empty() ||
                        rules.is_host(recipient.domain, client.server)))
    return find_postmaster(rules, recipient, domain);
  if (domain == nullptr) {
    if (rules.is_host(recipient.domain, client.server)) return no_such_user(recipient);
    if (client.user.empty() && !client.trusted)
      return refuse(550, "5.7.1", "relaying denied: log in to send to " + recipient.domain);
    return Finder(rules, recipient).remote(recipient);
  }
  if (!rules.srs().empty() && mail::srs::is_rewritten(recipient.local) &&
      !rules.mailbox(recipient.local, *domain))
    return find_srs(rules, sender, recipient, now);
  return Finder(rules, recipient).local(recipient.local, *domain);
}

}  // namespace mailstack::policy
