#include "reconciler/kinds/certificate/acme_issuer.hpp"

#include <algorithm>

#include "core/digest/digest.hpp"
#include "core/x509/x509.hpp"
#include "reconciler/acme/issue.hpp"
#include "reconciler/kinds/certificate/challenges.hpp"
#include "reconciler/kinds/shared_file.hpp"

namespace mailstack::kinds::certificate {

namespace {

// A CA that finds no challenge counts it as a failure, of which it allows few.
constexpr Duration least_patience{60};

constexpr files::Attributes closed{0600, {}, {}};

std::string order_of(std::string const& home, std::string const& name) {
  return home + "/" + name + ".order";
}
std::string order_key_of(std::string const& home, std::string const& name) {
  return home + "/" + name + ".order.key";
}

/// One account for each CA: its key, and the URL as which the CA knows it.
std::string account_of(std::string const& home, std::string const& directory_url) {
  return home + "/accounts/" + digest::sha256(directory_url).substr(0, 16);
}

std::string first_line(files::Files& files, std::string const& path) {
  auto const text = files.read(path).value_or(std::string());
  return text.substr(0, text.find('\n'));
}

/// The key in `path`; a new one is made and kept where there is none.
Result<Secret<std::string>> key_in(files::Files& files, std::string const& path) {
  auto there = files.read(path);
  if (there) return Secret<std::string>(*std::move(there));
  if (there.error().code != ErrorCode::not_found) return fail(there.error());
  auto made = x509::make_key();
  if (!made) return made;
  if (auto done = make_parent(files, path, {0700, {}, {}}); !done) return fail(done.error());
  if (auto done = files.write(path, made->reveal(), closed); !done) return fail(done.error());
  return made;
}

/// The order's line: its URL and the directory that it is of.
std::string kept_order(files::Files& files, std::string const& path, std::string const& directory) {
  auto const line = first_line(files, path);
  auto const space = line.find(' ');
  return space != std::string::npos && line.substr(space + 1) == directory ? line.substr(0, space)
                                                                           : std::string();
}

}  // namespace

std::string notes_of(std::string const& home, std::string const& name) {
  return home + "/" + name + ".challenges";
}

Result<Pair> issue_by_acme(engine::Fields const& spec, std::string const& name,
                           Inputs const& inputs, Doors const& doors) {
  auto& files = doors.files;
  auto const& home = spec.text("home");
  auto const& directory = spec.text("directory");
  auto const account = account_of(home, directory);
  auto const order = order_of(home, name);
  auto account_key = key_in(files, account + ".key");
  if (!account_key) return fail(account_key.error());
  auto key = key_in(files, order_key_of(home, name));
  if (!key) return fail(key.error());
  auto const csr = x509::make_request(*key, spec.texts("names"));
  if (!csr) return fail(csr.error());

  auto const http = doors.http(spec.text("ca_file"));
  ZoneChallenges challenges(inputs.zones, doors, notes_of(home, name),
                            std::max(inputs.wait, least_patience));
  acme::Request const request{
      .directory_url = directory,
      .account_key = *account_key,
      .contact = spec.text("account"),
      .terms_agreed = true,
      .names = spec.texts("names"),
      .csr_der = *csr,
      .kept = {first_line(files, account + ".url"), kept_order(files, order, directory)}};
  auto const keep = [&](acme::Kept const& kept) -> Result<> {
    if (auto done = files.write(account + ".url", kept.account_url + "\n", closed); !done)
      return done;
    if (kept.order_url.empty()) return files.remove(order);
    return files.write(order, kept.order_url + " " + directory + "\n", closed);
  };
  auto chain =
      acme::issue(request, {*http, doors.clock, challenges, keep, [&](std::string const& line) {
                              doors.announce("certificate " + name + ": " + line);
                            }});
  if (!chain) return fail(chain.error());
  return Pair{*std::move(chain), *std::move(key)};
}

bool is_unsettled(engine::Fields const& spec, std::string const& name, std::string const& key,
                  files::Files& files) {
  auto const kept = files.read(order_key_of(spec.text("home"), name));
  return kept && *kept == key;
}

Result<> settle(engine::Fields const& spec, std::string const& name, files::Files& files) {
  auto const& home = spec.text("home");
  // The order first: without its key it could not be gone on with.
  if (auto gone = files.remove(order_of(home, name)); !gone) return gone;
  return files.remove(order_key_of(home, name));
}

}  // namespace mailstack::kinds::certificate
