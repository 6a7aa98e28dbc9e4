// Figures for Prometheus.
#pragma once

#include <string>
#include <vector>

#include "routerd/base/http_server.h"
#include "routerd/v1/supervisor_service.pb.h"

namespace routerd::http {

namespace v1 = ::routerd::v1;

struct WorkspaceFigures {
  std::string workspace;
  v1::Statistics statistics;
};

// What belongs to the process and not to one workspace.
struct ProcessFigures {
  std::string version;
  bool ready = false;
  base::HttpServerStats http;
};

// All of it in Prometheus' text form. Names end in their unit or `_total`; queues and workspaces are labels.
std::string MetricsText(const std::vector<WorkspaceFigures>& workspaces, const ProcessFigures& process);

}  // namespace routerd::http
