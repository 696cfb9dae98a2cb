// Many first-in-first-out queues of requests that share one array of links: a request is in at most
// one of them. No allocation once the array is as long as the largest request number.
#pragma once

#include "sim/base/request_scheduler.hpp"

#include <cassert>
#include <vector>

namespace lustrum::lustre {

struct RequestChain {
  RequestScheduler::RequestNumber first = RequestScheduler::kNone;
  RequestScheduler::RequestNumber last = RequestScheduler::kNone;
  bool empty() const { return first == RequestScheduler::kNone; }
};

class RequestChains {
public:
  using RequestNumber = RequestScheduler::RequestNumber;

  void push(RequestChain& chain, RequestNumber request) {
    if (request >= next_.size()) next_.resize(request + 1, RequestScheduler::kNone);
    next_[request] = RequestScheduler::kNone;
    (chain.empty() ? chain.first : next_[chain.last]) = request;
    chain.last = request;
  }
  RequestNumber pop(RequestChain& chain) {
    assert(!chain.empty());
    const RequestNumber request = chain.first;
    chain.first = next_[request];
    return request;
  }

private:
  std::vector<RequestNumber> next_;
};

} // namespace lustrum::lustre
