#include "reconciler/kinds/sysctl/spec.hpp"

#include <algorithm>

#include "reconciler/kinds/address_parts.hpp"

namespace mailstack::kinds::sysctl {

namespace {

using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Verdict;

class SysctlLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint /*now*/) const override {
    Verdict verdict;
    auto const& wanted = spec.text("value");
    for (auto const& later : live.state.texts("later")) {
      auto const space = later.find(' ');
      verdict.notes.push_back(later.substr(0, space) + " sets it to " + later.substr(space + 1) +
                              " at the next start: take the line out there");
    }
    if (live.state.text("value") == wanted) return verdict;
    verdict.action = engine::Action::update;
    verdict.differ("value", live.state.text("value"), wanted);
    // The manifest names this one value, and the kernel has no owner for it.
    verdict.loses_nothing = true;
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& live) const override {
    return {{"value", live.state.text("value")}};
  }

  [[nodiscard]] std::string describe(Address const& address, Fields const& spec) const override {
    return "sysctl " + key_of(address) + " = " + spec.text("value");
  }
};

}  // namespace

engine::Resource value(std::string const& host, std::string const& key, std::string value,
                       engine::Resource const& file) {
  engine::Resource resource;
  resource.address = {kind_name, host + "/" + key};
  resource.lane = "host/" + host;
  resource.group = host;
  resource.reason = "the manifest says so";
  resource.spec.set("value", std::move(value));
  resource.spec.set("needs", std::vector<engine::Item>{engine::Reference{file.address, "version"}});
  return resource;
}

std::string key_of(engine::Address const& address) {
  auto const parts = address_parts(address.name, 2);
  return address.kind != kind_name || parts.empty() ? std::string() : parts[1];
}

std::string file_of(std::string key) {
  for (auto& c : key) c = c == '.' ? '/' : c == '/' ? '.' : c;
  return "/proc/sys/" + key;
}

std::string plain(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::string words;
  while (true) {
    auto const start = text.find_first_not_of(blanks);
    if (start == std::string_view::npos) return words;
    text.remove_prefix(start);
    auto const end = std::min(text.find_first_of(blanks), text.size());
    if (!words.empty()) words += ' ';
    words += text.substr(0, end);
    text.remove_prefix(end);
  }
}

engine::KindLaws const& laws() {
  static SysctlLaws const only;
  return only;
}

}  // namespace mailstack::kinds::sysctl
