// What a simulation prints: for people, for machines, and contact by contact.
#pragma once

#include <span>
#include <string>

#include "routerd/simulate/run.h"
#include "routerd/simulate/summary.h"
#include "routerd/simulate/trace.h"

namespace routerd::simulate {

// One config's figures.
struct Column {
  std::string name;
  Summary summary;
};

// Tables of one or two columns; with two also second minus first.
std::string ReportText(const Trace& trace, std::span<const Column> columns);
// One JSON object, ended by a line end: `runs`, with two columns also `difference`. Keys stand in a fixed order.
std::string ReportJson(const Trace& trace, std::span<const Column> columns);

// A JSON object a line for each contact, in the order of the trace.
std::string OutcomeLines(const Trace& trace, const RunResult& run);

}  // namespace routerd::simulate
