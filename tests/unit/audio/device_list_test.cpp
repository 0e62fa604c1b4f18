#include "voiceclient/audio/device_list.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace hubbub::audio {
namespace {

DeviceInfo device(int index, std::string host_api, std::string name, int inputs, int outputs) {
  DeviceInfo info;
  info.index = index;
  info.name = std::move(name);
  info.host_api = std::move(host_api);
  info.max_input_channels = inputs;
  info.max_output_channels = outputs;
  return info;
}

std::vector<DeviceInfo> machine() {
  std::vector<DeviceInfo> devices{device(0, "ALSA", "HDA Intel: ALC257", 2, 2),
                                  device(1, "ALSA", "USB Headset", 1, 2),
                                  device(2, "ALSA", "HDMI 0", 0, 8),
                                  device(3, "ALSA", "USB Camera", 2, 0),
                                  device(5, "JACK", "system", 2, 2),
                                  device(6, "OSS", "system", 2, 2),
                                  device(7, "ALSA", "USB Headset Pro", 1, 2)};
  devices[0].default_output = true;
  devices[1].default_input = true;
  return devices;
}

int chosen(Direction direction, std::string_view selector,
           const std::vector<DeviceInfo>& devices = machine()) {
  return select_device(devices, direction, selector).index;
}

std::string refusal(Direction direction, std::string_view selector,
                    const std::vector<DeviceInfo>& devices = machine()) {
  try {
    return "chose " + std::to_string(chosen(direction, selector, devices));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

constexpr Direction kIn = Direction::kInput;
constexpr Direction kOut = Direction::kOutput;

TEST(DeviceList, NothingMeansTheDefault) {
  EXPECT_EQ(chosen(kIn, ""), 1);
  EXPECT_EQ(chosen(kOut, ""), 0);
}

TEST(DeviceList, ANumberMeansAnIndex) {
  EXPECT_EQ(chosen(kIn, "3"), 3);
  EXPECT_EQ(chosen(kOut, "5"), 5);
}

TEST(DeviceList, AWholeNameGoesBeforeAPart) {
  EXPECT_EQ(chosen(kIn, "USB Headset"), 1);
  EXPECT_EQ(chosen(kIn, "usb headset pro"), 7);
}

TEST(DeviceList, APartOfOneNameIsEnoughWhateverItsCase) {
  EXPECT_EQ(chosen(kIn, "camera"), 3);
  EXPECT_EQ(chosen(kOut, "hdmi"), 2);
  EXPECT_EQ(chosen(kOut, "alc257"), 0);
}

TEST(DeviceList, OnlyDevicesOfTheDirectionCompete) {
  EXPECT_EQ(chosen(kIn, "cam"), 3);
  EXPECT_EQ(chosen(kOut, "headset pro"), 7);
}

TEST(DeviceList, TheHostApiTellsTwoOfOneNameApart) {
  EXPECT_EQ(chosen(kIn, "JACK: system"), 5);
  EXPECT_EQ(chosen(kIn, "oss"), 6);
  EXPECT_EQ(refusal(kIn, "system"),
            "'system' is the name of several input devices: 5 (JACK: system), 6 (OSS: system). Give the "
            "number, or more of the name.");
}

TEST(DeviceList, RefusalsListTheChoices) {
  const std::string inputs =
      " Choose one of: 0 (ALSA: HDA Intel: ALC257), 1 (ALSA: USB Headset), 3 (ALSA: USB Camera), 5 (JACK: "
      "system), 6 (OSS: system), "
      "7 (ALSA: USB Headset Pro).";
  EXPECT_EQ(refusal(kIn, "theremin"), "there is no input device 'theremin'." + inputs);
  EXPECT_EQ(refusal(kIn, "hdmi"), "'hdmi' (ALSA: HDMI 0) has no inputs." + inputs);
  EXPECT_EQ(refusal(kIn, "2"), "device 2 (ALSA: HDMI 0) has no inputs." + inputs);
  EXPECT_EQ(refusal(kIn, "4"), "there is no device 4." + inputs);
  EXPECT_EQ(refusal(kIn, "-1"), "there is no device -1." + inputs);
  EXPECT_EQ(refusal(kIn, "99999999999999999999"),
            "there is no input device '99999999999999999999'." + inputs);
  EXPECT_NE(refusal(kOut, "usb").find("several output devices"), std::string::npos);
}

TEST(DeviceList, AMachineWithoutDevicesSaysSo) {
  EXPECT_EQ(refusal(kIn, "", {}), "there is no input device");
  EXPECT_EQ(refusal(kOut, "3", {}), "there is no output device");
  EXPECT_EQ(refusal(kIn, "", {device(0, "ALSA", "HDMI", 0, 2)}), "there is no input device");
}

TEST(DeviceList, AMachineWithoutADefaultListsWhatItHas) {
  EXPECT_EQ(refusal(kIn, "", {device(4, "ALSA", "mic", 1, 0)}),
            "the system names no default input device. Choose one of: 4 (ALSA: mic).");
}

}  // namespace
}  // namespace hubbub::audio
