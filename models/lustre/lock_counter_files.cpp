// The counter files of LDLM on the servers.
#include "models/lustre/counter_files.hpp"

#include <fmt/format.h>

namespace lustrum::lustre {

namespace {

void add_namespace(std::string_view folder, std::uint64_t granted, std::uint64_t limit,
                   std::vector<CounterFile>& files) {
  const std::string text = fmt::format("{}\n", granted);
  files.push_back({fmt::format("{}/lock_count", folder), text});
  files.push_back({fmt::format("{}/pool/granted", folder), text});
  if (limit > 0)
    files.push_back({fmt::format("{}/pool/limit", folder), fmt::format("{}\n", limit)});
}

} // namespace

void lock_counter_files(const Filesystem& filesystem, std::vector<CounterFile>& files) {
  std::vector<std::uint64_t> on_ost(filesystem.osts());
  for (std::uint32_t object = 0; object < filesystem.files().objects(); ++object)
    if (const ExtentResource* locks = filesystem.extent_locks().resource(object))
      on_ost[filesystem.files().ost_of(object).value()] += locks->granted().size();
  std::vector<std::uint64_t> on_mdt(filesystem.mdts());
  for (const Client& client : filesystem.all_clients()) {
    const std::vector<std::uint32_t> held = client.metadata().locks_by_mdt();
    for (std::size_t m = 0; m < held.size(); ++m) on_mdt[m] += held[m];
  }
  for (const Mds& mds : filesystem.all_mds())
    add_namespace(fmt::format("mds{}/ldlm/namespaces/mdt-{}_UUID", mds.index().value(),
                              mdt_name(mds.index())),
                  on_mdt[mds.index().value()], 0, files);
  for (const Ost& ost : filesystem.all_osts())
    add_namespace(fmt::format("oss{}/ldlm/namespaces/filter-{}_UUID", ost.oss().index().value(),
                              ost_name(ost.index())),
                  on_ost[ost.index().value()], ost.oss().settings().lock_limit, files);
}

} // namespace lustrum::lustre
