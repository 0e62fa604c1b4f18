// Files of one secret, a line of text, for their owner's eyes alone: refused where others can read them, as
// ssh refuses its keys. What the line says, and wiping it, is the caller's.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "codec/wire/result.h"

namespace hubbub::net {

// The file's first line, without white space around it; nothing where there is no such file. Otherwise why it
// cannot be had and what to do, as the rest of a sentence that begins with the file's name.
[[nodiscard]] Result<std::optional<std::string>, std::string> read_secret_file(
    const std::filesystem::path& file);

// Makes the file with this one line, and its directory where there is none. Whole or not at all, and never
// over one that somebody else made meanwhile: read it afterwards to learn whose it is. Returns why it cannot
// be made, as the rest of a sentence; nothing where it was, or another's stands there.
[[nodiscard]] std::optional<std::string> create_secret_file(const std::filesystem::path& file,
                                                            std::string_view line);

// Makes what is missing of the directory's path, each part for its owner alone. Returns why it cannot.
[[nodiscard]] std::optional<std::string> make_private_directory(const std::filesystem::path& directory);

}  // namespace hubbub::net
