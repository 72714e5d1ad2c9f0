#pragma once
/// \file
/// A map that forgets: what strangers can fill must have a bound.

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace mailstack::policy {

/// Values by key, at most `capacity` of them: a new one takes the place of that which was asked for
/// longest ago. Not for several threads at once.
template <class Value>
class Recent {
 public:
  explicit Recent(std::size_t capacity) : capacity_(capacity) {}

  /// The value of `key`, made where there was none. Valid until the next touch() or erase().
  Value& touch(std::string const& key) {
    if (auto const found = places_.find(key); found != places_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return entries_.front().second;
    }
    if (entries_.size() >= capacity_ && !entries_.empty())
      erase(std::string(entries_.back().first));
    entries_.emplace_front(key, Value{});
    places_.emplace(key, entries_.begin());
    return entries_.front().second;
  }

  /// nullptr where there is none. Asking for it is not use.
  [[nodiscard]] Value* find(std::string const& key) {
    auto const found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }

  void erase(std::string const& key) {
    auto const found = places_.find(key);
    if (found == places_.end()) return;
    entries_.erase(found->second);
    places_.erase(found);
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;  // the last used first
  std::size_t capacity_;
  Entries entries_;
  std::unordered_map<std::string, typename Entries::iterator> places_;
};

}  // namespace mailstack::policy
