#include "core/mail/dkim/key_record.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <set>

#include "core/mail/tag_list.hpp"

namespace mailstack::mail::dkim {
namespace {

std::string joined(std::vector<std::string> const& parts) {
  std::string text;
  for (auto const& part : parts) text += (text.empty() ? "" : ":") + part;
  return text;
}

std::string without_white_space(std::string_view text) {
  std::string out;
  for (char const c : text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') out += c;
  return out;
}

Result<std::vector<unsigned char>> decoded(std::string const& base64) {
  bool const shape = base64.size() % 4 == 0;
  auto const bad = [](char c) {
    bool const letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return !letter && c != '+' && c != '/';
  };
  auto const data = base64.find_last_not_of('=') + 1;
  auto const end = base64.begin() + static_cast<std::ptrdiff_t>(data);
  if (!shape || base64.size() - data > 2 || std::any_of(base64.begin(), end, bad))
    return fail(ErrorCode::invalid, "p= is no base64");
  std::vector<unsigned char> octets(base64.size() / 4 * 3);
  int const length =
      EVP_DecodeBlock(octets.data(), reinterpret_cast<unsigned char const*>(base64.data()),
                      static_cast<int>(base64.size()));
  if (length < 0) return fail(ErrorCode::invalid, "p= is no base64");
  // EVP_DecodeBlock counts the padding as zero octets.
  octets.resize(static_cast<std::size_t>(length) - (base64.size() - data));
  return octets;
}

Result<> take(KeyRecord& record, Tag const& tag) {
  if (tag.name == "k") {
    if (tag.value == "ed25519")
      record.type = KeyType::ed25519;
    else if (tag.value != "rsa")
      return fail(ErrorCode::invalid, "k=" + tag.value + " is neither rsa nor ed25519");
  }
  if (tag.name == "h") record.hashes = split_list(tag.value, ':');
  if (tag.name == "s" && tag.value != "*") record.services = split_list(tag.value, ':');
  if (tag.name == "t") record.flags = split_list(tag.value, ':');
  if (tag.name == "p") record.public_key = without_white_space(tag.value);
  return {};
}

}  // namespace

std::string format(KeyRecord const& record) {
  std::string text = "v=DKIM1; k=";
  text += record.type == KeyType::rsa ? "rsa" : "ed25519";
  if (!record.hashes.empty()) text += "; h=" + joined(record.hashes);
  if (!record.services.empty()) text += "; s=" + joined(record.services);
  if (!record.flags.empty()) text += "; t=" + joined(record.flags);
  return text + "; p=" + record.public_key;
}

Result<KeyRecord> parse(std::string_view text) {
  KeyRecord record;
  std::set<std::string> seen;
  bool first = true;
  for (auto const& tag : split_tags(text)) {
    if (!tag.has_equals) return fail(ErrorCode::invalid, "'" + tag.name + "' has no value");
    if (!seen.insert(tag.name).second)
      return fail(ErrorCode::invalid, "the tag " + tag.name + " stands twice");
    if (tag.name == "v" && (!first || tag.value != "DKIM1"))
      return fail(ErrorCode::invalid, "v= must stand first and say DKIM1");
    first = false;
    if (auto taken = take(record, tag); !taken) return fail(taken.error());
  }
  if (!seen.contains("p")) return fail(ErrorCode::invalid, "there is no p= (the key)");
  if (record.public_key.empty()) return record;  // RFC 6376 3.6.1: revoked
  auto const octets = decoded(record.public_key);
  if (!octets) return fail(octets.error());
  if (record.type == KeyType::ed25519 && octets->size() != 32)
    return fail(ErrorCode::invalid,
                "an Ed25519 key has 32 octets, this one has " + std::to_string(octets->size()));
  return record;
}

Result<unsigned> rsa_bits(KeyRecord const& record) {
  if (record.type != KeyType::rsa || record.public_key.empty())
    return fail(ErrorCode::invalid, "there is no RSA key in this record");
  auto const octets = decoded(record.public_key);
  if (!octets) return fail(octets.error());
  auto const length = static_cast<long>(octets->size());
  auto const* at = octets->data();
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, length);
  if (key == nullptr) {
    at = octets->data();
    key = d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, length);
  }
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const owned(key, &EVP_PKEY_free);
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
    return fail(ErrorCode::invalid, "p= holds no RSA key");
  return static_cast<unsigned>(EVP_PKEY_get_bits(key));
}

bool is_record(std::string_view text) {
  auto const tags = split_tags(text);
  if (tags.empty()) return false;
  if (tags.front().name == "v") return tags.front().value == "DKIM1";
  auto const has = [&](std::string_view name) {
    return std::any_of(tags.begin(), tags.end(), [&](Tag const& tag) { return tag.name == name; });
  };
  return has("p") && has("k");
}

}  // namespace mailstack::mail::dkim
