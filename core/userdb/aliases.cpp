#include "core/userdb/aliases.hpp"

#include <algorithm>
#include <utility>

#include "core/text/ascii.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::userdb {

namespace {

using ascii::trim;

// Go's bufio.Scanner, which chasquid reads with, gives up at 64 KiB and with it on the whole file.
constexpr std::size_t longest_line = 60'000;

/// `text` as a folded address, completed with `domain`.
std::string folded_address(std::string_view text, std::string_view domain) {
  auto const at = text.find('@');
  auto const name = fold_user(text.substr(0, at));
  // Domains are folded as names are: case, and NFC of U-labels.
  auto const where =
      at == std::string_view::npos ? std::string(domain) : fold_user(text.substr(at + 1));
  return name + "@" + where;
}

Result<Recipient> parse_forward(std::string_view text, std::string_view domain) {
  constexpr std::string_view separator = " via ";
  auto const cut = text.find(separator);
  auto const address = trim(text.substr(0, cut));
  if (address.empty()) return fail(ErrorCode::invalid, "via without an address before it");
  Recipient recipient{Recipient::Form::forward, folded_address(address, domain), {}};
  auto servers = trim(text.substr(cut + separator.size()));
  for (;;) {
    auto const slash = servers.find('/');
    auto const server = trim(servers.substr(0, slash));
    if (server.empty()) return fail(ErrorCode::invalid, "via with an empty server");
    recipient.via.emplace_back(server);
    if (slash == std::string_view::npos) return recipient;
    servers.remove_prefix(slash + 1);
  }
}

/// What the name of an alias may not hold, so that the line is read as it is meant.
Result<> check_name(std::string_view name) {
  if (name.empty()) return fail(ErrorCode::invalid, "an alias without a name");
  if (name.starts_with('#') || name.find_first_of(" \t\r\n\v\f:,@") != std::string_view::npos)
    return fail(ErrorCode::invalid,
                "the name of an alias may not hold a space, ':', ',' or '@', nor start with '#': " +
                    std::string(name));
  return {};
}

/// Recipients as a right side, where each stays one.
Result<std::string> join(std::string_view name, std::vector<std::string> const& recipients) {
  std::string right;
  for (auto const& recipient : recipients) {
    if (recipient.find_first_of("\r\n") != std::string::npos)
      return fail(ErrorCode::invalid, "a line break in a recipient of alias " + std::string(name));
    bool const pipe = trim(recipient).starts_with('|');
    if (recipients.size() > 1 && (pipe || recipient.find(',') != std::string::npos))
      return fail(ErrorCode::invalid, "alias " + std::string(name) + ": " +
                                          (pipe ? "a pipe must be the only recipient"
                                                : "a recipient with a comma in it"));
    right += (right.empty() ? "" : ", ") + std::string(trim(recipient));
  }
  return right;
}

}  // namespace

Result<std::vector<Recipient>> parse_recipients(std::string_view right, std::string_view domain) {
  right = trim(right);
  if (right.starts_with('|')) {
    auto const command = trim(right.substr(1));
    if (command.empty()) return fail(ErrorCode::invalid, "a pipe without a command");
    return std::vector<Recipient>{{Recipient::Form::pipe, std::string(command), {}}};
  }
  std::vector<Recipient> recipients;
  while (!right.empty()) {
    auto const comma = std::min(right.find(','), right.size());
    auto const word = trim(right.substr(0, comma));
    right.remove_prefix(std::min(comma + 1, right.size()));
    if (word.empty()) continue;
    if (word.find(" via ") == std::string_view::npos) {
      recipients.push_back({Recipient::Form::mail, folded_address(word, domain), {}});
      continue;
    }
    auto forward = parse_forward(word, domain);
    if (!forward) return fail(forward.error());
    recipients.push_back(std::move(*forward));
  }
  return recipients;
}

Result<> check_storable(std::string_view name, std::vector<std::string> const& recipients) {
  if (auto ok = check_name(name); !ok) return ok;
  for (auto const& recipient : recipients) {
    auto const read = parse_recipients(recipient, {});
    if (!read) return fail(read.error());
    if (recipient.find_first_of("\r\n") != std::string::npos || read->size() != 1 ||
        read->front().form != Recipient::Form::mail)
      return fail(ErrorCode::invalid,
                  "`" + recipient +
                      "` would not be read as one address: `,` parts recipients, `|` " +
                      "in front starts a program, ` via ` names a server");
  }
  return {};
}

std::string format(Recipient const& recipient) {
  if (recipient.form == Recipient::Form::pipe) return "| " + recipient.text;
  auto text = recipient.text;
  for (std::size_t i = 0; i < recipient.via.size(); ++i)
    text += (i == 0 ? " via " : "/") + recipient.via[i];
  return text;
}

Aliases::Line Aliases::parse_line(std::string_view text) {
  Line line;
  line.text = std::string(text);
  auto const content = trim(text);
  if (content.empty() || content.starts_with('#')) return line;
  auto const colon = content.find(':');
  if (colon == std::string_view::npos) {
    line.problem = "no ':' between name and recipients";
    return line;
  }
  auto const name = trim(content.substr(0, colon));
  auto const right = trim(content.substr(colon + 1));
  if (name.empty() || right.empty())
    line.problem = name.empty() ? "no name before ':'" : "no recipients after ':'";
  else if (name.find('@') != std::string_view::npos)
    line.problem = "an '@' in the name: the domain is the directory's";
  else if (auto const parsed = parse_recipients(right, "example.org"); !parsed)
    line.problem = parsed.error().what;
  else if (text.size() > longest_line)
    line.problem = "a line over 60,000 octets";
  if (!line.problem.empty()) return line;
  line.name = fold_user(name);
  line.right = std::string(right);
  return line;
}

void Aliases::add(Line line) {
  if (!line.name.empty()) by_name_[line.name].push_back(lines_.size());
  lines_.push_back(std::move(line));
}

void Aliases::drop(std::size_t index) {
  lines_[index] = {};
  lines_[index].gone = true;
}

Aliases Aliases::parse(std::string_view text) {
  Aliases aliases;
  aliases.final_newline_ = text.empty() || text.ends_with('\n');
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    aliases.add(parse_line(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return aliases;
}

std::vector<Aliases::Entry> Aliases::entries() const { return lines_that_count(true); }

std::vector<Aliases::Entry> Aliases::overruled() const { return lines_that_count(false); }

std::vector<Aliases::Entry> Aliases::lines_that_count(bool counts) const {
  std::vector<Entry> entries;
  unsigned number = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    auto const& line = lines_[i];
    if (line.gone) continue;
    ++number;
    if (!line.name.empty() && (by_name_.at(line.name).back() == i) == counts)
      entries.push_back({line.name, line.right, number});
  }
  return entries;
}

std::vector<Aliases::Problem> Aliases::problems() const {
  std::vector<Problem> problems;
  unsigned number = 0;
  for (auto const& line : lines_) {
    if (!line.gone) ++number;
    if (!line.problem.empty()) problems.push_back({number, line.problem});
  }
  return problems;
}

std::string const* Aliases::find(std::string_view name) const {
  auto const found = by_name_.find(fold_user(name));
  return found == by_name_.end() ? nullptr : &lines_[found->second.back()].right;
}

Result<> Aliases::set(std::string_view name, std::vector<std::string> const& recipients) {
  if (auto legal = check_name(name); !legal) return legal;
  auto const joined = join(name, recipients);
  if (!joined) return fail(joined.error());
  auto const& right = *joined;
  auto line = parse_line(std::string(name) + ": " + right);
  if (line.name.empty())
    return fail(ErrorCode::invalid,
                "alias " + std::string(name) + ": " +
                    (line.problem.empty() ? "not a line of its own" : line.problem));
  auto const wanted = parse_recipients(right, "example.org");
  if (!wanted || wanted->empty())
    return fail(ErrorCode::invalid, "alias " + std::string(name) + ": no recipients");
  auto const found = by_name_.find(line.name);
  if (found == by_name_.end()) {
    add(std::move(line));
    final_newline_ = true;
    return {};
  }
  auto& indices = found->second;
  auto const last = indices.back();
  for (auto const index : indices)
    if (index != last) drop(index);
  indices = {last};
  if (parse_recipients(lines_[last].right, "example.org") != wanted) lines_[last] = std::move(line);
  return {};
}

void Aliases::erase(std::string_view name) {
  auto const found = by_name_.find(fold_user(name));
  if (found == by_name_.end()) return;
  for (auto const index : found->second) drop(index);
  by_name_.erase(found);
}

std::string Aliases::format() const {
  std::string text;
  for (auto const& line : lines_)
    if (!line.gone) text.append(line.text).append("\n");
  if (!final_newline_ && !text.empty()) text.pop_back();
  return text;
}

}  // namespace mailstack::userdb
