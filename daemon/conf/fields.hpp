#pragma once
/// \file
/// One field of the settings as a key of the table fills and shows it. Inside of conf/ only.

#include <optional>
#include <string>
#include <vector>

#include "daemon/conf/keys.hpp"

namespace mailstack::conf {

// Text → value, and value → text. The form of texts was checked by the type of their key; what the
// type does not know (a share, milliseconds) fails here with invalid.
Result<> assign(std::string& field, Texts const& texts);
/// A numeric address, in canonical form: DNS answers are compared with it.
Result<> assign(std::optional<std::string>& field, Texts const& texts);
Result<> assign(Texts& field, Texts const& texts);
Result<> assign(bool& field, Texts const& texts);
Result<> assign(std::uint16_t& field, Texts const& texts);
Result<> assign(unsigned& field, Texts const& texts);
Result<> assign(std::size_t& field, Texts const& texts);
/// A share: `0.05` or `5%`, from 0 to 1.
Result<> assign(double& field, Texts const& texts);
Result<> assign(seconds& field, Texts const& texts);
/// `500ms` too.
Result<> assign(milliseconds& field, Texts const& texts);
Result<> assign(std::vector<Network>& field, Texts const& texts);

std::string show_value(std::string const& field);
std::string show_value(std::optional<std::string> const& field);
std::string show_value(Texts const& field);
std::string show_value(bool field);
std::string show_value(std::uint16_t field);
std::string show_value(unsigned field);
std::string show_value(std::size_t field);
std::string show_value(double field);
std::string show_value(seconds field);
std::string show_value(milliseconds field);
std::string show_value(std::vector<Network> const& field);

template <auto get>
Result<> put_field(Draft& draft, Texts const& texts) {
  return assign(get(draft.settings), texts);
}
template <auto get>
std::string show_field(Settings const& settings) {
  return show_value(get(settings));
}

/// The row of a field; `get` is its place in settings: `[](auto& s) -> auto& { return s.spool; }`.
template <auto get>
constexpr Row field(keys::Key const& key, bool restart = false) {
  return {key, put_field<get>, show_field<get>, restart};
}

}  // namespace mailstack::conf
