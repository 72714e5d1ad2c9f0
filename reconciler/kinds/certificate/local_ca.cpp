#include "reconciler/kinds/certificate/local_ca.hpp"

#include "core/secret/secret.hpp"
#include "core/x509/x509.hpp"

namespace mailstack::kinds::certificate {

namespace {

constexpr auto day = std::chrono::hours(24);
constexpr auto lifetime = 90 * day;
constexpr auto lifetime_of_authority = 3650 * day;
// Clocks of peers may be a little behind.
constexpr auto backdated = std::chrono::hours(1);

struct Authority {
  Secret<std::string> key;
  std::string certificate;
};

Result<Authority> make(files::Files& files, std::string const& directory, TimePoint now) {
  auto key = x509::make_key();
  if (!key) return fail(key.error());
  auto certificate = x509::make_authority(*key, "mailstack local CA", now - backdated,
                                          now + lifetime_of_authority);
  if (!certificate) return fail(certificate.error());
  if (auto made = files.make_directory(directory, {0700, {}, {}}); !made) return fail(made.error());
  // The key first: a certificate without one could sign nothing.
  if (auto done = files.write(directory + "/root.key", key->reveal(), {0600, {}, {}}); !done)
    return fail(done.error());
  if (auto done = files.write(directory + "/root.pem", *certificate, {0644, {}, {}}); !done)
    return fail(done.error());
  return Authority{*std::move(key), *std::move(certificate)};
}

Result<Authority> open(files::Files& files, std::string const& directory, TimePoint now) {
  auto certificate = files.read(directory + "/root.pem");
  if (!certificate && certificate.error().code == ErrorCode::not_found)
    return make(files, directory, now);
  if (!certificate) return fail(certificate.error());
  auto key = files.read(directory + "/root.key");
  if (!key) return fail(key.error());
  return Authority{Secret<std::string>(*std::move(key)), *std::move(certificate)};
}

}  // namespace

Result<std::string> issue_locally(files::Files& files, std::string const& directory,
                                  std::string const& request, TimePoint now) {
  auto const authority = open(files, directory, now);
  if (!authority) return fail(authority.error());
  auto const unusable = [&](std::string const& why) {
    return fail(ErrorCode::invalid,
                directory + ": " + why + "; move the directory away, and a new authority is made");
  };
  auto const root = x509::read_chain(authority->certificate);
  if (!root) return unusable(root.error().what);
  if (root->not_after < now + lifetime)
    return unusable("the authority ends at " + format(root->not_after));
  auto leaf =
      x509::sign(request, authority->key, authority->certificate, now - backdated, now + lifetime);
  if (!leaf) return unusable(leaf.error().what);
  return *std::move(leaf) + authority->certificate;
}

}  // namespace mailstack::kinds::certificate
