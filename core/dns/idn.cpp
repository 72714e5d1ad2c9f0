#include "core/dns/idn.hpp"

#include <idn2.h>

#include <memory>

#include "core/dns/name.hpp"

namespace mailstack::dns {
namespace {

struct Free {
  void operator()(char* text) const { idn2_free(text); }
};
using Text = std::unique_ptr<char, Free>;

auto refuse(std::string_view label, int code) {
  return fail(
      ErrorCode::invalid,
      "`" + std::string(label) + "` is not a valid international label: " + idn2_strerror(code));
}

}  // namespace

Result<std::string> idn_to_ascii(std::string_view label) {
  std::string const input(label);
  char* output = nullptr;
  int const code = idn2_to_ascii_8z(input.c_str(), &output, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  Text const owner(output);
  if (code != IDN2_OK) return refuse(label, code);
  std::string ascii(output);
  // The mapping turns full-width dots into dots: then it was not one label.
  if (ascii.empty() || ascii.find('.') != std::string::npos)
    return fail(ErrorCode::invalid, "`" + input + "`: write the dots between labels as `.`");
  if (ascii.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != std::string::npos)
    return fail(ErrorCode::invalid, "`" + input + "`: maps to a character that no name may hold");
  return ascii;
}

std::string unicode_form(Name const& name) {
  auto ascii = name.display();
  if (ascii.find("xn--") == std::string::npos) return ascii;
  char* decoded = nullptr;
  int const code = idn2_to_unicode_8z8z(ascii.c_str(), &decoded, 0);
  Text const owner(decoded);
  return code == IDN2_OK ? std::string(decoded) : ascii;
}

Result<> check_a_label(std::string const& label) {
  char* output = nullptr;
  int const code = idn2_to_unicode_8z8z(label.c_str(), &output, IDN2_NONTRANSITIONAL);
  Text const unicode(output);
  if (code != IDN2_OK) return refuse(label, code);
  auto const again = idn_to_ascii(unicode.get());
  if (!again || *again != label)
    return fail(ErrorCode::invalid,
                "`" + label + "` is not the A-label of what it decodes to; write the U-label");
  return {};
}

}  // namespace mailstack::dns
