// hubbub: reads what the person wants, and does it.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "codec/seal/hardening.h"
#include "codec/seal/random.h"
#include "voiceclient/app.h"
#include "voiceclient/audio/portaudio_device.h"
#include "voiceclient/invite_command.h"
#include "voiceclient/options.h"
#include "voiceclient/private_input.h"
#include "voiceclient/sdp.h"
#include "voiceclient/send_app.h"

namespace {

using namespace hubbub::client;  // NOLINT(google-build-using-namespace): this file is the client's front door

std::uint64_t fresh_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

std::string device_lines(const std::vector<hubbub::audio::DeviceInfo>& devices) {
  if (devices.empty())
    return "no sound device: `hubbub join` then is text only, or works with files (--input, --output)\n";
  std::string text;
  for (const auto& device : devices) {
    text += fmt::format(
        "{:3}  {}  ({} in, {} out, {:.0f} Hz{}{})\n", device.index, hubbub::printable(device.label()),
        device.max_input_channels, device.max_output_channels, device.default_rate_hz,
        device.default_input ? ", default input" : "", device.default_output ? ", default output" : "");
  }
  return text;
}

std::string device_json(const std::vector<hubbub::audio::DeviceInfo>& devices) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& device : devices) {
    list.push_back({{"index", device.index},
                    {"name", device.name},
                    {"host_api", device.host_api},
                    {"inputs", device.max_input_channels},
                    {"outputs", device.max_output_channels},
                    {"rate_hz", device.default_rate_hz},
                    {"default_input", device.default_input},
                    {"default_output", device.default_output}});
  }
  return list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// The arguments as they were given, their secrets then hidden from everybody else.
std::vector<std::string> take_arguments(std::span<char*> arguments) {
  std::vector<std::string> taken(arguments.begin(), arguments.end());
  hide_arguments(arguments);
  return taken;
}

Request understand(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv;
  argv.reserve(arguments.size());
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return read_command_line(static_cast<int>(argv.size()), argv.data());
}

int run(const Request& request) {
  if (const auto* join = std::get_if<JoinOptions>(&request)) {
    if (join->sealed) hubbub::seal::keep_memory_private();
    std::signal(SIGPIPE, SIG_IGN);  // a reader of our output may leave
    return App(*join, fresh_seed()).run();
  }
  if (const auto* send = std::get_if<SendOptions>(&request)) {
    hubbub::seal::keep_memory_private();
    return SendApp(*send, fresh_seed()).run();
  }
  std::string text;
  if (const auto* invite = std::get_if<InviteOptions>(&request)) {
    hubbub::seal::keep_memory_private();
    hubbub::seal::SystemRandom random;
    const auto made = new_invite(*invite, random);
    std::fputs(invite_advice(made).c_str(), stderr);
    text = made.to_link() + "\n";
  } else if (const auto* sdp = std::get_if<SdpOptions>(&request)) {
    text = session_description(sdp->player, sdp->frame);
  } else if (const auto* devices = std::get_if<DevicesOptions>(&request)) {
    const auto list = hubbub::audio::PortAudio().devices();
    text = devices->json ? device_json(list) : device_lines(list);
  } else if (const auto* print = std::get_if<std::string>(&request)) {
    text = *print;
  }
  std::fputs(text.c_str(), stdout);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kFailure = 2;
  try {
    return run(understand(take_arguments({argv, static_cast<std::size_t>(argc)})));
  } catch (const UsageError& error) {
    std::fprintf(stderr, "hubbub: %s; `hubbub --help` and `hubbub join --help` say more\n", error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hubbub: %s\n", error.what());
  }
  return kFailure;
}
