#pragma once
/// \file
/// A Snapshot made ready to be asked: every verdict on senders and recipients begins here.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mail/path/path.hpp"
#include "core/mail/srs/srs.hpp"
#include "core/result/result.hpp"
#include "core/userdb/resolve.hpp"
#include "daemon/conf/snapshot.hpp"
#include "daemon/policy/network.hpp"
#include "daemon/smtp/reply.hpp"

namespace mailstack::policy {

/// A user of a domain of ours.
struct Mailbox {
  std::string name;    ///< as in the file `users`
  std::string domain;  ///< U-labels
  userdb::Scheme const* scheme = nullptr;
  conf::UserPolicy const* policy = nullptr;  ///< nullptr: nothing special

  [[nodiscard]] bool disabled() const { return policy != nullptr && policy->disabled; }
  /// Whether mail for it may be kept: neither disabled nor one that only sends.
  [[nodiscard]] bool receives() const {
    return !disabled() && (policy == nullptr || policy->receive);
  }
};

/// Immutable, and asked from any thread. Made once for each Snapshot (it walks all aliases and
/// users), and swapped together with it.
class Rules {
 public:
  /// Without secrets forwards keep the sender that they have, and SRS addresses are names like
  /// others.
  explicit Rules(std::shared_ptr<conf::Snapshot const> conf, mail::srs::Secrets srs = {});

  [[nodiscard]] conf::Snapshot const& conf() const { return *conf_; }
  [[nodiscard]] mail::srs::Secrets const& srs() const { return srs_; }

  /// Whether a client of this address may relay without logging in.
  [[nodiscard]] bool trusts(std::string_view address) const;
  /// One who says for whom it comes (PROXY, version 1), always.
  [[nodiscard]] bool proxy(std::string_view address) const;

  /// The domain of ours that is called `domain` (A-labels, lower case, as Path has it), in U-labels
  /// as its directory is; nullptr: foreign.
  [[nodiscard]] std::string const* local_domain(std::string_view domain) const;
  /// Its A-labels.
  [[nodiscard]] std::string const& ascii_domain(std::string const& local) const;
  /// Whether `domain` names this host and no domain of mail: its host name, `localhost`, a literal
  /// of `server` or of an own address.
  [[nodiscard]] bool is_host(std::string_view domain, std::string_view server) const;
  /// The domain that has the host's postmaster: that of the host name or above it, else the first.
  /// nullptr: there is none at all.
  [[nodiscard]] std::string const* main_domain() const;

  /// Whether who is not known in `domain` may exist all the same (conf::DomainConf::incomplete).
  [[nodiscard]] bool incomplete(std::string const& domain) const;

  /// The user whom mail for `name` of `domain` (U-labels) would reach if there were no aliases: any
  /// spelling with suffixes and drop characters.
  [[nodiscard]] std::optional<Mailbox> mailbox(std::string_view name,
                                               std::string const& domain) const;
  /// The user of `local@domain` as AUTH gave it.
  [[nodiscard]] std::optional<Mailbox> user(std::string_view address) const;
  /// `name` of `domain` through aliases, every spelling of a user reaching the user.
  [[nodiscard]] Result<userdb::Resolution> resolve(std::string_view name,
                                                   std::string const& domain) const;
  /// Whether an alias takes `name`, by the spellings that resolve() knows; the catch-all is none.
  [[nodiscard]] bool has_alias(std::string_view name, std::string const& domain) const;
  /// `name` without suffix and drop characters, folded.
  [[nodiscard]] std::string clean(std::string_view name) const;

 private:
  std::shared_ptr<conf::Snapshot const> conf_;
  mail::srs::Secrets srs_;
  userdb::NameIndex names_;
  std::vector<Prefix> trusted_;
  std::vector<Prefix> proxies_;
  std::unordered_map<std::string, std::string> local_;  ///< A-labels → U-labels
  std::unordered_map<std::string, std::string> ascii_;  ///< U-labels → A-labels
  std::vector<std::string> host_names_;
  std::vector<IpOctets> host_addresses_;
  std::string main_domain_;
};

/// `name@domain` cut at the last `@`, which a quoted name may hold too.
struct AddressParts {
  std::string name;
  std::string domain;
};
AddressParts split_address(std::string_view address);

}  // namespace mailstack::policy
