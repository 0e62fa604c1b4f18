#include "voiceclient/audio/device_list.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace hubbub::audio {
namespace {

using Devices = std::vector<const DeviceInfo*>;

// Of ASCII letters only: device names are compared, not displayed.
std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string noun(Direction direction) {
  return direction == Direction::kInput ? "input" : "output";
}

std::string choices(const Devices& devices) {
  std::string text;
  for (const DeviceInfo* device : devices) {
    text += (text.empty() ? "" : ", ") + std::to_string(device->index) + " (" + device->label() + ")";
  }
  return text.empty() ? "none" : text;
}

template <class Predicate>
Devices all_that(const std::vector<DeviceInfo>& devices, Predicate predicate) {
  Devices found;
  for (const DeviceInfo& device : devices) {
    if (predicate(device)) found.push_back(&device);
  }
  return found;
}

// `nullopt` for what is no number.
std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

const DeviceInfo& select_device(const std::vector<DeviceInfo>& devices, Direction direction,
                                std::string_view selector) {
  const Devices usable =
      all_that(devices, [&](const DeviceInfo& device) { return device.channels(direction) > 0; });
  const std::string kind = noun(direction);
  const std::string choose = " Choose one of: " + choices(usable) + ".";
  const auto only = [&](const Devices& found) -> const DeviceInfo& {
    if (found.size() == 1) return *found.front();
    throw std::runtime_error("'" + std::string(selector) + "' is the name of several " + kind +
                             " devices: " + choices(found) + ". Give the number, or more of the name.");
  };

  if (usable.empty()) throw std::runtime_error("there is no " + kind + " device");
  if (selector.empty()) {
    const Devices found =
        all_that(devices, [&](const DeviceInfo& device) { return device.is_default(direction); });
    if (found.empty()) throw std::runtime_error("the system names no default " + kind + " device." + choose);
    return *found.front();
  }
  if (const std::optional<int> index = number_in(selector)) {
    const Devices found = all_that(devices, [&](const DeviceInfo& device) { return device.index == *index; });
    if (found.empty()) throw std::runtime_error("there is no device " + std::string(selector) + "." + choose);
    if (found.front()->channels(direction) > 0) return *found.front();
    throw std::runtime_error("device " + std::string(selector) + " (" + found.front()->label() + ") has no " +
                             kind + "s." + choose);
  }

  const std::string wanted = lower(selector);
  const auto whole = [&](const DeviceInfo& device) {
    return lower(device.name) == wanted || lower(device.label()) == wanted;
  };
  const auto part = [&](const DeviceInfo& device) {
    return lower(device.label()).find(wanted) != std::string::npos;
  };
  const auto usable_and = [&](auto predicate) {
    return all_that(devices, [&](const DeviceInfo& device) {
      return device.channels(direction) > 0 && predicate(device);
    });
  };
  if (const Devices found = usable_and(whole); !found.empty()) return only(found);
  if (const Devices found = usable_and(part); !found.empty()) return only(found);
  if (const Devices found = all_that(devices, part); !found.empty()) {
    throw std::runtime_error("'" + std::string(selector) + "' (" + found.front()->label() + ") has no " +
                             kind + "s." + choose);
  }
  throw std::runtime_error("there is no " + kind + " device '" + std::string(selector) + "'." + choose);
}

}  // namespace hubbub::audio
