#include "relay/config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <set>
#include <sstream>

#include <CLI/CLI.hpp>
#include <toml++/toml.h>

namespace hubbub::relay {
namespace {

constexpr std::array<std::string_view, 5> kLogLevels = {"error", "warn", "info", "debug", "off"};

// A setting as it was written, by whoever wrote it, before it is understood. The same for flag and file.
struct RawConfig {
  std::optional<std::int64_t> sealed;
  std::vector<std::int64_t> open;
  std::optional<std::string> key;
  std::optional<std::string> access_token_file;
  std::optional<std::string> history;
  std::optional<std::int64_t> history_days;
  std::optional<std::int64_t> history_messages;
  std::optional<std::string> host;
  std::optional<bool> hide_key;
  std::optional<double> join_rate;
  std::optional<std::int64_t> max_sessions;
  std::optional<std::string> bind;
  std::optional<std::string> timeout;
  std::optional<std::int64_t> max_peers;
  std::optional<double> peer_rate;
  std::optional<bool> allow_public_reflection;
  std::optional<std::string> stats;
  std::optional<std::string> stats_format;
  std::optional<std::string> log_level;
};

template <class T>
void override_with(std::optional<T>& setting, const std::optional<T>& stronger) {
  if (stronger) setting = stronger;
}

[[noreturn]] void fail(const std::string& sentence) {
  throw ConfigError(sentence);
}

Duration duration_setting(const std::string& name, const std::string& text, Duration least, Duration most) {
  const auto duration = parse_duration(text);
  if (!duration || *duration < least || *duration > most) {
    fail(name + " \"" + text + "\" is not a duration from " + duration_text(least) + " to " +
         duration_text(most) + " (write 30s, 500ms, 2m or 1h)");
  }
  return *duration;
}

std::vector<std::uint16_t> ports_setting(const std::vector<std::int64_t>& numbers) {
  std::vector<std::uint16_t> ports;
  for (const std::int64_t number : numbers) {
    if (number < 0 || number > 65'535)
      fail("open port " + std::to_string(number) + " is not from 1 to 65535 (0 lets the system choose)");
    const auto port = static_cast<std::uint16_t>(number);
    if (port != 0 && std::find(ports.begin(), ports.end(), port) != ports.end()) {
      fail("open port " + std::to_string(port) + " is given twice; each open room needs a port of its own");
    }
    ports.push_back(port);
  }
  return ports;
}

void understand_sealed(const RawConfig& raw, Config& config) {
  if (raw.sealed) {
    if (*raw.sealed < 0 || *raw.sealed > 65'535)
      fail("sealed port " + std::to_string(*raw.sealed) +
           " is not from 1 to 65535 (0 lets the system choose)");
    config.sealed_port = static_cast<std::uint16_t>(*raw.sealed);
  } else if (!raw.open.empty()) {
    config.sealed_port.reset();
  }
  if (raw.key) config.key_file = *raw.key;
  if (raw.access_token_file) config.access_token_file = *raw.access_token_file;
  if (raw.host) {
    if (!HostPort::parse(*raw.host, kDefaultSealedPort))
      fail("host \"" + *raw.host + "\" is not a name or an address (IPv6 in brackets)");
    config.host = *raw.host;
  }
  config.tell_key = !raw.hide_key.value_or(false);
  if (raw.join_rate) {
    if (!(*raw.join_rate == 0 || (*raw.join_rate >= 1 && *raw.join_rate <= kMaxJoinRate)))
      fail("join rate must be 1 handshake a second or more, or 0 for no limit");
    config.join_rate = *raw.join_rate;
  }
  if (raw.max_sessions) {
    if (*raw.max_sessions < 2 || *raw.max_sessions > static_cast<std::int64_t>(kMaxSessionsLimit))
      fail("max sessions " + std::to_string(*raw.max_sessions) + " is not from 2 to " +
           std::to_string(kMaxSessionsLimit));
    config.max_sessions = static_cast<std::size_t>(*raw.max_sessions);
  }
}

void understand_history(const RawConfig& raw, Config& config) {
  if (!raw.history) {
    if (raw.history_days || raw.history_messages)
      fail("history days and history messages say how much a history keeps; say where with history too");
    return;
  }
  if (raw.history->empty()) fail("history wants a file's path");
  if (!config.sealed_port)
    fail("history is of sealed rooms, and this relay has none; name a sealed port, or leave history out");
  HistoryOptions history;
  history.file = *raw.history;
  history.days = raw.history_days.value_or(history.days);
  if (history.days < 0 || history.days > kMaxHistoryDays)
    fail("history days " + std::to_string(history.days) + " is not from 1 to " +
         std::to_string(kMaxHistoryDays) + " (0: for ever)");
  history.messages = raw.history_messages.value_or(history.messages);
  if (history.messages < 1 || history.messages > kMaxHistoryMessages)
    fail("history messages " + std::to_string(history.messages) + " is not from 1 to " +
         std::to_string(kMaxHistoryMessages));
  config.history = std::move(history);
}

Config understand(const RawConfig& raw) {
  Config config;
  understand_sealed(raw, config);
  understand_history(raw, config);
  if (!raw.open.empty()) config.open_ports = ports_setting(raw.open);
  if (config.sealed_port && *config.sealed_port != 0 &&
      std::find(config.open_ports.begin(), config.open_ports.end(), *config.sealed_port) !=
          config.open_ports.end())
    fail("port " + std::to_string(*config.sealed_port) + " cannot be both sealed and open");
  if (raw.bind) {
    const auto address = IpAddress::parse(*raw.bind);
    if (!address || address->is_multicast())
      fail("bind \"" + *raw.bind +
           "\" is not an IP address of this machine (write 0.0.0.0, :: or 192.168.1.10)");
    config.bind = *address;
  }
  if (raw.timeout)
    config.room.timeout = duration_setting("timeout", *raw.timeout, kMinPeerTimeout, kMaxPeerTimeout);
  if (raw.max_peers) {
    if (*raw.max_peers < 2 || *raw.max_peers > static_cast<std::int64_t>(kMaxPeersLimit)) {
      fail("max peers " + std::to_string(*raw.max_peers) + " is not from 2 to " +
           std::to_string(kMaxPeersLimit));
    }
    config.room.max_peers = static_cast<std::size_t>(*raw.max_peers);
  }
  if (raw.peer_rate) {
    if (!(*raw.peer_rate == 0 || (*raw.peer_rate >= 1 && *raw.peer_rate <= kMaxPeerRate))) {
      fail("peer rate must be 1 datagram a second or more, or 0 for no limit");
    }
    config.room.peer_rate = *raw.peer_rate;
  }
  config.allow_public_reflection = raw.allow_public_reflection.value_or(false);
  if (raw.stats) config.stats_every = duration_setting("stats", *raw.stats, 1s, 24h);
  if (raw.stats_format) {
    if (*raw.stats_format != "text" && *raw.stats_format != "json")
      fail("stats format \"" + *raw.stats_format + "\" is neither text nor json");
    config.stats_json = *raw.stats_format == "json";
  }
  if (raw.log_level) {
    if (std::find(kLogLevels.begin(), kLogLevels.end(), *raw.log_level) == kLogLevels.end()) {
      fail("log level \"" + *raw.log_level + "\" is none of error, warn, info, debug, off");
    }
    config.log_level = *raw.log_level;
  }
  return config;
}

// --- The file
// ---------------------------------------------------------------------------------------------------------

template <class T>
void read_value(const toml::node& node, const std::string& key, const char* wanted, std::optional<T>& out) {
  const auto value = node.value_exact<T>();
  if (!value) fail("key \"" + key + "\" wants " + wanted);
  out = *value;
}

void read_key(const std::string& key, const toml::node& node, RawConfig& raw) {
  if (key == "open") {
    const toml::array* ports = node.as_array();
    if (ports == nullptr || ports->empty() || !ports->is_homogeneous<std::int64_t>())
      fail("key \"open\" wants a list of ports, as in [5241, 5242]");
    for (const toml::node& port : *ports) raw.open.push_back(port.value_or(std::int64_t{-1}));
  } else if (key == "sealed") {
    read_value(node, key, "a port", raw.sealed);
  } else if (key == "key") {
    read_value(node, key, "a file's path in quotes", raw.key);
  } else if (key == "access_token_file") {
    read_value(node, key, "a file's path in quotes", raw.access_token_file);
  } else if (key == "history") {
    read_value(node, key, "a file's path in quotes", raw.history);
  } else if (key == "history_days") {
    read_value(node, key, "a whole number of days", raw.history_days);
  } else if (key == "history_messages") {
    read_value(node, key, "a whole number", raw.history_messages);
  } else if (key == "host") {
    read_value(node, key, "a name or an address in quotes", raw.host);
  } else if (key == "hide_key") {
    read_value(node, key, "true or false", raw.hide_key);
  } else if (key == "join_rate") {
    const auto rate = node.value<double>();
    if (!rate) fail("key \"join_rate\" wants a number of handshakes a second");
    raw.join_rate = *rate;
  } else if (key == "max_sessions") {
    read_value(node, key, "a whole number", raw.max_sessions);
  } else if (key == "bind") {
    read_value(node, key, "an address in quotes", raw.bind);
  } else if (key == "timeout") {
    read_value(node, key, "a duration in quotes, as in \"30s\"", raw.timeout);
  } else if (key == "max_peers") {
    read_value(node, key, "a whole number", raw.max_peers);
  } else if (key == "peer_rate") {
    const auto rate = node.value<double>();
    if (!rate) fail("key \"peer_rate\" wants a number of datagrams a second");
    raw.peer_rate = *rate;
  } else if (key == "allow_public_reflection") {
    read_value(node, key, "true or false", raw.allow_public_reflection);
  } else if (key == "stats") {
    read_value(node, key, "a duration in quotes, as in \"10s\"", raw.stats);
  } else if (key == "stats_format") {
    read_value(node, key, "\"text\" or \"json\"", raw.stats_format);
  } else if (key == "log_level") {
    read_value(node, key, "a level in quotes", raw.log_level);
  } else {
    fail("unknown key \"" + key +
         "\"; known are sealed, open, key, access_token_file, history, history_days, history_messages, host, "
         "hide_key, join_rate, max_sessions, bind, timeout, max_peers, peer_rate, allow_public_reflection, "
         "stats, "
         "stats_format, log_level");
  }
}

RawConfig read_file(const std::string& path) {
  // Opening a directory succeeds and reads as an empty file.
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail("config " + path + ": is a directory, not a file");
  try {
    const toml::table table = toml::parse_file(path);
    RawConfig raw;
    for (const auto& [key, node] : table) read_key(std::string(key.str()), node, raw);
    return raw;
  } catch (const toml::parse_error& error) {
    std::string where;
    if (error.source().begin.line > 0) where = " line " + std::to_string(error.source().begin.line);
    fail("config " + path + where + ": " + std::string(error.description()));
  } catch (const ConfigError& error) {
    fail("config " + path + ": " + error.what());
  }
}

// --- The command line
// -------------------------------------------------------------------------------------------------

constexpr const char* kAbout =
    "hubbub-relay: a headless voice and text relay. One port serves any number of sealed rooms, whose words "
    "it "
    "cannot read;\n"
    "each open port, where there is one, is a plain room for a network you trust.";

constexpr const char* kFootnote =
    "Without --sealed and --open it serves sealed rooms on port 5240; with either, what is named and nothing "
    "else.\n"
    "At its first start it makes its key, and at every start it prints an invite to a new room: whoever has "
    "the "
    "link has the room.\n"
    "`hubbub-relay invite` makes another. The relay's log never shows one (under systemd's journal none is "
    "printed).\n"
    "Signals: SIGINT and SIGTERM stop it cleanly, SIGUSR1 prints the summary lines.\n"
    "An open room believes any source address, so it serves private and loopback addresses only, unless\n"
    "--allow-public-reflection says otherwise: then anybody who forges a source can aim the room's traffic "
    "at a bystander.\n"
    "Config file: TOML with the long flags' names, underscores for dashes (sealed = 5240, open = [5241], "
    "timeout = "
    "\"30s\").\n"
    "Exit status: 0 after a clean stop, 2 when a flag, the config or the environment is wrong.";

void add_options(CLI::App& app, RawConfig& flags, std::optional<std::string>& file) {
  app.add_option("--config", file, "Read settings from this TOML file")->type_name("FILE");
  app.add_option("--sealed", flags.sealed, "Sealed rooms on this UDP port (default 5240)")->type_name("PORT");
  app.add_option("--open", flags.open, "An open room on this UDP port, as 5241; repeat for more")
      ->type_name("PORT")
      ->allow_extra_args(false);
  app.add_option("--bind", flags.bind, "Listen on this address only (default: all, IPv4 and IPv6)")
      ->type_name("ADDR");
  app.add_option("--key", flags.key,
                 "The relay's key; made where there is none (default: relay.key in its state directory)")
      ->type_name("FILE");
  app.add_option("--host", flags.host, "What invites call this machine (default: its first public address)")
      ->type_name("HOST");
  app.add_option("--access-token-file", flags.access_token_file,
                 "Let in only who has the token on this file's first line")
      ->type_name("FILE");
  app.add_option("--history", flags.history,
                 "Keep the sealed rooms' text, as sealed as it came, in this file over restarts")
      ->type_name("FILE");
  app.add_option("--history-days", flags.history_days, "Keep a text this long (default 30; 0: for ever)")
      ->type_name("N");
  app.add_option("--history-messages", flags.history_messages,
                 "Keep this many texts of a room (default 10000)")
      ->type_name("N");
  app.add_option("--join-rate", flags.join_rate,
                 "Handshakes a second from one address (default 20; 0: no limit)")
      ->type_name("N");
  app.add_option("--max-sessions", flags.max_sessions, "Sessions of all sealed rooms (default 10000)")
      ->type_name("N");
  app.add_option("--timeout", flags.timeout, "Forget a peer that was silent for this long (default 30s)")
      ->type_name("DURATION");
  app.add_option("--max-peers", flags.max_peers, "Peers or members a room may have (default 1000)")
      ->type_name("N");
  app.add_option("--peer-rate", flags.peer_rate,
                 "Datagrams a second a peer may send (default 500; 0: no limit)")
      ->type_name("N");
  app.add_option("--stats", flags.stats, "Print the summary lines this often, too")->type_name("DURATION");
  app.add_option("--stats-format", flags.stats_format, "text or json (default text)")->type_name("FORMAT");
  app.add_option("--log-level", flags.log_level, "error, warn, info, debug or off (default warn)")
      ->type_name("LEVEL");
}

}  // namespace

CommandLine read_command_line(int argc, const char* const* argv) {
  CLI::App app(kAbout, "hubbub-relay");
  app.footer(kFootnote);
  app.get_formatter()->column_width(34);
  RawConfig flags;
  std::optional<std::string> file;
  bool allow = false;
  bool version = false;
  bool hide_key = false;
  app.require_subcommand(0, 1);
  app.fallthrough();
  add_options(app, flags, file);
  app.add_flag("--hide-key", hide_key,
               "Do not tell the key to who asks for it: joining then takes a full invite");
  app.add_flag("--allow-public-reflection", allow,
               "Open rooms serve any source address, and accept the risk named below");
  app.add_flag("--version", version, "Print the version");
  const CLI::App* invite = app.add_subcommand("invite", "Print a link to a new sealed room on this relay");
  const CLI::App* key = app.add_subcommand("key", "Print the relay's public key");

  CommandLine result;
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    result.print_and_exit = app.help();
    return result;
  } catch (const CLI::ParseError& error) {
    fail(std::string(error.what()));
  }
  if (version) {
    result.print_and_exit = "hubbub-relay " HUBBUB_VERSION "\n";
    return result;
  }
  if (allow) flags.allow_public_reflection = true;
  if (hide_key) flags.hide_key = true;
  if (invite->parsed()) result.command = Command::kInvite;
  if (key->parsed()) result.command = Command::kKey;

  RawConfig raw = file ? read_file(*file) : RawConfig{};
  if (!flags.open.empty()) raw.open = flags.open;
  override_with(raw.sealed, flags.sealed);
  override_with(raw.key, flags.key);
  override_with(raw.access_token_file, flags.access_token_file);
  override_with(raw.history, flags.history);
  override_with(raw.history_days, flags.history_days);
  override_with(raw.history_messages, flags.history_messages);
  override_with(raw.host, flags.host);
  override_with(raw.hide_key, flags.hide_key);
  override_with(raw.join_rate, flags.join_rate);
  override_with(raw.max_sessions, flags.max_sessions);
  override_with(raw.bind, flags.bind);
  override_with(raw.timeout, flags.timeout);
  override_with(raw.max_peers, flags.max_peers);
  override_with(raw.peer_rate, flags.peer_rate);
  override_with(raw.allow_public_reflection, flags.allow_public_reflection);
  override_with(raw.stats, flags.stats);
  override_with(raw.stats_format, flags.stats_format);
  override_with(raw.log_level, flags.log_level);
  result.config = understand(raw);
  return result;
}

}  // namespace hubbub::relay
