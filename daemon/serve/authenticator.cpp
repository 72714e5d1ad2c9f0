#include "daemon/serve/authenticator.hpp"

#include "core/userdb/users.hpp"

namespace mailstack::serve {

Authenticator::Authenticator(net::Pool& pool, Secret<std::string> key,
                             std::function<policy::Instant()> now)
    : pool_(pool), now_(std::move(now)), proven_(key), backoff_(std::move(key)) {}

void Authenticator::authenticate(std::shared_ptr<Live const> const& live,
                                 std::string const& address, smtp::AskAuth const& ask,
                                 Done const& done) {
  auto login = policy::find_login(*live->rules, ask.user);
  bool known = false;
  auto wait = policy::Instant::zero();
  {
    std::lock_guard const lock(mutex_);
    known = login.possible && proven_.holds(login, ask.password, now_());
    if (!known) wait = backoff_.wait(address, login.user, now_());
  }
  if (known) return done(policy::judge(login, true), false);
  if (wait > policy::Instant::zero()) return done({false, {}, policy::wait_reply(wait)}, false);
  // Live goes along: the scheme must not die while it is worked with.
  bool const taken =
      pool_.run([this, live, login = std::move(login), address, password = ask.password, done] {
        judge(login, address, password, done);
      });
  if (!taken) done({false, {}, {454, "4.7.0", "too many logins at once, try again later"}}, false);
}

policy::Instant Authenticator::wait_for(std::string const& address, std::string const& user) {
  std::lock_guard const lock(mutex_);
  return backoff_.wait(address, user, now_());
}

void Authenticator::judge(policy::Login const& login, std::string const& address,
                          Secret<std::string> const& password, Done const& done) {
  // Again: of many that came at once those before may have failed meanwhile.
  if (auto const wait = wait_for(address, login.user); wait > policy::Instant::zero())
    return done({false, {}, policy::wait_reply(wait)}, false);
  auto const verified = userdb::authenticate(login.scheme, password);
  auto verdict = policy::judge(login, verified);
  bool counts = false;
  {
    std::lock_guard const lock(mutex_);
    if (verdict.accepted) {
      proven_.remember(login, password, now_());
      backoff_.succeeded(address, login.user, now_());
    } else if (verdict.reply.code == 535) {
      counts = backoff_.failed(address, login.user, password, now_());
    }
  }
  done(std::move(verdict), counts);
}

}  // namespace mailstack::serve
