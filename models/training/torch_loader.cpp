#include "models/training/torch_loader.hpp"

#include "models/training/sampler.hpp"

#include <algorithm>

namespace lustrum::training {

using kernel::Task;

void TorchLoader::start_tasks(std::uint32_t epoch) {
  const auto files = static_cast<std::uint32_t>(job_.dataset.files.size());
  samples_ = block_of_rank({.samples = files * job_.dataset.samples_per_file,
                            .ranks = job_.ranks,
                            .shuffle = job_.loader.shuffle,
                            .new_order_each_epoch = job_.loader.new_order_each_epoch,
                            .seed = job_.seed},
                           epoch, rank_);
  batches_.assign(steps_, {});
  const std::uint32_t workers = std::max(1U, job_.loader.workers);
  for (std::uint32_t w = 0; w < workers; ++w)
    engine_.spawn(work(w, workers), {"loader worker", rank_ * workers + w});
}

bool TorchLoader::may_begin(std::uint32_t batch) const {
  const LoaderSettings& loader = job_.loader;
  if (loader.workers == 0) return batch < asked_;
  return batch < consumed_ + loader.workers * loader.prefetch_factor;
}

Task TorchLoader::work(std::uint32_t first_batch, std::uint32_t stride) {
  const std::uint32_t batch_size = job_.loader.batch_size;
  for (std::uint32_t batch = first_batch; batch < steps_; batch += stride) {
    while (!may_begin(batch)) co_await room_.wait();
    TimeAccount account;
    for (std::uint32_t i = 0; i < batch_size; ++i) {
      const std::uint64_t number = std::uint64_t{batch} * batch_size + i;
      co_await load_sample(first_batch, samples_[number], number, account);
    }
    batches_[batch].account = account;
    batches_[batch].ready = true;
    check_waiting();
  }
}

Task TorchLoader::load_sample(std::uint32_t worker, std::uint32_t sample, std::uint64_t number,
                              TimeAccount& account) {
  const DatasetSettings& dataset = job_.dataset;
  const FileIndex file = dataset.files[sample / dataset.samples_per_file];
  const Bytes size = storage_.file_size(file);
  std::unique_ptr<OpenFile> open;
  Outcome outcome;
  co_await storage_.open(caller(worker), file, {}, open, outcome);
  if (open) {
    if (dataset.samples_per_file == 1) {
      co_await read_range(*open, Bytes{}, size, outcome);
    } else {
      // One record of many: read where it lies.
      const Bytes record = size / dataset.samples_per_file;
      co_await read_range(*open, record * (sample % dataset.samples_per_file), record, outcome);
    }
    co_await storage_.close(std::move(open), outcome);
  }
  note(outcome, account);
  co_await preprocess(1, number, account);
}

} // namespace lustrum::training
