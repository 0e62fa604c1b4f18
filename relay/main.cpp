// hubbub-relay: reads what the operator wants, and serves.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "codec/wire/text.h"
#include "relay/config.h"
#include "relay/net/loop.h"
#include "relay/service.h"

namespace {

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
      return "; another program has that port: stop it, or choose another with --open";
    case UV_EADDRNOTAVAIL:
      return "; that address is not one of this machine: see `ip address`, or leave --bind out";
    case UV_EACCES:
      return "; ports below 1024 need privileges: choose a higher one with --open";
    default:
      return "";
  }
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
    set_up_logging(command_line.config.log_level);
    hubbub::relay::Service service(command_line.config);
    service.run();
    return EXIT_SUCCESS;
  } catch (const hubbub::relay::ConfigError& error) {
    say(std::string(error.what()) + "; `hubbub-relay --help` lists what can be set");
  } catch (const hubbub::net::SystemError& error) {
    say(std::string(error.what()) + advice_for(error.code()));
  } catch (const std::exception& error) {
    say(error.what());
  }
  return kFailure;
}
