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
  Resolver(MailDomains const& mail, NameIndex const& index, Order order)
      : mail_(mail), index_(index), order_(order) {}

  Result<> visit(std::string const& address) {
    if (++lookups_ > most_lookups)
      return fail(ErrorCode::invalid,
                  "resolving " + way_.front() + " takes more than 10,000 look-ups");
    if (keeps_copy(address)) return {};
    if (auto end = check_way(address); !end) return end;
    way_.push_back(address);
    resolution_.passed.push_back(address);
    auto done = follow(address);
    way_.pop_back();
    return done;
  }

  Resolution take() { return std::move(resolution_); }

 private:
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

  /// Whether an alias has led back to a user of its own name, who then is the end.
  bool keeps_copy(std::string const& address) {
    if (order_ != Order::users_first || std::find(way_.begin(), way_.end(), address) == way_.end())
      return false;
    auto const at = address.find('@');
    auto const domain = unicode(address.substr(at + 1));
    auto const cleaned = clean(address.substr(0, at));
    if (!mail_.domains.contains(domain) || index_.user(cleaned, domain) == nullptr) return false;
    arrive(cleaned + "@" + domain, "user " + cleaned + ", behind the alias of this name");
    return true;
  }

  [[nodiscard]] bool is_user(LocalDomain const& local, std::string const& name,
                             std::string const& cleaned, std::string const& domain) const {
    return local.users.contains(name) ||
           (order_ == Order::users_first && index_.user(cleaned, domain) != nullptr);
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
    if (auto const* alias = index_.alias(drop(name), domain)) return spread(*alias, name, "alias");
    auto const cleaned = clean(name);
    if (auto const* alias = index_.alias(cleaned, domain)) return spread(*alias, name, "alias");
    if (is_user(local->second, name, cleaned, domain)) {
      arrive(cleaned + "@" + domain, "user");
      return {};
    }
    if (auto const* alias = index_.alias("*", domain)) {
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

  Result<> spread(NameIndex::Alias const& found, std::string const& name, std::string const& why) {
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
  NameIndex const& index_;
  Order order_;
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

NameIndex::NameIndex(MailDomains const& mail) {
  for (auto const& [name, domain] : mail.domains) {
    for (auto const& entry : domain.aliases.entries()) {
      auto recipients = parse_recipients(entry.right, name);
      // `name: ,` has no recipients and is as good as not there.
      if (recipients && !recipients->empty())
        aliases_[dropped_name(entry.name, mail.suffix_separators, mail.drop_characters) + "@" +
                 name] = {entry.line, std::move(*recipients)};
    }
    for (auto const& [user, scheme] : domain.users)
      users_.try_emplace(
          clean_name(user, mail.suffix_separators, mail.drop_characters) + "@" + name, user);
  }
}

NameIndex::Alias const* NameIndex::alias(std::string_view name, std::string_view domain) const {
  auto const found = aliases_.find(std::string(name).append("@").append(domain));
  return found == aliases_.end() ? nullptr : &found->second;
}

std::string const* NameIndex::user(std::string_view clean, std::string_view domain) const {
  auto const found = users_.find(std::string(clean).append("@").append(domain));
  return found == users_.end() ? nullptr : &found->second;
}

Result<Resolution> resolve(MailDomains const& mail, std::string_view address) {
  return resolve(mail, NameIndex(mail), address, Order::chasquid);
}

Result<Resolution> resolve(MailDomains const& mail, NameIndex const& index,
                           std::string_view address, Order order) {
  auto const at = address.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size())
    return fail(ErrorCode::invalid, "not an address: " + std::string(address));
  Resolver resolver(mail, index, order);
  auto const start = fold_user(address.substr(0, at)) + "@" + fold_user(address.substr(at + 1));
  if (auto done = resolver.visit(start); !done) return fail(done.error());
  return resolver.take();
}

}  // namespace mailstack::userdb
