#include "routerd/simulate/report.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace routerd::simulate {
namespace {

absl::string_view View(std::string_view s) { return {s.data(), s.size()}; }

struct Figure {
  std::string_view key;    // In JSON.
  std::string_view title;  // In tables.
  std::optional<double> value;
  int decimals;
};
using Figures = std::vector<Figure>;

Figures FiguresOf(const GroupSummary& g) {
  const auto whole = [](int64_t n) { return static_cast<double>(n); };
  return {{"contacts", "contacts", whole(g.contacts), 0},
          {"completed", "completed", whole(g.completed), 0},
          {"abandoned", "abandoned", whole(g.abandoned), 0},
          {"unserved", "unserved", whole(g.unserved), 0},
          {"wait_mean_s", "mean s", g.wait_mean_s, 2},
          {"wait_p50_s", "P50 s", g.wait_p50_s, 2},
          {"wait_p90_s", "P90 s", g.wait_p90_s, 2},
          {"wait_max_s", "max s", g.wait_max_s, 0},
          {"service_level", "in 20 s", g.service_level, 4},
          {"served_by_tier_asked", "tier +0", g.tier_above[0], 3},
          {"served_by_tier_1_above", "+1", g.tier_above[1], 3},
          {"served_by_tier_2_above", "+2", g.tier_above[2], 3},
          {"served_by_tier_3_above", "+3", g.tier_above[3], 3}};
}

Figures FiguresOf(const Summary& s) {
  return {{"vip_weighted_wait_s", "VIP-weighted wait, s", s.vip_weighted_wait_s, 2},
          {"occupancy", "occupancy", s.occupancy, 4},
          {"occupancy_gini", "its Gini coefficient over agents", s.occupancy_gini, 4},
          {"estimated", "told an estimate, wait known", static_cast<double>(s.estimated), 0},
          {"within_estimate_p50", "waited at most the P50 told", s.within_p50, 4},
          {"within_estimate_p90", "waited at most the P90 told", s.within_p90, 4},
          {"promises_broken", "promises broken", static_cast<double>(s.broken), 0}};
}

Figures Difference(const Figures& a, const Figures& b) {
  Figures difference = a;
  for (size_t i = 0; i < a.size(); ++i) {
    difference[i].value = a[i].value && b[i].value ? std::optional<double>(*b[i].value - *a[i].value) : std::nullopt;
  }
  return difference;
}

// Never "-0.00".
std::string Fixed(double value, int decimals, bool sign = false) {
  std::string text = absl::StrFormat("%.*f", decimals, value);
  if (text[0] == '-' && text.find_first_of("123456789") == std::string::npos) text.erase(0, 1);
  if (sign && text[0] != '-' && text.find_first_of("123456789") != std::string::npos) text.insert(0, "+");
  return text;
}

// --- For people ---

std::string Cell(const Figure& figure, bool sign) {
  return figure.value ? Fixed(*figure.value, figure.decimals, sign) : "-";
}

constexpr int kNameWidth = 24;

void AddRow(std::string_view name, const Figures& figures, bool sign, std::string& text) {
  absl::StrAppend(&text, absl::StrFormat("%-*s", kNameWidth, View(name.substr(0, kNameWidth))));
  for (const Figure& figure : figures) {
    absl::StrAppend(
        &text, absl::StrFormat("%*s", std::max<int>(9, static_cast<int>(figure.title.size()) + 1), Cell(figure, sign)));
  }
  text.push_back('\n');
}

void AddGroup(std::string_view name, std::span<const Column> columns, const std::vector<GroupSummary>& groups,
              std::string& text) {
  if (columns.size() == 1) return AddRow(absl::StrCat("  ", View(name)), FiguresOf(groups[0]), false, text);
  absl::StrAppend(&text, "  ", View(name), "\n");
  for (size_t c = 0; c < columns.size(); ++c) {
    AddRow(absl::StrCat("    ", columns[c].name), FiguresOf(groups[c]), false, text);
  }
  AddRow("    difference", Difference(FiguresOf(groups[0]), FiguresOf(groups[1])), true, text);
}

struct Section {
  std::string_view title;
  std::string_view key;
  std::map<std::string, GroupSummary> Summary::*groups;
};
constexpr Section kSections[] = {{"by VIP level", "by_vip", &Summary::by_vip},
                                 {"by queue", "by_queue", &Summary::by_queue},
                                 {"by channel", "by_channel", &Summary::by_channel}};

// --- For machines ---

std::string Quoted(std::string_view text) {
  return boost::json::serialize(boost::json::value(boost::json::string_view(text.data(), text.size())));
}

std::string Members(const Figures& figures) {
  std::string text;
  for (const Figure& figure : figures) {
    absl::StrAppend(&text, text.empty() ? "" : ",", "\"", View(figure.key),
                    "\":", figure.value ? Fixed(*figure.value, figure.decimals) : "null");
  }
  return text;
}

// `figures` tells those of a summary or of a group, so that differences are written in the same shape.
template <typename OfWhole, typename OfGroup>
std::string Object(const Summary& shape, OfWhole&& of_whole, OfGroup&& of_group) {
  std::string text =
      absl::StrCat(Members(of_whole()), ",\"all\":{", Members(of_group([](const Summary& s) { return s.all; })), "}");
  for (const Section& section : kSections) {
    absl::StrAppend(&text, ",\"", View(section.key), "\":{");
    bool first = true;
    for (const auto& [name, group] : shape.*section.groups) {
      absl::StrAppend(&text, first ? "" : ",", Quoted(name), ":{",
                      Members(of_group([&](const Summary& s) { return (s.*section.groups).at(name); })), "}");
      first = false;
    }
    text.push_back('}');
  }
  return text;
}

std::string OrNull(const std::optional<int64_t>& ms) { return ms ? absl::StrCat(*ms) : "null"; }

}  // namespace

std::string ReportText(const Trace& trace, std::span<const Column> columns) {
  std::string text = absl::StrCat("trace ", trace.name, ": ", trace.contacts.size(), " contacts, ", trace.agents.size(),
                                  " agents, ", trace.horizon_ms / 1000, " s\n\n");
  const std::string blank(34, ' ');
  absl::StrAppend(&text, blank);
  for (const Column& column : columns) absl::StrAppend(&text, absl::StrFormat(" %20s", column.name));
  if (columns.size() == 2) absl::StrAppend(&text, absl::StrFormat(" %20s", "difference"));
  text.push_back('\n');
  std::vector<Figures> whole;
  for (const Column& column : columns) whole.push_back(FiguresOf(column.summary));
  for (size_t i = 0; i < whole[0].size(); ++i) {
    absl::StrAppend(&text, absl::StrFormat("%-34s", View(whole[0][i].title)));
    for (const Figures& figures : whole) absl::StrAppend(&text, absl::StrFormat(" %20s", Cell(figures[i], false)));
    if (columns.size() == 2) {
      absl::StrAppend(&text, absl::StrFormat(" %20s", Cell(Difference(whole[0], whole[1])[i], true)));
    }
    text.push_back('\n');
  }
  text.push_back('\n');
  absl::StrAppend(&text, absl::StrFormat("%-*s", kNameWidth, "contacts and waits"));
  for (const Figure& figure : FiguresOf(columns[0].summary.all)) {
    absl::StrAppend(
        &text, absl::StrFormat("%*s", std::max<int>(9, static_cast<int>(figure.title.size()) + 1), View(figure.title)));
  }
  text.push_back('\n');
  std::vector<GroupSummary> all;
  for (const Column& column : columns) all.push_back(column.summary.all);
  AddGroup("all", columns, all, text);
  for (const Section& section : kSections) {
    absl::StrAppend(&text, View(section.title), "\n");
    for (const auto& [name, group] : columns[0].summary.*section.groups) {
      std::vector<GroupSummary> groups;
      for (const Column& column : columns) groups.push_back((column.summary.*section.groups).at(name));
      AddGroup(name, columns, groups, text);
    }
  }
  return text;
}

std::string ReportJson(const Trace& trace, std::span<const Column> columns) {
  std::string text = absl::StrCat("{\"trace\":", Quoted(trace.name), ",\"runs\":[");
  for (const Column& column : columns) {
    const Summary& s = column.summary;
    absl::StrAppend(&text, &column == columns.data() ? "" : ",", "{\"config\":", Quoted(column.name), ",",
                    Object(
                        s, [&] { return FiguresOf(s); }, [&](auto&& group) { return FiguresOf(group(s)); }),
                    "}");
  }
  text.push_back(']');
  if (columns.size() == 2) {
    const Summary &a = columns[0].summary, &b = columns[1].summary;
    absl::StrAppend(&text, ",\"difference\":{",
                    Object(
                        a, [&] { return Difference(FiguresOf(a), FiguresOf(b)); },
                        [&](auto&& group) { return Difference(FiguresOf(group(a)), FiguresOf(group(b))); }),
                    "}");
  }
  return text + "}\n";
}

std::string OutcomeLines(const Trace& trace, const RunResult& run) {
  std::string text;
  for (size_t i = 0; i < run.contacts.size(); ++i) {
    const ContactRecord& r = run.contacts[i];
    absl::StrAppend(&text, "{\"contact\":", Quoted(trace.contacts[i].id), ",\"outcome\":\"", ToString(r.outcome),
                    "\",\"agent\":", r.agent < 0 ? "null" : Quoted(trace.agents[r.agent].id));
    absl::StrAppend(&text, ",\"first_offer_ms\":", OrNull(r.first_offer_ms), ",\"accept_ms\":", OrNull(r.accept_ms),
                    ",\"end_ms\":", OrNull(r.end_ms), ",\"offers\":", r.offer_count);
    absl::StrAppend(&text, ",\"estimate_p50_ms\":", OrNull(r.estimate_p50_ms),
                    ",\"estimate_p90_ms\":", OrNull(r.estimate_p90_ms), "}\n");
  }
  return text;
}

}  // namespace routerd::simulate
