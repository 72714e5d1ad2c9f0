#include "tests/support/disk_trace.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace mailstack::support {

namespace {

constexpr std::size_t sector = 512;

void append_number(std::string& text, std::uint64_t number) {
  text.append(reinterpret_cast<char const*>(&number), sizeof number);
}
void append_text(std::string& text, std::string_view value) {
  append_number(text, value.size());
  text += value;
}

/// Takes values off the front of a trace; `whole` is false after the first that is cut short.
struct Reader {
  std::string_view rest;
  bool whole = true;

  std::uint64_t number() {
    std::uint64_t value = 0;
    auto const octets = text(sizeof value);
    if (whole) std::memcpy(&value, octets.data(), sizeof value);
    return value;
  }
  std::string_view text(std::uint64_t size) {
    whole = whole && size <= rest.size();
    if (!whole) return {};
    auto const value = rest.substr(0, size);
    rest.remove_prefix(size);
    return value;
  }
};

}  // namespace

std::string format(DiskCall const& call) {
  std::string text;
  append_number(text, static_cast<std::uint64_t>(call.kind));
  append_number(text, call.inode);
  append_number(text, call.directory);
  append_number(text, call.other_directory);
  append_number(text, call.at);
  append_text(text, call.leaf);
  append_text(text, call.other_leaf);
  append_text(text, call.octets);
  return text;
}

std::vector<DiskCall> parse_disk_trace(std::string_view trace) {
  std::vector<DiskCall> calls;
  for (Reader reader{trace}; !reader.rest.empty();) {
    DiskCall call;
    call.kind = static_cast<DiskCall::Kind>(reader.number());
    call.inode = reader.number();
    call.directory = reader.number();
    call.other_directory = reader.number();
    call.at = reader.number();
    call.leaf = reader.text(reader.number());
    call.other_leaf = reader.text(reader.number());
    call.octets = reader.text(reader.number());
    if (!reader.whole) break;
    calls.push_back(std::move(call));
  }
  return calls;
}

void write_tree(DiskTree const& tree, std::string const& path) {
  for (auto const& [name, content] : tree) {
    auto const full = path + "/" + name;
    if (name.ends_with('/')) {
      std::filesystem::create_directory(full.substr(0, full.size() - 1));
    } else {
      // A segment's zeros to come are a hole: they are the most of it.
      auto const written = content.substr(0, content.find_last_not_of('\0') + 1);
      if (!(std::ofstream(full, std::ios::binary) << written).flush())
        throw std::runtime_error("cannot write " + full);
      std::filesystem::resize_file(full, content.size());
    }
  }
}

/// All, none, or by chance.
class DiskModel::Chance {
 public:
  enum class Sectors { none, all, first, any, last, but_one };
  enum class Names { none, all, any };

  Chance(Sectors sectors, Names names, std::uint32_t seed = 0)
      : sectors_(sectors), names_(names), random_(seed) {}

  bool name() { return names_ == Names::all || (names_ == Names::any && coin()); }
  bool size() { return sectors_ == Sectors::all || (sectors_ != Sectors::none && coin()); }
  /// Before the `count` sectors of one file.
  void begin(std::size_t count) { chosen_ = count == 0 ? 0 : random_() % count; }
  bool is_there(std::size_t place) {
    switch (sectors_) {
      case Sectors::none: return false;
      case Sectors::all: return true;
      case Sectors::first: return place < chosen_;
      case Sectors::any: return coin();
      case Sectors::last: return place >= chosen_;
      case Sectors::but_one: return place != chosen_;
    }
    return true;
  }

 private:
  bool coin() { return random_() % 2 == 0; }
  Sectors sectors_;
  Names names_;
  std::mt19937 random_;
  std::size_t chosen_ = 0;
};

DiskModel::DiskModel(std::string const& path) : root_(load(path)) {}

DiskModel::DiskModel(std::uint64_t root) : root_(std::make_shared<Node>()) {
  root_->is_directory = true;
  nodes_[root] = root_;
}

DiskModel::NodePtr DiskModel::load(std::string const& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) throw std::runtime_error("no " + path);
  auto node = std::make_shared<Node>();
  node->is_directory = S_ISDIR(found.st_mode);
  nodes_[found.st_ino] = node;
  if (!node->is_directory) {
    std::ifstream file(path, std::ios::binary);
    node->content.assign(std::istreambuf_iterator<char>(file), {});
    return node;
  }
  for (auto const& entry : std::filesystem::directory_iterator(path))
    node->names[entry.path().filename()] = load(entry.path());
  return node;
}

DiskModel::NodePtr DiskModel::find(std::uint64_t inode) const {
  auto const place = nodes_.find(inode);
  return place == nodes_.end() ? nullptr : place->second;
}

void DiskModel::add(NodePtr const& node, DiskCall const& call, NodePtr named) {
  if (node) node->pending.push_back({next_number_++, call, std::move(named)});
}

void DiskModel::take(DiskCall const& call) {
  using Kind = DiskCall::Kind;
  switch (call.kind) {
    case Kind::create:
    case Kind::make_directory: {
      // A number may come again after its file is gone.
      auto const node = nodes_[call.inode] = std::make_shared<Node>();
      node->is_directory = call.kind == Kind::make_directory;
      return add(find(call.directory), call, node);
    }
    case Kind::link: return add(find(call.directory), call, find(call.inode));
    case Kind::remove:
    case Kind::rename: return add(find(call.directory), call);
    case Kind::write:
    case Kind::truncate: return add(find(call.inode), call);
    case Kind::sync_begin:
      if (auto const node = find(call.inode)) node->syncs.push_back(next_number_);
      return;
    case Kind::sync_end: {
      auto const node = find(call.inode);
      if (!node || node->syncs.empty()) return;
      // Of two at once it is not known which one ended: the earlier promises less.
      auto const until = node->syncs.front();
      node->syncs.pop_front();
      for (; !node->pending.empty() && node->pending.front().number < until;
           node->pending.pop_front())
        if (node->is_directory)
          apply_names(node->names, node->pending.front());
        else
          apply_content(node->content, node->pending.front().call);
      return;
    }
    case Kind::mark: return;
  }
}

void DiskModel::apply_content(std::string& content, DiskCall const& call) {
  if (call.kind == DiskCall::Kind::truncate) return content.resize(call.at);
  if (content.size() < call.at + call.octets.size()) content.resize(call.at + call.octets.size());
  call.octets.copy(content.data() + call.at, call.octets.size());
}

void DiskModel::apply_names(std::map<std::string, NodePtr>& names, Change const& change) {
  auto const& call = change.call;
  if (call.kind == DiskCall::Kind::rename) {
    auto const from = names.find(call.leaf);
    if (from == names.end()) return;
    auto const node = from->second;
    names.erase(from);
    // To another directory: the name only leaves this one. Nothing that is recorded does that.
    if (call.other_directory == call.directory) names[call.other_leaf] = node;
  } else if (call.kind == DiskCall::Kind::remove) {
    names.erase(call.leaf);
  } else {
    names[call.leaf] = change.node;
  }
}

void DiskModel::collect(Node const& node, std::string const& path, Chance& chance, DiskTree& tree) {
  if (node.is_directory) {
    auto names = node.names;
    for (auto const& change : node.pending)
      if (chance.name()) apply_names(names, change);
    if (!path.empty()) tree[path + "/"];
    for (auto const& [leaf, child] : names)
      collect(*child, path.empty() ? leaf : path + "/" + leaf, chance, tree);
    return;
  }
  // Each write in the pieces that a disk takes or not.
  std::vector<DiskCall> pieces;
  for (auto const& change : node.pending) {
    auto const& call = change.call;
    if (call.kind == DiskCall::Kind::truncate) pieces.push_back(call);
    for (std::size_t at = 0; at < call.octets.size();) {
      auto const size = std::min(sector - (call.at + at) % sector, call.octets.size() - at);
      pieces.push_back(call);
      pieces.back().at = call.at + at;
      pieces.back().octets = call.octets.substr(at, size);
      at += size;
    }
  }
  auto content = node.content;
  chance.begin(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i)
    if (pieces[i].kind == DiskCall::Kind::truncate ? chance.size() : chance.is_there(i))
      apply_content(content, pieces[i]);
  tree[path] = std::move(content);
}

DiskTree DiskModel::strict() const {
  DiskTree tree;
  Chance chance(Chance::Sectors::none, Chance::Names::none);
  collect(*root_, "", chance, tree);
  return tree;
}

DiskTree DiskModel::lenient() const {
  DiskTree tree;
  Chance chance(Chance::Sectors::all, Chance::Names::all);
  collect(*root_, "", chance, tree);
  return tree;
}

DiskTree DiskModel::torn(std::uint32_t seed) const {
  static constexpr Chance::Sectors sectors[] = {Chance::Sectors::first, Chance::Sectors::any,
                                                Chance::Sectors::last, Chance::Sectors::but_one};
  static constexpr Chance::Names names[] = {Chance::Names::all, Chance::Names::none,
                                            Chance::Names::any};
  DiskTree tree;
  Chance chance(sectors[seed % 4], names[seed / 4 % 3], seed);
  collect(*root_, "", chance, tree);
  return tree;
}

bool DiskModel::unsynced() const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [](auto const& one) { return !one.second->pending.empty(); });
}

}  // namespace mailstack::support
