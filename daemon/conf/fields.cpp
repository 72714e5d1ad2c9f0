#include "daemon/conf/fields.hpp"

#include <charconv>
#include <cmath>

#include "core/clock/clock.hpp"
#include "core/text/listed.hpp"
#include "daemon/conf/addresses.hpp"
#include "yaml/values.hpp"

namespace mailstack::conf {

namespace {

template <class Number>
Result<> assign_number(Number& field, Texts const& texts) {
  auto const number = yaml::parse_size(texts.front());
  if (!number) return fail(number.error());
  field = static_cast<Number>(*number);
  return {};
}

}  // namespace

Result<> assign(std::string& field, Texts const& texts) {
  field = texts.front();
  return {};
}

Result<> assign(std::optional<std::string>& field, Texts const& texts) {
  auto address = parse_numeric(texts.front());
  if (!address) return fail(address.error());
  field = *std::move(address);
  return {};
}

Result<> assign(Texts& field, Texts const& texts) {
  field = texts;
  return {};
}

Result<> assign(bool& field, Texts const& texts) {
  field = texts.front() == "true" || texts.front() == "on";
  return {};
}

Result<> assign(std::uint16_t& field, Texts const& texts) { return assign_number(field, texts); }
Result<> assign(unsigned& field, Texts const& texts) { return assign_number(field, texts); }
Result<> assign(std::size_t& field, Texts const& texts) { return assign_number(field, texts); }

Result<> assign(double& field, Texts const& texts) {
  std::string_view text = texts.front();
  bool const percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  double number = 0;
  auto const [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::invalid, "it is not a share such as 0.05 or 5%");
  if (percent) number /= 100;
  if (std::isnan(number) || number < 0 || number > 1)
    return fail(ErrorCode::invalid, "a share lies from 0 to 1, or from 0% to 100%");
  field = number;
  return {};
}

Result<> assign(seconds& field, Texts const& texts) {
  auto const span = parse_duration(texts.front());
  if (!span) return fail(span.error());
  field = *span;
  return {};
}

Result<> assign(milliseconds& field, Texts const& texts) {
  std::string_view text = texts.front();
  if (!text.ends_with("ms")) {
    auto const span = parse_duration(text);
    if (!span) return fail(span.error());
    field = *span;
  } else {
    text.remove_suffix(2);
    auto const number = yaml::parse_integer(text);
    if (!number || *number < 0)
      return fail(ErrorCode::invalid, "it is not a duration such as 500ms");
    field = milliseconds(*number);
  }
  if (field < milliseconds(1) || field > std::chrono::hours(1))
    return fail(ErrorCode::invalid, "it must lie from 1ms to 1h");
  return {};
}

Result<> assign(std::vector<Network>& field, Texts const& texts) {
  field.clear();
  for (auto const& text : texts) {
    auto network = parse_network(text);
    if (!network) return fail(within(network.error(), text));
    field.push_back(*std::move(network));
  }
  return {};
}

std::string show_value(std::string const& field) { return field; }
std::string show_value(std::optional<std::string> const& field) { return field.value_or(""); }
std::string show_value(Texts const& field) { return listed(field); }
std::string show_value(bool field) { return field ? "true" : "false"; }
std::string show_value(std::uint16_t field) { return std::to_string(field); }
std::string show_value(unsigned field) { return std::to_string(field); }
std::string show_value(std::size_t field) { return std::to_string(field); }
std::string show_value(double field) { return std::to_string(field); }
std::string show_value(seconds field) { return mailstack::format(Duration(field)); }
std::string show_value(milliseconds field) { return std::to_string(field.count()) + "ms"; }
std::string show_value(std::vector<Network> const& field) {
  Texts texts;
  for (auto const& one : field) texts.push_back(one.address + "/" + std::to_string(one.bits));
  return listed(texts);
}

}  // namespace mailstack::conf
