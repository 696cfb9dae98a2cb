// Writing objects: parts go out as they fill up, the last one and the completion at close.
#include "models/object/upload.hpp"

namespace lustrum::object {

using fabric::Direction;
using kernel::Task;

Task ObjectStorage::put(ConnectionPool& pool, FileIndex file, Bytes length, Outcome& outcome) {
  ConnectionPool::Lease lease;
  Outcome call;
  co_await pool.begin(target(RequestClass::put, file), lease, call);
  if (call.ok() && length > Bytes{})
    co_await pool.transfer(lease, Direction::to_server, length, call);
  if (call.ok()) co_await pool.finish_put(lease, call);
  outcome += call;
}

Task ObjectStorage::upload_part(File& file, Bytes length) {
  Outcome call;
  co_await put(pool(file.caller()), file.file(), length, call);
  if (call.ok()) totals_of(file.caller()).write_stored += length;
  file.upload.outcome += call;
  --file.upload.parts;
  file.part_done.notify();
}

Task ObjectStorage::send_full_parts(File& file, Outcome& outcome) {
  const ClientSettings& client = settings_.client;
  Upload& upload = file.upload;
  while (outcome.ok() && upload.written > client.multipart_above &&
         upload.written - upload.sent >= client.upload_part) {
    if (!upload.multipart) {
      upload.multipart = true;
      co_await pool(file.caller()).call(target(RequestClass::put, file.file()), Bytes{}, outcome);
      continue;
    }
    Stopwatch watch(world_, outcome.time);
    while (upload.parts >= client.upload_parts) co_await file.part_done.wait();
    watch.lap(Cause::write_back);
    outcome.fail(upload.outcome.error);
    if (!outcome.ok()) co_return;
    upload.sent += client.upload_part;
    ++upload.parts;
    world_.spawn(upload_part(file, client.upload_part), {"upload part", file.file().value()});
  }
}

Task ObjectStorage::write(OpenFile& open_file, Bytes offset, Bytes length, Outcome& outcome) {
  File& file = static_cast<File&>(open_file);
  const Caller caller = file.caller();
  begin_write(caller, length);
  Outcome call;
  co_await work(length, call);
  if (file.upload.complete || offset != file.upload.written || !file.mode().write) {
    call.fail(StorageError::io);
  } else {
    file.upload.written += length;
    co_await send_full_parts(file, call);
  }
  end_write(caller, length, call, outcome);
}

Task ObjectStorage::complete(File& file, Outcome& outcome) {
  Upload& upload = file.upload;
  if (upload.complete) co_return;
  Stopwatch watch(world_, outcome.time);
  const Bytes rest = upload.written - upload.sent;
  Outcome call;
  if (upload.multipart && rest > Bytes{}) {
    upload.sent += rest;
    ++upload.parts;
    world_.spawn(upload_part(file, rest), {"upload part", file.file().value()});
  }
  while (upload.parts > 0) co_await file.part_done.wait();
  outcome.fail(upload.outcome.error);
  watch.lap(Cause::write_back);
  if (!outcome.ok()) co_return;
  // An object exists, and is as large as it is, from here on.
  const bool untouched =
      tree().exists(file.file()) && upload.written == Bytes{} && !file.mode().truncate;
  if (untouched) co_return;
  if (upload.multipart) {
    co_await pool(file.caller()).call(target(RequestClass::put, file.file()), Bytes{}, call);
  } else {
    co_await put(pool(file.caller()), file.file(), rest, call);
    if (call.ok()) totals_of(file.caller()).write_stored += rest;
  }
  outcome += call;
  if (!call.ok()) co_return;
  upload.complete = true;
  const Bytes old = tree().size(file.file());
  forget(file.file(), old);
  service_.store(upload.written, tree().exists(file.file()) ? old : Bytes{});
  if (tree().exists(file.file()))
    tree().set_size(file.file(), upload.written);
  else
    tree().create(file.file(), upload.written);
}

Task ObjectStorage::sync(OpenFile& open_file, Outcome& outcome) {
  File& file = static_cast<File&>(open_file);
  ++totals_of(file.caller()).syncs;
  Outcome call;
  if (file.mode().write) co_await complete(file, call);
  settle(file.caller(), call, outcome);
}

} // namespace lustrum::object
