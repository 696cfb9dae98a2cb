// The system as a graph of capacities, and the most that can flow through it: max-flow, whose
// min-cut names the parts that set the bound.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::kernel {

class Topology {
public:
  using Node = std::uint32_t;

  struct Cut {
    BytesPerSecond capacity{};
    std::string name; // class of the cut edges that carry most of it, e.g. "ost_disk"
  };

  Node add_node() { return nodes_++; }
  // `part` is a literal: the class of the part whose rate this is.
  void add_edge(Node from, Node to, BytesPerSecond capacity, std::string_view part);
  void add_unlimited_edge(Node from, Node to);

  // Min-cut between two nodes. Pre: a limited edge lies on every way between them.
  Cut min_cut(Node source, Node sink) const;

private:
  struct Edge {
    Node from;
    Node to;
    double capacity; // bytes per second
    std::string_view part;
  };
  Node nodes_ = 0;
  std::vector<Edge> edges_;
};

} // namespace lustrum::kernel
