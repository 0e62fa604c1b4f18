// The laboratory's command line, to a request that one of its subcommands carries out.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "codec/wire/result.h"
#include "tools/lab/compare.h"
#include "tools/lab/proxy.h"

namespace hubbub::lab {

// What only wants to be printed: help or the version.
struct Notice {
  std::string text;
};

using Request = std::variant<Notice, ProxyRequest, CompareRequest>;

// `arguments` without the program's name. An error is one line that says what is wrong. A seed is drawn where
// none is given.
Result<Request, std::string> parse_arguments(std::vector<std::string> arguments);

}  // namespace hubbub::lab
