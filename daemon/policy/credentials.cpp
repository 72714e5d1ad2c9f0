#include "daemon/policy/credentials.hpp"

#include <utility>

#include "core/digest/digest.hpp"
#include "core/dns/name.hpp"
#include "core/mail/username/username.hpp"
#include "core/userdb/scrypt.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::policy {

namespace {

bool lets_in(userdb::Scheme const& scheme) {
  return std::holds_alternative<userdb::Scrypt>(scheme) ||
         std::holds_alternative<userdb::Plain>(scheme);
}

/// A hash that nothing matches, of the cost that the users of `domain` have. The parameters of any
/// one of them do: they are written by one program.
userdb::Scheme stand_in(Rules const& rules, std::string const& domain) {
  userdb::Scrypt scrypt;
  scrypt.log_n = 14;
  scrypt.r = 8;
  scrypt.p = 1;
  auto const local = rules.conf().mail.domains.find(domain);
  if (local != rules.conf().mail.domains.end())
    for (auto const& [name, scheme] : local->second.users)
      if (auto const* real = std::get_if<userdb::Scrypt>(&scheme); real && userdb::check(*real)) {
        scrypt.log_n = real->log_n;
        scrypt.r = real->r;
        scrypt.p = real->p;
        break;
      }
  scrypt.key_length = 32;
  scrypt.salt = "0123456789abcdef";
  scrypt.key = Secret<std::string>(std::string(32, '\0'));
  return scrypt;
}

/// The domain that is meant, in U-labels; a bare name is of the only one.
std::string domain_meant(Rules const& rules, std::string const& sent) {
  auto const& domains = rules.conf().mail.domains;
  if (sent.empty()) return domains.size() == 1 ? domains.begin()->first : "";
  auto const name = dns::Name::parse(sent);
  auto const* local = name ? rules.local_domain(name->display()) : nullptr;
  return local != nullptr ? *local : userdb::fold_user(sent);
}

}  // namespace

Login find_login(Rules const& rules, std::string_view sent) {
  auto const [name, domain] = split_address(sent);
  auto const meant = domain_meant(rules, domain);
  auto const normal = mail::normalize_username(name);
  Login login;
  login.user = (normal ? *normal : userdb::fold_user(name)) + "@" + meant;
  auto const user = normal ? rules.user(login.user) : std::nullopt;
  login.possible = user && !user->disabled() && lets_in(*user->scheme);
  login.uncertain = !user && rules.incomplete(meant);
  login.scheme = login.possible ? *user->scheme : stand_in(rules, meant);
  return login;
}

smtp::AuthVerdict judge(Login const& login, Result<bool> const& verified) {
  if (login.uncertain || (login.possible && !verified))
    return {false, "", {454, "4.7.0", "temporary authentication failure"}};
  if (login.possible && *verified)
    return {true, login.user, {235, "2.7.0", "authentication succeeded"}};
  return {false, "", {535, "5.7.8", "wrong user or password"}};
}

Proven::Proven(Secret<std::string> key, std::size_t remembered)
    : key_(std::move(key)), proofs_(remembered) {}

/// With the scheme in it, so that a changed one cannot match.
std::string Proven::digest_of(Login const& login, Secret<std::string> const& password) const {
  std::string text = login.user;
  text.append(1, '\0');
  if (auto const* scrypt = std::get_if<userdb::Scrypt>(&login.scheme))
    text += userdb::hash_digest(*scrypt);
  if (auto const* plain = std::get_if<userdb::Plain>(&login.scheme))
    text += digest::hmac_sha256(key_.reveal(), plain->password.reveal());
  text.append(1, '\0').append(password.reveal());
  auto digest = digest::hmac_sha256(key_.reveal(), text);
  wipe(text.data(), text.size());
  return digest;
}

bool Proven::holds(Login const& login, Secret<std::string> const& password, Instant now) {
  auto const* proof = proofs_.find(login.user);
  if (!login.possible || proof == nullptr || now >= proof->until) return false;
  auto const digest = digest_of(login, password);
  return !digest.empty() && digest::same(digest, proof->digest);
}

void Proven::remember(Login const& login, Secret<std::string> const& password, Instant now) {
  if (!login.possible) return;
  auto digest = digest_of(login, password);
  if (digest.empty()) return;
  proofs_.touch(login.user) = {std::move(digest), now + lifetime};
}

}  // namespace mailstack::policy
