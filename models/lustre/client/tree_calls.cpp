// Calls on names and attributes: the client's account of what metadata.cpp does.
#include "models/lustre/client/client.hpp"

namespace lustrum::lustre {

using kernel::Task;

Task Client::stat(Caller caller, FileIndex file, Outcome& outcome) {
  const Timed timed(*this, LliteStat::getattr);
  Outcome call;
  if (!state_.runs()) co_await go_on(call);
  if (call.ok()) co_await metadata_.stat(caller, file, call);
  if (!state_.runs()) co_await go_on(call);
  ++parts_.totals[caller.job.value()].stats;
  settle(caller, call, outcome);
}

void Client::settle(const Caller& caller, const Outcome& call, Outcome& outcome) {
  if (!call.ok()) ++parts_.totals[caller.job.value()].errors;
  outcome += call;
}

Task Client::truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome) {
  const Timed timed(*this, LliteStat::truncate);
  Outcome call;
  if (!state_.runs()) co_await go_on(call);
  if (parts_.hsm) parts_.hsm->opened(file); // nobody may release it meanwhile
  const bool here = writable_ && writable_->has(file);
  if (call.ok() && is_released(file) && !here) co_await parts_.hsm->restore(file, call);
  if (call.ok()) co_await metadata_.truncate(caller, file, size, call);
  if (call.ok() && here && writable_->has(file))
    writable_->truncated(file);
  else if (call.ok() && parts_.hsm)
    parts_.hsm->written(file);
  if (parts_.hsm) parts_.hsm->closed(file);
  if (!state_.runs()) co_await go_on(call);
  settle(caller, call, outcome);
}

Task Client::remove(Caller caller, FileIndex file, Outcome& outcome) {
  const Timed timed(*this, LliteStat::unlink);
  Outcome call;
  if (!state_.runs()) co_await go_on(call);
  if (call.ok()) co_await metadata_.unlink(caller, file, call);
  if (call.ok() && parts_.hsm) parts_.hsm->removed(file);
  if (!state_.runs()) co_await go_on(call);
  if (call.ok()) ++parts_.totals[caller.job.value()].removes;
  settle(caller, call, outcome);
}

Task Client::make_directory(Caller caller, std::uint32_t directory, Outcome& outcome) {
  const Timed timed(*this, LliteStat::mkdir);
  Outcome call;
  if (!state_.runs()) co_await go_on(call);
  if (call.ok()) co_await metadata_.make_directory(caller, directory, call);
  if (!state_.runs()) co_await go_on(call);
  settle(caller, call, outcome);
}

Task Client::remove_directory(Caller caller, std::uint32_t directory, Outcome& outcome) {
  const Timed timed(*this, LliteStat::rmdir);
  Outcome call;
  if (!state_.runs()) co_await go_on(call);
  if (call.ok()) co_await metadata_.remove_directory(caller, directory, call);
  if (!state_.runs()) co_await go_on(call);
  settle(caller, call, outcome);
}

Task Client::list(Caller caller, std::uint32_t directory, std::vector<FileIndex>& files,
                  Outcome& outcome) {
  const Timed timed(*this, LliteStat::readdir);
  Outcome call;
  if (!state_.runs()) co_await go_on(call);
  if (call.ok()) co_await metadata_.list(caller, directory, files, call);
  if (!state_.runs()) co_await go_on(call);
  settle(caller, call, outcome);
}

Task Client::rename(Caller caller, FileIndex file, std::uint32_t directory, Outcome& outcome) {
  const Timed timed(*this, LliteStat::rename);
  Outcome call;
  if (!state_.runs()) co_await go_on(call);
  if (call.ok()) co_await metadata_.rename(caller, file, directory, call);
  if (!state_.runs()) co_await go_on(call);
  settle(caller, call, outcome);
}

} // namespace lustrum::lustre
