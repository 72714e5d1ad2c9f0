#include "reconciler/cli/dkim_signing.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/dns/idn.hpp"
#include "core/mail/address/address_list.hpp"
#include "core/mail/dkim/sign.hpp"
#include "core/mail/message/message.hpp"

namespace mailstack::cli {
namespace {

using mail::LineEnds;
using mail::Message;
using mail::dkim::PrivateKey;
using mail::dkim::Signer;

constexpr std::string_view prefix = "dkim:";
constexpr std::string_view suffix = ".pem";

/// `…: Permission denied` with what to do, in the words of the daemon's tree.
Error with_remedy(Error error, std::string const& path, std::string const& mode) {
  if (error.code == ErrorCode::denied)
    error.what += ". The daemon's group must be able to read it: chgrp chasquid '" + path +
                  "' && chmod " + mode + " '" + path + "'";
  return error;
}

/// nullopt for what is no key, or gone since it was listed.
Result<std::optional<PrivateKey>> load_key(files::Files& files, std::string const& path) {
  auto const stat = files.stat(path);
  // Gone since it was listed; or, a conflict, a link that leads nowhere.
  if (!stat &&
      (stat.error().code == ErrorCode::not_found || stat.error().code == ErrorCode::conflict))
    return std::nullopt;
  if (!stat) return fail(with_remedy(stat.error(), path, "0640"));
  if (stat->link || !stat->regular) return std::nullopt;
  auto text = files.read(path);
  if (!text && text.error().code == ErrorCode::not_found) return std::nullopt;
  if (!text) return fail(with_remedy(text.error(), path, "0640"));
  auto key = PrivateKey::parse(Secret<std::string>(std::move(*text)));
  if (!key)
    return fail(ErrorCode::invalid, path + ": " + key.error().what +
                                        ". Restore it from a backup, or move it away: "
                                        "`mailstack apply` then writes it again");
  return std::optional(std::move(*key));
}

Result<std::vector<Signer>> load_signers(files::Files& files, std::string const& conf,
                                         dns::Name const& domain) {
  std::vector<Signer> signers;
  // What comes from a message becomes a path: nothing but letters, digits and hyphens.
  if (domain.label_count() < 2 || !domain.check_host_name()) return signers;
  auto const directory = conf + "/domains/" + dns::unicode_form(domain);
  auto const start = directory + "/";
  auto const names = files.list(directory);
  if (!names && names.error().code == ErrorCode::not_found) return signers;
  if (!names) return fail(with_remedy(names.error(), directory, "0750"));
  for (auto const& name : *names) {
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    auto const path = start + name;
    auto key = load_key(files, path);
    if (!key) return fail(key.error());
    if (!*key) continue;
    auto selector = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    if (auto const ok = mail::dkim::check_selector(selector); !ok)
      return fail(ErrorCode::invalid, path + ": " + ok.error().what +
                                          ". Rename it to the selector of its record, or move it "
                                          "away");
    signers.push_back({domain, std::move(selector), std::move(**key)});
  }
  return signers;
}

void add_domain(std::vector<dns::Name>& domains, dns::Name const& domain) {
  if (std::find(domains.begin(), domains.end(), domain) == domains.end()) domains.push_back(domain);
}

/// Whose mail it is, the first first.
std::vector<dns::Name> domains_of(Result<Message> const& message,
                                  std::string_view envelope_sender) {
  std::vector<dns::Name> domains;
  auto const from = message ? message->fields_called("From") : std::vector<mail::HeaderField>{};
  if (from.size() == 1)
    if (auto const addresses = mail::parse_address_list(from.front().value))
      for (auto const& address : *addresses) add_domain(domains, address.domain);
  if (domains.size() > 1) domains.clear();
  if (envelope_sender.starts_with('<') && envelope_sender.ends_with('>'))
    envelope_sender = envelope_sender.substr(1, envelope_sender.size() - 2);
  if (auto const sender = mail::parse_address(envelope_sender)) add_domain(domains, sender->domain);
  return domains;
}

}  // namespace

Result<std::string> dkim_signatures(files::Files& files, std::string const& conf,
                                    std::string message, std::string_view envelope_sender,
                                    TimePoint now) {
  auto const parsed = Message::parse(std::move(message), LineEnds::any);
  for (auto const& domain : domains_of(parsed, envelope_sender)) {
    auto const signers = load_signers(files, conf, domain);
    if (!signers) return fail(signers.error());
    if (signers->empty()) continue;
    // A stranger's message may be as broken as it likes; one that we should sign may not.
    if (!parsed) return fail(within(parsed.error(), "the message"));
    auto const fields = mail::dkim::sign_each(*parsed, *signers, now);
    if (!fields) return fail(within(fields.error(), domain.display()));
    std::string text;
    for (auto const& field : *fields) text += field;
    std::erase(text, '\r');
    return text;
  }
  return std::string();
}

}  // namespace mailstack::cli
