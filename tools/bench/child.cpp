#include "tools/bench/child.h"

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay/net/clock.h"
#include "tools/bench/throw_errno.h"

namespace hubbub::bench {
namespace {

constexpr Duration kStartPatience = 10s;
constexpr Duration kStopPatience = 5s;

// What the descriptor has, waiting until `deadline` for it; false at its end or when the time is up.
bool read_some(int descriptor, TimePoint deadline, std::string& out) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - net::now()).count();
  pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
  if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) <= 0) return false;
  std::array<char, 4096> buffer{};
  const ssize_t count = read(descriptor, buffer.data(), buffer.size());
  if (count <= 0) return false;
  out.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

// The port at the end of the announcement's line, or 0 while there is none.
std::uint16_t announced_port(const std::string& text, std::string_view announcement) {
  const std::size_t start = text.find(announcement);
  if (start == std::string::npos) return 0;
  const std::size_t end = text.find('\n', start);
  if (end == std::string::npos) return 0;
  const std::size_t colon = text.rfind(':', end);
  std::uint16_t port = 0;
  std::from_chars(text.data() + colon + 1, text.data() + end, port);
  return port;
}

}  // namespace

Child::Child(const std::vector<std::string>& arguments, std::string_view announcement) {
  start(arguments);
  try {
    wait_for_port(announcement);
  } catch (...) {
    kill_and_reap();
    throw;
  }
}

Child::~Child() {
  kill_and_reap();
}

void Child::start(const std::vector<std::string>& arguments) {
  std::array<int, 2> output{};
  std::array<int, 2> errors{};
  if (pipe2(output.data(), O_CLOEXEC) != 0 || pipe2(errors.data(), O_CLOEXEC) != 0)
    throw_errno("making a pipe");
  std::vector<char*> argv;
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));  // NOLINT
  argv.push_back(nullptr);

  pid_ = fork();
  if (pid_ < 0) throw_errno("starting " + arguments[0]);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // whatever becomes of us, it goes with us
    setpgid(0, 0);                     // a Ctrl-C is ours to hear; we stop it
    unsetenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): its output is ours now, and no journal's
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);  // NOLINT(concurrency-mt-unsafe)
    dup2(output[1], STDOUT_FILENO);
    dup2(errors[1], STDERR_FILENO);
    execv(argv[0], argv.data());
    std::perror(argv[0]);
    _exit(127);
  }
  close(output[1]);
  close(errors[1]);
  output_ = output[0];
  errors_ = errors[0];
}

void Child::wait_for_port(std::string_view announcement) {
  std::string said;
  const TimePoint deadline = net::now() + kStartPatience;
  while (port_ == 0 && read_some(errors_, deadline, said)) port_ = announced_port(said, announcement);
  if (port_ == 0)
    throw std::runtime_error("a relay did not start; it said: " + said.substr(0, said.find('\n')));
}

std::string Child::take_first_line() {
  std::string said;
  const TimePoint deadline = net::now() + kStartPatience;
  while (said.find('\n') == std::string::npos) {
    if (!read_some(output_, deadline, said)) throw std::runtime_error("a relay did not say what it should");
  }
  return said.substr(0, said.find('\n'));
}

Duration Child::cpu_time() const {
  clockid_t clock = 0;
  if (const int error = clock_getcpuclockid(pid_, &clock); error != 0) {
    throw std::system_error(error, std::generic_category(), "the relay is gone: its clock");
  }
  timespec time{};
  if (clock_gettime(clock, &time) != 0) throw_errno("the relay is gone: reading its clock");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::uint64_t Child::resident_bytes() const {
  std::ifstream rollup("/proc/" + std::to_string(pid_) + "/smaps_rollup");
  std::string word;
  while (rollup >> word) {
    if (word != "Rss:") continue;
    std::uint64_t kibibytes = 0;
    if (rollup >> kibibytes) return kibibytes * 1024;
  }
  std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
  std::uint64_t size_pages = 0;
  std::uint64_t resident_pages = 0;
  if (!(statm >> size_pages >> resident_pages))
    throw std::runtime_error("the relay is gone: /proc says nothing of its memory");
  return resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

Child::Ending Child::stop() {
  Ending ending;
  kill(pid_, SIGTERM);
  const TimePoint deadline = net::now() + kStopPatience;
  while (read_some(output_, deadline, ending.output)) {
  }
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    if (net::now() >= deadline) {
      kill_and_reap();
      return ending;
    }
    usleep(1000);
  }
  pid_ = -1;
  ending.clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return ending;
}

void Child::kill_and_reap() noexcept {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  for (int* descriptor : {&output_, &errors_}) {
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
  }
}

}  // namespace hubbub::bench
