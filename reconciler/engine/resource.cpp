#include "reconciler/engine/resource.hpp"

#include <algorithm>
#include <array>
#include <atomic>

namespace mailstack::engine {

std::optional<Address> parse_address(std::string_view text) {
  auto const slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size())
    return std::nullopt;
  return Address{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

Fields::Fields(std::initializer_list<Entry> entries)
    : entries_(std::make_shared<std::vector<Entry>>(entries)) {}

std::vector<Fields::Entry> const& Fields::entries() const {
  static std::vector<Entry> const none;
  return entries_ ? *entries_ : none;
}

std::vector<Fields::Entry>& Fields::own() {
  if (!entries_) {
    entries_ = std::make_shared<std::vector<Entry>>();
  } else if (entries_.use_count() != 1) {
    entries_ = std::make_shared<std::vector<Entry>>(*entries_);
  } else {
    // What another thread read of these entries happened before it let go of them.
    std::atomic_thread_fence(std::memory_order_acquire);
  }
  return *entries_;
}

void Fields::set(std::string name, Value value) {
  auto& entries = own();
  for (auto& [key, old] : entries)
    if (key == name) {
      old = std::move(value);
      return;
    }
  entries.emplace_back(std::move(name), std::move(value));
}

void Fields::erase(std::string_view name) {
  if (find(name) == nullptr) return;
  std::erase_if(own(), [&](Entry const& entry) { return entry.first == name; });
}

Value const* Fields::find(std::string_view name) const {
  for (auto const& [key, value] : entries())
    if (key == name) return &value;
  return nullptr;
}

std::string const& Fields::text(std::string_view name) const {
  static std::string const nothing;
  auto const* value = find(name);
  auto const* text = value ? std::get_if<std::string>(value) : nullptr;
  return text ? *text : nothing;
}

std::optional<std::int64_t> Fields::number(std::string_view name) const {
  auto const* value = find(name);
  auto const* number = value ? std::get_if<std::int64_t>(value) : nullptr;
  return number ? std::optional(*number) : std::nullopt;
}

bool Fields::flag(std::string_view name) const {
  auto const* value = find(name);
  auto const* flag = value ? std::get_if<bool>(value) : nullptr;
  return flag && *flag;
}

std::vector<std::string> Fields::texts(std::string_view name) const {
  std::vector<std::string> all;
  auto const* value = find(name);
  if (auto const* items = value ? std::get_if<std::vector<Item>>(value) : nullptr)
    for (auto const& item : *items)
      if (auto const* text = std::get_if<std::string>(&item)) all.push_back(*text);
  return all;
}

namespace {
constexpr std::array<std::pair<Hazard, std::string_view>, 10> hazard_words{{
    {Hazard::deletes, "deletes"},
    {Hazard::purge, "purge"},
    {Hazard::mx, "mx"},
    {Hazard::ns, "ns"},
    {Hazard::spf, "spf"},
    {Hazard::dkim, "dkim"},
    {Hazard::tlsa, "tlsa"},
    {Hazard::user, "user"},
    {Hazard::domain, "domain"},
    {Hazard::clock, "clock"},
}};
}  // namespace

std::string_view format(Hazard hazard) {
  for (auto const& [value, word] : hazard_words)
    if (value == hazard) return word;
  return "deletes";
}

std::optional<Hazard> parse_hazard(std::string_view word) {
  for (auto const& [value, name] : hazard_words)
    if (name == word) return value;
  return std::nullopt;
}

}  // namespace mailstack::engine
