// PyTorch's DataLoader: worker i of W loads the batches i, i+W, ... whole, sample after sample; at
// most W * prefetch_factor batches beyond the last one consumed are begun; delivery is in order.
// With no workers the rank loads each batch when it asks for it.
#pragma once

#include "models/training/loader.hpp"

namespace lustrum::training {

class TorchLoader : public Loader {
public:
  using Loader::Loader;

private:
  struct Batch {
    bool ready = false;
    TimeAccount account;
  };

  void start_tasks(std::uint32_t epoch) override;
  bool ready(std::uint32_t batch) const override { return batches_[batch].ready; }
  TimeAccount batch_account(std::uint32_t batch) const override { return batches_[batch].account; }
  void more_room() override { room_.notify(); }

  bool may_begin(std::uint32_t batch) const;
  kernel::Task work(std::uint32_t first_batch, std::uint32_t stride);
  kernel::Task load_sample(std::uint32_t worker, std::uint32_t sample, std::uint64_t number,
                           TimeAccount& account);

  std::vector<std::uint32_t> samples_; // of this rank in this epoch
  std::vector<Batch> batches_;
};

} // namespace lustrum::training
