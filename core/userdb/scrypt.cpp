#include "core/userdb/scrypt.hpp"

#include <array>
#include <charconv>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "core/base64/base64.hpp"
#include "core/digest/digest.hpp"

namespace mailstack::userdb {

namespace {

// chasquid's own (internal/userdb AddUser).
constexpr std::uint64_t usual_log_n = 14;
constexpr std::int32_t usual_r = 8;
constexpr std::int32_t usual_p = 1;
constexpr std::int32_t usual_key_length = 32;
constexpr std::size_t usual_salt_length = 16;

// N·r counts blocks of 128 octets that stay in memory, N·r·p the time: 2^17 with chasquid's own.
constexpr std::uint64_t most_memory = std::uint64_t{1} << 21U;
constexpr std::uint64_t most_work = std::uint64_t{1} << 22U;
constexpr std::size_t most_octets = 1024;
constexpr std::uint64_t memory_limit = 300ULL * 1024 * 1024;

Result<std::string> derive(Scrypt const& scrypt, Secret<std::string> const& password) {
  std::string key(static_cast<std::size_t>(scrypt.key_length), '\0');
  auto const& text = password.reveal();
  int const done = EVP_PBE_scrypt(
      text.data(), text.size(), reinterpret_cast<unsigned char const*>(scrypt.salt.data()),
      scrypt.salt.size(), std::uint64_t{1} << scrypt.log_n, static_cast<std::uint64_t>(scrypt.r),
      static_cast<std::uint64_t>(scrypt.p), memory_limit,
      reinterpret_cast<unsigned char*>(key.data()), key.size());
  if (done != 1) return fail(ErrorCode::unavailable, "scrypt failed: not enough memory?");
  return key;
}

/// Takes `name=NUMBER` and what follows it from the front of `text`.
bool take_number(std::string_view& text, std::string_view name, char after, std::int64_t& number) {
  if (!text.starts_with(name) || !text.substr(name.size()).starts_with('=')) return false;
  text.remove_prefix(name.size() + 1);
  if (text.starts_with('-') || (text.size() > 1 && text[0] == '0' && text[1] >= '0')) return false;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > INT32_MAX) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.starts_with(after)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

bool same(Scrypt const& a, Scrypt const& b) {
  auto const& x = a.key.reveal();
  auto const& y = b.key.reveal();
  return a.log_n == b.log_n && a.r == b.r && a.p == b.p && a.key_length == b.key_length &&
         a.salt == b.salt && x.size() == y.size() &&
         CRYPTO_memcmp(x.data(), y.data(), x.size()) == 0;
}

Result<> check(Scrypt const& scrypt) {
  if (scrypt.r < 1 || scrypt.p < 1)
    return fail(ErrorCode::invalid, "scrypt: r and p must be 1 or more");
  auto const r = static_cast<std::uint64_t>(scrypt.r);
  auto const p = static_cast<std::uint64_t>(scrypt.p);
  // RFC 7914 6: N is larger than 1 and less than 2^(128 * r / 8).
  if (scrypt.log_n < 1 || scrypt.log_n >= 16 * r)
    return fail(ErrorCode::invalid, "scrypt: ln must be 1 or more, and less than 16 times r");
  if (scrypt.log_n > 21 || (r << scrypt.log_n) > most_memory || p > most_work / (r << scrypt.log_n))
    return fail(ErrorCode::invalid,
                "scrypt: costs more than is allowed (256 MiB, 2 s): use ln=14,r=8,p=1");
  if (scrypt.salt.size() < 8 || scrypt.salt.size() > most_octets)
    return fail(ErrorCode::invalid, "scrypt: the salt must be 8 to 1024 octets long");
  auto const size = scrypt.key.reveal().size();
  if (size < 16 || size > most_octets)
    return fail(ErrorCode::invalid, "scrypt: the key must be 16 to 1024 octets long");
  if (static_cast<std::uint64_t>(scrypt.key_length) != size)
    return fail(ErrorCode::invalid, "scrypt: keyLen is not the length of the key");
  return {};
}

Result<Scrypt> hash_password(Secret<std::string> const& password) {
  Scrypt scrypt;
  scrypt.log_n = usual_log_n;
  scrypt.r = usual_r;
  scrypt.p = usual_p;
  scrypt.key_length = usual_key_length;
  scrypt.salt.resize(usual_salt_length);
  if (RAND_bytes(reinterpret_cast<unsigned char*>(scrypt.salt.data()),
                 static_cast<int>(scrypt.salt.size())) != 1)
    return fail(ErrorCode::unavailable, "no random numbers for a salt");
  auto key = derive(scrypt, password);
  if (!key) return fail(key.error());
  scrypt.key = Secret<std::string>(std::move(*key));
  return scrypt;
}

Result<bool> verify(Scrypt const& scrypt, Secret<std::string> const& password) {
  if (auto legal = check(scrypt); !legal) return fail(legal.error());
  auto derived = derive(scrypt, password);
  if (!derived) return fail(derived.error());
  Secret<std::string> const key(std::move(*derived));
  return CRYPTO_memcmp(key.reveal().data(), scrypt.key.reveal().data(), key.reveal().size()) == 0;
}

Result<Scrypt> parse_phc(std::string_view text) {
  auto const wrong = [](std::string const& what) {
    return fail(ErrorCode::invalid,
                "not a hash of the form $scrypt$ln=14,r=8,p=1$SALT$KEY: " + what);
  };
  constexpr std::string_view start = "$scrypt$";
  if (!text.starts_with(start)) return wrong("it does not start with $scrypt$");
  text.remove_prefix(start.size());
  std::int64_t log_n = 0;
  std::int64_t r = 0;
  std::int64_t p = 0;
  if (!take_number(text, "ln", ',', log_n) || !take_number(text, "r", ',', r) ||
      !take_number(text, "p", '$', p))
    return wrong("the parameters are not ln=N,r=N,p=N");
  auto const dollar = text.find('$');
  if (dollar == std::string_view::npos) return wrong("the key is missing");
  auto salt = base64::parse(text.substr(0, dollar));
  if (!salt) return wrong("salt: " + salt.error().what);
  auto key = base64::parse(text.substr(dollar + 1));
  if (!key) return wrong("key: " + key.error().what);
  Scrypt scrypt;
  scrypt.log_n = static_cast<std::uint64_t>(log_n);
  scrypt.r = static_cast<std::int32_t>(r);
  scrypt.p = static_cast<std::int32_t>(p);
  scrypt.key_length = static_cast<std::int32_t>(key->size());
  scrypt.salt = std::move(*salt);
  scrypt.key = Secret<std::string>(std::move(*key));
  if (auto legal = check(scrypt); !legal) return fail(legal.error());
  return scrypt;
}

Secret<std::string> format_phc(Scrypt const& scrypt) {
  return Secret<std::string>("$scrypt$ln=" + std::to_string(scrypt.log_n) +
                             ",r=" + std::to_string(scrypt.r) + ",p=" + std::to_string(scrypt.p) +
                             "$" + base64::format_unpadded(scrypt.salt) + "$" +
                             base64::format_unpadded(scrypt.key.reveal()));
}

std::string hash_digest(Scrypt const& scrypt) {
  if (!check(scrypt)) return {};
  auto const line = format_phc(scrypt);
  return digest::sha256(line.reveal());
}

}  // namespace mailstack::userdb
