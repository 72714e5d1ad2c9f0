#include "daemon/serve/signing_keys.hpp"

#include <algorithm>
#include <sstream>

#include "core/dns/rrset.hpp"
#include "core/mail/dkim/key_record.hpp"

namespace mailstack::serve {

namespace {

constexpr std::chrono::seconds first_pause{5};
constexpr std::chrono::seconds longest_pause{600};

/// What was seen: another key under the same selector was not.
std::string mark_of(dns::Name const& domain, conf::SigningKey const& key) {
  return domain.text() + " " + key.selector + " " + key.public_key;
}

std::string without_dot(std::string name) {
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  return name;
}

}  // namespace

bool holds_key(std::span<std::string const> values, std::string const& public_key) {
  return std::any_of(values.begin(), values.end(), [&](std::string const& value) {
    auto const text = dns::txt_octets(value);
    if (!text) return false;
    auto const record = mail::dkim::parse(*text);
    return record && !record->public_key.empty() && record->public_key == public_key;
  });
}

SigningKeys::SigningKeys(net::Loop& loop, net::Resolver& resolver, files::Files& files,
                         std::string seen_file)
    : loop_(loop), resolver_(resolver), files_(files), seen_file_(std::move(seen_file)) {
  load_seen();
}

SigningKeys::~SigningKeys() { *alive_ = false; }

void SigningKeys::load_seen() {
  auto const text = files_.read(seen_file_);
  if (!text) return;  // nothing was seen yet
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) seen_.insert(line);
}

void SigningKeys::store_seen() {
  std::string text;
  for (auto const& key : keys_)
    if (key.seen) text += mark_of(key.domain, key.key) + "\n";
  // Best effort: without the file they are asked for again.
  (void)files_.write(seen_file_, text, {0600, {}, {}});
}

void SigningKeys::set(conf::Snapshot const& snapshot) {
  keys_.clear();
  for (auto const& [name, domain] : snapshot.domains) {
    auto const parsed = dns::Name::parse(name);
    if (!parsed) continue;  // conf has told of it
    for (auto const& key : domain.keys) {
      Key entry{*parsed, key};
      entry.seen = seen_.contains(mark_of(*parsed, key));
      keys_.push_back(std::move(entry));
    }
  }
  pause_ = first_pause;
  publish();
  ask_all();
}

void SigningKeys::ask_all() {
  for (std::size_t i = 0; i < keys_.size(); ++i)
    if (!keys_[i].seen && !keys_[i].asking) ask(i);
  retry_later();
}

void SigningKeys::retry_later() {
  bool const waiting =
      std::any_of(keys_.begin(), keys_.end(), [](Key const& key) { return !key.seen; });
  timer_.reset();
  if (!waiting) return;
  timer_ = loop_.after(pause_, [this] { ask_all(); });
  pause_ = std::min(pause_ * 2, longest_pause);
}

void SigningKeys::ask(std::size_t index) {
  auto& key = keys_[index];
  auto const name =
      dns::Name::parse(key.key.selector + "._domainkey." + without_dot(key.domain.text()));
  if (!name) {
    key.why = name.error().what;
    return;
  }
  key.asking = true;
  resolver_.ask(*name, dns::type::txt,
                [this, alive = alive_, mark = mark_of(key.domain, key.key)](auto const& answer) {
                  if (*alive) answered(mark, answer);
                });
}

void SigningKeys::answered(std::string const& mark, net::DnsAnswer const& answer) {
  // By its mark: the keys may be others by now.
  auto const key = std::find_if(keys_.begin(), keys_.end(), [&](Key const& one) {
    return mark_of(one.domain, one.key) == mark;
  });
  if (key == keys_.end()) return;
  key->asking = false;
  using Status = net::DnsAnswer::Status;
  if (answer.status == Status::found && holds_key(answer.values, key->key.public_key)) {
    key->seen = true;
    seen_.insert(mark);
    store_seen();
  } else if (answer.status == Status::found) {
    key->why = "its TXT record holds another key";
  } else if (answer.status == Status::no_data || answer.status == Status::no_name) {
    key->why = "it has no TXT record";
  } else {
    key->why = "its TXT record cannot be looked up: " + answer.why;
  }
  publish();
}

void SigningKeys::publish() {
  std::map<std::string, std::vector<mail::dkim::Signer>> by_domain;
  std::vector<KeyState> states;
  for (auto const& key : keys_) {
    auto const domain = without_dot(key.domain.text());
    if (key.seen) by_domain[domain].push_back({key.domain, key.key.selector, *key.key.key});
    states.push_back({domain, key.key.selector, key.seen, key.seen ? "" : key.why});
  }
  std::map<std::string, Signers> signers;
  for (auto& [domain, list] : by_domain)
    signers[domain] = std::make_shared<std::vector<mail::dkim::Signer> const>(std::move(list));
  std::lock_guard const lock(mutex_);
  signers_ = std::move(signers);
  states_ = std::move(states);
}

Signers SigningKeys::signers_for(std::string const& domain) const {
  static Signers const none = std::make_shared<std::vector<mail::dkim::Signer> const>();
  std::lock_guard const lock(mutex_);
  auto const found = signers_.find(domain);
  return found == signers_.end() ? none : found->second;
}

std::vector<KeyState> SigningKeys::states() const {
  std::lock_guard const lock(mutex_);
  return states_;
}

}  // namespace mailstack::serve
