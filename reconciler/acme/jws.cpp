#include "reconciler/acme/jws.hpp"

#include "core/base64/base64.hpp"
#include "core/digest/digest.hpp"
#include "core/json_text/json_text.hpp"

namespace mailstack::acme {

Result<std::string> format_jws(AccountKey const& key, std::string_view account_url,
                               std::string_view nonce, std::string_view url,
                               std::string_view payload) {
  std::string header;
  json_text::Object members(header);
  members.add("alg", "ES256");
  if (account_url.empty()) {
    members.key("jwk");
    header += key.jwk();
  } else {
    members.add("kid", account_url);
  }
  members.add("nonce", nonce);
  members.add("url", url);
  members.end();
  auto const protected_part = base64::format_url(header);
  auto const payload_part = base64::format_url(payload);
  auto const signature = key.sign(protected_part + "." + payload_part);
  if (!signature) return fail(signature.error());
  std::string text;
  json_text::Object jws(text);
  jws.add("protected", protected_part);
  jws.add("payload", payload_part);
  jws.add("signature", base64::format_url(*signature));
  jws.end();
  return text;
}

std::string txt_octets(AccountKey const& key, std::string_view token) {
  return base64::format_url(digest::sha256_octets(std::string(token) + "." + key.thumbprint()));
}

}  // namespace mailstack::acme
