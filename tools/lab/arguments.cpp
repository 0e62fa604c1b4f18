#include "tools/lab/arguments.h"

#include <algorithm>
#include <charconv>
#include <random>

#include <CLI/CLI.hpp>

#include "tools/impair/human_units.h"
#include "tools/impair/scenario.h"

namespace hubbub::lab {
namespace {

// What was written is wrong. Thrown only inside this file, which turns it into the returned error.
struct Mistake {
  std::string sentence;
};

// The value, or the mistake that the option named was given.
template <class T>
T checked(const std::string& option, const Result<T, std::string>& parsed) {
  if (!parsed) throw Mistake{option + ": " + parsed.error()};
  return *parsed;
}

// An address of this machine and a port, 0 for any that is free.
Endpoint parse_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  Endpoint endpoint{address.value_or(IpAddress()), 0};
  const char* const begin = colon == std::string::npos ? nullptr : text.data() + colon + 1;
  const char* const end = text.data() + text.size();
  if (begin != nullptr) {
    const auto [rest, error] = std::from_chars(begin, end, endpoint.port);
    if (address && error == std::errc() && rest == end) return endpoint;
  }
  throw Mistake{"--listen: \"" + text + "\" is not an address and port, such as 127.0.0.1:5250 or [::]:5250"};
}

class ProxyArguments {
 public:
  explicit ProxyArguments(CLI::App& app)
      : command_(*app.add_subcommand("proxy", "Forward UDP between clients and a relay, impaired")) {
    command_.allow_extras();
    command_.footer(
        "Every fault is also there for one direction: --up-loss for what goes to the relay, --down-loss for "
        "what comes back,\n"
        "and so on. A direction's flag overrides the common one, and flags override the scenario. Each "
        "client has links of\n"
        "its own, which the seed and the order in which clients appear decide, so a run can be repeated.\n"
        "SIGINT and SIGTERM end it with a summary of what it did.\n\n"
        "Scenario file (TOML): seed = 7, and tables [both], [up], [down] whose keys are the flags' names "
        "with underscores:\n"
        "  [both]\n  delay = \"40ms\"\n  [up]\n  loss = \"5%\"\n  loss_model = \"gilbert\"\n  burst = 2.5\n  "
        "outage = [\"10s+2s\"]\n\n"
        "Example: hubbub-lab proxy --to 127.0.0.1:5241 --loss 5% --delay 40ms --jitter 10ms --seed 7");
    command_.add_option("--listen", listen_, "address and port for clients; port 0 for any that is free")
        ->type_name("ADDR:PORT")
        ->capture_default_str();
    command_.add_option("--to", to_, "the relay")->type_name("HOST:PORT")->required();
    command_
        .add_option("--seed", seed_,
                    "of everything random: the same seed, the same run; drawn and shown where not given")
        ->type_name("N");
    command_.add_option("--scenario", scenario_, "a file of settings")->type_name("FILE");
    command_.add_option("--for", run_for_, "end after this time: 30s")->type_name("TIME");
    command_.add_flag("--json", json_, "write the summary as JSON");
    add_faults("", both_);
    add_faults("up-", up_);
    add_faults("down-", down_);
  }

  [[nodiscard]] bool chosen() const { return command_.parsed(); }

  [[nodiscard]] ProxyRequest request() const {
    ProxyRequest request;
    request.listen = parse_listen(listen_);
    const auto to = HostPort::parse(to_);
    if (!to) throw Mistake{"--to: \"" + to_ + "\" is not a host and port, such as 127.0.0.1:5241"};
    request.to = *to;
    request.json = json_;
    if (!run_for_.empty()) {
      request.run_for = checked("--for", impair::parse_duration(run_for_));
      if (*request.run_for > kMaxRun) throw Mistake{"--for: at most a hundred days"};
    }

    impair::Scenario scenario;
    if (!scenario_.empty()) scenario = checked("--scenario", impair::load_scenario(scenario_));
    apply(both_, scenario.up);
    apply(both_, scenario.down);
    apply(up_, scenario.up);
    apply(down_, scenario.down);
    if (const auto problem = scenario.validate()) throw Mistake{*problem};
    request.up = std::move(scenario.up);
    request.down = std::move(scenario.down);

    if (!seed_.empty()) scenario.seed = checked("--seed", impair::parse_seed(seed_));
    request.seed = scenario.seed ? *scenario.seed : std::random_device()();
    return request;
  }

 private:
  static constexpr Duration kMaxRun = 24h * 100;

  struct Fault {
    const impair::Setting* setting;
    std::string flag;
    const CLI::Option* option;
  };

  void add_faults(const std::string& prefix, std::vector<Fault>& faults) {
    for (const impair::Setting& setting : impair::settings()) {
      std::string flag = "--" + prefix + std::string(setting.name);
      std::replace(flag.begin(), flag.end(), '_', '-');
      const bool is_switch = setting.value == impair::Setting::Value::kSwitch;
      CLI::Option* option = is_switch ? command_.add_flag(flag) : command_.add_option(flag);
      option->description(std::string(setting.help));
      if (!is_switch) option->type_name(std::string(setting.hint));
      if (setting.value == impair::Setting::Value::kList) option->expected(1, -1)->allow_extra_args(false);
      option->group(prefix.empty() ? "Faults, in both directions" : "");  // no group: not listed
      faults.push_back({&setting, std::move(flag), option});
    }
  }

  static void apply(const std::vector<Fault>& faults, impair::LinkOptions& options) {
    for (const Fault& fault : faults) {
      if (fault.option->count() == 0) continue;
      if (const auto problem = impair::apply(*fault.setting, options, fault.option->results())) {
        throw Mistake{fault.flag + ": " + *problem};
      }
    }
  }

  CLI::App& command_;
  std::string listen_ = "127.0.0.1:5250";
  std::string to_;
  std::string seed_;
  std::string scenario_;
  std::string run_for_;
  bool json_ = false;
  std::vector<Fault> both_;
  std::vector<Fault> up_;
  std::vector<Fault> down_;
};

class CompareArguments {
 public:
  explicit CompareArguments(CLI::App& app)
      : command_(*app.add_subcommand("compare", "Compare what was heard with what was said")) {
    command_.allow_extras();
    command_.footer(
        "Both may be WAV, FLAC, Ogg or what else libsndfile reads, of any rate and number of channels, at "
        "most ten minutes.\n"
        "Prints\n"
        "  speech heard  seconds of sound as loud as speech, in the recording's length\n"
        "  delay         of HEARD against ORIGINAL, where the two are most alike (cross-correlation)\n"
        "  level         of HEARD against ORIGINAL, the median over frames of 20 ms\n"
        "  ESTOI         predicted intelligibility, 1 is perfect, 0 nothing (Jensen and Taal, 2016)\n"
        "  envelopes     correlation of the third-octave envelopes\n"
        "Parts of ORIGINAL that were not heard lower the last two.\n"
        "Exit status: 0, 1 where nothing of ORIGINAL is found in HEARD, 2 where a file cannot be read.");
    command_.add_option("ORIGINAL", request_.original, "the recording that was sent")
        ->required()
        ->type_name("FILE");
    command_.add_option("HEARD", request_.heard, "the recording of what arrived")
        ->required()
        ->type_name("FILE");
    command_.add_flag("--json", request_.json, "write JSON, null for what could not be measured");
  }

  [[nodiscard]] bool chosen() const { return command_.parsed(); }
  [[nodiscard]] CompareRequest request() const { return request_; }

 private:
  CLI::App& command_;
  CompareRequest request_;
};

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

Result<Request, std::string> parse_arguments(std::vector<std::string> arguments) {
  CLI::App app("hubbub-lab: what a bad network does to a conversation", "hubbub-lab");
  app.set_version_flag("--version", "hubbub-lab " HUBBUB_VERSION);
  app.allow_extras();  // they are refused below, in words of our own
  app.footer("hubbub-lab COMMAND --help says more.");
  const ProxyArguments proxy(app);
  const CompareArguments compare(app);
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    app.parse(std::move(arguments));
    if (const auto extras = app.remaining(true); !extras.empty()) {
      const bool command = proxy.chosen() || compare.chosen();
      throw Mistake{(command ? "unexpected argument \"" : "unknown command \"") + extras.front() +
                    "\" (see --help)"};
    }
    if (proxy.chosen()) return Request(proxy.request());
    if (compare.chosen()) return Request(compare.request());
    throw Mistake{"give a command: proxy or compare (see --help)"};
  } catch (const CLI::CallForHelp&) {
    return Request(Notice{app.help()});
  } catch (const CLI::CallForVersion& version) {
    return Request(Notice{std::string(version.what()) + "\n"});
  } catch (const CLI::ParseError& error) {
    return one_line(error.what()) + " (see --help)";
  } catch (const Mistake& mistake) {
    return one_line(mistake.sentence);
  }
}

}  // namespace hubbub::lab
