#include "core/digest/digest.hpp"
#include "core/x509/x509.hpp"
#include "daemon/conf/parts.hpp"
#include "daemon/conf/tree_file.hpp"

namespace mailstack::conf {

namespace {

constexpr std::string_view chain_file = "fullchain.pem";
constexpr std::string_view key_file = "privkey.pem";

CertificatePair const* pair_before(Reading reading, std::string const& name) {
  if (reading.before == nullptr) return nullptr;
  for (auto const& pair : reading.before->certificates)
    if (pair.name == name) return &pair;
  return nullptr;
}

std::string below(std::string const& name, std::string_view file) {
  return "certs/" + name + "/" + std::string(file);
}

/// The pair of before goes on being served, under the digests of its files.
void keep_pair(Reading reading, std::string const& name) {
  auto const* pair = pair_before(reading, name);
  if (pair == nullptr) return;
  reading.next.certificates.push_back(*pair);
  for (auto const file : {chain_file, key_file}) {
    auto const found = reading.before->digests.find(below(name, file));
    if (found != reading.before->digests.end()) reading.next.digests.insert(*found);
  }
}

/// What is said of the leaf, where the chain is one and the key is its key.
Result<x509::Leaf> check_pair(std::string const& chain, Secret<std::string> const& key) {
  auto leaf = x509::read_chain(chain);
  if (!leaf) return fail(within(leaf.error(), chain_file));
  auto const half = x509::public_key_of(key);
  if (!half) return fail(within(half.error(), key_file));
  if (*half != leaf->public_key)
    return fail(ErrorCode::invalid,
                "privkey.pem is not the key of the first certificate of "
                "fullchain.pem");
  return leaf;
}

void read_pair(Reading reading, std::string const& name) {
  auto const directory = reading.directory + "/certs/" + name;
  auto const refuse = [&](Problem why) {
    if (pair_before(reading, name) != nullptr) note_kept(why, "the certificate of before stays");
    reading.problems.push_back(std::move(why));
    keep_pair(reading, name);
  };
  auto chain = read_file(directory + "/" + std::string(chain_file));
  auto key = read_file(directory + "/" + std::string(key_file));
  auto const missing = [](auto const& file) {
    return !file && file.error().code == ErrorCode::not_found;
  };
  // A directory for something else: chasquid passes it over, too.
  if (missing(chain) && missing(key)) return;
  for (auto const& [file, content] : {std::pair(chain_file, &chain), std::pair(key_file, &key)})
    if (!*content) return refuse(unreadable(directory + "/" + std::string(file), content->error()));

  CertificatePair pair{name, *std::move(chain), Secret<std::string>(*std::move(key)), {}, {}};
  auto leaf = check_pair(pair.chain, pair.key);
  if (!leaf) return refuse({directory, leaf.error().what});
  pair.leaf_digest = leaf->fingerprint;
  pair.expires = leaf->not_after;
  reading.next.digests[below(name, chain_file)] = digest::sha256(pair.chain);
  reading.next.digests[below(name, key_file)] = digest::sha256(pair.key.reveal());
  reading.next.certificates.push_back(std::move(pair));
}

}  // namespace

void read_certificates(Reading reading) {
  auto const path = reading.directory + "/certs";
  auto const names = list_directory(path);
  if (names) {
    for (auto const& name : *names)
      if (is_directory(path + "/" + name)) read_pair(reading, name);
  } else if (names.error().code != ErrorCode::not_found) {
    reading.problems.push_back(unreadable(path, names.error()));
    if (reading.before != nullptr)
      for (auto const& pair : reading.before->certificates) keep_pair(reading, pair.name);
  }
}

}  // namespace mailstack::conf
