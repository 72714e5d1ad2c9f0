#include "reconciler/kinds/dkim_key/known.hpp"

#include <string_view>

#include "core/digest/digest.hpp"

namespace mailstack::kinds::dkim_key {

namespace {

// Keys that are gone stay until the machine restarts; this only bounds a run-away.
constexpr std::size_t most_octets = std::size_t{16} * 1024 * 1024;
constexpr std::size_t digest_length = 64;

/// `DIGEST ALGORITHM KEY`.
bool read_line(std::string_view line, std::map<std::string, PublicPart>& parts) {
  auto const first = line.find(' ');
  auto const second = line.find(' ', first + 1);
  if (first != digest_length || second == std::string_view::npos || second + 1 == line.size())
    return false;
  parts.emplace(line.substr(0, first),
                PublicPart{std::string(line.substr(first + 1, second - first - 1)),
                           std::string(line.substr(second + 1))});
  return true;
}

}  // namespace

void KnownKeys::load() {
  if (loaded_) return;
  loaded_ = true;
  if (directory_.empty()) return;
  auto const stat = files_.stat(path());
  if (!stat || stat->directory || (stat->mode & 0077) != 0 || stat->size > most_octets) return;
  auto const text = files_.read(path()).value_or("");
  for (std::string_view rest = text; !rest.empty();) {
    auto const end = rest.find('\n');
    // One bad line, and the file is not ours.
    if (end == std::string_view::npos || !read_line(rest.substr(0, end), parts_)) {
      parts_.clear();
      return;
    }
    rest.remove_prefix(end + 1);
  }
}

Result<PublicPart> KnownKeys::part(Secret<std::string> const& pem) {
  auto const digest = mailstack::digest::sha256(pem.reveal());
  {
    std::lock_guard const lock(mutex_);
    load();
    if (auto const known = parts_.find(digest); known != parts_.end()) return known->second;
    ++decoded_;
  }
  auto part = parse_private_key(pem);
  if (!part || digest.empty()) return part;
  std::lock_guard const lock(mutex_);
  learnt_ = parts_.insert_or_assign(digest, *part).second || learnt_;
  return part;
}

void KnownKeys::store() {
  std::lock_guard const lock(mutex_);
  if (!learnt_ || directory_.empty()) return;
  learnt_ = false;
  std::string text;
  for (auto const& [digest, part] : parts_)
    text.append(digest)
        .append(" ")
        .append(part.algorithm)
        .append(" ")
        .append(part.key)
        .append("\n");
  if (!files_.stat(directory_) && !files_.make_directory(directory_, {0700, {}, {}})) return;
  if (text.size() <= most_octets) (void)files_.write(path(), text, {0600, {}, {}});
}

}  // namespace mailstack::kinds::dkim_key
