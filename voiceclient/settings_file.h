// Small text files of what the client remembers, which other clients of the same person read and write too:
// replaced whole, one writer at a time, for their owner's eyes alone.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hubbub::client {

// Thousands of lines: a larger file is not ours.
inline constexpr std::size_t kMaxSettingsFileBytes = std::size_t{1} << 20U;
// What is between the words of a line.
inline constexpr std::string_view kBlanks = " \t\r";

// $XDG_CONFIG_HOME/hubbub/NAME, or ~/.config/hubbub/NAME; nothing where the environment tells of neither.
std::optional<std::filesystem::path> default_settings_file(std::string_view name);

// All of the file; a file that is not there yet is an empty one. Throws std::runtime_error where it cannot be
// read, or is too large.
[[nodiscard]] std::string read_settings_file(const std::filesystem::path& file);

// Hands `change` the text as it stands, and puts what it returns in its place; nothing is written where it
// returns nothing. Other clients wait meanwhile. Throws std::runtime_error, and what `change` throws; then
// the file is as it was.
void update_settings_file(const std::filesystem::path& file,
                          const std::function<std::optional<std::string>(std::string text)>& change);

// A file's name as it may be shown.
[[nodiscard]] std::string shown(const std::filesystem::path& file);

}  // namespace hubbub::client
