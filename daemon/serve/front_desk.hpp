#pragma once
/// \file
/// The daemon's answers to its sessions: policy over the configuration in use, limits, logins,
/// intake.

#include <atomic>
#include <mutex>

#include "daemon/policy/limits.hpp"
#include "daemon/queue/spool.hpp"
#include "daemon/serve/authenticator.hpp"
#include "daemon/serve/intake.hpp"
#include "daemon/serve/reception.hpp"

namespace mailstack::serve {

/// What the log and the metrics are told of sessions. Called from any thread; never blocks.
struct SessionEvents {
  /// `counts`: as Authenticator says.
  std::function<void(Client const&, std::string const& user, smtp::AuthVerdict const&, bool counts)>
      auth;
  /// A connection, a command or a message was refused, or a session ended for what its client did.
  std::function<void(Client const&, smtp::Transaction const&, smtp::Reply const&)> refused;
  /// A message was kept or refused at its end.
  std::function<void(Client const&, smtp::Reply const&, std::uint64_t octets,
                     std::chrono::microseconds commit)>
      finished;
  std::function<void(Client const&)> came;  ///< and was admitted: it leaves, too
  std::function<void(Client const&, std::chrono::milliseconds lasted)> left;
  std::function<void(Client const&, std::string const& why)> tls_failed;
  /// The daemon ended before the session.
  std::function<void(Client const&, smtp::Transaction const&, std::string_view where)> cut;
};

class FrontDesk : public Reception {
 public:
  struct Doors {
    Current const& current;
    queue::Spool& spool;
    Authenticator& logins;
    Intake& intake;
    std::function<TimePoint()> now;
    std::function<policy::Instant()> steady;
    SessionEvents events;
  };
  explicit FrontDesk(Doors doors);

  /// After a reload.
  void refresh();

  smtp::SessionSetup setup(smtp::Service service, std::string const& peer) override;
  std::shared_ptr<net::TlsContext> tls() override;
  std::optional<smtp::Reply> admit(Client& client) override;
  void leave(Client const& client, std::chrono::milliseconds lasted) override;
  void authenticate(Client const& client, smtp::AskAuth const& ask,
                    std::function<void(smtp::AuthVerdict)> done) override;
  smtp::Reply sender(Client const& client, mail::Path const& sender) override;
  smtp::Reply recipient(Client const& client, smtp::Transaction const& transaction,
                        mail::Path const& recipient) override;
  smtp::Reply room(smtp::Transaction const& transaction) override;
  bool take_memory(std::size_t octets) override;
  void give_memory(std::size_t octets) override;
  void finish(Incoming incoming, std::function<void(smtp::Reply)> done) override;
  void hung_up(Client const& client, smtp::Reply const& reply) override;
  void cut(Client const& client, smtp::Transaction const& transaction,
           std::string_view where) override;
  void tls_failed(Client const& client, std::string const& why) override;

 private:
  policy::Client facts(policy::Rules const& rules, Client const& client) const;
  std::optional<smtp::Reply> check_in(Client& client);
  /// Against the limits of its address.
  void count_error(Client const& client);
  void note_refusal(Client const& client, smtp::Transaction const& transaction,
                    smtp::Reply const& reply);

  Doors doors_;
  std::atomic<std::size_t> memory_ = 0;
  std::atomic<std::size_t> connections_ = 0;
  std::mutex mutex_;
  policy::AddressLimits addresses_;
  policy::UserLimits users_;
};

}  // namespace mailstack::serve
