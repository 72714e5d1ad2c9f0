#pragma once
/// \file
/// What mailstackd calls its services and units.

namespace mailstack::features::mailstackd {

inline constexpr char const* service = "mailstackd.service";
inline constexpr char const* home = "/var/lib/mailstackd";
inline constexpr char const* control_socket = "/run/mailstackd/control";

/// One of the three services.
struct Service {
  char const* key;     ///< below `daemon.listen`, and in mailstackd.yaml
  char const* socket;  ///< the unit that holds its ports
  char const* name;    ///< of the descriptor that the unit hands over, as chasquid has it
  bool starttls;       ///< plain at first
};
inline constexpr Service services[] = {
    {"smtp", "mailstackd-smtp.socket", "smtp", true},
    {"submission", "mailstackd-submission.socket", "submission", true},
    {"submissions", "mailstackd-submission_tls.socket", "submission_tls", false},
};

}  // namespace mailstack::features::mailstackd
