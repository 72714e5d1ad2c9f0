#include "daemon/conf/chasquid_conf.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <set>

#include "core/userdb/text_proto.hpp"
#include "daemon/conf/addresses.hpp"
#include "yaml/diagnostic.hpp"

namespace mailstack::conf {

namespace {

using userdb::TextField;
using userdb::TextToken;

Result<std::string> read_string(TextField const& field) {
  auto const* text = std::get_if<std::string>(&field.value);
  if (text == nullptr) return fail(ErrorCode::invalid, field.name + " is not a text in quotes");
  return *text;
}

Result<bool> read_boolean(TextField const& field) {
  auto const* token = std::get_if<TextToken>(&field.value);
  auto const word = token == nullptr ? std::string() : token->text;
  for (auto const* yes : {"true", "True", "t", "1"})
    if (word == yes) return true;
  for (auto const* no : {"false", "False", "f", "0"})
    if (word == no) return false;
  return fail(ErrorCode::invalid, field.name + " is neither true nor false");
}

Result<std::int64_t> read_integer(TextField const& field, std::int64_t most) {
  auto const* token = std::get_if<TextToken>(&field.value);
  auto const number = token == nullptr ? Result<std::int64_t>(fail(ErrorCode::invalid, {}))
                                       : userdb::parse_integer(*token);
  if (!number || *number < 0 || *number > most)
    return fail(ErrorCode::invalid,
                field.name + " is not a number from 0 to " + std::to_string(most));
  return *number;
}

/// A duration as Go writes it: `20h`, `1h30m`, `1.5h`, `90s`. Parts of a second are dropped.
Result<seconds> read_go_duration(TextField const& field) {
  auto const text = read_string(field);
  if (!text) return fail(text.error());
  auto const refuse = [&] {
    return fail(ErrorCode::invalid, field.name + " is not a duration such as 20h or 1h30m");
  };
  static constexpr std::array<std::pair<std::string_view, double>, 6> units{
      {{"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"h", 3600}, {"m", 60}, {"s", 1}}};
  double total = 0;
  std::string_view rest = *text;
  if (rest.empty()) return refuse();
  while (!rest.empty() && rest != "0") {
    double number = 0;
    auto const [end, error] =
        std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0) return refuse();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    auto const* unit = std::find_if(units.begin(), units.end(),
                                    [&](auto const& one) { return rest.starts_with(one.first); });
    if (unit == units.end()) return refuse();
    total += number * unit->second;
    rest.remove_prefix(unit->first.size());
  }
  constexpr double year = 366 * 86400.0;
  if (!(total <= year)) return refuse();
  return seconds(static_cast<std::int64_t>(total));
}

/// What the fields of one file have said so far, beside the settings.
struct Reading {
  std::string const& path;
  Settings& settings;
  std::array<bool, 3> addressed{};
  std::vector<std::string> mda_arguments;
};

using Take = Result<> (*)(TextField const& field, Reading& reading);

struct Row {
  std::string_view name;
  Take take;
  std::string_view key = {};  ///< of mailstackd.yaml that means the same
  bool repeated = false;
};

template <smtp::Service service>
Result<> take_address(TextField const& field, Reading& reading) {
  auto const text = read_string(field);
  if (!text) return fail(text.error());
  auto const index = static_cast<std::size_t>(service);
  reading.addressed[index] = true;
  // An empty address switches the service off.
  if (text->empty()) return {};
  auto listen = parse_listen(*text, service);
  if (!listen) return fail(within(listen.error(), field.name));
  listen->place = {reading.path, field.line, field.column};
  reading.settings.listen.push_back(*std::move(listen));
  return {};
}

/// A text field whose empty text means the default.
template <auto member>
Result<> take_text(TextField const& field, Reading& reading) {
  auto text = read_string(field);
  if (!text) return fail(text.error());
  if (!text->empty()) std::invoke(member, reading.settings) = *std::move(text);
  return {};
}

/// A text field whose empty text says something.
template <auto member>
Result<> take_characters(TextField const& field, Reading& reading) {
  auto text = read_string(field);
  if (!text) return fail(text.error());
  std::invoke(member, reading.settings) = *std::move(text);
  return {};
}

Result<> take_hostname(TextField const& field, Reading& reading) {
  auto const text = read_string(field);
  if (!text) return fail(text.error());
  if (text->empty()) return {};
  // chasquid serves under any name; what is no host's is a warning (note_host_name()).
  constexpr std::size_t longest = 255;  // RFC 5321 4.5.3.1.2: it stands in lines of replies
  if (text->size() > longest)
    return fail(ErrorCode::invalid,
                "hostname is longer than " + std::to_string(longest) + " octets");
  auto const no_part_of_a_word = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  };
  if (std::any_of(text->begin(), text->end(), no_part_of_a_word))
    return fail(ErrorCode::invalid, "hostname holds white space or control characters");
  if (text->find_first_not_of('.') == text->npos)
    return fail(ErrorCode::invalid, "hostname has nothing but dots");
  reading.settings.hostname = *text;
  return {};
}

std::string& mda(Settings& settings) { return settings.delivery.mda; }

Result<> take_size(TextField const& field, Reading& reading) {
  auto const megabytes = read_integer(field, 4096);
  if (!megabytes) return fail(megabytes.error());
  if (*megabytes > 0)
    reading.settings.limits.session.message = static_cast<std::size_t>(*megabytes) << 20U;
  return {};
}

Result<> take_monitoring(TextField const& field, Reading& reading) {
  auto const text = read_string(field);
  if (!text) return fail(text.error());
  if (text->empty()) return {};
  auto const listen = parse_listen(*text, smtp::Service::smtp);
  if (!listen) return fail(within(listen.error(), field.name));
  if (listen->port == 0) return fail(ErrorCode::invalid, field.name + " is not HOST:PORT");
  reading.settings.monitoring_address = format(*listen);
  return {};
}

Result<> take_argument(TextField const& field, Reading& reading) {
  auto text = read_string(field);
  if (!text) return fail(text.error());
  reading.mda_arguments.push_back(*std::move(text));
  return {};
}

Result<> take_data_directory(TextField const& field, Reading& reading) {
  auto const text = read_string(field);
  if (!text) return fail(text.error());
  if (text->empty()) return {};
  reading.settings.state = *text + (text->ends_with('/') ? "mailstackd" : "/mailstackd");
  reading.settings.spool.clear();
  reading.settings.control_socket.clear();
  return {};
}

Result<> take_proxies(TextField const& field, Reading& reading) {
  auto const on = read_boolean(field);
  if (!on) return fail(on.error());
  if (*on) reading.settings.proxies = {{"0.0.0.0", 0}, {"::", 0}};
  return {};
}

Result<> take_most_items(TextField const& field, Reading& reading) {
  auto const items = read_integer(field, 1'000'000'000);
  if (!items) return fail(items.error());
  if (*items > 0) reading.settings.queue.max_items = static_cast<std::size_t>(*items);
  return {};
}

Result<> take_lifetime(TextField const& field, Reading& reading) {
  auto const lifetime = read_go_duration(field);
  if (!lifetime) return fail(lifetime.error());
  if (*lifetime > seconds(0)) reading.settings.queue.lifetime = *lifetime;
  return {};
}

Result<> take_nothing(TextField const& field, Reading& /*reading*/) {
  if (field.name == "dovecot_auth") {
    auto const on = read_boolean(field);
    return on ? Result<>{} : fail(on.error());
  }
  auto const text = read_string(field);
  return text ? Result<>{} : fail(text.error());
}

constexpr std::array rows{
    Row{"hostname", take_hostname, "hostname"},
    Row{"max_data_size_mb", take_size, "limits.message"},
    Row{"smtp_address", take_address<smtp::Service::smtp>, "listen", true},
    Row{"submission_address", take_address<smtp::Service::submission>, "listen", true},
    Row{"submission_over_tls_address", take_address<smtp::Service::submissions>, "listen", true},
    Row{"monitoring_address", take_monitoring, "monitoring_address"},
    Row{"mail_delivery_agent_bin", take_text<&mda>, "delivery.mda"},
    Row{"mail_delivery_agent_args", take_argument, "delivery.mda_arguments", true},
    Row{"data_dir", take_data_directory, "state"},
    Row{"suffix_separators", take_characters<&Settings::suffix_separators>, "suffix_separators"},
    Row{"drop_characters", take_characters<&Settings::drop_characters>, "drop_characters"},
    Row{"mail_log_path", take_text<&Settings::mail_log_path>, "mail_log_path"},
    Row{"dovecot_auth", take_nothing},
    Row{"dovecot_userdb_path", take_nothing},
    Row{"dovecot_client_path", take_nothing},
    Row{"haproxy_incoming", take_proxies, "proxies"},
    Row{"max_queue_items", take_most_items, "queue.max_items"},
    Row{"give_up_send_after", take_lifetime, "queue.lifetime"},
};

/// "did you mean hostname?", or nothing.
std::string nearest_field(std::string_view name) {
  std::vector<std::string_view> names;
  for (auto const& row : rows) names.push_back(row.name);
  auto const near = yaml::nearest(name, names);
  return near.empty() ? std::string() : "did you mean " + std::string(near) + "?";
}

void note_surprises(std::string const& path, TextField const& field, Problems& problems) {
  if (field.name != "dovecot_auth" || !read_boolean(field).value_or(false)) return;
  problems.push_back({path,
                      "dovecot_auth is not supported: users that only dovecot knows cannot "
                      "log in",
                      field.line, field.column, "give them an entry in domains/DOMAIN/users",
                      true});
}

}  // namespace

Problems read_chasquid_conf(std::string const& path, std::string_view text, Settings& settings) {
  auto const message = userdb::parse_text_proto(text);
  if (!message) return {located(path, message.error().what)};
  Problems problems;
  Reading reading{path, settings, {}, {}};
  settings.listen.clear();
  std::set<std::string_view> seen;
  for (auto const& field : message->fields) {
    auto const refuse = [&](std::string what) {
      problems.push_back({path, std::move(what), field.line, field.column});
    };
    auto const* row = std::find_if(rows.begin(), rows.end(),
                                   [&](Row const& one) { return one.name == field.name; });
    if (row == rows.end()) {
      refuse("unknown field " + field.name);
      problems.back().remedy = nearest_field(field.name);
    } else if (!row->repeated && (field.listed || !seen.insert(field.name).second)) {
      refuse(field.name + " stands twice");
    } else if (auto const taken = row->take(field, reading); !taken) {
      refuse(taken.error().what);
    } else if (!row->key.empty()) {
      settings.places[std::string(row->key)] = {path, field.line, field.column};
    }
    note_surprises(path, field, problems);
  }
  for (auto const service :
       {smtp::Service::smtp, smtp::Service::submission, smtp::Service::submissions})
    if (!reading.addressed[static_cast<std::size_t>(service)])
      settings.listen.push_back({{}, 0, service, true});
  if (!reading.mda_arguments.empty()) settings.delivery.mda_arguments = reading.mda_arguments;
  return problems;
}

}  // namespace mailstack::conf
