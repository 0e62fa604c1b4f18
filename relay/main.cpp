// hubbub-relay: reads what the operator wants, and serves.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "codec/seal/base64url.h"
#include "codec/seal/hardening.h"
#include "codec/wire/text.h"
#include "relay/config.h"
#include "relay/net/loop.h"
#include "relay/service.h"

namespace {

using hubbub::relay::Config;
using hubbub::relay::SealedIdentity;

// Standard error, one line an event.
void set_up_logging(const std::string& level) {
  auto logger = spdlog::stderr_logger_st("hubbub-relay");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

// A socket that got the number of a closed standard stream would be sent our summaries.
void occupy_standard_streams() {
  int descriptor = 0;
  do {
    descriptor = open("/dev/null", O_RDWR);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) close(descriptor);
}

// One line, whatever was typed into a flag or a file.
void say(const std::string& sentence) {
  std::fprintf(stderr, "hubbub-relay: %s\n", hubbub::printable(sentence).c_str());
}

const char* advice_for(int code) {
  switch (code) {
    case UV_EADDRINUSE:
      return "; another program has that port: stop it, or choose another with --sealed or --open";
    case UV_EADDRNOTAVAIL:
      return "; that address is not one of this machine: see `ip address`, or leave --bind out";
    case UV_EACCES:
      return "; ports below 1024 need privileges: choose a higher one with --sealed or --open";
    default:
      return "";
  }
}

// Systemd's journal keeps what we print, and a link is a secret.
bool output_is_kept() {
  const char* journal = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): one thread
  return journal != nullptr && *journal != '\0';
}

SealedIdentity identity_of(const Config& config) {
  hubbub::seal::SystemRandom random;
  const auto file = config.key_file ? *config.key_file : hubbub::relay::default_key_file();
  const auto identity = hubbub::relay::load_or_create_identity(file, random);
  if (identity.created) std::fprintf(stderr, "hubbub-relay: made a new key in %s\n", file.c_str());
  SealedIdentity result{.keys = identity.keys};
  if (config.access_token_file)
    result.access_token = hubbub::relay::load_access_token(*config.access_token_file);
  return result;
}

void print_line(const std::string& line) {
  std::fprintf(stdout, "%s\n", line.c_str());
  std::fflush(stdout);
}

void serve(const Config& config) {
  std::optional<SealedIdentity> identity;
  if (config.sealed_port) identity = identity_of(config);
  hubbub::relay::Service service(config, identity);
  if (const auto port = service.sealed_port()) {
    if (output_is_kept()) {
      std::fprintf(stderr, "hubbub-relay: make a link to a new room with: hubbub-relay invite\n");
    } else {
      std::fprintf(stderr, "hubbub-relay: whoever has this link has the room:\n");
      print_line(hubbub::relay::new_invite(config, identity->keys.public_key, *port));
    }
  }
  service.run();
}

int run(const hubbub::relay::CommandLine& command_line) {
  const Config& config = command_line.config;
  std::signal(SIGPIPE, SIG_IGN);  // a reader of our summaries may leave
  hubbub::seal::keep_memory_private();
  set_up_logging(config.log_level);
  switch (command_line.command) {
    case hubbub::relay::Command::kServe:
      serve(config);
      break;
    case hubbub::relay::Command::kInvite:
      print_line(hubbub::relay::new_invite(config, identity_of(config).keys.public_key,
                                           config.sealed_port.value_or(hubbub::kDefaultSealedPort)));
      break;
    case hubbub::relay::Command::kKey:
      print_line(hubbub::seal::base64url_encode(identity_of(config).keys.public_key));
      break;
  }
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kFailure = 2;
  occupy_standard_streams();
  try {
    const auto command_line = hubbub::relay::read_command_line(argc, argv);
    if (command_line.print_and_exit) {
      std::fputs(command_line.print_and_exit->c_str(), stdout);
      return EXIT_SUCCESS;
    }
    std::signal(SIGPIPE, SIG_IGN);  // a reader of our summaries may leave
    return run(command_line);
  } catch (const hubbub::relay::ConfigError& error) {
    say(std::string(error.what()) + "; `hubbub-relay --help` lists what can be set");
  } catch (const hubbub::net::SystemError& error) {
    say(std::string(error.what()) + advice_for(error.code()));
  } catch (const std::exception& error) {
    say(error.what());
  }
  return kFailure;
}
