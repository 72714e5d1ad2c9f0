#include "daemon/cli/sign_dkim.hpp"

#include <algorithm>

#include "core/dns/rrset.hpp"
#include "core/mail/dkim/key_record.hpp"
#include "core/mail/dkim/sign.hpp"
#include "core/mail/message/message.hpp"

namespace mailstack::daemon_cli {

namespace {

struct Key {
  dns::Name domain;
  mail::dkim::PrivateKey key;
};

Result<Key> key_of(Options const& options, Secret<std::string> const& pem) {
  auto domain = dns::Name::parse(options.mail_domain);
  if (!domain) return fail(within(domain.error(), "--domain"));
  auto key = mail::dkim::PrivateKey::parse(pem);
  if (!key) return fail(within(key.error(), options.key));
  return Key{std::move(*domain), std::move(*key)};
}

}  // namespace

Result<std::string> key_record_line(Options const& options, Secret<std::string> const& pem) {
  auto const key = key_of(options, pem);
  if (!key) return fail(key.error());
  auto const name = dns::Name::parse(options.selector + "._domainkey." + key->domain.text());
  if (!name) return fail(within(name.error(), "--selector"));
  auto const public_key = key->key.public_key();
  if (!public_key) return fail(public_key.error());
  mail::dkim::KeyRecord record;
  record.type = key->key.type();
  record.public_key = *public_key;
  return name->text() + " TXT " + dns::txt_value(format(record)) + "\n";
}

Result<std::string> signed_message(Options const& options, Secret<std::string> const& pem,
                                   std::string const& message, TimePoint now) {
  auto style = mail::dkim::parse_canonicalization(options.canonicalization);
  if (!style) return fail(within(style.error(), "--canon"));
  for (std::string_view rest = options.headers; !rest.empty();) {
    auto const colon = rest.find(':');
    style->names.emplace_back(rest.substr(0, colon));
    if (colon == rest.size() - 1) style->names.emplace_back();  // refused: no name
    rest.remove_prefix(colon == rest.npos ? rest.size() : colon + 1);
  }
  auto key = key_of(options, pem);
  if (!key) return fail(key.error());
  auto const parsed = mail::Message::parse(message, mail::LineEnds::any);
  if (!parsed) return fail(within(parsed.error(), "the message"));
  auto field =
      mail::dkim::sign(*parsed, {key->domain, options.selector, std::move(key->key)}, now, *style);
  if (!field) return fail(field.error());
  auto const end = message.find('\n');
  if (end != message.npos && (end == 0 || message[end - 1] != '\r')) std::erase(*field, '\r');
  return *field + message;
}

}  // namespace mailstack::daemon_cli
