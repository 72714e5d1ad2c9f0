#include "reconciler/cli/alias_resolve.hpp"

#include "reconciler/cli/conf_tree.hpp"

namespace mailstack::cli {

Result<AliasAnswer> resolve_alias(files::Files& files, std::string const& conf,
                                  std::string_view address) {
  auto const at = address.rfind('@');
  if (at == std::string_view::npos || at == 0)
    return fail(ErrorCode::invalid, "not an address: " + std::string(address));
  auto const directory = find_domain(files, conf, address.substr(at + 1));
  if (!directory) return fail(directory.error());
  auto tree = load_conf_tree(files, conf);
  if (!tree) return fail(tree.error());
  auto resolution =
      userdb::resolve(tree->mail, std::string(address.substr(0, at)) + "@" + *directory);
  if (!resolution) return fail(resolution.error());
  return AliasAnswer{std::move(resolution->recipients), std::move(resolution->steps),
                     std::move(tree->problems), tree->unseen};
}

std::string render_alias(AliasAnswer const& answer, bool steps) {
  std::string text;
  if (steps)
    for (auto const& step : answer.steps) text += step + "\n";
  for (auto const& recipient : answer.recipients)
    text += (steps ? "=> " : "") + userdb::format(recipient) + "\n";
  return text;
}

}  // namespace mailstack::cli
