#pragma once
/// \file
/// What was seen and done, in order: append-only JSON lines, each synced before the write that it
/// announces.
///
/// File: `journal.jsonl` in the state directory. The first line is `{"mailstack_journal":1,…}`;
/// every line ends in a member `"sum"`: the CRC-32C of all octets of the line before `,"sum"`,
/// eight hex digits. A line that ends early or does not fit its sum ends the readable part (a crash
/// while appending); the next append starts on a line of its own after it. The journal is never
/// replayed: a run looks and plans again. It holds no secret. Benefit: one `fdatasync` a batch,
/// readable by `jq`; downside: it only grows (`docs/journal.md`).

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/files/files.hpp"
#include "core/result/result.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::engine {

/// One line. Which members are set depends on `event`.
struct Record {
  /// `begin` (a run starts: command, manifest digest, revision), `look` (an observation, with what
  /// it found changed), `intent` (about to write), `result` (one step: ok or error), `confirm` (a
  /// name server's answer), `end` (exit code), `edit` (a person's edit of the manifest).
  std::string event;
  std::string run;  ///< names the run: time and random digits
  TimePoint at{};
  std::string command;      ///< begin
  std::string manifest;     ///< begin: digest
  std::string revision;     ///< begin: commit, where there is one
  std::string address;      ///< intent, result, look (one line a changed resource), confirm
  std::string action;       ///< intent, result: create, update, remove, adopt, forget
  std::string cause;        ///< intent: manifest, world, clock
  std::string description;  ///< for people: `A smtp.example.org 203.0.113.10`
  std::string before;       ///< JSON of the fields that were there
  std::string after;        ///< JSON of the fields that should be there
  std::string lane;
  std::string error;  ///< result: what failed
  std::string note;   ///< look: "gone", "changed", "…; in its place …"; confirm: the answers
  int exit_code = 0;  ///< end

  bool operator==(Record const&) const = default;
};

/// One line with its sum and the final newline.
std::string format_record(Record const& record);
/// Fails with invalid for a wrong sum, too.
Result<Record> parse_record(std::string_view line);

struct JournalContents {
  std::vector<Record> records;
  std::string damage;  ///< where the readable part ended early: `line 17: …`; empty: whole
};
JournalContents parse_journal(std::string_view text);

class Journal {
 public:
  /// A journal that keeps nothing: for `plan` where the state directory cannot be written.
  Journal() = default;
  /// Opens for appending; creates the file with its first line. Fails with denied or unavailable.
  static Result<Journal> open(files::Files& files, std::string path);

  /// Appends all records with one sync. Fails with unavailable (disk full): the caller must not
  /// write then.
  Result<> append(std::vector<Record> const& records);

 private:
  files::Files* files_ = nullptr;
  std::string path_;
};

}  // namespace mailstack::engine
