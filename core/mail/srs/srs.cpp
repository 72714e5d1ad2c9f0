#include "core/mail/srs/srs.hpp"

#include <algorithm>

#include "core/base64/base64.hpp"
#include "core/digest/digest.hpp"
#include "core/dns/name.hpp"
#include "core/text/ascii.hpp"

namespace mailstack::mail::srs {

namespace {

constexpr std::string_view separators = "=+-";
constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::int64_t day_modulus = 1024;
constexpr std::int64_t seconds_a_day = 86'400;
constexpr std::size_t tag_octets = 5;  // `SRS0=`

auto refuse(std::string what) { return fail(ErrorCode::invalid, std::move(what)); }

/// Whether `local` begins with `tag`, in any case, and a separator.
bool tagged(std::string_view local, std::string_view tag) {
  return local.size() >= tag_octets && ascii::lower(local.substr(0, tag.size())) == tag &&
         separators.find(local[tag.size()]) != std::string_view::npos;
}

/// All of the base64: 27 characters.
std::string full_hash(Secret<std::string> const& secret, std::string_view first,
                      std::string_view second) {
  return base64::format_unpadded(
      digest::hmac_sha1(secret.reveal(), ascii::lower(first) + ascii::lower(second)));
}

/// In constant time, and without case: a local part may lose its case on the way.
bool right_hash(std::string_view hash, std::string_view first, std::string_view second,
                Secrets const& secrets) {
  auto const said = ascii::lower(hash);
  bool right = false;
  for (auto const& secret : secrets) {
    auto const wanted = ascii::lower(full_hash(secret, first, second));
    if (digest::same(said, wanted.substr(0, said.size()))) right = true;
  }
  return right;
}

std::int64_t day_of(TimePoint now) {
  return now.time_since_epoch().count() / seconds_a_day % day_modulus;
}

std::string format_day(std::int64_t day) {
  return {base32[static_cast<std::size_t>(day / 32)], base32[static_cast<std::size_t>(day % 32)]};
}

/// -1 for what is no day.
std::int64_t parse_day(std::string_view text) {
  std::int64_t day = 0;
  for (char const c : text) {
    auto const digit = base32.find(c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c);
    if (digit == std::string_view::npos) return -1;
    day = day * 32 + static_cast<std::int64_t>(digit);
  }
  return text.size() == 2 ? day : -1;
}

/// Takes what stands before the next `=`; false where there is none.
bool take_part(std::string_view& text, std::string_view& part) {
  auto const end = text.find('=');
  if (end == std::string_view::npos) return false;
  part = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

/// A domain in the form in which Path has it; as it is where it is none.
std::string ascii_domain(std::string_view domain) {
  auto const name = dns::Name::parse(domain);
  return name ? name->display() : ascii::lower(domain);
}

/// `tag=HASH=rest@domain` with the longest hash that fits.
Result<Path> seal(std::string_view tag, std::string_view hash, std::string_view rest,
                  std::string_view domain) {
  auto const others = tag.size() + 2 + rest.size();
  if (others + least_hash > Path::most_local)
    return refuse("the local part would be longer than 64 octets");
  auto const length = std::min(our_hash, Path::most_local - others);
  return Path{
      std::string(tag) + "=" + std::string(hash.substr(0, length)) + "=" + std::string(rest),
      std::string(domain)};
}

/// What SRS1 holds behind its hash: the host that wrote SRS0, and that address from its separator.
struct Guarded {
  std::string host;
  std::string rest;
};

Result<Guarded> guarded_part(Path const& sender) {
  if (tagged(sender.local, "srs0")) return Guarded{sender.domain, sender.local.substr(4)};
  std::string_view text = sender.local;
  text.remove_prefix(tag_octets);
  std::string_view hash;
  std::string_view host;
  if (!take_part(text, hash) || !take_part(text, host) || host.empty() || text.empty())
    return refuse("an SRS1 address without its parts");
  return Guarded{std::string(host), std::string(text)};
}

Result<Path> reverse_first(std::string_view text, Secrets const& secrets, TimePoint now,
                           Duration lifetime) {
  std::string_view hash;
  std::string_view day;
  std::string_view host;
  if (!take_part(text, hash) || !take_part(text, day) || !take_part(text, host) || host.empty() ||
      text.empty())
    return refuse("an SRS0 address without its parts");
  if (hash.size() < least_hash) return refuse("the hash is shorter than 4 characters");
  if (!right_hash(hash, std::string(day) + std::string(host), text, secrets))
    return refuse("the hash is wrong");
  auto const written = parse_day(day);
  if (written < 0) return refuse("its day is none");
  auto const age = (day_of(now) - written + day_modulus) % day_modulus;
  if (age * seconds_a_day > lifetime.count())
    return fail(ErrorCode::not_found, "it expired: made " + std::to_string(age) + " days ago");
  return Path{std::string(text), ascii_domain(host)};
}

Result<Path> reverse_second(std::string_view text, Secrets const& secrets) {
  std::string_view hash;
  std::string_view host;
  if (!take_part(text, hash) || !take_part(text, host) || host.empty() || text.empty())
    return refuse("an SRS1 address without its parts");
  if (hash.size() < least_hash) return refuse("the hash is shorter than 4 characters");
  if (!right_hash(hash, host, text, secrets)) return refuse("the hash is wrong");
  return Path{"SRS0" + std::string(text), ascii_domain(host)};
}

}  // namespace

bool is_rewritten(std::string_view local) { return tagged(local, "srs0") || tagged(local, "srs1"); }

Result<Path> forward(Path const& sender, std::string_view domain, Secrets const& secrets,
                     TimePoint now) {
  auto const ours = ascii_domain(domain);
  if (sender.null() || sender.domain == ours) return sender;
  if (secrets.empty()) return refuse("there is no secret");
  if (sender.local.empty() || sender.domain.empty()) return refuse("not a whole address");
  if (is_rewritten(sender.local)) {
    auto const guarded = guarded_part(sender);
    if (!guarded) return fail(guarded.error());
    return seal("SRS1", full_hash(secrets.front(), guarded->host, guarded->rest),
                guarded->host + "=" + guarded->rest, ours);
  }
  auto const day = format_day(day_of(now));
  return seal("SRS0", full_hash(secrets.front(), day + sender.domain, sender.local),
              day + "=" + sender.domain + "=" + sender.local, ours);
}

Result<Path> reverse(std::string_view local, Secrets const& secrets, TimePoint now,
                     Duration lifetime) {
  if (tagged(local, "srs0")) return reverse_first(local.substr(tag_octets), secrets, now, lifetime);
  if (tagged(local, "srs1")) return reverse_second(local.substr(tag_octets), secrets);
  return refuse("not an SRS address");
}

}  // namespace mailstack::mail::srs
