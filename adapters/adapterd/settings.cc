#include "adapters/adapterd/settings.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "routerd/base/token.h"
#include "routerd/config/yaml.h"
#include "routerd/v1/adapter_config.pb.h"

namespace adapters::adapterd {
namespace {

namespace v1 = ::routerd::v1;
using ::routerd::config::Problems;
using std::chrono::milliseconds;

constexpr size_t kFileBytesMax = 1 << 20;

std::string Or(const std::string& value, std::string otherwise) { return value.empty() ? otherwise : value; }

bool IsIdentifier(const std::string& id, size_t size_max) {
  return !id.empty() && id.size() <= size_max && std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// Scheme, host and port, as browsers send it: no path, nothing after it.
bool IsOrigin(const std::string& origin) {
  const size_t scheme = origin.find("://");
  if (scheme == std::string::npos) return false;
  const std::string name = origin.substr(0, scheme);
  const std::string host = origin.substr(scheme + 3);
  return (name == "http" || name == "https") && !host.empty() &&
         host.find_first_of("/?#@*'\"; \t\r\n,") == std::string::npos;
}

// Reads one file's parts into Settings, noting what is wrong on the way.
class Translator {
 public:
  explicit Translator(Problems& problems) : problems_(problems) {}

  void Secret(const std::string& path, const v1::SecretConfig& config, std::string& secret) {
    absl::StatusOr<std::string> loaded = routerd::base::LoadSecret(path, {config.value(), config.file(), config.env()});
    if (loaded.ok()) {
      secret = *std::move(loaded);
    } else {
      problems_.Add(path, std::string(loaded.status().message()));
    }
  }

  void File(const std::string& path, const std::string& file, std::string& text) {
    if (file.empty()) return;
    absl::StatusOr<std::string> loaded = routerd::config::ReadTextFile(file, kFileBytesMax);
    if (loaded.ok()) {
      text = *std::move(loaded);
    } else {
      problems_.Add(path, std::string(loaded.status().message()));
    }
  }

  void Origins(const std::string& path, const google::protobuf::RepeatedPtrField<std::string>& origins,
               std::set<std::string>& result) {
    for (int i = 0; i < origins.size(); ++i) {
      const std::string origin = absl::AsciiStrToLower(origins[i]);
      if (!IsOrigin(origin)) {
        problems_.Add(absl::StrCat(path, "[", i, "]"),
                      "must be an origin such as https://shop.example, without a path");
      }
      result.insert(origin);
    }
  }

  template <typename Number>
  void Count(const std::string& path, int64_t value, Number& result) {
    if (value < 0) problems_.Add(path, "must not be negative");
    if (value > 0) result = static_cast<Number>(value);
  }

  void Time(const std::string& path, bool given, const google::protobuf::Duration& value, milliseconds& result) {
    if (!given) return;
    result = std::chrono::seconds(value.seconds()) +
             std::chrono::duration_cast<milliseconds>(std::chrono::nanoseconds(value.nanos()));
    if (result <= milliseconds(0)) problems_.Add(path, "must be longer than 0s");
  }

  void Link(const v1::LinkConfig& config, const std::string& override_address, link::LinkOptions& options) {
    if (!override_address.empty()) {
      options.addresses = {override_address};
    } else {
      options.addresses = {config.addresses().begin(), config.addresses().end()};
      if (options.addresses.empty()) options.addresses = {"127.0.0.1:7400"};
    }
    for (size_t i = 0; i < options.addresses.size(); ++i) {
      const size_t colon = options.addresses[i].rfind(':');
      if (colon == std::string::npos || colon == 0 || colon + 1 == options.addresses[i].size()) {
        problems_.Add(absl::StrCat("routerd.addresses[", i, "]"), "must be host:port");
      }
    }
    options.session.address_count = options.addresses.size();
    if (config.has_token()) Secret("routerd.token", config.token(), options.token);
    options.workspace = config.workspace();
    if (config.has_tls()) {
      options.tls.emplace();
      File("routerd.tls.ca_file", config.tls().ca_file(), options.tls->ca_pem);
      File("routerd.tls.certificate_file", config.tls().certificate_file(), options.tls->certificate_pem);
      File("routerd.tls.key_file", config.tls().key_file(), options.tls->key_pem);
    }
    Count("routerd.outbox_requests_max", config.outbox_requests_max(), options.session.outbox_requests_max);
    Count("routerd.outbox_bytes_max", config.outbox_bytes_max(), options.session.outbox_bytes_max);
  }

  void ChatSite(const std::string& path, const v1::ChatSiteConfig& config, webchat::Site& site) {
    site.id = config.id();
    if (!IsIdentifier(site.id, 32)) problems_.Add(path + ".id", "must be 1 to 32 lower case letters, digits, - or _");
    site.title = Or(config.title(), "Chat with us");
    site.greeting = config.greeting();
    Origins(path + ".allowed_origins", config.allowed_origins(), site.allowed_origins);
    if (config.topics().empty()) problems_.Add(path + ".topics", "needs at least one topic");
    std::set<std::string> labels;
    for (int i = 0; i < config.topics_size(); ++i) {
      const v1::ChatTopicConfig& topic = config.topics(i);
      const std::string where = absl::StrCat(path, ".topics[", i, "]");
      if (topic.label().empty() || topic.label().size() > 200)
        problems_.Add(where + ".label", "must be 1 to 200 bytes");
      if (!labels.insert(topic.label()).second) problems_.Add(where + ".label", "is in use");
      if (topic.queue().empty()) problems_.Add(where + ".queue", "is needed");
      site.topics.push_back({topic.label(), topic.queue()});
    }
    if (config.has_identity_secret()) Secret(path + ".identity_secret", config.identity_secret(), site.identity_secret);
    site.identity_required = config.identity_required();
    if (site.identity_required && !config.has_identity_secret()) {
      problems_.Add(path + ".identity_required", "needs identity_secret");
    }
  }

  void ChatLimits(const v1::ChatLimitsConfig& config, webchat::Limits& limits, size_t& sockets_max) {
    const std::string path = "webchat.limits.";
    Count(path + "text_characters_max", config.text_characters_max(), limits.codec.text_characters_max);
    // A frame has 64 KiB, and a character up to twelve bytes in it (\ud83d\ude00).
    if (limits.codec.text_characters_max > 5'000) problems_.Add(path + "text_characters_max", "must be at most 5000");
    Time(path + "hello_timeout", config.has_hello_timeout(), config.hello_timeout(), limits.hello_timeout);
    Count(path + "messages_per_10s", config.messages_per_10s(), limits.messages_per_10s);
    Count(path + "sockets_per_address", config.sockets_per_address(), limits.sockets_per_address);
    Count(path + "visitors_per_address_hour", config.visitors_per_address_hour(), limits.visitors_per_address_hour);
    Time(path + "waiting_grace", config.has_waiting_grace(), config.waiting_grace(), limits.waiting_grace);
    Time(path + "active_grace", config.has_active_grace(), config.active_grace(), limits.active_grace);
    Time(path + "resume_lifetime", config.has_resume_lifetime(), config.resume_lifetime(), limits.resume_lifetime);
    Count(path + "sockets_max", config.sockets_max(), sockets_max);
  }

  void WebChat(const v1::WebChatConfig& config, Settings& settings) {
    webchat::WebChatOptions& options = settings.webchat;
    options.hub.adapter = Or(config.adapter(), "webchat-1");
    options.hub.channel = Or(config.channel(), "webchat");
    if (!IsIdentifier(options.hub.adapter, 64)) {
      problems_.Add("webchat.adapter", "must be 1 to 64 lower case letters, digits, - or _");
    }
    if (config.sites().empty()) problems_.Add("webchat.sites", "needs at least one site");
    for (int i = 0; i < config.sites_size(); ++i) {
      webchat::Site site;
      const std::string path = absl::StrCat("webchat.sites[", i, "]");
      ChatSite(path, config.sites(i), site);
      const std::string id = site.id;
      if (!options.hub.sites.emplace(id, std::move(site)).second) problems_.Add(path + ".id", "is in use");
    }
    ChatLimits(config.limits(), options.hub.limits, settings.sockets_max);
    Origins("webchat.public_origins", config.public_origins(), options.public_origins);
    options.allow_missing_origin = config.allow_missing_origin();
    options.trusted_proxies = {config.trusted_proxies().begin(), config.trusted_proxies().end()};
    if (config.demo() && config.sites_size() > 0) options.demo_site = config.sites(0).id();
    for (int i = 0; i < config.personas_size(); ++i) {
      const v1::DemoPersonaConfig& persona = config.personas(i);
      if (persona.id().empty()) problems_.Add(absl::StrCat("webchat.personas[", i, "].id"), "is needed");
      options.personas.push_back({persona.id(), Or(persona.display_name(), persona.id()), persona.note()});
    }
    if (!options.personas.empty() && (config.sites().empty() || !config.sites(0).has_identity_secret())) {
      problems_.Add("webchat.personas", "need the first site's identity_secret");
    }
    if (!options.personas.empty() && !config.demo()) problems_.Add("webchat.personas", "are for demo: true only");
  }

 private:
  Problems& problems_;
};

}  // namespace

absl::StatusOr<Settings> LoadSettings(const std::string& path, const Overrides& overrides) {
  v1::AdapterdConfig config;
  const absl::StatusOr<routerd::config::SourceMap> source = routerd::config::LoadYaml(path, config);
  if (!source.ok()) return source.status();
  Problems problems(*source);
  Translator translator(problems);
  Settings settings;
  settings.listen_address = Or(overrides.listen_address, Or(config.listen_address(), "127.0.0.1:7490"));
  settings.data_directory = Or(overrides.data_directory, Or(config.data_directory(), "var/adapterd"));
  const std::string level = config.log_level() == "warn" ? "warning" : Or(config.log_level(), "info");
  if (const std::optional<routerd::base::LogLevel> parsed = routerd::base::ParseLogLevel(level)) {
    settings.log_level = *parsed;
  } else {
    problems.Add("log_level", "must be debug, info, warn or error");
  }
  if (config.has_tls()) {
    settings.tls = routerd::base::TlsFiles{config.tls().certificate_file(), config.tls().key_file()};
    if (!config.tls().client_ca_file().empty()) problems.Add("tls.client_ca_file", "customers show no certificates");
  }
  if (!config.has_webchat()) problems.Add("", "hosts no adapter; add the key webchat");
  translator.Link(config.routerd(), overrides.routerd_address, settings.webchat.link);
  if (config.has_webchat()) translator.WebChat(config.webchat(), settings);
  if (const absl::Status status = problems.ToStatus(); !status.ok()) return status;
  settings.webchat.link.session.adapter = settings.webchat.hub.adapter;
  settings.webchat.store_path = settings.data_directory + "/" + settings.webchat.hub.adapter + ".sqlite3";
  return settings;
}

}  // namespace adapters::adapterd
