#include "reconciler/kinds/alias/spec.hpp"

#include "core/userdb/aliases.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::kinds::alias {

namespace {

using engine::Action;
using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Verdict;

std::string joined(std::vector<std::string> const& words) {
  std::string text;
  for (auto const& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

class AliasLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint /*now*/) const override {
    Verdict verdict;
    if (live.standing == Observation::Standing::absent) {
      verdict.action = Action::create;
      return verdict;
    }
    auto const wanted = spec.texts("to");
    auto const found = live.state.texts("to");
    if (wanted != found) verdict.differ("to", joined(found), joined(wanted));
    compare_readers(spec, live.state, verdict);
    if (!verdict.reasons.empty()) verdict.action = Action::update;
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& /*live*/) const override {
    return {};
  }

  [[nodiscard]] std::string describe(Address const& address, Fields const& spec) const override {
    auto const where = parse(address);
    auto const who = where ? shown_address(where->name, where->domain) : address.name;
    auto const to = spec.texts("to");
    return "alias " + who + (to.empty() ? "" : " → " + joined(to));
  }
};

}  // namespace

std::string as_read(std::string const& recipient, std::string const& domain) {
  auto const read = userdb::parse_recipients(recipient, domain);
  return read && read->size() == 1 ? userdb::format(read->front()) : recipient;
}

engine::Resource alias(std::string const& host, std::string const& domain, std::string const& name,
                       std::vector<std::string> const& to, std::string path, std::string group) {
  engine::Resource resource;
  resource.address = {kind_name, host + "/" + domain + "/" + userdb::fold_user(name)};
  resource.lane = "host/" + host;
  resource.group = domain;
  resource.reason = name == "*" ? "mail for any other name at " + domain + " goes on"
                                : "mail for " + name + "@" + domain + " goes on";
  resource.spec.set("path", std::move(path));
  std::vector<engine::Item> items;
  items.reserve(to.size());
  for (auto const& recipient : to) items.emplace_back(as_read(recipient, domain));
  resource.spec.set("to", std::move(items));
  if (!group.empty()) resource.spec.set("group", std::move(group));
  return resource;
}

Result<EntryPlace> parse(engine::Address const& address) {
  return parse_entry(address, kind_name, "an alias");
}

engine::KindLaws const& laws() {
  static AliasLaws const only;
  return only;
}

}  // namespace mailstack::kinds::alias
