/// \file
/// The kind `alias` at work.

#include "core/userdb/aliases.hpp"
#include "reconciler/kinds/alias/spec.hpp"
#include "reconciler/kinds/entry_kind.hpp"
#include "reconciler/kinds/kinds.hpp"

namespace mailstack::kinds {

namespace {

using engine::Action;
using engine::Fields;
using engine::Observation;
using engine::Step;
using userdb::Aliases;

std::vector<std::string> recipients_of(std::string const& right, std::string const& domain) {
  std::vector<std::string> to;
  if (auto const recipients = userdb::parse_recipients(right, domain))
    for (auto const& recipient : *recipients) to.push_back(userdb::format(recipient));
  return to;
}

Fields state_of(std::string const& right, std::string const& domain, std::string const& path) {
  Fields state{{"path", path}};
  std::vector<engine::Item> items;
  for (auto& recipient : recipients_of(right, domain)) items.emplace_back(std::move(recipient));
  state.set("to", std::move(items));
  return state;
}

class AliasKind final : public EntryKind<Aliases> {
 public:
  explicit AliasKind(Doors const& doors) : EntryKind(doors.files, doors.control) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return alias::laws(); }

 private:
  [[nodiscard]] Result<EntryPlace> place(engine::Address const& address) const override {
    return alias::parse(address);
  }

  Result<Aliases> parse(std::string const& path, std::string const& content) override {
    auto aliases = Aliases::parse(content);
    auto const problems = aliases.problems();
    if (problems.empty()) return aliases;
    auto const& first = problems.front();
    return fail(ErrorCode::invalid,
                path + ":" + std::to_string(first.line) + ": " + first.what +
                    "; mend the line or remove it: it is not overwritten, and chasquid ignores it "
                    "before 1.16 and refuses the whole file since");
  }

  Observation look_at(engine::Resource const& resource, EntryPlace const& where,
                      Aliases const& aliases, bool /*desired*/) override {
    auto const* right = aliases.find(where.name);
    if (right == nullptr) return Observation::missing();
    return Observation::of(state_of(*right, where.domain, resource.spec.text("path")));
  }

  [[nodiscard]] std::vector<std::pair<std::string, Fields>> all(
      Aliases const& aliases, std::string const& domain, std::string const& path) const override {
    std::vector<std::pair<std::string, Fields>> entries;
    for (auto& entry : aliases.entries())
      entries.emplace_back(std::move(entry.name), state_of(entry.right, domain, path));
    return entries;
  }

  Result<> stage(Step const& step, EntryPlace const& where, std::string const& path,
                 Aliases& aliases) override {
    auto const* right = aliases.find(where.name);
    std::optional<std::vector<std::string>> found;
    if (right != nullptr) found = recipients_of(*right, where.domain);
    std::optional<std::vector<std::string>> wanted;
    if (step.action != Action::remove) wanted = step.spec.texts("to");
    if (found == wanted) return {};
    std::optional<std::vector<std::string>> before;
    if (step.before.standing == Observation::Standing::present)
      before = step.before.state.texts("to");
    if (found != before) return moved(where, path);
    if (wanted) return aliases.set(where.name, *wanted);
    aliases.erase(where.name);
    return {};
  }

  [[nodiscard]] bool changed(Aliases const& old, Aliases const& staged) const override {
    return staged.format() != old.format();
  }

  [[nodiscard]] Result<Secret<std::string>> render(Aliases const& staged) const override {
    return Secret<std::string>(staged.format());
  }
};

}  // namespace

std::unique_ptr<engine::Kind> make_alias(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_alias(Inputs const& /*inputs*/, Doors const& doors) {
  return std::make_unique<AliasKind>(doors);
}

}  // namespace mailstack::kinds
