#include "voiceclient/audio/jack_guard.h"

#if defined(__linux__)

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <thread>

#include <dlfcn.h>

#include "codec/wire/units.h"

// libjack's own, as <jack/types.h> has them. Declared here, since JACK is no dependency of ours: PortAudio
// may bring it.
struct JackClient;
struct JackPort;
using JackProcess = int (*)(std::uint32_t frames, void* argument);
using JackShutdown = void (*)(void* argument);

namespace hubbub::audio::jack_guard {
namespace {

// The real functions behind ours. Ours are only ever called by somebody who is linked with libjack, so they
// are there.
template <class Function>
void find(Function& function, const char* name) noexcept {
  void* const symbol = dlsym(RTLD_NEXT, name);
  if (symbol == nullptr) std::abort();
  function = reinterpret_cast<Function>(symbol);
}

struct Real {
  int (*set_process_callback)(JackClient*, JackProcess, void*) = nullptr;
  void (*on_shutdown)(JackClient*, JackShutdown, void*) = nullptr;
  int (*deactivate)(JackClient*) = nullptr;
  int (*port_unregister)(JackClient*, JackPort*) = nullptr;
  int (*port_disconnect)(JackClient*, JackPort*) = nullptr;
  int (*port_connected)(const JackPort*) = nullptr;
  void* (*port_get_buffer)(JackPort*, std::uint32_t) = nullptr;
  int (*client_close)(JackClient*) = nullptr;

  Real() noexcept {
    find(set_process_callback, "jack_set_process_callback");
    find(on_shutdown, "jack_on_shutdown");
    find(deactivate, "jack_deactivate");
    find(port_unregister, "jack_port_unregister");
    find(port_disconnect, "jack_port_disconnect");
    find(port_connected, "jack_port_connected");
    find(port_get_buffer, "jack_port_get_buffer");
    find(client_close, "jack_client_close");
  }
};

// Looked up at the first call, which is a registration and never the audio callback's.
const Real& real() noexcept {
  static const Real functions;
  return functions;
}

// JACK's own limit of a period (BUFFER_SIZE_MAX).
constexpr std::size_t kMaxPeriodSamples = 8'192;
constexpr std::uint32_t kStandInPeriodSamples = 256;
constexpr Duration kStandInInterval = 2ms;

// One connection to a server, and who keeps time for PortAudio on it.
class Client {
 public:
  explicit Client(JackClient* handle) noexcept : handle_(handle) {}

  [[nodiscard]] bool is(const JackClient* handle) const noexcept { return handle_ == handle; }
  [[nodiscard]] bool lost() const noexcept { return phase_.load(std::memory_order_acquire) != Phase::kAlive; }
  [[nodiscard]] bool died() const noexcept { return died_.load(std::memory_order_acquire); }

  void watch(JackProcess process, void* argument) {
    process_ = process;
    argument_ = argument;
    // Made now, since nothing should have to be made when the server dies.
    stand_in_ = std::thread([this] { stand_in(); });
  }
  void lose(bool died) noexcept {
    if (died) died_.store(true, std::memory_order_release);
    Phase alive = Phase::kAlive;
    if (phase_.compare_exchange_strong(alive, Phase::kLost)) phase_.notify_all();
  }
  // Afterwards PortAudio is not called any more, by nobody.
  void close() {
    phase_.store(Phase::kClosed);
    phase_.notify_all();
    if (stand_in_.joinable()) stand_in_.join();
    while (!enter()) std::this_thread::sleep_for(kStandInInterval);
  }

  // The server's thread, once a period.
  static int on_process(std::uint32_t frames, void* argument) noexcept {
    auto* const self = static_cast<Client*>(argument);
    // Taken only when the server wakes up again while our thread stands in for it. Never waits.
    if (!self->enter()) return 0;
    const int result = self->lost() ? 0 : self->process_(frames, self->argument_);
    self->leave();
    return result;
  }
  static void on_shutdown(void* argument) noexcept { static_cast<Client*>(argument)->lose(true); }

 private:
  enum class Phase : std::uint8_t { kAlive, kLost, kClosed };

  bool enter() noexcept { return !busy_.test_and_set(std::memory_order_acquire); }
  void leave() noexcept { busy_.clear(std::memory_order_release); }

  void stand_in() noexcept {
    phase_.wait(Phase::kAlive);
    while (phase_.load() == Phase::kLost) {
      if (enter()) {
        process_(kStandInPeriodSamples, argument_);
        leave();
      }
      std::this_thread::sleep_for(kStandInInterval);
    }
  }

  JackClient* handle_;
  JackProcess process_ = nullptr;
  void* argument_ = nullptr;
  std::atomic<Phase> phase_{Phase::kAlive};
  std::atomic<bool> died_{false};  // and was not merely given up
  std::atomic_flag busy_;          // somebody is calling PortAudio
  std::thread stand_in_;
};

// PortAudio's connection, of which it has one at a time. Global, since a C function has no object to belong
// to.
std::atomic<Client*> current{nullptr};

bool lost(const JackClient* handle) noexcept {
  const Client* const client = current.load(std::memory_order_acquire);
  return client != nullptr && client->is(handle) && client->lost();
}

// Made by whichever of the two registrations comes first. `nullptr` for a client that is not PortAudio's, as
// a plug-in of ALSA's may open one in this process: the first is PortAudio's, and another is none of our
// business.
Client* client_of(JackClient* handle) {
  Client* client = current.load(std::memory_order_acquire);
  if (client == nullptr) {
    client = new Client(handle);  // `jack_client_close` deletes it
    current.store(client, std::memory_order_release);
  }
  return client->is(handle) ? client : nullptr;
}

void print_nothing(const char*) noexcept {}

}  // namespace

void silence_libjack() noexcept {
  for (const char* name : {"jack_set_info_function", "jack_set_error_function"}) {
    using SetPrinter = void (*)(void (*)(const char*));
    if (void* const symbol = dlsym(RTLD_DEFAULT, name)) reinterpret_cast<SetPrinter>(symbol)(print_nothing);
  }
}

bool server_lost() noexcept {
  const Client* const client = current.load(std::memory_order_acquire);
  return client != nullptr && client->lost();
}

void give_up_server() noexcept {
  if (Client* const client = current.load(std::memory_order_acquire)) client->lose(false);
}

}  // namespace hubbub::audio::jack_guard

namespace guard = hubbub::audio::jack_guard;

// --- What PortAudio calls in libjack's place
// -------------------------------------------------------------------------
extern "C" {

int jack_set_process_callback(JackClient* handle, JackProcess process, void* argument) {
  guard::Client* const client = guard::client_of(handle);
  if (client == nullptr) return guard::real().set_process_callback(handle, process, argument);
  client->watch(process, argument);
  return guard::real().set_process_callback(handle, guard::Client::on_process, client);
}

// PortAudio's own handler is not passed on: it would make PortAudio skip the orderly way out that the
// stand-in offers.
void jack_on_shutdown(JackClient* handle, JackShutdown shutdown, void* argument) {
  guard::Client* const client = guard::client_of(handle);
  if (client == nullptr) return guard::real().on_shutdown(handle, shutdown, argument);
  guard::real().on_shutdown(handle, guard::Client::on_shutdown, client);
}

// PortAudio asserts that these three succeed. They may fail before anybody has noticed that the server died,
// and PortAudio has no use for the reason, so they always do.
int jack_deactivate(JackClient* handle) {
  if (!guard::lost(handle)) guard::real().deactivate(handle);
  return 0;
}

int jack_port_unregister(JackClient* handle, JackPort* port) {
  if (!guard::lost(handle)) guard::real().port_unregister(handle, port);
  return 0;
}

int jack_client_close(JackClient* handle) {
  guard::Client* const client = guard::current.load();
  if (client == nullptr || !client->is(handle)) {
    guard::real().client_close(handle);
    return 0;
  }
  const bool stands_still = client->lost() && !client->died();
  client->close();
  guard::current.store(nullptr);
  // A server that only stands still would be waited for here, and may call back when it wakes up: it keeps
  // its client.
  if (stands_still) return 0;
  guard::real().client_close(handle);
  delete client;
  return 0;
}

int jack_port_disconnect(JackClient* handle, JackPort* port) {
  return guard::lost(handle) ? 0 : guard::real().port_disconnect(handle, port);
}

int jack_port_connected(const JackPort* port) {
  return guard::server_lost() ? 0 : guard::real().port_connected(port);
}

void* jack_port_get_buffer(JackPort* port, std::uint32_t frames) {
  // A dead server's memory is not to be relied upon. What is written here nobody hears.
  static std::array<float, guard::kMaxPeriodSamples> nowhere{};
  if (guard::server_lost() && frames <= nowhere.size()) return nowhere.data();
  return guard::real().port_get_buffer(port, frames);
}

}  // extern "C"

#else

namespace hubbub::audio::jack_guard {

void silence_libjack() noexcept {}
bool server_lost() noexcept {
  return false;
}
void give_up_server() noexcept {}

}  // namespace hubbub::audio::jack_guard

#endif
