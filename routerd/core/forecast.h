// Runs the line forward: who would be served when.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "routerd/core/router_impl.h"

namespace routerd::core {

// A Forecast plays the router's near future several times over: conversations end, each agent with room takes whoever
// stands first among those it may take and has room for, and who waits relaxes and comes free of reservations by the
// clock. How long a conversation lasts is drawn anew in each run from what is usual for its kind, so the waits of the
// runs show how far apart the wait may turn out to be.
//
// What is drawn depends on contact and run alone, not on the moment, so that a forecast a second later differs by what
// happened and not by chance.
//
// Leaves out: agents who come and go, customers who give up, agents held back, room kept for costly contacts, and who
// comes later with a better rank. Tried on recorded
// days, drawing later arrivals by class and standing made the estimates no better and twice as dear.
// Cost: under a microsecond a contact and run, and each agent's work in hand once a run.
class Forecast {
 public:
  Forecast(const Router::Impl& router, Instant now);

  // Adds whoever stands next in line. Returns its position, for WaitOf.
  size_t Add(const Contact& contact);
  // Adds one who is not in line, in its place.
  size_t AddNewcomer(const Requirement& asked, const LineKey& key);

  static constexpr size_t kEverybody = ~size_t{0};
  // Plays the future of all who were added, or until the one at `position` is served: then WaitOf knows that one alone.
  // Call it once.
  void Run(int run_count, size_t position = kEverybody);

  // Until the answer of the agent whom it is offered to. Absent when no agent on duty could take it.
  struct Wait {
    std::optional<Duration> p50, p90;
  };
  Wait WaitOf(size_t position) const;

 private:
  using Position = uint32_t;
  using Kind = uint32_t;  // A class as the forecast numbers them.
  static constexpr Position kNobody = ~0u;
  static constexpr Kind kServed = ~0u;    // Or not there yet.
  static constexpr Kind kKept = ~0u - 1;  // Waits for one agent alone.

  // Contacts that ask for the same.
  struct KindOfWork {
    Requirement asked;
    BitSet profiles;
    int cost = 0;
    double handle_s = 0;
    std::vector<Position> members;  // From the start, in line order.
    // In the present run.
    size_t next = 0;            // Of members; those before are gone.
    std::set<Position> joined;  // Came later.
    Position head = kNobody;
  };
  struct Entry {
    const Contact* contact = nullptr;  // Null for who is not in line.
    LineKey key;
    Kind kind = kServed;
    uint64_t draw = 0;  // What its chances hang on.
  };
  // An agent on duty, as it stands at the start.
  struct Worker {
    AgentId agent = kNoAgent;
    ProfileIx profile = kNoProfile;
    int free = 0;
    size_t counts = 0;  // Where its room by channel begins in counts_.
    std::vector<Position> kept;
  };
  // A contact in hand at the start.
  struct Held {
    uint32_t worker;
    uint32_t channel;
    uint64_t draw;
    double mean_s;
    double lasted;  // In means.
    size_t from;    // First of the factors that are longer.
  };
  struct Happening {
    enum What : uint8_t { kEnd, kJoin, kRetry };
    double at_s;
    What what;
    uint32_t who;         // Worker, or position for kJoin.
    uint32_t detail = 0;  // Channel for kEnd, kind for kJoin.
    bool operator<(const Happening& other) const {
      return std::tie(at_s, what, who) > std::tie(other.at_s, other.what, other.who);
    }
  };

  Kind KindOf(const Requirement& asked);
  Kind RelaxedKind(const Contact& contact, Kind from, int step);
  void PlanRelaxation(Position position);
  void PlanStart();
  void AddWorkers();
  void AddHeld(uint32_t worker, const Contact& contact);
  void SortIn();
  void Play(Position until_served);
  void Serve(uint32_t worker, double now_s);
  void FindWorker(Position position, double now_s);
  void Give(uint32_t worker, Position position, double now_s);
  void Leave(Position position);
  void Join(Position position, Kind kind);
  void RaiseHead(KindOfWork& kind);
  Position FirstOf(const KindOfWork& kind, Kind number, uint32_t worker, double now_s) const;
  uint64_t RoomOf(uint32_t worker) const;
  void NoteRoom(uint32_t worker);
  bool BackedOff(Position position, uint32_t worker, double now_s) const;
  double Draw(uint64_t draw, size_t from) const;
  double HandleSeconds(ClassIx cls) const;

  const Router::Impl& r_;
  const Instant now_;
  std::vector<KindOfWork> kinds_;
  absl::flat_hash_map<Requirement, Kind> kind_index_;
  std::vector<Entry> entries_;         // In line order once sorted in.
  std::vector<Position> position_of_;  // By order of Add.
  std::vector<Worker> workers_;
  absl::flat_hash_map<AgentId, uint32_t> worker_index_;
  std::vector<int> counts_;
  std::vector<Held> held_;
  std::vector<Happening> start_;              // What is known to come in every run.
  std::vector<std::vector<Kind>> kinds_of_;   // By profile.
  std::vector<std::vector<uint32_t>> staff_;  // By profile.
  std::vector<std::vector<float>> waits_;     // By run and position, in seconds.

  // The present run.
  int run_ = 0;
  std::vector<Happening> queue_;                             // A heap.
  std::vector<Kind> where_;                                  // By position.
  std::vector<int> free_;                                    // By worker.
  std::vector<int> room_left_;                               // As counts_.
  std::vector<uint64_t> room_;                               // By worker: channels.
  std::vector<std::array<int, Roster::kChannelsMax>> open_;  // By profile and channel: workers with room.
  size_t left_ = 0;                                          // Contacts not served yet.
};

}  // namespace routerd::core
