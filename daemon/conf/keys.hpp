#pragma once
/// \file
/// The keys of mailstackd.yaml as a table: the reader, the reference and the comparison of two
/// settings are all made from its rows.

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/keys/key.hpp"
#include "core/result/result.hpp"
#include "daemon/conf/settings.hpp"
#include "daemon/conf/snapshot.hpp"

namespace mailstack::conf {

using Texts = std::vector<std::string>;
using Policies = std::map<std::string, UserPolicy, std::less<>>;
/// The content of a file that a key names, `password_file`; the path is as it was written.
using ReadSecret = std::function<Result<std::string>(std::string const& path)>;

/// What a file fills while it is read.
struct Draft {
  Settings& settings;
  Policies& policies;
  Source& source;  ///< of a domain
  ReadSecret const& read_secret;
  UserPolicy* user = nullptr;  ///< whose keys are being read
  bool state_given = false;
  Place place = {};  ///< of the value that is being put
};

/// The keys of one mapping come in the order of the table, whatever the file has. Takes the value
/// of a key: its scalar, or those of its list, whose form has been checked. Of a mapping: called
/// when it is entered, with its name where the name is the user's choice or it stands in a list.
/// Fails with invalid: why the value cannot be one.
using Put = Result<> (*)(Draft& draft, Texts const& texts);
/// The value that settings have, in one form; equal exactly if the values are.
using Show = std::string (*)(Settings const& settings);

struct Row {
  keys::Key key;
  Put put = nullptr;
  Show show = nullptr;   ///< nullptr: a mapping, a secret, or of a domain
  bool restart = false;  ///< a change is taken by a restart only
};

/// Of CONF/mailstackd.yaml, parents before their children. The order counts: what others follow
/// from stands before them.
std::vector<Row> const& settings_rows();
/// Of domains/D/mailstackd.yaml.
std::span<Row const> domain_rows();

std::span<Row const> general_rows();
std::span<Row const> delivery_rows();
std::span<Row const> limit_rows();

}  // namespace mailstack::conf
