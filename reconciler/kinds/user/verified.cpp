#include "reconciler/kinds/user/verified.hpp"

#include <array>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "core/base64/base64.hpp"

namespace mailstack::kinds::user {

namespace {

constexpr std::size_t key_length = 32;
// Tags of hashes that are gone stay until the machine restarts; this only bounds a run-away.
constexpr std::size_t most_octets = std::size_t{4} * 1024 * 1024;

}  // namespace

Verified::Verified(files::Files& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {}

void Verified::load() {
  if (loaded_) return;
  loaded_ = true;
  if (!load_kept()) begin_anew();
}

bool Verified::load_kept() {
  if (directory_.empty()) return false;
  auto const key_path = directory_ + "/verified.key";
  auto const stat = files_.stat(key_path);
  bool const private_to_us = stat && !stat->directory && (stat->mode & 0077) == 0;
  if (!private_to_us) return false;
  auto key = files_.read(key_path);
  if (!key || key->size() != key_length) return false;
  key_ = Secret<std::string>(std::move(*key));
  auto const text = files_.read(directory_ + "/verified").value_or("");
  for (std::string_view rest = text; rest.size() < most_octets && !rest.empty();) {
    auto const end = rest.find('\n');
    // A line that was cut off by a crash is no tag.
    if (end == std::string_view::npos) break;
    tags_.emplace(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return true;
}

void Verified::begin_anew() {
  std::string key(key_length, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), static_cast<int>(key.size())) != 1)
    directory_.clear();
  key_ = Secret<std::string>(std::move(key));
  if (directory_.empty()) return;
  // Tags of another key would never match again, so they go before the key comes.
  bool const there = files_.stat(directory_) || files_.make_directory(directory_, {0700, {}, {}});
  if (!there || !files_.remove(directory_ + "/verified") ||
      !files_.write(directory_ + "/verified.key", key_.reveal(), {0600, {}, {}}))
    directory_.clear();
}

std::string Verified::tag(bool answer, userdb::Scrypt const& scrypt,
                          Secret<std::string> const& password) const {
  // A hash line holds no NUL, so that where it ends and the password starts is certain.
  Secret<std::string> const text((answer ? "=" : "!") + userdb::format_phc(scrypt).reveal() +
                                 std::string(1, '\0') + password.reveal());
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  auto const& key = key_.reveal();
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<unsigned char const*>(text.reveal().data()), text.reveal().size(),
       mac.data(), &size);
  return base64::format_unpadded({reinterpret_cast<char const*>(mac.data()), size});
}

void Verified::keep(std::string const& tag) {
  if (!tags_.insert(tag).second || directory_.empty()) return;
  if (!files_.append(directory_ + "/verified", tag + "\n")) directory_.clear();
}

bool Verified::matches(userdb::Scrypt const& scrypt, Secret<std::string> const& password) {
  if (!userdb::check(scrypt)) return false;
  std::lock_guard const lock(mutex_);
  load();
  for (bool const answer : {true, false})
    if (tags_.contains(tag(answer, scrypt, password))) return answer;
  ++runs_;
  auto const verified = userdb::verify(scrypt, password);
  // Out of memory is no answer, so it is not remembered; the hash is then made anew.
  if (!verified) return false;
  keep(tag(*verified, scrypt, password));
  return *verified;
}

void Verified::note(userdb::Scrypt const& scrypt, Secret<std::string> const& password) {
  std::lock_guard const lock(mutex_);
  load();
  keep(tag(true, scrypt, password));
}

}  // namespace mailstack::kinds::user
