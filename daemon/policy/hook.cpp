#include "daemon/policy/hook.hpp"

#include <algorithm>

#include "core/mail/message/message.hpp"
#include "core/text/host_port.hpp"
#include "daemon/policy/header_section.hpp"
#include "daemon/policy/program_output.hpp"

namespace mailstack::policy {

namespace {

constexpr int refuses = 20;  // chasquid's status for a permanent refusal

std::string shell_safe(std::string_view greeted) {
  std::string safe;
  for (char const c : greeted) {
    bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || std::string_view("-.[]:").find(c) != std::string_view::npos) safe += c;
  }
  return safe;
}

std::string remote_address(Client const& client) { return host_port(client.address, client.port); }

std::string joined(std::vector<mail::Path> const& paths) {
  std::string text;
  for (auto const& path : paths) text += (text.empty() ? "" : " ") + path.text();
  return text;
}

/// Takes `5.7.1 ` from the front of `text`, where its class is that of `code` (RFC 2034 4).
std::string take_enhanced(std::string& text, int code) {
  auto const end = text.find(' ');
  auto word = text.substr(0, end);
  bool const digits = word.find_first_not_of("0123456789.") == std::string::npos;
  if (end == std::string::npos || !digits || std::count(word.begin(), word.end(), '.') != 2 ||
      word.find("..") != std::string::npos || word.ends_with('.') || word.size() > 9 ||
      !word.starts_with(std::to_string(code / 100) + "."))
    return code == 554 ? "5.7.1" : "4.7.1";
  text.erase(0, end + 1);
  return word;
}

}  // namespace

std::vector<std::string> hook_environment(std::vector<std::string> const& inherited,
                                          Rules const& rules, Client const& client,
                                          smtp::Transaction const& transaction,
                                          std::string_view greeted) {
  auto const flag = [](bool value) { return std::string(value ? "1" : "0"); };
  std::vector<std::string> environment;
  for (std::string_view const name : {"USER=", "PWD=", "SHELL=", "PATH="})
    for (auto const& variable : inherited)
      if (variable.starts_with(name)) environment.push_back(variable);
  bool const local = rules.local_domain(transaction.sender.domain) != nullptr;
  environment.push_back("REMOTE_ADDR=" + remote_address(client));
  environment.push_back("EHLO_DOMAIN=" + shell_safe(greeted));
  environment.push_back("EHLO_DOMAIN_RAW=" + std::string(greeted));
  environment.push_back("MAIL_FROM=" + transaction.sender.text());
  environment.push_back("RCPT_TO=" + joined(transaction.recipients));
  environment.push_back("AUTH_AS=" + client.user);
  environment.push_back("ON_TLS=" + flag(client.tls));
  environment.push_back("FROM_LOCAL_DOMAIN=" + flag(local));
  environment.push_back("SPF_PASS=" + flag(false));
  for (auto& variable : environment) std::erase(variable, '\0');
  return environment;
}

std::variant<HookHeaders, smtp::Reply> judge_hook(ProgramEnd const& end, std::string_view output) {
  if (end.how == ProgramEnd::How::exited && end.code == 0) {
    if (output.empty()) return HookHeaders{};
    auto fields = mail::with_crlf(std::string(output));
    auto const section = parse_header_section(fields);
    // An empty line within would push what follows into the body.
    bool const whole = section && output.ends_with('\n') && section->body_at == fields.size() &&
                       !fields.ends_with("\r\n\r\n");
    if (!whole) return HookHeaders{"", true};
    return HookHeaders{std::move(fields), false};
  }
  int const code = end.how == ProgramEnd::How::exited && end.code == refuses ? 554 : 451;
  // Why it could not be started is for the operator: a peer reads what the hook itself has said.
  if (end.how == ProgramEnd::How::not_begun)
    return smtp::Reply{451, "4.3.5", "the policy of this host cannot be asked, try again later"};
  // What a shell writes when it is ended (`Terminated`) is nothing to a peer.
  if (end.how == ProgramEnd::How::cut)
    return smtp::Reply{451, "4.3.2", "the server is stopping, try again later"};
  auto text = last_line(output);
  auto enhanced = take_enhanced(text, code);
  if (text.empty()) text = code == 554 ? "refused by the policy of this host" : "try again later";
  return smtp::Reply{code, std::move(enhanced), std::move(text)};
}

}  // namespace mailstack::policy
