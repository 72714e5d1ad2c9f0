#pragma once
/// \file
/// What a power loss would have left: a record of calls that change a disk, and the disk as it may
/// look after each of them.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace mailstack::support {

/// One call that changed the disk, written down after it returned. A sync is two: what was written
/// down before its begin is durable at its end.
struct DiskCall {
  enum class Kind : std::uint8_t {
    create = 1,      ///< file `inode` as `leaf` of `directory`
    make_directory,  ///< the same for a directory
    link,            ///< one more name for `inode`
    remove,          ///< `leaf` of `directory`
    rename,          ///< `leaf` of `directory` to `other_leaf` of `other_directory`
    write,           ///< `octets` at `at` of `inode`
    truncate,        ///< `inode` is `at` octets long; also what fallocate does
    sync_begin,      ///< of `inode`, a file or a directory
    sync_end,
    mark,  ///< what the workload wants to remember: `octets`
  };
  Kind kind = Kind::mark;
  std::uint64_t inode = 0;
  std::uint64_t directory = 0;
  std::uint64_t other_directory = 0;
  std::uint64_t at = 0;
  std::string leaf{};
  std::string other_leaf{};
  std::string octets{};
};

/// For a trace in a file, one call after the other.
std::string format(DiskCall const& call);
/// All calls of a trace; a last one that is not whole is left out.
std::vector<DiskCall> parse_disk_trace(std::string_view trace);

/// Path below the root to content; a directory ends with a slash.
using DiskTree = std::map<std::string, std::string>;
/// Makes `tree` below `path`, which must be empty.
void write_tree(DiskTree const& tree, std::string const& path);

/// A disk that forgets. POSIX and no more: a name is durable when its directory was synced, octets
/// when their file was; what was not synced may be there in any part, by sectors of 512 octets, and
/// in any order.
class DiskModel {
 public:
  /// All that is below `path` now is durable.
  explicit DiskModel(std::string const& path);
  /// An empty directory, of which the trace knows the number.
  explicit DiskModel(std::uint64_t root);

  void take(DiskCall const& call);

  /// Everything that was not synced is gone.
  [[nodiscard]] DiskTree strict() const;
  /// Nothing is gone: the process was killed and the disk lives.
  [[nodiscard]] DiskTree lenient() const;
  /// Some of what was not synced is there; which depends on `seed` alone. Seeds 0 to 11 are all
  /// shapes of tearing once: the first sectors, any, the last ones, all but one; no new names, all,
  /// any.
  [[nodiscard]] DiskTree torn(std::uint32_t seed) const;
  /// Whether something is not durable.
  [[nodiscard]] bool unsynced() const;

 private:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  struct Change {
    std::uint64_t number = 0;
    DiskCall call;
    NodePtr node;  ///< of a new name
  };
  struct Node {
    bool is_directory = false;
    std::string content;
    std::map<std::string, NodePtr> names;
    std::deque<Change> pending;
    std::deque<std::uint64_t> syncs;  ///< begun: all changes below this number
  };
  /// Says which of a node's changes happened.
  class Chance;

  void add(NodePtr const& node, DiskCall const& call, NodePtr named = nullptr);
  static void apply_content(std::string& content, DiskCall const& call);
  static void apply_names(std::map<std::string, NodePtr>& names, Change const& change);
  static void collect(Node const& node, std::string const& path, Chance& chance, DiskTree& tree);
  NodePtr load(std::string const& path);
  NodePtr find(std::uint64_t inode) const;

  std::map<std::uint64_t, NodePtr> nodes_;
  NodePtr root_;
  std::uint64_t next_number_ = 0;
};

}  // namespace mailstack::support
