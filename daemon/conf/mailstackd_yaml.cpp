#include "daemon/conf/mailstackd_yaml.hpp"

#include <algorithm>
#include <span>

#include "core/text/listed.hpp"
#include "yaml/parse.hpp"
#include "yaml/values.hpp"

namespace mailstack::conf {

namespace {

using yaml::Node;

/// The key table as a tree: what may stand below a path.
class Table {
 public:
  explicit Table(std::span<Row const> rows) : rows_(rows) {}

  /// The row of `name` below the mapping `parent`: its own, else that of `*`. nullptr: unknown.
  [[nodiscard]] Row const* child(std::string const& parent, std::string_view name) const {
    Row const* any = nullptr;
    for (auto const& row : rows_) {
      auto const last = below(parent, row);
      if (last == name) return &row;
      if (last == "*") any = &row;
    }
    return any;
  }

  /// The names that may stand below `parent`, in the order of the table.
  [[nodiscard]] std::vector<std::string_view> names(std::string const& parent) const {
    std::vector<std::string_view> all;
    for (auto const& row : rows_)
      if (auto const last = below(parent, row); !last.empty() && last != "*") all.push_back(last);
    return all;
  }

  /// The paths below other mappings that end in `name`.
  [[nodiscard]] std::vector<std::string_view> elsewhere(std::string_view name) const {
    std::vector<std::string_view> all;
    for (auto const& row : rows_)
      if (auto const path = row.key.path; path.ends_with(name) && path.size() > name.size() &&
                                          path[path.size() - name.size() - 1] == '.' &&
                                          path.find('*') == path.npos)
        all.push_back(path);
    return all;
  }

  [[nodiscard]] std::vector<Row const*> required(std::string const& parent) const {
    std::vector<Row const*> all;
    for (auto const& row : rows_)
      if (row.key.required && !below(parent, row).empty()) all.push_back(&row);
    return all;
  }

 private:
  /// The last word of the row's path where it stands directly below `parent`, else nothing.
  static std::string_view below(std::string const& parent, Row const& row) {
    auto path = row.key.path;
    if (!parent.empty()) {
      if (!path.starts_with(parent) || path.size() <= parent.size() || path[parent.size()] != '.')
        return {};
      path.remove_prefix(parent.size() + 1);
    }
    return path.find('.') == path.npos ? path : std::string_view();
  }

  std::span<Row const> rows_;
};

std::string_view last_word(std::string_view path) { return path.substr(path.rfind('.') + 1); }

/// Goes through a tree once and puts into a draft what its table knows.
class Reader {
 public:
  Reader(std::string const& path, std::span<Row const> rows, Draft& draft, Problems& problems)
      : path_(path), table_(rows), draft_(draft), problems_(problems) {}

  void read(Node const& root) {
    if (root.shape == Node::Shape::null) return;  // an empty file
    if (root.shape != Node::Shape::mapping)
      return say(root.place, "the file is not a mapping", "write `key: value`");
    mapping(root, {}, root.place);
  }

 private:
  [[nodiscard]] Place place_at(yaml::Place const& place) const {
    return {path_, place.at.line, place.at.column};
  }

  void say(yaml::Place const& place, std::string what, std::string remedy) {
    problems_.push_back(
        {path_, std::move(what), place.at.line, place.at.column, std::move(remedy)});
  }

  void unknown(Node::Entry const& entry, std::string const& parent) {
    auto const known = table_.names(parent);
    auto const near = yaml::nearest(entry.key, known);
    auto const elsewhere = table_.elsewhere(entry.key);
    constexpr std::size_t most_meant = 3;
    auto const what = "unknown key `" + entry.key + "`";
    // The right word at a wrong place is nearer than another word.
    if (!elsewhere.empty() && elsewhere.size() <= most_meant)
      say(entry.key_place, what, "did you mean `" + listed(elsewhere, "` or `") + "`?");
    else
      say(entry.key_place, what,
          near.empty() ? "the keys here are: " + listed(known)
                       : "did you mean `" + std::string(near) + "`?");
  }

  /// The entries of a mapping in the order of the table.
  void mapping(Node const& node, std::string const& parent, yaml::Place const& place) {
    std::vector<std::pair<Row const*, Node::Entry const*>> found;
    for (auto const& entry : node.entries) {
      if (auto const* row = table_.child(parent, entry.key)) {
        found.emplace_back(row, &entry);
      } else {
        unknown(entry, parent);
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](auto const& a, auto const& b) { return a.first < b.first; });
    for (auto const& [row, entry] : found) value(*row, *entry);
    for (auto const* row : table_.required(parent)) {
      auto const name = last_word(row->key.path);
      if (node.find(name) == nullptr)
        say(place, "`" + std::string(name) + "` is missing",
            "write " + yaml::full_expectation(row->key));
    }
  }

  void value(Row const& row, Node::Entry const& entry) {
    draft_.settings.places[std::string(row.key.path)] = place_at(entry.key_place);
    if (row.key.type == keys::Type::mapping) return inner(row, entry);
    auto const& node = entry.value;
    std::vector<Node const*> scalars;
    if (node.shape == Node::Shape::scalar) scalars.push_back(&node);
    if (node.shape == Node::Shape::sequence && row.key.list)
      for (auto const& item : node.items) scalars.push_back(&item);
    if (node.shape == Node::Shape::null || node.shape == Node::Shape::mapping ||
        (node.shape == Node::Shape::sequence && !row.key.list))
      return say(node.place, "`" + entry.key + "` is " + std::string(yaml::describe(node.shape)),
                 "write " + yaml::full_expectation(row.key));
    Texts texts;
    for (auto const* scalar : scalars) {
      if (!fits(row, entry, *scalar)) return;
      texts.push_back(scalar->scalar);
    }
    put(row, entry.key, node.place, texts);
  }

  bool fits(Row const& row, Node::Entry const& entry, Node const& scalar) {
    auto const expected = "write " + yaml::expectation(row.key);
    if (scalar.shape != Node::Shape::scalar) {
      say(scalar.place,
          "in `" + entry.key + "` stands " + std::string(yaml::describe(scalar.shape)), expected);
      return false;
    }
    auto const wrong = yaml::wrong_value(row.key, scalar);
    if (wrong) say(scalar.place, "`" + entry.key + "`: " + wrong->why, expected);
    return !wrong;
  }

  void put(Row const& row, std::string const& name, yaml::Place const& place, Texts const& texts) {
    if (row.put == nullptr) return;
    draft_.place = place_at(place);
    if (auto const done = row.put(draft_, texts); !done)
      say(place, "`" + name + "`: " + done.error().what, {});
  }

  /// A mapping, or a list of mappings.
  void inner(Row const& row, Node::Entry const& entry) {
    auto const& node = entry.value;
    auto const path = std::string(row.key.path);
    bool const chosen = path.ends_with('*');
    std::vector<Node const*> items;
    if (row.key.list && node.shape == Node::Shape::sequence)
      for (auto const& item : node.items) items.push_back(&item);
    if (node.shape == Node::Shape::mapping) items.push_back(&node);
    if (items.empty() && node.shape != Node::Shape::null &&
        (!row.key.list || node.shape != Node::Shape::sequence))
      return say(node.place, "`" + entry.key + "` is " + std::string(yaml::describe(node.shape)),
                 row.key.list ? "write a list of mappings" : "write a mapping");
    auto const before = problems_.size();
    put(row, entry.key, entry.key_place, chosen ? Texts{entry.key} : Texts{});
    if (problems_.size() != before) return;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i]->shape != Node::Shape::mapping) {
        say(items[i]->place,
            "in `" + entry.key + "` stands " + std::string(yaml::describe(items[i]->shape)),
            "write a mapping");
        continue;
      }
      if (row.key.list) put(row, entry.key, items[i]->place, {std::to_string(i)});
      mapping(*items[i], row.key.list ? path + ".*" : path, items[i]->place);
    }
  }

  std::string const& path_;
  Table table_;
  Draft& draft_;
  Problems& problems_;
};

/// The tree of a file, and the problems of its syntax.
std::optional<Node> parse(std::string const& path, std::string_view text, Problems& problems) {
  yaml::Diagnostics diagnostics;
  // A setting is written by hand: nothing here needs more.
  constexpr yaml::Limits limits{
      .octets = std::size_t{4} << 20U, .nodes = 200'000, .repeated_nodes = 10'000, .depth = 16};
  auto tree = yaml::parse(path, text, diagnostics, {}, limits);
  for (auto const& one : diagnostics.all())
    problems.push_back({path, one.message + (one.cause.empty() ? "" : " (" + one.cause + ")"),
                        one.place.at.line, one.place.at.column, one.remedy,
                        one.severity != yaml::Severity::error});
  return tree;
}

void sort_by_place(Problems& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](Problem const& a, Problem const& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
}

/// The place of the key at a dotted path; of the last part that is there.
yaml::Place place_of(Node const& root, std::string_view path) {
  auto const* node = &root;
  auto place = root.place;
  while (!path.empty()) {
    auto const dot = std::min(path.find('.'), path.size());
    auto const* entry = node->entry(path.substr(0, dot));
    if (entry == nullptr) break;
    place = entry->key_place;
    node = &entry->value;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return place;
}

/// What single keys cannot say: whether settings fit each other.
class Fit {
 public:
  Fit(std::string const& path, Node const& root, Problems& problems)
      : path_(path), root_(root), problems_(problems) {}

  void look(Settings const& settings) {
    smarthost(settings);
    local(settings);
    auto const& queue = settings.queue;
    at_most("queue.retry.first", queue.retry_first, "queue.retry.max", queue.retry_max);
    at_most("queue.host_backoff.first", queue.host_backoff_first, "queue.host_backoff.max",
            queue.host_backoff_max);
    at_most("limits.header", settings.limits.session.header, "limits.message",
            settings.limits.session.message);
    at_most("limits.message", settings.limits.session.message, "limits.memory",
            settings.limits.memory);
  }

 private:
  void say(std::string_view at, std::string what, std::string remedy) {
    auto const place = place_of(root_, at);
    problems_.push_back(
        {path_, std::move(what), place.at.line, place.at.column, std::move(remedy)});
  }

  [[nodiscard]] bool given(std::string_view path) const {
    auto const* node = &root_;
    while (node != nullptr && !path.empty()) {
      auto const dot = std::min(path.find('.'), path.size());
      node = node->find(path.substr(0, dot));
      path.remove_prefix(std::min(dot + 1, path.size()));
    }
    return node != nullptr;
  }

  template <class Value>
  void at_most(std::string_view less, Value a, std::string_view more, Value b) {
    // Where neither is given here, there is nothing to point at.
    if (a <= b || (!given(less) && !given(more))) return;
    say(given(less) ? less : more,
        "`" + std::string(less) + "` is more than `" + std::string(more) + "`",
        "raise " + std::string(more) + " or lower " + std::string(less));
  }

  void smarthost(Settings const& settings) {
    if (!settings.smarthost) return;
    auto const& host = *settings.smarthost;
    if (given("smarthost.password") && given("smarthost.password_file"))
      say("smarthost.password", "`password` and `password_file` are both given", "keep one");
    if (host.user.empty() != host.password.empty())
      say("smarthost", "`user` and the password belong together", "give both or neither");
    if (!host.user.empty() && host.tls == Smarthost::Tls::never)
      say("smarthost.tls", "without TLS no password is sent", "write starttls or implicit");
  }

  void local(Settings const& settings) {
    using Local = Settings::Delivery::Local;
    auto const& delivery = settings.delivery;
    if (delivery.local == Local::lmtp && delivery.lmtp.empty())
      say("delivery.local", "the server for `local: lmtp` is missing", "write delivery.lmtp");
    if (delivery.local == Local::maildir && delivery.maildir.empty())
      say("delivery.local", "the directory for `local: maildir` is missing",
          "write delivery.maildir");
  }

  std::string const& path_;
  Node const& root_;
  Problems& problems_;
};

}  // namespace

Problems read_yaml(std::string const& path, std::string_view text, ReadSecret const& read_secret,
                   Settings& settings) {
  Problems problems;
  auto const tree = parse(path, text, problems);
  if (!tree) return problems;
  DomainConf none;
  Draft draft{settings, none.policies, none.source, read_secret};
  Reader(path, settings_rows(), draft, problems).read(*tree);
  if (!failed(problems)) Fit(path, *tree, problems).look(settings);
  sort_by_place(problems);
  return problems;
}

Problems read_domain_yaml(std::string const& path, std::string_view text, DomainConf& conf) {
  Problems problems;
  auto const tree = parse(path, text, problems);
  if (!tree) return problems;
  Settings none;
  ReadSecret const no_secrets;
  Draft draft{none, conf.policies, conf.source, no_secrets};
  Reader(path, domain_rows(), draft, problems).read(*tree);
  sort_by_place(problems);
  return problems;
}

}  // namespace mailstack::conf
