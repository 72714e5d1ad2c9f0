#pragma once
/// \file
/// Which DKIM keys sign: those whose public half was seen in DNS.
///
/// A signature that nobody can verify is worth less than the one of the key before it, so a new
/// selector waits here until its record is there, and the previous one goes on. What was seen is
/// remembered in a file, so that a start without DNS signs as before.

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/files/files.hpp"
#include "core/mail/dkim/sign.hpp"
#include "daemon/conf/snapshot.hpp"
#include "daemon/net/loop.hpp"
#include "daemon/net/resolver.hpp"

namespace mailstack::serve {

using Signers = std::shared_ptr<std::vector<mail::dkim::Signer> const>;

struct KeyState {
  std::string domain;  ///< A-labels
  std::string selector;
  bool signs = false;
  std::string why;  ///< where it does not: `no TXT at …`
};

/// Lives on the main loop; signers_for() and states() may be called from any thread.
class SigningKeys {
 public:
  /// `seen_file`: where what was seen is remembered.
  SigningKeys(net::Loop& loop, net::Resolver& resolver, files::Files& files, std::string seen_file);
  ~SigningKeys();

  /// The keys of a new snapshot. Those not seen before are asked for at once, and again later.
  void set(conf::Snapshot const& snapshot);

  /// Empty, and not null, where nothing signs for the domain (A-labels).
  [[nodiscard]] Signers signers_for(std::string const& domain) const;
  [[nodiscard]] std::vector<KeyState> states() const;

 private:
  struct Key {
    dns::Name domain;
    conf::SigningKey key;
    bool seen = false;
    bool asking = false;
    std::string why = "not asked yet";
  };
  void load_seen();
  void store_seen();
  void ask_all();
  void ask(std::size_t index);
  void answered(std::string const& mark, net::DnsAnswer const& answer);
  void publish();
  void retry_later();

  net::Loop& loop_;
  net::Resolver& resolver_;
  files::Files& files_;
  std::string seen_file_;
  std::set<std::string> seen_;  // marks, see mark_of()
  std::vector<Key> keys_;
  std::unique_ptr<net::Timer> timer_;
  std::chrono::seconds pause_{5};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  mutable std::mutex mutex_;  // of what other threads read
  std::map<std::string, Signers> signers_;
  std::vector<KeyState> states_;
};

/// Whether one of the TXT values (canonical presentation form) is the record of this public key
/// (RFC 6376 3.6.2.2: the one that fits counts).
bool holds_key(std::span<std::string const> values, std::string const& public_key);

}  // namespace mailstack::serve
