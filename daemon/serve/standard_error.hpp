#pragma once
/// \file
/// Whether who reads our standard error reads the log there, too.

#include "daemon/conf/settings.hpp"

namespace mailstack::serve {

/// Whether descriptor `fd` is what systemd has connected to the journal: JOURNAL_STREAM names its
/// device and inode (systemd.exec(5)).
bool is_journal(int fd);

/// Whether `one` and `other` lead to one file, terminal or socket.
bool same_end(int one, int other);

/// Whether the log of `settings`, where it gets to its place, comes out where standard error does:
/// what is said on both would stand there twice. Where the journal is, /dev/log is its, too.
bool log_meets_standard_error(conf::Settings const& settings);

}  // namespace mailstack::serve
