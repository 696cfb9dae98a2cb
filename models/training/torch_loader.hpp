// PyTorch's DataLoader: worker i of W makes the batches i, i+W, ... whole; at most
// W * prefetch_factor batches beyond the last one consumed are begun; delivery is in order. With no
// workers the rank makes each batch when it asks for it. Batches here consist of samples picked
// from a map-style data set; IterableLoader makes them of streams.
#pragma once

#include "models/training/loader.hpp"

namespace lustrum::training {

class TorchLoader : public Loader {
public:
  using Loader::Loader;

protected:
  void start_tasks(std::uint32_t epoch) override;
  bool ready(std::uint32_t batch) const override { return batches_[batch].ready; }
  TimeAccount batch_account(std::uint32_t batch) const override { return batches_[batch].account; }

  // The order of this epoch is to be made.
  virtual void begin_epoch(std::uint32_t epoch);
  // Everything that the worker does in this epoch.
  virtual kernel::Task work(std::uint32_t worker, std::uint32_t turn);

  bool may_begin(std::uint32_t batch) const;
  void finish(std::uint32_t batch, const TimeAccount& account);

private:
  struct Batch {
    bool ready = false;
    TimeAccount account;
  };

  kernel::Task load_sample(SampleReader& reader, std::uint32_t worker, std::uint64_t number,
                           TimeAccount& account);

  // It is there when its delivery has passed.
  kernel::Task deliver(std::uint32_t batch, TimeAccount account, std::uint32_t turn);
  // The recorded host had this sample of the epoch in its page cache.
  bool was_cached(std::uint64_t number) const;

  std::vector<std::uint32_t> samples_; // of this rank in this epoch
  std::vector<Batch> batches_;
};

} // namespace lustrum::training
