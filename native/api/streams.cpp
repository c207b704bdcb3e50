// SPDX-License-Identifier: MIT
//
// Streams and events of a GPU, and what is queued in streams.
#include "streams.h"

#include <new>

#include "../cuda/encode_work.h"
#include "../cuda/matrix_task.h"
#include "cuda_device.h"

using namespace qn;
using namespace qn::cuda;

struct qn_event {
  Context& context;
  CUevent handle;
};

namespace {

// Calls the driver for `what` with the context current.
template <class Call>
qn_status with(Context& context, const char* what, Call call) {
  const Current current(context);
  return current.status() == QN_OK ? context.check(call(context.driver()), what) : current.status();
}

// QN_OK or not ready, as 1 or 0.
template <class Call>
qn_status ask(Context& context, const char* what, uint32_t* done, Call call) {
  if (!done) return fail(QN_ERROR_INVALID_ARGUMENT, "done is null");
  const Current current(context);
  if (current.status() != QN_OK) return current.status();
  const CUresult result = call(context.driver());
  *done = result == CUDA_SUCCESS;
  return result == CUDA_ERROR_NOT_READY ? QN_OK : context.check(result, what);
}

// What qn_copy_* have in common.
template <class Call>
qn_status copy(qn_stream* stream, const char* what, bool source, bool destination, size_t size, Call call) {
  if (!stream) return fail(QN_ERROR_INVALID_ARGUMENT, "stream is null");
  if (size == 0) return QN_OK;
  if (!source || !destination) return fail(QN_ERROR_INVALID_ARGUMENT, "%s is null", source ? "destination" : "source");
  return with(stream->context, what, call);
}

}  // namespace

qn_status qn::queue(qn_stream& stream, const DequantizeWork& work, const char*& kernel) {
  const Current current(stream.context);
  if (current.status() != QN_OK) return current.status();
  const auto source = reinterpret_cast<uintptr_t>(work.source);
  auto destination = reinterpret_cast<uintptr_t>(work.destination);
  if (!work.rows)
    return stream.context.launch(stream.handle, work.format, work.output, source, destination, work.blocks, kernel);

  // Rows that stand behind each other are one piece of work.
  const char* ran = "";
  for (size_t i = 0, count; i < work.row_count; i += count) {
    count = 1;
    while (i + count < work.row_count && work.rows[i + count] == work.rows[i] + count)
      count++;
    const qn_status status = stream.context.launch(stream.handle, work.format, work.output,
                                                   source + work.rows[i] * work.blocks * work.source_block, destination,
                                                   count * work.blocks, ran);
    if (status != QN_OK) return status;
    destination += count * work.blocks * work.destination_block;
  }
  kernel = ran;
  return QN_OK;
}

qn_status qn::queue(qn_stream& stream, const MatrixWork& work, const char*& kernel) {
  const Current current(stream.context);
  if (current.status() != QN_OK) return current.status();
  portable::MatrixTask task{};
  task.matrix = work.matrix;
  task.destination = work.destination;
  task.first = work.first;
  task.lines = work.count;
  task.elements = work.line_length;
  task.transposed = work.transposed;
  return stream.context.launch(stream.handle, work.layout, work.output, task, kernel);
}

qn_status qn::queue(qn_stream& stream, const QuantizeWork& work, uint64_t first_nonfinite, const char*& kernel) {
  const Current current(stream.context);
  if (current.status() != QN_OK) return current.status();
  portable::EncodeTask task = encode_task(work);
  task.first_nonfinite = reinterpret_cast<uint64_t*>(static_cast<uintptr_t>(first_nonfinite));
  return stream.context.launch(stream.handle, work.format, task, kernel);
}

qn_status qn_stream_create(qn_device* device, qn_stream** stream) {
  if (!stream) return fail(QN_ERROR_INVALID_ARGUMENT, "stream is null");
  *stream = nullptr;
  qn_status status;
  CudaDevice* const gpu = require_cuda(device, status);
  if (!gpu) return status;
  qn_stream* const made = new (std::nothrow) qn_stream{gpu->context(), nullptr, true};
  if (!made) return fail_handle();
  status = with(made->context, "making a stream",
                [&](const Driver& driver) { return driver.stream_create(&made->handle, CU_STREAM_NON_BLOCKING); });
  return hand_over(made, status, stream);
}

qn_status qn_stream_from_native(qn_device* device, uint64_t handle, qn_stream** stream) {
  if (!stream) return fail(QN_ERROR_INVALID_ARGUMENT, "stream is null");
  *stream = nullptr;
  qn_status status;
  CudaDevice* const gpu = require_cuda(device, status);
  if (!gpu) return status;
  Context& context = gpu->context();
  const auto native = reinterpret_cast<CUstream>(static_cast<uintptr_t>(handle));
  CUcontext owner = nullptr;
  status = with(context, "asking for the context of a stream",
                [&](const Driver& driver) { return driver.stream_get_ctx(native, &owner); });
  if (status != QN_OK) return status;
  if (owner != context.handle())
    return fail(QN_ERROR_INVALID_ARGUMENT, "the stream 0x%llx is not of the primary context of cuda:%d",
                static_cast<unsigned long long>(handle), context.facts().index);
  qn_stream* const made = new (std::nothrow) qn_stream{context, native, false};
  return made ? hand_over(made, QN_OK, stream) : fail_handle();
}

void qn_stream_close(qn_stream* stream) {
  if (!stream) return;
  Context& context = stream->context;
  if (stream->own) {
    const Pushed pushed(context);
    context.driver().stream_destroy(stream->handle);
  }
  delete stream;
  context.release();
}

uint64_t qn_stream_native(const qn_stream* stream) {
  return stream ? static_cast<uint64_t>(reinterpret_cast<uintptr_t>(stream->handle)) : 0;
}

qn_status qn_stream_synchronize(qn_stream* stream) {
  if (!stream) return fail(QN_ERROR_INVALID_ARGUMENT, "stream is null");
  return with(stream->context, "waiting for a stream",
              [&](const Driver& driver) { return driver.stream_synchronize(stream->handle); });
}

qn_status qn_stream_query(qn_stream* stream, uint32_t* done) {
  if (!stream) return fail(QN_ERROR_INVALID_ARGUMENT, "stream is null");
  return ask(stream->context, "asking for the state of a stream", done,
             [&](const Driver& driver) { return driver.stream_query(stream->handle); });
}

qn_status qn_event_create(qn_device* device, qn_event** event) {
  if (!event) return fail(QN_ERROR_INVALID_ARGUMENT, "event is null");
  *event = nullptr;
  qn_status status;
  CudaDevice* const gpu = require_cuda(device, status);
  if (!gpu) return status;
  qn_event* const made = new (std::nothrow) qn_event{gpu->context(), nullptr};
  if (!made) return fail_handle();
  status = with(made->context, "making an event",
                [&](const Driver& driver) { return driver.event_create(&made->handle, 0); });
  return hand_over(made, status, event);
}

void qn_event_close(qn_event* event) {
  if (!event) return;
  Context& context = event->context;
  {
    const Pushed pushed(context);
    context.driver().event_destroy(event->handle);
  }
  delete event;
  context.release();
}

qn_status qn_event_record(qn_event* event, qn_stream* stream) {
  if (!event || !stream) return fail(QN_ERROR_INVALID_ARGUMENT, "%s is null", event ? "stream" : "event");
  if (event->context.handle() != stream->context.handle())
    return fail(QN_ERROR_INVALID_ARGUMENT, "the event is of cuda:%d, the stream of cuda:%d",
                event->context.facts().index, stream->context.facts().index);
  return with(stream->context, "recording an event",
              [&](const Driver& driver) { return driver.event_record(event->handle, stream->handle); });
}

qn_status qn_event_synchronize(qn_event* event) {
  if (!event) return fail(QN_ERROR_INVALID_ARGUMENT, "event is null");
  return with(event->context, "waiting for an event",
              [&](const Driver& driver) { return driver.event_synchronize(event->handle); });
}

qn_status qn_event_query(qn_event* event, uint32_t* done) {
  if (!event) return fail(QN_ERROR_INVALID_ARGUMENT, "event is null");
  return ask(event->context, "asking for the state of an event", done,
             [&](const Driver& driver) { return driver.event_query(event->handle); });
}

qn_status qn_stream_wait(qn_stream* stream, qn_event* event) {
  if (!stream || !event) return fail(QN_ERROR_INVALID_ARGUMENT, "%s is null", stream ? "event" : "stream");
  return with(stream->context, "making a stream wait",
              [&](const Driver& driver) { return driver.stream_wait_event(stream->handle, event->handle, 0); });
}

qn_status qn_event_elapsed(qn_event* start, qn_event* end, float* milliseconds) {
  if (!start || !end) return fail(QN_ERROR_INVALID_ARGUMENT, "%s is null", start ? "end" : "start");
  if (!milliseconds) return fail(QN_ERROR_INVALID_ARGUMENT, "milliseconds is null");
  return with(start->context, "measuring between events", [&](const Driver& driver) {
    return driver.event_elapsed_time(milliseconds, start->handle, end->handle);
  });
}

qn_status qn_copy_to_device(qn_stream* stream, const void* source, uint64_t destination, size_t size) {
  return copy(stream, "copying to the GPU", source, destination, size, [&](const Driver& driver) {
    return driver.memcpy_htod_async(destination, source, size, stream->handle);
  });
}

qn_status qn_copy_to_host(qn_stream* stream, uint64_t source, void* destination, size_t size) {
  return copy(stream, "copying from the GPU", source, destination, size, [&](const Driver& driver) {
    return driver.memcpy_dtoh_async(destination, source, size, stream->handle);
  });
}

qn_status qn_copy_on_device(qn_stream* stream, uint64_t source, uint64_t destination, size_t size) {
  return copy(stream, "copying within the GPU", source, destination, size, [&](const Driver& driver) {
    return driver.memcpy_dtod_async(destination, source, size, stream->handle);
  });
}
