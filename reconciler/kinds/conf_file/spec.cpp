#include "reconciler/kinds/conf_file/spec.hpp"

#include <algorithm>

#include "core/userdb/text_proto.hpp"
#include "reconciler/kinds/address_parts.hpp"
#include "reconciler/kinds/version_parts.hpp"

namespace mailstack::kinds::conf_file {

namespace {

using engine::Action;
using engine::Address;
using engine::Fields;
using engine::Observation;
using engine::Verdict;

constexpr std::size_t shown_lines = 20;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Lengths of the longest common subsequences of all suffixes: quadratic, and configuration files
/// are short. What is equal at both ends was cut off before.
std::vector<std::vector<unsigned>> common_lengths(std::vector<std::string> const& a,
                                                  std::vector<std::string> const& b) {
  std::vector<std::vector<unsigned>> length(a.size() + 1, std::vector<unsigned>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      length[i][j] =
          a[i] == b[j] ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
  return length;
}

void drop_equal_ends(std::vector<std::string>& a, std::vector<std::string>& b) {
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  a.erase(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(head));
  b.erase(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(head));
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a.pop_back();
    b.pop_back();
  }
}

std::vector<std::string> line_diff(std::string_view before, std::string_view after) {
  auto a = lines_of(before);
  auto b = lines_of(after);
  drop_equal_ends(a, b);
  constexpr std::size_t most_cells = 1'000'000;
  if ((a.size() + 1) * (b.size() + 1) > most_cells)
    return {std::to_string(a.size()) + " lines become " + std::to_string(b.size())};
  auto const length = common_lengths(a, b);
  std::vector<std::string> diff;
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    if (i < a.size() && j < b.size() && a[i] == b[j])
      ++i, ++j;
    else if (j == b.size() || (i < a.size() && length[i + 1][j] >= length[i][j + 1]))
      diff.push_back("- " + a[i++]);
    else
      diff.push_back("+ " + b[j++]);
  }
  if (diff.empty()) diff.emplace_back("the final newline differs");
  if (diff.size() > shown_lines) {
    auto const rest = diff.size() - shown_lines;
    diff.resize(shown_lines);
    diff.push_back("… " + std::to_string(rest) + " more lines");
  }
  return diff;
}

bool same_content(Fields const& spec, std::string const& live) {
  auto const& wanted = spec.text("content");
  if (wanted == live) return true;
  if (spec.text("compare") != "text_proto") return false;
  auto const ours = userdb::parse_text_proto(wanted);
  auto const theirs = userdb::parse_text_proto(live);
  return ours && theirs && userdb::same_message(*ours, *theirs);
}

void compare_attribute(std::string_view name, Fields const& spec, Fields const& state,
                       Verdict& verdict) {
  auto const& wanted = spec.text(name);
  if (wanted.empty() || state.find(name) == nullptr || state.text(name) == wanted) return;
  verdict.differ(name, state.text(name), wanted);
}

class ConfFileLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint /*now*/) const override {
    Verdict verdict;
    if (live.standing == Observation::Standing::absent) {
      verdict.action = Action::create;
      return verdict;
    }
    auto const& content = live.state.text("content");
    if (!same_content(spec, content)) {
      verdict.reasons = line_diff(content, spec.text("content"));
      verdict.drift = line_diff(spec.text("content"), content);
    }
    verdict.keeps_outputs = content == spec.text("content");
    for (auto const* attribute : {"mode", "owner", "group"})
      compare_attribute(attribute, spec, live.state, verdict);
    if (!verdict.reasons.empty()) verdict.action = Action::update;
    verdict.loses_nothing = live.state.flag("shipped");
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& live) const override {
    return {{"version", format_version(live.state.text("path"), live.state.text("content"))}};
  }

  [[nodiscard]] std::string place(Address const& address) const override {
    return address.kind + "/" + address.name;
  }

  [[nodiscard]] std::string describe(Address const& address,
                                     Fields const& /*spec*/) const override {
    return "file " + path_of(address);
  }
};

}  // namespace

engine::Resource file(std::string host, std::string const& path, std::string content,
                      std::string mode, std::string group) {
  engine::Resource resource;
  resource.address = {kind_name, host + path};
  resource.lane = "host/" + host;
  resource.reason = "the daemon on " + host + " reads it";
  resource.group = std::move(host);
  resource.spec.set("content", std::move(content));
  resource.spec.set("mode", std::move(mode));
  if (!group.empty()) resource.spec.set("group", std::move(group));
  return resource;
}

void compare_as_text_proto(engine::Resource& resource) {
  resource.spec.set("compare", std::string("text_proto"));
}

std::string path_of(engine::Address const& address) {
  auto const parts = address_parts(address.name, 2);
  return address.kind != kind_name || parts.empty() ? std::string() : "/" + parts[1];
}

engine::KindLaws const& laws() {
  static ConfFileLaws const only;
  return only;
}

}  // namespace mailstack::kinds::conf_file
