// Links and secrets on the command line: where they may come from, and what goes with what. Part of
// options.h, whose `read_command_line` is the way in.
#pragma once

#include <string>

#include "voiceclient/options.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}

namespace hubbub::client {

// As written. The link may come from standard input or the environment instead.
struct LinkArguments {
  std::string link;
  std::string file;
  std::string known_relays;
  std::string identity;
};

struct SecretArguments {
  bool passphrase = false;
  std::string passphrase_file;
  std::string token_file;
};

void add_link(CLI::App& app, LinkArguments& from, const char* what);
void add_identity(CLI::App& app, LinkArguments& from);
void add_secrets(CLI::App& app, SecretArguments& from);

// Reads what the arguments point to, and asks for what is missing: to be called when all else was right.
// Throw UsageError, or std::runtime_error where something cannot be read.
void understand_link(JoinOptions& join, const LinkArguments& link_from, const SecretArguments& secrets_from);
InviteOptions understand_invite(const LinkArguments& from);

}  // namespace hubbub::client
