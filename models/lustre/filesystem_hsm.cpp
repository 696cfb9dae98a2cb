// What HSM needs of a whole file system: its agents, the end of objects, and placing by a preload.
#include "models/lustre/filesystem.hpp"

#include <cassert>

namespace lustrum::lustre {

void Filesystem::add_agents() {
  const HsmSettings& settings = *settings_.hsm;
  const JobIndex job{settings_.jobs};
  kernel::DelayStation& timer = world_.add_delay({"hsm_agent_timer", "hsm_agent_timer"});
  for (std::uint32_t a = 0; a < settings.agents; ++a) {
    const std::uint32_t client =
        settings.agents_on_clients ? a % settings_.fabric.clients : settings_.fabric.clients + a;
    hsm_->add_agent(agents_.emplace_back(Copytool::Parts{.world = world_,
                                                         .files = files_,
                                                         .wire = hsm_->wire(),
                                                         .archive = hsm_->archive(),
                                                         .cache = clients_[client].objects(),
                                                         .timer = timer},
                                         a, job, settings.agent));
  }
}

std::vector<PccCache::Stats> Filesystem::pcc_stats() const {
  std::vector<PccCache::Stats> all;
  for (const Client& client : clients_)
    if (client.pcc()) all.push_back(client.pcc()->stats());
  return all;
}

void Filesystem::discard_on_agents(std::uint32_t object) {
  for (Copytool& agent : agents_) agent.discard(object);
  for (Client& client : clients_)
    if (client.keeps_files()) client.objects().discard(object, Bytes{});
}

kernel::Task Filesystem::unlink_by_agent(FileIndex file, Outcome& outcome) {
  const std::uint32_t clients = settings_.fabric.clients;
  const ClientIndex host{settings_.hsm->agents_on_clients ? 0 : clients};
  return clients_[host.value()].remove({host, JobIndex{settings_.jobs}, 0}, file, outcome);
}

void Filesystem::place_as(const Filesystem& other) {
  const Namespace& tree = other.files_.tree();
  for (std::uint32_t d = 0; d < tree.directories(); ++d)
    if (tree.exists(d))
      files_.tree().make_directory({.parent = tree.parent(d)});
    else
      files_.tree().plan_directory({.parent = tree.parent(d)});
  directories_ = other.directories_;
  for (std::uint32_t f = 0; f < other.files_.files(); ++f) {
    const FileIndex file{f};
    const std::uint32_t directory = other.files_.directory(file);
    if (other.files_.exists(file))
      hsm_->versions().imported(files_.add_imported(directory, other.files_.size(file)),
                                other.files_.size(file));
    else
      files_.plan_file(directory);
  }
}

void Filesystem::make_resident(FileIndex file) {
  assert(hsm_ && hsm_->is_released(file));
  if (files_.instantiate_whole(file, Seconds{}))
    files_.set_hsm_flags(file, finished(HsmAction::restore, files_.hsm_flags(file)));
}

} // namespace lustrum::lustre
