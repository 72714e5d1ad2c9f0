#include "daemon/policy/program_output.hpp"

#include "core/text/ascii.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::policy {

namespace {

using ascii::trim;

constexpr std::size_t most_in_reply = 400;
constexpr std::size_t most_in_log = 200;

std::string printable(std::string_view line, std::size_t most) {
  std::string text;
  while (!line.empty() && text.size() < most) {
    auto const length = userdb::utf8_length(line);
    bool const control = static_cast<unsigned char>(line.front()) < 0x20 || line.front() == 0x7f;
    if (length == 0 || control)
      text += line.front() == '\t' ? ' ' : '?';
    else if (text.size() + length <= most)
      text += line.substr(0, length);
    else
      break;
    line.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

}  // namespace

std::string one_line_of(std::string_view output) {
  output = trim(output.substr(0, most_output));
  std::string text;
  while (!output.empty()) {
    auto const end = std::min(output.find('\n'), output.size());
    auto const line = trim(output.substr(0, end));
    if (!line.empty()) text += (text.empty() ? "" : " / ") + printable(line, most_output);
    output.remove_prefix(std::min(end + 1, output.size()));
  }
  return printable(text, most_output);
}

std::string last_line(std::string_view output) {
  output = trim(output);
  auto const start = output.rfind('\n');
  return printable(trim(start == std::string_view::npos ? output : output.substr(start + 1)),
                   most_in_reply);
}

std::string first_line(std::string_view output) {
  output = trim(output);
  return printable(trim(output.substr(0, output.find('\n'))), most_in_log);
}

}  // namespace mailstack::policy
