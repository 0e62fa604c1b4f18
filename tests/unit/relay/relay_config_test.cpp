// What an operator can set: each flag, each key of the file, which of them wins, each limit at its edge, and
// each sentence that says what is wrong.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "relay/config.h"

namespace hubbub::relay {
namespace {

CommandLine read(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"hubbub-relay"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return read_command_line(static_cast<int>(argv.size()), argv.data());
}

Config config(const std::vector<std::string>& arguments) {
  return read(arguments).config;
}

// The sentence an operator gets; empty where nothing was wrong.
std::string complaint(const std::vector<std::string>& arguments) {
  try {
    static_cast<void>(read(arguments));
    return {};
  } catch (const ConfigError& error) {
    return error.what();
  }
}

// A config file that lives as long as its test.
class File {
 public:
  explicit File(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("hubbub-relay-config-" + std::to_string(getpid()))) {
    std::ofstream(path_) << text;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

Config config_of_file(const std::string& text, std::vector<std::string> arguments = {}) {
  const File file(text);
  arguments.insert(arguments.end(), {"--config", file.path()});
  return config(arguments);
}
// Without the file's name, which differs each time.
std::string complaint_of_file(const std::string& text) {
  const File file(text);
  std::string sentence = complaint({"--config", file.path()});
  const std::string prefix = "config " + file.path();
  EXPECT_TRUE(sentence.starts_with(prefix)) << sentence;
  return sentence.substr(std::min(sentence.size(), prefix.size()));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

using Ports = std::vector<std::uint16_t>;

TEST(RelayConfig, Defaults) {
  const CommandLine line = read({});
  EXPECT_FALSE(line.print_and_exit.has_value());
  const Config& c = line.config;
  EXPECT_EQ(c.sealed_port, kDefaultSealedPort);
  EXPECT_EQ(c.open_ports, Ports{});
  EXPECT_FALSE(c.key_file.has_value());
  EXPECT_FALSE(c.access_token_file.has_value());
  EXPECT_FALSE(c.host.has_value());
  EXPECT_TRUE(c.tell_key);
  EXPECT_EQ(c.join_rate, 20.0);
  EXPECT_EQ(c.max_sessions, 10'000U);
  EXPECT_TRUE(c.bind.is_unspecified());
  EXPECT_FALSE(c.bind.is_v4()) << "both IPv4 and IPv6";
  EXPECT_EQ(c.room.timeout, 30s);
  EXPECT_EQ(c.room.max_peers, 1'000U);
  EXPECT_EQ(c.room.peer_rate, 500.0);
  EXPECT_FALSE(c.allow_public_reflection);
  EXPECT_FALSE(c.stats_every.has_value());
  EXPECT_FALSE(c.stats_json);
  EXPECT_EQ(c.log_level, "warn");
}

TEST(RelayConfig, EachFlag) {
  const Config c =
      config({"--open",      "6000",   "--open",         "6001",      "--open=0",
              "--open=0",    "--bind", "127.0.0.1",      "--timeout", "5s",
              "--max-peers", "7",      "--peer-rate",    "12.5",      "--allow-public-reflection",
              "--stats",     "2s",     "--stats-format", "json",      "--log-level",
              "debug"});
  EXPECT_EQ(c.open_ports, (Ports{6'000, 6'001, 0, 0}));
  EXPECT_EQ(c.bind, IpAddress::v4(127, 0, 0, 1));
  EXPECT_EQ(c.room.timeout, 5s);
  EXPECT_EQ(c.room.max_peers, 7U);
  EXPECT_EQ(c.room.peer_rate, 12.5);
  EXPECT_TRUE(c.allow_public_reflection);
  EXPECT_EQ(c.stats_every, Duration(2s));
  EXPECT_TRUE(c.stats_json);
  EXPECT_EQ(c.log_level, "debug");
}

TEST(RelayConfig, EachKeyOfTheFile) {
  const Config c = config_of_file(R"(
    open = [6000, 6001]
    bind = "::1"
    timeout = "1m"
    max_peers = 9
    peer_rate = 250
    allow_public_reflection = true
    stats = "10s"
    stats_format = "json"
    log_level = "error"
  )");
  EXPECT_EQ(c.open_ports, (Ports{6'000, 6'001}));
  EXPECT_EQ(c.bind, IpAddress::parse("::1"));
  EXPECT_EQ(c.room.timeout, 1min);
  EXPECT_EQ(c.room.max_peers, 9U);
  EXPECT_EQ(c.room.peer_rate, 250.0);
  EXPECT_TRUE(c.allow_public_reflection);
  EXPECT_EQ(c.stats_every, Duration(10s));
  EXPECT_TRUE(c.stats_json);
  EXPECT_EQ(c.log_level, "error");
}

TEST(RelayConfig, AnEmptyFileChangesNothing) {
  EXPECT_EQ(config_of_file("# nothing here\n").sealed_port, kDefaultSealedPort);
  EXPECT_EQ(config({"--config", "/dev/null"}).sealed_port, kDefaultSealedPort);
}

TEST(RelayConfig, AFlagWinsOverTheFile) {
  const std::string text = R"(
    open = [6000, 6001]
    bind = "::1"
    timeout = "1m"
    max_peers = 9
    peer_rate = 2.5
    stats = "10s"
    stats_format = "json"
    log_level = "error"
  )";
  const Config c = config_of_file(text, {"--open", "7000", "--bind", "10.0.0.1", "--timeout", "2m",
                                         "--max-peers", "10", "--peer-rate", "0", "--allow-public-reflection",
                                         "--stats", "20s", "--stats-format", "text", "--log-level", "off"});
  EXPECT_EQ(c.open_ports, Ports{7'000});
  EXPECT_EQ(c.bind, IpAddress::v4(10, 0, 0, 1));
  EXPECT_EQ(c.room.timeout, 2min);
  EXPECT_EQ(c.room.max_peers, 10U);
  EXPECT_EQ(c.room.peer_rate, 0.0);
  EXPECT_TRUE(c.allow_public_reflection);
  EXPECT_EQ(c.stats_every, Duration(20s));
  EXPECT_FALSE(c.stats_json);
  EXPECT_EQ(c.log_level, "off");
  const Config partly = config_of_file(text, {"--timeout", "2m"});
  EXPECT_EQ(partly.room.timeout, 2min);
  EXPECT_EQ(partly.open_ports, (Ports{6'000, 6'001})) << "what no flag says, the file says";
  EXPECT_TRUE(config_of_file("allow_public_reflection = true").allow_public_reflection);
  EXPECT_FALSE(config_of_file("allow_public_reflection = false").allow_public_reflection);
}

TEST(RelayConfig, HelpAndVersionEndWell) {
  const auto help = read({"--help"}).print_and_exit;
  ASSERT_TRUE(help.has_value());
  for (const char* word :
       {"--config", "--open", "--bind", "--timeout", "--max-peers", "--peer-rate",
        "--allow-public-reflection", "--stats", "--stats-format", "--log-level", "SIGUSR1", "Exit status"}) {
    EXPECT_TRUE(contains(*help, word)) << word;
  }
  EXPECT_EQ(read({"--version"}).print_and_exit, "hubbub-relay " HUBBUB_VERSION "\n");
  EXPECT_TRUE(read({"--version", "--timeout", "nonsense"}).print_and_exit.has_value());
}

TEST(RelayConfig, LimitsAtTheirEdges) {
  EXPECT_EQ(config({"--open", "65535"}).open_ports, Ports{65'535});
  EXPECT_EQ(complaint({"--open", "65536"}),
            "open port 65536 is not from 1 to 65535 (0 lets the system choose)");
  EXPECT_EQ(complaint({"--open", "-1"}), "open port -1 is not from 1 to 65535 (0 lets the system choose)");
  EXPECT_EQ(complaint({"--open", "7", "--open", "8", "--open", "7"}),
            "open port 7 is given twice; each open room needs a port of its own");

  EXPECT_EQ(config({"--timeout", "1s"}).room.timeout, 1s);
  EXPECT_EQ(config({"--timeout", "24h"}).room.timeout, 24h);
  const std::string timeout_rule = "\" is not a duration from 1s to 24h (write 30s, 500ms, 2m or 1h)";
  for (const char* text : {"999ms", "24.01h", "0s", "-5s", "30", "abc", ""}) {
    EXPECT_EQ(complaint({std::string("--timeout=") + text}),
              text[0] == '\0' ? complaint({"--timeout="}) : "timeout \"" + std::string(text) + timeout_rule);
  }
  EXPECT_NE(complaint({"--timeout="}), "");

  EXPECT_EQ(config({"--max-peers", "2"}).room.max_peers, 2U);
  EXPECT_EQ(config({"--max-peers", "65535"}).room.max_peers, kMaxPeersLimit);
  EXPECT_EQ(complaint({"--max-peers", "1"}), "max peers 1 is not from 2 to 65535");
  EXPECT_EQ(complaint({"--max-peers", "65536"}), "max peers 65536 is not from 2 to 65535");
  EXPECT_EQ(complaint({"--max-peers", "-5"}), "max peers -5 is not from 2 to 65535");

  const std::string rate_rule = "peer rate must be 1 datagram a second or more, or 0 for no limit";
  EXPECT_EQ(config({"--peer-rate", "0"}).room.peer_rate, 0.0);
  EXPECT_EQ(config({"--peer-rate", "1"}).room.peer_rate, 1.0);
  EXPECT_EQ(config({"--peer-rate", "1e9"}).room.peer_rate, kMaxPeerRate);
  for (const char* text : {"0.99", "-1", "1.1e9", "nan", "inf"})
    EXPECT_EQ(complaint({"--peer-rate", text}), rate_rule) << text;

  EXPECT_EQ(config({"--stats", "1s"}).stats_every, Duration(1s));
  EXPECT_EQ(complaint({"--stats", "0s"}),
            "stats \"0s\" is not a duration from 1s to 24h (write 30s, 500ms, 2m or 1h)");
}

TEST(RelayConfig, BadWordsAreNamed) {
  EXPECT_EQ(complaint({"--bind", "localhost"}),
            "bind \"localhost\" is not an IP address of this machine (write 0.0.0.0, :: or 192.168.1.10)");
  EXPECT_EQ(complaint({"--bind", "224.0.0.1"}),
            "bind \"224.0.0.1\" is not an IP address of this machine (write 0.0.0.0, :: or 192.168.1.10)");
  EXPECT_EQ(complaint({"--stats-format", "xml"}), "stats format \"xml\" is neither text nor json");
  EXPECT_EQ(complaint({"--log-level", "loud"}),
            "log level \"loud\" is none of error, warn, info, debug, off");
  for (const char* level : {"error", "warn", "info", "debug", "off"})
    EXPECT_EQ(config({"--log-level", level}).log_level, level);
}

TEST(RelayConfig, TheCommandLineItself) {
  EXPECT_TRUE(contains(complaint({"--nonsense"}), "--nonsense"));
  EXPECT_TRUE(contains(complaint({"extra"}), "extra"));
  EXPECT_TRUE(contains(complaint({"--open", "6000", "6001"}), "6001")) << "one port for each flag";
  EXPECT_TRUE(contains(complaint({"--open"}), "--open"));
  EXPECT_TRUE(contains(complaint({"--open", "x"}), "x"));
  EXPECT_TRUE(contains(complaint({"--max-peers", "1.5"}), "1.5"));
  EXPECT_TRUE(contains(complaint({"--timeout", "1s", "--timeout", "2s"}), "--timeout"));
}

TEST(RelayConfig, TheFileItself) {
  EXPECT_TRUE(
      contains(complaint({"--config", "/nonexistent/relay.toml"}), "config /nonexistent/relay.toml: "));
  EXPECT_NE(complaint({"--config", ""}), "") << "an empty name is no reason to run without the file";
  EXPECT_EQ(complaint({"--config", "/tmp"}), "config /tmp: is a directory, not a file");
  EXPECT_TRUE(complaint_of_file("open = [5241]\ntimeout = \"30s").starts_with(" line 2: "));
  EXPECT_TRUE(complaint_of_file("timeout = \"1s\"\ntimeout = \"2s\"\n").starts_with(" line 2: "));
  const std::string known =
      "; known are sealed, open, key, access_token_file, history, history_days, "
      "history_messages, host, hide_key, join_rate, max_sessions, bind, "
      "timeout, max_peers, peer_rate, allow_public_reflection, stats, stats_format, log_level";
  EXPECT_EQ(complaint_of_file("prot = [1]"), ": unknown key \"prot\"" + known);
  EXPECT_EQ(complaint_of_file("max-peers = 10"), ": unknown key \"max-peers\"" + known);
  EXPECT_EQ(complaint_of_file("[relay]\nopen = [1]"), ": unknown key \"relay\"" + known);
}

TEST(RelayConfig, EachKeyWantsItsOwnType) {
  const std::string open_rule = ": key \"open\" wants a list of ports, as in [5241, 5242]";
  for (const char* text :
       {"open = 5241", "open = []", "open = [\"5241\"]", "open = [1, 2.5]", "open = [[1]]"})
    EXPECT_EQ(complaint_of_file(text), open_rule);
  EXPECT_EQ(complaint_of_file("bind = 5"), ": key \"bind\" wants an address in quotes");
  EXPECT_EQ(complaint_of_file("timeout = 30"), ": key \"timeout\" wants a duration in quotes, as in \"30s\"");
  EXPECT_EQ(complaint_of_file("max_peers = \"10\""), ": key \"max_peers\" wants a whole number");
  EXPECT_EQ(complaint_of_file("max_peers = 10.0"), ": key \"max_peers\" wants a whole number");
  EXPECT_EQ(complaint_of_file("peer_rate = \"10\""),
            ": key \"peer_rate\" wants a number of datagrams a second");
  EXPECT_EQ(complaint_of_file("allow_public_reflection = \"yes\""),
            ": key \"allow_public_reflection\" wants true or false");
  EXPECT_EQ(complaint_of_file("stats = 10"), ": key \"stats\" wants a duration in quotes, as in \"10s\"");
  EXPECT_EQ(complaint_of_file("stats_format = 1"), ": key \"stats_format\" wants \"text\" or \"json\"");
  EXPECT_EQ(complaint_of_file("log_level = true"), ": key \"log_level\" wants a level in quotes");
}

TEST(RelayConfig, ValuesOfTheFileAreCheckedLikeFlags) {
  const auto complaint_about = [](const std::string& text) {
    const File file(text);
    return complaint({"--config", file.path()});
  };
  EXPECT_EQ(complaint_about("open = [70000]"),
            "open port 70000 is not from 1 to 65535 (0 lets the system choose)");
  EXPECT_EQ(complaint_about("open = [-1]"), "open port -1 is not from 1 to 65535 (0 lets the system choose)");
  EXPECT_EQ(complaint_about("open = [1, 1]"),
            "open port 1 is given twice; each open room needs a port of its own");
  EXPECT_EQ(complaint_about("max_peers = 1"), "max peers 1 is not from 2 to 65535");
  EXPECT_EQ(complaint_about("peer_rate = nan"),
            "peer rate must be 1 datagram a second or more, or 0 for no limit");
  EXPECT_TRUE(complaint_about("bind = \"127.0.0.1\\u0000x\"").starts_with("bind \"127.0.0.1"))
      << "a NUL does not end an address";
}

// --- Sealed rooms

TEST(RelayConfig, WhatIsNamedIsServedAndNothingElse) {
  EXPECT_FALSE(config({"--open", "6000"}).sealed_port.has_value());
  EXPECT_EQ(config({"--sealed", "6000"}).open_ports, Ports{});
  const Config both = config({"--sealed", "6000", "--open", "6001"});
  EXPECT_EQ(both.sealed_port, 6'000);
  EXPECT_EQ(both.open_ports, Ports{6'001});
  EXPECT_FALSE(config_of_file("open = [6000]").sealed_port.has_value());
  EXPECT_EQ(complaint({"--sealed", "6000", "--open", "6000"}), "port 6000 cannot be both sealed and open");
  EXPECT_EQ(complaint({"--sealed", "0", "--open", "0"}), "") << "the system chooses two";
}

TEST(RelayConfig, EachFlagOfSealedRooms) {
  const Config c = config({"--sealed", "6000", "--key", "/k", "--access-token-file", "/t", "--host",
                           "example.org", "--join-rate", "2.5", "--max-sessions", "9", "--hide-key"});
  EXPECT_EQ(c.sealed_port, 6'000);
  EXPECT_EQ(c.key_file, "/k");
  EXPECT_EQ(c.access_token_file, "/t");
  EXPECT_EQ(c.host, "example.org");
  EXPECT_EQ(c.join_rate, 2.5);
  EXPECT_EQ(c.max_sessions, 9U);
  EXPECT_FALSE(c.tell_key);
}

TEST(RelayConfig, EachKeyOfSealedRoomsAndAFlagWins) {
  const std::string text = R"(
    sealed = 6000
    key = "/k"
    access_token_file = "/t"
    host = "[2001:db8::1]"
    hide_key = true
    join_rate = 3
    max_sessions = 8
  )";
  const Config c = config_of_file(text);
  EXPECT_EQ(c.sealed_port, 6'000);
  EXPECT_EQ(c.key_file, "/k");
  EXPECT_EQ(c.access_token_file, "/t");
  EXPECT_EQ(c.host, "[2001:db8::1]");
  EXPECT_FALSE(c.tell_key);
  EXPECT_EQ(c.join_rate, 3.0);
  EXPECT_EQ(c.max_sessions, 8U);
  const Config flagged =
      config_of_file(text, {"--sealed", "7000", "--key", "/l", "--access-token-file", "/u", "--host",
                            "example.org", "--join-rate", "0", "--max-sessions", "7"});
  EXPECT_EQ(flagged.sealed_port, 7'000);
  EXPECT_EQ(flagged.key_file, "/l");
  EXPECT_EQ(flagged.access_token_file, "/u");
  EXPECT_EQ(flagged.host, "example.org");
  EXPECT_EQ(flagged.join_rate, 0.0);
  EXPECT_EQ(flagged.max_sessions, 7U);
  EXPECT_FALSE(config_of_file("hide_key = false", {"--hide-key"}).tell_key);
}

TEST(RelayConfig, LimitsOfSealedRoomsAtTheirEdges) {
  EXPECT_EQ(config({"--sealed", "65535"}).sealed_port, 65'535);
  EXPECT_EQ(config({"--sealed", "0"}).sealed_port, 0);
  EXPECT_EQ(complaint({"--sealed", "65536"}),
            "sealed port 65536 is not from 1 to 65535 (0 lets the system choose)");
  EXPECT_EQ(complaint({"--sealed", "-1"}),
            "sealed port -1 is not from 1 to 65535 (0 lets the system choose)");

  const std::string rate_rule = "join rate must be 1 handshake a second or more, or 0 for no limit";
  EXPECT_EQ(config({"--join-rate", "0"}).join_rate, 0.0);
  EXPECT_EQ(config({"--join-rate", "1"}).join_rate, 1.0);
  EXPECT_EQ(config({"--join-rate", "1e6"}).join_rate, kMaxJoinRate);
  for (const char* text : {"0.99", "-1", "1.1e6", "nan", "inf"})
    EXPECT_EQ(complaint({"--join-rate", text}), rate_rule) << text;

  EXPECT_EQ(config({"--max-sessions", "2"}).max_sessions, 2U);
  EXPECT_EQ(config({"--max-sessions", "1000000"}).max_sessions, kMaxSessionsLimit);
  EXPECT_EQ(complaint({"--max-sessions", "1"}), "max sessions 1 is not from 2 to 1000000");
  EXPECT_EQ(complaint({"--max-sessions", "1000001"}), "max sessions 1000001 is not from 2 to 1000000");

  const std::string host_rule = " is not a name or an address (IPv6 in brackets)";
  for (const char* text : {"", "a b", "[::1", "example.org/x"})
    EXPECT_EQ(complaint({"--host", text}), "host \"" + std::string(text) + "\"" + host_rule) << text;
}

TEST(RelayConfig, EachKeyOfSealedRoomsWantsItsOwnType) {
  EXPECT_EQ(complaint_of_file("sealed = \"5240\""), ": key \"sealed\" wants a port");
  EXPECT_EQ(complaint_of_file("key = 5"), ": key \"key\" wants a file's path in quotes");
  EXPECT_EQ(complaint_of_file("access_token_file = true"),
            ": key \"access_token_file\" wants a file's path in quotes");
  EXPECT_EQ(complaint_of_file("host = 5"), ": key \"host\" wants a name or an address in quotes");
  EXPECT_EQ(complaint_of_file("hide_key = 1"), ": key \"hide_key\" wants true or false");
  EXPECT_EQ(complaint_of_file("join_rate = \"5\""),
            ": key \"join_rate\" wants a number of handshakes a second");
  EXPECT_EQ(complaint_of_file("max_sessions = 2.5"), ": key \"max_sessions\" wants a whole number");
}

TEST(RelayConfig, Commands) {
  EXPECT_EQ(read({}).command, Command::kServe);
  EXPECT_EQ(read({"invite"}).command, Command::kInvite);
  EXPECT_EQ(read({"key"}).command, Command::kKey);
  EXPECT_EQ(read({"invite", "--host", "example.org"}).config.host, "example.org")
      << "flags may stand behind it";
  EXPECT_NE(complaint({"invite", "key"}), "");
}

TEST(RelayConfig, History) {
  EXPECT_FALSE(config({}).history.has_value());
  const auto defaults = config({"--history", "/h"}).history;
  ASSERT_TRUE(defaults.has_value());
  EXPECT_EQ(defaults->file, "/h");
  EXPECT_EQ(defaults->days, 30);
  EXPECT_EQ(defaults->messages, 10'000);
  const std::string file = "history = \"/f\"\nhistory_days = 7\nhistory_messages = 500\n";
  const auto from_file = config_of_file(file).history;
  ASSERT_TRUE(from_file.has_value());
  EXPECT_EQ(from_file->file, "/f");
  EXPECT_EQ(from_file->days, 7);
  EXPECT_EQ(from_file->messages, 500);
  const auto flagged =
      config_of_file(file, {"--history", "/g", "--history-days", "0", "--history-messages", "1"}).history;
  ASSERT_TRUE(flagged.has_value());
  EXPECT_EQ(flagged->file, "/g");
  EXPECT_EQ(flagged->days, 0);
  EXPECT_EQ(flagged->messages, 1);
}

TEST(RelayConfig, HistoryThatMakesNoSense) {
  EXPECT_EQ(complaint({"--history", ""}), "history wants a file's path");
  EXPECT_TRUE(contains(complaint({"--history", "/h", "--open", "5241"}), "history is of sealed rooms"));
  EXPECT_EQ(complaint({"--history", "/h", "--open", "5241", "--sealed", "5240"}), "");
  EXPECT_TRUE(contains(complaint({"--history-days", "3"}), "say where with history too"));
  EXPECT_TRUE(
      contains(complaint({"--history", "/h", "--history-days", "-1"}), "history days -1 is not from 1"));
  EXPECT_TRUE(contains(complaint({"--history", "/h", "--history-days", "36501"}), "is not from 1 to 36500"));
  EXPECT_TRUE(
      contains(complaint({"--history", "/h", "--history-messages", "0"}), "history messages 0 is not"));
  EXPECT_EQ(complaint_of_file("history = 3"), ": key \"history\" wants a file's path in quotes");
  EXPECT_EQ(complaint_of_file("history_days = \"3\""), ": key \"history_days\" wants a whole number of days");
}

}  // namespace
}  // namespace hubbub::relay
