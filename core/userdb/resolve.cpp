#include "core/userdb/resolve.hpp"

#include <algorithm>

#include "core/dns/idn.hpp"
#include "core/dns/name.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::userdb {

namespace {

// chasquid's recursionLimit; the fan-out is bounded by us, for it has no bound there.
constexpr std::size_t deepest = 10;
constexpr std::size_t most_lookups = 10'000;

std::string without(std::string_view name, std::string_view dropped) {
  std::string kept;
  for (char const c : name)
    if (dropped.find(c) == std::string_view::npos) kept += c;
  return kept;
}

/// The domain as its directory is called: a recipient may have it in A-labels.
std::string unicode(std::string domain) {
  if (domain.find("xn--") == std::string::npos) return domain;
  auto const name = dns::Name::parse(domain);
  return name ? dns::unicode_form(*name) : domain;
}

class Resolver {
 public:
  explicit Resolver(MailDomains const& mail) : mail_(mail) {
    for (auto const& [name, domain] : mail.domains)
      for (auto const& entry : domain.aliases.entries()) {
        auto recipients = parse_recipients(entry.right, name);
        // `name: ,` has no recipients and is as good as not there.
        if (recipients && !recipients->empty())
          aliases_[drop(entry.name) + "@" + name] = {entry.line, std::move(*recipients)};
      }
  }

  Result<> visit(std::string const& address) {
    if (++lookups_ > most_lookups)
      return fail(ErrorCode::invalid,
                  "resolving " + way_.front() + " takes more than 10,000 look-ups");
    if (auto end = check_way(address); !end) return end;
    way_.push_back(address);
    auto done = follow(address);
    way_.pop_back();
    return done;
  }

  Resolution take() { return std::move(resolution_); }

 private:
  struct Found {
    unsigned line = 0;
    std::vector<Recipient> recipients;
  };

  [[nodiscard]] std::string drop(std::string_view name) const {
    return dropped_name(name, mail_.suffix_separators, mail_.drop_characters);
  }
  [[nodiscard]] std::string clean(std::string_view name) const {
    return clean_name(name, mail_.suffix_separators, mail_.drop_characters);
  }

  Result<> check_way(std::string const& address) {
    auto const before = std::find(way_.begin(), way_.end(), address);
    if (before == way_.end() && way_.size() < deepest) return {};
    std::string way;
    auto const start = before == way_.end() ? way_.begin() : before;
    for (auto step = start; step != way_.end(); ++step) way += *step + " → ";
    return fail(ErrorCode::invalid, (before == way_.end() ? "more than 10 levels of aliases: "
                                                          : "a loop of aliases: ") +
                                        way + address);
  }

  void say(std::string const& what) {
    resolution_.steps.push_back(std::string(2 * (way_.size() - 1), ' ') + way_.back() + ": " +
                                what);
  }

  void arrive(std::string address, std::string const& why) {
    say(why);
    resolution_.recipients.push_back({Recipient::Form::mail, std::move(address), {}});
  }

  [[nodiscard]] Found const* find(std::string const& address) const {
    auto const found = aliases_.find(address);
    return found == aliases_.end() ? nullptr : &found->second;
  }

  Result<> follow(std::string const& address) {
    auto const at = address.find('@');
    auto const name = address.substr(0, at);
    auto const domain = unicode(address.substr(at + 1));
    auto const local = mail_.domains.find(domain);
    if (local == mail_.domains.end()) {
      arrive(address, "not a domain of ours, goes on as it is");
      return {};
    }
    if (auto const* alias = find(drop(name) + "@" + domain)) return spread(*alias, name, "alias");
    auto const cleaned = clean(name);
    if (auto const* alias = find(cleaned + "@" + domain)) return spread(*alias, name, "alias");
    if (local->second.users.contains(name)) {
      arrive(cleaned + "@" + domain, "user");
      return {};
    }
    if (auto const* alias = find("*@" + domain)) {
      bool const hides = local->second.users.contains(cleaned);
      return spread(*alias, name,
                    hides ? "catch-all (user " + cleaned + " exists, but not by this spelling)"
                          : "catch-all");
    }
    if (local->second.users.contains(cleaned)) {
      arrive(cleaned + "@" + domain, "user " + cleaned);
      return {};
    }
    arrive(cleaned + "@" + domain, "nobody: this bounces");
    return {};
  }

  Result<> spread(Found const& found, std::string const& name, std::string const& why) {
    say(why + ", line " + std::to_string(found.line));
    for (auto recipient : found.recipients) {
      // `*@other`: the name stays (chasquid 1.16).
      if (recipient.form != Recipient::Form::pipe && recipient.text.starts_with("*@"))
        recipient.text = name + recipient.text.substr(1);
      if (recipient.form == Recipient::Form::mail) {
        if (auto done = visit(recipient.text); !done) return done;
      } else {
        resolution_.recipients.push_back(std::move(recipient));
      }
    }
    return {};
  }

  MailDomains const& mail_;
  std::map<std::string, Found> aliases_;
  std::vector<std::string> way_;
  std::size_t lookups_ = 0;
  Resolution resolution_;
};

}  // namespace

std::string dropped_name(std::string_view name, std::string_view separators,
                         std::string_view dropped) {
  auto const suffix = std::min(name.find_first_of(separators), name.size());
  return fold_user(without(name.substr(0, suffix), dropped) + std::string(name.substr(suffix)));
}

std::string clean_name(std::string_view name, std::string_view separators,
                       std::string_view dropped) {
  return fold_user(without(name.substr(0, name.find_first_of(separators)), dropped));
}

Result<Resolution> resolve(MailDomains const& mail, std::string_view address) {
  auto const at = address.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size())
    return fail(ErrorCode::invalid, "not an address: " + std::string(address));
  Resolver resolver(mail);
  auto const start = fold_user(address.substr(0, at)) + "@" + fold_user(address.substr(at + 1));
  if (auto done = resolver.visit(start); !done) return fail(done.error());
  return resolver.take();
}

}  // namespace mailstack::userdb
