#include "sim/kernel/topology.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace lustrum::kernel {

namespace {

using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;

struct VertexProperties {
  boost::default_color_type color = boost::white_color;
  long distance = 0;
  Traits::edge_descriptor predecessor;
};
struct EdgeProperties {
  std::int64_t capacity = 0;
  std::int64_t residual = 0;
  Traits::edge_descriptor reverse;
};
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, VertexProperties,
                                    EdgeProperties>;

// Integer flow in bytes per second: exact, and the algorithm ends.
constexpr std::int64_t kUnlimited = std::int64_t{1} << 56;

} // namespace

void Topology::add_edge(Node from, Node to, BytesPerSecond capacity, std::string_view part) {
  edges_.push_back({from, to, capacity.count(), part});
}

void Topology::add_unlimited_edge(Node from, Node to) {
  edges_.push_back({from, to, static_cast<double>(kUnlimited), {}});
}

Topology::Cut Topology::min_cut(Node source, Node sink) const {
  Graph graph(nodes_);
  for (const Edge& edge : edges_) {
    const auto forward = boost::add_edge(edge.from, edge.to, graph).first;
    const auto backward = boost::add_edge(edge.to, edge.from, graph).first;
    graph[forward].capacity = std::llround(edge.capacity);
    graph[forward].reverse = backward;
    graph[backward].reverse = forward;
  }
  const std::int64_t flow = boost::boykov_kolmogorov_max_flow(
      graph, boost::get(&EdgeProperties::capacity, graph),
      boost::get(&EdgeProperties::residual, graph), boost::get(&EdgeProperties::reverse, graph),
      boost::get(&VertexProperties::predecessor, graph),
      boost::get(&VertexProperties::color, graph), boost::get(&VertexProperties::distance, graph),
      boost::get(boost::vertex_index, graph), source, sink);

  // Vertices still coloured like the source lie on its side of the cut.
  const auto source_color = graph[source].color;
  std::map<std::string_view, double> by_part;
  for (const Edge& edge : edges_)
    if (graph[edge.from].color == source_color && graph[edge.to].color != source_color)
      by_part[edge.part] += edge.capacity;
  const auto largest =
      std::max_element(by_part.begin(), by_part.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  Cut cut;
  cut.capacity = BytesPerSecond{static_cast<double>(flow)};
  if (largest != by_part.end()) cut.name = std::string(largest->first);
  return cut;
}

} // namespace lustrum::kernel
