#include "core/mail/tag_list.hpp"

#include <algorithm>

namespace mailstack::mail {
namespace {

constexpr std::string_view white = " \t\r\n";

/// The part of `text` between `begin` and `end` without white space at its ends, as offset and
/// length.
std::pair<std::size_t, std::size_t> trimmed(std::string_view text, std::size_t begin,
                                            std::size_t end) {
  while (begin < end && white.find(text[begin]) != white.npos) ++begin;
  while (end > begin && white.find(text[end - 1]) != white.npos) --end;
  return {begin, end - begin};
}

}  // namespace

std::vector<Tag> split_tags(std::string_view text) {
  std::vector<Tag> tags;
  std::size_t start = 0;
  while (start < text.size()) {
    auto const end = std::min(text.find(';', start), text.size());
    auto const [offset, length] = trimmed(text, start, end);
    start = end + 1;
    if (length == 0) continue;
    Tag tag;
    tag.offset = offset;
    tag.length = length;
    auto const equals = text.substr(offset, length).find('=');
    tag.has_equals = equals != std::string_view::npos;
    auto const name_end = tag.has_equals ? offset + equals : offset + length;
    auto const [name_at, name_length] = trimmed(text, offset, name_end);
    tag.name = std::string(text.substr(name_at, name_length));
    auto const [value_at, value_length] =
        trimmed(text, std::min(name_end + 1, offset + length), offset + length);
    tag.value = std::string(text.substr(value_at, value_length));
    tag.value_offset = value_at;
    tags.push_back(std::move(tag));
  }
  return tags;
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (start <= text.size()) {
    auto const end = std::min(text.find(separator, start), text.size());
    auto const [offset, length] = trimmed(text, start, end);
    parts.emplace_back(text.substr(offset, length));
    start = end + 1;
  }
  return parts;
}

}  // namespace mailstack::mail
